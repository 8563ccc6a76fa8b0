"""Appearance of garments: the detector's own feature maps, pooled over a box.

They cost nothing beyond the detector's forward pass. What they mean is what the
detector learned; they tell kinds of garments apart better than colours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torchvision.ops import roi_align

# Pixels a cell of the three neck maps of YOLOv8 and YOLO11.
NECK_STRIDES_PX = (8, 16, 32)

# Cells a side that a box is divided into before averaging, and samples a cell.
_GRID = 3
_SAMPLES = 2


def pool_features(
    neck: Sequence[torch.Tensor], index: int, boxes: torch.Tensor
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
    """
    pooled = [
        roi_align(
            level[index : index + 1],
            [boxes],
            output_size=_GRID,
            spatial_scale=1 / stride,
            sampling_ratio=_SAMPLES,
            aligned=True,
        ).mean((2, 3))
        for level, stride in zip(neck, NECK_STRIDES_PX, strict=True)
    ]
    side_by_side: npt.NDArray[np.float32] = torch.cat(pooled, 1).float().numpy()
    return side_by_side
