"""Find garments in photos: the one door to the detector.

Only this module and `train` import ultralytics, quietly: it is told not to look
for updates, not to install anything and where to keep its settings, and what it
changes in the process is put back. What comes out is `Detections`;
`Detector` is the protocol that another detector would have to fulfil.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from PIL import Image

from trendlab.errors import ModelError
from trendlab.vision.architectures import BASELINES, read_model_file
from trendlab.vision.boxes import (
    Candidates,
    Canvas,
    Detections,
    Suppression,
    decode_head,
    fit_canvas,
)
from trendlab.vision.detector import Detector, Floats
from trendlab.vision.features import pool_features
from trendlab.vision.folders import detect_folder, write_coco_results
from trendlab.vision.garments import Found, find_garments
from trendlab.vision.images import Photo
from trendlab.vision.models import (
    ModelCard,
    check_weights,
    load_card,
    read_weights,
)
from trendlab.vision.runtime import HEAD_MAPS_COUNT, OpenVinoRuntime, Runtime

__all__ = [
    "Detector",
    "Found",
    "YoloDetector",
    "build_network",
    "detect_folder",
    "find_garments",
    "import_ultralytics",
    "load_card",
    "load_detector",
    "write_coco_results",
]

log = logging.getLogger(__name__)

Device = Literal["auto", "cpu", "cuda"]

# What a driver for GPUs puts there: NVIDIA's, WSL's, AMD's.
GPU_NODES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


@contextlib.contextmanager
def _surroundings_kept() -> Iterator[None]:
    """Put back what importing ultralytics changes in the process.

    It sets thread counts, and replaces `PIL.Image.open` by one that answers a
    damaged photo with an attempt to install a package.
    """
    import torch

    omp, threads, cv_threads = (
        os.environ.get("OMP_NUM_THREADS"),
        torch.get_num_threads(),
        cv2.getNumThreads(),
    )
    image_open = Image.open
    try:
        yield
    finally:
        if omp is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        else:
            os.environ["OMP_NUM_THREADS"] = omp
        torch.set_num_threads(threads)
        cv2.setNumThreads(cv_threads)
        Image.open = image_open  # type: ignore[assignment]


def import_ultralytics() -> Any:
    """Import ultralytics without network, installs or changes to the process."""
    os.environ.setdefault("YOLO_OFFLINE", "1")
    os.environ.setdefault("YOLO_AUTOINSTALL", "0")
    os.environ.setdefault("ULTRALYTICS_SAFE_LOAD", "1")
    os.environ.setdefault("YOLO_VERBOSE", "0")
    if "YOLO_CONFIG_DIR" not in os.environ:
        settings = Path(tempfile.gettempdir()) / f"trendlab-yolo-{os.getuid()}"
        settings.mkdir(mode=0o700, exist_ok=True)
        os.environ["YOLO_CONFIG_DIR"] = str(settings)
    with _surroundings_kept():
        import ultralytics
        import ultralytics.nn.tasks

        ultralytics.settings.update({"sync": False})
    return ultralytics


def build_network(card: ModelCard) -> Any:
    """Build a card's ultralytics network with its weights, for inference.

    Raises
    ------
    ModelError
        If the weights do not fit the architecture, or it is none of ultralytics'.
    """
    import torch

    weights = {
        key: torch.from_numpy(np.asarray(value))
        for key, value in read_weights(card).items()
    }
    layers = read_model_file(card.architecture)
    import_ultralytics()
    from ultralytics.nn.tasks import DetectionModel

    with _surroundings_kept():
        try:
            network = DetectionModel(layers, nc=len(card.classes), verbose=False)
            network.load_state_dict(weights, strict=True)
        except (RuntimeError, KeyError) as error:
            raise ModelError(
                f"weights of {card.name} {card.version} do not fit "
                f"{card.architecture} with {len(card.classes)} classes: {error}"
            ) from error
        return network.eval()


class YoloDetector:
    """A YOLOv8 or YOLO11 detector behind the `Detector` protocol.

    Parameters
    ----------
    card : ModelCard
    runtime : Runtime
    """

    def __init__(self, card: ModelCard, runtime: Runtime) -> None:
        self.card = card
        self.runtime = runtime
        self.lanes_count = runtime.lanes_count
        self.batch_count = runtime.batch_count
        self._counting = Suppression(min_scores=card.thresholds, iou=card.nms_iou)

    def prepare(self, photo: Photo) -> Canvas:
        """Fit a photo to the card's input size."""
        return fit_canvas(photo, self.card.input_size_px)

    def find(
        self,
        canvases: Sequence[Canvas],
        keep: Suppression | None = None,
        *,
        with_features: bool = False,
    ) -> list[Detections]:
        """Find garments on canvases of one shape.

        Parameters
        ----------
        canvases : sequence of Canvas
        keep : Suppression, optional
            The card's thresholds by default.
        with_features : bool
            Pool the appearance of each garment too.
        """
        if not canvases:
            return []
        keep = self._counting if keep is None else keep
        candidates, neck = self.look(canvases, keep, with_neck=with_features)
        return [
            describe(canvas, one, neck, index)
            for index, (canvas, one) in enumerate(
                zip(canvases, candidates, strict=True)
            )
        ]

    def look(
        self, canvases: Sequence[Canvas], keep: Suppression, *, with_neck: bool
    ) -> tuple[list[Candidates], list[Floats]]:
        """Find boxes in canvas pixels, with the maps that they were decided from.

        Returns
        -------
        candidates : list of Candidates
            Of each canvas.
        neck : list of (canvases, channels, rows, columns) float32
            Finest first; empty where they were not asked for.
        """
        pixels = np.stack([canvas.pixels for canvas in canvases])
        maps = self.runtime.run(pixels, with_neck=with_neck)
        heads, neck = maps[:HEAD_MAPS_COUNT], maps[HEAD_MAPS_COUNT:]
        return [decode_head(heads, at, keep) for at in range(len(canvases))], neck

    def neck(self, canvas: Canvas) -> list[Floats]:
        """Return the three maps that the head reads, finest first."""
        return self.runtime.run(canvas.pixels[None], with_neck=True)[HEAD_MAPS_COUNT:]


