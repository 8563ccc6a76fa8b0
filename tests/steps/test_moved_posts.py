"""A post whose time two readings tell differently lies under one day."""

from __future__ import annotations

import itertools
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.sources.test_instagram_profiles import POST, profile
from trendlab.lake import Lake
from trendlab.steps.ingest import ingest_paths
from trendlab.steps.moved_posts import settle_moved

NOW = datetime(2026, 1, 10, 3, tzinfo=UTC)
OTHER = {**POST, "url": "https://www.instagram.com/p/BTgub_7-AEt/"}
# what each file says of the post's day, and when it was saved
READINGS = {"old": ("2017-04-29", 1_600_000_000), "new": ("2017-04-30", 1_700_000_000)}


def saved(folder: Path, name: str) -> Path:
    day, moment = READINGS[name]
    path = folder / f"{name}.json"
    path.write_text(
        json.dumps(
            profile(
                {**POST, "date": f"{day}T05:00:00.000Z", "numberLikes": len(name)},
                {**OTHER, "date": "2017-04-30T05:00:00.000Z"},
            )
        )
    )
    os.utime(path, (moment, moment))
    return path


def stored(lake: Lake, table: str) -> list[tuple[date, str]]:
    return sorted(
        (row["day"], row["post_id"])
        for day in lake.days(table)
        for row in lake.read(table, day).to_pylist()
    )


@pytest.mark.parametrize("order", list(itertools.permutations(READINGS)))
def test_the_newest_reading_takes_the_post_with_it(tmp_path: Path, order) -> None:
    lake = Lake(tmp_path / "lake")
    for name in order:
        ingest_paths(lake, [saved(tmp_path, name)], clock=lambda: NOW)
    for table in ("posts", "media"):
        rows = stored(lake, table)
        assert {day for day, _ in rows} == {date(2017, 4, 30)}
        assert len({post for _, post in rows}) == len(rows) == 2
    # both readings stay: the time of a post is not what they are about
    assert len(stored(lake, "engagement")) == 4


def test_settling_again_changes_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    for name in READINGS:
        ingest_paths(lake, [saved(tmp_path, name)], clock=lambda: NOW)
    days = lake.days("posts")
    before = {day: lake.fingerprint("posts", day) for day in days}
    assert settle_moved(lake, days, "instagram") == 0
    assert {day: lake.fingerprint("posts", day) for day in days} == before


def test_what_a_kill_left_twice_is_settled_by_the_next_run(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    for name in READINGS:
        ingest_paths(lake, [saved(tmp_path, name)], clock=lambda: NOW)
    whole = lake.read("posts", date(2017, 4, 30), source="instagram")
    again = whole.slice(0, 1).to_pylist()[0]
    again |= {"day": date(2017, 4, 29), "observed_at": NOW.replace(year=2020)}
    lake.upsert(
        "posts",
        date(2017, 4, 29),
        type(whole).from_pylist([again], schema=whole.schema),
        source="instagram",
    )
    assert settle_moved(lake, [date(2017, 4, 30)], "instagram") == 1
    assert {day for day, _ in stored(lake, "posts")} == {date(2017, 4, 30)}


def test_no_days_and_days_without_a_neighbour_are_left_alone(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    assert settle_moved(lake, [], "instagram") == 0
    assert settle_moved(lake, [date(2017, 4, 30)], "instagram") == 0
