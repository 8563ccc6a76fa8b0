"""Rows to rectangles and back: activity as (series × days) arrays.

A day that was covered and has no row had zero posts; a day that was not covered is
missing. Only `covered_days` can tell the two apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import SignalError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

EPOCH = date(1970, 1, 1)
# Joins tracker and city to one key; no name holds it.
KEY_MARK = "\x1f"

# Covers every tracker that the table of covered days does not name.
EVERY_TRACKER = "*"

# One row per tracker and day that was ingested, in full or in part.
COVERED_DAYS = pa.schema(
    [
        pa.field("tracker", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("is_partial", pa.bool_(), nullable=False),
        pa.field("tracker_version", pa.string(), nullable=False),
    ]
)


def day_number(day: date) -> int:
    """Count the days since 1970-01-01."""
    return (day - EPOCH).days


def day_numbers(column: pa.ChunkedArray) -> Ints:
    """Turn a date column into days since 1970-01-01."""
    return np.asarray(column.cast(pa.int32()).to_numpy(), np.int64)


def floats(column: pa.ChunkedArray) -> Floats:
    """Turn a number column into float64, NULL into NaN."""
    return np.asarray(
        column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64
    )


def strings(values: Sequence[str], codes: Ints) -> pa.Array:
    """Build a text column from a dictionary and codes."""
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32()), pa.array(list(values), pa.string())
    ).cast(pa.string())


def hash_id(*parts: object) -> str:
    """Hash the parts of a key to 16 hexadecimal digits, the same on every run."""
    joined = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def need_run_ids(run_ids: Mapping[date, str], first_day: date, last_day: date) -> None:
    """Check that every produced day has a run_id.

    Raises
    ------
    SignalError
        The range is empty or a day has none.
    """
    if last_day < first_day:
        raise SignalError(
            f"expected first_day ≤ last_day, got {first_day} > {last_day}"
        )
    for offset in range((last_day - first_day).days + 1):
        day = first_day + timedelta(offset)
        if day not in run_ids:
            raise SignalError(f"run_ids has no run_id for {day}; give one a day")


@dataclass(frozen=True)
class Panel:
    """Series as rows, days as columns.

    Parameters
    ----------
    first : int
        Day number of column 0.
    trackers, cities : list of str
        One per series, sorted by tracker and city.
    present : (series, days) bool
        The activity table has a row.
    covered, partial : (series, days) bool
        The tracker's day was ingested; ingested only in part.
    segments : (series, days) int64
        Number of the tracker's version that the day was collected with.
    rows : (rows,) int64
        Rows of the activity table inside the panel.
    at : (rows,) int64, (rows,) int64
        Series and day of those rows.
    """

    first: int
    days: int
    trackers: list[str]
    cities: list[str]
    present: Bools
    covered: Bools
    partial: Bools
    segments: Ints
    rows: Ints
    at: tuple[Ints, Ints]

    @property
    def shape(self) -> tuple[int, int]:
        """Series and days."""
        return (len(self.trackers), self.days)

    def values(self, column: pa.ChunkedArray, missing: float) -> Floats:
        """Spread a column of the activity table; `missing` where there is no row."""
        spread = np.full(self.shape, missing)
        spread[self.at] = floats(column)[self.rows]
        return spread

    def counts(self, column: pa.ChunkedArray) -> Floats:
        """Spread a count: zero on covered days without a row, NaN on missing days."""
        spread = self.values(column, 0.0)
        spread[~self.covered] = np.nan
        return spread

    def active(self, window: int) -> Bools:
        """Mark the days of which the series has a row in the `window` days up to it."""
        seen = np.cumsum(self.present, axis=1)
        before = np.zeros_like(seen)
        before[:, window + 1 :] = seen[:, : -(window + 1)]
        return np.asarray(seen > before)

    def series_of(self, trackers: pa.ChunkedArray, cities: pa.ChunkedArray) -> Ints:
        """Find the series of (tracker, city) rows of another table, −1 for none."""
        own = [
            f"{tracker}{KEY_MARK}{city}"
            for tracker, city in zip(self.trackers, self.cities, strict=True)
        ]
        keys = pc.binary_join_element_wise(trackers, cities, KEY_MARK)
        places = pc.index_in(keys, value_set=pa.array(own, pa.string()))
        filled = pc.fill_null(places, -1).to_numpy()
        return np.asarray(filled, np.int64)

    def slots(self, table: pa.Table) -> tuple[Ints, Ints, Ints]:
        """Place rows with tracker, city and day: row numbers, series and columns."""
        series = self.series_of(table["tracker"], table["city"])
        columns = day_numbers(table["day"]) - self.first
        inside = (series >= 0) & (columns >= 0) & (columns < self.days)
        rows = np.flatnonzero(inside)
        return rows, series[rows], columns[rows]


def build_panel(
    activity: pa.Table, covered_days: pa.Table, first_day: date, last_day: date
) -> Panel:
    """Lay the activity between two days out as series × days.

    Parameters
    ----------
    activity : pyarrow.Table[activity]
    covered_days : pyarrow.Table
        Columns of `COVERED_DAYS`; one row per tracker and ingested day.
    first_day, last_day : datetime.date
        First and last column, inclusive.
    """
    first = day_number(first_day)
    days = day_number(last_day) - first + 1
    numbers = day_numbers(activity["day"])
    rows = np.flatnonzero((numbers >= first) & (numbers < first + days))
    taken = activity.select(["tracker", "city"]).take(pa.array(rows))
    keys = pc.binary_join_element_wise(taken["tracker"], taken["city"], KEY_MARK)
    coded = keys.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    names = [tuple(name.split(KEY_MARK, 1)) for name in coded.dictionary.to_pylist()]
    order = sorted(range(len(names)), key=lambda i: names[i])
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    trackers = [names[i][0] for i in order]
    cities = [names[i][1] for i in order]
    series = rank[np.asarray(coded.indices.to_numpy(), np.int64)]
    columns = numbers[rows] - first
    shape = (len(names), days)
    present = np.zeros(shape, bool)
    present[series, columns] = True
    covered, partial, segments = _coverage(covered_days, trackers, first, days)
    return Panel(
        first=first,
        days=days,
        trackers=trackers,
        cities=cities,
        present=present,
        covered=covered,
        partial=partial,
        segments=segments,
        rows=rows,
        at=(series, columns),
    )


def _coverage(
    covered_days: pa.Table, trackers: list[str], first: int, days: int
) -> tuple[Bools, Bools, Ints]:
    """Spread coverage over the series of each tracker."""
    named = set(pc.unique(covered_days["tracker"]).to_pylist())
    asked = [name if name in named else EVERY_TRACKER for name in trackers]
    names = sorted(set(asked))
    place = {name: i for i, name in enumerate(names)}
    covered = np.zeros((len(names), days), bool)
    partial = np.zeros((len(names), days), bool)
    segments = np.full((len(names), days), -1, np.int64)
    versions: dict[str, int] = {}
    columns = day_numbers(covered_days["day"]) - first
    rows = zip(
        covered_days["tracker"].to_pylist(),
        columns.tolist(),
        covered_days["is_partial"].to_pylist(),
        covered_days["tracker_version"].to_pylist(),
        strict=True,
    )
    for tracker, column, is_partial, version in rows:
        line = place.get(tracker)
        if line is None or not 0 <= column < days:
            continue
        covered[line, column] = True
        partial[line, column] = is_partial
        segments[line, column] = versions.setdefault(version, len(versions))
    spread = np.array([place[name] for name in asked], np.int64)
    return covered[spread], partial[spread], segments[spread]
