"""Upper, lower and full: the three classes of the research's Faster R-CNN.

The 13 classes are joined into them here and nowhere else, for training and for
measuring, so that both mean the same by a class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from trendlab.errors import VisionError
from trendlab.vision.coco import class_names
from trendlab.vision.datasets import CLASSES, DataSet

# By the part of the body that is covered. What is carried, worn on feet or head, or
# an accessory covers none of the three and is left out.
UPPER_LOWER_FULL = {
    "upper": ("top", "outer"),
    "lower": ("pants", "shorts", "skirt"),
    "full": ("dress",),
}


def join_classes(coco: Mapping[str, Any]) -> DataSet:
    """Join annotations of the 13 classes into upper, lower and full.

    Parameters
    ----------
    coco : mapping
        As `coco.read_coco` gives it, with classes of `datasets.CLASSES` only.

    Returns
    -------
    DataSet
        All photos, those that lost their boxes too; categories 0, 1, 2; the boxes
        left out, by class.

    Raises
    ------
    VisionError
        If there is a class that is none of the 13.
    """
    unknown = [name for name in class_names(coco) if name not in CLASSES]
    if unknown:
        raise VisionError(
            f"upper, lower and full are made of the classes {', '.join(CLASSES)}; "
            f"got also {', '.join(unknown)}"
        )
    groups = {
        name: number
        for number, members in enumerate(UPPER_LOWER_FULL.values())
        for name in members
    }
    names = {one["id"]: one["name"] for one in coco["categories"]}
    left_out: Counter[str] = Counter()
    boxes = []
    for one in coco["annotations"]:
        name = names[one["category_id"]]
        if name in groups:
            boxes.append({**one, "category_id": groups[name]})
        else:
            left_out[name] += 1
    return DataSet(
        {
            "images": list(coco["images"]),
            "annotations": boxes,
            "categories": [
                {"id": number, "name": name}
                for number, name in enumerate(UPPER_LOWER_FULL)
            ],
        },
        left_out,
    )


def fit_to_classes(coco: Mapping[str, Any], classes: Sequence[str]) -> DataSet:
    """Join the classes of annotations where a model knows upper, lower and full only.

    Parameters
    ----------
    coco : mapping
        As `coco.read_coco` gives it.
    classes : sequence of str
        Of the model's card.

    Returns
    -------
    DataSet
        The annotations as they are where the model has other classes, or where they
        are upper, lower and full already.

    Raises
    ------
    VisionError
        As `join_classes` does.
    """
    grouped = tuple(UPPER_LOWER_FULL)
    if tuple(classes) != grouped or class_names(coco) == grouped:
        return DataSet(dict(coco))
    return join_classes(coco)
