"""From long rows of counted looks to arrays: series × weeks, missing weeks missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from trendlab.errors import SignalError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

COUNTS = ("day", "looks_count", "looks_with_count")
# Two months: below it not even a level can be told from noise.
MIN_WEEKS = 8
ONE_WEEK = timedelta(days=7)
# Where the grid of a panel without series begins; any Monday would do.
A_MONDAY = date(2001, 1, 1)


@dataclass(frozen=True)
class Panel:
    """Counts of looks of all series, on one grid of weeks.

    Parameters
    ----------
    keys : tuple of tuple of str
        What names each series, sorted.
    pools : (series,) int64
        Series with one number are the same thing in different cities: they share
        what one of them alone tells too little of.
    first_week : date
        First day of the first week.
    looks : (series, weeks) float64
        Looks seen; 0 where the week is missing.
    hits : (series, weeks) float64
        Of these, looks with the value; 0 where the week is missing.
    left_out_count : int
        Series with fewer than `MIN_WEEKS` weeks.
    """

    keys: tuple[tuple[str, ...], ...]
    pools: npt.NDArray[np.int64]
    first_week: date
    looks: Floats
    hits: Floats
    left_out_count: int

    @property
    def weeks_count(self) -> int:
        """Weeks of the grid, the missing ones included."""
        return int(self.looks.shape[1])

    @property
    def seen(self) -> Bools:
        """Weeks with looks, (series, weeks)."""
        return np.asarray(self.looks > 0)

    @property
    def share(self) -> Floats:
        """Hits / looks, (series, weeks); 0 where the week is missing."""
        return np.asarray(self.hits / np.maximum(self.looks, 1.0))

    @property
    def spans(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Position of the first and the last week seen of each series."""
        seen = self.seen
        return seen.argmax(axis=1), self.weeks_count - 1 - seen[:, ::-1].argmax(axis=1)

    def week_at(self, place: int) -> date:
        """Give the first day of the week at a position of the grid."""
        return self.first_week + int(place) * ONE_WEEK


def build_panel(rows: pa.Table, keys: Sequence[str]) -> Panel:
    """Spread long rows over series × weeks.

    Parameters
    ----------
    rows : pyarrow.Table
        Columns day (first day of a week), looks_count, looks_with_count, and those
        of `keys`; one row per series and week. Weeks without looks are missing.
    keys : sequence of str
        Columns that name a series.

    Raises
    ------
    SignalError
        If the weeks do not start on one weekday.
    """
    counted = (
        pl.DataFrame(rows.select([*keys, *COUNTS]))
        .filter(pl.col("looks_count") > 0)
        .sort([*keys, "day"])
    )
    long_enough = pl.len().over(list(keys)) >= MIN_WEEKS
    kept = counted.filter(long_enough)
    names = kept.select(keys).unique(maintain_order=True)
    short = counted.select(keys).unique().height - names.height
    if kept.is_empty():
        none = np.zeros((0, 0))
        return Panel((), np.zeros(0, np.int64), A_MONDAY, none, none, short)
    placed = kept.join(names.with_row_index("series"), on=list(keys))
    first: Any = placed["day"].min()
    offsets = (placed["day"] - first).dt.total_days().to_numpy()
    if (offsets % 7).any():
        odd = placed["day"].to_list()[int(np.flatnonzero(offsets % 7)[0])]
        raise SignalError(
            f"weeks must start on one weekday: {odd} is not a whole number of weeks "
            f"after {first}"
        )
    shape = (names.height, int(offsets.max() // 7) + 1)
    looks, hits = np.zeros(shape), np.zeros(shape)
    where = (placed["series"].to_numpy(), offsets // 7)
    looks[where] = placed["looks_count"].to_numpy()
    hits[where] = placed["looks_with_count"].to_numpy()
    things = list(zip(*(names[name] for name in keys if name != "city"), strict=True))
    numbers = {thing: number for number, thing in enumerate(dict.fromkeys(things))}
    pools = np.array([numbers[thing] for thing in things], np.int64)
    return Panel(tuple(names.rows()), pools, first, looks, hits, short)
