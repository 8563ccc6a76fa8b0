"""Steps that compute signals day by day: activity, and peaks, dips, evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.lake import Lake, Span
from trendlab.schemas import TABLES
from trendlab.signals.activity import (
    COMMENT_LOOKBACK_DAYS,
    PARAMS,
    READING_DAYS,
    as_declared,
    covered_days,
    lake_query,
    partial_days,
    run_id_rows,
    tracker_zone_rows,
)
from trendlab.signals.day_scores import PAST_COLUMNS, score_days
from trendlab.signals.dip_events import DipRule
from trendlab.signals.dips import find_dips
from trendlab.signals.evidence import Inputs, explain_dips, explain_peaks
from trendlab.signals.origin import HOMES_LAG
from trendlab.signals.peaks import find_peaks
from trendlab.steps.code_hash import hash_of
from trendlab.steps.engine import week_of
from trendlab.steps.event_batches import batches_of
from trendlab.steps.event_inputs import QUERIES, event_days, gather_items
from trendlab.steps.match import has_local_days
from trendlab.steps.pooled_authors import (
    AUTHOR_QUERIES,
    author_counter,
    author_inputs,
)
from trendlab.steps.spans import BASELINE, ONE_DAY, spans_of, split_by_day
from trendlab.steps.step import Context, Input, Parts, Step
from trendlab.text.sentiment import lexicon_words
from trendlab.text.terms import count_terms
from trendlab.text.words import tokenize

HOME_COLUMNS = ("source", "author_id", "home_city", "home_source")
EXPLAINED_TABLES = ("evidence", "event_authors", "event_origins")
SIGNAL_TABLES = ("day_scores", "peaks", "dips", *EXPLAINED_TABLES)


def _zones(context: Context) -> dict[str, str]:
    return {tracker.name: tracker.time_zone for tracker in context.trackers}


def _zones_key(context: Context) -> str:
    zones = _zones(context)
    return hash_of(*(f"{name}={zones[name]}" for name in sorted(zones)))


def _stored_days(context: Context, first: date, last: date) -> tuple[date, date]:
    """Return the UTC days that hold the posts of a range of the trackers' days."""
    beside = ONE_DAY if has_local_days(context) else timedelta(0)
    return first - beside, last + beside


def _covered_days(context: Context, first: date, last: date) -> pa.Table:
    """Return which of the trackers' days of a range were ingested."""
    stored = context.lake.read_range("coverage", *_stored_days(context, first, last))
    return covered_days(stored, _zones(context))


def _readings_span(context: Context, first: date, last: date) -> tuple[date, date]:
    """Return the days on which likes and comments of posts of a range are counted."""
    earliest, latest = _stored_days(context, first, last)
    return earliest, latest + timedelta(days=READING_DAYS)


def _activity_inputs(context: Context, day: date) -> list[Input]:
    near = (day - ONE_DAY, day + ONE_DAY)
    return [
        Input("tracker_posts", day - timedelta(days=COMMENT_LOOKBACK_DAYS), day),
        Input("posts", *near),
        Input("comments", *near),
        Input("sentiment", *near),
        Input("engagement", *_readings_span(context, day, day)),
        Input("coverage", *_stored_days(context, day, day)),
    ]


