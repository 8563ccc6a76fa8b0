"""Ranks what drives an event: items, words, authors, cities, garments."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.event_items import (
    BASELINE_DAYS,
    MAX_READ_ITEMS,
    EventDay,
    to_frame,
)
from trendlab.signals.words import log_odds

Row = dict[str, Any]

TERM = ["term_kind", "term"]
AUTHOR = ["source", "author_id"]
# Rows of each kind an event shows; more than a person reads in an alert.
MAX_ROWS = 10
# Over-representation below this is ordinary for one word in ten thousand.
MIN_WORD_Z = 3.0
# An author's or city's excess below this many posts is no driver.
MIN_EXCESS = 2.0
# Length of a quoted caption, characters.
LABEL_LENGTH = 200


def top_items(items: pl.DataFrame, event_kind: str) -> list[Row]:
    """Rank posts by likes; negative items by −compound × (1 + log1p(likes)).

    Copies of one text say one thing and are shown once.
    """
    likes = pl.col("likes_count").fill_null(0).log1p()
    weight = likes if event_kind == "peak" else -pl.col("compound") * (1.0 + likes)
    label = (
        pl.col("text")
        .fill_null("")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
        .str.slice(0, LABEL_LENGTH)
    )
    ranked = (
        items.with_columns(weight=weight, label=label)
        .sort(["weight", "source", "item_id"], descending=[True, False, False])
        .unique("label", keep="first", maintain_order=True)
        .with_columns(pl.col("likes_count").cast(pl.Float64))
        .head(MAX_ROWS)
    )
    return [
        {
            "item": row["item_id"],
            "label": row["label"],
            "url": row["url"],
            "observed": row["likes_count"],
            "strength": row["compound"],
        }
        for row in ranked.to_dicts()
    ]


def top_terms(
    event: Row, event_kind: str, item_kind: str, items: pl.DataFrame, day: EventDay
) -> dict[str, list[Row]]:
    """Rank words and hashtags of the event's items against the tracker's past days.

    An author counts once a term: one spammer is no over-representation.
    """
    counted = day.once(
        ("terms", event["tracker"], item_kind),
        lambda: to_frame(
            day.rows_of(event["tracker"], "terms"),
            ["item_kind", *TERM, "users", "past_users", "past_negatives"],
        ).filter(pl.col("item_kind") == item_kind),
    )
    before = "past_users" if event_kind == "peak" else "past_negatives"
    if event_kind == "peak" and event["city"] == "all":
        # the table of words has counted the day already
        users = counted.filter(pl.col("users") > 0).select(*TERM, "users")
        total = items.height
    else:
        users = day.count_term_users(items, item_kind)
        total = min(items.height, MAX_READ_ITEMS)
    both = users.join(
        counted.select(*TERM, before=before), on=TERM, how="left"
    ).with_columns(pl.col("before").fill_null(0))
    past_total = _past_items(event, event_kind, item_kind, day)
    scale = total / past_total if past_total > 0 else 0.0
    found: dict[str, list[Row]] = {}
    for kind in ("word", "hashtag"):
        mine = both.filter(pl.col("term_kind") == kind)
        z = log_odds(
            mine["users"].to_numpy(),
            mine["before"].to_numpy(),
            total=float(total),
            baseline_total=past_total,
        )
        ranked = (
            mine.with_columns(z=pl.Series(z, dtype=pl.Float64))
            .filter(pl.col("z") >= MIN_WORD_Z)
            .sort(["z", "term"], descending=[True, False])
            .head(MAX_ROWS)
        )
        mark = "#" if kind == "hashtag" else ""
        found[kind] = [
            {
                "item": row["term"],
                "label": mark + row["term"],
                "observed": float(row["users"]),
                "expected": row["before"] * scale,
                "strength": row["z"],
            }
            for row in ranked.to_dicts()
        ]
    return found


def _past_items(event: Row, event_kind: str, item_kind: str, day: EventDay) -> float:
    """Items (of a dip: negatives) of the tracker in the days before."""
    columns = {
        ("peak", "post"): "posts_count",
        ("dip", "post"): "negative_count",
        ("dip", "comment"): "comment_negative_count",
    }
    past = _before(day.rows_of(event["tracker"], "activity"), day.day)
    past = past.filter(pc.equal(past["city"], "all"))
    total = pc.sum(past[columns[event_kind, item_kind]]).as_py()
    return float(total or 0)


def _before(table: pa.Table, day: date) -> pa.Table:
    """Rows of the 28 days before a day."""
    return table.filter(
        pc.and_(
            pc.greater_equal(table["day"], pa.scalar(day - timedelta(BASELINE_DAYS))),
            pc.less(table["day"], pa.scalar(day)),
        )
    )


def days_before(event: Row, day: EventDay) -> int:
    """Days with activity of the tracker among the 28 before; at least 1."""
    past = _before(day.rows_of(event["tracker"], "activity"), day.day)
    return max(1, len(pc.unique(past["day"])))


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
    """Count each known author's items beside the author's own past days.

    Their past is that of the tracker in every city: a city's own is not stored.
    Gives item (source:author_id), label (handle), observed, expected.
    """
    days_count = days_before(event, day)
    tracker = event["tracker"]
    # joined once for all items: the events of a day share them
    usual = day.once(
        ("past of items", tracker, event_kind),
        lambda: (
            day.all_items(tracker, "post")
            .select(AUTHOR)
            .join(
                past_of_authors(author_counts(tracker, day), event_kind),
                on=AUTHOR,
                how="left",
                maintain_order="left",
            )
            .select(expected=(pl.col("before") / days_count).fill_null(0.0))
        ),
    )
    return (
        items.with_columns(expected=usual["expected"].gather(items["row"]))
        .filter(pl.col("author_id").is_not_null())
        .group_by(AUTHOR)
        .agg(
            pl.col("expected").first(),
            observed=pl.len().cast(pl.Float64),
            label=pl.col("author_handle").drop_nulls().max(),
        )
        .select(
            "expected",
            "observed",
            "label",
            item=pl.col("source") + ":" + pl.col("author_id"),
        )
        .sort("item")
    )


def author_counts(tracker: str, day: EventDay) -> pl.DataFrame:
    """Give what the tracker's authors posted before the day, by their main cities.

    Gives source, author_id, city, posts_count, negative_count.
    """
    return day.once(
        ("author counts", tracker),
        lambda: to_frame(
            day.rows_of(tracker, "authors"),
            [*AUTHOR, "city", "posts_count", "negative_count"],
        ),
    )


def past_of_authors(counts: pl.DataFrame, event_kind: str, *also: str) -> pl.DataFrame:
    """Add up each author's items before the day: source, author_id, before.

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
    """Rank cities by their excess over their own past days.

    A topic's past is not counted by city, and the whole tracker's is no usual of it:
    its cities are ranked by their items, strength is their part of these, and there is
    no expected.
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
    column = "posts_count" if event_kind == "peak" else "negative_count"
    past = _before(day.rows_of(event["tracker"], "activity"), day.day)
    usual = (
        to_frame(past, ["city", column])
        .group_by("city")
        .agg(expected=pl.col(column).sum() / days_before(event, day))
    )
    counts = observed.join(usual, on="city", how="left").with_columns(
        pl.col("expected").fill_null(0.0), item=pl.col("city"), label=pl.col("city")
    )
    return _rank_excess(counts.sort("item"))


def top_garments(event: Row, items: pl.DataFrame, day: EventDay) -> list[Row]:
    """Rank garment classes of the event's posts against the tracker's past days."""
    past = day.once(
        ("garments", event["tracker"]),
        lambda: to_frame(
            day.rows_of(event["tracker"], "garments"), ["category", "garments_count"]
        ).select("category", before=pl.col("garments_count").cast(pl.Float64)),
    )
    if past.height == 0:
        return []
    here = (
        items.select(category="garments")
        .drop_nulls()
        .explode("category")
        .group_by("category")
        .agg(observed=pl.len().cast(pl.Float64))
    )
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
