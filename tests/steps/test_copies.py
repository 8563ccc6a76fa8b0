"""A photo posted again on another day of the week counts once in city_weeks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.builders import table
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.step import Context
from trendlab.steps.weekly import TRENDS

MONDAY = date(2026, 1, 5)
NEXT = MONDAY + timedelta(days=7)
PHOTO, CUT, OTHER = "00000000000000ff", "00000000000000fe", "ff00ff00ff00ff00"


def write(lake: Lake, ahead: int, post: str, photo_hash: str) -> None:
    """One post with one look in a red skirt, so many days after the first Monday."""
    day = MONDAY + timedelta(days=ahead)
    created = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    at = {"day": day, "source": "net", "post_id": post, "model_name": "garments"}
    lake.write(
        "looks",
        day,
        table("looks", [{**at, "look_kind": "photo", "photo_hash": photo_hash}]),
        source="net",
    )
    lake.write("garments", day, table("garments", [at]), source="net")
    matched = {
        "day": day,
        "tracker": "denim",
        "source": "net",
        "post_id": post,
        "city": "paris",
        "created_at": created,
    }
    lake.write("tracker_posts", day, table("tracker_posts", [matched]))


@pytest.fixture
def context(tmp_path) -> Context:
    lake = Lake(tmp_path / "lake")
    with lake.lock():
        write(lake, 0, "first", PHOTO)
        write(lake, 2, "repost", CUT)
        write(lake, 4, "other", OTHER)
        write(lake, 9, "next-week", PHOTO)
    return Context(
        settings=Settings(home=tmp_path),
        lake=lake,
        trackers=[],
        cities=TABLES["cities"].empty(),
        clock=lambda: datetime(2026, 2, 1, tzinfo=UTC),
    )


def looks_seen(context: Context, *mondays: date) -> dict[date, int]:
    """Looks counted in Paris by week, when these weeks are computed together."""
    runs = dict.fromkeys(mondays, "r")
    weeks = TRENDS.compute(context, list(mondays), runs)["city_weeks"]
    return {
        monday: row["looks_count"]
        for monday, rows in weeks.items()
        for row in rows.to_pylist()
        if (row["city"], row["kind"], row["value"]) == ("paris", "garment", "skirt")
    }


def test_a_repost_counts_once_in_its_week_and_anew_in_the_next(context):
    assert looks_seen(context, MONDAY, NEXT) == {MONDAY: 2, NEXT: 1}


def test_weeks_computed_apart_count_the_same(context):
    apart = looks_seen(context, MONDAY) | looks_seen(context, NEXT)
    assert apart == looks_seen(context, MONDAY, NEXT)
