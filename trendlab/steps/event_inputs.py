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
from trendlab.signals.event_items import BASELINE_DAYS

ONE_DAY = timedelta(days=1)
# Queries that fill `Inputs`, by its field.
QUERIES = {
    "posts": "explained_posts",
    "comments": "explained_comments",
    "terms": "explained_terms",
    "authors": "explained_authors",
    "home_days": "explained_home_days",
    "garments": "explained_garments",
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "posts": {},
    "comments": {"reach_days": COMMENT_LOOKBACK_DAYS},
    "terms": {"past_days": BASELINE_DAYS},
    "authors": {"past_days": BASELINE_DAYS},
    "home_days": {"past_days": BASELINE_DAYS},
    "garments": {"past_days": BASELINE_DAYS},
}
# Posts and scored comments of the days that a batch reads, and what its past counts as,
# less those of its first day; about 0.5 kB each where they are an event's.
MAX_ITEMS = 500_000
# A row of what an author posted before an event is 54 bytes as Arrow and as much again
# as the frame that events are explained from: a fifth of an item. At 100,000 posts a
# day five event days of five trackers have 2.9 million of them.
PAST_AUTHOR_ITEMS = 0.2

Relations: TypeAlias = "Mapping[str, pa.Table | Span]"
Query: TypeAlias = Callable[[str, Relations, "Mapping[str, Any]"], pa.Table]


def event_days(peaks: pa.Table, dips: pa.Table) -> pa.Table:
    """Return day, tracker and item_kind of the events of peaks and dips.

    Once each, rising; a peak is one of posts.
    """
    posts = peaks.select(["day", "tracker"]).append_column(
        dips.schema.field("item_kind"), pa.repeat("post", peaks.num_rows)
    )
    both = pa.concat_tables([posts, dips.select(posts.column_names)])
    names = posts.column_names
    return both.group_by(names).aggregate([]).sort_by([(n, "ascending") for n in names])


def batches_of(days: pa.Table, activity: pa.Table) -> list[pa.Table]:
    """Split event days into batches, so that the items of each fit into memory.

    Parameters
    ----------
    days : pyarrow.Table
        Of `event_days`.
    activity : pyarrow.Table[activity]
        Of the event days, those between them and the 28 before: tells how many posts,
        scored comments and authors a day has. Comments are read, and so count, where an
        event is of them; authors of the past where one is of posts, each as often as on
        days with a post, which is the most that they can be.

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
    upto = upto + PAST_AUTHOR_ITEMS * _past_authors_upto(days, totals)
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


def _past_authors_upto(days: pa.Table, totals: pa.Table) -> npt.NDArray[np.int64]:
    """Add up the author-days before the events of posts, to the end of each row's day.

    Parameters
    ----------
    days : pyarrow.Table
        Of `event_days`.
    totals : pyarrow.Table[activity]
        Rows of the city 'all'.
    """
    events = pl.DataFrame(pl.from_arrow(days)).with_row_index("row")
    authors = pl.DataFrame(
        pl.from_arrow(totals.select(["day", "tracker", "authors_count"]))
    ).rename({"day": "before"})
    past = (
        events.filter(pl.col("item_kind") == "post")
        .join(authors, on="tracker")
        .filter(
            pl.col("before") < pl.col("day"),
            pl.col("before") >= pl.col("day") - pl.duration(days=BASELINE_DAYS),
        )
        .group_by("row")
        .agg(pl.col("authors_count").sum())
    )
    upto = (
        events.join(past, on="row", how="left", maintain_order="left")
        .with_columns(upto=pl.col("authors_count").fill_null(0).cum_sum())
        .select(pl.col("upto").last().over("day"))
        .to_series()
    )
    counted: npt.NDArray[np.int64] = upto.to_numpy()
    return counted


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
    first, last = days["day"][0].as_py(), days["day"][-1].as_py()
    past = first - timedelta(BASELINE_DAYS)
    near = (first - ONE_DAY, last + ONE_DAY)
    spans = {
        "posts": {
            "tracker_posts": (first, last),
            "posts": near,
            "sentiment": near,
            "garments": near,
        },
        "comments": {
            "tracker_posts": (first - timedelta(COMMENT_LOOKBACK_DAYS), last),
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
    }
    of_posts = days.filter(pc.equal(days["item_kind"], "post"))
    of_comments = days.filter(pc.equal(days["item_kind"], "comment"))
    wanted = dict.fromkeys(QUERIES, of_posts) | {
        "comments": of_comments,
        "terms": days,
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
