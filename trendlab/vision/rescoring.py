"""Look at each box again, one at a time, and weigh its score by what is seen.

A detector decides about all of a photo at once, on few pixels for a belt or a shoe. A
classifier that sees each box cut out, with what surrounds it, knows belts, boots and
scarves better; where the thing is, the detector knows. The same division of work as
the second stage of Faster R-CNN, by networks trained apart.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trendlab.errors import ModelError, SettingsError
from trendlab.vision.boxes import Candidates, Canvas, Suppression
from trendlab.vision.crops import PLACE_COUNT, cut, place_in_photo
from trendlab.vision.images import Pixels
from trendlab.vision.models import ModelCard, check_weights, load_card
from trendlab.vision.precision import iou_of
from trendlab.vision.runtime import OpenVinoModel, convert_network

Floats = npt.NDArray[np.float32]

# The architecture that a classifier's card names.
ARCHITECTURE = "efficientnet-lite0"

# Boxes of several classes that overlap more are one place, looked at once.
SAME_PLACE_IOU = 0.85

# Crops a call, to bound memory.
BATCH_COUNT = 16

# Gives the classes' chances, (n, classes + 1), from crops and their places.
Classify = Callable[[Pixels, Floats], Floats]


class Rescorer:
    """Weighs the scores of boxes by a classifier's word.

    Parameters
    ----------
    classify : callable
        From (n, side, side, 3) uint8 and (n, 4) float32 to logits (n, classes + 1), the
        last for none of the classes.
    size_px : int
        Side of the crops.
    weight : float
        Of the classifier in the geometric mean.
    """

    def __init__(self, classify: Classify, size_px: int, weight: float) -> None:
        self._classify = classify
        self._size_px = size_px
        self._weight = weight

    def rescore(
        self,
        canvases: Sequence[Canvas],
        found: Sequence[Candidates],
        keep: Suppression,
    ) -> list[Candidates]:
        """Return the boxes with their new scores, as `keep` asks for them.

        Parameters
        ----------
        canvases : sequence of Canvas
        found : sequence of Candidates
            Of each canvas, in its pixels, several classes a place.
        keep : Suppression
            Lowest new scores per class, the most garments, and whether a place may
            keep more than its best class.
        """
        taken = [self._hopeful(one, keep) for one in found]
        places = [_places(boxes) for boxes, _, _ in taken]
        crops, where = [], []
        for canvas, (boxes, _, _), of_place in zip(
            canvases, taken, places, strict=True
        ):
            first = np.unique(of_place, return_index=True)[1]
            in_photo = canvas.lift(boxes[first])
            crops += [
                cut(canvas.pixels, box, self._size_px) for box in canvas.place(in_photo)
            ]
            where.append(place_in_photo(in_photo, canvas.width_px, canvas.height_px))
        chances = self._chances(crops, np.concatenate(where))
        begins = np.cumsum([0, *(len(one) for one in where)])
        return [
            _keep(
                (
                    boxes,
                    self._mean(scores, chances[begin + of_place, classes]),
                    classes,
                ),
                of_place,
                keep,
            )
            for (boxes, scores, classes), of_place, begin in zip(
                taken, places, begins[:-1], strict=True
            )
        ]

    def _hopeful(self, found: Candidates, keep: Suppression) -> Candidates:
        """Leave out boxes whose new score cannot reach their class's lowest."""
        boxes, scores, classes = found
        floors = np.array(keep.min_scores, np.float32) ** (1 / (1 - self._weight))
        kept = scores >= floors[classes]
        return boxes[kept], scores[kept], classes[kept]

    def _chances(self, crops: Sequence[Pixels], where: Floats) -> Floats:
        if not crops:
            return np.zeros((0, 1), np.float32)
        logits = np.concatenate(
            [
                self._classify(
                    np.stack(crops[at : at + BATCH_COUNT]),
                    where[at : at + BATCH_COUNT],
                )
                for at in range(0, len(crops), BATCH_COUNT)
            ]
        )
        raised = np.exp(logits - logits.max(1, keepdims=True))
        chances: Floats = raised / raised.sum(1, keepdims=True)
        return chances

    def _mean(self, scores: Floats, chances: Floats) -> Floats:
        mean: Floats = scores ** (1 - self._weight) * chances**self._weight
        return mean.astype(np.float32)


