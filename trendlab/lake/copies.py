"""Tables outside the lake, in the lake's format: what a case holds."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from trendlab.errors import SchemaMismatch
from trendlab.lake.checks import fit
from trendlab.lake.merge import sort_by_key
from trendlab.lake.rows import encode
from trendlab.schemas import Table


def write_copy(path: Path, table: Table, rows: pa.Table) -> None:
    """Write rows of several days as one file; durable on return.

    Raises
    ------
    SchemaMismatch
        If rows do not have the declared columns, or repeat a key.
    """
    first = ["day"] if table.partition else []
    content = encode(table, sort_by_key(table, fit(table, rows), first))
    with path.open("wb") as file:
        file.write(content)
        os.fsync(file.fileno())


def read_copy(path: Path, table: Table) -> pa.Table:
    """Read such a file; columns that were declared since read as NULL.

    Raises
    ------
    SchemaMismatch
        If it lacks a column that cannot be NULL, or has another one.
    """
    try:
        with pq.ParquetFile(path) as file:
            rows = file.read().replace_schema_metadata(None)
    except pa.ArrowInvalid as error:
        raise SchemaMismatch(f"{path} cannot be read as Parquet: {error}") from error
    for column in table.columns:
        if column.nullable and column.name not in rows.column_names:
            rows = rows.append_column(column.name, pa.nulls(rows.num_rows, column.type))
    return fit(table, rows)
