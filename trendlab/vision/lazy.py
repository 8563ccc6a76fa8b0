"""Does a detector beat one that does not look? Two lazy models to compare with.

A high average can hide a model that names the most frequent class, or one that has
learned where on a photo shoes usually are. Both are computed from the annotations
themselves, which favours them: a detector that does not beat them has learned
nothing worth counting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trendlab.vision.coco import class_names
from trendlab.vision.evaluate import evaluate_detections
from trendlab.vision.operating import Counts
from trendlab.vision.precision import wilson


@dataclass(frozen=True)
class LazyCheck:
    """A detector beside the lazy models.

    Parameters
    ----------
    located_count : int
        Annotated garments where a detection of any class lies.
    named_share, named_low, named_high : float
        Of these, the share given the right class, with Wilson 95 % interval.
    majority : str
        Most frequent class of these.
    majority_share : float
        What naming it always would get.
    macro_recall, chance_recall : float
        Mean over classes of the share named right, and what any constant answer
        gets.
    placed_ap50 : float
        VOC AP50 of placing the median box of each class on every photo.
    """

    located_count: int
    named_share: float
    named_low: float
    named_high: float
    majority: str
    majority_share: float
    macro_recall: float
    chance_recall: float
    placed_ap50: float

    def beats(self, ap50_voc: float) -> bool:
        """Tell whether a detector of that AP50 beats both lazy models."""
        return (
            self.located_count > 0
            and self.named_low > self.majority_share
            and self.macro_recall > self.chance_recall
            and ap50_voc > self.placed_ap50
        )


def check_laziness(coco: Mapping[str, Any], confusion: Counts) -> LazyCheck:
    """Compare a confusion table with naming the majority, and score fixed boxes.

    Parameters
    ----------
    coco : mapping
        Annotations, as `read_coco` gives them.
    confusion : (k + 1, k + 1) int64
        As `operating.confuse` gives it.
    """
    named = confusion[:-1, :-1]
    of_class, right = named.sum(1), named.diagonal()
    located = int(of_class.sum())
    low, high = wilson(int(right.sum()), located)
    present = of_class > 0
    return LazyCheck(
        located_count=located,
        named_share=float(right.sum() / located) if located else math.nan,
        named_low=low,
        named_high=high,
        majority=class_names(coco)[int(of_class.argmax())] if located else "",
        majority_share=float(of_class.max() / located) if located else math.nan,
        macro_recall=(
            float((right[present] / of_class[present]).mean()) if located else math.nan
        ),
        chance_recall=1 / int(present.sum()) if located else math.nan,
        placed_ap50=evaluate_detections(coco, place_median_boxes(coco)).ap50_voc,
    )


def place_median_boxes(coco: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return results that put each class's median box on every photo.

    Notes
    -----
    Boxes are medians of corners as shares of width and height; the score is the
    share of photos with the class.
    """
    sizes = {one["id"]: (one["width"], one["height"]) for one in coco["images"]}
    results = []
    for category in coco["categories"]:
        mine = [
            one
            for one in coco["annotations"]
            if one["category_id"] == category["id"] and not one["iscrowd"]
        ]
        if not mine:
            continue
        sides = np.array([[*sizes[one["image_id"]]] * 2 for one in mine], float)
        boxes = np.array([one["bbox"] for one in mine], float)
        boxes[:, 2:] += boxes[:, :2]
        x0, y0, x1, y1 = np.median(boxes / sides, 0)
        share = len({one["image_id"] for one in mine}) / len(sizes)
        results += [
            {
                "image_id": image_id,
                "category_id": category["id"],
                "bbox": [
                    float(x0 * width),
                    float(y0 * height),
                    float((x1 - x0) * width),
                    float((y1 - y0) * height),
                ],
                "score": share,
            }
            for image_id, (width, height) in sizes.items()
        ]
    return results
