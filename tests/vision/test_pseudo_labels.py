"""Tags confirm boxes, and say what a detector missed."""

from __future__ import annotations

import pytest

from trendlab.vision.pseudo_labels import (
    add_pseudo_labels,
    label_photo,
    overlap,
)

CATEGORIES = [{"id": 0, "name": "skirt"}, {"id": 1, "name": "top"}]


def found(category: str, score: float, x: float = 0, name: str = "a.jpg") -> dict:
    return {
        "file_name": name,
        "category": category,
        "score": score,
        "bbox": [x, 0, 10, 10],
    }


def test_boxes_of_classes_that_are_not_tagged_are_left_out():
    boxes = label_photo(frozenset({"bag"}), [found("bag", 0.5), found("hat", 0.9)])
    assert boxes == [("bag", [0, 0, 10, 10])]


def test_a_tagged_class_is_taken_at_a_low_score_but_not_at_none():
    assert label_photo(frozenset({"belt"}), [found("belt", 0.06)]) is not None
    assert label_photo(frozenset({"belt"}), [found("belt", 0.05)]) is None
    assert label_photo(frozenset(), [found("belt", 0.9)]) is None


def test_a_second_shoe_needs_a_score_and_a_place_of_its_own():
    shoes = [
        found("footwear", 0.9),
        found("footwear", 0.8, 1),
        found("footwear", 0.4, 50),
    ]
    boxes = label_photo(frozenset({"footwear"}), shoes)
    assert [box[0] for _, box in boxes] == [0, 50]


def test_footwear_is_boots_where_only_boots_are_tagged():
    boxes = label_photo(frozenset({"boots"}), [found("footwear", 0.8)])
    assert boxes == [("boots", [0, 0, 10, 10])]
    both = frozenset({"boots", "footwear"})
    assert label_photo(both, [found("footwear", 0.8)]) is None


def test_a_hidden_top_does_not_cost_the_photo():
    boxes = label_photo(frozenset({"top", "skirt"}), [found("skirt", 0.8)])
    assert boxes == [("skirt", [0, 0, 10, 10])]


def test_overlap_is_as_by_hand():
    assert overlap([0, 0, 10, 10], [5, 0, 10, 10]) == pytest.approx(1 / 3)
    assert overlap([0, 0, 10, 10], [20, 0, 10, 10]) == 0


def test_photos_are_added_with_ids_of_their_own_and_the_rest_is_kept():
    annotated = {
        "categories": CATEGORIES,
        "images": [{"id": 7, "file_name": "x.jpg", "width": 20, "height": 20}],
        "annotations": [
            {"id": 3, "image_id": 7, "category_id": 0, "bbox": [0, 0, 5, 5]}
        ],
    }
    tags = {"a.jpg": frozenset({"top"}), "b.jpg": frozenset({"skirt"})}
    added = add_pseudo_labels(
        annotated, [found("top", 0.5)], tags, {"a.jpg": (20, 30), "b.jpg": (1, 1)}
    )
    assert [one["file_name"] for one in added["images"]] == ["x.jpg", "a.jpg"]
    assert added["annotations"][1] == {
        "id": 4,
        "image_id": 8,
        "category_id": 1,
        "bbox": [0, 0, 10, 10],
        "area": 100,
        "iscrowd": 0,
    }
    assert len(annotated["images"]) == 1


def test_nothing_stays_nothing():
    empty = {"images": [], "annotations": [], "categories": CATEGORIES}
    assert add_pseudo_labels(empty, [], {}, {}) == empty
