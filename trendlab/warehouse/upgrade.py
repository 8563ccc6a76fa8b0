"""Brings a table of the warehouse up to its declaration, without touching its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import (
    ReflectedCheckConstraint,
    ReflectedColumn,
    ReflectedIndex,
    ReflectedPrimaryKeyConstraint,
    ReflectedTableComment,
    TableKey,
)
from sqlalchemy.schema import AddConstraint, SetColumnComment, SetTableComment

from trendlab.errors import WarehouseError

CHECK_PREFIX = "ck_"
DIALECT: Any = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Found:
    """What the database holds of one schema, by (schema, table).

    Read in five queries: reflecting tables one by one takes a second, and warns
    about checks that are not validated.
    """

    columns: Mapping[TableKey, list[ReflectedColumn]]
    keys: Mapping[TableKey, ReflectedPrimaryKeyConstraint]
    indexes: Mapping[TableKey, list[ReflectedIndex]]
    comments: Mapping[TableKey, ReflectedTableComment]
    checks: Mapping[TableKey, list[ReflectedCheckConstraint]]


def read_found(connection: sa.Connection, schema: str) -> Found:
    """Read what the database holds of a schema."""
    inspector = sa.inspect(connection)
    return Found(
        columns=inspector.get_multi_columns(schema=schema),
        keys=inspector.get_multi_pk_constraint(schema=schema),
        indexes=inspector.get_multi_indexes(schema=schema),
        comments=inspector.get_multi_table_comment(schema=schema),
        checks=inspector.get_multi_check_constraints(schema=schema),
    )


def upgrade_table(
    connection: sa.Connection, table: sa.Table, found: Found
) -> list[str]:
    """Bring one table up to its declaration and tell what changed.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        With the owner's rights, in a transaction.
    table : sqlalchemy.Table
        As declared.
    found : Found
        What the database held before.

    Returns
    -------
    list of str
        One line a change; none for a table that was not there.

    Raises
    ------
    WarehouseError
        If its key or the type of a column changed.
    """
    place = (table.schema, table.name)
    if place not in found.columns:
        return []
    key = found.keys[place]["constrained_columns"]
    if key != [column.name for column in table.primary_key]:
        raise _needs_rebuild(table, "has another key in the database")
    if table.comment != found.comments[place]["text"]:
        connection.execute(SetTableComment(table))
    changes = _upgrade_columns(
        connection, table, {each["name"]: each for each in found.columns[place]}
    )
    known = {index["name"] for index in found.indexes[place]}
    for index in table.indexes:
        if index.name not in known:
            index.create(connection)
            changes.append(f"{table.name} indexed by {index.name}")
    names = {str(check["name"]) for check in found.checks.get(place, [])}
    return changes + _replace_checks(connection, table, names)


def _upgrade_columns(
    connection: sa.Connection, table: sa.Table, known: Mapping[str, ReflectedColumn]
) -> list[str]:
    changes = []
    for column in table.columns:
        there = known.get(column.name)
        if there is None:
            # nullable always: rows of before have no value until loaded again
            _alter(
                connection,
                sql.SQL("alter table {} add column {} {}").format(
                    _identifier(table),
                    sql.Identifier(column.name),
                    sql.SQL(_type_text(column.type)),
                ),
            )
            connection.execute(SetColumnComment(column))
            changes.append(f"{table.name}.{column.name} added")
            continue
        if _type_text(column.type) != _type_text(there["type"]):
            raise _needs_rebuild(
                table,
                f"{column.name} is {_type_text(there['type'])} in the database and "
                f"{_type_text(column.type)} in this version",
            )
        if column.nullable and not there["nullable"]:
            _drop_not_null(connection, table, column.name)
            changes.append(f"{table.name}.{column.name} may be NULL")
        if column.comment != there["comment"]:
            connection.execute(SetColumnComment(column))
    for name, there in known.items():
        if name not in table.columns and not there["nullable"]:
            # of an older version: kept, and no longer asked for
            _drop_not_null(connection, table, name)
            changes.append(f"{table.name}.{name} is no longer filled")
    return changes


def _replace_checks(
    connection: sa.Connection, table: sa.Table, known: set[str]
) -> list[str]:
    """Drop checks that are no longer declared and add those that are new.

    New ones are not run over the rows that are there: loads replace those.
    """
    wanted = {
        str(check.name): check
        for check in table.constraints
        if isinstance(check, sa.CheckConstraint)
    }
    for name in sorted(known - set(wanted)):
        if name.startswith(CHECK_PREFIX):
            _alter(
                connection,
                sql.SQL("alter table {} drop constraint {}").format(
                    _identifier(table), sql.Identifier(name)
                ),
            )
    missing = sorted(set(wanted) - known)
    for name in missing:
        wanted[name].dialect_options["postgresql"]["not_valid"] = True
        connection.execute(AddConstraint(wanted[name]))
    return [f"{table.name}: new rule {name}" for name in missing]


def _drop_not_null(connection: sa.Connection, table: sa.Table, column: str) -> None:
    _alter(
        connection,
        sql.SQL("alter table {} alter column {} drop not null").format(
            _identifier(table), sql.Identifier(column)
        ),
    )


def _identifier(table: sa.Table) -> sql.Identifier:
    return sql.Identifier(str(table.schema), table.name)


def _type_text(kind: sa.types.TypeEngine[Any]) -> str:
    return kind.compile(dialect=DIALECT)


def _alter(connection: sa.Connection, statement: sql.Composed) -> None:
    """Run a statement that is built of identifiers, on the same transaction."""
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    driver.execute(statement)


def _needs_rebuild(table: sa.Table, reason: str) -> WarehouseError:
    return WarehouseError(
        f"{table.fullname}: {reason}. Run `trendlab rebuild`: the warehouse is "
        "refilled from the lake"
    )
