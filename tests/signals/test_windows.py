"""Members of influencer windows are counted as their definition says, one by one."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from trendlab.signals.windows import (
    COUNTS,
    MIN_USUAL_DAYS,
    NEGATIVE_PRIOR_POSTS,
    Week,
    cells_by_kind,
    count_members,
)

WEEK = Week(date(2026, 3, 2))
DAYS = [WEEK.first_usual_day + timedelta(days=number) for number in range(84)]
TRACKERS = ("all", "bags", "shoes")
CITIES = ("paris", "rome")
Row = dict[str, Any]


def author_days() -> list[Row]:
    """Five authors in three trackers on half of the days, each in a city of the day."""
    rng = np.random.default_rng(11)
    rows = []
    for tracker in TRACKERS:
        for author in range(5):
            for day in DAYS:
                posts, bad = (int(count) for count in rng.integers(1, 9, 2))
                if rng.random() < 0.5:
                    rows.append(
                        {
                            "day": day,
                            "tracker": tracker,
                            "city": str(rng.choice(CITIES)),
                            "author": author,
                            "posts_count": posts + bad,
                            "negative_count": bad,
                            "scored_count": posts + bad,
                        }
                    )
    return rows


def events(*spans: tuple[str, str, int, int]) -> pl.DataFrame:
    """Tracker, city and days of events: from one number of days to another."""
    return pl.DataFrame(
        [
            {"tracker": tracker, "city": city, "day": DAYS[number]}
            for tracker, city, first, last in spans
            for number in range(first, last + 1)
        ]
    )


# in the window (days 56 to 83) and before it, of all cities and of one
PEAKS = events(
    ("all", "all", 60, 64), ("shoes", "rome", 20, 24), ("shoes", "all", 70, 71)
)
DIPS = events(("all", "rome", 63, 66), ("shoes", "paris", 71, 72))


def plain_members(rows: list[Row], cells: list[Row], covered: list[Row]) -> list[Row]:
    """Count the same, cell by cell."""
    held = {(c["window_kind"], c["tracker"], c["city"], c["day"]) for c in cells}
    found = []
    for kind, tracker in sorted({(c["window_kind"], c["tracker"]) for c in cells}):
        mine = [row for row in rows if row["tracker"] == tracker]
        is_inside = [(kind, tracker, row["city"], row["day"]) in held for row in mine]
        inside = [row for row, is_in in zip(mine, is_inside, strict=True) if is_in]
        usual = [row for row, is_in in zip(mine, is_inside, strict=True) if not is_in]
        share = (sum(row["negative_count"] for row in usual) + 1) / (
            sum(row["scored_count"] for row in usual) + 2
        )
        for author in range(5):
            window = [
                row
                for row in inside
                if row["author"] == author and row["day"] >= WEEK.first_day
            ]
            own = [row for row in usual if row["author"] == author]
            if not window:
                continue
            per_city = Counter[str]()
            for row in window:
                per_city[row["city"]] += row["posts_count"]
            city = min(per_city, key=lambda name: (-per_city[name], name))
            of_city = [
                cell["day"]
                for cell in cells
                if (cell["window_kind"], cell["tracker"], cell["city"])
                == (kind, tracker, city)
            ]
            usual_days = len(covered) - len(of_city)
            event_days = sum(day >= WEEK.first_day for day in of_city)
            now, past = (
                {name: sum(row[name] for row in some) for name in COUNTS}
                for some in (window, own)
            )
            own_share = (past["negative_count"] + NEGATIVE_PRIOR_POSTS * share) / (
                past["scored_count"] + NEGATIVE_PRIOR_POSTS
            )
            assert usual_days >= MIN_USUAL_DAYS
            expected = past["posts_count"] * event_days / usual_days
            found.append(
                {
                    "tracker": tracker,
                    "window_kind": kind,
                    "author": author,
                    **now,
                    "posts_expected": expected,
                    "posts_excess": now["posts_count"] - expected,
                    "negative_excess": now["negative_count"]
                    - now["scored_count"] * own_share,
                }
            )
    return sorted(
        found, key=lambda row: (row["tracker"], row["window_kind"], row["author"])
    )


def test_members_of_all_windows_are_counted_as_one_by_one() -> None:
    rows = author_days()
    days = pl.DataFrame(rows, schema_overrides={"author": pl.UInt32})
    valid = pl.DataFrame(
        [{"tracker": tracker, "day": day} for tracker in TRACKERS for day in DAYS]
    )
    places = days.select("tracker", "city").unique()
    cells = cells_by_kind(valid, PEAKS, DIPS, places, WEEK)

    found = count_members(days, cells, valid, WEEK).to_dicts()
    plain = plain_members(rows, cells.to_dicts(), DAYS)

    assert {row["window_kind"] for row in plain} == {
        "all", "both", "high_activity", "low_sentiment",
    }  # fmt: skip
    assert [tuple(row)[:3] for row in found] == [tuple(row)[:3] for row in plain]
    for ours, theirs in zip(found, plain, strict=True):
        assert ours == pytest.approx(theirs)


def expected_of(spans: list[tuple[int, str, int]]) -> float:
    """Posts expected of one author, with a peak of 8 days in Paris and 2 in Rome.

    Author-days are numbers of days, cities and posts.
    """
    days = pl.DataFrame(
        [
            {
                "day": DAYS[number],
                "tracker": "shoes",
                "city": city,
                "author": 1,
                "posts_count": posts,
                "negative_count": 0,
                "scored_count": posts,
            }
            for number, city, posts in spans
        ],
        schema_overrides={"author": pl.UInt32},
    )
    valid = pl.DataFrame([{"tracker": "shoes", "day": day} for day in DAYS])
    peaks = events(("shoes", "paris", 60, 67), ("shoes", "rome", 70, 71))
    places = pl.DataFrame({"tracker": ["shoes"] * 2, "city": list(CITIES)})
    cells = cells_by_kind(valid, peaks, PEAKS.clear(), places, WEEK)
    found = count_members(days, cells, valid, WEEK)
    high = found.filter(pl.col("window_kind") == "high_activity")
    return float(high["posts_expected"].item())


USUAL = (10, "paris", 760)


def test_the_main_city_is_that_of_most_posts_and_not_of_the_busiest_day() -> None:
    inside = [(60, "paris", 3), (61, "paris", 3), (70, "rome", 5)]

    # eight event days of Paris against the 76 others
    assert expected_of([USUAL, *inside]) == pytest.approx(760 * 8 / 76)
    assert expected_of([USUAL, *inside, (71, "rome", 2)]) == pytest.approx(760 * 2 / 82)


def test_of_cities_with_as_many_posts_the_first_by_name_is_the_main_one() -> None:
    inside = [(60, "paris", 5), (70, "rome", 3), (71, "rome", 2)]

    for order in (inside, inside[::-1]):
        assert expected_of([USUAL, *order]) == pytest.approx(760 * 8 / 76)
