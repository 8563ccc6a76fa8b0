"""Class-balanced sampling: photos of rare classes are listed more than once."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any


def repeat_rare(coco: Mapping[str, Any], *, share: float, most: int) -> dict[str, Any]:
    """List photos of rare classes more than once.

    Parameters
    ----------
    coco : mapping
    share : float
        Classes in fewer photos than this share are rare; a photo of a class in a
        share f is listed round(sqrt(share / f)) times.
    most : int
        Times that a photo is listed at most.

    Notes
    -----
    LVIS draws the fraction of a repeat factor anew in each epoch; here it is
    rounded, so that the same photos are listed in every epoch and every run.

    References
    ----------
    Gupta, Dollár and Girshick (2019), LVIS (repeat factor sampling).
    """
    mine: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for one in coco["annotations"]:
        mine[one["image_id"]].append(one)
    photos = Counter(
        category
        for boxes in mine.values()
        for category in {one["category_id"] for one in boxes}
    )
    total = len(coco["images"])
    images, annotations = list(coco["images"]), list(coco["annotations"])
    image_ids = itertools.count(1 + max((one["id"] for one in images), default=0))
    ids = itertools.count(1 + max((one["id"] for one in annotations), default=0))
    for image in coco["images"]:
        boxes = mine[image["id"]]
        times = max(
            (
                round((share * total / photos[one["category_id"]]) ** 0.5)
                for one in boxes
            ),
            default=1,
        )
        for _ in range(min(times, most) - 1):
            again = next(image_ids)
            images.append({**image, "id": again})
            annotations += [
                {**one, "id": next(ids), "image_id": again} for one in boxes
            ]
    return {**coco, "images": images, "annotations": annotations}
