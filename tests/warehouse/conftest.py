"""One embedded server for all tests of the warehouse; tables are emptied between."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse, open_warehouse
from trendlab.warehouse.tables import build_metadata

if sys.platform == "win32":
    pytest.skip("the embedded Postgres uses Unix sockets", allow_module_level=True)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that another pytest does not close to the server's user meanwhile."""
    with tempfile.TemporaryDirectory(prefix="trendlab-") as folder:
        yield Path(folder) / "postgres"


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def served(server_folder: Path) -> Iterator[Warehouse]:
    """The embedded warehouse with tables, roles and marts."""
    with open_warehouse(server_folder) as opened:
        try:
            opened.prepare(server_folder)
            marts.create(opened.owner)
            _spare_the_disk(opened.owner)
            yield opened
        finally:
            opened.close()
            assert opened.server is not None
            opened.server.stop()


def _spare_the_disk(owner: sa.Engine) -> None:
    """Let commits not wait for the disk: these tests do not cut the power."""
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("alter system set fsync = off"))
        connection.execute(sa.text("select pg_reload_conf()"))


@pytest.fixture
def warehouse(served: Warehouse) -> Iterator[Warehouse]:
    """The warehouse without rows."""
    yield served
    with served.owner.begin() as connection:
        for table in build_metadata().tables.values():
            connection.execute(sa.delete(table))
