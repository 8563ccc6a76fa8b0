"""Ranks who and what drives an event: authors, cities, garments.

On which days, and against which, `counted_days` says.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from trendlab.signals.counted_days import (
    activity_before,
    days_before,
    days_counted,
    earlier_activity,
)
from trendlab.signals.event_items import EventDay, to_frame
from trendlab.signals.words import log_odds

Row = dict[str, Any]

AUTHOR = ["source", "author_id"]
# Rows of each kind an event shows; more than a person reads in an alert.
MAX_ROWS = 10
# Over-representation below this is ordinary for one word in ten thousand.
MIN_WORD_Z = 3.0
# An author's or city's excess below this many posts is no driver.
MIN_EXCESS = 2.0


def _rank_excess(counts: pl.DataFrame) -> list[Row]:
    """Rank item, label, observed, expected by excess.

    Strength is the share of all positive excess.
    """
    excess = pl.col("observed") - pl.col("expected")
    total = counts.select(excess.clip(lower_bound=0).sum()).item()
    ranked = (
        counts.with_columns(excess=excess)
        .filter(pl.col("excess") >= MIN_EXCESS)
        .sort(["excess", "item"], descending=[True, False])
        .head(MAX_ROWS)
    )
    return [
        {
            "item": row["item"],
            "label": row["label"],
            "observed": row["observed"],
            "expected": row["expected"],
            "strength": row["excess"] / total,
        }
        for row in ranked.to_dicts()
    ]


def count_authors(
    event: Row, event_kind: str, items: pl.DataFrame, day: EventDay
) -> pl.DataFrame:
    """Count each known author's items beside what the author usually writes.

    Parameters
    ----------
    event : dict
        A row of `peaks` or `dips`.
    event_kind : str
        peak or dip.
    items : polars.DataFrame
        The event's items, from `EventDay.items`.
    day : EventDay

    Returns
    -------
    polars.DataFrame
        item (source:author_id), label (handle), observed and expected. Both count
        items of the whole peak so far, or of the dip's counted days: `expected` is the
        author's mean of the days before the start, times the days counted. That past is
        of the tracker in every city: a city's own is not stored.
    """
    tracker, start = event["tracker"], day.start_of(event)
    # joined once for all items: the events of a day that began together share them
    before = day.once(
        ("past of items", tracker, start, event_kind),
        lambda: (
            day.all_items(tracker, "post")
            .select(AUTHOR)
            .join(
                _past_of_authors(event, event_kind, day),
                on=AUTHOR,
                how="left",
                maintain_order="left",
            )
            .select("before")
        ),
    )
    counts = (
        items.with_columns(before=before["before"].gather(items["row"]))
        .filter(pl.col("author_id").is_not_null())
        .group_by(AUTHOR)
        .agg(
            pl.col("before").first(),
            observed=pl.len().cast(pl.Int64),
            label=pl.col("author_handle").drop_nulls().max(),
        )
    )
    if event_kind == "peak":
        counts = pl.concat([counts, _count_earlier_authors(event, day)])
    days = days_counted(event, event_kind, day) / days_before(event, day)
    return (
        counts.group_by(AUTHOR)
        .agg(
            pl.col("before").first(),
            pl.col("observed").sum().cast(pl.Float64),
            pl.col("label").max(),
        )
        .select(
            "observed",
            "label",
            expected=(pl.col("before") * days).fill_null(0.0),
            item=pl.col("source") + ":" + pl.col("author_id"),
        )
        .sort("item")
    )


def _count_earlier_authors(event: Row, day: EventDay) -> pl.DataFrame:
    """Count authors of a peak's days before this one.

    Gives source, author_id, before (the start), observed, label.
    """
    columns = ["city", *AUTHOR, "author_handle", "posts_count"]
    # joined once for the peaks of all cities that began together
    earlier = day.once(
        ("earlier authors", event["tracker"], day.start_of(event)),
        lambda: to_frame(day.past(event, "peak_authors"), columns).join(
            _past_of_authors(event, "peak", day), on=AUTHOR, how="left"
        ),
    )
    return earlier.filter(pl.col("city") == event["city"]).select(
        *AUTHOR, "before", observed="posts_count", label="author_handle"
    )


def _past_of_authors(event: Row, event_kind: str, day: EventDay) -> pl.DataFrame:
    """Give what each author posted before an event: source, author_id, before."""
    return day.once(
        ("past of authors", event["tracker"], day.start_of(event), event_kind),
        lambda: past_of_authors(author_counts(event, day), event_kind),
    )


def author_counts(event: Row, day: EventDay) -> pl.DataFrame:
    """Give what the tracker's authors posted before an event, by their main cities.

    Gives source, author_id, city, posts_count, negative_count.
    """
    return day.once(
        ("author counts", event["tracker"], day.start_of(event)),
        lambda: to_frame(
            day.past(event, "authors"),
            [*AUTHOR, "city", "posts_count", "negative_count"],
        ),
    )


def past_of_authors(counts: pl.DataFrame, event_kind: str, *also: str) -> pl.DataFrame:
    """Add up each author's items before an event: source, author_id, before.

    Columns of `also` depend on the author alone and are kept.
    """
    column = "posts_count" if event_kind == "peak" else "negative_count"
    return counts.group_by(*AUTHOR, *also).agg(before=pl.col(column).sum())


def top_authors(counts: pl.DataFrame) -> list[Row]:
    """Rank the authors of `count_authors` by their excess."""
    return _rank_excess(counts)


def top_cities(
    event: Row, event_kind: str, items: pl.DataFrame, day: EventDay
) -> list[Row]:
    """Rank cities by their excess over what they usually have.

    Both `observed` and `expected` count items of the whole peak so far, or of the dip's
    counted days. A topic's past is not counted by city, and the whole tracker's is no
    usual of it: its cities are ranked by their items, strength is their part of these,
    and there is no expected.
    """
    observed = items.group_by("city").agg(observed=pl.len().cast(pl.Float64))
    if event.get("topic", "") != "":
        ranked = observed.sort(["observed", "city"], descending=[True, False])
        return [
            {
                "item": row["city"],
                "label": row["city"],
                "observed": row["observed"],
                "strength": row["observed"] / items.height,
            }
            for row in ranked.head(MAX_ROWS).to_dicts()
        ]
    if event_kind == "peak":
        earlier = to_frame(earlier_activity(event, day), ["city", "posts_count"])
        observed = pl.concat(
            [
                observed,
                earlier.filter(pl.col("city") != "all").select(
                    "city", observed=pl.col("posts_count").cast(pl.Float64)
                ),
            ]
        )
    column = "posts_count" if event_kind == "peak" else "negative_count"
    days = days_counted(event, event_kind, day) / days_before(event, day)
    usual = (
        to_frame(activity_before(event, day), ["city", column])
        .group_by("city")
        .agg(expected=pl.col(column).sum() * days)
    )
    counts = (
        observed.group_by("city")
        .agg(pl.col("observed").sum())
        .join(usual, on="city", how="left")
        .with_columns(
            pl.col("expected").fill_null(0.0), item=pl.col("city"), label=pl.col("city")
        )
    )
    return _rank_excess(counts.sort("item"))


def top_garments(
    event: Row, event_kind: str, items: pl.DataFrame, day: EventDay
) -> list[Row]:
    """Rank garment classes of the event's posts against the tracker's past days.

    `observed` counts garments in posts of the whole peak so far (of a dip in its
    negatives), `expected` those of the class that as many garments usually have.
    """
    past = day.once(
        ("garments", event["tracker"], day.start_of(event)),
        lambda: to_frame(
            day.past(event, "garments"), ["category", "garments_count"]
        ).select("category", before=pl.col("garments_count").cast(pl.Float64)),
    )
    if past.height == 0:
        return []
    worn = (
        items.select(category="garments")
        .drop_nulls()
        .explode("category")
        .group_by("category")
        .agg(observed=pl.len().cast(pl.Float64))
    )
    if event_kind == "peak":
        earlier = to_frame(
            day.earlier(event, "peak_garments"), ["category", "garments_count"]
        )
        worn = pl.concat(
            [
                worn,
                earlier.select(
                    "category", observed=pl.col("garments_count").cast(pl.Float64)
                ),
            ]
        )
    here = worn.group_by("category").agg(pl.col("observed").sum())
    both = here.join(past, on="category", how="left").with_columns(
        pl.col("before").fill_null(0.0)
    )
    past_total = float(past["before"].sum())
    z = log_odds(
        both["observed"].to_numpy(),
        both["before"].to_numpy(),
        baseline_total=past_total,
    )
    scale = float(both["observed"].sum()) / past_total
    ranked = (
        both.with_columns(z=pl.Series(z, dtype=pl.Float64))
        .filter(pl.col("z") >= MIN_WORD_Z)
        .sort(["z", "category"], descending=[True, False])
        .head(MAX_ROWS)
    )
    return [
        {
            "item": row["category"],
            "label": row["category"],
            "observed": row["observed"],
            "expected": row["before"] * scale,
            "strength": row["z"],
        }
        for row in ranked.to_dicts()
    ]
