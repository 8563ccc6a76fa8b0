"""Fit the tagger to a detector's features, and measure it.

    python -m trendlab.vision.train tags --data DIR --boxes FILE

Run it again after every change of the detector: the tagger reads its features.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from trendlab.errors import VisionError
from trendlab.vision.ccp import ClothingCoParsing, MaskedPhoto, only_tags
from trendlab.vision.detector import Detector, Floats
from trendlab.vision.features import pool_features, stack_cells
from trendlab.vision.images import read_photo
from trendlab.vision.linear import fit_linear
from trendlab.vision.tagger import SILHOUETTE_CELLS, describe_boxes

# Cells taken from each photo for the pixel classifier; all of them would be ten
# times as many and nearly the same.
_CELLS_A_PHOTO = 250

# Inverse strength of the penalty of fine categories, for standardised features; by
# three-fold cross-validation over the training photos with masks, those with tags only
# always learned from: macro recall 0.36, 0.41, 0.42 at 0.0003, 0.001, 0.003.
FINE_PENALTY_C = 0.003

HIDDEN_COUNT = 96
ROUNDS = 6
_BATCH = 1024


@dataclass(frozen=True)
class GarmentFeatures:
    """Annotated garments as the fine classifier sees them.

    Parameters
    ----------
    features : (n, d) float32
    boxes : (n, 6) float32
        From `describe_boxes`.
    category_ids, tags : (n,) int64
    photos : (n,) int64
        Number of the photo, to keep a photo's garments in one fold.
    """

    features: Floats
    boxes: Floats
    category_ids: npt.NDArray[np.int64]
    tags: npt.NDArray[np.int64]
    photos: npt.NDArray[np.int64]

    def joined(self, more: GarmentFeatures) -> GarmentFeatures:
        """Return these garments and others."""
        return GarmentFeatures(
            *(
                np.concatenate([getattr(self, one.name), getattr(more, one.name)])
                for one in fields(self)
            )
        )


@dataclass(frozen=True)
class CellFeatures:
    """Cells of the finest map: features (n, d) float32, class + 1 or 0 (n,)."""

    features: Floats
    classes: npt.NDArray[np.int64]


def read_features(
    data: ClothingCoParsing, part: str, detector: Detector, *, seed: int = 0
) -> tuple[GarmentFeatures, CellFeatures, Floats]:
    """Run the detector over a part and collect what is fitted.

    Returns
    -------
    garments, cells
    silhouettes : (classes, cells, cells) float32
        Mean masks in their boxes, made symmetric.
    """
    rng = np.random.default_rng(seed)
    count = len(data.classes)
    shapes = np.zeros((count, SILHOUETTE_CELLS, SILHOUETTE_CELLS))
    seen = np.zeros(count)
    garments: list[tuple[Floats, Floats, int, int, int]] = []
    cells, classes = [], []
    for number, masked in enumerate(data.photos(part)):
        canvas = detector.prepare(masked.photo)
        neck = detector.neck(canvas)
        features = pool_features(neck, 0, canvas.place(masked.boxes))
        where = describe_boxes(
            masked.boxes, masked.photo.width_px, masked.photo.height_px
        )
        for index, category_id in enumerate(masked.category_ids.tolist()):
            found = data.tag_pixels(masked, index)
            if found is None:
                continue
            tags = found[0]
            tag = int(np.bincount(tags[tags > 0]).argmax())
            garments.append((features[index], where[index], category_id, tag, number))
            side = (SILHOUETTE_CELLS, SILHOUETTE_CELLS)
            inside = (tags > 0).astype(np.float32)
            shapes[category_id] += cv2.resize(
                inside, side, interpolation=cv2.INTER_AREA
            )
            seen[category_id] += 1
        truth = _cells_of(data, masked, canvas)
        is_photo = np.flatnonzero(truth >= 0)
        taken = rng.choice(is_photo, min(_CELLS_A_PHOTO, len(is_photo)), replace=False)
        cells.append(stack_cells(neck)[taken])
        classes.append(truth[taken])
    shapes /= np.maximum(seen, 1)[:, None, None]
    shapes = (shapes + shapes[:, :, ::-1]) / 2
    columns = list(zip(*garments, strict=True))
    return (
        GarmentFeatures(
            np.stack(columns[0]),
            np.stack(columns[1]),
            *(np.array(column, np.int64) for column in columns[2:]),
        ),
        CellFeatures(np.concatenate(cells), np.concatenate(classes)),
        shapes.astype(np.float32),
    )


def read_tagged(
    data: ClothingCoParsing, boxes: Path, detector: Detector
) -> GarmentFeatures:
    """Run the detector over photos that have tags only, for their finer categories.

    A tag of a photo is that of a garment where it is the only one of the class.

    Parameters
    ----------
    data : ClothingCoParsing
    boxes : Path
        COCO annotations, as ``python -m trendlab.vision.train pseudo`` writes them;
        photos outside ``unlabelled/`` are passed over.
    detector : Detector

    Raises
    ------
    VisionError
        If no garment of such a photo has a tag of its own.
    """
    coco = json.loads(boxes.read_bytes())
    names = {one["id"]: Path(one["file_name"]) for one in coco["images"]}
    of_photo: dict[Path, list[dict[str, Any]]] = {}
    for one in coco["annotations"]:
        of_photo.setdefault(names[one["image_id"]], []).append(one)
    alone = only_tags(data.folder)
    features, where, told = [], [], []
    for name in sorted(of_photo):
        tag_of = alone.get(name.name, {}) if name.parent.name == "unlabelled" else {}
        mine = [
            one for one in of_photo[name] if data.classes[one["category_id"]] in tag_of
        ]
        if not mine:
            continue
        photo = read_photo(data.folder / name)
        canvas = detector.prepare(photo)
        corners = np.array([one["bbox"] for one in mine], np.float32)
        corners[:, 2:] += corners[:, :2]
        features.append(pool_features(detector.neck(canvas), 0, canvas.place(corners)))
        where.append(describe_boxes(corners, photo.width_px, photo.height_px))
        told += [
            (
                one["category_id"],
                data.tags.index(tag_of[data.classes[one["category_id"]]]),
                one["image_id"],
            )
            for one in mine
        ]
    if not told:
        raise VisionError(
            f"{boxes}: no box in unlabelled/ whose class has one tag; write it by "
            "`python -m trendlab.vision.train pseudo`"
        )
    return GarmentFeatures(
        np.concatenate(features),
        np.concatenate(where),
        *(np.array(column, np.int64) for column in zip(*told, strict=True)),
    )


def _cells_of(
    data: ClothingCoParsing, masked: MaskedPhoto, canvas: Any
) -> npt.NDArray[np.int64]:
    """Return class + 1 of each cell's middle, 0 for no garment, −1 for padding."""
    rows, columns = canvas.shape
    truth = np.full((rows, columns), -1, np.int64)
    high = round(masked.photo.height_px * canvas.scale_y)
    wide = round(masked.photo.width_px * canvas.scale_x)
    fitted = cv2.resize(masked.mask, (wide, high), interpolation=cv2.INTER_NEAREST)
    truth[
        canvas.top_px : canvas.top_px + high, canvas.left_px : canvas.left_px + wide
    ] = data.class_of_tag[fitted] + 1
    return truth[4::8, 4::8].ravel()


