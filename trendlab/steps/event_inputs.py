"""Gathers what events are explained from: their own items, and counts of their past.

The past is counted where it lies, by SQL over the lake, and only of the trackers and
days that have events: held whole, 28 days of a large collection do not fit into memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.lake import Span
from trendlab.schemas import TABLES
from trendlab.signals.activity import COMMENT_LOOKBACK_DAYS, lake_query
from trendlab.signals.event_items import (
    BASELINE_DAYS,
    MAX_EVENT_DAYS,
    MAX_READ_ITEMS,
    pooled_from,
)
from trendlab.text.terms import MAX_TERMS

ONE_DAY = timedelta(days=1)
# Queries that count the days of a running peak before the one that is computed.
PEAK_QUERIES = ("peak_posts", "peak_authors", "peak_garments")
# Queries that fill `Inputs`, by its field.
QUERIES = {
    "posts": "explained_posts",
    "comments": "explained_comments",
    "terms": "explained_terms",
    "authors": "explained_authors",
    "home_days": "explained_home_days",
    "garments": "explained_garments",
    **{name: name for name in PEAK_QUERIES},
}
# Posts of a peak's earlier days that are taken to show ten: copies are shown once, and
# a text that went round has a hundred.
SHOWN_POSTS = 500
PARAMETERS: dict[str, dict[str, Any]] = {
    "posts": {},
    "comments": {"reach_days": COMMENT_LOOKBACK_DAYS},
    "terms": {"past_days": BASELINE_DAYS, "most_terms": MAX_TERMS},
    "authors": {"past_days": BASELINE_DAYS},
    "home_days": {"past_days": BASELINE_DAYS},
    "garments": {"past_days": BASELINE_DAYS},
    "peak_posts": {"shown_posts": SHOWN_POSTS, "read_posts": MAX_READ_ITEMS},
    "peak_authors": {},
    "peak_garments": {},
}

EVENT_DAYS = pa.schema(
    [
        ("day", pa.date32()),
        ("event_kind", pa.string()),  # peak or dip
        ("tracker", pa.string()),
        ("city", pa.string()),
        ("item_kind", pa.string()),  # post or comment
        ("start_on", pa.date32()),  # the first day that counts; before it is usual
        ("pooled_from", pa.date32()),  # the first day of a pooled dip, else the day
    ]
)

Relations: TypeAlias = "Mapping[str, pa.Table | Span]"
Query: TypeAlias = Callable[[str, Relations, "Mapping[str, Any]"], pa.Table]


def event_days(peaks: pa.Table, dips: pa.Table) -> pa.Table:
    """Return what days have events of, and since when these count.

    Parameters
    ----------
    peaks : pyarrow.Table[peaks]
    dips : pyarrow.Table[dips]

    Returns
    -------
    pyarrow.Table
        Columns of `EVENT_DAYS`, once each, rising. A peak is one of posts. Measures of
        a peak, and topics of a dip, share a row where they began together.
    """
    both = pl.concat(
        [
            pl.DataFrame(pl.from_arrow(events))
            .with_columns(
                event_kind=pl.lit(kind), pooled_from=_pooled_from(events), **also
            )
            .select(EVENT_DAYS.names)
            for events, kind, also in (
                (peaks, "peak", {"item_kind": pl.lit("post")}),
                (dips, "dip", {}),
            )
        ]
    )
    earliest = pl.col("day") - pl.duration(days=MAX_EVENT_DAYS)
    start_on = pl.max_horizontal("start_on", earliest)
    return (
        both.with_columns(start_on=pl.min_horizontal(start_on, "pooled_from"))
        .unique()
        .sort(EVENT_DAYS.names)
        .to_arrow()
        .cast(EVENT_DAYS)
    )


def _pooled_from(events: pa.Table) -> pl.Series:
    told = {"day", "apex_on", "pooled_days"}.intersection(events.column_names)
    rows = events.select(sorted(told)).to_pylist()
    return pl.Series([pooled_from(row) for row in rows], dtype=pl.Date)


def gather_items(
    query: Query,
    days: pa.Table,
    author_homes: pa.Table,
    tracker_zones: pa.Table,
    relations: Relations | None = None,
) -> dict[str, pa.Table]:
    """Gather the items of event days and the counts of their past.

    Parameters
    ----------
    query : callable
        (SQL, relations, parameters) → rows; `Lake.query`.
    days : pyarrow.Table
        A batch of `batches_of`.
    author_homes : pyarrow.Table
        As in `Inputs`.
    tracker_zones : pyarrow.Table
        Of `tracker_zone_rows`: trackers whose day is not the UTC day.
    relations : mapping or None
        Tables to read in place of the lake's.

    Returns
    -------
    dict of str to pyarrow.Table
        The fields of `Inputs` that `QUERIES` names, and `author_homes` as given.
    """
    last = days["day"][-1].as_py()
    start = pc.min(days["start_on"]).as_py()
    past = start - timedelta(BASELINE_DAYS)
    pooled = pc.min(days["pooled_from"]).as_py()
    near = (pooled - ONE_DAY, last + ONE_DAY)
    earlier = (start, last - ONE_DAY)
    near_earlier = (start - ONE_DAY, last)
    spans = {
        "posts": {
            "tracker_posts": (pooled, last),
            "posts": near,
            "sentiment": near,
            "garments": near,
        },
        "comments": {
            "tracker_posts": (pooled - timedelta(COMMENT_LOOKBACK_DAYS), last),
            "comments": near,
            "sentiment": near,
        },
        "terms": {"term_days": (past, last)},
        "authors": {"author_days": (past, last - ONE_DAY)},
        "home_days": {"author_days": (past, last - ONE_DAY)},
        "garments": {
            "tracker_posts": (past, last - ONE_DAY),
            "garments": (past - ONE_DAY, last),
        },
        "peak_posts": {
            "tracker_posts": earlier,
            "posts": near_earlier,
            "sentiment": near_earlier,
        },
        "peak_authors": {"tracker_posts": earlier, "author_days": earlier},
        "peak_garments": {"tracker_posts": earlier, "garments": near_earlier},
    }
    of_posts = days.filter(pc.equal(days["item_kind"], "post"))
    of_comments = days.filter(pc.equal(days["item_kind"], "comment"))
    running = days.filter(
        pc.and_(
            pc.equal(days["event_kind"], "peak"),
            pc.less(days["start_on"], days["day"]),
        )
    )
    wanted = dict.fromkeys(QUERIES, of_posts) | {
        "comments": of_comments,
        "terms": days,
        **dict.fromkeys(PEAK_QUERIES, running),
    }
    given = relations or {}
    gathered = {"author_homes": author_homes}
    for field, name in QUERIES.items():
        read: dict[str, pa.Table | Span] = {
            # what no event asks for is not opened
            table: given.get(table, Span(table, *span))
            if wanted[field].num_rows
            else TABLES[table].empty()
            for table, span in spans[field].items()
        }
        gathered[field] = query(
            lake_query(name),
            {
                "event_days": wanted[field],
                "author_homes": author_homes,
                "tracker_zones": tracker_zones,
                **read,
            },
            PARAMETERS[field],
        )
    return gathered
