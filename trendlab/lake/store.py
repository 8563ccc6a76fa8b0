"""The lake: what `LakeReader` reads, and how partitions are written and merged."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pyarrow as pa

from trendlab.lake.checks import fit
from trendlab.lake.files import newest_part
from trendlab.lake.lock import WriterLock
from trendlab.lake.merge import Upserted, merge
from trendlab.lake.migrate import migrate_table
from trendlab.lake.migrations import MIGRATIONS, Migration
from trendlab.lake.query import MEMORY_LIMIT
from trendlab.lake.reading import LakeReader
from trendlab.lake.replacing import replace_parts, sweep_temporary
from trendlab.lake.writing import batches, prepare, prepare_flat
from trendlab.schemas import TABLES, Table


class Lake(LakeReader):
    """Partitioned Parquet tables under one folder.

    Parameters
    ----------
    root : Path
        Created at the first write.
    tables : mapping of str to Table
        The declared tables.
    migrations : mapping
        What `migrate` applies; see `trendlab.lake.migrations`.
    threads : int or None
        Threads of a query; None lets DuckDB use every core.
    memory_limit : str
        Memory of a query, beyond which it spills to disk.
    """

    def __init__(
        self,
        root: Path,
        *,
        tables: Mapping[str, Table] = TABLES,
        migrations: Mapping[tuple[str, int], Migration] = MIGRATIONS,
        threads: int | None = None,
        memory_limit: str = MEMORY_LIMIT,
    ) -> None:
        super().__init__(
            root, tables=tables, threads=threads, memory_limit=memory_limit
        )
        self._migrations = migrations
        self._lock = WriterLock(self.root, lambda: sweep_temporary(self.root))

    def lock(self) -> AbstractContextManager[None]:
        """Return a context that holds the writer's lock; it may be nested.

        Raises
        ------
        LakeLocked
            On entering, if another writer holds it.
        """
        return self._lock.hold()

    def write(
        self, table: str, day: date, rows: pa.Table, *, source: str | None = None
    ) -> None:
        """Replace a partition atomically; it is durable on return.

        Parameters
        ----------
        table : str
        day : date
        rows : pyarrow.Table
            With the declared columns; every row of this day (and source).
        source : str or None
            Needed for tables that are partitioned by source.

        Raises
        ------
        SchemaMismatch
            If rows break what the schema declares.
        LakeError
            If the disk is full; the old partition is intact.
        """
        self.write_many(table, {day: rows}, source=source)

    def write_many(
        self,
        table: str,
        parts: Mapping[date, pa.Table],
        *,
        source: str | None = None,
    ) -> None:
        """Replace many partitions: as many `write`s, checked and synced in batches.

        Each partition is replaced atomically; a kill leaves some replaced and the
        others as they were.
        """
        declared = self._catalog.table(table, is_flat=False)
        with self._lock.hold():
            for batch in batches(parts):
                targets = [self._catalog.folder(declared, d, source) for d, _ in batch]
                replace_parts(self.root, prepare(declared, batch, targets, source))

    def write_flat(self, table: str, rows: pa.Table) -> None:
        """Replace a table that is not partitioned."""
        declared = self._catalog.table(table, is_flat=True)
        new = prepare_flat(declared, self.root / table, rows)
        with self._lock.hold():
            replace_parts(self.root, [new])

    def upsert(
        self, table: str, day: date, rows: pa.Table, *, source: str | None = None
    ) -> Upserted:
        """Merge rows into a partition by key; the newest `observed_at` wins.

        Returns
        -------
        Upserted
            added + updated + unchanged = rows given.

        Notes
        -----
        At equal times the old row stays, so ingesting a file twice changes nothing.
        """
        declared = self._catalog.table(table, is_flat=False)
        new = fit(declared, rows)
        with self._lock.hold():
            folder = self._catalog.folder(declared, day, source)
            part = newest_part(folder, day, source)
            old = declared.empty()
            if part is not None:
                old = self._decoded(declared, part, declared.names)
            merged, done = merge(declared, old, new)
            if part is None or done.added or done.updated:
                self.write(table, day, merged, source=source)
        return done

    def migrate(self) -> list[str]:
        """Take files of older versions to the declared ones; return what was done.

        Returns
        -------
        list of str
            One line a table that changed; empty when the lake is up to date.

        Raises
        ------
        LakeError
            If there is no migration from a version that is stored.
        """
        done = []
        with self._lock.hold():
            for table in self._catalog.tables.values():
                line = migrate_table(self.root, table, self._migrations, self._verifier)
                if line is not None:
                    done.append(line)
        return done
