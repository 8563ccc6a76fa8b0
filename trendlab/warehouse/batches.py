"""Rows on their way into the warehouse: small batches, checked while they pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from trendlab import schemas
from trendlab.errors import WarehouseError
from trendlab.warehouse.tables import stored_columns

# Postgres text cannot hold NUL; the lake refuses it at its door, this is the net.
NUL = "\0"
NUL_SHOWN = "\ufffd"
NUL_BYTE = re.compile(rb"\x00")
# ADBC encodes a batch, then sends it and waits until the socket has taken all of it.
# What fits into a socket's buffer (208 kB on Linux) is taken at once, so that client
# and server are busy at the same time; larger batches make them take turns: 1,024
# posts a batch took 1.2 of psql's time, 32 kB take 0.9.
BATCH_BYTES = 32 * 1024

Rows: TypeAlias = "pa.Table | Iterable[pa.RecordBatch]"


class Batches:
    """Rows as the warehouse takes them, checked while they pass."""

    def __init__(
        self, table: schemas.Table, rows: Rows, first_day: date, last_day: date
    ) -> None:
        self._table = table
        self._rows = rows
        self._days = (first_day, last_day)
        self.schema = pa.schema(
            [
                pa.field(column.name, column.type)
                for column in stored_columns(table)
                if not (column.nullable and _is_all_null(rows, column.name))
            ]
        )
        self.rows_count = 0
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        rows = self._rows
        given = rows.to_batches() if isinstance(rows, pa.Table) else rows
        try:
            for batch in given:
                if batch.num_rows:
                    ready = self._ready(batch)
                    rows_count = max(BATCH_BYTES * ready.num_rows // ready.nbytes, 1)
                    for start in range(0, ready.num_rows, rows_count):
                        yield ready.slice(start, rows_count)
        except Exception as error:
            # ADBC turns it into a message; the caller gets the error itself
            self.error = error
            raise

    def _ready(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        missing = [n for n in self.schema.names if n not in batch.schema.names]
        if missing:
            raise WarehouseError(
                f"{self._table.name}: rows lack the columns {', '.join(missing)}"
            )
        columns = []
        for field in self.schema:
            column = batch.column(field.name)
            if column.type != field.type:
                column = self._cast(column, field)
            columns.append(_without_nul(column))
        ready = pa.RecordBatch.from_arrays(columns, schema=self.schema)
        if self._table.partition:
            self._check_days(ready.column("day"))
        self.rows_count += ready.num_rows
        return ready

    def _cast(self, column: pa.Array, field: pa.Field) -> pa.Array:
        try:
            return column.cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise WarehouseError(
                f"{self._table.name}.{field.name} is declared {field.type}, "
                f"got {column.type}"
            ) from None

    def _check_days(self, days: pa.Array) -> None:
        first_day, last_day = self._days
        found = pc.min_max(days).as_py()
        if days.null_count or found["min"] < first_day or found["max"] > last_day:
            raise WarehouseError(
                f"{self._table.name}: load of {first_day} to {last_day} got rows of "
                f"{found['min']} to {found['max']}; a later load would not replace them"
            )


def _is_all_null(rows: Rows, name: str) -> bool:
    """Tell whether a column need not travel: what is not sent becomes NULL."""
    if not isinstance(rows, pa.Table) or name not in rows.column_names:
        return False
    return bool(0 < rows.num_rows == rows.column(name).null_count)


def _without_nul(column: pa.Array) -> pa.Array:
    """Replace NUL characters in texts and lists of texts."""
    is_list = pa.types.is_list(column.type)
    texts = column.flatten() if is_list else column
    if not pa.types.is_string(texts.type) or not _holds_nul(texts):
        return column
    if not is_list:
        return pc.replace_substring(column, NUL, NUL_SHOWN)
    shown = [
        None
        if items is None
        else [None if item is None else item.replace(NUL, NUL_SHOWN) for item in items]
        for items in column.to_pylist()
    ]
    return pa.array(shown, column.type)


def _holds_nul(texts: pa.StringArray) -> bool:
    """Search the bytes of all values at once, neighbours of a slice included."""
    characters = texts.buffers()[2]
    return characters is not None and NUL_BYTE.search(characters) is not None
