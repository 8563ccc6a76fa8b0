"""What a table is: columns with type, unit, range and meaning, and a grain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")
STRINGS = pa.list_(pa.string())
VECTOR = pa.list_(pa.float32())


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        The same in Python, Parquet and SQL.
    type : pyarrow.DataType
    doc : str
        What it means, with its unit. Becomes the SQL COMMENT.
    nullable : bool
        NULL means "not given" or "not known", never zero.
    minimum, maximum : float or None
        Inclusive range, checked at every door.
    allowed : tuple of str
        The only values a text column may hold; empty means any.
    """

    name: str
    type: pa.DataType
    doc: str
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table of the lake, and of the warehouse where `in_warehouse` is set.

    Parameters
    ----------
    name : str
    doc : str
        Ends in "one row per …".
    columns : tuple of Column
    key : tuple of str
        Columns that identify a row.
    partition : tuple of str
        ``("day",)`` or ``("day", "source")``. `day` is the Monday of the week
        for weekly tables and the day of observation for readings.
    version : int
        Raised when a column changes; `trendlab migrate` takes a lake across.
    in_warehouse : bool
    not_in_warehouse : tuple of str
        Columns that stay in the lake (raw payloads, vectors).
    kept_once_known : tuple of str
        Columns that a newer reading which does not know them leaves as they were.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: tuple[str, ...] = ("day",)
    version: int = 1
    in_warehouse: bool = False
    not_in_warehouse: tuple[str, ...] = ()
    kept_once_known: tuple[str, ...] = ()

    @cached_property
    def arrow(self) -> pa.Schema:
        """The declared Arrow schema, columns in order."""
        return pa.schema(
            [pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns]
        )

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [c.name for c in self.columns]

    def column(self, name: str) -> Column:
        """Return one column by name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name}")

    def empty(self) -> pa.Table:
        """Return a table with the declared schema and no rows."""
        return self.arrow.empty_table()

    def from_rows(self, rows: list[dict[str, Any]]) -> pa.Table:
        """Build a table from dictionaries; absent keys become NULL."""
        filled = [{name: row.get(name) for name in self.names} for row in rows]
        return pa.Table.from_pylist(filled, schema=self.arrow)


def text(name: str, doc: str, **more: Any) -> Column:
    """Declare a text column."""
    return Column(name, pa.string(), doc, **more)


def count(name: str, doc: str, **more: Any) -> Column:
    """Declare a whole-number column that cannot be negative."""
    return Column(name, pa.int64(), doc, minimum=0, **more)


def number(name: str, doc: str, **more: Any) -> Column:
    """Declare a floating-point column."""
    return Column(name, pa.float64(), doc, **more)


def share(name: str, doc: str, **more: Any) -> Column:
    """Declare a share between 0 and 1."""
    return Column(name, pa.float64(), doc, minimum=0.0, maximum=1.0, **more)


def flag(name: str, doc: str, **more: Any) -> Column:
    """Declare a true/false column."""
    return Column(name, pa.bool_(), doc, **more)


def moment(name: str, doc: str, **more: Any) -> Column:
    """Declare a UTC timestamp column."""
    return Column(name, TIMESTAMP, doc, **more)


def date(name: str, doc: str, **more: Any) -> Column:
    """Declare a calendar-day column."""
    return Column(name, pa.date32(), doc, **more)


MEASURES = (
    "posts",
    "likes",
    "likes_per_post",
    "likes_per_post_trimmed",
    "comments",
    "comments_per_post",
    "comments_per_post_trimmed",
    "activity",
    "negatives",
    "comment_negatives",
)
ITEM_KINDS = ("post", "comment")

DAY = date("day", "calendar day of the row; the partition it is stored under")
RUN_ID = text(
    "run_id",
    "the computation that wrote the row: a hash of step, day, code, "
    "settings and inputs, so equal inputs give equal rows",
)
RULE_VERSION = text("rule_version", "version of the rule that computed the row")
# What the looks of a week are counted by.
LOOK_KINDS = (
    "garment",
    "colour",
    "fine_category",
    "pattern",
    "sleeve",
    "length",
    "style",
)
SERIES_KIND = text(
    "kind", f"{', '.join(LOOK_KINDS)} (given or drawn) or discovered_style"
)

MODEL_NAME = text("model_name", "model that made the row; 'simulated' for drawn truth")
MODEL_VERSION = text("model_version", "version of that model")
SOURCE = text("source", "network or archive that the item came from")
NETWORK = text("source", "network or archive, without a tracker that it is stored for")
TRACKER = text("tracker", "name of the tracker, or 'all'")
CITY = text("city", "id of a monitored city, 'unknown', or 'all'")
