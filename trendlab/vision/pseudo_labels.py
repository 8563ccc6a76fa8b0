"""Boxes for photos that have only tags: what a detector finds and the tags confirm.

A tag says that a garment is in the photo, not where. A detector says where, and errs
about what. Together they give training photos at no one's cost: boxes of classes that
are not tagged are left out, a class that is tagged may be found with a low score, and a
photo in which a tagged class is not found is left out whole, for it would teach that
nothing is there.
"""

from __future__ import annotations

import itertools
import json
from argparse import Namespace
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from trendlab.vision.ccp import tagged_classes

Box = Sequence[float]

# As many as annotated photos show of a class: shoes are a pair.
MOST = {"footwear": 2, "boots": 2, "bag": 2, "top": 2, "outer": 2}
# A tagged class is there, so its best box counts at a score that says little by itself.
LEAST_SCORE = 0.07
LEAST_SCORES = {"belt": 0.06, "boots": 0.05, "scarf/tie": 0.05}
# A second box of the class has no tag to confirm it.
SECOND_SCORES = {
    "footwear": 0.3,
    "boots": 0.25,
    "bag": 0.45,
    "top": 0.4,
    "outer": 0.5,
}
# Classes that are taken for each other: of two, the one that is tagged gets the box.
CONFUSED = {
    "boots": ("footwear",),
    "footwear": ("boots",),
    "dress": ("skirt", "top", "outer"),
    "skirt": ("dress", "shorts", "pants"),
    "shorts": ("skirt", "pants"),
    "pants": ("shorts", "skirt"),
    "outer": ("top",),
    "top": ("outer", "dress"),
}
CONFUSED_SCORE = 0.3
# A top under a coat is tagged and hardly seen.
MAY_BE_HIDDEN = frozenset({"top"})
SAME_BOX_IOU = 0.45


def label_photo(
    tagged: frozenset[str], found: Sequence[Mapping[str, Any]]
) -> list[tuple[str, Box]] | None:
    """Choose the boxes of one photo.

    Parameters
    ----------
    tagged : frozenset of str
        Classes that the tags name.
    found : sequence of mapping
        COCO results of the photo: category, bbox and score.

    Returns
    -------
    list of (str, box) or None
        Class and box (x, y, width, height, pixels); None where a class that cannot be
        hidden is tagged and not found, or nothing is.
    """
    ranked = sorted(found, key=lambda one: -one["score"])
    best = {
        name: max((o["score"] for o in ranked if o["category"] == name), default=0.0)
        for name in tagged
    }
    chosen: list[tuple[str, Box]] = []
    for name in sorted(tagged, key=lambda name: (-best[name], name)):
        boxes = _boxes_of(name, tagged, ranked, best[name])
        if not boxes and name not in MAY_BE_HIDDEN:
            return None
        chosen += [(name, box) for box in boxes]
    return chosen or None


def _boxes_of(
    name: str,
    tagged: frozenset[str],
    ranked: Sequence[Mapping[str, Any]],
    best: float,
) -> list[Box]:
    boxes: list[Box] = []
    most = MOST.get(name, 1)
    for one in ranked:
        if one["category"] != name or len(boxes) >= most:
            continue
        needed = (
            SECOND_SCORES.get(name, 1.0)
            if boxes
            else LEAST_SCORES.get(name, LEAST_SCORE)
        )
        if one["score"] >= needed and not _is_among(one["bbox"], boxes):
            boxes.append(one["bbox"])
    for one in ranked:
        if (
            one["category"] in CONFUSED.get(name, ())
            and one["category"] not in tagged
            and one["score"] > max(CONFUSED_SCORE, best)
            and len(boxes) < most
            and not _is_among(one["bbox"], boxes)
        ):
            boxes.append(one["bbox"])
    return boxes


def _is_among(box: Box, boxes: Sequence[Box]) -> bool:
    return any(overlap(box, other) > SAME_BOX_IOU for other in boxes)


def overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes (x, y, width, height)."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / max(one[2] * one[3] + other[2] * other[3] - shared, 1e-9)


def add_pseudo_labels(
    coco: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    tags: Mapping[str, frozenset[str]],
    sizes: Mapping[str, tuple[int, int]],
) -> dict[str, Any]:
    """Add photos with tags to an annotated set.

    Parameters
    ----------
    coco : mapping
        COCO annotations.
    results : sequence of mapping
        COCO results of a detector on the tagged photos, by file_name.
    tags : mapping
        File name → classes that are tagged.
    sizes : mapping
        File name → width and height, pixels.

    Returns
    -------
    dict
        COCO annotations of all photos.
    """
    number_of = {one["name"]: one["id"] for one in coco["categories"]}
    by_photo: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in results:
        by_photo[one["file_name"]].append(one)
    images, annotations = list(coco["images"]), list(coco["annotations"])
    image_ids = itertools.count(1 + max((one["id"] for one in images), default=0))
    ids = itertools.count(1 + max((one["id"] for one in annotations), default=0))
    for name in sorted(tags):
        boxes = label_photo(tags[name], by_photo[name])
        if boxes is None:
            continue
        width, height = sizes[name]
        image_id = next(image_ids)
        images.append(
            {"id": image_id, "file_name": name, "width": width, "height": height}
        )
        annotations += [
            {
                "id": next(ids),
                "image_id": image_id,
                "category_id": number_of[category],
                "bbox": list(box),
                "area": box[2] * box[3],
                "iscrowd": 0,
            }
            for category, box in boxes
        ]
    return {**coco, "images": images, "annotations": annotations}


def add_arguments(verbs: Any) -> None:
    """Declare `pseudo` for `python -m trendlab.vision.train`."""
    pseudo = verbs.add_parser("pseudo", help="boxes for CCP's photos that have tags")
    pseudo.add_argument("--data", type=Path, required=True, help="folder with CCP")
    pseudo.add_argument(
        "--results",
        type=Path,
        required=True,
        help="what `trendlab detect --images CCP/unlabelled` found",
    )
    pseudo.add_argument("--out", type=Path, required=True, help="COCO file to write")


def run_verb(given: Namespace) -> str:
    """Write the training photos of CCP with those that have tags; say how many."""
    folder: Path = given.data
    prefix = "unlabelled/"
    tags = {prefix + name: classes for name, classes in tagged_classes(folder).items()}
    sizes = {}
    for name in tags:
        with Image.open(folder / name) as photo:
            sizes[name] = photo.size
    results = [
        {**one, "file_name": prefix + one["file_name"]}
        for one in json.loads(given.results.read_bytes())
    ]
    coco = json.loads((folder / "train.coco.json").read_bytes())
    for image in coco["images"]:
        image["file_name"] = f"images/{image['file_name']}"
    added = add_pseudo_labels(coco, results, tags, sizes)
    given.out.write_text(json.dumps(added))
    return (
        f"{len(coco['images'])} annotated photos, "
        f"{len(added['images']) - len(coco['images'])} of {len(tags)} with tags: "
        f"{given.out}\n"
    )
