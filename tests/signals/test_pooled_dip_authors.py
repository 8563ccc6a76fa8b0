"""Who is negative on several pooled days is one author, in floor and count alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.signals.activity_rows import comment, post, run
from tests.signals.worlds import activity_rows, day, run_ids
from trendlab.lake import Lake, Span
from trendlab.schemas import TABLES
from trendlab.signals.activity import tracker_zone_rows
from trendlab.signals.dip_authors import CELLS, CountAuthors
from trendlab.signals.dips import find_dips
from trendlab.steps.pooled_authors import author_counter

Rows = dict[str, dict[str, Any]]

EVENT = date(2024, 3, 30)
PAST_DAYS = 87
POSTS_A_DAY = 6
BAD_DAYS = 3
BAD_A_DAY = 3
CITY = "oslo"
NAMES = ("tracker_posts", "comments", "sentiment")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def ago(days: int) -> date:
    return EVENT - timedelta(days)


def counter(
    lake: Lake, made: Sequence[Rows], zones: Mapping[str, str] | None = None
) -> CountAuthors:
    """Count as the step does, over rows at hand: of each table the days it asks for."""
    tables = {
        name: TABLES[name].from_rows([row[name] for row in made if name in row])
        for name in NAMES
    }

    def query(
        sql: str,
        relations: Mapping[str, pa.Table | Span],
        params: Mapping[str, Any],
    ) -> pa.Table:
        given = {
            name: days_of(tables[name], each) if isinstance(each, Span) else each
            for name, each in relations.items()
        }
        return lake.query(sql, given, params)

    return author_counter(query, tracker_zone_rows(zones or {}))


def days_of(rows: pa.Table, span: Span) -> pa.Table:
    return rows.filter(
        pc.and_(
            pc.greater_equal(rows["day"], pa.scalar(span.first_day)),
            pc.less_equal(rows["day"], pa.scalar(span.last_day)),
        )
    )


def post_of(number: int, on: date, author: str, label: str) -> list[Rows]:
    named = f"p{on}-{number}"
    return [post(named, day=on, author=author, city=CITY, label=label)]


def comment_of(number: int, on: date, author: str, label: str) -> list[Rows]:
    """A comment under a post that was not scored."""
    named = f"p{on}-{number}"
    return [
        post(named, day=on, author="shop", city=CITY),
        comment(f"c{on}-{number}", named, day=on, author=author, label=label),
    ]


def world(say: Callable[..., list[Rows]], angry: Callable[[int], str]) -> list[Rows]:
    """A small city, where one in twelve is negative until half are on three days.

    Parameters
    ----------
    say : callable
        Makes an item: `post_of` or `comment_of`.
    angry : callable
        Days before the event → author of that day's negatives.
    """
    made = []
    for back in range(PAST_DAYS + 1):
        for number in range(POSTS_A_DAY):
            is_bad = number < BAD_A_DAY if back < BAD_DAYS else number < back % 2
            author = angry(back) if is_bad and back < BAD_DAYS else f"u{number}"
            label = "negative" if is_bad else "neutral"
            made += say(number, ago(back), author, label)
    return made


def dips_of(
    activity: pa.Table, count_authors: CountAuthors, first: int, past: pa.Table
) -> pa.Table:
    """Find the dips from so many days before the event on, in the city alone."""
    days = [ago(back) for back in range(first, -1, -1)]
    return find_dips(
        activity.filter(pc.equal(activity["city"], CITY)),
        TABLES["term_days"].empty(),
        TABLES["day_scores"].empty(),
        past,
        first_day=days[0],
        last_day=days[-1],
        run_ids=dict.fromkeys(days, "run"),
        count_authors=count_authors,
    )


def found(lake: Lake, made: Sequence[Rows]) -> list[dict[str, Any]]:
    days = tuple(ago(back) for back in range(PAST_DAYS, -1, -1))
    activity = run("activity", made, days=days)
    none = TABLES["dips"].empty()
    return dips_of(activity, counter(lake, made), 0, none).to_pylist()


@pytest.mark.parametrize("say", [post_of, comment_of])
def test_one_author_on_three_days_is_not_three(
    lake: Lake, say: Callable[..., list[Rows]]
) -> None:
    assert found(lake, world(say, lambda back: "grumbler")) == []


@pytest.mark.parametrize("say", [post_of, comment_of])
def test_three_authors_on_three_days_are_a_dip(
    lake: Lake, say: Callable[..., list[Rows]]
) -> None:
    (row,) = found(lake, world(say, lambda back: f"grumbler{back}"))

    # the day before them had one more, by u0
    assert (row["pooled_days"], row["negative_count"]) == (4, 10)
    assert row["negative_authors_count"] == 4


def test_days_of_unknown_authors_are_not_held_against_a_dip(lake: Lake) -> None:
    def angry(back: int) -> str | None:
        return None if back == 1 else "grumbler"

    (row,) = found(lake, world(post_of, angry))

    assert row["negative_authors_count"] is None
    assert not row["is_author_rule_assessable"]


def test_a_day_at_a_time_asks_for_the_authors_of_the_same_days(lake: Lake) -> None:
    made = world(post_of, lambda back: f"grumbler{back % 2}")
    days = tuple(ago(back) for back in range(PAST_DAYS, -1, -1))
    activity = run("activity", made, days=days)
    asked: list[dict[str, Any]] = []

    def listen(item_kind: str, cells: pa.Table) -> pa.Table:
        asked.extend(cells.to_pylist())
        return counter(lake, made)(item_kind, cells)

    none = TABLES["dips"].empty()
    whole = dips_of(activity, listen, BAD_DAYS, none)
    of_all_days = asked.copy()
    asked.clear()
    parts = [none]
    for back in range(BAD_DAYS, -1, -1):
        past = pa.concat_tables(parts)
        day_alone = activity.filter(pc.less_equal(activity["day"], ago(back)))
        parts.append(
            find_dips(
                day_alone.filter(pc.equal(day_alone["city"], CITY)),
                TABLES["term_days"].empty(),
                TABLES["day_scores"].empty(),
                past,
                first_day=ago(back),
                last_day=ago(back),
                run_ids={ago(back): "run"},
                count_authors=listen,
            )
        )

    assert whole.num_rows > 0
    assert pa.concat_tables(parts).sort_by("day").equals(whole.sort_by("day"))
    assert asked == of_all_days != []


def test_authors_are_not_asked_for_where_the_daily_counts_tell() -> None:
    """All negatives of the pooled days are of the event's own day."""
    key = ("shoes", CITY)
    activity = activity_rows(
        {key: [8] * 100},
        negatives={key: [0] * 99 + [8]},
        authors={key: [0] * 99 + [5]},
    )

    def refuse(item_kind: str, cells: pa.Table) -> pa.Table:
        raise AssertionError(f"asked for authors of {item_kind}s: {cells}")

    dips = find_dips(
        activity,
        TABLES["term_days"].empty(),
        TABLES["day_scores"].empty(),
        TABLES["dips"].empty(),
        first_day=day(99),
        last_day=day(99),
        run_ids=run_ids(99, 99),
        count_authors=refuse,
    )

    (row,) = dips.to_pylist()
    assert (row["pooled_days"], row["negative_authors_count"]) == (3, 5)


