"""Where in its box a garment is, and what kind of its class it is.

Three small models read the detector's feature maps, so that tagging costs no
network of its own: silhouettes (the average shape of a class in its box), a pixel
classifier (which class each 8-pixel cell shows) and, per class, a linear
classifier of the fine category from the garment's features and its box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from trendlab.errors import ModelError
from trendlab.vision.boxes import Canvas
from trendlab.vision.datasets import CLASSES
from trendlab.vision.features import pool_features, stack_cells
from trendlab.vision.models import ModelCard, read_weights

Floats = npt.NDArray[np.float32]

# Cells a side of a silhouette.
SILHOUETTE_CELLS = 16

# A silhouette is squared before it weighs pixels: the middle of a garment is safer
# than its edge (agreement with mask colours 0.75 → 0.78 on CCP's validation photos).
SILHOUETTE_POWER = 2

# A cell that the pixel classifier misses altogether still counts a little.
CELL_FLOOR = 0.02

GEOMETRY_COUNT = 6


@dataclass(frozen=True)
class FineCategory:
    """What a garment is within its class, and how sure (0 to 1)."""

    value: str
    confidence: float


class Tagger:
    """Silhouettes, pixel classifier and fine categories of one card.

    Parameters
    ----------
    card : ModelCard
        Of task "classify", with `labels` for each class of the detector. The weights
        follow the order of `datasets.CLASSES`, whatever that of `labels` is: a card's
        JSON has its keys in alphabetical order.

    Raises
    ------
    ModelError
        If the weights are missing, or of other classes than the card's.
    """

    def __init__(self, card: ModelCard) -> None:
        weights = read_weights(card)
        self.card = card
        try:
            self._silhouettes: Floats = weights["silhouettes"]
            self._mean, self._scale = weights["cells.mean"], weights["cells.scale"]
            self._layers = [
                (weights[f"cells.{n}.weight"], weights[f"cells.{n}.bias"])
                for n in range(2)
            ]
            self._fine = (
                weights["fine.weight"],
                weights["fine.bias"],
            )
        except KeyError as error:
            raise ModelError(
                f"weights of {card.name} {card.version} lack {error}; "
                "fit them again with `python -m trendlab.vision.train tags`"
            ) from error
        self._classes = [name for name in CLASSES if name in card.labels]
        starts = np.cumsum([0, *(len(card.labels[name]) for name in self._classes)])
        expected = (len(card.labels), int(starts[-1]))
        got = (len(self._silhouettes), len(self._fine[0]))
        if len(self._classes) != len(card.labels) or got != expected:
            raise ModelError(
                f"{card.name} {card.version}: expected weights of {expected[0]} "
                f"classes of {', '.join(CLASSES)} and {expected[1]} fine categories, "
                f"got {got[0]} and {got[1]}"
            )
        self._spans = {
            name: slice(int(starts[number]), int(starts[number + 1]))
            for number, name in enumerate(self._classes)
        }

    def fits(self, detector: ModelCard) -> bool:
        """Tell whether the card was fitted to this detector's features."""
        return detector.sha256 == self.card.detector_sha256

    def silhouette(self, category: str, rows: int, columns: int) -> Floats:
        """Return the chance that a pixel of a box belongs to the garment.

        Returns
        -------
        (rows, columns) float32
            0 to 1; for a class that is not known, a bell around the middle.
        """
        if category in self._classes:
            shape = self._silhouettes[self._classes.index(category)]
        else:
            axis = np.linspace(-1, 1, SILHOUETTE_CELLS, dtype=np.float32)
            shape = np.exp(-2 * (axis[:, None] ** 2 + axis[None] ** 2))
        wide = cv2.resize(shape, (columns, rows), interpolation=cv2.INTER_LINEAR)
        return np.asarray(wide, np.float32)

    def classify_cells(self, neck: Sequence[Floats]) -> Floats:
        """Tell which class each cell of the finest map shows.

        Returns
        -------
        (1 + classes, rows, columns) float32
            Chances that sum to 1; the first is everything that is no garment.
        """
        rows, columns = neck[0].shape[2:]
        chances = self._chances(stack_cells(neck))
        maps: Floats = chances.T.reshape(-1, rows, columns)
        return maps

    def _chances(self, cells: Floats) -> Floats:
        here = (cells - self._mean) / self._scale
        (w0, b0), (w1, b1) = self._layers
        here = here @ w0.T + b0
        here = here / (1 + np.exp(-here))
        here = here @ w1.T + b1
        here = np.exp(here - here.max(1, keepdims=True))
        chances: Floats = here / here.sum(1, keepdims=True)
        return chances

    def score_cells(
        self, cells: Floats, truth: npt.NDArray[np.int64]
    ) -> dict[str, float | None]:
        """Return accuracy and the overlap (IoU) of each class, for cells of truth."""
        told = self._chances(cells).argmax(1)
        names = ("nothing", *self._classes)
        scores: dict[str, float | None] = {
            "accuracy": round(float((told == truth).mean()), 4)
        }
        for number, name in enumerate(names):
            both = int(((told == number) & (truth == number)).sum())
            either = int(((told == number) | (truth == number)).sum())
            scores[f"iou {name}"] = round(both / either, 4) if either else None
        return scores

    def weigh_pixels(
        self, category: str, box: Floats, canvas: Canvas, cells: Floats | None
    ) -> tuple[Floats, tuple[slice, slice]]:
        """Tell how surely each canvas pixel of a box belongs to the garment.

        Parameters
        ----------
        category : str
        box : (4,) float32, photo pixels, x0 y0 x1 y1
        canvas : Canvas
        cells : (1 + classes, rows, columns) float32 or None
            From `classify_cells`; None weighs by the silhouette alone.

        Returns
        -------
        weights : (rows, columns) float32
        window : tuple of slice
            Rows and columns of the canvas that the weights are for.
        """
        x0, y0, x1, y1 = canvas.place(box[None])[0]
        high, wide = canvas.shape
        left, top = (max(0, int(np.floor(v))) for v in (x0, y0))
        right = min(wide, max(left + 1, int(np.ceil(x1))))
        bottom = min(high, max(top + 1, int(np.ceil(y1))))
        left, top = min(left, right - 1), min(top, bottom - 1)
        window = (slice(top, bottom), slice(left, right))
        rows, columns = bottom - top, right - left
        weights = self.silhouette(category, rows, columns) ** SILHOUETTE_POWER
        if cells is not None and category in self._classes:
            mine = cells[1 + self._classes.index(category)]
            stride = high / mine.shape[0]
            down = (np.arange(top, bottom, dtype=np.float32) + 0.5) / stride - 0.5
            along = (np.arange(left, right, dtype=np.float32) + 0.5) / stride - 0.5
            shown = cv2.remap(
                mine,
                np.broadcast_to(along[None], (rows, columns)).copy(),
                np.broadcast_to(down[:, None], (rows, columns)).copy(),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
            weights = weights * (np.asarray(shown, np.float32) + CELL_FLOOR)
        return weights, window

    def classify_garments(
        self,
        categories: Sequence[str],
        boxes: Floats,
        canvas: Canvas,
        neck: Sequence[Floats],
    ) -> list[FineCategory | None]:
        """Tell the fine category of each garment.

        Parameters
        ----------
        categories : sequence of str
        boxes : (n, 4) float32, photo pixels, x0 y0 x1 y1
        canvas : Canvas
        neck : sequence of float32 maps
            Of the same canvas.

        Returns
        -------
        list of FineCategory or None
            None for a class that the card does not divide.
        """
        inputs = np.concatenate(
            [
                pool_features(neck, 0, canvas.place(boxes)),
                describe_boxes(boxes, canvas.width_px, canvas.height_px),
            ],
            axis=1,
        )
        weight, bias = self._fine
        found: list[FineCategory | None] = []
        for category, one in zip(categories, inputs, strict=True):
            span = self._spans.get(category)
            if span is None or span.start == span.stop:
                found.append(None)
                continue
            logits = weight[span] @ one + bias[span]
            chances = np.exp(logits - logits.max())
            best = int(chances.argmax())
            value = self.card.labels[category][best]
            found.append(FineCategory(value, float(chances[best] / chances.sum())))
        return found


def describe_boxes(boxes: Floats, width_px: int, height_px: int) -> Floats:
    """Return where boxes are and their shape, (n, 6) float32.

    Notes
    -----
    Left, top, width and height as shares of the photo, the box's width by its
    height, the photo's width by its height.
    """
    size = np.array([width_px, height_px], np.float32)
    low, sides = boxes[:, :2] / size, (boxes[:, 2:] - boxes[:, :2]) / size
    pixels = np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    shape = (pixels[:, :1] / pixels[:, 1:]).astype(np.float32)
    photo = np.full((len(boxes), 1), width_px / height_px, np.float32)
    return np.concatenate([low, sides, shape, photo], axis=1).astype(np.float32)
