"""Homes are told from the located posts of 180 days, else from the profile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.builders import row
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.signals.author_cities import count_cities
from trendlab.steps.context import open_context
from trendlab.steps.engine import run_step
from trendlab.steps.homes import AUTHOR_HOMES
from trendlab.steps.order import SIGNAL_STEPS

MONDAY = date(2026, 3, 2)
SUNDAY = date(2026, 3, 8)
FIRST_DAY = SUNDAY - timedelta(days=179)
TRACKERS = "trackers:\n  - name: coats\n    hashtags: [coat]\n"

# author, city, days before Sunday, located posts, posts by profile
Counts = Sequence[tuple[str, str, int, int, int]]


def tell(home: Path, counts: Counts) -> dict[str, tuple[Any, ...]]:
    """Run the step on counted posts; give home, source, posts and share by author."""
    lake = lake_of(home, counts)
    run_step(open_context(Settings(home=home)), AUTHOR_HOMES, [MONDAY])
    rows = lake.read("author_homes", MONDAY)
    assert rows.schema.equals(TABLES["author_homes"].arrow)
    return {
        one["author_id"]: (
            one["home_city"],
            one["home_source"],
            one["located_count"],
            one["home_share"],
        )
        for one in rows.to_pylist()
    }


def lake_of(home: Path, counts: Counts) -> Lake:
    (home / "trackers.yml").write_text(TRACKERS)
    lake = Lake(home / "lake")
    days: dict[date, list[dict[str, Any]]] = {}
    for author, city, back, located, by_profile in counts:
        day = SUNDAY - timedelta(days=back)
        days.setdefault(day, []).append(
            row(
                "author_cities", day=day, source="net", author_id=author, city=city,
                located_count=located, profile_count=by_profile,
            )
        )  # fmt: skip
    for day, rows in days.items():
        lake.write("author_cities", day, TABLES["author_cities"].from_rows(rows))
    return lake


def test_half_of_five_located_posts_make_a_home(tmp_path: Path) -> None:
    told = tell(
        tmp_path,
        [
            ("local", "rome", 170, 3, 0),
            ("local", "rome", 3, 2, 0),
            ("local", "oslo", 2, 1, 0),
            ("rare", "rome", 9, 4, 0),
            ("half", "rome", 9, 3, 0),
            ("half", "oslo", 8, 2, 0),
            ("half", "lima", 7, 1, 0),
            ("nomad", "rome", 5, 2, 0),
            ("nomad", "oslo", 4, 2, 0),
            ("nomad", "lima", 3, 1, 0),
        ],
    )

    assert told == {
        "half": ("rome", "posts", 6, 3 / 6),
        "local": ("rome", "posts", 6, 5 / 6),
        "nomad": ("unknown", "unknown", 5, 2 / 5),
    }


def test_where_posts_tell_no_home_the_newest_profile_does(tmp_path: Path) -> None:
    told = tell(
        tmp_path,
        [
            ("moved", "oslo", 90, 0, 5),
            ("moved", "lima", 8, 0, 1),
            ("travels", "rome", 9, 2, 0),
            ("travels", "bonn", 9, 0, 1),
            # posts tell more than a profile
            ("stayed", "rome", 9, 5, 0),
            ("stayed", "bonn", 9, 0, 9),
        ],
    )

    assert told == {
        "moved": ("lima", "profile", 0, None),
        "stayed": ("rome", "posts", 5, 1.0),
        "travels": ("bonn", "profile", 2, 1.0),
    }


def test_a_visitor_from_elsewhere_is_not_at_home_here(tmp_path: Path) -> None:
    told = tell(
        tmp_path,
        [("guest", "milan", 3, 5, 0), ("guest", "unknown", 20, 30, 0)],
    )

    assert told == {"guest": ("unknown", "posts", 35, 30 / 35)}


def test_days_outside_the_180_do_not_count(tmp_path: Path) -> None:
    counts = [("old", "rome", 180, 9, 0), ("new", "rome", 179, 9, 0)]
    counts.append(("ahead", "rome", -1, 9, 0))

    assert list(tell(tmp_path, counts)) == ["new"]


def test_nobody_and_one_author_of_no_place_have_no_home(tmp_path: Path) -> None:
    assert tell(tmp_path, []) == {}
    assert tell(tmp_path, [("only", "rome", 3, 1, 0)]) == {}


def test_weeks_together_equal_weeks_apart(tmp_path: Path) -> None:
    # the first week's window ends 193 days before the last Sunday
    back = [4 + 5 * n % 230 for n in range(90)]
    assert 194 in back
    counts = [
        (f"a{n % 7}", ("rome", "oslo")[n * n % 3 % 2], back[n], 1 + n % 4, n % 2)
        for n in range(90)
    ]
    lake = lake_of(tmp_path, list({entry[:3]: entry for entry in counts}.values()))
    context = open_context(Settings(home=tmp_path))
    weeks = [MONDAY - timedelta(days=7 * back) for back in (3, 2, 0)]
    run_ids = dict.fromkeys(weeks, "run")

    together = AUTHOR_HOMES.compute(context, weeks, run_ids)["author_homes"]
    apart = {
        monday: AUTHOR_HOMES.compute(context, [monday], run_ids)["author_homes"][monday]
        for monday in weeks
    }

    assert together == apart
    assert lake.days("author_homes") == []


def test_only_weeks_that_a_late_post_reaches_are_computed_again(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, [("a", "rome", 9, 9, 0)])
    context = open_context(Settings(home=tmp_path))
    weeks = [MONDAY - timedelta(days=7), MONDAY]
    assert run_step(context, AUTHOR_HOMES, weeks).computed_count == 2
    late = [
        row("author_cities", day=MONDAY, source="net", author_id="b", city="oslo",
            located_count=5, profile_count=0)
    ]  # fmt: skip
    lake.write("author_cities", MONDAY, TABLES["author_cities"].from_rows(late))

    again = run_step(open_context(Settings(home=tmp_path)), AUTHOR_HOMES, weeks)

    assert again.computed_count == 1


def test_homes_are_told_before_the_signals_that_read_them() -> None:
    names = list(SIGNAL_STEPS)
    assert names.index("author_homes") < names.index("signals")
    assert names.index("author_homes") < names.index("influencers")


def matched(author: str | None, city: str, told_by: str, **more: Any) -> dict[str, Any]:
    given = {"tracker": "all", "is_excluded": False, "run_id": "run", **more}
    return row("tracker_posts", day=SUNDAY, source="net", author_id=author, city=city,
               city_source=told_by, **given)  # fmt: skip


def test_an_authors_posts_are_counted_by_city_and_by_what_told_it() -> None:
    counted = count_cities(
        TABLES["tracker_posts"].from_rows(
            [
                matched("b", "rome", "coordinates", post_id="1"),
                matched("b", "rome", "place_name", post_id="2"),
                matched("b", "rome", "profile", post_id="3"),
                matched("b", "unknown", "place_name", post_id="4"),
                matched("a", "oslo", "profile", post_id="5"),
                # none of these counts
                matched("a", "unknown", "none", post_id="6"),
                matched(None, "rome", "coordinates", post_id="7"),
                matched("a", "rome", "coordinates", post_id="8", is_excluded=True),
                matched("b", "rome", "coordinates", post_id="1", tracker="coats"),
            ]
        )
    )

    assert [
        (one["author_id"], one["city"], one["located_count"], one["profile_count"])
        for one in counted.to_pylist()
    ] == [("a", "oslo", 0, 1), ("b", "rome", 2, 1), ("b", "unknown", 1, 0)]
    assert set(counted["run_id"].to_pylist()) == {"run"}


def test_a_day_without_posts_counts_nothing() -> None:
    nothing: pa.Table = count_cities(TABLES["tracker_posts"].empty())
    assert nothing.equals(TABLES["author_cities"].empty())
