"""Keeps rows on disk, day by day, between the reading of a file and the lake.

A file lists its days in any order, and a partition must be replaced once, not once
a page. So pages go to Arrow files under the lake's `.tmp`, one batch a day, and are
read back one day at a time: memory does not grow with the file.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.lake import Lake, Upserted
from trendlab.lake.merge import merge
from trendlab.schemas import TABLES
from trendlab.steps.media_rows import keep_tried

# Partitions that are merged and written together: their syncs overlap.
BATCH_DAYS = 96
BATCH_ROWS = 40_000
# Rows sorted by day together: some tens of megabytes of posts.
RUN_ROWS = 50_000


_numbers = itertools.count()


@contextmanager
def spool_folder(root: Path) -> Iterator[Path]:
    """Make a folder in the lake's `.tmp` and remove it at the end.

    It carries the process's number: what a killed process leaves there, the lake's
    next writer sweeps away.
    """
    folder = root / ".tmp" / f"ingest-{os.getpid()}-{next(_numbers)}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Spool:
    """Rows of several tables on disk, found again by table and day.

    Parameters
    ----------
    folder : Path
        Empty; whoever made it removes it.

    Notes
    -----
    First everything is added, then everything is read. One file a table; rows are
    sorted by day in runs of `RUN_ROWS`, one batch a day and run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[str, list[pa.Table]] = {}
        self._writers: dict[str, pa.RecordBatchFileWriter] = {}
        self._readers: dict[str, pa.RecordBatchFileReader] = {}
        self._batch_counts: dict[str, int] = {}
        self._batches: dict[str, dict[date, list[int]]] = {}
        self._row_counts: dict[tuple[str, date], int] = {}

    def add(self, table: str, rows: pa.Table) -> None:
        """Keep rows; they carry their day."""
        if not rows.num_rows:
            return
        waiting = self._waiting.setdefault(table, [])
        waiting.append(rows)
        if sum(part.num_rows for part in waiting) >= RUN_ROWS:
            self._write_run(table)

    def _write_run(self, table: str) -> None:
        rows = pa.concat_tables(self._waiting.pop(table))
        ordered = rows.take(pc.sort_indices(rows["day"])).combine_chunks()
        if table not in self._writers:
            path = str(self._folder / f"{table}.arrow")
            self._writers[table] = pa.ipc.new_file(path, ordered.schema)
        runs = pc.run_end_encode(ordered["day"].chunk(0))
        start = 0
        for end, day in zip(
            runs.run_ends.to_pylist(), runs.values.to_pylist(), strict=True
        ):
            # a slice of one chunk is one batch
            self._writers[table].write_table(ordered.slice(start, end - start))
            number = self._batch_counts.get(table, 0)
            self._batch_counts[table] = number + 1
            self._batches.setdefault(table, {}).setdefault(day, []).append(number)
            key = (table, day)
            self._row_counts[key] = self._row_counts.get(key, 0) + end - start
            start = end

    def seal(self) -> None:
        """Write out what waits; nothing can be added after."""
        for table in list(self._waiting):
            self._write_run(table)
        for writer in self._writers.values():
            writer.close()

    def days(self, table: str) -> list[date]:
        """Return the days that rows of a table are kept for, rising."""
        return sorted(self._batches.get(table, {}))

    def count(self, table: str, day: date) -> int:
        """Return how many rows are kept."""
        return self._row_counts.get((table, day), 0)

    def read(self, table: str, day: date) -> pa.Table:
        """Return the rows of a day in the order in which they came."""
        if table not in self._readers:
            mapped = pa.memory_map(str(self._folder / f"{table}.arrow"))
            self._readers[table] = pa.ipc.open_file(mapped)
        reader = self._readers[table]
        batches = [reader.get_batch(number) for number in self._batches[table][day]]
        return pa.Table.from_batches(batches, schema=TABLES[table].arrow)


def upsert_days(lake: Lake, table: str, spool: Spool, source: str) -> Upserted:
    """Merge all kept rows of a table into the lake.

    Returns
    -------
    Upserted
        Summed over days. A day that would not change is not written.
    """
    sums = [0, 0, 0]
    for days in _batches(spool, table):
        parts = {}
        for day in days:
            merged, done = _merged(lake, table, spool, source, day)
            _sum_up(sums, done)
            if done.added or done.updated:
                parts[day] = merged
        if parts:
            lake.write_many(table, parts, source=source)
    return Upserted(*sums)


def compare_days(lake: Lake, table: str, spool: Spool, source: str) -> Upserted:
    """Say what `upsert_days` would do, and write nothing."""
    sums = [0, 0, 0]
    for day in spool.days(table):
        _sum_up(sums, _merged(lake, table, spool, source, day)[1])
    return Upserted(*sums)


def _merged(
    lake: Lake, table: str, spool: Spool, source: str, day: date
) -> tuple[pa.Table, Upserted]:
    old, new = lake.read(table, day, source=source), spool.read(table, day)
    return merge(TABLES[table], old, keep_tried(old, new) if table == "media" else new)


def _sum_up(sums: list[int], done: Upserted) -> None:
    sums[0] += done.added
    sums[1] += done.updated
    sums[2] += done.unchanged


def _batches(spool: Spool, table: str) -> Iterator[Sequence[date]]:
    batch: list[date] = []
    rows = 0
    for day in spool.days(table):
        batch.append(day)
        rows += spool.count(table, day)
        if len(batch) >= BATCH_DAYS or rows >= BATCH_ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch
