from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from trendlab.errors import VisionError
from trendlab.vision.evaluate import evaluate_detections, render_table
from trendlab.vision.precision import match_voc, voc_ap, wilson


def coco(*boxes: tuple[int, int, list[float]]) -> dict[str, Any]:
    return {
        "images": [
            {"id": number, "file_name": f"{number}.jpg", "width": 500, "height": 500}
            for number in (1, 2)
        ],
        "categories": [{"id": 0, "name": "bag"}, {"id": 1, "name": "belt"}],
        "annotations": [
            {
                "id": number,
                "image_id": image_id,
                "category_id": category_id,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
            }
            for number, (image_id, category_id, box) in enumerate(boxes, 1)
        ],
    }


def result(
    file_name: str, category_id: int, box: list[float], score: float
) -> dict[str, Any]:
    return {
        "file_name": file_name,
        "category_id": category_id,
        "bbox": box,
        "score": score,
    }


TWO_BAGS = coco((1, 0, [10, 10, 100, 100]), (2, 0, [50, 50, 200, 200]))


def test_perfect_results_have_precision_one() -> None:
    found = evaluate_detections(
        TWO_BAGS,
        [
            result("1.jpg", 0, [10, 10, 100, 100], 0.9),
            result("2.jpg", 0, [50, 50, 200, 200], 0.8),
        ],
    )
    assert found.ap50_voc == pytest.approx(1)
    assert found.ap50_coco == pytest.approx(1)
    assert found.ap_coco == pytest.approx(1)
    assert found.classes[0].recall == 1
    assert found.classes[1].objects_count == 0
    assert math.isnan(found.classes[1].ap50_voc)


def test_no_results_have_precision_zero() -> None:
    found = evaluate_detections(TWO_BAGS, [])
    assert found.ap50_voc == found.ap50_coco == found.ap_coco == 0


def test_a_second_box_on_one_object_is_a_false_alarm() -> None:
    boxes = [{"image_id": 1, "bbox": [10, 10, 100, 100]}]
    results = [
        {"image_id": 1, "bbox": [12, 10, 100, 100], "score": 0.5},
        {"image_id": 1, "bbox": [10, 10, 100, 100], "score": 0.9},
    ]
    hits, scores = match_voc(boxes, results)
    assert hits.tolist() == [True, False]
    assert scores.tolist() == [0.9, 0.5]


def test_half_the_objects_found_first_gives_six_elevenths() -> None:
    # precision 1 up to recall 0.5, then nothing: 6 of the 11 recall levels
    assert voc_ap(np.array([True, False]), 2) == pytest.approx(6 / 11)


def test_a_wrong_class_is_a_false_alarm_and_a_miss() -> None:
    annotations = coco((1, 0, [10, 10, 100, 100]), (1, 1, [300, 300, 50, 50]))
    found = evaluate_detections(
        annotations, [result("1.jpg", 1, [10, 10, 100, 100], 0.9)]
    )
    assert found.ap50_voc == 0


def test_results_of_other_photos_are_left_out() -> None:
    found = evaluate_detections(
        TWO_BAGS, [result("elsewhere.jpg", 0, [10, 10, 100, 100], 0.9)]
    )
    assert found.results_count == 0


def test_a_photo_listed_twice_is_an_error() -> None:
    twice = coco((1, 0, [10, 10, 100, 100]))
    twice["images"][1]["file_name"] = "1.jpg"
    with pytest.raises(VisionError, match="1 photos are listed twice"):
        evaluate_detections(twice, [])


def test_annotations_without_boxes_are_an_error() -> None:
    with pytest.raises(VisionError, match="expected annotated boxes"):
        evaluate_detections(coco(), [])


def test_the_wilson_interval_is_the_published_one() -> None:
    # Newcombe (1998), table I: 81 of 263
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_table_has_a_row_per_class_and_a_mean() -> None:
    table = render_table(evaluate_detections(TWO_BAGS, []))
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == [
        "bag",
        "belt",
        "**mean**",
    ]
