"""The weekly step that explains events of shares: words over-represented, and posts.

It reads posts, which may be erased after their period, and `city_trends` reads shares,
which stay: so it is a step of its own, and a curve is computed where posts are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from trendlab.lake import Span
from trendlab.schemas import TABLES
from trendlab.signals.activity import lake_query
from trendlab.signals.city_trends.event_words import (
    RULE_VERSION,
    Written,
    candidates,
    choose_posts,
    count_terms,
    foreground,
    rank_terms,
)
from trendlab.steps.code_hash import hash_of
from trendlab.steps.spans import ONE_DAY, spans_of
from trendlab.steps.step import Context, Input, Parts, Step
from trendlab.steps.weeks import ONE_WEEK, WEEK_END
from trendlab.text.words import tokenize

Row = dict[str, Any]

TABLE = TABLES["trend_event_evidence"]
# Events explained of a tracker and model, the most salient: more than a person reads.
MAX_EVENTS = 50
# Two years: an event and its return. Texts further back are not read again every week.
REACH_WEEKS = 104
# Weeks before and after an event that say what is usual at that time of the year.
AROUND_WEEKS = 8
# Weeks read together: a query costs as much as a week of posts, and memory holds four.
READ_WEEKS = 4
# Posts of an event and week whose words are read; beyond it more texts change no list.
MAX_READ_POSTS = 1_000
# Copies and other posts of the same authors fall out of these: five shall be left.
MAX_LIKED_POSTS = 50
SEEN = ("posts", "looks", "garments", "garment_tags")
SERIES = ("event_id", "tracker", "city", "model_name", "kind", "value")
WANTED = pa.schema(
    [
        ("week", pa.date32()),
        *((name, pa.string()) for name in SERIES),
        ("reads_value", pa.bool_()),
        ("reads_all", pa.bool_()),
    ]
)


def explained_events(events: Sequence[Row], monday: date) -> list[Row]:
    """Choose the events to explain, each with its weeks in reach as dates.

    Parameters
    ----------
    events : sequence of dict
        Rows of `trend_events` as of the end of a week.
    monday : date
        That week.

    Returns
    -------
    list of dict
        The `MAX_EVENTS` most salient of each tracker and model that have a week
        within `REACH_WEEKS`.
    """
    first = monday - timedelta(weeks=REACH_WEEKS - 1)
    taken: dict[tuple[str, str], int] = {}
    chosen = []
    for event in sorted(events, key=lambda row: (row["rank"], row["event_id"])):
        weeks = [day for day in map(date.fromisoformat, event["weeks"]) if day >= first]
        series = (event["tracker"], event["model_name"])
        if weeks and taken.get(series, 0) < MAX_EVENTS:
            taken[series] = taken.get(series, 0) + 1
            chosen.append({**event, "weeks": weeks})
    return chosen


def weeks_around(event: Row, monday: date) -> set[date]:
    """Return the weeks that an event is held against: near its own, and none of them.

    Parameters
    ----------
    event : dict
        As `explained_events` gives it.
    monday : date
        The last week that is known.
    """
    near = {
        week + ahead * ONE_WEEK
        for week in event["weeks"]
        for ahead in range(-AROUND_WEEKS, AROUND_WEEKS + 1)
    }
    return {week for week in near if week <= monday} - set(event["weeks"])


def shown_week(event: Row) -> date:
    """Return the week whose posts show an event: its apex, else its newest in reach."""
    weeks: list[date] = event["weeks"]
    return event["apex_week_on"] if event["apex_week_on"] in weeks else weeks[-1]


def _events(context: Context, monday: date) -> list[Row]:
    events = context.lake.read("trend_events", monday).to_pylist()
    return explained_events(events, monday)


def _inputs(context: Context, monday: date) -> list[Input]:
    events = _events(context, monday)
    weeks = {week for event in events for week in event["weeks"]}
    weeks = weeks.union(*(weeks_around(event, monday) for event in events))
    inputs = [Input("trend_events", monday, monday)]
    for span in spans_of(sorted(weeks), apart=ONE_WEEK):
        first, last = span[0], span[-1] + WEEK_END
        inputs.append(Input("tracker_posts", first, last, may_expire=True))
        inputs += [
            Input(table, first - ONE_DAY, last + ONE_DAY, may_expire=True)
            for table in SEEN
        ]
    return inputs


def own_terms(context: Context) -> dict[str, set[str]]:
    """Return the hashtags and words of each tracker; `all` has those of every one."""
    terms = {
        tracker.name: {
            *tracker.hashtags,
            *(word for keyword in tracker.keywords for word in tokenize(keyword)),
        }
        for tracker in context.trackers
    }
    return {**terms, "all": set().union(*terms.values())}


def _terms_key(context: Context) -> str:
    terms = own_terms(context)
    return hash_of(*(f"{name}={sorted(terms[name])}" for name in sorted(terms)))


def read_posts(context: Context, wanted: Sequence[Row]) -> pa.Table:
    """Read the posts that events want, as sql/lake/event_posts.sql says.

    Parameters
    ----------
    context : Context
    wanted : sequence of dict
        Columns of `WANTED`, one or more weeks.
    """
    first = min(row["week"] for row in wanted)
    last = max(row["week"] for row in wanted) + WEEK_END
    return context.lake.query(
        lake_query("event_posts"),
        {
            "wanted": pa.Table.from_pylist(list(wanted), schema=WANTED),
            "tracker_posts": Span("tracker_posts", first, last),
            **{name: Span(name, first - ONE_DAY, last + ONE_DAY) for name in SEEN},
        },
        {"most_read": MAX_READ_POSTS, "most_liked": MAX_LIKED_POSTS},
    )


def _own_week(event: Row, week: date) -> Row:
    """Ask for the posts of a week of an event that tell it."""
    is_of_value = foreground(event) == "same_value"
    own = {name: event[name] for name in SERIES}
    return {
        **own,
        "week": week,
        "reads_value": is_of_value,
        "reads_all": not is_of_value,
    }


def _usual_week(event: Row, week: date) -> Row:
    """Ask for the posts of a week near an event; all looks may have to stand in."""
    return {**_own_week(event, week), "reads_all": True}


def _batches(wanted: Sequence[Row]) -> Iterator[list[Row]]:
    """Split by runs of at most `READ_WEEKS` weeks that follow each other."""
    for span in spans_of(sorted({row["week"] for row in wanted}), apart=ONE_WEEK):
        for at in range(0, len(span), READ_WEEKS):
            weeks = set(span[at : at + READ_WEEKS])
            yield [row for row in wanted if row["week"] in weeks]


def explain(context: Context, events: Sequence[Row], monday: date) -> list[Row]:
    """Explain events: first their weeks are read, then those around them.

    Of the latter only terms that stand in an event are counted.

    Parameters
    ----------
    context : Context
    events : sequence of dict
        As `explained_events` gives them.
    monday : date
        The last week that is known.

    Returns
    -------
    list of dict
        Rows of `trend_event_evidence` without the columns that the lake adds.
    """
    shown = {event["event_id"]: (event, shown_week(event)) for event in events}
    rows: list[Row] = []
    during: list[Written] = []
    for wanted in _batches([_own_week(e, week) for e in events for week in e["weeks"]]):
        posts = read_posts(context, wanted)
        during.append(count_terms(posts, tokenize))
        for row in wanted:
            event, week = shown[row["event_id"]]
            if week == row["week"]:
                rows += post_rows(event, choose_posts(posts, event, week))
    only = candidates(during)
    around: list[Written] = []
    near = [_usual_week(e, week) for e in events for week in weeks_around(e, monday)]
    for wanted in _batches(near):
        posts = read_posts(context, wanted)
        around.append(count_terms(posts, tokenize, only=only))
    return rows + rank_terms(
        events, during, around, skip=own_terms(context), tokenize=tokenize
    )


def post_rows(event: Row, posts: Sequence[Row]) -> list[Row]:
    """Give posts that show an event as rows of evidence, in their order."""
    own = {"tracker": event["tracker"], "event_id": event["event_id"]}
    return [
        {**own, "evidence_kind": "post", "rank": rank, **post}
        for rank, post in enumerate(posts, start=1)
    ]


def _compute(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    parts: dict[date, pa.Table] = {}
    for monday in weeks:
        own = {"day": monday, "rule_version": RULE_VERSION, "run_id": run_ids[monday]}
        parts[monday] = TABLE.from_rows(
            sorted(
                (
                    {**row, **own}
                    for row in explain(context, _events(context, monday), monday)
                ),
                key=lambda row: tuple(row[name] for name in TABLE.key),
            )
        )
    return {TABLE.name: parts}


TREND_EVENT_EVIDENCE = Step(
    name="trend_event_evidence",
    modules=(
        "trendlab.signals.city_trends.event_words",
        "trendlab.text.words",
        "sql/lake/event_posts.sql",
    ),
    outputs=("trend_event_evidence",),
    inputs=_inputs,
    compute=_compute,
    settings_key=_terms_key,
    is_weekly=True,
    only_last_week=True,
)
