"""Lays the counts that dips are told from out as series × days: posts, comments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.activity import counted_or_before
from trendlab.signals.panels import COVERED_DAYS, Panel

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ItemCounts:
    """Posts, or comments: their counts as (series, days) arrays.

    Parameters
    ----------
    negatives, scored : (series, days) int64
        What is tested, an author's weight capped.
    authors : (series, days) int64
        Authors of the negatives; −1 where unknown.
    raw_scored, items : (series, days) int64
        Scored items, and all of them in any language.
    """

    name: str
    measure: str
    panel: Panel
    negatives: Ints
    scored: Ints
    authors: Ints
    raw_scored: Ints
    items: Ints
    usable: Bools
    flagged: Bools
    count_up: Bools

    def coverage(self, series: int, at: int, days: int) -> float:
        """Part of a series' items that is scored, over the days that end with one."""
        pooled = slice(at - days + 1, at + 1)
        scored = self.raw_scored[series, pooled].sum()
        return float(min(1.0, scored / max(self.items[series, pooled].sum(), 1)))


def all_covered(activity: pa.Table) -> pa.Table:
    """Take every day that has a row as covered, all with one version."""
    days = activity.group_by(["tracker", "day"]).aggregate([])
    return pa.table(
        {
            "tracker": days["tracker"],
            "day": days["day"],
            "is_partial": pa.array([False] * days.num_rows),
            "tracker_version": pa.array([""] * days.num_rows, pa.string()),
        },
        schema=COVERED_DAYS,
    )


def read_counts(
    panel: Panel,
    activity: pa.Table,
    day_scores: pa.Table,
    past_dips: pa.Table,
    name: str,
) -> ItemCounts:
    """Lay out the counts of posts or of comments."""

    def whole(column: str) -> Ints:
        counted = counted_or_before(activity, column)
        return panel.values(counted, 0.0).astype(np.int64)

    if name == "post":
        columns = (
            "negative_capped_count",
            "scored_capped_count",
            "negative_authors_count",
            "scored_count",
            "posts_count",
        )
        measure = "negatives"
    else:
        columns = (
            "comment_negative_capped_count",
            "comment_scored_capped_count",
            "comment_negative_authors_count",
            "comment_scored_count",
            "comment_read_count",
        )
        measure = "comment_negatives"
    known = panel.values(activity[columns[2]], 0.0)
    flagged = np.zeros(panel.shape, bool)
    mine = past_dips.filter(
        pc.and_(
            pc.equal(past_dips["item_kind"], name),
            pc.and_(pc.equal(past_dips["topic"], ""), past_dips["is_share_up"]),
        )
    )
    _, series, at = panel.slots(mine)
    flagged[series, at] = True
    count_up = np.zeros(panel.shape, bool)
    up = day_scores.filter(
        pc.and_(pc.equal(day_scores["measure"], measure), day_scores["is_peak"])
    )
    _, series, at = panel.slots(up)
    count_up[series, at] = True
    partial = panel.partial | (panel.values(activity["is_partial"], 0.0) == 1.0)
    return ItemCounts(
        name=name,
        measure=measure,
        panel=panel,
        negatives=whole(columns[0]),
        scored=whole(columns[1]),
        authors=np.where(np.isnan(known), -1.0, known).astype(np.int64),
        raw_scored=whole(columns[3]),
        items=whole(columns[4]),
        usable=panel.present & ~partial,
        flagged=flagged,
        count_up=count_up,
    )
