"""The detectors of the research, by torchvision, behind the `Detector` protocol.

They are here to be compared with: trained by the same command, on the same photos,
and measured by the same command as the detector that ships.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torchvision.models.detection import fasterrcnn_mobilenet_v3_large_320_fpn

from trendlab.vision.boxes import (
    Canvas,
    Detections,
    Suppression,
    fit_canvas,
    suppress,
)
from trendlab.vision.detector import Floats
from trendlab.vision.folders import MEASURING_COUNT, MEASURING_FLOOR
from trendlab.vision.images import Photo
from trendlab.vision.models import ModelCard
from trendlab.vision.network import give_weights
from trendlab.vision.ssd import build_ssd

# Boxes of one class that overlap more are one garment (Liu et al. 2016, section 2.2).
NMS_IOU = 0.45

# Two boxes that overlap more, of any classes, are one place that got two names.
SAME_PLACE_IOU = 0.9

# Channels of the light SSDs, as a share of VGG-16's: a sixteenth of the arithmetic.
QUARTER = 0.25

# Regions that Faster R-CNN learns from per photo. torchvision's 512 are for COCO
# photos of dozens of things; here a photo has five garments, and a region costs time.
REGIONS_COUNT = 128


def build_baseline(
    architecture: str, classes_count: int, *, nms_iou: float = NMS_IOU
) -> Any:
    """Build a network with random weights; nothing is downloaded.

    Parameters
    ----------
    architecture : str
        A key of `architectures.BASELINES`.
    classes_count : int
        Classes of garments; the background is added.
    nms_iou : float
        Boxes of one class that overlap more are one garment.

    Returns
    -------
    torch.nn.Module
        Training, it takes (photos, targets) and gives losses; otherwise photos, and
        gives boxes, scores and labels, classes counted from 1.

    References
    ----------
    Liu et al. (2016), SSD; Cao et al. (2018), Feature-fused SSD; Ren et al. (2015),
    Faster R-CNN.
    """
    if architecture == "faster-rcnn":
        return fasterrcnn_mobilenet_v3_large_320_fpn(
            weights=None,
            weights_backbone=None,
            num_classes=classes_count + 1,
            box_score_thresh=MEASURING_FLOOR,
            box_nms_thresh=nms_iou,
            box_detections_per_img=MEASURING_COUNT,
            box_batch_size_per_image=REGIONS_COUNT,
        )
    return build_ssd(
        classes_count,
        width=QUARTER if architecture.endswith("-quarter") else 1.0,
        is_fused="-fused" in architecture,
        score_thresh=MEASURING_FLOOR,
        nms_thresh=nms_iou,
        detections_per_img=MEASURING_COUNT,
    )


class BaselineDetector:
    """A torchvision detector behind the `Detector` protocol.

    Parameters
    ----------
    card : ModelCard
    network : torch.nn.Module
        As `build_baseline` gives it.
    device : str
        Where the network is.

    Notes
    -----
    In single precision, so that figures do not differ between CPUs.
    """

    def __init__(self, card: ModelCard, network: Any, device: str = "cpu") -> None:
        self.card = card
        self.lanes_count = 1
        self.batch_count = 64 if device.startswith("cuda") else 4
        self._network, self._device = network, torch.device(device)
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
            Makes no difference: these detectors give no features.
        """
        keep = self._counting if keep is None else keep
        photos = [
            torch.from_numpy(one.trimmed.copy())
            .to(self._device)
            .permute(2, 0, 1)
            .float()
            / 255
            for one in canvases
        ]
        if not photos:
            return []
        self._network.eval()
        with torch.inference_mode():
            outputs = self._network(photos)
        return [
            _detections(canvas, output, keep)
            for canvas, output in zip(canvases, outputs, strict=True)
        ]

    def neck(self, canvas: Canvas) -> list[Floats]:
        """Return nothing: the maps of these networks are not what the tagger reads."""
        return []


def _detections(
    canvas: Canvas, output: dict[str, torch.Tensor], keep: Suppression
) -> Detections:
    boxes = output["boxes"].float().cpu().numpy()
    boxes = boxes + np.array([canvas.left_px, canvas.top_px] * 2, np.float32)
    scores = output["scores"].float().cpu().numpy()
    classes = output["labels"].cpu().numpy() - 1
    above = scores > np.array(keep.min_scores, np.float32)[classes]
    boxes, scores, classes = boxes[above], scores[above], classes[above]
    if not keep.is_multi_label:
        best = suppress(boxes, scores, np.zeros_like(classes), SAME_PLACE_IOU)
        boxes, scores, classes = boxes[best], scores[best], classes[best]
    kept = suppress(boxes, scores, classes, keep.iou)[: keep.max_count]
    return Detections(
        boxes=canvas.lift(boxes[kept]),
        scores=scores[kept],
        category_ids=classes[kept],
        width_px=canvas.width_px,
        height_px=canvas.height_px,
        sha256=canvas.sha256,
        photo_hash=canvas.photo_hash,
        features=np.zeros((len(kept), 0), np.float32),
    )


def load_baseline(card: ModelCard, device: str = "cpu") -> BaselineDetector:
    """Load a baseline with the weights of its card.

    Raises
    ------
    ModelError
        If the weights are missing, changed or of another architecture.
    """
    network = build_baseline(card.architecture, len(card.classes), nms_iou=card.nms_iou)
    return BaselineDetector(card, give_weights(network, card).to(device), device)
