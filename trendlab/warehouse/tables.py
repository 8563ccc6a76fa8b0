"""The warehouse's tables, made from `trendlab.schemas`: types, keys, comments.

`create_tables` can be run at any time: it creates what is missing, adds columns
that the schemas gained, and brings checks and comments up to date. It never
drops a column and never rewrites rows; what it cannot do that way is refilled
(`trendlab rebuild`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, cast

import psycopg
import pyarrow as pa
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import (
    AddConstraint,
    CreateSchema,
    DropSchema,
    SetColumnComment,
    SetTableComment,
)

from trendlab import schemas
from trendlab.errors import WarehouseError

SCHEMA = "trendlab"
LOADED_DAYS = "loaded_days"
CHECK_PREFIX = "ck_"

_DIALECT: Any = postgresql.dialect()  # type: ignore[no-untyped-call]

_TYPES: dict[pa.DataType, sa.types.TypeEngine[Any]] = {
    pa.string(): sa.Text(),
    pa.int64(): sa.BigInteger(),
    pa.float64(): postgresql.DOUBLE_PRECISION(),
    pa.bool_(): sa.Boolean(),
    pa.date32(): sa.Date(),
    pa.timestamp("us", tz="UTC"): postgresql.TIMESTAMP(timezone=True),
    pa.list_(pa.string()): postgresql.ARRAY(sa.Text()),
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

    Counts are left to the door of the lake: a check of every count costs more
    of a load than it can find.
    """
    if column.allowed:
        return stored.in_([sa.literal_column(f"'{v}'") for v in column.allowed])
    if column.minimum is None or column.maximum is None:
        return None
    return stored.between(
        sa.literal_column(repr(column.minimum)), sa.literal_column(repr(column.maximum))
    )


def _check_name(column: str, rule: sa.ColumnElement[bool]) -> str:
    """Name a check by its rule, so that a changed rule is seen by its name."""
    text = str(rule.compile(dialect=_DIALECT))
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
    wanted = build_metadata() if metadata is None else metadata
    changes: list[str] = []
    with engine.begin() as connection:
        connection.execute(CreateSchema(SCHEMA, if_not_exists=True))
        found = sa.MetaData(schema=SCHEMA)
        found.reflect(bind=connection, resolve_fks=False)
        wanted.create_all(connection)
        for name, table in wanted.tables.items():
            if name in found.tables:
                changes += _upgrade(connection, table, found.tables[name])
    return changes


def drop_tables(engine: sa.Engine) -> None:
    """Drop schemas `trendlab` and `marts` with all in them, to be refilled."""
    with engine.begin() as connection:
        for schema in ("marts", SCHEMA):
            connection.execute(DropSchema(schema, cascade=True, if_exists=True))


def _upgrade(connection: sa.Connection, table: sa.Table, found: sa.Table) -> list[str]:
    """Bring one table up to its declaration and tell what changed."""
    changes = []
    if [c.name for c in table.primary_key] != [c.name for c in found.primary_key]:
        raise _needs_rebuild(table.name, "has another key in the database")
    if table.comment != found.comment:
        connection.execute(SetTableComment(table))
    for column in table.columns:
        there = found.columns.get(column.name)
        if there is None:
            # nullable always: rows of before have no value until loaded again
            _alter(
                connection,
                sql.SQL("alter table {} add column {} {}").format(
                    _identifier(table),
                    sql.Identifier(column.name),
                    sql.SQL(_type_text(column)),
                ),
            )
            connection.execute(SetColumnComment(column))
            changes.append(f"{table.name}.{column.name} added")
            continue
        if _type_text(column) != _type_text(there):
            raise _needs_rebuild(
                table.name,
                f"{column.name} is {_type_text(there)} in the database and "
                f"{_type_text(column)} in this version",
            )
        if column.nullable and not there.nullable:
            _drop_not_null(connection, there)
            changes.append(f"{table.name}.{column.name} may be NULL")
        if column.comment != there.comment:
            connection.execute(SetColumnComment(column))
    for there in found.columns:
        if there.name not in table.columns and not there.nullable:
            # of an older version: kept, and no longer asked for
            _drop_not_null(connection, there)
            changes.append(f"{table.name}.{there.name} is no longer filled")
    known = {index.name for index in found.indexes}
    for index in table.indexes:
        if index.name not in known:
            index.create(connection)
            changes.append(f"{table.name} indexed by {index.name}")
    return changes + _replace_checks(connection, table)


def _replace_checks(connection: sa.Connection, table: sa.Table) -> list[str]:
    """Drop checks that are no longer declared and add those that are new.

    New ones are not run over the rows that are there: loads replace those.
    """
    found = sa.inspect(connection).get_check_constraints(table.name, schema=SCHEMA)
    there = {str(check["name"]) for check in found}
    wanted = {
        str(check.name): check
        for check in table.constraints
        if isinstance(check, sa.CheckConstraint)
    }
    for name in sorted(there - set(wanted)):
        if name.startswith(CHECK_PREFIX):
            _alter(
                connection,
                sql.SQL("alter table {} drop constraint {}").format(
                    _identifier(table), sql.Identifier(name)
                ),
            )
    missing = sorted(set(wanted) - there)
    for name in missing:
        wanted[name].dialect_options["postgresql"]["not_valid"] = True
        connection.execute(AddConstraint(wanted[name]))
    return [f"{table.name}: new rule {name}" for name in missing]


def _drop_not_null(connection: sa.Connection, column: sa.Column[Any]) -> None:
    _alter(
        connection,
        sql.SQL("alter table {} alter column {} drop not null").format(
            _identifier(column.table), sql.Identifier(column.name)
        ),
    )


def _identifier(table: Any) -> sql.Identifier:
    return sql.Identifier(SCHEMA, table.name)


def _type_text(column: sa.Column[Any]) -> str:
    return column.type.compile(dialect=_DIALECT)


def _alter(connection: sa.Connection, statement: sql.Composed) -> None:
    """Run a statement that is built of identifiers, on the same transaction."""
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    driver.execute(statement)


def _needs_rebuild(table: str, reason: str) -> WarehouseError:
    return WarehouseError(
        f"{SCHEMA}.{table}: {reason}. Run `trendlab rebuild`: the warehouse is "
        "refilled from the lake"
    )
