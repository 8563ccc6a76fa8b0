from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.warehouse.conftest import open_folder
from trendlab.errors import WarehouseError
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.passwords import ANALYST, LOADER, OWNER, read_passwords
from trendlab.warehouse.server import MAX_SOCKET_BYTES, SOCKET_NAME, EmbeddedPostgres


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return row[0]


def test_a_started_server_answers_and_starting_it_again_does_nothing(
    served: Warehouse,
) -> None:
    server = served.server
    assert server is not None
    pid = server.status().pid
    server.start()
    assert server.status().pid == pid
    assert ask(served.url("owner"), "select current_user") == OWNER
    assert "running" in server.status().line()


def test_passwords_are_private_and_drawn_once(
    served: Warehouse, server_folder: Path
) -> None:
    path = server_folder / "passwords.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    drawn = read_passwords(server_folder)
    assert drawn == read_passwords(server_folder)
    assert len(set(drawn.values())) == 3


@pytest.mark.parametrize("role", [OWNER, LOADER, ANALYST])
def test_no_role_gets_in_without_its_password(served: Warehouse, role: str) -> None:
    server = served.server
    assert server is not None
    address = {"host": str(server.socket_folder), "dbname": "trendlab", "user": role}
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(**address, password="wrong")


def test_the_server_listens_on_no_network_address(served: Warehouse) -> None:
    assert ask(served.url("owner"), "show listen_addresses") == ""


def test_vectors_can_be_stored(served: Warehouse) -> None:
    with psycopg.connect(served.url("owner")) as connection:
        # there already where the warehouse was prepared
        connection.execute("create extension if not exists vector")
        row = connection.execute("select '[1,2]'::vector <-> '[1,4]'::vector")
        assert row.fetchone() == (2.0,)
        connection.rollback()


def test_an_unknown_role_is_refused_with_the_ones_there_are(served: Warehouse) -> None:
    assert served.server is not None
    for url in (served.url, served.server.url):
        with pytest.raises(WarehouseError, match=r"analyst.*loader.*owner"):
            url("boss")


@pytest.fixture(scope="module")
def spare() -> Iterator[EmbeddedPostgres]:
    """A server of one's own, to be killed and broken."""
    with open_folder() as folder:
        server = EmbeddedPostgres(folder)
        yield server
        server.stop()


def test_a_killed_server_starts_again_over_its_stale_pid_file(
    spare: EmbeddedPostgres,
) -> None:
    server = spare
    server.start()
    try:
        with psycopg.connect(server.url("owner")) as connection:
            connection.execute("create table kept (n int)")
            connection.execute("insert into kept values (7)")
        pid = server.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        server.start()
        assert server.status().pid != pid
        assert ask(server.url("owner"), "select n from kept") == 7
    finally:
        server.stop()
    assert not server.status().is_running
    # the number in a stale file may by now be another program's
    pid_file = server.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{server.data}\n1\n5432\n/nowhere\n\n\n\n")
    with server.running():
        assert ask(server.url("owner"), "select n from kept") == 7
    assert not server.status().is_running


def test_a_home_with_a_long_path_gets_a_short_socket_folder(tmp_path: Path) -> None:
    folder = tmp_path / ("é" * 60) / "postgres"
    server = EmbeddedPostgres(folder)
    assert len(os.fsencode(server.socket_folder / SOCKET_NAME)) <= MAX_SOCKET_BYTES
    assert server.socket_folder == EmbeddedPostgres(folder).socket_folder
    assert server.socket_folder != EmbeddedPostgres(tmp_path / "b").socket_folder


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    from trendlab.warehouse.system import make_socket_folder

    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(WarehouseError, match="belongs to another user"):
        make_socket_folder(tmp_path / "link", None)


def test_data_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", sleep=lambda seconds: None)
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(WarehouseError, match=r"made by PostgreSQL 12.*rebuild"):
        server.start()


def test_the_last_of_several_users_stops_a_server_that_nobody_asked_to_go_on(
    spare: EmbeddedPostgres,
) -> None:
    other = EmbeddedPostgres(spare.folder)
    with spare.running():
        with other.running():
            pass
        assert spare.status().is_running
        with other.running():
            spare.start()
    assert spare.status().is_running
    with spare.running():
        pass
    assert spare.status().is_running
    spare.stop()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(
    spare: EmbeddedPostgres,
) -> None:
    with spare.running():
        pass
    configuration = spare.data / "postgresql.conf"
    sound = configuration.read_text()
    configuration.write_text("no_such_setting = 1\n")
    broken = EmbeddedPostgres(spare.folder, sleep=lambda seconds: None)
    with pytest.raises(WarehouseError, match="no_such_setting"):
        broken.start()
    configuration.write_text(sound)


def test_the_server_starts_with_the_network_cut(spare: EmbeddedPostgres) -> None:
    unshare = shutil.which("unshare")
    if (
        unshare is None
        or subprocess.run(
            [unshare, "-n", "true"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("this system lets us cut no network")
    script = (
        "import sys; from pathlib import Path; import psycopg;"
        "from trendlab.warehouse.server import EmbeddedPostgres;"
        "server = EmbeddedPostgres(Path(sys.argv[1]))\n"
        "with server.running():\n"
        "    with psycopg.connect(server.url('owner')) as connection:\n"
        "        print(connection.execute('select 42').fetchone()[0])\n"
    )
    spare.stop()
    ended = subprocess.run(
        [unshare, "-n", sys.executable, "-c", script, str(spare.folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.strip() == "42", ended.stderr
