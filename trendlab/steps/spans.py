"""Runs of days that are computed together, and their rows by day again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa

ONE_DAY = timedelta(days=1)
# the longest baseline of a daily rule, and the reach of its masks
BASELINE = timedelta(days=84)


def split_by_day(rows: pa.Table) -> dict[date, pa.Table]:
    """Split rows by their `day`, in their order; days without rows are left out."""
    days = rows["day"].cast(pa.int32()).to_numpy()
    if (days[1:] < days[:-1]).any():
        order = np.argsort(days, kind="stable")
        rows, days = rows.take(pa.array(order)), days[order]
    firsts = np.unique(days, return_index=True)[1].tolist()
    return {
        rows["day"][first].as_py(): rows.slice(first, end - first)
        for first, end in pairwise([*firsts, len(days)])
    }


def spans_of(days: Sequence[date], apart: timedelta = ONE_DAY) -> Iterator[list[date]]:
    """Split rising days into runs without gaps."""
    span: list[date] = []
    for day in days:
        if span and day - span[-1] > apart:
            yield span
            span = []
        span.append(day)
    if span:
        yield span
