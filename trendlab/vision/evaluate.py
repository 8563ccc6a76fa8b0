"""Measure detections against annotated boxes, in the two customary ways.

VOC's 11-point average precision at IoU 0.5 is what the research behind this
project reports; COCO's is what today's detectors report. Both, per class.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trendlab.errors import VisionError
from trendlab.vision.precision import match_voc, voc_ap, wilson

Floats = npt.NDArray[np.float64]

# A threshold is not set lower or higher than this, however few the examples.
THRESHOLD_RANGE = (0.15, 0.6)


@dataclass(frozen=True)
class ClassScore:
    """How well one class is found.

    Parameters
    ----------
    category : str
    objects_count : int
        Annotated boxes.
    ap50_voc : float
        11-point interpolated average precision at IoU 0.5.
    ap50_coco, ap_coco : float
        101-point, at IoU 0.5 and over 0.5:0.95.
    best_threshold : float
        Score at which F1 is largest, kept within `THRESHOLD_RANGE`.
    precision, recall : float
        At that threshold; NaN precision where nothing is found.
    precision_low, precision_high : float
        Wilson 95 % interval of the precision.
    """

    category: str
    objects_count: int
    ap50_voc: float
    ap50_coco: float
    ap_coco: float
    best_threshold: float
    precision: float
    precision_low: float
    precision_high: float
    recall: float


@dataclass(frozen=True)
class Evaluation:
    """Figures over all classes; means are over classes that have objects.

    Parameters
    ----------
    images_count, objects_count, results_count : int
    ap50_voc, ap50_coco, ap_coco : float
    ap_small, ap_medium, ap_large : float
        COCO AP of objects under 32², up to 96² and above, in pixels; NaN where
        there are none.
    classes : tuple of ClassScore
        In the order of the annotations' category ids.
    """

    images_count: int
    objects_count: int
    results_count: int
    ap50_voc: float
    ap50_coco: float
    ap_coco: float
    ap_small: float
    ap_medium: float
    ap_large: float
    classes: tuple[ClassScore, ...]

    def as_metrics(self) -> dict[str, Any]:
        """Return plain numbers for a model card, rounded to 4 places."""
        plain = asdict(self)
        plain["classes"] = {row.pop("category"): row for row in plain["classes"]}
        return {key: _rounded(value) for key, value in plain.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value


def evaluate_detections(
    annotations: Mapping[str, Any], results: Sequence[Mapping[str, Any]]
) -> Evaluation:
    """Compare COCO results with COCO annotations.

    Parameters
    ----------
    annotations : mapping
        A COCO data set: images, annotations, categories.
    results : sequence of mapping
        COCO results; photos are told by image_id, or by file_name. Results of
        photos that the annotations do not hold are left out.

    Raises
    ------
    VisionError
        If the annotations hold no boxes.

    References
    ----------
    Everingham et al. (2010), The PASCAL Visual Object Classes challenge;
    Lin et al. (2014), Microsoft COCO.
    """
    if not annotations["annotations"]:
        raise VisionError("expected annotated boxes to compare with, got none")
    categories = sorted(annotations["categories"], key=lambda one: one["id"])
    matched = with_image_ids(annotations, results)
    overall, by_class = _coco_scores(annotations, matched)
    scores = []
    for category in categories:
        boxes = [
            one
            for one in annotations["annotations"]
            if one["category_id"] == category["id"] and not one.get("iscrowd", 0)
        ]
        mine = [one for one in matched if one["category_id"] == category["id"]]
        hits, order_scores = match_voc(boxes, mine)
        ap50, ap = by_class.get(category["id"], (math.nan, math.nan))
        threshold, hit_count, shown = _best_threshold(hits, order_scores, len(boxes))
        low, high = wilson(hit_count, shown)
        scores.append(
            ClassScore(
                category=category["name"],
                objects_count=len(boxes),
                ap50_voc=voc_ap(hits, len(boxes)),
                ap50_coco=ap50,
                ap_coco=ap,
                best_threshold=threshold,
                precision=hit_count / shown if shown else math.nan,
                precision_low=low,
                precision_high=high,
                recall=hit_count / len(boxes) if boxes else math.nan,
            )
        )
    present = [one for one in scores if one.objects_count]
    return Evaluation(
        images_count=len(annotations["images"]),
        objects_count=sum(one.objects_count for one in scores),
        results_count=len(matched),
        ap50_voc=float(np.mean([one.ap50_voc for one in present])),
        ap50_coco=float(np.mean([one.ap50_coco for one in present])),
        ap_coco=float(np.mean([one.ap_coco for one in present])),
        ap_small=overall["AP_small"],
        ap_medium=overall["AP_medium"],
        ap_large=overall["AP_large"],
        classes=tuple(scores),
    )


def with_image_ids(
    annotations: Mapping[str, Any], results: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the results of annotated photos, each with its image_id.

    Raises
    ------
    VisionError
        If the annotations list a photo twice: its detections would count once.
    """
    by_name = {one["file_name"]: one["id"] for one in annotations["images"]}
    known = {one["id"] for one in annotations["images"]}
    if len(by_name) < len(known):
        raise VisionError(
            f"{len(known) - len(by_name)} photos are listed twice in the annotations; "
            "measure on annotations that list each photo once"
        )
    matched = []
    for result in results:
        image_id = result.get("image_id", by_name.get(result.get("file_name", "")))
        if image_id in known:
            matched.append({**result, "image_id": image_id})
    return matched


