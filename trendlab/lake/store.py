"""The lake: write, read, merge and query partitions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from trendlab.errors import MissingPartition
from trendlab.lake.catalog import Catalog
from trendlab.lake.checks import fit
from trendlab.lake.files import (
    Part,
    newest_part,
    replace_parts,
    sweep_temporary,
)
from trendlab.lake.lock import WriterLock
from trendlab.lake.merge import Upserted, merge
from trendlab.lake.migrations import MIGRATIONS, Migration
from trendlab.lake.query import MEMORY_LIMIT, Files, Span, run_query
from trendlab.lake.rows import check_columns, check_version, decode, select_schema
from trendlab.lake.verify import Verifier
from trendlab.lake.writing import batches, prepare, prepare_flat
from trendlab.schemas import TABLES, Table

# A reader meets a replacement under way at most a few times before it is through.
READ_ATTEMPTS = 5
# Hashing is bound by the processor and frees Python's lock.
VERIFY_THREADS = 2

_Result = TypeVar("_Result")


class Lake:
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
        self.root = Path(root).absolute()
        self._catalog = Catalog(self.root, tables)
        self._migrations = migrations
        self._threads = threads
        self._memory_limit = memory_limit
        self._verifier = Verifier()
        self._lock = WriterLock(self.root, lambda: sweep_temporary(self.root))

    # ------------------------------------------------------------------ writing

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
        from trendlab.lake.migrate import migrate_table

        done = []
        with self._lock.hold():
            for table in self._catalog.tables.values():
                line = migrate_table(self.root, table, self._migrations, self._verifier)
                if line is not None:
                    done.append(line)
        return done

    # ------------------------------------------------------------------ reading

    def read(
        self,
        table: str,
        day: date,
        *,
        source: str | None = None,
        columns: Sequence[str] | None = None,
        required: bool = False,
    ) -> pa.Table:
        """Read a day, verified, with the declared schema.

        Parameters
        ----------
        table : str
        day : date
        source : str or None
            All sources of the day when not given.
        columns : sequence of str or None
        required : bool
            Whether a missing partition is an error.

        Returns
        -------
        pyarrow.Table
            Sorted by source and key; typed and empty when there is no partition.

        Raises
        ------
        MissingPartition
            If `required` and there is none.
        CorruptPartition
            If a file does not match its checksum.
        """
        declared = self._catalog.table(table, is_flat=False)
        if source is not None:
            self._catalog.folder(declared, day, source)

        def parts() -> list[Part]:
            found = self._catalog.parts_of_day(declared, day)
            return [part for part in found if source in (None, part.source)]

        if required and not parts():
            raise MissingPartition(
                f"{table} {day}{f' {source}' if source else ''}: expected a partition "
                f"under {self.root}, found none: run the step that writes it"
            )
        return self._read(declared, parts, columns)

    def read_range(
        self,
        table: str,
        first_day: date,
        last_day: date,
        *,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Read the days of a range that are stored, in order."""
        declared = self._catalog.table(table, is_flat=False)
        return self._read(
            declared,
            lambda: self._catalog.parts(declared, first_day, last_day),
            columns,
        )

    def read_flat(self, table: str) -> pa.Table:
        """Read a table that is not partitioned; typed and empty when not written."""
        declared = self._catalog.table(table, is_flat=True)
        return self._read(declared, lambda: self._catalog.parts(declared), None)

    def days(self, table: str) -> list[date]:
        """Return the days that are stored, rising."""
        declared = self._catalog.table(table, is_flat=False)
        days = self._catalog.days(declared)
        return [day for day in days if self._catalog.parts_of_day(declared, day)]

    def sources(self, table: str, day: date) -> list[str]:
        """Return the sources that a day is stored for, sorted."""
        parts = self._catalog.parts_of_day(self._catalog.table(table), day)
        return [part.source for part in parts if part.source is not None]

    def paths(
        self, table: str, first_day: date | None = None, last_day: date | None = None
    ) -> list[Path]:
        """Return the files of a range, verified; None leaves an end open."""
        files = _again(lambda: self._files(Span(table, first_day, last_day)))
        return sorted([*files.whole, *files.lacking])

    def fingerprint(self, table: str, day: date | None = None) -> str:
        """Return a hash of the checksums of a day's files; "" when there are none.

        Equal rows give equal fingerprints. Only names are read, not files. Without
        a day, of a table that is not partitioned.
        """
        declared = self._catalog.table(table, is_flat=day is None)
        if day is None:
            parts = self._catalog.parts(declared)
        else:
            parts = self._catalog.parts_of_day(declared, day)
        if not parts:
            return ""
        text = "\n".join(f"{part.day} {part.source} {part.checksum}" for part in parts)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def span(
        self, table: str, first_day: date | None = None, last_day: date | None = None
    ) -> Span:
        """Return days of a table as a relation for `query`."""
        return Span(self._catalog.table(table).name, first_day, last_day)

    def query(
        self,
        sql: str,
        relations: Mapping[str, pa.Table | Span],
        params: Mapping[str, Any] | None = None,
    ) -> pa.Table:
        """Run SQL over spans of the lake and tables at hand.

        Parameters
        ----------
        sql : str
            DuckDB's SQL; relations are tables, values are `$name` parameters.
        relations : mapping of str to pyarrow.Table or Span
            A span without files is an empty relation with the declared columns.
        params : mapping or None

        Returns
        -------
        pyarrow.Table
            In the order that the SQL asks for; none otherwise.

        Raises
        ------
        CorruptPartition
            If a file does not match its checksum.
        LakeError
            If DuckDB refuses the query.
        """

        def run() -> pa.Table:
            ready = {
                name: self._files(given) if isinstance(given, Span) else given
                for name, given in relations.items()
            }
            return run_query(
                self.root,
                sql,
                ready,
                params,
                threads=self._threads,
                memory_limit=self._memory_limit,
            )

        return _again(run)

    # ------------------------------------------------------------------ inside

    def _read(
        self,
        table: Table,
        parts: Callable[[], list[Part]],
        columns: Sequence[str] | None,
    ) -> pa.Table:
        names = table.names if columns is None else list(columns)
        schema = select_schema(table, names)

        def read() -> pa.Table:
            tables = [self._decoded(table, part, names) for part in parts()]
            return pa.concat_tables([schema.empty_table(), *tables])

        return _again(read)

    def _decoded(self, table: Table, part: Part, columns: Sequence[str]) -> pa.Table:
        content = self._verifier.content(part)
        check_version(table, content, part)
        check_columns(table, content, part)
        return decode(table, part.path, content, columns)

    def _files(self, span: Span) -> Files:
        """Verify files side by side, and sort them by whether they have all columns."""
        table = self._catalog.table(span.table)
        parts = self._catalog.parts(table, span.first_day, span.last_day)
        with ThreadPoolExecutor(VERIFY_THREADS) as pool:
            contents = list(pool.map(self._verifier.content, parts))
        whole: list[Path] = []
        lacking: list[Path] = []
        for part, content in zip(parts, contents, strict=True):
            check_version(table, content, part)
            (whole if check_columns(table, content, part) else lacking).append(
                part.path
            )
        return Files(table, whole, lacking)


def _again(act: Callable[[], _Result]) -> _Result:
    """Act again when a writer removed a file between listing and reading."""
    for _ in range(READ_ATTEMPTS - 1):
        try:
            return act()
        except FileNotFoundError:
            continue
    return act()
