"""Ranks what is said in an event: its posts or comments, words and hashtags.

On which days, and against which, `counted_days` says.
"""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow.compute as pc
from scipy.special import ndtr

from trendlab.signals.counted_days import activity_before, count_earlier_posts
from trendlab.signals.drivers import MAX_ROWS, MIN_WORD_Z
from trendlab.signals.event_items import (
    EARLIER_COLUMNS,
    MAX_READ_ITEMS,
    EventDay,
    to_frame,
)
from trendlab.signals.tails import benjamini_hochberg
from trendlab.signals.words import log_odds

Row = dict[str, Any]

TERM = ["term_kind", "term"]
# Share of the words told that may be there by chance. An event has thousands of words,
# of which one in 740 has a z of 3 by itself.
FALSE_WORDS_SHARE = 0.1
# Length of a quoted caption, characters, with the ellipsis of one that was cut.
LABEL_LENGTH = 200


def cut_label(text: str) -> str:
    """Put a text on one line, and cut a long one where an ellipsis says so."""
    line = " ".join(text.split())
    if len(line) <= LABEL_LENGTH:
        return line
    return f"{line[: LABEL_LENGTH - 1].rstrip()}…"


def top_items(
    event: Row, event_kind: str, items: pl.DataFrame, day: EventDay
) -> list[Row]:
    """Rank posts by likes; negative items by −compound × (1 + log1p(likes)).

    Posts are of the whole peak so far, negative items of the dip's counted days. Copies
    of one text say one thing and are shown once.
    """
    likes = pl.col("likes_count").fill_null(0).log1p()
    weight = likes if event_kind == "peak" else -pl.col("compound") * (1.0 + likes)
    beginning = (
        pl.col("text")
        .fill_null("")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
        .str.slice(0, LABEL_LENGTH)
    )
    ranked = (
        _with_earlier(event, event_kind, items, day, "is_shown")
        .with_columns(weight=weight, beginning=beginning)
        .sort(["weight", "source", "item_id"], descending=[True, False, False])
        .unique("beginning", keep="first", maintain_order=True)
        .with_columns(pl.col("likes_count").cast(pl.Float64))
        .head(MAX_ROWS)
    )
    return [
        {
            "item": row["item_id"],
            "label": cut_label(row["text"] or ""),
            "url": row["url"],
            "observed": row["likes_count"],
            "strength": row["compound"],
        }
        for row in ranked.to_dicts()
    ]


def _with_earlier(
    event: Row, event_kind: str, items: pl.DataFrame, day: EventDay, use: str
) -> pl.DataFrame:
    """Add the posts of a peak's earlier days that were kept for a use."""
    today = items.select(EARLIER_COLUMNS)
    if event_kind == "dip":
        return today
    earlier = to_frame(day.earlier(event, "peak_posts"), [*EARLIER_COLUMNS, use])
    return pl.concat([today, earlier.filter(use).drop(use)])


def top_terms(
    event: Row, event_kind: str, item_kind: str, items: pl.DataFrame, day: EventDay
) -> dict[str, list[Row]]:
    """Rank words and hashtags of the event's items against the tracker's past days.

    An author counts once a term and day: one spammer is no over-representation. So
    `observed` is a count of authors of each day counted, `expected` how many as many
    items would usually have, those of days that do not list the term with them. Told
    are those of z ≥ `MIN_WORD_Z` that pass Benjamini–Hochberg among all of the event.
    """
    counted = day.once(
        ("terms", event["tracker"], item_kind, day.start_of(event)),
        lambda: to_frame(
            day.past(event, "terms"),
            [
                *("item_kind", *TERM, "users"),
                *("past_users", "past_negatives"),
                *("unlisted_users", "never_listed_users"),
            ],
        ).filter(pl.col("item_kind") == item_kind),
    )
    past_total = _past_items(event, event_kind, item_kind, day)
    listed, unlisted_share = pl.col("past_users"), 1.0
    if event_kind == "dip":
        # what is not listed is taken to be as negative as all of the tracker
        items_total = _past_items(event, "peak", item_kind, day)
        listed = pl.col("past_negatives")
        unlisted_share = past_total / items_total if items_total > 0 else 0.0
    before = listed + pl.col("unlisted_users") * unlisted_share
    never_listed = counted["never_listed_users"].head(1).sum() * unlisted_share
    if event_kind == "peak" and event["city"] == "all":
        # the table of words has counted the peak's days already
        users = counted.filter(pl.col("users") > 0).select(*TERM, "users")
        total = items.height + count_earlier_posts(event, event_kind, day)
    else:
        read = _with_earlier(event, event_kind, items, day, "is_read")
        users = day.count_term_users(read, item_kind)
        total = min(read.height, MAX_READ_ITEMS)
    both = users.join(
        counted.select(*TERM, before=before), on=TERM, how="left"
    ).with_columns(pl.col("before").fill_null(never_listed))
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
            .filter(pl.Series(benjamini_hochberg(ndtr(-z), FALSE_WORDS_SHARE)))
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
    """Items (of a dip: negatives) of the tracker in the days before the start."""
    columns = {
        ("peak", "post"): "posts_count",
        ("peak", "comment"): "comment_scored_count",
        ("dip", "post"): "negative_count",
        ("dip", "comment"): "comment_negative_count",
    }
    past = activity_before(event, day)
    past = past.filter(pc.equal(past["city"], "all"))
    total = pc.sum(past[columns[event_kind, item_kind]]).as_py()
    return float(total or 0)
