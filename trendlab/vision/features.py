"""Appearance of garments: the detector's own feature maps, pooled over a box.

They cost nothing beyond the detector's forward pass. What they mean is what the
detector learned; they tell kinds of garments apart better than colours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

# Pixels a cell of the three neck maps of YOLOv8 and YOLO11.
NECK_STRIDES_PX = (8, 16, 32)

# Points a side at which a box is sampled before averaging.
_POINTS = 6


def pool_features(neck: Sequence[Floats], index: int, boxes: Floats) -> Floats:
    """Average the neck maps over boxes.

    Parameters
    ----------
    neck : three (photos, channels, rows, columns) float32, finest first
    index : int
        Photo within the batch.
    boxes : (n, 4) float32, canvas pixels, x0 y0 x1 y1

    Returns
    -------
    (n, d) float32
        Channels of the three maps side by side: 64 + 128 + 256 for YOLOv8n.

    Notes
    -----
    The mean of 6 × 6 points, each interpolated between cells: what RoIAlign with
    3 × 3 bins and 2 × 2 samples gives after averaging its bins.

    References
    ----------
    He et al. (2017), Mask R-CNN, section 3.
    """
    steps = (np.arange(_POINTS, dtype=np.float32) + 0.5) / _POINTS
    x = boxes[:, :1] + (boxes[:, 2:3] - boxes[:, :1]) * steps
    y = boxes[:, 1:2] + (boxes[:, 3:] - boxes[:, 1:2]) * steps
    pooled = []
    for level, stride in zip(neck, NECK_STRIDES_PX, strict=True):
        rows, columns = level.shape[2:]
        along = _spread((x / stride - 0.5).astype(np.float32), columns)
        down = _spread((y / stride - 0.5).astype(np.float32), rows)
        # mean over points = (weights over rows) · map · (weights over columns)
        within = np.einsum("nr,drc->ndc", down, level[index], optimize=True)
        pooled.append(np.einsum("ndc,nc->nd", within, along, optimize=True))
    side_by_side: Floats = np.concatenate(pooled, 1)
    return side_by_side


def _spread(points: Floats, count: int) -> Floats:
    """Return how much each of `count` cells weighs in the mean of points.

    Parameters
    ----------
    points : (n, p) float32
        Places in cells, 0 at the middle of the first; beyond the edge counts as
        the edge.

    Returns
    -------
    (n, count) float32
        Rows sum to 1.
    """
    inside = np.clip(points, 0, count - 1)
    cells = np.arange(count, dtype=np.float32)
    near = np.clip(1 - np.abs(inside[:, :, None] - cells), 0, None)
    weights: Floats = near.mean(1)
    return weights


def stack_cells(neck: Sequence[Floats]) -> Floats:
    """Bring the maps of one photo to the finest grid, bilinearly: (cells, channels)."""
    rows, columns = neck[0].shape[2:]
    levels = [neck[0][0]]
    for level in neck[1:]:
        high, wide = level.shape[2:]
        down = _spread(_middles(rows, high), high)
        along = _spread(_middles(columns, wide), wide)
        levels.append(down @ level[0] @ along.T)
    stacked: Floats = np.concatenate(levels).reshape(-1, rows * columns).T
    return stacked


def _middles(count: int, coarse_count: int) -> Floats:
    """Return where the middles of fine cells lie in coarse cells, (count, 1)."""
    middles = (np.arange(count) + 0.5) * (coarse_count / count) - 0.5
    return middles[:, None].astype(np.float32)
