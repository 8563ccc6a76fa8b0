"""Ingest of files: which days they cover, in whole and in part."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from tests.steps.tweet_files import CHANGED, everything, now, tweet, tweets
from trendlab.lake import Lake
from trendlab.steps.coverage import complete_edges, covered_days
from trendlab.steps.ingest import ingest_paths


def test_days_between_posts_are_covered_and_edges_are_partial():
    days = [date(2026, 1, 1), date(2026, 1, 3), date(2026, 3, 1)]

    assert covered_days(days) == {
        date(2026, 1, 1): "partial",
        date(2026, 1, 2): "complete",
        date(2026, 1, 3): "partial",
        # 56 days without a post say nothing of the days between
        date(2026, 3, 1): "partial",
    }
    assert covered_days([]) == {}


def test_a_day_that_was_complete_stays_complete(lake: Lake, tmp_path: Path):
    days = [f"2021-12-0{day} 10:00" for day in (1, 2, 3, 4)]
    ingest_paths(
        lake, [tweets(tmp_path / "a.csv", *map(tweet, range(3), days[:3]))], clock=now
    )
    ingest_paths(
        lake,
        [
            tweets(
                tmp_path / "b.csv",
                tweet(1, days[1]),
                tweet(9, days[3]),
                changed=CHANGED + 9,
            )
        ],
        clock=now,
    )

    status = {row["day"].day: row["status"] for row in everything(lake, "coverage")}
    assert status == {1: "partial", 2: "complete", 3: "complete", 4: "partial"}


def times(day: date, hours: list[float]) -> pa.ChunkedArray:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return pa.chunked_array(
        [pa.array([midnight + timedelta(hours=hour) for hour in hours])]
    )


def test_an_edge_day_is_complete_where_its_posts_reach_midnight():
    first, last = date(2021, 12, 2), date(2021, 12, 4)
    whole = [place * 24 / 500 for place in range(500)]
    until_noon = [hour for hour in whole if hour < 12]
    known = {first: times(first, whole), last: times(last, until_noon)}
    settled = complete_edges(covered_days([first, last]), known.__getitem__)
    assert settled[first] == "complete"
    assert settled[last] == "partial"


def test_an_edge_day_with_few_posts_stays_partial():
    day = date(2021, 12, 2)
    settled = complete_edges(covered_days([day]), lambda _: times(day, [0.1, 23.9]))
    assert settled == {day: "partial"}
