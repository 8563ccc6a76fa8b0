"""Turns drawn arrays into columns and tables of the declared schemas."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.schemas import TABLES
from trendlab.schemas.core import STRINGS, TIMESTAMP
from trendlab.sources.world.streams import Bools, Floats, Ints

MICROSECONDS = 1_000_000
ID_DIGITS = 7


def constant(value: Any, count: int, kind: pa.DataType | None = None) -> pa.Array:
    """Return a column that holds one value."""
    return pa.repeat(pa.scalar(value, kind), count)


def taken(values: pa.Array, rows: Ints) -> pa.Array:
    """Return values by position; −1 gives NULL."""
    positions = np.asarray(rows, dtype=np.int64)
    is_none = positions < 0
    if is_none.any():
        return values.take(pa.array(positions, mask=is_none))
    return values.take(pa.array(positions))


def masked(values: Ints | Floats, is_null: Bools) -> pa.Array:
    """Return numbers with NULL where the mask says so."""
    return pa.array(values, mask=is_null)


def as_table(name: str, columns: Mapping[str, Any]) -> pa.Table:
    """Return a table with exactly the declared columns, in order.

    Columns that may be NULL and are not given are NULL.

    Raises
    ------
    KeyError
        If another declared column was not given.
    """
    size = len(next(iter(columns.values())))
    arrays = []
    for column in TABLES[name].columns:
        if column.nullable and column.name not in columns:
            arrays.append(pa.nulls(size, column.type))
            continue
        values = columns[column.name]
        if isinstance(values, np.ndarray):
            values = pa.array(values, column.type)
        arrays.append(values)
    return pa.Table.from_arrays(arrays, schema=TABLES[name].arrow)


def midnight_us(day: date) -> int:
    """Return the microseconds since 1970 at which a UTC day begins."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return int(start.timestamp()) * MICROSECONDS


def moments(microseconds: Ints) -> pa.Array:
    """Return UTC timestamps from microseconds since 1970."""
    return pa.array(microseconds, pa.int64()).cast(TIMESTAMP)


def item_ids(day: date, count: int, mark: str = "") -> pa.Array:
    """Return ids of a day's items, which sort as their positions do."""
    digits = pc.utf8_lpad(
        pa.array(np.arange(count)).cast(pa.string()), ID_DIGITS, padding="0"
    )
    return pc.binary_join_element_wise(f"{day:%Y%m%d}{mark}", digits, "-")


def string_lists(values: pa.Array, codes: Ints) -> pa.Array:
    """Return lists of the strings that each row of codes names; −1 is left out.

    Parameters
    ----------
    values : pyarrow.StringArray
    codes : (n, slots) int64
    """
    is_used = codes >= 0
    offsets = np.concatenate([[0], np.cumsum(is_used.sum(axis=1))])
    flat = values.take(pa.array(codes[is_used]))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat).cast(STRINGS)


def nulls_of(name: str, count: int) -> dict[str, pa.Array]:
    """Return NULL for every column of a table that may be."""
    return {
        column.name: pa.nulls(count, column.type)
        for column in TABLES[name].columns
        if column.nullable
    }
