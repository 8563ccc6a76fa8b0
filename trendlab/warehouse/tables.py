"""The warehouse's tables, made from `trendlab.schemas`: types, keys, comments.

`create_tables` can be run at any time: it creates what is missing, adds columns
that the schemas gained, and brings checks and comments up to date. It never
drops a column and never rewrites rows; what it cannot do that way is refilled
(`trendlab rebuild`).
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateSchema, DropSchema

from trendlab import schemas
from trendlab.errors import WarehouseError
from trendlab.schemas.core import VECTOR
from trendlab.warehouse.upgrade import CHECK_PREFIX, DIALECT, read_found, upgrade_table

SCHEMA = "trendlab"
LOADED_DAYS = "loaded_days"

_TYPES: dict[pa.DataType, sa.types.TypeEngine[Any]] = {
    pa.string(): sa.Text(),
    pa.int64(): sa.BigInteger(),
    pa.float64(): postgresql.DOUBLE_PRECISION(),
    pa.bool_(): sa.Boolean(),
    pa.date32(): sa.Date(),
    pa.timestamp("us", tz="UTC"): postgresql.TIMESTAMP(timezone=True),
    pa.list_(pa.string()): postgresql.ARRAY(sa.Text()),
    # COPY cannot write pgvector's type, which not every server has
    VECTOR: postgresql.ARRAY(sa.REAL()),
}

# Beside the key and the day: how the marts look rows up.
INDEXES: dict[str, Sequence[tuple[str, ...]]] = {
    "activity": [("tracker", "city", "day")],
    "influencers": [("tracker", "day")],
    "city_weeks": [("tracker", "kind", "city", "day")],
}


def warehouse_tables() -> list[schemas.Table]:
    """Return the declared tables that the warehouse holds, by name."""
    return [table for _, table in sorted(schemas.TABLES.items()) if table.in_warehouse]


def stored_columns(table: schemas.Table) -> list[schemas.Column]:
    """Return the columns of a table that the warehouse holds, in order."""
    return [c for c in table.columns if c.name not in table.not_in_warehouse]


def column_type(column: schemas.Column) -> sa.types.TypeEngine[Any]:
    """Return the Postgres type of a column.

    Raises
    ------
    WarehouseError
        If the Arrow type has none.
    """
    found = _TYPES.get(column.type)
    if found is None:
        raise WarehouseError(
            f"column {column.name}: the warehouse has no type for {column.type}; "
            "leave the column in the lake (not_in_warehouse)"
        )
    return found


def build_metadata(
    tables: Sequence[schemas.Table] | None = None,
) -> sa.MetaData:
    """Return the SQLAlchemy tables of schema `trendlab`.

    Parameters
    ----------
    tables : sequence of Table or None
        Declared tables; those of `trendlab.schemas` when None.

    Returns
    -------
    sqlalchemy.MetaData
    """
    metadata = sa.MetaData(schema=SCHEMA)
    for table in warehouse_tables() if tables is None else tables:
        _build_table(metadata, table)
    sa.Table(
        LOADED_DAYS,
        metadata,
        sa.Column("day", sa.Date(), primary_key=True, comment="day that was loaded"),
        sa.Column(
            "fingerprint",
            sa.Text(),
            nullable=False,
            comment="hash of the lake's files that the day was loaded from",
        ),
        comment="Which state of the lake the warehouse holds; one row per day. "
        "Written in the transaction that loads the day.",
    )
    return metadata


@functools.cache
def _declared_metadata() -> sa.MetaData:
    return build_metadata()


def _build_table(metadata: sa.MetaData, table: schemas.Table) -> None:
    columns = [
        sa.Column(
            column.name,
            column_type(column),
            nullable=column.nullable,
            comment=column.doc,
        )
        for column in stored_columns(table)
    ]
    built = sa.Table(table.name, metadata, *columns, comment=table.doc)
    key = list(table.key)
    if table.partition and "day" not in key:
        # a source may move an item to another day; the SQL tests tell
        key.append("day")
    nullable = {column.name for column in table.columns if column.nullable}
    if not nullable & set(key):
        built.append_constraint(sa.PrimaryKeyConstraint(*key, name=f"pk_{table.name}"))
    if table.partition and key[0] != "day":
        sa.Index(f"ix_{table.name}_day", built.c["day"])
    for names in INDEXES.get(table.name, ()):
        if list(names) != key[: len(names)]:
            sa.Index("_".join(("ix", table.name, *names)), *(built.c[n] for n in names))
    for column in stored_columns(table):
        rule = _check(built.c[column.name], column)
        if rule is not None:
            built.append_constraint(
                sa.CheckConstraint(rule, name=_check_name(column.name, rule))
            )


def _check(
    stored: sa.Column[Any], column: schemas.Column
) -> sa.ColumnElement[bool] | None:
    """Return the rule of a column: its allowed values, or its range.

    The lake checks the same at its door; a second look costs a load nothing that
    could be measured.
    """
    if column.allowed:
        return stored.in_(column.allowed)
    if column.minimum is not None and column.maximum is not None:
        return stored.between(column.minimum, column.maximum)
    if column.minimum is not None:
        return stored >= column.minimum
    return None


def _check_name(column: str, rule: sa.ColumnElement[bool]) -> str:
    """Name a check by its rule, so that a changed rule is seen by its name."""
    text = str(rule.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))
    digest = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
    return f"{CHECK_PREFIX}{column}_{digest}"


def create_tables(
    engine: sa.Engine, *, metadata: sa.MetaData | None = None
) -> list[str]:
    """Create the tables, or bring those that are there up to the schemas.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        With the owner's rights.
    metadata : sqlalchemy.MetaData or None
        Tables wanted; those of `build_metadata()` when None.

    Returns
    -------
    list of str
        What was changed in tables that were there: "posts.author_place added".

    Raises
    ------
    WarehouseError
        If a column changed its type: the warehouse must be refilled.
    """
    wanted = _declared_metadata() if metadata is None else metadata
    changes: list[str] = []
    with engine.begin() as connection:
        connection.execute(CreateSchema(SCHEMA, if_not_exists=True))
        found = read_found(connection, SCHEMA)
        wanted.create_all(connection)
        for table in wanted.tables.values():
            changes += upgrade_table(connection, table, found)
    return changes


def drop_tables(engine: sa.Engine) -> None:
    """Drop schemas `trendlab` and `marts` with all in them, to be refilled."""
    with engine.begin() as connection:
        for schema in ("marts", SCHEMA):
            connection.execute(DropSchema(schema, cascade=True, if_exists=True))
