"""Gathers what events are explained from: their own items, and counts of their past.

The past is counted where it lies, by SQL over the lake, and only of the trackers and
days that have events: held whole, 28 days of a large collection do not fit into memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
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
    "terms": {"past_days": BASELINE_DAYS},
    "authors": {"past_days": BASELINE_DAYS},
    "home_days": {"past_days": BASELINE_DAYS},
    "garments": {"past_days": BASELINE_DAYS},
    "peak_posts": {"shown_posts": SHOWN_POSTS, "read_posts": MAX_READ_ITEMS},
    "peak_authors": {},
    "peak_garments": {},
}
# Posts and scored comments of the days that a batch reads, and what its past counts as,
# less those of its first day; about 0.5 kB each where they are an event's.
MAX_ITEMS = 500_000
# A row of what an author posted before an event is 54 bytes as Arrow and as much again
# as the frame that events are explained from: a fifth of an item. At 100,000 posts a
# day five event days of five trackers have 2.9 million of them.
PAST_AUTHOR_ITEMS = 0.2

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


def batches_of(days: pa.Table, activity: pa.Table) -> list[pa.Table]:
    """Split event days into batches, so that the items of each fit into memory.

    Parameters
    ----------
    days : pyarrow.Table
        Of `event_days`.
    activity : pyarrow.Table[activity]
        Of the event days, those between them and the 28 before the events began: tells
        how many posts, scored comments and authors a day has. Comments are read, and so
        count, where an event is of them; authors of the past where one is of posts,
        each as often as on days with a post, which is the most that they can be.

    Returns
    -------
    list of pyarrow.Table
        Rows of `days`, in their order; those of one day stay together. Fewer
        batches are faster: a query opens the files of all days of its batch, and of
        28 before.
    """
    totals = activity.filter(pc.equal(activity["city"], "all"))
    # the largest tracker of a day is 'all', which holds the others
    read = ["posts_count"]
    if pc.any(pc.equal(days["item_kind"], "comment")).as_py():
        read.append("comment_scored_count")
    counted = (
        totals.group_by("day")
        .aggregate([(name, "max") for name in read])
        .sort_by("day")
    )
    a_day = sum(counted[f"{name}_max"].to_numpy() for name in read)
    items = np.concatenate([[0], np.cumsum(a_day)])
    upto = items[
        np.searchsorted(counted["day"].to_numpy(), days["day"].to_numpy(), "right")
    ]
    upto = upto + _counts_upto(days, activity)
    on = days["day"].to_pylist()
    batches: list[pa.Table] = []
    start = 0
    for row, day in enumerate(on):
        is_new_day = row > 0 and day != on[row - 1]
        if is_new_day and upto[row] - upto[start] > MAX_ITEMS:
            batches.append(days.slice(start, row - start))
            start = row
    if on:
        batches.append(days.slice(start))
    return batches


def _counts_upto(days: pa.Table, activity: pa.Table) -> npt.NDArray[np.float64]:
    """Add up what is counted of the past of events, to the end of each row's day.

    Author-days before events of posts, and the authors and posts of the earlier days of
    peaks, as items.

    Parameters
    ----------
    days : pyarrow.Table
        Of `event_days`.
    activity : pyarrow.Table[activity]
    """
    events = pl.DataFrame(pl.from_arrow(days))
    of_posts = events.filter(pl.col("item_kind") == "post")
    counted = pl.DataFrame(
        pl.from_arrow(
            activity.select(["day", "tracker", "city", "authors_count", "posts_count"])
        )
    ).rename({"day": "before"})
    past = (
        of_posts.select("day", "tracker", "start_on")
        .unique()
        .join(counted.filter(pl.col("city") == "all"), on="tracker")
        .filter(
            pl.col("before") < pl.col("start_on"),
            pl.col("before") >= pl.col("start_on") - pl.duration(days=BASELINE_DAYS),
        )
        .select("day", items=PAST_AUTHOR_ITEMS * pl.col("authors_count").fill_null(0))
    )
    kept = pl.when(pl.col("city") == "all").then(0).otherwise(MAX_READ_ITEMS)
    posts = pl.col("posts_count").sum()
    earlier = (
        of_posts.filter(_is_running())
        .join(counted, on=["tracker", "city"])
        .filter(pl.col("before").is_between("start_on", "day", closed="left"))
        .group_by("day", "tracker", "city", "start_on")
        .agg(posts=posts)
        .select(
            "day",
            items=PAST_AUTHOR_ITEMS * pl.col("posts")
            + pl.min_horizontal("posts", kept + SHOWN_POSTS),
        )
    )
    of_day = pl.concat([past, earlier]).group_by("day").agg(pl.col("items").sum())
    upto = (
        events.select("day")
        .unique()
        .sort("day")
        .join(of_day, on="day", how="left", maintain_order="left")
        .with_columns(upto=pl.col("items").fill_null(0.0).cum_sum())
    )
    found: npt.NDArray[np.float64] = (
        events.join(upto, on="day", how="left", maintain_order="left")
        .get_column("upto")
        .to_numpy()
    )
    return found


def _is_running() -> pl.Expr:
    """Tell the events that count earlier days too: peaks, after their first day."""
    return (pl.col("event_kind") == "peak") & (pl.col("start_on") < pl.col("day"))


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
