"""Attributes without training: which words a CLIP model finds nearest to a garment.

The model is the user's (`clip.py`), the words are ours (`attribute_words.py`). How
good the answers are depends on the model, and has to be measured with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trendlab.vision.attribute_model import CONFIDENCE_FLOOR, Told
from trendlab.vision.attribute_words import Question, write_prompts
from trendlab.vision.boxes import Canvas
from trendlab.vision.clip import Clip
from trendlab.vision.detector import Detector, Floats
from trendlab.vision.images import Pixels

# Share of a box's longer side that is shown around it: detectors cut cuffs and hems.
MARGIN_SHARE = 0.05

# Beyond the photo, what CLIP's normalisation takes to zero: its mean colour, RGB.
BLANK = (123, 117, 104)


@dataclass(frozen=True)
class _Answers:
    """Answers to one question about one class: a vector for each phrase."""

    attribute: str
    values: tuple[str, ...]
    of_phrase: tuple[int, ...]
    vectors: Floats


class ZeroShotTagger:
    """Asks a CLIP model about garments; its words are embedded once, here.

    Parameters
    ----------
    clip : Clip
    questions : sequence of Question
    floor : float
        Chance below which nothing is told.
    """

    def __init__(
        self,
        clip: Clip,
        questions: Sequence[Question],
        *,
        floor: float = CONFIDENCE_FLOOR,
    ) -> None:
        self.name = clip.name
        self.version = clip.version
        self.applies_to = {
            attribute: frozenset().union(
                *(one.classes for one in questions if one.attribute == attribute)
            )
            for attribute in dict.fromkeys(one.attribute for one in questions)
        }
        self._clip = clip
        self._floor = floor
        self._answers: dict[str, list[_Answers]] = {}
        for question in questions:
            for category in sorted(question.classes):
                self._answers.setdefault(category, []).append(
                    self._embed(question, category)
                )

    def _embed(self, question: Question, category: str) -> _Answers:
        said = write_prompts(question, category)
        values = tuple(dict.fromkeys(value for value, _ in said))
        vectors = self._clip.embed_texts(
            [one for _, prompts in said for one in prompts]
        )
        # the mean over templates, as long as each of them
        mean = vectors.reshape(len(said), -1, vectors.shape[1]).mean(1)
        mean /= np.linalg.norm(mean, axis=1, keepdims=True)
        return _Answers(
            question.attribute,
            values,
            tuple(values.index(value) for value, _ in said),
            mean,
        )

    def check_detector(self, detector: Detector) -> None:
        """Accept every detector: feature maps are not read."""

    def tell(
        self,
        canvas: Canvas,
        categories: Sequence[str],
        boxes: Floats,
        neck: Sequence[Floats],
    ) -> list[list[Told]]:
        """Name what the words say of each garment; see `AttributeModel`."""
        asked = [n for n, name in enumerate(categories) if name in self._answers]
        told: list[list[Told]] = [[] for _ in categories]
        if not asked:
            return told
        placed = canvas.place(boxes)
        vectors = self._clip.embed_images(
            [cut_square(canvas.pixels, placed[n]) for n in asked]
        )
        for number, vector in zip(asked, vectors, strict=True):
            for answers in self._answers[categories[number]]:
                chances = self._chances(answers, vector)
                best = int(chances.argmax())
                if chances[best] >= self._floor:
                    told[number].append(
                        Told(
                            answers.attribute,
                            answers.values[best],
                            float(chances[best]),
                            self.name,
                            self.version,
                        )
                    )
        return told

    def _chances(self, answers: _Answers, vector: Floats) -> Floats:
        """Return the chance of each value: softmax over phrases, summed."""
        logits = self._clip.logit_scale * (answers.vectors @ vector)
        phrases = np.exp(logits - logits.max())
        chances: Floats = np.bincount(
            answers.of_phrase, weights=phrases / phrases.sum()
        ).astype(np.float32)
        return chances


def cut_square(pixels: Pixels, box: Floats) -> Pixels:
    """Cut a box and a margin out of a photo, blank at the sides to make it square.

    CLIP sees the middle square of what it is given: a dress cut as it stands would
    lose its sleeves and its hem.

    Parameters
    ----------
    pixels : (rows, columns, 3) uint8
    box : (4,) float32, pixels of the photo, x0 y0 x1 y1

    Returns
    -------
    (side, side, 3) uint8
    """
    x0, y0, x1, y1 = box.tolist()
    margin = MARGIN_SHARE * max(x1 - x0, y1 - y0)
    rows, columns = pixels.shape[:2]
    left = min(max(0, int(x0 - margin)), columns - 1)
    top = min(max(0, int(y0 - margin)), rows - 1)
    right = max(left + 1, min(columns, int(np.ceil(x1 + margin))))
    bottom = max(top + 1, min(rows, int(np.ceil(y1 + margin))))
    high, wide = bottom - top, right - left
    side = max(high, wide)
    square = np.full((side, side, 3), BLANK, np.uint8)
    down, along = (side - high) // 2, (side - wide) // 2
    square[down : down + high, along : along + wide] = pixels[top:bottom, left:right]
    return square


def load_zero_shot(
    folder: Path, questions: Sequence[Question], device: str = "cpu"
) -> ZeroShotTagger:
    """Load the user's CLIP model and put the questions into its words.

    Raises
    ------
    SettingsError, ModelError
        As `Clip`.
    """
    return ZeroShotTagger(Clip(folder, device), questions)
