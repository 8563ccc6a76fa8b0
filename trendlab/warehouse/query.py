"""Answers one question to the marts, with an analyst's rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import psycopg
import sqlalchemy as sa

from trendlab.errors import WarehouseError

# Rows fetched at a time by the server-side cursor.
FETCH_ROWS = 1000
CURSOR_NAME = "answer"
# What a cursor can be declared for; the rest (explain, show) is small.
CURSOR_VERBS = {"select", "with", "values", "table"}


@dataclass(frozen=True)
class Answer:
    """Rows of a question.

    Parameters
    ----------
    names : list of str
    rows : list of tuple
    is_cut : bool
        True where there are more rows than were asked for.
    """

    names: list[str]
    rows: list[tuple[Any, ...]]
    is_cut: bool


def ask(engine: sa.Engine, question: str, *, limit: int = 0) -> Answer:
    """Run one SELECT in a read-only transaction and return its rows.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        With the analyst's rights (`Warehouse.analyst`).
    question : str
        One SELECT, or anything else that yields rows and writes none.
    limit : int
        Rows to return at most; 0 is all.

    Returns
    -------
    Answer

    Raises
    ------
    WarehouseError
        If the question is wrong, writes, reads what an analyst may not read, or
        runs past the role's time limit.
    """
    text = question.strip().rstrip(";").strip()
    if not text:
        raise WarehouseError('ask one SELECT, such as "select * from marts.peaks"')
    with _connected(engine) as connection:
        driver = cast(
            "psycopg.Connection[Any]", connection.connection.driver_connection
        )
        try:
            driver.execute("set transaction read only")
            if text.split(None, 1)[0].lower() not in CURSOR_VERBS:
                with driver.cursor() as cursor:
                    cursor.execute(text.encode())
                    return _fetch(cursor, limit)
            # a cursor on the server: memory does not grow with what is not shown
            with driver.cursor(CURSOR_NAME) as stream:
                stream.itersize = FETCH_ROWS
                stream.execute(text.encode())
                return _fetch(stream, limit)
        except psycopg.Error as error:
            raise WarehouseError(f"the question was refused: {_told(error)}") from None
        finally:
            driver.rollback()


def _connected(engine: sa.Engine) -> sa.Connection:
    try:
        return engine.connect()
    except sa.exc.OperationalError as error:
        raise WarehouseError(
            f"an analyst cannot log in: {error.orig}. Another data folder may have "
            "made the role with its own password: give TRENDLAB_ANALYST_URL"
        ) from None


def _fetch(
    cursor: psycopg.Cursor[Any] | psycopg.ServerCursor[Any], limit: int
) -> Answer:
    if cursor.description is None:
        raise WarehouseError("the question yields no rows; ask one SELECT")
    names = [column.name for column in cursor.description]
    if limit == 0:
        return Answer(names, cursor.fetchall(), is_cut=False)
    # one more than asked for tells whether there is more
    rows = cursor.fetchmany(limit + 1)
    return Answer(names, rows[:limit], is_cut=len(rows) > limit)


def _told(error: psycopg.Error) -> str:
    """Return Postgres's message, with its hint or place where it gives one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines) or type(error).__name__