def cells(city: str = CITY, days: int = 3) -> pa.Table:
    row = {"tracker": "shoes", "city": city, "pooled_from": ago(days - 1), "day": EVENT}
    return pa.Table.from_pylist([row], schema=CELLS)


def authors(count: CountAuthors, item_kind: str, asked: pa.Table) -> int:
    (row,) = count(item_kind, asked).to_pylist()
    return int(row["authors_count"])


def bad_post(name: str, days: int, author: str | None, **more: Any) -> Rows:
    given = {"city": CITY, "label": "negative", **more}
    return post(name, day=ago(days), author=author, **given)


POSTS = [
    bad_post("1", 0, "a"),
    bad_post("2", 1, "a"),
    bad_post("3", 2, "b"),
    bad_post("4", 0, "a", source="other"),  # one of another network
    bad_post("5", 1, "b", source="s__coats"),  # of the same, for another tracker
    bad_post("6", 3, "before"),
    bad_post("7", -1, "after"),
    bad_post("8", 0, None),
    bad_post("9", 0, "excluded", is_excluded=True),
    bad_post("10", 0, "glad", label="positive"),
    bad_post("11", 0, "unscored", label=None),
    bad_post("12", 0, "roman", city="rome"),
    bad_post("13", 0, "coated", tracker="coats"),
]


