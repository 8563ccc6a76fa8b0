"""The photos of a training: read, mapped, checked and laid out for the trainer."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from trendlab.errors import ModelError
from trendlab.vision.architectures import BASELINES
from trendlab.vision.class_groups import join_classes
from trendlab.vision.coco import check_photos, class_names, write_yolo_data
from trendlab.vision.datasets import DataSet, read_data_set
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
    """

    names: tuple[str, ...]
    train_annotations: Path
    val_annotations: Path
    photos: dict[str, int]
    left_out: Counter[str]


def prepare_data(config: TrainConfig) -> PreparedData:
    """Read a config's annotations and lay them out for the trainer in its `out`.

    Raises
    ------
    VisionError
        If annotations cannot be read or name photos that are not there.
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
    train = sets["train"].coco
    if config.repeat_below_share is not None:
        train = repeat_rare(
            train, share=config.repeat_below_share, most=config.repeat_most
        )
    parts = {"train": train, "val": sets["val"].coco}
    root = config.out / "data"
    if config.architecture in BASELINES:
        for part, coco in parts.items():
            check_photos(coco, given[part][1])
        root.mkdir(parents=True, exist_ok=True)
    else:
        write_yolo_data(
            root,
            {part: (coco, given[part][1]) for part, coco in parts.items()},
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
    )


def _read(config: TrainConfig, annotations: Path, images: Path) -> DataSet:
    read = read_data_set(config.data_format, annotations, images)
    if config.classes == "own":
        return read
    joined = join_classes(read.coco)
    return DataSet(joined.coco, read.left_out + joined.left_out)
