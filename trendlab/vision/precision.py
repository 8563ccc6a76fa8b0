"""Average precision by VOC's rule, and intervals of shares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Overlap from which a detection counts as found (Everingham et al. 2010).
VOC_IOU = 0.5

# Wilson intervals below are 95 %.
_Z = 1.959963984540054


def match_voc(
    boxes: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Match one class's results to its boxes by VOC's rule.

    Each result takes the box of its photo that it overlaps most; it is a hit if
    that overlap reaches 0.5 and no result with a higher score took the box.

    Returns
    -------
    hits : (results,) bool, by falling score
    scores : (results,) float64, falling
    """
    by_image: dict[int, list[Sequence[float]]] = {}
    for box in boxes:
        by_image.setdefault(box["image_id"], []).append(box["bbox"])
    corners = {key: _corners(np.array(value)) for key, value in by_image.items()}
    taken = {key: np.zeros(len(value), bool) for key, value in by_image.items()}
    ranked = sorted(results, key=lambda one: -one["score"])
    hits = np.zeros(len(ranked), bool)
    for number, result in enumerate(ranked):
        mine = corners.get(result["image_id"])
        if mine is None:
            continue
        overlap = iou_of(_corners(np.array([result["bbox"]], float))[0], mine)
        best = int(overlap.argmax())
        if overlap[best] >= VOC_IOU and not taken[result["image_id"]][best]:
            taken[result["image_id"]][best] = True
            hits[number] = True
    return hits, np.array([one["score"] for one in ranked], float)


def _corners(boxes: Floats) -> Floats:
    corners = np.array(boxes, float)
    corners[:, 2:] += corners[:, :2]
    return corners


def iou_of(box: Floats, others: Floats) -> Floats:
    """Return the overlap of one box with others, x0 y0 x1 y1, 0 to 1."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    inside = np.clip(high - low, 0, None).prod(1)
    areas = (others[:, 2:] - others[:, :2]).prod(1) + (box[2:] - box[:2]).prod()
    overlap: Floats = inside / np.maximum(areas - inside, 1e-12)
    return overlap


def voc_ap(hits: npt.NDArray[np.bool_], objects_count: int) -> float:
    """Return 11-point interpolated average precision (VOC 2007).

    Returns
    -------
    float
        NaN where there are no objects.
    """
    if objects_count == 0:
        return math.nan
    recall, precision = precision_recall(hits, objects_count)
    points = [
        float(precision[recall >= level].max(initial=0.0))
        for level in np.linspace(0, 1, 11)
    ]
    return float(np.mean(points))


def precision_recall(
    hits: npt.NDArray[np.bool_], objects_count: int
) -> tuple[Floats, Floats]:
    """Return recall and precision after each result, by falling score.

    Parameters
    ----------
    hits : (results,) bool, by falling score
    objects_count : int
        More than 0.

    Returns
    -------
    recall, precision : (results,) float64, 0 to 1
    """
    found = np.cumsum(hits)
    return found / objects_count, found / np.arange(1, len(hits) + 1)


def wilson(hits_count: int, trials_count: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share; (0, 1) without trials.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical
    inference.
    """
    if trials_count == 0:
        return 0.0, 1.0
    rate, z2 = hits_count / trials_count, _Z**2
    centre = (rate + z2 / (2 * trials_count)) / (1 + z2 / trials_count)
    spread = rate * (1 - rate) / trials_count + z2 / (4 * trials_count**2)
    half = _Z * math.sqrt(spread) / (1 + z2 / trials_count)
    return max(0.0, centre - half), min(1.0, centre + half)
