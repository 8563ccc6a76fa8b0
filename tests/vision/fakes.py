"""A detector that finds one planted box, to test what surrounds detectors."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from trendlab.vision.boxes import Canvas, Detections, Suppression, fit_canvas
from trendlab.vision.images import Photo
from trendlab.vision.models import ModelCard, load_card


class PlantedDetector:
    """Finds a bag in the upper left quarter of every photo that is not black."""

    def __init__(self, lanes_count: int = 2, batch_count: int = 3) -> None:
        self.card: ModelCard = load_card().model_copy(
            update={"name": "planted", "version": "0", "sha256": "f" * 64}
        )
        self.lanes_count = lanes_count
        self.batch_count = batch_count
        self.batches: list[int] = []
        self.prepared = 0
        self._lock = threading.Lock()

    def prepare(self, photo: Photo) -> Canvas:
        with self._lock:
            self.prepared += 1
        return fit_canvas(photo, self.card.input_size_px)

    def find(
        self,
        canvases: Sequence[Canvas],
        keep: Suppression | None = None,
        *,
        with_features: bool = False,
    ) -> list[Detections]:
        assert len({canvas.shape for canvas in canvases}) == 1
        with self._lock:
            self.batches.append(len(canvases))
        return [self._find(canvas) for canvas in canvases]

    def _find(self, canvas: Canvas) -> Detections:
        middle = canvas.pixels[canvas.shape[0] // 2, canvas.shape[1] // 2]
        count = int(middle.max() > 10)
        box = [0, 0, canvas.width_px / 2, canvas.height_px / 2]
        return Detections(
            boxes=np.array([box] * count, np.float32).reshape(-1, 4),
            scores=np.full(count, 0.75, np.float32),
            category_ids=np.zeros(count, np.int64),
            width_px=canvas.width_px,
            height_px=canvas.height_px,
            sha256=canvas.sha256,
            photo_hash=canvas.photo_hash,
        )

    def neck(self, canvas: Canvas) -> list[np.ndarray]:
        return []
