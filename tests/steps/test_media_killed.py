"""Downloads that are killed: nothing is lost, doubled, or left lying about."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pyarrow as pa
import pytest

from tests.sources.rough_server import Reply, RoughServer, answer, rough_server
from tests.steps.photos import DAY, NOW, by_path, files, home_with, offer, photo, told
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.steps.media import fetch_photos
from trendlab.steps.media_rows import row_with_photo
from trendlab.steps.media_store import PhotoStore, finish_batch, photo_name
from trendlab.steps.step import Context

RUN = """
import sys
from pathlib import Path
from trendlab.settings import Settings
from trendlab.steps.context import open_context
from trendlab.steps.media import fetch_photos
settings = Settings(
    home=Path(sys.argv[1]), media_ports=sys.argv[2], media_networks="127.0.0.0/8"
)
fetch_photos(open_context(settings, need_trackers=False), batch_photos=4)
"""
# every photo is offered by two posts of two days
PATHS = [f"/{number}" for number in range(12)]
CONTENT = {path: photo(number // 2) for number, path in enumerate(PATHS)}


class Killer:
    """A server that kills who asks for the n-th photo, in the middle of it."""

    def __init__(self, at: int) -> None:
        self._at = at
        # photos are asked for side by side; counting them is one step
        self._numbers = itertools.count(1)
        self.victim: list[subprocess.Popen[bytes]] = []

    def reply(self) -> Reply:
        whole = by_path({path: answer(CONTENT[path]) for path in PATHS})

        def reply(handler: BaseHTTPRequestHandler) -> None:
            if next(self._numbers) == self._at and self.victim:
                content = CONTENT[handler.path]
                handler.send_response(200)
                handler.send_header("Content-Length", str(len(content)))
                handler.end_headers()
                handler.wfile.write(content[:100])
                handler.wfile.flush()
                os.kill(self.victim[0].pid, signal.SIGKILL)
                return
            whole(handler)

        return reply


def home_at(home: Path, server: RoughServer) -> Context:
    return home_with(
        home,
        server.url,
        *(offer(f"{server.url}{path}", path) for path in PATHS),
    )


def whole(context: Context) -> tuple[dict, dict]:
    rows = told(context, "status", "path", "sha256", "tries_count", "status_reason")
    return rows, files(context)


@pytest.mark.parametrize("at", [1, 6, 12])
def test_a_run_that_is_killed_and_run_again_ends_as_if_undisturbed(tmp_path, at):
    killer = Killer(at)
    with rough_server(killer.reply()) as server:
        context = home_at(tmp_path / "killed", server)
        port = server.url.rpartition(":")[2]
        killed = subprocess.Popen([sys.executable, "-c", RUN, str(context.home), port])
        killer.victim.append(killed)
        assert killed.wait(120) == -signal.SIGKILL
        asked_before = len(server.asked)
        sealed = {path for path, _ in server.asked[: (at - 1) // 4 * 4]}
        fetch_photos(context, batch_photos=4)
        # not the batches that were sealed; what the killed run had asked for of the
        # open one may be heard by the server only now
        asked_again = {path for path, _ in server.asked[asked_before:]}
        assert asked_again == set(PATHS) - sealed
        undisturbed = home_at(tmp_path / "undisturbed", server)
        fetch_photos(undisturbed)
    rows, stored = whole(context)
    assert {row[0] for row in rows.values()} == {"stored"}
    assert (rows, stored) == whole(undisturbed)
    assert len(stored) == 6


def open_batch(home: Path, *contents: bytes) -> tuple[Lake, PhotoStore, pa.Table]:
    """Keep photos as a run does, and return the rows that it is about to seal."""
    context = home_with(
        home,
        "http://127.0.0.1:80",
        *(offer("http://127.0.0.1/", str(n)) for n, _ in enumerate(contents)),
    )
    store = PhotoStore(home)
    rows = []
    for number, row in enumerate(context.lake.read("media", DAY).to_pylist()):
        sha256 = hashlib.sha256(contents[number]).hexdigest()
        name = photo_name(contents[number], sha256)
        store.keep(contents[number], sha256)
        rows.append(row_with_photo(row, name, sha256, NOW))
    return context.lake, store, TABLES["media"].from_rows(rows)


def state(home: Path, lake: Lake) -> tuple[list, list[str]]:
    present = sorted(
        path.relative_to(home).as_posix()
        for path in (home / "media").rglob("*")
        if path.is_file()
    )
    return lake.read("media", DAY).to_pylist(), present


def test_a_batch_that_was_not_sealed_leaves_nothing(tmp_path):
    lake, store, _ = open_batch(tmp_path, photo(1))
    (tmp_path / "media" / ".incoming" / "abc.1.part").write_bytes(b"half")
    finish_batch(lake, store)
    rows, present = state(tmp_path, lake)
    assert [row["status"] for row in rows] == ["offered"]
    assert present == []


@pytest.mark.parametrize("done", ["sealed", "one moved", "all moved", "rows written"])
def test_a_sealed_batch_is_finished_wherever_it_was_cut(tmp_path, done):
    lake, store, rows = open_batch(tmp_path, photo(1), photo(2))
    names = rows["path"].to_pylist()
    store.seal(rows)
    if done == "one moved":
        store.place(names[:1])
    if done in ("all moved", "rows written"):
        store.place(names)
    if done == "rows written":
        lake.write("media", DAY, rows, source="shop")
    finish_batch(lake, store)
    finish_batch(lake, store)
    assert state(tmp_path, lake) == (rows.to_pylist(), sorted(names))


def test_photos_of_a_post_that_has_gone_meanwhile_are_not_stored(tmp_path):
    lake, store, rows = open_batch(tmp_path, photo(1), photo(2))
    store.seal(rows)
    lake.write("media", DAY, lake.read("media", DAY).slice(1), source="shop")
    finish_batch(lake, store)
    left, present = state(tmp_path, lake)
    assert [row["post_id"] for row in left] == ["1"]
    assert present == [rows["path"][1].as_py()]


def test_a_damaged_file_is_replaced_by_the_bytes_of_its_name(tmp_path):
    lake, store, rows = open_batch(tmp_path, photo(1))
    target = tmp_path / rows["path"][0].as_py()
    target.parent.mkdir(parents=True)
    target.write_bytes(photo(1)[:-1] + b"\0")
    store.seal(rows)
    finish_batch(lake, store)
    assert target.read_bytes() == photo(1)


def test_a_batch_of_another_version_is_fetched_again(tmp_path):
    lake, store, rows = open_batch(tmp_path, photo(1))
    store.seal(rows.drop_columns(["next_try_at"]))
    finish_batch(lake, store)
    left, present = state(tmp_path, lake)
    assert [row["status"] for row in left] == ["offered"]
    assert present == []
    assert not (tmp_path / "media" / ".incoming").exists()
    shutil.rmtree(tmp_path / "media")
    finish_batch(lake, store)
