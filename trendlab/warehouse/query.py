"""Answers one question to the marts, with an analyst's rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import psycopg
import sqlalchemy as sa

from trendlab.errors import WarehouseError

CURSOR_NAME = "answer"
# Declared here and not by psycopg, so that it is known how far in the question begins
# when Postgres names a position.
_DECLARE = f"declare {CURSOR_NAME} no scroll cursor for "
# Of a line in which something is wrong, characters shown before and after the place.
SHOWN_CHARACTERS = 60
# What Postgres says of how a question was sent, in terms of the question.
_IN_OUR_WORDS = {
    "DECLARE CURSOR": "the question",
    "cannot insert multiple commands into a prepared statement": (
        "it holds several statements; ask one at a time"
    ),
}
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
        is_query = text.split(None, 1)[0].lower() in CURSOR_VERBS
        try:
            driver.execute("set transaction read only")
            if not is_query:
                with driver.cursor() as cursor:
                    cursor.execute(text.encode(), prepare=True)
                    return _fetch(cursor, limit)
            # a cursor on the server: memory does not grow with what is not shown;
            # prepared, because then Postgres takes one statement and no second one
            driver.execute(f"{_DECLARE}{text}".encode(), prepare=True)
            with driver.cursor(CURSOR_NAME) as stream:
                return _fetch(stream, limit)
        except psycopg.Error as error:
            told = _told(error, text, len(_DECLARE) if is_query else 0)
            raise WarehouseError(f"the question was refused: {told}") from None
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
    if cursor.description is None and not isinstance(cursor, psycopg.ServerCursor):
        raise WarehouseError("the question yields no rows; ask one SELECT")
    # one more than asked for tells whether there is more
    rows = cursor.fetchall() if limit == 0 else cursor.fetchmany(limit + 1)
    # a cursor that was declared elsewhere knows its columns from the first fetch on
    names = [column.name for column in cursor.description or ()]
    kept = rows if limit == 0 else rows[:limit]
    return Answer(names, kept, is_cut=len(rows) > len(kept))


def _told(error: psycopg.Error, text: str, offset: int) -> str:
    """Return Postgres's message in terms of the question, and where it points to.

    Parameters
    ----------
    error : psycopg.Error
    text : str
        The question as it was asked.
    offset : int
        Characters that were sent before it.
    """
    told = error.diag
    if told.message_primary is None:
        # lost connections have no diagnosis, only words
        return " ".join(str(error).split()) or type(error).__name__
    message = told.message_primary
    for theirs, ours in _IN_OUR_WORDS.items():
        message = message.replace(theirs, ours)
    lines = [message]
    if told.statement_position is not None:
        lines += _place(text, int(told.statement_position) - 1 - offset)
    for name, words in (
        ("detail", told.message_detail),
        ("hint", told.message_hint),
    ):
        if words is not None:
            lines.append(f"{name}: {words}")
    return "\n".join(lines)


def _place(text: str, position: int) -> list[str]:
    """Show the line of the question around a position (from 0), marked below it."""
    before = text[:position]
    line_number = before.count("\n") + 1
    column = position - (before.rfind("\n") + 1)
    line = text.split("\n")[line_number - 1]
    first = max(0, column - SHOWN_CHARACTERS)
    shown = line[first : column + SHOWN_CHARACTERS].replace("\t", " ").rstrip()
    head = f"line {line_number}, character {column + 1}: "
    return [head + shown, " " * (len(head) + column - first) + "^"]