def _activity(
    context: Context, days: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    lake = context.lake
    parts: Parts = {"activity": {}, "term_days": {}, "author_days": {}}
    for span in spans_of(days):
        first, last = span[0], span[-1]
        near = (first - ONE_DAY, last + ONE_DAY)
        relations = {
            "run_ids": run_id_rows({day: run_ids[day] for day in span}),
            "tracker_zones": tracker_zone_rows(_zones(context)),
            "tracker_posts": Span(
                "tracker_posts",
                first - timedelta(days=COMMENT_LOOKBACK_DAYS),
                last,
            ),
            "posts": Span("posts", *near),
            "comments": Span("comments", *near),
            "sentiment": Span("sentiment", *near),
            "partial_days": partial_days(_covered_days(context, first, last)),
            "post_readings": lake.query(
                lake_query("post_readings"),
                {
                    "engagement": Span(
                        "engagement", *_readings_span(context, first, last)
                    )
                },
                PARAMS["post_readings"],
            ),
        }
        for table in ("activity", "author_days"):
            found = lake.query(lake_query(table), relations, PARAMS[table])
            parts[table].update(split_by_day(as_declared(found, table)))
        terms = count_terms(
            lake.read_range(
                "tracker_posts", first - timedelta(days=COMMENT_LOOKBACK_DAYS), last
            ),
            lake.read_range("posts", *near),
            lake.read_range("comments", *near),
            lake.read_range("sentiment", *near),
            run_ids={day: run_ids[day] for day in span},
            time_zones=_zones(context),
            comment_days=COMMENT_LOOKBACK_DAYS,
        )
        parts["term_days"].update(split_by_day(terms))
    return parts


ACTIVITY = Step(
    name="activity",
    modules=(
        "sql/lake/activity.sql",
        "sql/lake/author_days.sql",
        "sql/lake/post_readings.sql",
        "trendlab.signals.activity",
        "trendlab.text.terms",
    ),
    outputs=("activity", "term_days", "author_days"),
    inputs=_activity_inputs,
    compute=_activity,
    settings_key=_zones_key,
    is_pooled=True,
    chunk_days=28,
)


def _signals_inputs(context: Context, day: date) -> list[Input]:
    # the rest of a day's past is reached through the chain of run_ids
    return [
        Input("activity", day, day),
        Input("term_days", day, day),
        Input("author_days", day, day),
        Input("author_homes", _week_of_homes(day), _week_of_homes(day)),
        Input("coverage", *_stored_days(context, day, day)),
        Input("garments", *_stored_days(context, day, day)),
        *author_inputs(day),
    ]


def _week_of_homes(day: date) -> date:
    """Return the week whose homes stand for the authors of a day's events."""
    return week_of(day) - HOMES_LAG


def _signals(
    context: Context, days: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    lake = context.lake
    parts: Parts = {name: {} for name in SIGNAL_TABLES}
    for span in spans_of(days):
        first, last = span[0], span[-1]
        wanted = {day: run_ids[day] for day in span}
        activity = lake.read_range("activity", first - BASELINE, last)
        terms = lake.query(
            lake_query("topic_terms"),
            {
                "term_days": Span("term_days", first - BASELINE, last),
                "produced_days": Span("term_days", first, last),
            },
            {"min_scored": DipRule().topic.min_scored},
        )
        covered = _covered_days(context, first - BASELINE, last)
        past_scores = _past(context, "day_scores", first, parts, PAST_COLUMNS)
        scores = score_days(
            activity,
            covered,
            first_day=first,
            last_day=last,
            past_scores=past_scores,
            run_ids=wanted,
        )
        peaks = find_peaks(
            pa.concat_tables([past_scores, scores.select(PAST_COLUMNS)]),
            first_day=first,
            last_day=last,
            run_ids=wanted,
        )
        dips = find_dips(
            activity,
            terms,
            scores,
            _past(context, "dips", first, parts),
            first_day=first,
            last_day=last,
            run_ids=wanted,
            covered_days=covered,
            skip_terms=lexicon_words(),
            count_authors=author_counter(
                lake.query, tracker_zone_rows(_zones(context))
            ),
        )
        explained = _explain(context, peaks, dips, activity, wanted)
        found = (scores, peaks, dips, *explained)
        for table, rows in zip(SIGNAL_TABLES, found, strict=True):
            parts[table].update(split_by_day(rows))
    return parts


def _past(
    context: Context,
    table: str,
    first: date,
    parts: Parts,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Return the step's own rows of the days before, written or just computed."""
    since = first - BASELINE
    stored = context.lake.read_range(table, since, first - ONE_DAY, columns=columns)
    fresh = {day: rows for day, rows in parts[table].items() if since <= day < first}
    if not fresh:
        return stored
    stale = pc.is_in(stored["day"], pa.array(list(fresh), pa.date32()))
    found = pa.concat_tables(list(fresh.values())).select(stored.column_names)
    return pa.concat_tables([stored.filter(pc.invert(stale)), found])


def _explain(
    context: Context,
    peaks: pa.Table,
    dips: pa.Table,
    activity: pa.Table,
    run_ids: Mapping[date, str],
) -> list[pa.Table]:
    """Explain events day by day, from what the lake counts of their past.

    Gives `EXPLAINED_TABLES`.
    """
    lake = context.lake
    city_names = dict(
        zip(
            context.cities["city"].to_pylist(),
            context.cities["name"].to_pylist(),
            strict=True,
        )
    )
    # a chunk a day as it is read, which every filter of an event would walk through
    activity = activity.combine_chunks()
    found = {table: [TABLES[table].empty()] for table in EXPLAINED_TABLES}
    for batch in batches_of(event_days(peaks, dips), activity):
        days = pc.unique(batch["day"]).to_pylist()
        inputs = Inputs(
            **gather_items(
                lake.query,
                batch,
                homes_of(lake, days),
                tracker_zone_rows(_zones(context)),
            ),
            activity=activity,
            city_names=city_names,
            tokenize=tokenize,
        )
        wanted = {day: run_ids[day] for day in days}
        for explained in (
            explain_peaks(peaks, inputs, run_ids=wanted),
            explain_dips(dips, inputs, run_ids=wanted),
        ):
            for table, rows in found.items():
                rows.append(getattr(explained, table))
    return [pa.concat_tables(rows) for rows in found.values()]


def homes_of(lake: Lake, days: Sequence[date]) -> pa.Table:
    """Return the homes that stand for the authors of events, by the events' day."""
    held: dict[date, pa.Table] = {}
    rows = []
    for day in days:
        week = _week_of_homes(day)
        if week not in held:
            held = {week: lake.read("author_homes", week, columns=HOME_COLUMNS)}
        of_day = held[week]
        rows.append(
            of_day.add_column(
                0, pa.field("day", pa.date32()), pa.repeat(day, len(of_day))
            )
        )
    return pa.concat_tables(rows)


SIGNALS = Step(
    name="signals",
    modules=(
        "sql/lake/topic_terms.sql",
        *(f"sql/lake/{name}.sql" for name in QUERIES.values()),
        *(f"sql/lake/{name}.sql" for name in AUTHOR_QUERIES.values()),
        "trendlab.signals.dips",
        "trendlab.signals.evidence",
        "trendlab.signals.peaks",
        "trendlab.text.words",
    ),
    outputs=SIGNAL_TABLES,
    inputs=_signals_inputs,
    compute=_signals,
    settings_key=_zones_key,
    is_chained=True,
    fills_gaps=True,
    chunk_days=112,
)
