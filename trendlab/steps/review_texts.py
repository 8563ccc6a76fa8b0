"""Posts to read → a list → verdicts in the lake."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import MissingPartition
from trendlab.review import RefusedRow, as_reviews, choose_texts, read_list, write_list
from trendlab.schemas import TABLES
from trendlab.steps.context import check_tracker
from trendlab.steps.exports import note_export
from trendlab.steps.review import replace_by_key
from trendlab.steps.step import Context

SHOWN_REFUSALS = 10


def export_texts(
    context: Context,
    out_file: Path,
    *,
    size: int,
    seed: int,
    first_day: date | None = None,
    last_day: date | None = None,
    tracker: str | None = None,
) -> list[str]:
    """Draw scored posts at random and write the list to fill in.

    Raises
    ------
    MissingPartition
        If no post was scored in these days.
    SettingsError
        If there is no such tracker.
    """
    sentiment = _sentiment(context, first_day, last_day)
    if tracker is not None:
        sentiment = _of_tracker(context, sentiment, tracker)
    chosen = choose_texts(sentiment, size=size, rng=np.random.default_rng(seed))
    if chosen.num_rows == 0:
        raise MissingPartition(
            "no scored post to read in these days: ingest posts and run "
            "`trendlab sentiment`"
        )
    captions = {}
    for day in sorted(set(chosen["day"].to_pylist())):
        posts = context.lake.read(
            "posts", day, columns=["source", "post_id", "caption"]
        )
        for row in posts.to_pylist():
            captions[(row["source"], row["post_id"])] = row["caption"] or ""
    note_export(context.home, "texts", out_file)
    write_list(chosen, captions, out_file)
    return [
        f"{chosen.num_rows} posts to read: {out_file}",
        "write negative, neutral or positive into the column verdict, then run "
        f"`trendlab review texts-import {out_file} --reviewer NAME`",
    ]


def _of_tracker(context: Context, sentiment: pa.Table, tracker: str) -> pa.Table:
    """Keep the scores of posts that a tracker matched."""
    matched = TABLES["tracker_posts"].empty()
    if sentiment.num_rows:
        days = pc.min_max(sentiment["day"]).as_py()
        matched = context.lake.read_range("tracker_posts", days["min"], days["max"])
    check_tracker(
        tracker,
        [
            "all",
            *(one.name for one in context.trackers),
            # of a tracker that was renamed the rows stay until the night
            *pc.unique(matched["tracker"]).to_pylist(),
        ],
    )
    mine = matched.filter(pc.equal(matched["tracker"], tracker))
    wanted = set(
        zip(mine["source"].to_pylist(), mine["post_id"].to_pylist(), strict=True)
    )
    return sentiment.filter(
        pa.array(
            [
                pair in wanted
                for pair in zip(
                    sentiment["source"].to_pylist(),
                    sentiment["item_id"].to_pylist(),
                    strict=True,
                )
            ],
            pa.bool_(),
        )
    )


def import_texts(context: Context, file: Path, reviewer: str) -> list[str]:
    """Read verdicts on posts into `text_reviews`."""
    read, refused, empty_count = [], [], 0
    for row in read_list(file):
        if isinstance(row, RefusedRow):
            refused.append(row)
        elif row["verdict"] is None:
            empty_count += 1
        else:
            read.append(row)
    days = [row["day"] for row in read]
    sentiment = (
        _sentiment(context, min(days), max(days))
        if days
        else TABLES["sentiment"].empty()
    )
    reviews, unknown_count = as_reviews(
        read, sentiment, reviewer=reviewer, reviewed_at=context.clock()
    )
    with context.lake.lock():
        for day in pc.unique(reviews["day"]).to_pylist():
            mine = reviews.filter(pc.equal(reviews["day"], pa.scalar(day, pa.date32())))
            replace_by_key(context, "text_reviews", day, mine)
    context.forget_fingerprints("text_reviews")
    lines = [
        f"{reviews.num_rows} verdicts read, {len(refused)} rows refused, "
        f"{empty_count} not yet reviewed, {unknown_count} on posts that are not scored "
        f"(any more): {file}"
    ]
    lines += [
        f"  line {row.line_number}: {row.reason}" for row in refused[:SHOWN_REFUSALS]
    ]
    if reviews.num_rows:
        lines.append(
            "run `trendlab load` to see them in marts.sentiment_quality and "
            "marts.corrected_negative_shares"
        )
    return lines


def _sentiment(
    context: Context, first_day: date | None, last_day: date | None
) -> pa.Table:
    days = [
        day
        for day in context.lake.days("sentiment")
        if (first_day is None or day >= first_day)
        and (last_day is None or day <= last_day)
    ]
    if not days:
        return TABLES["sentiment"].empty()
    return context.lake.read_range("sentiment", days[0], days[-1])
