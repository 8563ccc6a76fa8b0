"""The weekly step that explains events: planted words come back, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.builders import row
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.sources.world import default_cities
from trendlab.steps.context import open_context
from trendlab.steps.engine import run_step
from trendlab.steps.event_evidence import (
    AROUND_WEEKS,
    MAX_EVENTS,
    REACH_WEEKS,
    TREND_EVENT_EVIDENCE,
    explained_events,
    weeks_around,
)
from trendlab.steps.order import STEPS, run_steps
from trendlab.steps.retention import shortest_periods
from trendlab.steps.simulate import simulate_world
from trendlab.steps.step import Context
from trendlab.trackers import Tracker

FIRST = date(2025, 9, 1)
WEEKS = 14
LAST = FIRST + timedelta(weeks=WEEKS - 1)
EVENT = FIRST + timedelta(weeks=9)
Post = dict[str, Any]


def post(author: int, caption: str, *, yellow: bool = False, **more: Any) -> Post:
    return {"author_id": f"a{author}", "caption": caption, "yellow": yellow, **more}


def ordinary_posts() -> list[Post]:
    """Forty authors, half of them in yellow, which they call mustard."""
    return [
        post(n, f"walking in {'mustard' if n % 2 else 'denim'} today", yellow=n % 2 > 0)
        for n in range(40)
    ]


def write_weeks(lake: Lake, weeks: Mapping[date, Iterable[Post]]) -> None:
    """Write posts of Rome with a look each, all on the Wednesday of their week."""
    parts: dict[str, dict[date, pa.Table]] = {}
    for monday, posts in weeks.items():
        rows: dict[str, list[dict[str, Any]]] = {}
        for number, given in enumerate(posts):
            own = {
                "day": monday + timedelta(days=2),
                "source": "test",
                "post_id": f"{monday}-{number}",
            }
            for name, columns in columns_of(given).items():
                rows.setdefault(name, []).append(row(name, **own, **columns))
        for name, found in rows.items():
            table = TABLES[name].from_rows(found)
            parts.setdefault(name, {})[monday + timedelta(days=2)] = table
    for name, tables in parts.items():
        source = "test" if TABLES[name].partition == ("day", "source") else None
        lake.write_many(name, tables, source=source)


def columns_of(given: Post) -> dict[str, dict[str, Any]]:
    """Return what each table says of a post."""
    colour = "yellow" if given["yellow"] else "blue"
    return {
        "posts": {
            "author_id": given["author_id"],
            "caption": given["caption"],
            "hashtags": ["coats", *given.get("hashtags", ())],
            "likes_count": given.get("likes_count", 1),
        },
        "tracker_posts": {
            "city": given.get("city", "rome"),
            "author_id": given["author_id"],
            "is_excluded": given.get("is_excluded", False),
        },
        "looks": {
            "garments_count": 1,
            "is_duplicate": given.get("is_duplicate", False),
        },
        "garments": {},
        "garment_tags": {"value": colour, "value_rank": given.get("value_rank", 0)},
    }


def event_row(**columns: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "day": LAST,
        "event_id": "e1",
        "rank": 1,
        "city": "rome",
        "kind": "colour",
        "value": "yellow",
        "direction": "rise",
        "apex_week_on": EVENT,
        "weeks": [EVENT.isoformat()],
        **columns,
    }
    return row("trend_events", **given)


def world(folder: Path, weeks: dict[date, list[Post]], *events: Any) -> Context:
    """A lake of ordinary weeks but for those given, and the events known at its end."""
    lake = Lake(folder / "lake")
    mondays = [FIRST + timedelta(weeks=ahead) for ahead in range(WEEKS)]
    write_weeks(lake, {day: weeks.get(day, ordinary_posts()) for day in mondays})
    rows = TABLES["trend_events"].from_rows(list(events or [event_row()]))
    lake.write("trend_events", LAST, rows)
    return Context(
        settings=Settings(home=folder),
        lake=lake,
        trackers=[Tracker(name="brand", hashtags=("coats", "mycoat"))],
        cities=default_cities(),
    )


def explained(context: Context) -> list[dict[str, Any]]:
    run_step(context, TREND_EVENT_EVIDENCE, [LAST])
    return context.lake.read("trend_event_evidence", LAST).to_pylist()


def terms(rows: list[dict[str, Any]], kind: str = "word") -> set[str]:
    return {row["term"] for row in rows if row["evidence_kind"] == kind}


def festival(*, yellow: bool = True, since: int = 100) -> list[Post]:
    caption = "mustard and yellow at the carnival" if yellow else "at the carnival"
    tags = ["nottinghill", "mycoat"]
    return [post(since + n, caption, yellow=yellow, hashtags=tags) for n in range(40)]


def test_planted_words_come_back_and_the_events_own_names_do_not(tmp_path):
    spam = [post(7, "huge discount here", yellow=True) for _ in range(30)]
    week = [*ordinary_posts(), *festival(), *spam]
    rows = explained(world(tmp_path, {EVENT: week}))
    # mustard goes with yellow in every week, and one author has no say
    assert terms(rows) == {"carnival"}
    # the tracker collects #coats and #mycoat
    assert terms(rows, "hashtag") == {"nottinghill"}
    (word,) = [row for row in rows if row["term"] == "carnival"]
    assert (word["authors_count"], word["expected_authors"]) == (40, 0)
    assert word["compared_with"] == "same_value"
    assert word["strength"] >= 3


def test_an_ordinary_week_is_told_by_no_words(tmp_path):
    rows = explained(world(tmp_path, {}))
    assert terms(rows) == terms(rows, "hashtag") == set()


def test_words_of_posts_that_the_share_does_not_count_are_not_read(tmp_path):
    elsewhere = [{**one, "city": "oslo"} for one in festival()]
    dropped = [{**one, "is_excluded": True} for one in festival(since=200)]
    rows = explained(world(tmp_path, {EVENT: ordinary_posts() + elsewhere + dropped}))
    assert terms(rows) == set()
    # nor those that the share does not count: copies, and what is a second colour
    copies = [{**one, "is_duplicate": True} for one in festival()]
    beside = [{**one, "value_rank": 1} for one in festival(since=200)]
    unseen = world(tmp_path / "unseen", {EVENT: ordinary_posts() + copies + beside})
    assert terms(explained(unseen)) == set()
    everywhere = world(
        tmp_path / "all", {EVENT: ordinary_posts() + elsewhere}, event_row(city="all")
    )
    assert terms(explained(everywhere)) == {"carnival"}


def test_a_value_that_few_wore_before_is_held_against_all_looks(tmp_path):
    blue = [post(n, "walking in mustard today") for n in range(40)]
    weeks = {FIRST + timedelta(weeks=ahead): blue for ahead in range(WEEKS)}
    rows = explained(world(tmp_path, {**weeks, EVENT: blue + festival()}))
    assert terms(rows) == {"carnival"}
    assert {row["compared_with"] for row in rows if row["term"]} == {"all_looks"}


def test_without_posts_around_it_no_word_is_new(tmp_path):
    empty = {FIRST + timedelta(weeks=ahead): [] for ahead in range(WEEKS)}
    rows = explained(world(tmp_path, {**empty, EVENT: festival()}))
    assert terms(rows) == set()
    assert {row["evidence_kind"] for row in rows} == {"post"}


def test_a_drop_is_told_from_all_looks_of_its_week(tmp_path):
    week = [*ordinary_posts(), *festival(yellow=False)]
    rows = explained(world(tmp_path, {EVENT: week}, event_row(direction="drop")))
    assert terms(rows) == {"carnival"}


def test_a_yearly_event_sums_its_weeks(tmp_path):
    other = FIRST + timedelta(weeks=2)
    weeks = {EVENT: festival(), other: festival(since=200)}
    both = event_row(weeks=[other.isoformat(), EVENT.isoformat()])
    rows = explained(world(tmp_path, weeks, both))
    (word,) = [row for row in rows if row["term"] == "carnival"]
    assert word["authors_count"] == 80
    shown = {row["post_id"][:10] for row in rows if row["post_id"]}
    assert shown == {EVENT.isoformat()}


def test_weeks_of_an_event_that_are_read_together_count_their_own_posts(tmp_path):
    after = EVENT + timedelta(weeks=1)
    both = event_row(weeks=[EVENT.isoformat(), after.isoformat()])
    rows = explained(world(tmp_path, {EVENT: ordinary_posts() + festival()}, both))
    (word,) = [row for row in rows if row["term"] == "carnival"]
    assert word["authors_count"] == 40


def test_an_event_whose_apex_is_out_of_reach_is_shown_by_its_newest_week(tmp_path):
    other = FIRST + timedelta(weeks=2)
    event = event_row(
        weeks=[other.isoformat(), EVENT.isoformat()],
        apex_week_on=LAST - timedelta(weeks=REACH_WEEKS),
    )
    rows = explained(world(tmp_path, {}, event))
    shown = {row["post_id"][:10] for row in rows if row["post_id"]}
    assert shown == {EVENT.isoformat()}


def test_examples_are_the_most_liked_of_different_authors_copies_once(tmp_path):
    week = [
        post(1, "first", yellow=True, likes_count=90),
        post(1, "the same author", yellow=True, likes_count=80),
        post(2, "  FIRST https://example.org/x ", yellow=True, likes_count=70),
        post(3, "blue, though liked", likes_count=99),
        post(4, "<script>alert(1)</script>", yellow=True, likes_count=60),
        *(post(10 + n, f"look {n}", yellow=True, likes_count=n) for n in range(9)),
    ]
    rows = explained(world(tmp_path, {EVENT: week}))
    posts = [row["post_id"] for row in rows if row["evidence_kind"] == "post"]
    assert posts == [f"{EVENT}-{number}" for number in (0, 4, 13, 12, 11)]


def test_no_event_gives_no_row(tmp_path):
    context = world(tmp_path, {})
    context.lake.write("trend_events", LAST, TABLES["trend_events"].empty())
    assert explained(context) == []


def test_a_changed_caption_in_reach_makes_the_week_stale(tmp_path):
    context = world(tmp_path, {EVENT: ordinary_posts()})
    assert run_step(context, TREND_EVENT_EVIDENCE, [LAST]).computed_count == 1
    assert run_step(context, TREND_EVENT_EVIDENCE, [LAST]).computed_count == 0
    too_early = EVENT - timedelta(weeks=AROUND_WEEKS + 1)
    write_weeks(context.lake, {too_early: festival()})
    context.forget_fingerprints()
    assert run_step(context, TREND_EVENT_EVIDENCE, [LAST]).computed_count == 0
    write_weeks(context.lake, {EVENT: ordinary_posts() + festival()})
    context.forget_fingerprints()
    assert run_step(context, TREND_EVENT_EVIDENCE, [LAST]).computed_count == 1
    rows = context.lake.read("trend_event_evidence", LAST).to_pylist()
    assert terms(rows) == {"carnival"}


def test_erased_posts_neither_stop_the_step_nor_need_a_longer_period(tmp_path):
    monday = date(2026, 1, 5)
    context = world(tmp_path, {EVENT: ordinary_posts() + festival()})
    without = shortest_periods(STEPS, context)
    known = TABLES["trend_events"].from_rows([event_row(day=monday)])
    context.lake.write("trend_events", monday, known)
    assert shortest_periods(STEPS, context) == without
    horizon = {
        "table_name": "posts",
        "before_day": EVENT + timedelta(weeks=2),
        "expired_at": datetime(2025, 12, 1, tzinfo=UTC),
    }
    horizons = TABLES["expirations"].from_rows([horizon])
    context.lake.write_flat("expirations", horizons)
    context.forget_expirations()
    assert run_step(context, TREND_EVENT_EVIDENCE, [LAST]).computed_count == 1


def test_the_most_salient_events_within_reach_are_explained():
    late = LAST.isoformat()
    early = (LAST - timedelta(weeks=REACH_WEEKS)).isoformat()
    rows = [
        event_row(event_id=f"e{rank:03d}", rank=rank, weeks=[early, late])
        for rank in range(1, MAX_EVENTS + 3)
    ]
    rows[0]["weeks"] = [early]
    other = event_row(event_id="x", tracker="other", weeks=[late])
    chosen = explained_events([*rows, other], LAST)
    mine = [event for event in chosen if event["tracker"] == "brand"]
    assert [event["rank"] for event in mine] == list(range(2, MAX_EVENTS + 2))
    assert all(event["weeks"] == [LAST] for event in chosen)
    assert len(chosen) == MAX_EVENTS + 1


def test_the_weeks_around_an_event_are_near_and_none_of_its_own():
    own = [LAST - timedelta(weeks=2), LAST - timedelta(weeks=1)]
    around = weeks_around({"weeks": own}, LAST)
    assert not around & set(own)
    assert max(around) == LAST
    assert min(around) == own[0] - timedelta(weeks=AROUND_WEEKS)
    assert len(around) == AROUND_WEEKS + 1


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Context]:
    """Give the truth of a simulated world, and its lake with events explained."""
    home = tmp_path_factory.mktemp("simulated")
    context = open_context(Settings(home=home), need_trackers=False)
    truth = simulate_world(
        context.lake, home, weeks=20, posts_per_day=80, city_count=3
    ).world.truth
    context = open_context(Settings(home=home))
    wanted = ["match", "trends", "city_trends", "trend_event_evidence"]
    run_steps(context, wanted, None, None)
    return truth, context


def test_words_of_events_planted_in_the_simulated_world_come_back(simulated):
    truth, context = simulated
    (monday,) = context.lake.days("trend_events")
    events = context.lake.read("trend_events", monday).to_pylist()
    rows = context.lake.read("trend_event_evidence", monday).to_pylist()
    assert truth.events
    for planted in truth.events:
        (found,) = [
            event
            for event in events
            if (event["tracker"], event["city"], event["value"], event["direction"])
            == ("all", planted.city, planted.value, "rise")
        ]
        mine = [row for row in rows if row["event_id"] == found["event_id"]]
        assert set(planted.words) <= terms(mine)
        assert terms(mine, "hashtag") == {planted.hashtag}
        assert planted.value not in terms(mine)
        assert sum(row["evidence_kind"] == "post" for row in mine) == 5