def describe(
    canvas: Canvas, found: Candidates, neck: Sequence[Floats], index: int
) -> Detections:
    """Write what was found on a canvas as what it is in the photo.

    Parameters
    ----------
    canvas : Canvas
    found : Candidates
        In canvas pixels.
    neck : sequence of (canvases, channels, rows, columns) float32
        Empty where appearance is not asked for.
    index : int
        Canvas within the batch.
    """
    boxes, scores, classes = found
    features = np.zeros((0, 0), np.float32)
    if len(neck) > 0:
        features = pool_features(neck, index, boxes)
    return Detections(
        boxes=canvas.lift(boxes),
        scores=scores,
        category_ids=classes,
        width_px=canvas.width_px,
        height_px=canvas.height_px,
        sha256=canvas.sha256,
        photo_hash=canvas.photo_hash,
        features=features,
    )


def choose_device(device: Device) -> Literal["cpu", "cuda"]:
    """Return where a model runs: "auto" takes a GPU if there is one.

    Raises
    ------
    ModelError
        If "cuda" is asked for where there is none.
    """
    has_gpu = device != "cpu" and _has_gpu()
    if device == "cuda" and not has_gpu:
        raise ModelError("device cuda was asked for, but torch sees no GPU; use cpu")
    return "cuda" if has_gpu else "cpu"


def _has_gpu() -> bool:
    """Tell whether torch can use a GPU, without importing it where none can be."""
    if not any(Path(node).exists() for node in GPU_NODES):
        return False
    import torch

    return bool(torch.cuda.is_available())


def load_detector(
    card: ModelCard, device: Device = "auto", *, cache: Path | None = None
) -> Detector:
    """Load a detector where it runs best, with all that its card names.

    Parameters
    ----------
    card : ModelCard
    device : {"auto", "cpu", "cuda"}
        "auto" takes a GPU if there is one.
    cache : Path, optional
        Folder for OpenVINO exports. With it, every start but the first needs
        neither torch nor ultralytics (1 s instead of 10).

    Raises
    ------
    ModelError
        If weights are wrong, a pass or the rescoring names a card that does not fit,
        or "cuda" is asked for where there is none.
    """
    if card.architecture in BASELINES:
        from trendlab.vision.baselines import load_baseline

        return load_baseline(card, choose_device(device))
    main = _load_network(card, device, cache)
    if not card.passes and card.rescoring is None:
        return main
    from trendlab.vision.passes import PassesDetector, card_of

    others = {
        one.card: _load_network(card_of(one, card), device, cache)
        for one in card.passes
        if one.card
    }
    rescorer = None
    if card.rescoring is not None:
        from trendlab.vision.rescoring import load_rescorer

        rescorer = load_rescorer(card, choose_device(device), cache)
    return PassesDetector(main, others, rescorer)


def _load_network(card: ModelCard, device: Device, cache: Path | None) -> YoloDetector:
    chosen = choose_device(device)
    check_weights(card)

    def trunk() -> Any:
        from trendlab.vision.network import HeadAndNeck

        network = build_network(card)
        network.fuse(verbose=False)
        return HeadAndNeck(network.model, network.save)

    runtime: Runtime
    if chosen == "cuda" or importlib.util.find_spec("openvino") is None:
        from trendlab.vision.network import TorchRuntime

        runtime = TorchRuntime(trunk(), chosen)
    else:
        runtime = OpenVinoRuntime(trunk, card.sha256, cache)
    log.info("detector %s %s on %s", card.name, card.version, runtime.name)
    return YoloDetector(card, runtime)
