"""Appearance of garments: the detector's own feature maps, pooled over a box.

They cost nothing beyond the detector's forward pass. What they mean is what the
detector learned; they tell kinds of garments apart better than colours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

# Pixels a cell of the three neck maps of YOLOv8 and YOLO11.
NECK_STRIDES_PX = (8, 16, 32)

# Points a side at which a box is sampled before averaging.
_POINTS = 6


def pool_features(
    neck: Sequence[torch.Tensor], index: int, boxes: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Average the neck maps over boxes.

    Parameters
    ----------
    neck : three (photos, channels, rows, columns) float tensors, finest first
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
    steps = (torch.arange(_POINTS, dtype=torch.float32) + 0.5) / _POINTS
    corners = torch.from_numpy(boxes)
    x = corners[:, :1] + (corners[:, 2:3] - corners[:, :1]) * steps
    y = corners[:, 1:2] + (corners[:, 3:] - corners[:, 1:2]) * steps
    points = torch.stack(
        (
            x[:, None, :].expand(-1, _POINTS, -1),
            y[:, :, None].expand(-1, -1, _POINTS),
        ),
        dim=-1,
    ).flatten(1, 2)
    pooled = []
    for level, stride in zip(neck, NECK_STRIDES_PX, strict=True):
        rows, columns = level.shape[2:]
        size = torch.tensor([columns * stride, rows * stride], dtype=torch.float32)
        sampled = functional.grid_sample(
            level[index : index + 1],
            (2 * points / size - 1)[None],
            mode="bilinear",
            padding_mode="border",
            align_corners=False,
        )
        pooled.append(sampled[0].mean(2).T)
    side_by_side: npt.NDArray[np.float32] = torch.cat(pooled, 1).float().numpy()
    return side_by_side
