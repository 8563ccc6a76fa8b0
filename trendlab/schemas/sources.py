"""What the name of a source says: its network, and the tracker it was collected for.

`trendlab ingest PATH --tracker chanel` stores posts under a source such as
`tweets__chanel`. Ids are the network's, so what stands in the files of two trackers is
one post, and who wrote in both is one author. Queries of `sql/` ask for the network
with ``split_part(source, '__', 1)``.
"""

from __future__ import annotations

import polars as pl

BINDING = "__"
"""Stands in a source's name before the tracker that it was collected for."""


def network_of(source: str) -> str:
    """Return a source's name without the tracker that it was collected for."""
    return source.partition(BINDING)[0]


def bound_tracker(source: str) -> str | None:
    """Return the slug of the tracker that a source was collected for, if any."""
    _, mark, slug = source.partition(BINDING)
    return slug if mark else None


def networks(column: str = "source") -> pl.Expr:
    """Return the network of each source in a column, under the column's name."""
    return pl.col(column).str.splitn(BINDING, 2).struct[0].alias(column)
