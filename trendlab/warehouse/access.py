"""Opens the warehouse, embedded or by URL, with one engine for each role.

The owner makes tables and views, the loader fills them, the analyst reads the
marts. Each is a login of its own, so that no statement can take more rights than
its connection was opened with.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from trendlab.errors import WarehouseError
from trendlab.warehouse.nearest import add_nearest
from trendlab.warehouse.passwords import ANALYST, read_passwords
from trendlab.warehouse.roles import create_roles
from trendlab.warehouse.server import EmbeddedPostgres
from trendlab.warehouse.tables import create_tables

DRIVER = "postgresql+psycopg"
CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Warehouse:
    """Addresses of a warehouse and engines made from them when first used.

    Parameters
    ----------
    owner_url, loader_url, analyst_url : str
        libpq or SQLAlchemy addresses, passwords included; never printed.
    server : EmbeddedPostgres or None
        The embedded server, None for an outside one.
    """

    owner_url: str
    loader_url: str
    analyst_url: str
    server: EmbeddedPostgres | None = None

    def __repr__(self) -> str:
        kind = "outside" if self.server is None else "embedded"
        return f"Warehouse({kind})"

    @cached_property
    def owner(self) -> sa.Engine:
        """Engine that may change tables and views."""
        return make_engine(self.owner_url)

    @cached_property
    def loader(self) -> sa.Engine:
        """Engine that may replace rows of schema `trendlab`."""
        return make_engine(self.loader_url)

    @cached_property
    def analyst(self) -> sa.Engine:
        """Engine that may read the marts."""
        return make_engine(self.analyst_url)

    def url(self, role: str = "analyst") -> str:
        """Return the address of a role: analyst, loader or owner.

        Raises
        ------
        WarehouseError
            If there is no such role.
        """
        addresses = {
            "analyst": self.analyst_url,
            "loader": self.loader_url,
            "owner": self.owner_url,
        }
        if role not in addresses:
            raise WarehouseError(
                f"the warehouse has the roles {', '.join(addresses)}, got {role!r}"
            )
        return libpq_url(addresses[role])

    def prepare(self, folder: Path) -> list[str]:
        """Create or bring up to date the tables, the roles and what compares looks.

        Parameters
        ----------
        folder : Path
            Where the passwords of the roles are kept.

        Returns
        -------
        list of str
            What changed in tables that were there.
        """
        changes = create_tables(self.owner)
        create_roles(
            self.owner, read_passwords(folder), is_embedded=self.server is not None
        )
        add_nearest(self.owner)
        return changes

    def close(self) -> None:
        """Close the connections that are open."""
        for name in ("owner", "loader", "analyst"):
            if name in self.__dict__:
                self.__dict__[name].dispose()

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_warehouse(
    folder: Path, *, url: str | None = None, analyst_url: str | None = None
) -> Warehouse:
    """Open the warehouse, starting the embedded server where it is the one.

    Parameters
    ----------
    folder : Path
        `<home>/postgres`: the embedded server's data, and passwords.
    url : str or None
        An outside Postgres, as a user who may create schemas and roles there; it
        loads with that user's rights.
    analyst_url : str or None
        The same database with an analyst's rights. Derived from `url` with the
        password kept in `folder` when None.

    Returns
    -------
    Warehouse

    Raises
    ------
    WarehouseError
        If the server cannot be started or reached.
    """
    if url is None:
        server = EmbeddedPostgres(folder)
        # a server that a `running` block holds stays borrowed
        if not server.status().is_running:
            server.start()
        return Warehouse(
            owner_url=server.url("owner"),
            loader_url=server.url("loader"),
            analyst_url=server.url("analyst"),
            server=server,
        )
    _check_reachable(url)
    passwords = read_passwords(folder)
    return Warehouse(
        owner_url=url,
        loader_url=url,
        analyst_url=analyst_url or _with_login(url, ANALYST, passwords[ANALYST]),
    )


def make_engine(url: str) -> sa.Engine:
    """Return an engine for an address; times are UTC on every connection."""
    return sa.create_engine(
        _parsed(url).set(drivername=DRIVER),
        connect_args={
            "options": "-c timezone=UTC",
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "trendlab",
        },
        pool_pre_ping=True,
        # values of a failed statement are captions and handles
        hide_parameters=True,
    )


def libpq_url(url: str) -> str:
    """Return the address in the form that psql and ADBC take."""
    plain = _parsed(url).set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        # the address is not repeated: it holds a password
        raise WarehouseError(
            "TRENDLAB_WAREHOUSE_URL wants an address such as "
            "postgresql://user:password@host:5432/database"
        ) from None
    if not parsed.drivername.startswith("postgres"):
        raise WarehouseError(
            f"the warehouse is a Postgres, got an address of {parsed.drivername!r}"
        )
    return parsed


def _with_login(url: str, user: str, password: str) -> str:
    changed = _parsed(url).set(username=user, password=password)
    return changed.render_as_string(hide_password=False)


def _check_reachable(url: str) -> None:
    engine = make_engine(url)
    try:
        with engine.connect():
            pass
    except sa.exc.OperationalError as error:
        raise WarehouseError(
            f"the Postgres of TRENDLAB_WAREHOUSE_URL cannot be reached: {error.orig}"
        ) from None
    finally:
        engine.dispose()