def _coco_scores(
    annotations: Mapping[str, Any], results: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, float], dict[int, tuple[float, float]]]:
    """Return the overall COCO figures, and (AP50, AP) by category id."""
    from faster_coco_eval import COCO, COCOeval_faster

    logging.getLogger("faster_coco_eval").setLevel(logging.WARNING)
    ids = sorted(one["id"] for one in annotations["categories"])
    if not results:
        nothing = dict.fromkeys(("AP_small", "AP_medium", "AP_large"), 0.0)
        return nothing, dict.fromkeys(ids, (0.0, 0.0))
    truth = COCO(
        {
            "images": list(annotations["images"]),
            "categories": list(annotations["categories"]),
            "annotations": list(annotations["annotations"]),
        }
    )
    found = truth.loadRes(
        [
            {key: one[key] for key in ("image_id", "category_id", "bbox", "score")}
            for one in results
        ]
    )
    evaluator = COCOeval_faster(truth, found, "bbox")
    evaluator.params.maxDets = [1, 10, 300]
    evaluator.evaluate()
    evaluator.accumulate()
    evaluator.summarize()
    overall = {
        key: math.nan if value < 0 else float(value)
        for key, value in evaluator.stats_as_dict.items()
    }
    # IoU thresholds × recalls × classes × areas × counts; −1 where no objects are
    precision = np.asarray(evaluator.eval["precision"])[..., 0, -1]
    by_class = {}
    for position, category_id in enumerate(ids):
        mine = precision[:, :, position]
        if (mine > -1).any():
            by_class[category_id] = (float(mine[0].mean()), float(mine.mean()))
    return overall, by_class


def _best_threshold(
    hits: npt.NDArray[np.bool_], scores: Floats, objects_count: int
) -> tuple[float, int, int]:
    """Return the threshold of the largest F1, hits and results above it."""
    low, high = THRESHOLD_RANGE
    if objects_count == 0 or not len(scores):
        return high, 0, 0
    found = np.cumsum(hits)
    f1 = 2 * found / (np.arange(1, len(hits) + 1) + objects_count)
    threshold = float(
        np.clip(np.floor(scores[int(f1.argmax())] * 100) / 100, low, high)
    )
    above = scores >= threshold
    return threshold, int(hits[above].sum()), int(above.sum())


def render_table(evaluation: Evaluation) -> str:
    """Return the figures as a Markdown table, one row per class."""
    lines = [
        "| class | objects | AP50 VOC | AP50 COCO | AP COCO | threshold "
        "| precision (95 %) | recall |",
        "|---|---:|---:|---:|---:|---:|---|---:|",
    ]
    lines += [
        f"| {one.category} | {one.objects_count} | {one.ap50_voc:.3f} "
        f"| {one.ap50_coco:.3f} | {one.ap_coco:.3f} | {one.best_threshold:.2f} "
        f"| {one.precision:.2f} ({one.precision_low:.2f}–{one.precision_high:.2f}) "
        f"| {one.recall:.2f} |"
        for one in evaluation.classes
    ]
    lines.append(
        f"| **mean** | {evaluation.objects_count} | **{evaluation.ap50_voc:.3f}** "
        f"| {evaluation.ap50_coco:.3f} | {evaluation.ap_coco:.3f} | | | |"
    )
    return "\n".join(lines)
