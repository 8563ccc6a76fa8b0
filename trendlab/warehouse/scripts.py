"""Runs the SQL files of `sql/`, which hold several statements each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import psycopg
import sqlalchemy as sa

from trendlab.resources import bundled


def read_scripts(folder: str) -> dict[str, str]:
    """Return the SQL files of `sql/<folder>`: name without suffix → text."""
    paths = sorted((bundled("sql") / folder).glob("*.sql"))
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def read_script(folder: str, name: str) -> str:
    """Return the text of one SQL file."""
    path: Path = bundled("sql") / folder / f"{name}.sql"
    return path.read_text(encoding="utf-8")


def run_script(connection: sa.Connection, script: str) -> None:
    """Run the statements of a file within the connection's transaction."""
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    driver.execute(script.encode())
