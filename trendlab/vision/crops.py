"""Cut a garment's box out of a photo, for networks that look at one garment.

Training and inference cut by the same code, so that a network is shown what it learned.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from trendlab.vision.images import Pixels

Floats = npt.NDArray[np.float32]

# Part of a box's width and height that is added on each side: what is around a garment
# says something of it.
MARGIN = 0.25

# What lies outside of the photo; the detectors' padding.
OUTSIDE = (114, 114, 114)

# Numbers that `place_in_photo` gives.
PLACE_COUNT = 4


def cut(pixels: Pixels, box: npt.ArrayLike, size_px: int) -> Pixels:
    """Cut a box with its margin out of a photo and stretch it to a square.

    A side that is less than half of the other takes in more of the photo, so that a
    belt is not stretched to a blur.

    Parameters
    ----------
    pixels : (rows, columns, 3) uint8
    box : (4,) floats
        Pixels, x0 y0 x1 y1.
    size_px : int
        Side of the square.

    Returns
    -------
    (size_px, size_px, 3) uint8
    """
    x0, y0, x1, y1 = np.asarray(box, float)
    width = max((x1 - x0) * (1 + 2 * MARGIN), 1.0)
    height = max((y1 - y0) * (1 + 2 * MARGIN), 1.0)
    width, height = max(width, height / 2), max(height, width / 2)
    across, down = size_px / width, size_px / height
    left, top = (x0 + x1 - width) / 2, (y0 + y1 - height) / 2
    move = np.array([[across, 0, -left * across], [0, down, -top * down]])
    square: Pixels = np.asarray(
        cv2.warpAffine(
            pixels,
            move,
            (size_px, size_px),
            flags=cv2.INTER_LINEAR,
            borderValue=OUTSIDE,
        ),
        np.uint8,
    )
    return square


def place_in_photo(boxes: Floats, width_px: int, height_px: int) -> Floats:
    """Say where boxes are in a photo and how large.

    Parameters
    ----------
    boxes : (n, 4) float32
        Pixels, x0 y0 x1 y1.
    width_px, height_px : int
        Size of the photo.

    Returns
    -------
    (n, 4) float32
        Centre across and down, −0.5 to 0.5; logarithms of width and height in heights
        of the photo, scaled to about 1.
    """
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0) / height_px
    centres = (boxes[:, 2:] + boxes[:, :2]) / 2 / (width_px, height_px) - 0.5
    told = np.concatenate([centres, np.log(sides) / 2 + 1], axis=1)
    return told.astype(np.float32)
