"""Geometry of detection: letterbox, decoding of a YOLO head, suppression.

The model's raw output is translated here, once, into `Detections`; nothing
beyond this module knows strides, anchors or padded pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from trendlab.vision.copies import perceptual_hash
from trendlab.vision.images import Photo, Pixels

Floats = npt.NDArray[np.float32]

# The coarsest grid of YOLOv8 and YOLO11; sides of the input are multiples of it.
STRIDE_PX = 32

# Grey of the padding, the value that the models were trained with.
PADDING = 114

# Bins of the distribution that encodes each side of a box.
BINS_COUNT = 16

# Boxes (n, 4) float32 in canvas pixels, x0 y0 x1 y1; scores (n,) float32, falling;
# positions of the classes (n,) int64.
Candidates = tuple[
    npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64]
]

_NO_CLASSES = np.zeros(0, np.int64)

# The finest grid of both.
FINEST_STRIDE_PX = 8

# Candidates that enter suppression; more only cost time (ultralytics takes 30,000).
MAX_CANDIDATES = 3000


@dataclass(frozen=True)
class Detections:
    """Garments found in one photo, by falling score.

    Parameters
    ----------
    boxes : (n, 4) float32
        Pixels of the upright photo, x0 y0 x1 y1, within the photo.
    scores : (n,) float32
        Confidence, 0 to 1.
    category_ids : (n,) int64
        Positions in the model card's classes.
    width_px, height_px : int
        Size of the upright photo.
    sha256 : str
        Hash of the photo's bytes.
    photo_hash : str
        Perceptual hash of the photo, empty where it was not taken.
    features : (n, d) float32
        Appearance of each garment; d is 0 where they were not asked for.
    people : (m, 4) float32
        Boxes of people, as `boxes`; empty where nobody looked for them.
    people_scores : (m,) float32
        Confidence of each, 0 to 1, falling.
    people_model : str
        Name and version of the model that found them.
    """

    boxes: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    category_ids: npt.NDArray[np.int64]
    width_px: int
    height_px: int
    sha256: str = ""
    photo_hash: str = ""
    features: npt.NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 0), np.float32)
    )
    people: npt.NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 4), np.float32)
    )
    people_scores: npt.NDArray[np.float32] = field(
        default_factory=lambda: np.zeros(0, np.float32)
    )
    people_model: str = ""

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True)
class Suppression:
    """Which candidates are kept.

    Parameters
    ----------
    min_scores : tuple of float
        Lowest score per class.
    iou : float
        Boxes of one class that overlap more are one garment.
    max_count : int
        Most garments in a photo.
    is_multi_label : bool
        True lets one place carry several classes (what average precision wants);
        false keeps the best class of each place (what counting wants).
    """

    min_scores: tuple[float, ...]
    iou: float = 0.7
    max_count: int = 300
    is_multi_label: bool = False


@dataclass(frozen=True)
class Canvas:
    """A photo fitted into a padded rectangle, ready for a batch.

    Parameters
    ----------
    pixels : (rows, columns, 3) uint8
        RGB; rows and columns are multiples of `STRIDE_PX`.
    left_px, top_px : int
        Padding before the photo.
    scale_x, scale_y : float
        Canvas pixels per photo pixel.
    width_px, height_px : int
        Size of the upright photo.
    sha256 : str
    photo_hash : str
        Perceptual hash of the photo, empty where it was not taken.
    """

    pixels: Pixels
    left_px: int
    top_px: int
    scale_x: float
    scale_y: float
    width_px: int
    height_px: int
    sha256: str = ""
    photo_hash: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def trimmed(self) -> Pixels:
        """The pixels without the padding, (rows, columns, 3) uint8."""
        rows = self.top_px + round(self.height_px * self.scale_y)
        columns = self.left_px + round(self.width_px * self.scale_x)
        return self.pixels[self.top_px : rows, self.left_px : columns]

    def place(self, boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Take boxes from photo pixels to canvas pixels, x0 y0 x1 y1."""
        scale = np.array([self.scale_x, self.scale_y] * 2, np.float32)
        shift = np.array([self.left_px, self.top_px] * 2, np.float32)
        return boxes * scale + shift

    def lift(self, boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Take boxes from canvas pixels to photo pixels, cut to the photo."""
        scale = np.array([self.scale_x, self.scale_y] * 2, np.float32)
        shift = np.array([self.left_px, self.top_px] * 2, np.float32)
        edge = np.array([self.width_px, self.height_px] * 2, np.float32)
        lifted: npt.NDArray[np.float32] = np.clip((boxes - shift) / scale, 0.0, edge)
        return lifted


def fit_canvas(photo: Photo, size_px: int) -> Canvas:
    """Fit a photo into the smallest padded rectangle with longer side `size_px`.

    Notes
    -----
    The other side is the least multiple of 32 that holds the photo, so that no
    arithmetic is spent on padding; photos of equal shape share a batch.
    """
    shrink = size_px / max(photo.width_px, photo.height_px)
    columns = max(1, round(photo.width_px * shrink))
    rows = max(1, round(photo.height_px * shrink))
    pixels = photo.pixels
    if pixels.shape[:2] != (rows, columns):
        is_smaller = pixels.shape[0] > rows
        how = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
        pixels = np.asarray(
            cv2.resize(pixels, (columns, rows), interpolation=how), np.uint8
        )
    canvas_rows = math.ceil(rows / STRIDE_PX) * STRIDE_PX
    canvas_columns = math.ceil(columns / STRIDE_PX) * STRIDE_PX
    top, left = (canvas_rows - rows) // 2, (canvas_columns - columns) // 2
    padded = np.full((canvas_rows, canvas_columns, 3), PADDING, np.uint8)
    padded[top : top + rows, left : left + columns] = pixels
    return Canvas(
        padded,
        left,
        top,
        columns / photo.width_px,
        rows / photo.height_px,
        photo.width_px,
        photo.height_px,
        photo.sha256,
        perceptual_hash(pixels),
    )


def shrink(canvas: Canvas, size_px: int) -> Canvas:
    """Fit a canvas into one of another size; its boxes are lifted to the first one."""
    rows, columns = canvas.shape
    return fit_canvas(Photo(canvas.pixels, columns, rows, canvas.sha256), size_px)


def decode_head(maps: Sequence[Floats], index: int, keep: Suppression) -> Candidates:
    """Read the boxes of one photo from the raw maps of a YOLO head.

    Parameters
    ----------
    maps : sequence of (photos, 64 + classes, rows, columns) float32
        From the finest grid to the coarsest; 64 channels of box sides, then
        class logits.
    index : int
        Photo within the batch.
    keep : Suppression

    Returns
    -------
    boxes : (n, 4) float32, canvas pixels, x0 y0 x1 y1
    scores : (n,) float32, falling
    category_ids : (n,) int64

    Notes
    -----
    Only cells above their class's threshold are decoded; the usual way decodes
    all of 8,400 and drops nearly all. NumPy, because these arrays are so small
    that PyTorch's threads cost more than they bring (9.6 ms against 0.9).
    """
    floors = _logit(np.array(keep.min_scores, np.float32))
    found: list[tuple[Floats, Floats, npt.NDArray[np.int64]]] = []
    rows_of_canvas = maps[0].shape[2] * FINEST_STRIDE_PX
    for level in maps:
        stride = rows_of_canvas // level.shape[2]
        columns = level.shape[3]
        flat = level[index].reshape(level.shape[1], -1)
        logits = flat[4 * BINS_COUNT :]
        if keep.is_multi_label:
            classes, cells = np.nonzero(logits > floors[:, None])
        else:
            of_class = logits.argmax(0)
            top = np.take_along_axis(logits, of_class[None], 0)[0]
            cells = np.flatnonzero(top > floors[of_class])
            classes = of_class[cells]
        if len(cells) == 0:
            continue
        scores = 1 / (1 + np.exp(-logits[classes, cells]))
        classes, cells, scores = _best(MAX_CANDIDATES, scores, classes, cells, scores)
        sides = flat[: 4 * BINS_COUNT, cells].reshape(4, BINS_COUNT, -1)
        chances = np.exp(sides - sides.max(1, keepdims=True))
        bins = np.arange(BINS_COUNT, dtype=np.float32)[None, :, None]
        left, up, right, down = (chances * bins).sum(1) / chances.sum(1)
        x, y = cells % columns + 0.5, cells // columns + 0.5
        boxes = np.stack((x - left, y - up, x + right, y + down), 1) * stride
        found.append((boxes.astype(np.float32), scores, classes))
    if not found:
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32), _NO_CLASSES
    boxes, scores, classes = (
        np.concatenate(parts) for parts in zip(*found, strict=True)
    )
    boxes, scores, classes = _best(MAX_CANDIDATES, scores, boxes, scores, classes)
    kept = suppress(boxes, scores, classes, keep.iou)[: keep.max_count]
    return boxes[kept], scores[kept], classes[kept]


def _logit(chances: Floats) -> Floats:
    safe = np.clip(chances, 1e-7, 1 - 1e-7)
    logits: Floats = np.log(safe / (1 - safe)).astype(np.float32)
    return logits


def _best(count: int, scores: Floats, *columns: Any) -> tuple[Any, ...]:
    """Return the rows of columns that have the `count` best scores."""
    if len(scores) <= count:
        return columns
    taken = np.argsort(-scores, kind="stable")[:count]
    return tuple(column[taken] for column in columns)


def suppress(
    boxes: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    category_ids: npt.NDArray[np.int64],
    iou: float,
) -> npt.NDArray[np.int64]:
    """Drop boxes that overlap a better one of their class (greedy suppression).

    Parameters
    ----------
    boxes : (n, 4) float32, x0 y0 x1 y1
    scores : (n,) float32
    category_ids : (n,) int64
    iou : float
        Overlap beyond which the lower score is dropped.

    Returns
    -------
    (k,) int64
        Positions kept, by falling score; ties keep their order.

    Notes
    -----
    A box survives when no surviving better box overlaps it. Applying that to all
    boxes at once, again until nothing changes, ends in the same set as taking one
    after the other. torchvision's is the same and faster for thousands of boxes,
    but importing it takes longer than detecting a few hundred photos.
    """
    order = np.argsort(-scores, kind="stable")
    survives = np.zeros(len(scores), bool)
    for category_id in np.unique(category_ids):
        mine = order[category_ids[order] == category_id]
        low, high = boxes[mine, :2], boxes[mine, 2:]
        inside = np.minimum(high[:, None], high[None]) - np.maximum(
            low[:, None], low[None]
        )
        shared = np.clip(inside, 0, None).prod(2)
        areas = (high - low).prod(1)
        overlaps = shared > iou * (areas[:, None] + areas[None] - shared)
        better = np.triu(overlaps, 1)
        alive = np.ones(len(mine), bool)
        while True:
            again = ~better[alive].any(0)
            if (again == alive).all():
                break
            alive = again
        survives[mine] = alive
    return order[survives[order]]
