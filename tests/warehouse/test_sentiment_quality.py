"""What people said of posts: how good the model is, and the share it should count."""

from __future__ import annotations

import pytest

from tests.warehouse.asked import ask, load, one
from tests.warehouse.rows import rows_of, world
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse


def verdicts(kind: str, called: str, count: int, start: int) -> list[dict[str, str]]:
    return [
        {"item_id": f"p{start + n}", "verdict": kind, "predicted_label": called}
        for n in range(count)
    ]


def test_nobody_has_read_anything(warehouse: Warehouse) -> None:
    assert ask(warehouse, "select * from marts.sentiment_quality") == []
    assert ask(warehouse, "select * from marts.corrected_negative_shares") == []


def test_the_share_is_corrected_as_by_hand(warehouse: Warehouse) -> None:
    # sensitivity 30/40, specificity 54/60
    reviews = [
        *verdicts("negative", "negative", 30, 0),
        *verdicts("negative", "neutral", 10, 30),
        *verdicts("neutral", "negative", 6, 40),
        *verdicts("positive", "positive", 54, 46),
    ]
    load(
        warehouse,
        {
            "text_reviews": rows_of("text_reviews", *reviews),
            "activity": rows_of(
                "activity",
                {"scored_count": 200, "negative_count": 60, "posts_count": 200},
            ),
        },
    )
    quality = one(warehouse, "select * from marts.sentiment_quality")
    assert quality["sensitivity"] == pytest.approx(0.75)
    assert quality["specificity"] == pytest.approx(0.9)
    assert quality["accuracy"] == pytest.approx(0.84)
    assert quality["review_status"] == "verified"
    # Wilson, 30 of 40
    assert quality["sensitivity_low"] == pytest.approx(0.598, abs=0.001)
    assert quality["sensitivity_high"] == pytest.approx(0.858, abs=0.001)
    share = one(warehouse, "select * from marts.corrected_negative_shares")
    assert share["apparent_share"] == pytest.approx(0.3)
    # (0.3 + 0.9 - 1) / (0.75 + 0.9 - 1)
    assert share["corrected_share"] == pytest.approx(0.2 / 0.65)
    assert share["corrected_low"] < share["corrected_share"] < share["corrected_high"]


def test_reviews_of_one_model_do_not_correct_another(warehouse: Warehouse) -> None:
    reviews = [
        *verdicts("negative", "negative", 20, 0),
        *verdicts("neutral", "neutral", 20, 20),
    ]
    old = [row | {"model_name": "vader", "model_version": "1"} for row in reviews]
    counts = {"scored_count": 200, "negative_count": 60, "posts_count": 200}
    scored = {"item_id": "p0", "model_name": "complaints", "model_version": "2"}
    tables = {
        "text_reviews": rows_of("text_reviews", *old),
        "activity": rows_of("activity", counts),
        "sentiment": rows_of("sentiment", scored),
    }

    load(warehouse, tables)
    assert ask(warehouse, "select * from marts.corrected_negative_shares") == []

    of_new = {"model_name": "complaints", "model_version": "2", "reviewer": "b"}
    new = [row | of_new for row in reviews]
    load(warehouse, tables | {"text_reviews": rows_of("text_reviews", *old, *new)})
    share = one(warehouse, "select * from marts.corrected_negative_shares")
    assert share["model_name"] == "complaints"


def test_a_world_with_reviews_breaks_no_rule(warehouse: Warehouse) -> None:
    reviews = [
        *verdicts("negative", "negative", 3, 0),
        *verdicts("neutral", "neutral", 3, 3),
    ]
    load(warehouse, world() | {"text_reviews": rows_of("text_reviews", *reviews)})
    assert marts.run_tests(warehouse.owner)
    assert one(warehouse, "select * from marts.sentiment_quality")["review_status"] == (
        "unverified"
    )


def test_a_model_that_guesses_corrects_nothing(warehouse: Warehouse) -> None:
    reviews = [
        *verdicts("negative", "negative", 20, 0),
        *verdicts("negative", "neutral", 20, 20),
        *verdicts("neutral", "negative", 20, 40),
        *verdicts("neutral", "neutral", 20, 60),
    ]
    load(
        warehouse,
        {
            "text_reviews": rows_of("text_reviews", *reviews),
            "activity": rows_of(
                "activity",
                {"scored_count": 200, "negative_count": 60, "posts_count": 200},
            ),
        },
    )
    share = one(warehouse, "select * from marts.corrected_negative_shares")
    assert share["corrected_share"] is None