@pytest.mark.parametrize(("city", "count"), [(CITY, 3), ("all", 4), ("lima", 0)])
def test_authors_of_posts_are_counted_once_over_the_days(
    lake: Lake, city: str, count: int
) -> None:
    assert authors(counter(lake, POSTS), "post", cells(city)) == count


@pytest.mark.parametrize("city", [CITY, "all"])
def test_authors_of_one_day_are_as_many_as_its_activity_says(
    lake: Lake, city: str
) -> None:
    made = [*POSTS, *COMMENTS]
    row = run("activity", made, days=(EVENT,))
    (activity,) = [
        each
        for each in row.to_pylist()
        if (each["tracker"], each["city"]) == ("shoes", city)
    ]
    count = counter(lake, made)

    assert authors(count, "post", cells(city, 1)) == activity["negative_authors_count"]
    assert (
        authors(count, "comment", cells(city, 1))
        == activity["comment_negative_authors_count"]
        > 0
    )


def said(name: str, under: str, days: int, author: str | None, **more: Any) -> Rows:
    return comment(name, under, day=ago(days), author=author, **more)


COMMENTS = [
    bad_post("new", 2, "shop"),
    bad_post("old", 30, "shop"),
    bad_post("late", 0, "shop", city="rome"),
    bad_post("gone", 0, "shop", is_excluded=True),
    said("c1", "new", 0, "a"),
    said("c2", "new", 2, "a"),
    said("c3", "new", 1, "b"),
    said("c4", "old", 2, "c"),  # 28 days after its post
    said("c5", "old", 1, "too late"),
    said("c6", "new", 3, "before"),
    said("c7", "new", -1, "after"),
    said("c8", "late", 0, "roman"),
    said("c9", "gone", 0, "excluded"),
    said("c10", "new", 0, None),
    said("c11", "new", 0, "glad", label="positive"),
    # the first source by name tells of copies
    said("c12", "new", 0, "told glad", label="positive"),
    said("c12", "new", 0, "told glad", source="s__coats"),
    said("c13", "new", 0, "b", source="s__coats"),
    # a post is the network's as well, and an author no other network's
    bad_post("shared", 1, "shop", source="s__coats"),
    said("c14", "shared", 0, "d"),
    bad_post("elsewhere", 1, "shop", source="other"),
    said("c15", "elsewhere", 0, "a", source="other"),
]


@pytest.mark.parametrize(("city", "count"), [(CITY, 5), ("all", 6), ("lima", 0)])
def test_authors_of_comments_are_counted_once_over_the_days(
    lake: Lake, city: str, count: int
) -> None:
    assert authors(counter(lake, COMMENTS), "comment", cells(city)) == count


@pytest.mark.parametrize(
    ("zone", "days", "count"),
    [("UTC", 3, 0), ("UTC", 0, 1), ("Asia/Tokyo", 3, 1), ("Asia/Tokyo", 0, 0)],
)
def test_a_comment_counts_on_its_day_in_the_zone_of_the_tracker(
    lake: Lake, zone: str, days: int, count: int
) -> None:
    """At eight in the evening, which is the next morning in Tokyo."""
    made = [bad_post("new", 3, "shop"), said("c", "new", days, "a", hour=20)]

    assert authors(counter(lake, made, {"shoes": zone}), "comment", cells()) == count
