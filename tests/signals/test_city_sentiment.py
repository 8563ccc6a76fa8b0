"""What places feel: planted levels, slopes and mixes; nothing told of few posts."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest

from trendlab.schemas import TABLES
from trendlab.signals.city_sentiment import (
    AUTHOR_WEEKS,
    MIN_SCORED,
    measure_city_sentiment,
)

MONDAY = date(2026, 6, 1)
WEEKS = [MONDAY - timedelta(days=7 * ago) for ago in range(25, -1, -1)]

# {city: posts scored, positives, negatives of each week}
Plan = dict[str, list[tuple[int, int, int]]]


def tables(plan: Plan, *, posts_per_author: int = 1) -> tuple[pa.Table, pa.Table]:
    """Author weeks and activity of a tracker, from counts by city and week."""
    authors, activity = [], []
    for city, weeks in plan.items():
        for monday, (scored, positive, negative) in zip(WEEKS, weeks, strict=True):
            labels = ["+"] * positive + ["-"] * negative
            labels += ["0"] * (scored - len(labels))
            counts = {
                "scored_count": scored,
                "positive_count": positive,
                "negative_count": negative,
            }
            base = {"day": monday, "tracker": "denim", "city": city}
            for at in range(0, scored, posts_per_author):
                own = labels[at : at + posts_per_author]
                authors.append(
                    {
                        **base,
                        "author": f"{city}-{at}",
                        "scored_count": len(own),
                        "positive_count": own.count("+"),
                        "negative_count": own.count("-"),
                    }
                )
            if scored:
                activity += [{**base, **counts}, {**base, **counts, "city": "all"}]
    schema = pa.schema(
        [AUTHOR_WEEKS.field(n) for n in AUTHOR_WEEKS.names if n != "author"]
    )
    total = pa.Table.from_pylist(activity, schema=schema)
    total = total.group_by(["day", "tracker", "city"]).aggregate(
        [(name, "sum") for name in schema.names[3:]]
    )
    total = total.rename_columns(
        [name.removesuffix("_sum") for name in total.column_names]
    )
    return pa.Table.from_pylist(authors, schema=AUTHOR_WEEKS), total


def measured(plan: Plan, **options: int) -> dict[str, dict]:
    found = measure_city_sentiment(*tables(plan, **options), run_ids={MONDAY: "run"})
    assert found.schema.equals(TABLES["city_sentiment"].arrow)
    return {row["city"]: row for row in found.to_pylist()}


def test_a_level_lies_in_its_interval_and_has_no_slope() -> None:
    row = measured({"paris": [(100, 40, 20)] * 26})["paris"]
    assert row["scored_count"] == 400
    assert row["sentiment_index"] == pytest.approx(0.2)
    assert row["index_low"] < 0.2 < row["index_high"]
    assert row["index_before"] == pytest.approx(0.2)
    assert row["direction"] == "not_assessable"  # every week is the same


def test_authors_with_many_posts_widen_the_interval() -> None:
    plan: Plan = {"paris": [(100, 40, 20)] * 26}
    single = measured(plan)["paris"]
    many = measured(plan, posts_per_author=10)["paris"]
    width = single["index_high"] - single["index_low"]
    assert many["index_high"] - many["index_low"] > 2 * width
    assert many["sentiment_index"] == single["sentiment_index"]


def test_a_planted_fall_is_found() -> None:
    falling = [(200, 100 - 2 * week, 20 + week % 3) for week in range(26)]
    row = measured({"paris": falling})["paris"]
    assert row["direction"] == "falling"
    assert row["weekly_slope"] == pytest.approx(-0.01, abs=0.001)
    assert row["slope_low"] <= row["weekly_slope"] <= row["slope_high"] < 0


def test_a_changed_mix_is_not_a_changed_feeling() -> None:
    # both cities feel as ever, but the gloomy one posts more
    plan: Plan = {
        "paris": [(200, 120, 20)] * 22 + [(100, 60, 10)] * 4,
        "milan": [(100, 10, 50)] * 22 + [(200, 20, 100)] * 4,
    }
    found = measured(plan)
    total = found["all"]
    change = total["sentiment_index"] - total["index_before"]
    assert change < -0.2
    assert total["mix_part"] == pytest.approx(change)
    assert total["within_part"] == pytest.approx(0, abs=1e-12)
    for part in ("mix_part", "within_part"):
        assert found["paris"][part] + found["milan"][part] == pytest.approx(total[part])


def test_a_city_that_is_new_brings_mix_only() -> None:
    plan: Plan = {
        "paris": [(200, 120, 20)] * 22 + [(200, 60, 60)] * 4,
        "milan": [(0, 0, 0)] * 22 + [(100, 10, 50)] * 4,
    }
    found = measured(plan)
    total = found["all"]
    assert found["milan"]["within_part"] == 0
    assert found["milan"]["index_before"] is None
    change = total["sentiment_index"] - total["index_before"]
    assert total["mix_part"] + total["within_part"] == pytest.approx(change)


def test_few_posts_are_not_told_of() -> None:
    scored = (MIN_SCORED - 1) // 4
    row = measured({"paris": [(scored, 0, scored)] * 26})["paris"]
    assert row["scored_count"] == 4 * scored
    for name in ("sentiment_index", "index_low", "index_before", "weekly_slope"):
        assert row[name] is None
    assert row["mix_part"] is None


def test_a_place_silent_for_eight_weeks_has_no_row() -> None:
    plan: Plan = {"paris": [(100, 40, 20)] * 18 + [(0, 0, 0)] * 8}
    assert measured(plan) == {}


def test_nothing_gives_a_typed_nothing() -> None:
    assert measured({}) == {}
