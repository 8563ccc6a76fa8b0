"""Brings a table of the warehouse up to its declaration, without touching its rows."""

from __future__ import annotations

from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint, SetColumnComment, SetTableComment

from trendlab.errors import WarehouseError

CHECK_PREFIX = "ck_"
DIALECT: Any = postgresql.dialect()  # type: ignore[no-untyped-call]


def upgrade_table(
    connection: sa.Connection, table: sa.Table, found: sa.Table
) -> list[str]:
    """Bring one table up to its declaration and tell what changed.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        With the owner's rights, in a transaction.
    table : sqlalchemy.Table
        As declared.
    found : sqlalchemy.Table
        As reflected from the database.

    Returns
    -------
    list of str
        One line a change.

    Raises
    ------
    WarehouseError
        If its key or the type of a column changed.
    """
    changes = []
    if [c.name for c in table.primary_key] != [c.name for c in found.primary_key]:
        raise _needs_rebuild(table, "has another key in the database")
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
                table,
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
    found = sa.inspect(connection).get_check_constraints(
        table.name, schema=table.schema
    )
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
    return sql.Identifier(table.schema, table.name)


def _type_text(column: sa.Column[Any]) -> str:
    return column.type.compile(dialect=DIALECT)


def _alter(connection: sa.Connection, statement: sql.Composed) -> None:
    """Run a statement that is built of identifiers, on the same transaction."""
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    driver.execute(statement)


def _needs_rebuild(table: sa.Table, reason: str) -> WarehouseError:
    return WarehouseError(
        f"{table.fullname}: {reason}. Run `trendlab rebuild`: the warehouse is "
        "refilled from the lake"
    )
