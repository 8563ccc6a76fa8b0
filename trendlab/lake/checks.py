"""Door checks: what a row must hold to be let in, and what a table must to be kept.

The rules are those that `trendlab.schemas` declares. They are run here by Arrow's
kernels over whole columns, not by pandera: what a door needs is every refused row with
its reason, which pandera gives only as a table of failed cases per check, and Arrow
tables, which pandera has no engine for. `bench/lake.py` compares the speeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import SchemaMismatch
from trendlab.lake.files import FIRST_YEAR, LAST_YEAR
from trendlab.schemas import Column, Table

# Enough of a refused value to recognise it; the payload is kept in `quarantine`.
SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Rejected:
    """A row that was refused.

    Parameters
    ----------
    row_index : int
        Position in the rows given, from 0.
    reason : str
        Short, fit for grouping, for example ``likes_count below 0``.
    detail : str
        Every field that was refused, with its value.
    """

    row_index: int
    reason: str
    detail: str


@dataclass(frozen=True)
class Fault:
    """Rows of one column that break one rule."""

    column: str
    reason: str
    is_bad: pa.ChunkedArray


def check_rows(table: Table, rows: pa.Table) -> tuple[pa.Table, list[Rejected]]:
    """Split rows into those that may enter the lake and those that may not.

    Parameters
    ----------
    table : Table
    rows : pyarrow.Table
        With the declared columns and types; values are what is checked.

    Returns
    -------
    accepted : pyarrow.Table
        In the order given.
    rejected : list of Rejected
        One for each refused row, rising; accepted + rejected = rows given.

    Raises
    ------
    SchemaMismatch
        If columns or types are not the declared ones.

    Notes
    -----
    Refused are: NULL where it is not allowed, numbers outside their range or not
    finite, texts outside the allowed values, the character NUL (Postgres cannot
    hold it), and dates outside 1990 to 2100.
    """
    rows = fit(table, rows)
    faults = list(_faults(table, rows, is_source_door=True))
    if not faults:
        return rows, []
    refused: dict[int, list[Fault]] = {}
    for fault in faults:
        for index in _indices(fault.is_bad):
            refused.setdefault(index, []).append(fault)
    rejected = []
    for index in sorted(refused):
        mine = refused[index]
        columns = dict.fromkeys(fault.column for fault in mine)
        shown = [f"{name}={_shown(rows[name][index])}" for name in columns]
        rejected.append(Rejected(index, mine[0].reason, "; ".join(shown)))
    keep = pa.array([index not in refused for index in range(rows.num_rows)])
    return rows.filter(keep), rejected


def refuse_faults(table: Table, rows: pa.Table, where: str) -> None:
    """Raise if rows break what their schema declares.

    Raises
    ------
    SchemaMismatch
        Names the table, the place, the rule, the value, and the row's key.
    """
    for fault in _faults(table, rows, is_source_door=False):
        bad = _indices(fault.is_bad)
        first = rows.slice(bad[0], 1)
        key = ", ".join(f"{name} {_shown(first[name][0])}" for name in table.key)
        raise SchemaMismatch(
            f"{table.name} {where}: {fault.reason} in {len(bad)} rows, got "
            f"{_shown(first[fault.column][0])} (first: {key})"
        )


def fit(table: Table, rows: pa.Table) -> pa.Table:
    """Return rows with exactly the declared columns, order and types.

    Raises
    ------
    SchemaMismatch
        If a column is missing or unknown, or a value does not fit its type.
    """
    if rows.schema.equals(table.arrow, check_metadata=False):
        return rows.replace_schema_metadata(None)
    missing = [name for name in table.names if name not in rows.column_names]
    unknown = [name for name in rows.column_names if name not in table.names]
    if missing or unknown or len(rows.column_names) != len(table.names):
        raise SchemaMismatch(
            f"{table.name}: expected exactly its declared columns; "
            f"missing {missing}, unknown {unknown}"
        )
    columns = []
    for column in table.columns:
        try:
            columns.append(rows[column.name].cast(column.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise SchemaMismatch(
                f"{table.name}: {column.name} must be {column.type}, got "
                f"{rows[column.name].type}: {error}"
            ) from error
    return pa.Table.from_arrays(columns, schema=table.arrow)


def _faults(table: Table, rows: pa.Table, *, is_source_door: bool) -> Iterator[Fault]:
    for column in table.columns:
        values = rows[column.name]
        if not column.nullable and values.null_count:
            yield Fault(column.name, f"{column.name} is NULL", pc.is_null(values))
        if pa.types.is_floating(column.type):
            yield from _not_finite(column, values, everywhere=is_source_door)
        yield from _out_of_range(column, values)
        if column.allowed:
            yield from _not_allowed(column, values)
        if is_source_door:
            yield from _hostile(column, values)


def _out_of_range(column: Column, values: pa.ChunkedArray) -> Iterator[Fault]:
    if column.minimum is None and column.maximum is None:
        return
    limits = pc.min_max(values)
    low, high = limits["min"].as_py(), limits["max"].as_py()
    if low is None:
        return
    if column.minimum is not None and low < column.minimum:
        reason = f"{column.name} below {column.minimum:g}"
        yield Fault(column.name, reason, pc.less(values, column.minimum))
    if column.maximum is not None and high > column.maximum:
        reason = f"{column.name} above {column.maximum:g}"
        yield Fault(column.name, reason, pc.greater(values, column.maximum))


def _not_finite(
    column: Column, values: pa.ChunkedArray, *, everywhere: bool
) -> Iterator[Fault]:
    """Find NaN and infinity: at a source's door, and wherever a range is declared."""
    if not everywhere and column.minimum is None and column.maximum is None:
        return
    is_finite = pc.is_finite(values)
    if not _all(is_finite):
        yield Fault(
            column.name, f"{column.name} is not a finite number", pc.invert(is_finite)
        )