def fit_cells(cells: CellFeatures, count: int, *, seed: int = 0) -> dict[str, Any]:
    """Fit the pixel classifier, a perceptron with one hidden layer.

    Returns
    -------
    dict of str to torch.Tensor
    """
    generator = torch.Generator().manual_seed(seed)
    features = torch.from_numpy(cells.features)
    truth = torch.from_numpy(cells.classes)
    mean, scale = features.mean(0), features.std(0) + 1e-3
    inputs = (features - mean) / scale
    width = inputs.shape[1]
    first = torch.randn(HIDDEN_COUNT, width, generator=generator) / math.sqrt(width)
    second = torch.randn(count + 1, HIDDEN_COUNT, generator=generator) / math.sqrt(
        HIDDEN_COUNT
    )
    learned = [first, torch.zeros(HIDDEN_COUNT), second, torch.zeros(count + 1)]
    for one in learned:
        one.requires_grad_(True)
    optimiser = torch.optim.AdamW(learned, lr=2e-3, weight_decay=1e-2)
    steps = ROUNDS * (len(inputs) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 2e-3, total_steps=max(steps, 1) + 1
    )
    for _ in range(ROUNDS):
        order = torch.randperm(len(inputs), generator=generator)
        for start in range(0, len(inputs) - _BATCH + 1, _BATCH):
            mine = order[start : start + _BATCH]
            hidden = functional.silu(
                functional.linear(inputs[mine], learned[0], learned[1])
            )
            loss = functional.cross_entropy(
                functional.linear(hidden, learned[2], learned[3]), truth[mine]
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    names = ("cells.0.weight", "cells.0.bias", "cells.1.weight", "cells.1.bias")
    fitted = {name: one.detach() for name, one in zip(names, learned, strict=True)}
    return {"cells.mean": mean, "cells.scale": scale, **fitted}


def fit_fine(
    garments: GarmentFeatures,
    labels: Sequence[Sequence[int]],
    *,
    uses_image: bool = True,
    uses_box: bool = True,
) -> tuple[Floats, Floats]:
    """Fit the fine classifiers, one per class of the detector.

    Parameters
    ----------
    garments : GarmentFeatures
    labels : sequence of sequence of int
        Tags of each class, in the order of the outputs.
    uses_image, uses_box : bool
        False leaves one kind out, for comparison.

    Returns
    -------
    weight : (labels of all classes, d + 6) float32
    bias : (labels of all classes,) float32
        For features as they are: the standardisation is folded in.
    """
    inputs = np.concatenate([garments.features, garments.boxes], axis=1)
    used = np.full(inputs.shape[1], uses_box)
    used[: garments.features.shape[1]] = uses_image
    weights, biases = [], []
    for category_id, tags in enumerate(labels):
        weight = np.zeros((len(tags), inputs.shape[1]), np.float32)
        bias = np.zeros(len(tags), np.float32)
        mine = (garments.category_ids == category_id) & np.isin(garments.tags, tags)
        if len(tags) > 1:
            weight[:, used], bias = fit_linear(
                inputs[mine][:, used],
                garments.tags[mine],
                tags,
                penalty_c=FINE_PENALTY_C,
            )
        weights.append(weight)
        biases.append(bias)
    return np.concatenate(weights), np.concatenate(biases)


def divide_classes(
    garments: GarmentFeatures, count: int, *, min_examples: int = 5
) -> list[list[int]]:
    """Return the tags of each class that have enough examples to be learned."""
    labels = []
    for category_id in range(count):
        mine = garments.tags[garments.category_ids == category_id]
        tags, counts = np.unique(mine, return_counts=True)
        labels.append([int(tag) for tag in tags[counts >= min_examples]])
    return labels
