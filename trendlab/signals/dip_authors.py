"""Counts the authors of a dip's negatives, each once, over all days that it pools.

The daily counts say how many there are at the least (the largest day) and at the most
(the sum): one person who complains on three days is one author, and not three. What
lies between is asked for, and only of series that pass all else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trendlab.signals.dip_counts import ItemCounts
from trendlab.signals.panels import EPOCH
from trendlab.signals.shares import ShareBaseline

Ints = npt.NDArray[np.int64]

CELLS = pa.schema(
    [
        pa.field("tracker", pa.string(), nullable=False),
        pa.field("city", pa.string(), nullable=False),
        pa.field("pooled_from", pa.date32(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
    ]
)
"""Series of one day whose authors are asked for, one row each, with their days."""

CountAuthors: TypeAlias = Callable[[str, pa.Table], pa.Table]
"""(item_kind, rows of `CELLS`) → tracker, city, authors_count, a row for each of them:
the known authors of the negatives of those days, each once."""


def pooled_authors(
    kind: ItemCounts,
    t: int,
    base: ShareBaseline,
    candidates: npt.NDArray[np.int64],
    count_authors: CountAuthors | None,
) -> Ints:
    """Count the authors of the negatives of each series, over its pooled days.

    Parameters
    ----------
    kind : ItemCounts
        Posts, or comments.
    t : int
        Place of the day in the arrays of `kind`.
    base : ShareBaseline
        Of the day.
    candidates : (n,) int64
        Series that may have a dip on the day; the others keep the sum of their days.
    count_authors : callable or None
        Asked for candidates with known negative authors on more than one pooled day.
        Without it no author is taken to have written on two days.

    Returns
    -------
    (series,) int64
        −1 where unknown.
    """
    authors = base.authors.copy()
    if count_authors is None:
        return authors
    asked: dict[tuple[str, str], int] = {}
    rows = []
    panel = kind.panel
    day = EPOCH + timedelta(panel.first + t)
    for s in candidates.tolist():
        days = int(base.pooled_days[s])
        # as pooled: a day without a scored item has no say
        own = kind.authors[s, t - days + 1 : t + 1]
        if authors[s] <= own.max():
            continue
        tracker, city = panel.trackers[s], panel.cities[s]
        asked[tracker, city] = s
        rows.append(
            {
                "tracker": tracker,
                "city": city,
                "pooled_from": day - timedelta(days - 1),
                "day": day,
            }
        )
    if rows:
        cells = pa.Table.from_pylist(rows, schema=CELLS)
        for row in count_authors(kind.name, cells).to_pylist():
            authors[asked[row["tracker"], row["city"]]] = row["authors_count"]
    return authors
