"""Photos of rare classes are listed more often, by the square root of rarity."""

from __future__ import annotations

from collections import Counter

import pytest

from trendlab.vision.sampling import repeat_rare

CATEGORIES = [{"id": 0, "name": "common"}, {"id": 1, "name": "rare"}]


def listed(rare_count: int) -> dict:
    """100 photos with one box each, the first `rare_count` of the rare class."""
    return {
        "images": [{"id": n, "file_name": f"{n}.jpg"} for n in range(1, 101)],
        "annotations": [
            {
                "id": n,
                "image_id": n,
                "category_id": int(n <= rare_count),
                "bbox": [0, 0, 1, 1],
            }
            for n in range(1, 101)
        ],
        "categories": CATEGORIES,
    }


@pytest.mark.parametrize(
    ("rare_count", "times"),
    [
        (1, 3),  # sqrt(35 / 1) = 5.9, at most 3
        (4, 3),  # sqrt(35 / 4) = 2.96
        (9, 2),  # sqrt(35 / 9) = 1.97
        (20, 1),  # sqrt(35 / 20) = 1.32
        (35, 1),
    ],
)
def test_a_photo_of_a_rare_class_is_listed_by_the_root_of_its_rarity(rare_count, times):
    repeated = repeat_rare(listed(rare_count), share=0.35, most=3)
    counts = Counter(one["file_name"] for one in repeated["images"])
    assert {counts[f"{n}.jpg"] for n in range(1, rare_count + 1)} == {times}
    assert {counts[f"{n}.jpg"] for n in range(rare_count + 1, 101)} == {1}
    assert len({one["id"] for one in repeated["images"]}) == counts.total()
    # each listing has its boxes, under ids of its own
    assert len({one["id"] for one in repeated["annotations"]}) == counts.total()
    boxes = Counter(one["image_id"] for one in repeated["annotations"])
    assert set(boxes.values()) == {1}


def test_a_photo_counts_as_its_rarest_class():
    coco = listed(1)
    coco["annotations"].append(
        {"id": 101, "image_id": 1, "category_id": 0, "bbox": [0, 0, 1, 1]}
    )
    repeated = repeat_rare(coco, share=0.35, most=2)
    assert Counter(one["file_name"] for one in repeated["images"])["1.jpg"] == 2
    assert len(repeated["annotations"]) == 103


def test_nothing_stays_nothing():
    empty = {"images": [], "annotations": [], "categories": CATEGORIES}
    assert repeat_rare(empty, share=0.35, most=3) == empty


def test_the_input_is_not_changed():
    coco = listed(1)
    repeat_rare(coco, share=0.35, most=3)
    assert coco == listed(1)