def _places(boxes: Floats) -> npt.NDArray[np.int64]:
    """Number the places of boxes, given by falling score: (n,), from 0 on."""
    numbers = np.zeros(len(boxes), np.int64)
    firsts: list[int] = []
    for at, box in enumerate(boxes):
        overlaps = iou_of(box.astype(float), boxes[firsts].astype(float))
        best = int(overlaps.argmax()) if firsts else 0
        if not firsts or overlaps[best] < SAME_PLACE_IOU:
            best = len(firsts)
            firsts.append(at)
        numbers[at] = best
    return numbers


def _keep(
    found: Candidates, of_place: npt.NDArray[np.int64], keep: Suppression
) -> Candidates:
    boxes, scores, classes = found
    floors = np.array(keep.min_scores, np.float32)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= floors[classes[order]]]
    if not keep.is_multi_label:
        # the first of each place, by falling score
        first = np.unique(of_place[order], return_index=True)[1]
        order = order[np.sort(first)]
    order = order[: keep.max_count]
    return boxes[order], scores[order], classes[order]


def load_rescorer(card: ModelCard, device: str, cache: Path | None) -> Rescorer:
    """Load the classifier that a detector's card names.

    Parameters
    ----------
    card : ModelCard
        Of the detector.
    device : {"cpu", "cuda"}
    cache : Path or None
        Folder for exports.

    Raises
    ------
    ModelError
        If it is not beside the card, has other classes or other weights than those
        that thresholds were chosen with.
    """
    told = card.rescoring
    if told is None:
        raise ModelError(f"{card.name} {card.version} names no classifier of boxes")
    path = card.folder / f"{told.card}.json"
    try:
        other = load_card(path)
    except SettingsError:
        raise ModelError(
            f"{card.name} {card.version} rescores with {told.card}; expected its card "
            f"at {path}"
        ) from None
    if other.classes != card.classes or other.architecture != ARCHITECTURE:
        raise ModelError(
            f"{card.name} {card.version} rescores with {told.card}; expected an "
            f"{ARCHITECTURE} of the classes {list(card.classes)}, got an "
            f"{other.architecture} of {list(other.classes)}"
        )
    if other.sha256 != told.sha256:
        raise ModelError(
            f"{card.name} {card.version} rescores with {told.card} of sha256 "
            f"{told.sha256[:12]}…, got {other.sha256[:12]}…; export the card again"
        )
    check_weights(other)
    return Rescorer(
        load_classifier(other, device, cache), other.input_size_px, told.weight
    )


def load_classifier(card: ModelCard, device: str, cache: Path | None) -> Classify:
    """Load a classifier of crops: by OpenVINO on a CPU, else by PyTorch."""
    if device == "cuda" or importlib.util.find_spec("openvino") is None:
        return _by_torch(card, device)

    def convert() -> Any:
        import torch

        side = card.input_size_px
        samples = (torch.zeros(2, 3, side, side), torch.zeros(2, PLACE_COUNT))
        shapes = [[-1, 3, side, side], [-1, PLACE_COUNT]]
        return convert_network(_network(card), samples, shapes, scale=1.0)

    model = OpenVinoModel(convert, card.sha256, cache)
    return lambda crops, where: model.infer([crops, where], 1)[0]


def _by_torch(card: ModelCard, device: str) -> Classify:
    import torch

    network = _network(card).to(device)

    def classify(crops: Pixels, where: Floats) -> Floats:
        with torch.inference_mode():
            pixels = torch.from_numpy(crops).to(device).permute(0, 3, 1, 2).float()
            logits = network(pixels, torch.from_numpy(where).to(device))
            found: Floats = logits.float().cpu().numpy()
            return found

    return classify


def _network(card: ModelCard) -> Any:
    # torch takes seconds to load: only where there is no export
    from trendlab.vision.efficientnet import GarmentClassifier
    from trendlab.vision.network import give_weights

    return give_weights(GarmentClassifier(len(card.classes)), card)
