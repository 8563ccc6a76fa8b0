"""Run a detector over annotated photos, so that what it finds can be measured."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendlab.errors import ModelError, VisionError
from trendlab.vision.coco import check_photos, class_names
from trendlab.vision.detect import Device, load_detector
from trendlab.vision.detector import Detector
from trendlab.vision.folders import PHOTO_ENDINGS, detect_folder
from trendlab.vision.models import ModelCard
from trendlab.vision.training_data import check_sizes


@dataclass(frozen=True)
class Detected:
    """What a detector found in annotated photos.

    Parameters
    ----------
    results : list of dict
        COCO results from the lowest score up, as average precision needs them.
    failures : list of dict
        file_name and reason of each photo that could not be used.
    """

    results: list[dict[str, Any]]
    failures: list[dict[str, str]]


def detect_annotated(
    card: ModelCard,
    coco: Mapping[str, Any],
    images: Path,
    *,
    device: Device = "cpu",
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Detected:
    """Run a detector over the photos of a COCO data set, and no others.

    Parameters
    ----------
    card : ModelCard
    coco : mapping
        As `read_coco` gives it.
    images : Path
        Folder that its file names are relative to.
    device : {"auto", "cpu", "cuda"}
    cache : Path, optional
        Folder for exports of the model.
    progress : callable, optional
        Called with photos done and photos in all.

    Raises
    ------
    ModelError
        If the weights are wrong, or the annotations have other classes.
    VisionError
        If a photo is not there, or has another size than annotated.
    """
    # before the detector is loaded, which takes seconds
    _check(card, coco, images)
    check_sizes(coco, images, may_be_damaged=True)
    detector = load_detector(card, device, cache=cache)
    return detect_with(detector, coco, images, progress=progress)


def detect_with(
    detector: Detector,
    coco: Mapping[str, Any],
    images: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Detected:
    """Run a loaded detector as `detect_annotated` does.

    Raises
    ------
    ModelError
        If the annotations have other classes than the detector's card.
    VisionError
        If a photo is not there.
    """
    _check(detector.card, coco, images)
    listed = sorted({one["file_name"] for one in coco["images"]})
    with tempfile.TemporaryDirectory() as folder:
        # only the annotated photos, wherever else the folder leads
        for name in listed:
            link = Path(folder) / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((images / name).resolve())
        run = detect_folder(Path(folder), detector, progress=progress)
        # the card counts classes from 0; the annotations may have ids of their own
        ids = sorted(one["id"] for one in coco["categories"])
        results = [{**one, "category_id": ids[one["category_id"]]} for one in run]
        return Detected(results, list(run.failures))


def _check(card: ModelCard, coco: Mapping[str, Any], images: Path) -> None:
    if class_names(coco) != card.classes:
        raise ModelError(
            f"expected the classes {list(card.classes)}, got {list(class_names(coco))}"
        )
    check_photos(coco, images)
    for one in coco["images"]:
        if not one["file_name"].lower().endswith(PHOTO_ENDINGS):
            raise VisionError(
                f"expected names of photos that end in {', '.join(PHOTO_ENDINGS)}, got "
                f"{one['file_name']}; nothing would be found in it"
            )