def _not_allowed(column: Column, values: pa.ChunkedArray) -> Iterator[Fault]:
    is_allowed = pc.is_in(values, value_set=pa.array(column.allowed, column.type))
    if values.null_count:
        is_allowed = pc.or_(is_allowed, pc.is_null(values))
    if not _all(is_allowed):
        yield Fault(
            column.name, f"{column.name} is not an allowed value", pc.invert(is_allowed)
        )


def _hostile(column: Column, values: pa.ChunkedArray) -> Iterator[Fault]:
    """Find what no source should send: NUL characters, years far off, NULL in lists."""
    if pa.types.is_string(column.type):
        if _may_hold_nul(values):
            has_nul = pc.match_substring(values, "\0")
            if _any(has_nul):
                reason = f"{column.name} holds a NUL character"
                yield Fault(column.name, reason, has_nul)
    elif pa.types.is_list(column.type):
        yield from _hostile_items(column, values)
    elif pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        yield from _far_off(column, values)


def _hostile_items(column: Column, values: pa.ChunkedArray) -> Iterator[Fault]:
    items = pc.list_flatten(values)
    owners = pc.list_parent_indices(values)
    rules = [("holds NULL", pc.is_null(items))] if items.null_count else []
    if pa.types.is_string(items.type) and _may_hold_nul(items):
        rules.append(("holds a NUL character", pc.match_substring(items, "\0")))
    for rule, is_bad in rules:
        if _any(is_bad):
            bad = set(owners.filter(pc.fill_null(is_bad, False)).to_pylist())
            mask = pa.array([row in bad for row in range(len(values))])
            yield Fault(column.name, f"{column.name} {rule}", pa.chunked_array([mask]))


def _far_off(column: Column, values: pa.ChunkedArray) -> Iterator[Fault]:
    first: Any = date(FIRST_YEAR, 1, 1)
    end: Any = date(LAST_YEAR + 1, 1, 1)
    if pa.types.is_timestamp(column.type):
        first = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
        end = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    lowest = pa.scalar(first, column.type)
    beyond = pa.scalar(end, column.type)
    is_bad = pc.or_(pc.less(values, lowest), pc.greater_equal(values, beyond))
    if _any(is_bad):
        reason = f"{column.name} outside {FIRST_YEAR} to {LAST_YEAR}"
        yield Fault(column.name, reason, is_bad)


def _may_hold_nul(values: pa.ChunkedArray) -> bool:
    """Look at the bytes of all texts at once: a hundred times faster than at each.

    A chunk that is part of a larger one may show a NUL of its neighbours.
    """
    contents = (chunk.buffers()[2] for chunk in values.chunks)
    return any(
        content is not None
        and content.size > 0
        and bool(np.frombuffer(content, np.uint8).min() == 0)
        for content in contents
    )


def _any(mask: pa.ChunkedArray) -> bool:
    return bool(pc.any(mask, min_count=0).as_py())


def _all(mask: pa.ChunkedArray) -> bool:
    return bool(pc.all(mask, min_count=0).as_py())


def _indices(mask: pa.ChunkedArray) -> list[int]:
    indices: list[int] = pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist()
    return indices


def _shown(value: pa.Scalar) -> str:
    """Show a value shortly; moments past year 9999 have no Python form."""
    try:
        text = repr(value.as_py())
    except (ValueError, OverflowError):
        text = f"{value.type} {value.value}"
    if len(text) > SHOWN_CHARACTERS:
        text = text[:SHOWN_CHARACTERS] + "…"
    return text
