"""Takes files of older schema versions, or of another partitioning, across."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trendlab.errors import LakeError
from trendlab.lake.checks import fit, refuse_faults
from trendlab.lake.files import (
    Part,
    check_source,
    days_in,
    folders,
    newest_part,
)
from trendlab.lake.merge import merge, sort_by_key
from trendlab.lake.migrations import Migration
from trendlab.lake.replacing import Replacement, replace_parts
from trendlab.lake.rows import check_version, decode, encode
from trendlab.lake.verify import Verifier
from trendlab.schemas import Table


def migrate_table(
    root: Path,
    table: Table,
    migrations: Mapping[tuple[str, int], Migration],
    verifier: Verifier,
) -> str | None:
    """Migrate the files of one table; call with the lock held.

    Returns
    -------
    str or None
        A line that says what was done; None when there was nothing to do.

    Raises
    ------
    LakeError
        If there is no migration from a stored version; nothing of that file has
        been changed.

    Notes
    -----
    Each file is replaced by itself. A moved file is removed only after its rows
    are durable in their new place, and rows that are already there are kept, so a
    kill in the middle loses nothing and the next run goes on.
    """
    versions: Counter[int] = Counter()
    for part in list(_all_parts(root, table)):
        content = verifier.content(part)
        is_placed = ("day" in table.partition, "source" in table.partition) == (
            part.day is not None,
            part.source is not None,
        )
        if content.version == table.version and is_placed:
            continue
        rows = _migrated(table, part, content.version, migrations)
        for source, mine in _by_source(table, rows):
            target = _folder(root, table, part.day, source)
            if target != part.path.parent:
                mine = _with_present(table, target, mine, verifier)
            refuse_faults(table, mine, f"{part.path} migrated")
            ordered = sort_by_key(table, mine)
            replace_parts(root, [Replacement(target, encode(table, ordered))])
        if not is_placed:
            part.path.unlink()
            if not any(part.path.parent.iterdir()):
                part.path.parent.rmdir()
        versions[content.version] += 1
    if not versions:
        return None
    told = ", ".join(f"{count} of version {v}" for v, count in sorted(versions.items()))
    return f"{table.name}: partitions taken to version {table.version}: {told}"


def _all_parts(root: Path, table: Table) -> Iterator[Part]:
    """Give every file that counts, wherever an older partitioning put it."""
    home = root / table.name
    candidates: list[tuple[Path, date | None, str | None]] = [(home, None, None)]
    for day in days_in(home):
        folder = home / f"day={day.isoformat()}"
        candidates.append((folder, day, None))
        candidates += [
            (folder / f"source={source}", day, source)
            for source in folders(folder, "source=")
        ]
    for place in candidates:
        part = newest_part(*place)
        if part is not None:
            yield part


def _folder(root: Path, table: Table, day: date | None, source: str | None) -> Path:
    """Return where the present partitioning keeps a day and source."""
    folder = root / table.name
    if "day" in table.partition and day is not None:
        folder /= f"day={day.isoformat()}"
    if "source" in table.partition and source is not None:
        folder /= f"source={check_source(source)}"
    return folder


def _migrated(
    table: Table,
    part: Part,
    version: int,
    migrations: Mapping[tuple[str, int], Migration],
) -> pa.Table:
    if version > table.version:
        raise LakeError(
            f"{part.path}: written by a newer trendlab (version {version}, this one "
            f"knows {table.version}): upgrade"
        )
    with pq.ParquetFile(part.path) as file:
        rows = file.read().replace_schema_metadata(None)
    for step in range(version, table.version):
        migration = migrations.get((table.name, step))
        if migration is None:
            raise LakeError(
                f"{part.path}: no migration takes {table.name} from version {step} to "
                f"{step + 1}"
            )
        rows = migration(rows)
    for column in table.columns:
        if column.nullable and column.name not in rows.column_names:
            rows = rows.append_column(column.name, pa.nulls(rows.num_rows, column.type))
    return fit(table, rows)


def _by_source(table: Table, rows: pa.Table) -> Iterator[tuple[str | None, pa.Table]]:
    if "source" not in table.partition:
        yield None, rows
        return
    for source in sorted(pc.unique(rows["source"]).to_pylist()):
        yield source, rows.filter(pc.equal(rows["source"], source))


def _with_present(
    table: Table, target: Path, rows: pa.Table, verifier: Verifier
) -> pa.Table:
    """Add rows that the target already holds, from a run that was cut short."""
    present = newest_part(target)
    if present is None:
        return rows
    content = verifier.content(present)
    check_version(table, content, present)
    old = decode(table, present.path, content, table.names)
    merged, _ = merge(table, old, rows)
    return merged
