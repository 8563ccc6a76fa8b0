"""Nearest looks within Postgres, by pgvector where the server has it.

Without it the looks and their vectors are loaded all the same, and nothing in the
warehouse compares them; `trendlab similar` does, over the lake.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

from trendlab.errors import WarehouseError
from trendlab.warehouse.scripts import read_script, run_script

log = logging.getLogger(__name__)

EXTENSION = "vector"
NO_EXTENSION = "this Postgres has no pgvector"


class Vector(UserDefinedType[Any]):
    """The type of pgvector, so that reflecting its column does not warn.

    Parameters
    ----------
    length : str or None
        Floats, as the type is written.
    """

    cache_ok = True

    def __init__(self, length: str | None = None) -> None:
        self.length = length

    def get_col_spec(self, **_: Any) -> str:
        """Return the type as SQL writes it."""
        return "vector" if self.length is None else f"vector({self.length})"


ischema_names.setdefault(EXTENSION, Vector)


def add_nearest(owner: sa.Engine) -> bool:
    """Add the vector column and the functions that analysts call, where they can be.

    Parameters
    ----------
    owner : sqlalchemy.Engine
        With the owner's rights; tables and roles are there.

    Returns
    -------
    bool
        False where the server does not have pgvector, or this owner may not install
        it and nobody has.
    """
    with owner.begin() as connection:
        if not _has_extension(connection):
            log.info("nearest looks: %s", NO_EXTENSION)
            return False
        home = connection.execute(
            sa.text(
                "select quote_ident(nspname) from pg_extension "
                "inner join pg_namespace on pg_namespace.oid = extnamespace "
                "where extname = :name"
            ),
            {"name": EXTENSION},
        ).scalar_one()
        # the functions keep this path; of strangers' schemas only pgvector's is on it
        connection.execute(
            sa.text("select set_config('search_path', :path, true)"),
            {"path": f"trendlab, {home}, pg_temp"},
        )
        run_script(connection, read_script("schema", "look_vectors"))
    return True


def _has_extension(connection: sa.Connection) -> bool:
    """Tell whether the extension is installed, after trying to."""
    asked = {"name": EXTENSION}
    known = "select 1 from pg_extension where extname = :name"
    offered = "select 1 from pg_available_extensions where name = :name"
    if connection.execute(sa.text(known), asked).first() is not None:
        return True
    if connection.execute(sa.text(offered), asked).first() is None:
        return False
    try:
        with connection.begin_nested():
            connection.execute(sa.text("create extension vector"))
    except sa.exc.ProgrammingError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            return False
        raise
    return True


def has_nearest(reader: sa.Connection) -> bool:
    """Tell whether the warehouse compares looks; for any role."""
    found = reader.execute(
        sa.text(
            "select 1 from pg_proc inner join pg_namespace "
            "on pg_namespace.oid = pronamespace "
            "where nspname = 'marts' and proname = 'nearest_looks'"
        )
    )
    return found.first() is not None


def nearest_looks(
    analyst: sa.Engine,
    vector: Sequence[float],
    *,
    model_name: str,
    model_version: str,
    count: int,
) -> list[dict[str, Any]]:
    """Return the looks of the warehouse nearest to a vector, nearest first.

    Parameters
    ----------
    analyst : sqlalchemy.Engine
        Any role that may call the marts' functions.
    vector : sequence of 128 floats
        Of unit length.
    model_name, model_version : str
        Only looks of these are compared.
    count : int
        Most rows.

    Returns
    -------
    list of dict
        score (cosine, −1 to 1), day, source, post_id, media_index, look_index,
        look_kind, garments_count, is_duplicate.

    Raises
    ------
    WarehouseError
        If the warehouse has no such function.
    """
    with analyst.connect() as connection:
        if not has_nearest(connection):
            raise WarehouseError(
                f"the warehouse cannot compare looks: {NO_EXTENSION}, or no load has "
                "made its tables since it has. Let an administrator install pgvector "
                "and run `trendlab load`, or leave --warehouse out"
            )
        rows = connection.execute(
            sa.text(
                "select * from marts.nearest_looks("
                "cast(:vector as real []), :name, :version, :count)"
            ),
            {
                "vector": list(vector),
                "name": model_name,
                "version": model_version,
                "count": count,
            },
        )
        return [dict(row) for row in rows.mappings()]
