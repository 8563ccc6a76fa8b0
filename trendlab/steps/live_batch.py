"""A batch of pages on its way into the lake: sealed once, then applied, whole.

    pages ─▶ rows, counts, next state ─▶ seal (one rename) ─▶ apply ─▶ remove
                                             ▲                  │
              a kill before: fetched again   └── a kill after: applied again

What was sealed is durable and complete: rows, refused records, the book row, and the
state from which the source goes on. Applying it twice gives what applying it once
gives, for rows are merged by key and counts were settled before. So a kill at any
moment neither loses nor doubles anything, and no second reading appears.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.lake import Lake
from trendlab.lake.merge import merge
from trendlab.schemas import TABLES
from trendlab.sources.base import Spend
from trendlab.sources.spans import read_moment, write_moment
from trendlab.steps.ingest_journal import FOLDER
from trendlab.steps.ingest_set import WRITE_ORDER
from trendlab.steps.live_states import SourceStates
from trendlab.steps.media_rows import keep_tried

_PREFIX = "live-"
_NOTES = "batch.json"


@dataclass(frozen=True)
class Sealed:
    """A whole batch.

    Parameters
    ----------
    source, slice_key : str
    tables : mapping of str to pyarrow.Table
        Rows to merge, `quarantine` among them.
    book : mapping
        Row of `ingests`.
    state : mapping or None
        Of the term afterwards; None leaves it as it is.
    requests : int
        All that were ever sent for the term.
    spends : tuple of Spend
        All of the source's.
    moment : datetime
        When it was sealed, UTC.
    """

    source: str
    slice_key: str
    tables: Mapping[str, pa.Table]
    book: Mapping[str, Any]
    state: Mapping[str, Any] | None
    requests: int
    spends: tuple[Spend, ...]
    moment: datetime


def seal(lake: Lake, batch: Sealed) -> Path:
    """Make a batch durable; it counts as received from the rename on.

    Returns
    -------
    Path
        Its folder.
    """
    pending = lake.root / FOLDER
    pending.mkdir(parents=True, exist_ok=True)
    folder = pending / f"{_PREFIX}{batch.book['ingest_id']}"
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name, rows in batch.tables.items():
        with (partial / f"{name}.arrow").open("wb") as file:
            with pa.ipc.new_file(file, rows.schema) as writer:
                writer.write_table(rows)
            file.flush()
            os.fsync(file.fileno())
    with (partial / _NOTES).open("w") as notes:
        json.dump(_written(batch), notes, ensure_ascii=False)
        notes.flush()
        os.fsync(notes.fileno())
    _sync(partial)
    partial.rename(folder)
    _sync(pending)
    return folder


def apply(lake: Lake, states: SourceStates, batch: Sealed, folder: Path) -> None:
    """Merge a sealed batch into the lake and forget it."""
    for table in (*WRITE_ORDER, "quarantine"):
        if table in batch.tables:
            upsert_rows(lake, table, batch.tables[table], batch.source)
    book = TABLES["ingests"].from_rows([dict(batch.book)])
    lake.upsert("ingests", batch.book["day"], book, source=batch.source)
    if batch.state is not None:
        states.store(
            batch.source,
            batch.slice_key,
            batch.state,
            requests=batch.requests,
            spends=batch.spends,
            moment=batch.moment,
        )
    # the notes go first: without them a folder is no batch any more
    (folder / _NOTES).unlink()
    shutil.rmtree(folder)


def apply_pending(lake: Lake, states: SourceStates) -> int:
    """Apply what a killed run had sealed; call with the lake's lock held.

    Returns
    -------
    int
        Batches that were applied.
    """
    pending = lake.root / FOLDER
    if not pending.exists():
        return 0
    done = 0
    for folder in sorted(pending.glob(f"{_PREFIX}*")):
        if folder.suffix == ".partial" or not (folder / _NOTES).exists():
            # not sealed, so it is fetched again; or applied, and half removed
            shutil.rmtree(folder)
            continue
        apply(lake, states, _read(folder), folder)
        done += 1
    return done


def count_new(lake: Lake, table: str, rows: pa.Table, source: str) -> tuple[int, int]:
    """Return how many rows `upsert_rows` would add and replace."""
    added = updated = 0
    for day, mine in _by_day(rows):
        done = merge(TABLES[table], lake.read(table, day, source=source), mine)[1]
        added += done.added
        updated += done.updated
    return added, updated


def upsert_rows(lake: Lake, table: str, rows: pa.Table, source: str) -> None:
    """Merge rows of several days; a day that would not change is not written."""
    parts = {}
    for day, mine in _by_day(rows):
        old = lake.read(table, day, source=source)
        if table == "media":
            mine = keep_tried(old, _not_offered_before(old, mine))
        merged, done = merge(TABLES[table], old, mine)
        if done.added or done.updated:
            parts[day] = merged
    lake.write_many(table, parts, source=source)


def _not_offered_before(old: pa.Table, new: pa.Table) -> pa.Table:
    """Return photos that are not known at that address.

    What became of a known one (stored, missing, refused) must not turn into "offered"
    again because its post was seen again.
    """
    names = ("post_id", "media_index", "url")
    known = set(zip(*(old[name].to_pylist() for name in names), strict=True))
    given = zip(*(new[name].to_pylist() for name in names), strict=True)
    return new.filter(pa.array([key not in known for key in given], pa.bool_()))


def _by_day(rows: pa.Table) -> list[tuple[date, pa.Table]]:
    days = sorted(set(rows["day"].to_pylist()))
    return [(day, rows.filter(pc.equal(rows["day"], day))) for day in days]


def _written(batch: Sealed) -> dict[str, Any]:
    return {
        "source": batch.source,
        "slice_key": batch.slice_key,
        "tables": sorted(batch.tables),
        "book": {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in batch.book.items()
            if name != "observed_at"
        },
        "state": batch.state,
        "requests": batch.requests,
        "spends": [
            [s.what, s.count, s.item, write_moment(s.at)]
            for s in batch.spends
            if s.at is not None
        ],
        "moment": write_moment(batch.moment),
    }


def _read(folder: Path) -> Sealed:
    noted = json.loads((folder / _NOTES).read_text())
    moment = read_moment(noted["moment"])
    book = dict(noted["book"], observed_at=moment)
    for name in ("day", "first_on", "last_on"):
        if book[name] is not None:
            book[name] = date.fromisoformat(book[name])
    tables = {}
    for name in noted["tables"]:
        with pa.memory_map(str(folder / f"{name}.arrow")) as file:
            tables[name] = pa.ipc.open_file(file).read_all()
    return Sealed(
        noted["source"],
        noted["slice_key"],
        tables,
        book,
        noted["state"],
        noted["requests"],
        _spends(noted["spends"]),
        moment,
    )


def _spends(written: Sequence[Sequence[Any]]) -> tuple[Spend, ...]:
    return tuple(
        Spend(what, count, item, read_moment(at)) for what, count, item, at in written
    )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
