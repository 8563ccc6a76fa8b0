"""What a detector does where its garments count, and models that do not look."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.vision.annotated import coco, found
from trendlab.vision.evaluate import evaluate_detections
from trendlab.vision.lazy import check_laziness, place_median_boxes
from trendlab.vision.operating import confuse, merge_classes, score_at_thresholds
from trendlab.vision.precision import wilson

HERE = [10.0, 10.0, 100.0, 100.0]
THERE = [300.0, 300.0, 100.0, 100.0]
HALF = (0.5, 0.5, 0.5)


def test_only_what_reaches_its_threshold_counts():
    truth = coco((1, "bag", HERE), (2, "bag", HERE))
    results = [
        found(1, "bag", HERE, 0.9),
        found(1, "bag", THERE, 0.5),
        found(2, "bag", HERE, 0.4),
    ]
    bag, boots, _ = score_at_thresholds(truth, results, HALF)
    assert (bag.found_count, bag.hits_count, bag.objects_count) == (2, 1, 2)
    assert (bag.precision, bag.recall) == (0.5, 0.5)
    assert (bag.precision_low, bag.precision_high) == wilson(1, 2)
    assert math.isnan(boots.precision)
    assert math.isnan(boots.recall)


def test_another_class_on_the_object_is_a_confusion_and_not_a_miss():
    truth = coco((1, "boots", HERE), (1, "bag", THERE))
    table = confuse(truth, [found(1, "footwear", HERE, 0.9)], HALF)
    assert table.tolist() == [
        [0, 0, 0, 1],  # the bag was not found
        [0, 0, 1, 0],  # the boots were called footwear
        [0, 0, 0, 0],
        [0, 0, 0, 0],
    ]


def test_a_detection_where_nothing_is_annotated_is_counted_apart():
    table = confuse(coco((2, "bag", HERE)), [found(1, "bag", HERE, 0.9)], HALF)
    assert table[3].tolist() == [1, 0, 0, 0]
    assert table[0].tolist() == [0, 0, 0, 1]


def test_a_detection_takes_an_object_of_its_own_class_first():
    shifted = [20.0, 10.0, 100.0, 100.0]
    truth = coco((1, "boots", HERE), (1, "footwear", shifted))
    table = confuse(truth, [found(1, "footwear", HERE, 0.9)], HALF)
    assert table[2, 2] == 1
    assert table[1, 3] == 1


def test_an_object_is_taken_once():
    truth = coco((1, "bag", HERE))
    results = [found(1, "bag", HERE, 0.9), found(1, "bag", HERE, 0.8)]
    table = confuse(truth, results, HALF)
    assert (table[0, 0], table[3, 0]) == (1, 1)


def test_no_detections_are_all_missed():
    table = confuse(coco((1, "bag", HERE)), [], HALF)
    assert table.sum() == table[0, 3] == 1


def test_merged_classes_are_one_and_overlapping_boxes_are_one_detection():
    truth = coco((1, "boots", HERE), (2, "footwear", HERE), (2, "bag", THERE))
    results = [
        found(1, "footwear", HERE, 0.9),
        found(1, "boots", HERE, 0.3),
        found(2, "footwear", HERE, 0.8),
        found(2, "bag", THERE, 0.7),
    ]
    merged, fewer = merge_classes(truth, results, ("boots", "footwear"), 0.7)
    assert [one["name"] for one in merged["categories"]] == ["bag", "boots+footwear"]
    scores = {
        one.category: one.ap50_voc for one in evaluate_detections(merged, fewer).classes
    }
    assert scores == pytest.approx({"bag": 1, "boots+footwear": 1})
    assert len(fewer) == 3
    # apart, the boots that were called footwear are a false alarm
    assert evaluate_detections(truth, results).classes[2].ap50_voc < 1


def test_naming_the_majority_does_not_beat_the_lazy_model():
    truth = coco(
        *((1, "footwear", [10.0 + 40 * i, 10.0, 30.0, 30.0]) for i in range(8)),
        *((1, "bag", [10.0 + 40 * i, 200.0, 30.0, 30.0]) for i in range(4)),
    )
    lazy_results = [
        found(1, "footwear", one["bbox"], 0.9) for one in truth["annotations"]
    ]
    check = check_laziness(truth, confuse(truth, lazy_results, HALF))
    assert check.majority == "footwear"
    assert check.named_share == check.majority_share == pytest.approx(8 / 12)
    assert check.macro_recall == check.chance_recall == 0.5
    assert not check.beats(evaluate_detections(truth, lazy_results).ap50_voc)


def test_a_detector_that_looks_beats_the_lazy_models():
    rng = np.random.default_rng(5)
    boxes = [
        (number, name, [*rng.uniform(0, 400, 2).tolist(), 60.0, 60.0])
        for number in range(1, 11)
        for name in ("bag", "footwear")
    ]
    truth = coco(*boxes, images=10)
    right = [found(number, name, box, 0.9) for number, name, box in boxes]
    check = check_laziness(truth, confuse(truth, right, HALF))
    assert check.named_share == 1
    assert check.majority_share == 0.5
    assert check.placed_ap50 < 0.2
    assert check.beats(1.0)


def test_where_garments_never_move_looking_brings_nothing():
    truth = coco((1, "bag", HERE), (2, "bag", HERE), (1, "boots", THERE))
    check = check_laziness(truth, confuse(truth, [], HALF))
    assert check.placed_ap50 == pytest.approx(1.0)
    assert check.located_count == 0
    assert not check.beats(1.0)


def test_the_median_box_scales_with_the_photo():
    truth = coco((1, "bag", [0.0, 0.0, 250.0, 500.0]))
    truth["images"][1] = {"id": 2, "file_name": "2.jpg", "width": 100, "height": 200}
    placed = place_median_boxes(truth)
    assert [one["bbox"] for one in placed] == [[0, 0, 250, 500], [0, 0, 50, 200]]
    assert {one["score"] for one in placed} == {0.5}
