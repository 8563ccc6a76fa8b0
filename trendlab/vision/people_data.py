"""Training photos with the boxes of the people in them, made of Clothing Co-Parsing.

Its masks show one person a photo; people in the background have none. Those are
taken from a detector of COCO's classes that the user has, where it is sure: a photo
that leaves them out would teach that they are nobody.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from trendlab.errors import ImageRejected, VisionError
from trendlab.vision.boxes import Detections
from trendlab.vision.ccp import ClothingCoParsing
from trendlab.vision.detect import load_detector
from trendlab.vision.foreign import read_foreign
from trendlab.vision.models import ModelCard
from trendlab.vision.people import PERSON
from trendlab.vision.pipeline import Wanted, find_in_photos
from trendlab.vision.pseudo_labels import overlap
from trendlab.vision.shipping import save_weights

# COCO's classes, of which the person is the first.
COCO_CLASSES_COUNT = 80
# Score from which COCO's detector is believed: at 0.5 and above it is right in all but
# a few of a hundred, and a person that it misses costs less than one that is none.
SURE_SCORE = 0.5
# A found person who overlaps the masked one by more is the masked one: boxes of masks
# leave out what is hidden, so they agree less than two annotators would.
SAME_PERSON_IOU = 0.5

XYWH = list[float]


def mask_box(mask: npt.NDArray[np.uint8]) -> XYWH | None:
    """Return the box around all that a mask marks: clothes, skin and hair.

    Parameters
    ----------
    mask : (rows, columns) uint8
        Tag of each pixel, 0 for none.

    Returns
    -------
    list of float or None
        x, y, width and height, pixels; None where nothing is marked.
    """
    down, along = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(down) == 0:
        return None
    x0, y0 = float(along[0]), float(down[0])
    return [x0, y0, float(along[-1]) + 1 - x0, float(down[-1]) + 1 - y0]


def add_people(masked: XYWH | None, found: Detections) -> list[XYWH]:
    """Return the person of a mask, then the sure people that a detector adds.

    Parameters
    ----------
    masked : list of float or None
        x, y, width and height, pixels.
    found : Detections
        Of class 0, the person, in pixels of the same photo.
    """
    people = [] if masked is None else [masked]
    for (x0, y0, x1, y1), score in zip(
        found.boxes.tolist(), found.scores.tolist(), strict=True
    ):
        box = [x0, y0, x1 - x0, y1 - y0]
        if score >= SURE_SCORE and all(
            overlap(box, other) <= SAME_PERSON_IOU for other in people
        ):
            people.append(box)
    return people


def coco_card(weights: Path, folder: Path) -> ModelCard:
    """Write COCO weights of YOLOv8n to a folder, with a card that finds people only."""
    sha256 = save_weights(read_foreign(weights), folder / "coco.safetensors")
    return ModelCard(
        name="coco",
        version="1",
        task="detect",
        architecture="yolov8n.yaml",
        classes=(PERSON, *(f"coco-{n}" for n in range(1, COCO_CLASSES_COUNT))),
        input_size_px=640,
        # a share cannot exceed 1: no other class is ever found
        thresholds=(SURE_SCORE, *[1.0] * (COCO_CLASSES_COUNT - 1)),
        training_data="COCO, by the makers of ultralytics",
        licence="AGPL-3.0-or-later",
        weights_file="coco.safetensors",
        sha256=sha256,
        folder=folder,
    )


def _annotate(
    folder: Path, people: Iterator[tuple[str, list[XYWH]]], prefix: str
) -> dict[str, Any]:
    """Return COCO annotations; file names start from the data set's folder."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for name, boxes in people:
        with Image.open(folder / prefix / name) as photo:
            width, height = photo.size
        number = len(images)
        images.append(
            {
                "id": number,
                "file_name": f"{prefix}/{name}",
                "width": width,
                "height": height,
            }
        )
        annotations += [
            {
                "id": len(annotations) + at,
                "image_id": number,
                "category_id": 0,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
            }
            for at, box in enumerate(boxes)
        ]
    return {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 0, "name": PERSON}],
    }


def add_arguments(verbs: Any) -> None:
    """Declare `people` for `python -m trendlab.vision.train`."""
    people = verbs.add_parser("people", help="boxes of the people in CCP's photos")
    people.add_argument("--data", type=Path, required=True, help="folder with CCP")
    people.add_argument(
        "--coco-weights", type=Path, required=True, help="YOLOv8n trained on COCO"
    )
    people.add_argument("--out", type=Path, required=True, help="folder to write to")


def run_verb(given: Namespace) -> str:
    """Write `people.train.coco.json` and `people.val.coco.json`; say how many.

    Raises
    ------
    VisionError
        If a photo cannot be read.
    """
    folder: Path = given.data
    given.out.mkdir(parents=True, exist_ok=True)
    data_set = ClothingCoParsing(folder)
    detector = load_detector(coco_card(given.coco_weights, given.out), "cpu")

    def people(part: str) -> Iterator[tuple[str, list[XYWH]]]:
        coco = json.loads((folder / f"{part}.coco.json").read_bytes())
        names = sorted(one["file_name"] for one in coco["images"])
        wanted = (Wanted(name, folder / "images" / name) for name in names)
        for name, found in find_in_photos(wanted, detector):
            if isinstance(found, ImageRejected):
                raise VisionError(f"{name}: {found}")
            yield name, add_people(mask_box(data_set.mask(name)), found)

    told = []
    for part in ("train", "val"):
        annotated = _annotate(folder, people(part), "images")
        path = given.out / f"people.{part}.coco.json"
        path.write_text(json.dumps(annotated))
        told.append(
            f"{len(annotated['annotations'])} people in {len(annotated['images'])} "
            f"photos: {path}\n"
        )
    return "".join(told)
