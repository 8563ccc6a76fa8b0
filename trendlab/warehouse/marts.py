"""Builds the marts, views that analysts read, and runs the SQL tests over them.

Schema `marts` holds exactly the views of `sql/marts`, one file each; a view that
somebody else put there is dropped with the old ones when a definition changes.
"""

from __future__ import annotations

import graphlib
import hashlib
import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg import sql

from trendlab.errors import MartTestFailed, WarehouseError
from trendlab.warehouse.scripts import read_script, read_scripts, run_script

log = logging.getLogger(__name__)

SCHEMA = "marts"
SCHEMA_COMMENT = "Views for analysts, one file each in sql/marts. Definitions: "
SHOWN_ROWS = 5
# The server works on one query of a connection at a time.
TEST_CONNECTIONS = 2

_MENTION = re.compile(r"\b(?:from|join)\s+marts\.([a-z_0-9]+)")


def create(engine: sa.Engine) -> bool:
    """Create the views of `sql/marts`, in one transaction, where they changed.

    Call it after a load: it also refreshes the planner's statistics of tables that
    grew, which a loader may not do on every version of Postgres.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        With the owner's rights; tables and roles are there.

    Returns
    -------
    bool
        False where the views that are there are the ones wanted.

    Raises
    ------
    WarehouseError
        If Postgres refuses a definition, or a view of somebody's own stands on
        a mart, or a column is left without a comment.
    """
    scripts = read_scripts("marts")
    inherit = read_script("schema", "inherit_comments")
    digest = _digest({**scripts, "inherit_comments": inherit})
    started = time.monotonic()
    with engine.begin() as connection:
        run_script(connection, read_script("schema", "refresh_statistics"))
    with engine.begin() as connection:
        if definitions(connection) == f"{len(scripts)} {digest}":
            return False
        try:
            run_script(connection, read_script("schema", "drop_marts"))
            for name in in_order(scripts):
                run_script(connection, scripts[name])
                run_script(connection, inherit)
        except psycopg.errors.DependentObjectsStillExist as error:
            raise WarehouseError(
                "a mart cannot be replaced, because an object outside schema marts "
                f"stands on it: {error.diag.message_detail}. Drop it and run "
                "`trendlab marts` again"
            ) from None
        except psycopg.Error as error:
            raise WarehouseError(f"the marts could not be made: {error}") from None
        _set_comment(connection, digest)
    log.info("marts: %d views, %.1f s", len(scripts), time.monotonic() - started)
    return True


def run_tests(engine: sa.Engine) -> list[str]:
    """Run every query of `sql/tests`; each returns the rows that break a rule.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        With the owner's rights.

    Returns
    -------
    list of str
        Names of the tests, all passed.

    Raises
    ------
    MartTestFailed
        Names every rule that is broken, with the first rows that break it.
    """
    started = time.monotonic()
    scripts = read_scripts("tests")

    def broken_by(name: str) -> str | None:
        with engine.connect() as connection:
            connection.exec_driver_sql("set transaction read only")
            names, rows = _first_rows(connection, scripts[name])
        shown = "; ".join(
            ", ".join(f"{n}={v}" for n, v in zip(names, row, strict=True))
            for row in rows
        )
        return f"{name} ({_rule(scripts[name])}): {shown}" if rows else None

    with ThreadPoolExecutor(TEST_CONNECTIONS, "sql-test") as threads:
        found = list(threads.map(broken_by, scripts))
    broken = [each for each in found if each is not None]
    log.info(
        "marts: %d tests, %d broken, %.1f s",
        len(scripts),
        len(broken),
        time.monotonic() - started,
    )
    if broken:
        raise MartTestFailed(
            f"{len(broken)} of {len(scripts)} SQL tests found rows that break their "
            f"rule (at most {SHOWN_ROWS} shown each; see sql/tests):\n"
            + "\n".join(broken)
        )
    return list(scripts)


def in_order(scripts: dict[str, str]) -> list[str]:
    """Return view names so that each comes after the views that it reads.

    Raises
    ------
    WarehouseError
        If views read each other in a circle, or one that is not there.
    """
    needs = {
        name: set(_MENTION.findall(script)) - {name} for name, script in scripts.items()
    }
    for name, read in needs.items():
        absent = read - set(scripts)
        if absent:
            raise WarehouseError(
                f"sql/marts/{name}.sql reads {', '.join(sorted(absent))}, which no "
                "file of sql/marts defines"
            )
    ordered = {name: sorted(needs[name]) for name in sorted(needs)}
    try:
        return list(graphlib.TopologicalSorter(ordered).static_order())
    except graphlib.CycleError as error:
        raise WarehouseError(
            f"marts read each other in a circle: {' → '.join(error.args[1])}"
        ) from None


def _digest(scripts: dict[str, str]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for name, script in sorted(scripts.items()):
        digest.update(f"{name}\0{script}\0".encode())
    return digest.hexdigest()


def definitions(connection: sa.Connection) -> str:
    """Return the number and the digest of the views that are there; "" for none."""
    row = connection.execute(
        sa.text(
            "select obj_description(oid, 'pg_namespace') as comment, "
            "(select count(*) from pg_views where schemaname = nspname) as views_count "
            "from pg_namespace where nspname = :schema"
        ),
        {"schema": SCHEMA},
    ).one_or_none()
    if row is None:
        return ""
    return f"{row.views_count} {str(row.comment or '').removeprefix(SCHEMA_COMMENT)}"


def _set_comment(connection: sa.Connection, digest: str) -> None:
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    driver.execute(
        sql.SQL("comment on schema {} is {}").format(
            sql.Identifier(SCHEMA), sql.Literal(SCHEMA_COMMENT + digest)
        )
    )


def _first_rows(
    connection: sa.Connection, script: str
) -> tuple[list[str], list[tuple[Any, ...]]]:
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    with driver.cursor() as cursor:
        cursor.execute(script.encode())
        names = [column.name for column in cursor.description or ()]
        return names, cursor.fetchmany(SHOWN_ROWS)


def _rule(script: str) -> str:
    """Return the first comment of a test: the rule in words."""
    words = []
    for line in script.splitlines():
        if not line.startswith("--"):
            break
        words.append(line.removeprefix("--").strip())
    return " ".join(words).rstrip(".")
