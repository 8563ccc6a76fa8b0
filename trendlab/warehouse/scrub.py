"""Leaves no deleted rows behind: not in tables, statistics, or the server's own log.

Postgres marks deleted rows and keeps their bytes until the room is needed, keeps
examples of values in its statistics, and repeats all changes in its write-ahead log.
For data that someone asked to be erased, that is not gone.
"""

from __future__ import annotations

import logging
import time

import sqlalchemy as sa
from psycopg import sql

from trendlab.warehouse.tables import SCHEMA

log = logging.getLogger(__name__)


def scrub(owner: sa.Engine, *, is_embedded: bool) -> None:
    """Write the tables anew without deleted rows.

    Parameters
    ----------
    owner : sqlalchemy.Engine
        With the owner's rights. Each table is locked while it is written.
    is_embedded : bool
        True where the server is ours: then its statistics are written anew too, and
        its log up to now is removed. Of an outside server these, its replicas and
        its backups are for who runs it.
    """
    started = time.monotonic()
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        names = connection.execute(
            sa.text("select tablename from pg_tables where schemaname = :schema"),
            {"schema": SCHEMA},
        ).scalars()
        for name in sorted(names):
            table = sql.Identifier(SCHEMA, name).as_string(None)
            connection.exec_driver_sql(f"vacuum (full, analyze) {table}")
        if is_embedded:
            connection.exec_driver_sql("vacuum full pg_catalog.pg_statistic")
            # what was logged before the new segment is removed by a checkpoint, for
            # the embedded server does not reuse its segments
            connection.execute(sa.text("select pg_switch_wal()"))
            connection.exec_driver_sql("checkpoint")
    log.info("warehouse: deleted rows removed, %.1f s", time.monotonic() - started)
