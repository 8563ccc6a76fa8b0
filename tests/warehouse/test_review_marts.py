"""Marts of reviews: how often a class is right, and which classes are hidden."""

from __future__ import annotations

from typing import Any

import pytest

from tests.warehouse.asked import ask, load, one, week
from tests.warehouse.rows import MONDAY, at, rows_of
from trendlab.warehouse.access import Warehouse


def verdicts(
    category: str, correct: int, wrong: int, start: int = 0, **more: Any
) -> list[dict[str, Any]]:
    kinds = ["correct"] * correct + ["not_a_garment"] * wrong
    return [
        {
            "post_id": f"{category}-{start + n}",
            "category": category,
            "verdict": verdict,
            "selected_by": "random",
            "model_name": "detector",
            "model_version": "1",
            "reviewed_at": at(MONDAY),
            **more,
        }
        for n, verdict in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("correct", "wrong", "status"),
    [
        (17, 3, "verified"),  # Wilson lower bound 0.640
        (16, 4, "hidden"),  # 0.584
        (19, 0, "unverified"),  # too few to say
        (0, 19, "unverified"),
        (0, 20, "hidden"),
        (20, 0, "verified"),
    ],
)
def test_a_class_is_hidden_only_when_enough_random_reviews_say_so(
    warehouse: Warehouse, correct: int, wrong: int, status: str
) -> None:
    load(
        warehouse,
        {
            "reviews": rows_of("reviews", *verdicts("skirt", correct, wrong)),
            "city_weeks": rows_of("city_weeks", week("skirt", 0.1), week("top", 0.2)),
        },
    )
    row = one(warehouse, "select * from marts.class_precision")
    assert row["review_status"] == status
    assert (row["random_reviews_count"], row["random_correct_count"]) == (
        correct + wrong,
        correct,
    )
    shown = {
        row["value"]: row["review_status"]
        for row in ask(warehouse, "select * from marts.garment_trends")
    }
    expected = {"top": "unverified", "skirt": status}
    if status == "hidden":
        expected.pop("skirt")
    assert shown == expected


def test_the_wilson_interval_is_the_known_one(warehouse: Warehouse) -> None:
    from statsmodels.stats.proportion import proportion_confint

    load(warehouse, {"reviews": rows_of("reviews", *verdicts("skirt", 17, 3))})
    row = one(warehouse, "select * from marts.class_precision")
    low, high = proportion_confint(17, 20, method="wilson")
    assert row["precision_share"] == pytest.approx(0.85)
    assert row["precision_low"] == pytest.approx(low, abs=1e-4)
    assert row["precision_high"] == pytest.approx(high, abs=1e-4)


def test_reviews_that_were_not_drawn_at_random_are_counted_apart(
    warehouse: Warehouse,
) -> None:
    reviews = [
        *verdicts("skirt", 20, 0),
        *verdicts("skirt", 0, 30, start=100, selected_by="uncertain"),
    ]
    load(warehouse, {"reviews": rows_of("reviews", *reviews)})
    row = one(warehouse, "select * from marts.class_precision")
    assert row["review_status"] == "verified"
    assert (row["other_reviews_count"], row["other_correct_count"]) == (30, 0)
    assert (row["precision_share"], row["other_precision_share"]) == (1, 0)


def test_reviews_without_a_random_one_leave_the_class_unverified(
    warehouse: Warehouse,
) -> None:
    reviews = verdicts("skirt", 0, 30, selected_by="uncertain")
    load(warehouse, {"reviews": rows_of("reviews", *reviews)})
    row = one(warehouse, "select * from marts.class_precision")
    assert row["review_status"] == "unverified"
    assert row["precision_share"] is None
    assert row["precision_low"] is None


def test_rarely_shown_garments_weigh_more(warehouse: Warehouse) -> None:
    reviews = [
        *verdicts("skirt", 10, 0, inclusion_probability=0.5),
        *verdicts("skirt", 0, 10, start=10, inclusion_probability=0.1),
    ]
    load(warehouse, {"reviews": rows_of("reviews", *reviews)})
    row = one(warehouse, "select * from marts.class_precision")
    # 10 × 2 of 10 × 2 + 10 × 10
    assert row["precision_share"] == pytest.approx(1 / 6)


def test_the_newest_verdict_on_a_garment_counts(warehouse: Warehouse) -> None:
    first = verdicts("skirt", 0, 1)
    second = verdicts("skirt", 1, 0, reviewed_at=at(MONDAY, 13), reviewer="other")
    load(warehouse, {"reviews": rows_of("reviews", *first, *second)})
    row = one(warehouse, "select * from marts.class_precision")
    assert (row["random_reviews_count"], row["random_correct_count"]) == (1, 1)


def test_a_new_version_of_a_model_starts_unhidden(warehouse: Warehouse) -> None:
    old = verdicts("skirt", 0, 30)
    new = verdicts(
        "skirt", 1, 0, start=100, model_version="2", reviewed_at=at(MONDAY, 13)
    )
    load(
        warehouse,
        {
            "reviews": rows_of("reviews", *old, *new),
            "city_weeks": rows_of("city_weeks", week("skirt", 0.1)),
        },
    )
    assert one(warehouse, "select * from marts.garment_trends")["review_status"] == (
        "unverified"
    )
