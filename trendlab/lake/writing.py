"""What is written: rows of many partitions, checked and sorted at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import SchemaMismatch
from trendlab.lake.checks import fit, refuse_faults
from trendlab.lake.merge import sort_by_key
from trendlab.lake.replacing import Replacement
from trendlab.lake.rows import encode
from trendlab.schemas import Table

# One batch: bounds the memory and the staged files.
BATCH_PARTS = 128
BATCH_ROWS = 200_000

Batch = list[tuple[date, pa.Table]]


def batches(parts: Mapping[date, pa.Table]) -> Iterator[Batch]:
    """Cut partitions into batches, by day, bounded in files and rows."""
    batch: Batch = []
    rows_count = 0
    for day, rows in sorted(parts.items()):
        is_full = rows_count + rows.num_rows > BATCH_ROWS or len(batch) >= BATCH_PARTS
        if batch and is_full:
            yield batch
            batch, rows_count = [], 0
        batch.append((day, rows))
        rows_count += rows.num_rows
    if batch:
        yield batch


def prepare(
    table: Table, batch: Batch, targets: Sequence[Path], source: str | None
) -> list[Replacement]:
    """Check and sort the rows of a batch at once; return each partition's file.

    Parameters
    ----------
    table : Table
    batch : list of (date, pyarrow.Table)
        By rising day.
    targets : sequence of Path
        Folder of each.
    source : str or None

    Raises
    ------
    SchemaMismatch
        If rows break what the schema declares, or belong to another partition.
    """
    fitted = [fit(table, rows) for _, rows in batch]
    for (day, _), rows in zip(batch, fitted, strict=True):
        _check_place(table, rows, day, source)
    first, last = batch[0][0], batch[-1][0]
    together = pa.concat_tables(fitted)
    refuse_faults(table, together, f"{first}" if first == last else f"{first}…{last}")
    # by day first: each partition is then one slice
    ordered = sort_by_key(table, together, first=["day"])
    replacements = []
    start = 0
    for folder, rows in zip(targets, fitted, strict=True):
        content = encode(table, ordered.slice(start, rows.num_rows))
        replacements.append(Replacement(folder, content))
        start += rows.num_rows
    return replacements


def prepare_flat(table: Table, folder: Path, rows: pa.Table) -> Replacement:
    """Check and sort the rows of a table that is not partitioned."""
    fitted = fit(table, rows)
    refuse_faults(table, fitted, "(whole table)")
    return Replacement(folder, encode(table, sort_by_key(table, fitted)))


def _check_place(table: Table, rows: pa.Table, day: date, source: str | None) -> None:
    """Raise if a row belongs to another partition."""
    if rows.num_rows == 0:
        return
    expected: dict[str, Any] = {"day": day}
    if "source" in table.partition:
        expected["source"] = source
    for name, value in expected.items():
        limits = pc.min_max(rows[name])
        found = {limits["min"].as_py(), limits["max"].as_py()}
        if found != {value}:
            others = sorted(str(other) for other in found - {value})
            raise SchemaMismatch(
                f"{table.name} {day}: every row must have {name} {value}, found "
                f"{', '.join(others)}"
            )
