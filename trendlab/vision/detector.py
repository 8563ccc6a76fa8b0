"""What the rest of vision needs of a detector, whoever made it.

To put another detector behind trendlab, write a class that fulfils `Detector`
and a card for it; nothing else knows which model runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from trendlab.vision.boxes import Canvas, Detections, Suppression
from trendlab.vision.images import Photo
from trendlab.vision.models import ModelCard

Floats = npt.NDArray[np.float32]


class Detector(Protocol):
    """What the rest of vision needs of a detector.

    Parameters
    ----------
    card : ModelCard
        Names the model in every row that it makes.
    lanes_count : int
        Calls of `find` that may run at the same time.
    batch_count : int
        Photos a call that suit the device.
    """

    card: ModelCard
    lanes_count: int
    batch_count: int

    def prepare(self, photo: Photo) -> Canvas:
        """Fit a photo to the model's input; thread-safe."""
        ...

    def find(
        self,
        canvases: Sequence[Canvas],
        keep: Suppression | None = None,
        *,
        with_features: bool = False,
    ) -> list[Detections]:
        """Find garments on canvases of one shape; thread-safe."""
        ...

    def neck(self, canvas: Canvas) -> list[Floats]:
        """Return the maps that the detector decides from, finest first.

        Returns
        -------
        list of (1, channels, rows, columns) float32
            At 8, 16 and 32 canvas pixels a cell. Empty for a detector that has
            none; then only colours are told.
        """
        ...
