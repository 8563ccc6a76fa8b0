"""Names of architectures that are not ultralytics'; read without loading torch."""

from __future__ import annotations

# Detectors of the research that torchvision's parts make, and what each is.
BASELINES = {
    "ssd300": "SSD300 on VGG-16 with batch normalisation",
    "ssd300-fused": "SSD300 on VGG-16 with batch normalisation, conv4_3 joined with "
    "enlarged conv5_3",
    "ssd300-quarter": "ssd300 with a quarter of the channels",
    "ssd300-fused-quarter": "ssd300-fused with a quarter of the channels",
    "faster-rcnn": "Faster R-CNN on MobileNetV3-Large with a feature pyramid, photos "
    "at 320 px",
}
