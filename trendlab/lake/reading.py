"""Reads the lake: partitions as Arrow tables, spans of days by SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from trendlab.errors import MissingPartition
from trendlab.lake.catalog import Catalog
from trendlab.lake.files import Part, newest_part
from trendlab.lake.query import MEMORY_LIMIT, Files, Span, run_query
from trendlab.lake.replacing import pin, temporary_folder
from trendlab.lake.rows import check_columns, check_version, decode, select_schema
from trendlab.lake.verify import Verifier
from trendlab.schemas import TABLES, Table

# A reader meets a replacement under way at most a few times before it is through.
READ_ATTEMPTS = 5
# Hashing and decoding are bound by the processor and free Python's lock.
READ_THREADS = 2

_Result = TypeVar("_Result")


class LakeReader:
    """Partitioned Parquet tables under one folder, to read; needs no lock.

    Parameters
    ----------
    root : Path
    tables : mapping of str to Table
        The declared tables.
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
        threads: int | None = None,
        memory_limit: str = MEMORY_LIMIT,
    ) -> None:
        self.root = Path(root).absolute()
        self._catalog = Catalog(self.root, tables)
        self._threads = threads
        self._memory_limit = memory_limit
        self._verifier = Verifier()

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
        found = self._catalog.parts_of_day(declared, day)
        parts = [part for part in found if source in (None, part.source)]
        if required and not parts:
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
        parts = self._catalog.parts(declared, first_day, last_day)
        return self._read(declared, parts, columns)

    def read_flat(self, table: str) -> pa.Table:
        """Read a table that is not partitioned; typed and empty when not written."""
        declared = self._catalog.table(table, is_flat=True)
        return self._read(declared, self._catalog.parts(declared), None)

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
        return _fingerprint(parts)

    def fingerprints(self, table: str) -> dict[date, str]:
        """Return the fingerprint of every stored day, the days rising."""
        declared = self._catalog.table(table, is_flat=False)
        found = {}
        for day in self._catalog.days(declared):
            fingerprint = _fingerprint(self._catalog.parts_of_day(declared, day))
            if fingerprint:
                found[day] = fingerprint
        return found

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

        Notes
        -----
        Threads add doubles in the order in which they finish, so the last digits of
        a sum differ from run to run. Where equal inputs must give equal bytes, sum
        decimals, which are exact: ``sum(x::decimal(18, 9))``.
        """

        def run(pins: Path | None = None) -> pa.Table:
            ready = {
                name: self._files(given, pins) if isinstance(given, Span) else given
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

        try:
            return run()
        except FileNotFoundError:
            # a writer is at work: this time on links, which it does not remove
            with temporary_folder(self.root, "query") as pins:
                return _again(lambda: run(pins))

    def _read(
        self,
        table: Table,
        parts: Sequence[Part],
        columns: Sequence[str] | None,
    ) -> pa.Table:
        names = table.names if columns is None else list(columns)
        schema = select_schema(table, names)

        def decoded(part: Part) -> pa.Table:
            return self._decoded(table, part, names)

        if len(parts) < 2:
            return pa.concat_tables([schema.empty_table(), *map(decoded, parts)])
        with ThreadPoolExecutor(READ_THREADS) as pool:
            return pa.concat_tables([schema.empty_table(), *pool.map(decoded, parts)])

    def _decoded(self, table: Table, part: Part, columns: Sequence[str]) -> pa.Table:
        def newest() -> pa.Table:
            now = newest_part(part.path.parent, part.day, part.source) or part
            content = self._verifier.content(now)
            check_version(table, content, now)
            check_columns(table, content, now)
            return decode(table, now.path, content, columns)

        return _again(newest)

    def _files(self, span: Span, pins: Path | None = None) -> Files:
        """Verify files side by side, and sort them by whether they have all columns."""
        table = self._catalog.table(span.table)
        parts = self._catalog.parts(table, span.first_day, span.last_day)
        if pins is not None:
            parts = pin(parts, pins)
        with ThreadPoolExecutor(READ_THREADS) as pool:
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


def _fingerprint(parts: Sequence[Part]) -> str:
    if not parts:
        return ""
    text = "\n".join(f"{part.day} {part.source} {part.checksum}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
