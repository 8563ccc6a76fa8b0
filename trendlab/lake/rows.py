"""Rows of one partition to Parquet bytes, and back with the declared schema."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from trendlab.errors import LakeError, SchemaMismatch
from trendlab.lake.files import Part
from trendlab.lake.verify import VERSION_KEY, Content
from trendlab.schemas import Table

TABLE_KEY = b"trendlab.table"


def encode(table: Table, rows: pa.Table) -> pa.Buffer:
    """Return the Parquet file of rows that are sorted and fit the schema.

    Equal rows give equal bytes. snappy: zstd costs twice the time on the small
    partitions that most tables have.
    """
    metadata = {TABLE_KEY: table.name, VERSION_KEY: str(table.version)}
    sink = pa.BufferOutputStream()
    whole = rows.combine_chunks().replace_schema_metadata(metadata)
    pq.write_table(whole, sink, compression="snappy")
    return sink.getvalue()


def check_version(table: Table, content: Content, part: Part) -> None:
    """Raise if a file is of another version than the declared one.

    Raises
    ------
    LakeError
    """
    if content.version < table.version:
        raise LakeError(
            f"{part.path}: {table.name} of schema version {content.version}, this "
            f"trendlab reads version {table.version}: run `trendlab migrate`"
        )
    if content.version > table.version:
        raise LakeError(
            f"{part.path}: {table.name} of schema version {content.version}, written "
            f"by a newer trendlab than this one (version {table.version}): upgrade"
        )


def check_columns(table: Table, content: Content, part: Part) -> bool:
    """Return whether a file has all declared columns; what lacks reads as NULL.

    Raises
    ------
    SchemaMismatch
        If a column that may not be NULL is lacking, or one is unknown or of
        another type.
    """
    lacking = [name for name in table.names if name not in content.schema.names]
    wrong = [name for name in lacking if not table.column(name).nullable]
    for field in content.schema:
        is_known = field.name in table.names
        if not is_known or not _same_type(table.column(field.name).type, field.type):
            wrong.append(field.name)
    if wrong:
        raise SchemaMismatch(
            f"{part.path}: columns {wrong} are not as {table.name} declares them; a "
            "change that is more than an added column needs a new version and a "
            "migration"
        )
    return not lacking


def _same_type(declared: pa.DataType, stored: pa.DataType) -> bool:
    if pa.types.is_list(declared) and pa.types.is_list(stored):
        # Parquet renames a list's items; their type is what counts
        return bool(declared.value_type.equals(stored.value_type))
    return bool(declared.equals(stored))


def decode(
    table: Table, path: Path, content: Content, columns: Sequence[str]
) -> pa.Table:
    """Return the named columns of a verified file, typed as declared."""
    present = [name for name in columns if name in content.schema.names]
    with pq.ParquetFile(path) as file:
        stored = file.read(columns=present, use_threads=False)
    arrays = []
    for name in columns:
        declared = table.column(name).type
        if name not in present:
            arrays.append(pa.chunked_array([pa.nulls(stored.num_rows, declared)]))
        elif stored[name].type.equals(declared):
            arrays.append(stored[name])
        else:
            arrays.append(stored[name].cast(declared))
    return pa.Table.from_arrays(arrays, schema=select_schema(table, columns))


def select_schema(table: Table, columns: Sequence[str]) -> pa.Schema:
    """Return the declared schema of some columns.

    Raises
    ------
    SchemaMismatch
        If the table has no such column.
    """
    unknown = [name for name in columns if name not in table.names]
    if unknown:
        raise SchemaMismatch(f"table {table.name} has no columns {unknown}")
    declared = table.arrow
    return pa.schema([declared.field(name) for name in columns])
