"""Where partitions are: folders of tables, days and sources, and what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from trendlab.errors import LakeError
from trendlab.lake.files import (
    Part,
    check_day,
    check_source,
    days_in,
    names_in,
    newest_of,
    newest_part,
)
from trendlab.schemas import Table

SOURCE_PREFIX = "source="


class Catalog:
    """Finds the files of tables by their names alone; opens none.

    Parameters
    ----------
    root : Path
    tables : mapping of str to Table
    """

    def __init__(self, root: Path, tables: Mapping[str, Table]) -> None:
        self.root = root
        self.tables = tables

    def table(self, name: str, *, is_flat: bool | None = None) -> Table:
        """Return a declared table.

        Raises
        ------
        LakeError
            If there is none, or its partitioning is not the one asked for.
        """
        if name not in self.tables:
            raise LakeError(f"the lake has no table {name!r}")
        table = self.tables[name]
        if is_flat is not None and is_flat == bool(table.partition):
            raise LakeError(
                f"{name} is partitioned by day: use read and write"
                if is_flat
                else f"{name} is not partitioned: use read_flat and write_flat"
            )
        return table

    def folder(self, table: Table, day: date, source: str | None) -> Path:
        """Return the folder of a partition.

        Raises
        ------
        LakeError
            If day or source cannot name a partition of this table.
        """
        folder = Path(self._day_folder(table, day))
        if "source" not in table.partition:
            if source is not None:
                raise LakeError(f"{table.name} is not partitioned by source")
            return folder
        if source is None:
            raise LakeError(f"{table.name} is partitioned by source: name one")
        return folder / f"source={check_source(source)}"

    def days(self, table: Table) -> list[date]:
        """Return the days that have a folder, rising; it may hold nothing yet."""
        return days_in(self.root / table.name)

    def parts_of_day(self, table: Table, day: date) -> list[Part]:
        """Return the files of a day, by source.

        Raises
        ------
        LakeError
            If they lie where an older version of the table put them.
        """
        folder = self._day_folder(table, day)
        # one listing tells both; a night asks for tens of thousands of days
        names = names_in(folder) or names_in(folder)
        by_source = sorted(name for name in names if name.startswith(SOURCE_PREFIX))
        part = newest_of(names, folder, day)
        if "source" in table.partition:
            is_misplaced = part is not None
            found = [
                newest_part(f"{folder}/{name}", day, name.removeprefix(SOURCE_PREFIX))
                for name in by_source
            ]
            parts = [each for each in found if each is not None]
        else:
            is_misplaced = bool(by_source)
            parts = [] if part is None else [part]
        if is_misplaced:
            raise LakeError(
                f"{folder}: files are not partitioned by {table.partition}, as "
                f"{table.name} is: run `trendlab migrate`"
            )
        return parts

    def parts(
        self, table: Table, first_day: date | None = None, last_day: date | None = None
    ) -> list[Part]:
        """Return the files of a range, by day and source; None leaves an end open."""
        if not table.partition:
            part = newest_part(self.root / table.name)
            return [] if part is None else [part]
        return [
            part
            for day in self.days(table)
            if (first_day is None or day >= first_day)
            and (last_day is None or day <= last_day)
            for part in self.parts_of_day(table, day)
        ]

    def _day_folder(self, table: Table, day: date) -> str:
        # as text: a night asks for tens of thousands, and joining paths is slow
        return f"{self.root}/{table.name}/day={check_day(day).isoformat()}"
