"""The photos of a training: read, mapped, checked and laid out for the trainer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trendlab.errors import ImageRejected, ModelError, VisionError
from trendlab.vision.architectures import BASELINES
from trendlab.vision.class_groups import join_classes
from trendlab.vision.coco import check_photos, class_names, write_yolo_data
from trendlab.vision.datasets import DataSet, read_data_set
from trendlab.vision.images import read_size
from trendlab.vision.sampling import repeat_rare
from trendlab.vision.train_config import TrainConfig


@dataclass(frozen=True)
class PreparedData:
    """The photos of a training, read, mapped and checked.

    Parameters
    ----------
    names : tuple of str
        Classes by id.
    train_annotations : Path
        COCO JSON of the photos to learn from, repeats listed again.
    val_annotations : Path
        COCO JSON of the validation photos, each once.
    photos : dict of str to int
        Photos in "train" and "val", and "repeats" of photos of rare classes.
    left_out : Counter of str
        Boxes that the classes learned have no place for, by class of the data set.
    outside_count : int
        Boxes to learn from of which nothing lies within their photo, left out too.
    """

    names: tuple[str, ...]
    train_annotations: Path
    val_annotations: Path
    photos: dict[str, int]
    left_out: Counter[str]
    outside_count: int


def prepare_data(config: TrainConfig) -> PreparedData:
    """Read a config's annotations and lay them out for the trainer in its `out`.

    Raises
    ------
    VisionError
        If annotations cannot be read, or name photos that are not there, cannot be
        read or have another size.
    ModelError
        If both parts do not have the same classes.
    """
    given = {
        "train": (config.train_annotations, config.images),
        "val": (config.val_annotations, config.val_images or config.images),
    }
    sets = {part: _read(config, *where) for part, where in given.items()}
    names = class_names(sets["train"].coco)
    if class_names(sets["val"].coco) != names:
        raise ModelError(
            f"expected the classes {list(names)} in {config.val_annotations}, "
            f"got {list(class_names(sets['val'].coco))}"
        )
    for part, (_, images) in given.items():
        check_photos(sets[part].coco, images)
        check_sizes(sets[part].coco, images)
    train = keep_inside(sets["train"].coco)
    outside_count = len(sets["train"].coco["annotations"]) - len(train["annotations"])
    if config.repeat_below_share is not None:
        train = repeat_rare(
            train, share=config.repeat_below_share, most=config.repeat_most
        )
    parts = {"train": train, "val": sets["val"].coco}
    root = config.out / "data"
    if config.architecture in BASELINES:
        root.mkdir(parents=True, exist_ok=True)
    else:
        write_yolo_data(
            root,
            {part: (keep_inside(coco), given[part][1]) for part, coco in parts.items()},
            with_outlines=config.is_segmentation,
        )
    written = {}
    for part, coco in parts.items():
        written[part] = root / f"{part}.coco.json"
        written[part].write_text(json.dumps(coco))
    listed = len(sets["train"].coco["images"])
    return PreparedData(
        names=names,
        train_annotations=written["train"],
        val_annotations=written["val"],
        photos={
            "train": listed,
            "val": len(sets["val"].coco["images"]),
            "repeats": len(train["images"]) - listed,
        },
        left_out=sum((one.left_out for one in sets.values()), Counter()),
        outside_count=outside_count,
    )


def check_sizes(
    coco: Mapping[str, Any], images: Path, *, may_be_damaged: bool = False
) -> None:
    """Check that photos have the size that their annotations say.

    Boxes of a photo that was scaled, or turned by a viewer, since it was annotated
    would be learned, or looked for, in wrong places.

    Parameters
    ----------
    coco : mapping
        As `read_coco` gives it.
    images : Path
        Folder that its file names are relative to.
    may_be_damaged : bool
        Pass over photos that cannot be read.

    Raises
    ------
    VisionError
        Says how many have not, or cannot be read, and names one.
    """
    wrong = []
    for one in coco["images"]:
        annotated = one["width"], one["height"]
        try:
            size = read_size(images / one["file_name"])
        except ImageRejected as reason:
            if not may_be_damaged:
                wrong.append(f"{one['file_name']}: {reason}")
            continue
        if size != annotated:
            wrong.append(
                f"{one['file_name']}: expected {annotated[0]} × {annotated[1]} pixels, "
                f"got {size[0]} × {size[1]} (upright)"
            )
    if wrong:
        raise VisionError(
            f"{len(wrong)} of {len(coco['images'])} annotated photos cannot be used, "
            f"the first is {wrong[0]}; mend them, or take them out of the annotations"
        )


def keep_inside(coco: Mapping[str, Any]) -> dict[str, Any]:
    """Cut boxes and outlines at the edges of their photos.

    ultralytics leaves out a photo, without a word, for one box that reaches beyond
    it, as rounding does in many data sets.

    Returns
    -------
    dict
        The same annotations; boxes of which nothing lies within are left out.
    """
    sizes = {one["id"]: (one["width"], one["height"]) for one in coco["images"]}
    kept = []
    for one in coco["annotations"]:
        size = sizes[one["image_id"]]
        x, y, width, height = one["bbox"]
        left, top, right, low = np.clip([x, y, x + width, y + height], 0, size * 2)
        if left >= right or top >= low:
            continue
        if (left, top, right, low) == (x, y, x + width, y + height):
            kept.append(one)
            continue
        bbox = [float(v) for v in (left, top, right - left, low - top)]
        cut = {**one, "bbox": bbox}
        if one.get("segmentation"):
            cut["segmentation"] = [
                np.clip(np.reshape(outline, (-1, 2)), 0, size).ravel().tolist()
                for outline in one["segmentation"]
            ]
        kept.append(cut)
    return {**coco, "annotations": kept}


def _read(config: TrainConfig, annotations: Path, images: Path) -> DataSet:
    read = read_data_set(config.data_format, annotations, images)
    if config.classes == "own":
        return read
    joined = join_classes(read.coco)
    return DataSet(joined.coco, read.left_out + joined.left_out)
