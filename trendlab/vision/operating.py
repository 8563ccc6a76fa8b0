"""What a detector does at the scores from which its garments count.

Average precision speaks of all scores at once; trend counts use one threshold a
class. Here: precision and recall there, which classes are taken for which, and the
figures of classes counted as one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trendlab.vision.boxes import suppress
from trendlab.vision.coco import class_names
from trendlab.vision.precision import VOC_IOU, iou_of, match_voc, wilson

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class OperatingScore:
    """One class at its threshold.

    Parameters
    ----------
    category : str
    threshold : float
        Score from which a detection counts.
    found_count, hits_count, objects_count : int
        Detections at the threshold, those of them that are right by VOC's rule,
        and annotated boxes.
    precision, recall : float
        NaN where nothing was found, or nothing was there.
    precision_low, precision_high : float
        Wilson 95 % interval of the precision.
    """

    category: str
    threshold: float
    found_count: int
    hits_count: int
    objects_count: int
    precision: float
    precision_low: float
    precision_high: float
    recall: float


def score_at_thresholds(
    coco: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    thresholds: Sequence[float],
) -> tuple[OperatingScore, ...]:
    """Measure each class at its threshold.

    Parameters
    ----------
    coco : mapping
        Annotations, as `read_coco` gives them.
    results : sequence of mapping
        With image_id, category_id, bbox and score.
    thresholds : sequence of float
        One per class, in the order of category ids.

    Returns
    -------
    tuple of OperatingScore
        In the same order.
    """
    scores = []
    for category_id, name, threshold in _classes(coco, thresholds):
        boxes = [
            one
            for one in coco["annotations"]
            if one["category_id"] == category_id and not one["iscrowd"]
        ]
        hits, _ = match_voc(
            boxes,
            [
                one
                for one in results
                if one["category_id"] == category_id and one["score"] >= threshold
            ],
        )
        found, right = len(hits), int(hits.sum())
        low, high = wilson(right, found)
        scores.append(
            OperatingScore(
                category=name,
                threshold=float(threshold),
                found_count=found,
                hits_count=right,
                objects_count=len(boxes),
                precision=right / found if found else math.nan,
                precision_low=low,
                precision_high=high,
                recall=right / len(boxes) if boxes else math.nan,
            )
        )
    return tuple(scores)


def confuse(
    coco: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    thresholds: Sequence[float],
) -> Counts:
    """Count which class was found where which was annotated.

    Returns
    -------
    (k + 1, k + 1) int64
        Rows are annotated classes by id, then "nothing"; columns are found
        classes, then "not found".

    Notes
    -----
    Detections at their thresholds, by falling score, each take a free annotated box
    that they overlap by half or more: one of their own class if there is one, else
    the one overlapped most. What takes none was found where nothing is annotated.
    """
    ids = [category_id for category_id, _, _ in _classes(coco, thresholds)]
    place = {category_id: position for position, category_id in enumerate(ids)}
    floor = dict(zip(ids, thresholds, strict=True))
    truth: dict[int, list[Mapping[str, Any]]] = {}
    for one in coco["annotations"]:
        if not one["iscrowd"]:
            truth.setdefault(one["image_id"], []).append(one)
    corners = {
        key: _corners([one["bbox"] for one in mine]) for key, mine in truth.items()
    }
    free = {key: np.ones(len(mine), bool) for key, mine in truth.items()}
    table = np.zeros((len(ids) + 1, len(ids) + 1), np.int64)
    for result in sorted(results, key=lambda one: -one["score"]):
        if result["score"] < floor[result["category_id"]]:
            continue
        row = len(ids)
        mine = truth.get(result["image_id"], [])
        if mine:
            image = result["image_id"]
            overlaps = iou_of(_corners([result["bbox"]])[0], corners[image])
            overlaps = np.where(free[image], overlaps, 0.0)
            fits = overlaps >= VOC_IOU
            own = fits & [o["category_id"] == result["category_id"] for o in mine]
            if fits.any():
                taken = int(np.argmax(overlaps * (own if own.any() else fits)))
                free[image][taken] = False
                row = place[mine[taken]["category_id"]]
        table[row, place[result["category_id"]]] += 1
    for key, mine in truth.items():
        for one, is_free in zip(mine, free[key], strict=True):
            table[place[one["category_id"]], -1] += int(is_free)
    return table


def merge_classes(
    coco: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    merged: Sequence[str],
    nms_iou: float,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Turn several classes into one, in annotations and results.

    Parameters
    ----------
    coco, results
        As for `score_at_thresholds`.
    merged : sequence of str
        Names of the classes; the first lends its id, the new name is all of them.
    nms_iou : float
        Results of the new class that overlap a better one by more are dropped, as
        a detector with one class for both would do.

    Returns
    -------
    coco, results
        With the new class in place of the first, the others gone.
    """
    ids = [one["id"] for one in coco["categories"] if one["name"] in merged]
    kept_id, gone = ids[0], set(ids)

    def renamed(one: Mapping[str, Any]) -> dict[str, Any]:
        is_mine = one["category_id"] in gone
        return {**one, "category_id": kept_id} if is_mine else dict(one)

    categories = [
        {**one, "name": "+".join(merged)} if one["id"] == kept_id else dict(one)
        for one in coco["categories"]
        if one["id"] == kept_id or one["id"] not in gone
    ]
    fresh = {
        **coco,
        "categories": categories,
        "annotations": [renamed(one) for one in coco["annotations"]],
    }
    others: list[dict[str, Any]] = []
    by_image: dict[int, list[dict[str, Any]]] = {}
    for one in map(renamed, results):
        if one["category_id"] == kept_id:
            by_image.setdefault(one["image_id"], []).append(one)
        else:
            others.append(one)
    for mine in by_image.values():
        kept = suppress(
            _corners([one["bbox"] for one in mine]).astype(np.float32),
            np.array([one["score"] for one in mine], np.float32),
            np.zeros(len(mine), np.int64),
            nms_iou,
        )
        others += [mine[position] for position in kept]
    return fresh, others


def _classes(
    coco: Mapping[str, Any], thresholds: Sequence[float]
) -> list[tuple[int, str, float]]:
    ids = sorted(one["id"] for one in coco["categories"])
    return list(zip(ids, class_names(coco), thresholds, strict=True))


def _corners(boxes: Sequence[Sequence[float]]) -> npt.NDArray[np.float64]:
    corners = np.array(boxes, float)
    corners[:, 2:] += corners[:, :2]
    return corners
