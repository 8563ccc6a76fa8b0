"""Loads days of the lake into the warehouse: all tables of a range, or nothing.

A load is one transaction: delete the days, insert the days, in every table that
is given, so that nobody sees half a night. Loading a range at once gives the same
rows as loading it day by day, and loading twice changes nothing.

Rows travel as binary COPY, written from Arrow memory by ADBC: as fast as psql
reading a ready CSV file, or faster (see `bench/warehouse.py`), with lists and NULL as
they are.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import sqlalchemy as sa
from psycopg import sql

from trendlab import schemas
from trendlab.errors import WarehouseError
from trendlab.warehouse.access import libpq_url
from trendlab.warehouse.batches import Batches, Rows
from trendlab.warehouse.tables import LOADED_DAYS, SCHEMA, warehouse_tables

log = logging.getLogger(__name__)

# Any number: loads of one warehouse wait for each other.
LOAD_LOCK = 7_301_846
# Key values may be told (ids); the rest of a row, captions included, may not.
TOLD_DETAIL = "DETAIL:  Key ("


@dataclass(frozen=True)
class LoadReport:
    """What a load replaced.

    Parameters
    ----------
    first_day, last_day : date
    rows_by_table : mapping of str to int
        Rows inserted.
    seconds : float
    """

    first_day: date
    last_day: date
    rows_by_table: Mapping[str, int]
    seconds: float

    @property
    def rows_count(self) -> int:
        """Rows inserted in all tables."""
        return sum(self.rows_by_table.values())


def load_days(
    engine: sa.Engine | sa.Connection,
    first_day: date,
    last_day: date,
    tables: Mapping[str, Rows],
    *,
    fingerprints: Mapping[date, str] | None = None,
) -> LoadReport:
    """Replace a range of days in the tables that are given, in one transaction.

    Parameters
    ----------
    engine : sqlalchemy.Engine or sqlalchemy.Connection
        Warehouse to load, usually with the loader's rights. The load opens a
        connection of its own there.
    first_day, last_day : date
        Inclusive. Weekly tables are stored under their Monday: where a week
        changed, its Monday is among the days to load.
    tables : mapping of str to pyarrow.Table or iterable of pyarrow.RecordBatch
        Table name → all its rows of those days, with at least the declared
        columns that the warehouse holds. Tables without days (cities, models)
        are replaced whole. Tables that are not named stay as they are.
    fingerprints : mapping of date to str or None
        What each day was loaded from; stored in the same transaction and given
        back by `loaded_days`. Without them the days are marked as unknown.

    Returns
    -------
    LoadReport

    Raises
    ------
    WarehouseError
        If a table is unknown, a row lies outside the days, its types are not the
        declared ones, or Postgres refuses. Nothing has changed then.
    """
    if first_day > last_day:
        raise WarehouseError(f"load wants first_day ≤ last_day, got {first_day} first")
    declared = {name: _declared(name) for name in tables}
    marks = dict(fingerprints or {})
    for day in marks:
        if not first_day <= day <= last_day:
            raise WarehouseError(
                f"load of {first_day} to {last_day}: fingerprint of {day} given"
            )
    started = time.monotonic()
    loaded: dict[str, int] = {}
    try:
        with (
            adbc.connect(libpq_url(_url_of(engine))) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("set timezone to 'UTC'")
            cursor.execute("select pg_advisory_xact_lock($1)", [LOAD_LOCK])
            # sorted: loads lock tables in one order
            for name in sorted(tables):
                loaded[name] = _replace(
                    cursor, declared[name], tables[name], first_day, last_day
                )
            _mark(cursor, first_day, last_day, marks)
            connection.commit()
    except adbc_driver_manager.Error as error:
        raise WarehouseError(
            f"load of {first_day} to {last_day} was refused, nothing has changed: "
            f"{_reason(str(error))}"
        ) from None
    report = LoadReport(first_day, last_day, loaded, time.monotonic() - started)
    log.info(
        "load: %s to %s, %d tables, %d rows, %.1f s",
        first_day,
        last_day,
        len(loaded),
        report.rows_count,
        report.seconds,
    )
    return report


def loaded_days(engine: sa.Engine) -> dict[date, str]:
    """Return the days that the warehouse holds and what each was loaded from."""
    held = sa.table(
        LOADED_DAYS, sa.column("day"), sa.column("fingerprint"), schema=SCHEMA
    )
    with engine.connect() as connection:
        rows = connection.execute(sa.select(held.c.day, held.c.fingerprint))
        return {row.day: row.fingerprint for row in rows}


def content_hash(engine: sa.Engine) -> str:
    """Hash what the warehouse holds: equal where a load would change nothing.

    Days by what they were loaded from, tables without days by their rows. When a day
    was computed (`runs`) is no part of either.
    """
    digest = hashlib.blake2b(digest_size=16)
    for day, fingerprint in sorted(loaded_days(engine).items()):
        digest.update(f"{day} {fingerprint}\0".encode())
    with engine.connect() as connection:
        for table in warehouse_tables():
            if not table.partition:
                stored = sa.table(table.name, schema=SCHEMA)
                rows = connection.execute(sa.select(sa.text("*")).select_from(stored))
                told = sorted(repr(tuple(row)) for row in rows)
                digest.update(f"{table.name} {told}\0".encode())
    return digest.hexdigest()


def _url_of(engine: sa.Engine | sa.Connection) -> str:
    url = engine.engine.url
    return url.render_as_string(hide_password=False)


def _declared(name: str) -> schemas.Table:
    table = schemas.TABLES.get(name)
    if table is None or not table.in_warehouse:
        raise WarehouseError(f"the warehouse holds no table {name!r}")
    return table


def _replace(
    cursor: adbc.Cursor,
    table: schemas.Table,
    rows: Rows,
    first_day: date,
    last_day: date,
) -> int:
    """Delete the days of a table and insert their rows; return how many."""
    if table.partition:
        cursor.execute(
            _text(sql.SQL("delete from {} where day between $1 and $2"), table.name),
            [first_day, last_day],
        )
    else:
        cursor.execute(_text(sql.SQL("delete from {}"), table.name))
    batches = Batches(table, rows, first_day, last_day)
    reader = pa.RecordBatchReader.from_batches(batches.schema, iter(batches))
    try:
        cursor.adbc_ingest(table.name, reader, mode="append", db_schema_name=SCHEMA)
    except adbc_driver_manager.Error:
        if batches.error is not None:
            # raised by our own checks within the stream
            raise batches.error from None
        raise
    return batches.rows_count


def _mark(
    cursor: adbc.Cursor, first_day: date, last_day: date, marks: Mapping[date, str]
) -> None:
    cursor.execute(
        _text(sql.SQL("delete from {} where day between $1 and $2"), LOADED_DAYS),
        [first_day, last_day],
    )
    if marks:
        days = sorted(marks)
        rows = pa.table(
            {
                "day": pa.array(days, pa.date32()),
                "fingerprint": pa.array([marks[day] for day in days], pa.string()),
            }
        )
        cursor.adbc_ingest(LOADED_DAYS, rows, mode="append", db_schema_name=SCHEMA)


def _text(statement: sql.SQL, table: str) -> str:
    """Return a statement with the table's name in it, quoted."""
    return statement.format(sql.Identifier(SCHEMA, table)).as_string(None)


def _reason(message: str) -> str:
    """Return what Postgres said, without the values of the row."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    told = [line for line in lines[1:] if line.startswith(TOLD_DETAIL)]
    said = lines[0].partition("ERROR:")[2] if "ERROR:" in lines[0] else lines[0]
    return " ".join([said.strip(), *told])
