"""Creates the roles trendlab_loader and trendlab_analyst and grants their rights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg import sql

from trendlab.errors import WarehouseError
from trendlab.warehouse.passwords import ANALYST, LOADER
from trendlab.warehouse.scripts import read_script, run_script


def create_roles(
    engine: sa.Engine, passwords: Mapping[str, str], *, is_embedded: bool
) -> None:
    """Create the roles that are missing and bring their rights up to date.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        With the owner's rights; the tables are there.
    passwords : mapping of str to str
        Role → password.
    is_embedded : bool
        True where the whole server is trendlab's. Then what Postgres lets
        everybody do (temporary tables, large objects, `do` blocks) is revoked
        too, and the passwords are set anew. In a shared server roles that are
        there keep their passwords.

    Raises
    ------
    WarehouseError
        If the owner may not create roles and they are not there.

    Notes
    -----
    The password travels as a scram verifier, so no log can hold it.
    """
    with engine.begin() as connection:
        for role in (LOADER, ANALYST):
            _create_role(connection, role, passwords[role], is_embedded=is_embedded)
        run_script(connection, read_script("schema", "roles"))
        if is_embedded:
            run_script(connection, read_script("schema", "harden"))


def _create_role(
    connection: sa.Connection, role: str, password: str, *, is_embedded: bool
) -> None:
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    known = driver.execute(
        "select 1 from pg_roles where rolname = %s", [role]
    ).fetchone()
    if known is not None and not is_embedded:
        return
    verifier = driver.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    verb = sql.SQL("create role" if known is None else "alter role")
    try:
        driver.execute(
            sql.SQL("{} {} login password {}").format(
                verb, sql.Identifier(role), sql.Literal(verifier)
            )
        )
    except psycopg.errors.InsufficientPrivilege:
        raise WarehouseError(
            f"the user of TRENDLAB_WAREHOUSE_URL may not create the role {role}. Let "
            f"an administrator run: create role {role} login password '…'; and give "
            "its address in TRENDLAB_ANALYST_URL"
        ) from None
