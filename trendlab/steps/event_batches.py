"""Splits days that have events into batches whose items and counts fit into memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.event_items import BASELINE_DAYS, MAX_READ_ITEMS
from trendlab.steps.event_inputs import SHOWN_POSTS

# Posts and scored comments of the days that a batch reads, and what its past counts as,
# less those of its first day; about 0.5 kB each where they are an event's.
MAX_ITEMS = 500_000
# A row of what an author posted before an event is 54 bytes as Arrow and as much again
# as the frame that events are explained from: a fifth of an item. At 100,000 posts a
# day five event days of five trackers have 2.9 million of them.
PAST_AUTHOR_ITEMS = 0.2


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
