"""How much each author adds to a peak or dip, over the author's own usual."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl
import pyarrow as pa

from trendlab.schemas.core import SOURCE

Measure = Literal["posts", "negatives"]
Verdict = Literal["single", "few", "broad", "none"]

# One author with at least half of the excess made the event.
SINGLE_SHARE = 0.5
# HHI of ten equal authors; above it the excess is as concentrated as if fewer
# than ten had made it.
FEW_HHI = 0.1

CONTRIBUTIONS = pa.schema(
    [
        pa.field(SOURCE.name, pa.string(), nullable=False),
        pa.field("author_id", pa.string(), nullable=False),
        pa.field("author_handle", pa.string()),
        pa.field("observed", pa.float64(), nullable=False),
        pa.field("expected", pa.float64(), nullable=False),
        pa.field("excess", pa.float64(), nullable=False),
        pa.field("share", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Contributions:
    """Who made an event.

    Parameters
    ----------
    authors : pyarrow.Table
        source, author_id, author_handle, observed and expected items, excess =
        observed − expected, share of the summed positive excess (0 for authors
        below their usual); strongest first. One row per author of the event.
    hhi : float
        Sum of squared shares, 0 to 1.
    verdict : {"single", "few", "broad", "none"}
        `single`: one author has at least half of the excess; `few`: HHI of at
        least 0.1; `none`: nobody is above the usual.
    """

    authors: pa.Table
    hhi: float
    verdict: Verdict


def contributions(
    author_days: pa.Table,
    *,
    event_days: Collection[date],
    baseline_days: Collection[date],
    measure: Measure = "posts",
) -> Contributions:
    """Split an event's excess among its authors.

    Parameters
    ----------
    author_days : pyarrow.Table
        Rows of one tracker (and of one city, where the event has one), schema
        `author_days`, one row per author and day.
    event_days : collection of date
        Days of the event.
    baseline_days : collection of date
        Covered days that stand for the usual. An author without a row on one of
        them did nothing that day. When empty, everything is excess.
    measure : {"posts", "negatives"}
        Posts for a peak, negative posts for a dip.

    Returns
    -------
    Contributions

    Notes
    -----
    Own excess over own baseline. The total is a sum over authors, so the excess
    is also the Shapley value; it shows who was there, not who caused it. Posts
    of unknown authors belong to nobody and are left out of the shares.
    """
    column = "posts_count" if measure == "posts" else "negative_count"
    rows = pl.DataFrame(
        author_days.select(["day", "source", "author_id", "author_handle", column])
    )
    usual_days = set(baseline_days) - set(event_days)
    scale = len(set(event_days)) / len(usual_days) if usual_days else 0.0
    in_event = pl.col("day").is_in(list(event_days))
    in_usual = pl.col("day").is_in(list(usual_days))
    authors = (
        rows.sort("day")
        .group_by("source", "author_id")
        .agg(
            pl.col("author_handle").drop_nulls().last(),
            observed=pl.col(column).filter(in_event).sum().cast(pl.Float64),
            expected=pl.col(column).filter(in_usual).sum() * scale,
        )
        .filter(pl.col("observed") > 0)
        .with_columns(excess=pl.col("observed") - pl.col("expected"))
        .with_columns(share=share_of_excess(pl.col("excess")))
        .sort(["excess", "source", "author_id"], descending=[True, False, False])
        .select(CONTRIBUTIONS.names)
    )
    hhi = float((authors["share"] ** 2).sum())
    top = float(authors["share"][0]) if authors.height else 0.0
    return Contributions(
        authors=authors.to_arrow().cast(CONTRIBUTIONS),
        hhi=hhi,
        verdict=verdict_of(top, hhi),
    )


def share_of_excess(excess: pl.Expr) -> pl.Expr:
    """Return each excess as a share of the positive ones; 0 below the usual."""
    positive = excess.clip(lower_bound=0.0)
    total = positive.sum()
    return pl.when(total > 0).then(positive / total).otherwise(0.0)


def verdict_of(top_share: float, hhi: float) -> Verdict:
    """Say in a word how concentrated an excess is."""
    if top_share <= 0:
        return "none"
    if top_share >= SINGLE_SHARE:
        return "single"
    return "few" if hhi >= FEW_HHI else "broad"
