"""What the operating system must grant: a user for the server, paths, processes.

Postgres refuses to run as root. Where trendlab runs as root (containers), the
server runs as the system user `pgserver`, created on the first start.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trendlab.errors import WarehouseError

log = logging.getLogger(__name__)

SERVER_USER = "pgserver"
OTHERS_PASS = stat.S_IXOTH
OTHERS_READ = stat.S_IROTH


@dataclass(frozen=True)
class User:
    """A system user by numbers."""

    uid: int
    gid: int


def server_user() -> User | None:
    """Return the user to run the server as; None runs it as ourselves.

    Raises
    ------
    WarehouseError
        If we are root and the user cannot be created.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(SERVER_USER)
    except KeyError:
        try:
            subprocess.run(
                ["useradd", "--system", "--shell", "/bin/sh", SERVER_USER],
                check=True,
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError):
            raise WarehouseError(
                "Postgres does not run as root, and the system user "
                f"{SERVER_USER!r} could not be created: create it, run trendlab as "
                "another user, or point TRENDLAB_WAREHOUSE_URL at a Postgres"
            ) from None
        entry = pwd.getpwnam(SERVER_USER)
    return User(entry.pw_uid, entry.pw_gid)


def run_as_server_user(
    command: Sequence[str], *, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user and wait for it.

    Notes
    -----
    Output goes through files: a server that inherits a pipe keeps it open, and
    waiting for the pipe's end would wait for the server's end.
    """
    user = server_user()
    if user is not None:
        # each time: other programs close what they think is theirs (pytest does)
        open_path_for_others(folder)
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PG") and name not in ("LC_ALL", "LANG")
    }
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            check=False,
            cwd=folder,
            env={**environment, "LC_ALL": "C"},
            user=None if user is None else user.uid,
            group=None if user is None else user.gid,
            extra_groups=None if user is None else [],
        )
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(
            command, ended.returncode, out.read(), err.read()
        )


def open_path_for_others(folder: Path) -> None:
    """Let other users pass through a folder and those above it, no more."""
    for step in (folder, *folder.parents):
        mode = step.stat().st_mode
        if not mode & OTHERS_PASS:
            log.info("warehouse server: user %s may pass %s", SERVER_USER, step)
            step.chmod(mode | OTHERS_PASS)


def open_files_for_others(binaries: Path) -> None:
    """Let the server's user read its programs and their libraries.

    They cannot be read where the environment was made with a umask of 077.
    """
    open_path_for_others(binaries)
    if (binaries / "postgres").stat().st_mode & OTHERS_PASS:
        return
    install = binaries.parent
    libraries = install.parent.with_name(f"{install.parent.name}.libs")
    for root in (install, libraries):
        for path in (root, *root.rglob("*")):
            if path.is_symlink():
                continue
            mode = path.stat().st_mode
            wanted = OTHERS_READ | (OTHERS_PASS if mode & stat.S_IXUSR else 0)
            path.chmod(mode | wanted)


def make_socket_folder(folder: Path, user: User | None) -> None:
    """Create the folder of the socket, owned by the server's user.

    Raises
    ------
    WarehouseError
        If the folder is somebody else's: they could listen there in our place.
    """
    ours = {os.geteuid()} | ({user.uid} if user is not None else set())
    folder.mkdir(mode=0o755, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise WarehouseError(
            f"the socket folder {folder} belongs to another user; remove it, or set "
            "TMPDIR or TRENDLAB_HOME to a folder of your own"
        )
    folder.chmod(0o755)
    if user is not None:
        os.chown(folder, user.uid, user.gid)


def is_postgres(pid: int, data: Path) -> bool:
    """Tell whether a process is a Postgres server over a data folder.

    A process number is given out again after a kill, so that a number alone
    says nothing.
    """
    if pid <= 1:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    told = Path(f"/proc/{pid}/cmdline")
    if told.parent.parent.joinpath("self").exists():
        try:
            words = told.read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(data) in words
    listed = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="],
        capture_output=True,
        text=True,
        check=False,
    )
    return str(data) in listed.stdout


@dataclass(frozen=True)
class Users:
    """The processes that hold a file, ourselves among them."""

    descriptor: int

    def is_last(self) -> bool:
        """Tell whether nobody else holds it; newcomers then wait for us to end."""
        # let go first: two who end at once would each see the other
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def held(path: Path) -> Iterator[Users]:
    """Hold a file together with others, until the block or the process ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield Users(descriptor)
    finally:
        os.close(descriptor)
