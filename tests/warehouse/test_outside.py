"""Any Postgres by URL, tried on the one that Debian packages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.warehouse.conftest import open_folder
from tests.warehouse.rows import MONDAY, world
from trendlab.errors import WarehouseError
from trendlab.warehouse import marts
from trendlab.warehouse.access import open_warehouse
from trendlab.warehouse.load import load_days
from trendlab.warehouse.nearest import has_nearest
from trendlab.warehouse.query import ask
from trendlab.warehouse.scrub import scrub
from trendlab.warehouse.server import EmbeddedPostgres
from trendlab.warehouse.tables import drop_tables

# 15 is the oldest that is supported, and the one in Debian 12.
INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture(scope="module")
def outside_url() -> Iterator[str]:
    """The address of a server that trendlab did not bring along."""
    if not INSTALLED:
        pytest.skip("no PostgreSQL of the system's own under /usr/lib/postgresql")
    with open_folder() as folder:
        server = EmbeddedPostgres(folder, binaries=INSTALLED[0].parent)
        with server.running():
            yield server.url("owner")


def test_an_outside_postgres_serves_as_a_warehouse(
    outside_url: str, tmp_path: Path
) -> None:
    tables = world()
    with open_warehouse(tmp_path / "home", url=outside_url) as warehouse:
        for _ in range(2):
            warehouse.prepare(tmp_path / "home")
            load_days(warehouse.loader, MONDAY, MONDAY + timedelta(days=13), tables)
            marts.create(warehouse.owner)
            assert marts.run_tests(warehouse.owner)
        with warehouse.analyst.connect() as connection:
            offered = connection.execute(
                sa.text("select 1 from pg_available_extensions where name = 'vector'")
            ).first()
            assert has_nearest(connection) == (offered is not None)
        answer = ask(warehouse.analyst, "select count(*) from peaks")
        assert answer.rows == [(1,)]
        with pytest.raises(WarehouseError, match="permission denied"):
            ask(warehouse.analyst, "select * from trendlab.posts")
        with pytest.raises(WarehouseError, match="read-only"):
            ask(warehouse.analyst, "create temporary table x (n int)")
        scrub(warehouse.owner, is_embedded=False)
        assert ask(warehouse.analyst, "select count(*) from peaks").rows == [(1,)]
    other = tmp_path / "other"
    with open_warehouse(other, url=outside_url) as warehouse:
        warehouse.prepare(other)
        with pytest.raises(WarehouseError, match="TRENDLAB_ANALYST_URL"):
            ask(warehouse.analyst, "select 1")
        drop_tables(warehouse.owner)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_addresses_may_name_the_scheme_as_they_like(
    outside_url: str, tmp_path: Path, scheme: str
) -> None:
    url = outside_url.replace("postgresql", scheme, 1)
    with open_warehouse(tmp_path, url=url) as warehouse:
        with warehouse.owner.connect() as connection:
            assert connection.execute(sa.text("select 1")).scalar_one() == 1
        with psycopg.connect(warehouse.url("owner")) as connection:
            assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("not an address", "TRENDLAB_WAREHOUSE_URL wants"),
        ("mysql://u:secret@h/d", "the warehouse is a Postgres"),
        ("postgresql://u:secret@/d?host=/nowhere", "cannot be reached"),
    ],
)
def test_a_wrong_address_is_refused_without_its_password(
    tmp_path: Path, url: str, message: str
) -> None:
    with pytest.raises(WarehouseError, match=message) as caught:
        open_warehouse(tmp_path, url=url)
    assert "secret" not in str(caught.value)
