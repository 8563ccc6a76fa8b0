"""The real command line against a real server: fetch, go on, be killed, be refused."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.sources.mastodon_server import START, Mastodons, a_month, mastodons
from trendlab.cli import collect, sources  # noqa: F401
from trendlab.cli.app import app
from trendlab.errors import SettingsError, TrendlabError
from trendlab.lake import Lake

MAIN = [sys.executable, "-c", "from trendlab.cli import main; main()"]
TRACKERS = "trackers:\n  - name: street\n    hashtags: [streetstyle]\n"


def env_of(home: Path, url: str, **more: str) -> dict[str, str]:
    home.mkdir(exist_ok=True)
    (home / "trackers.yml").write_text(TRACKERS)
    return {
        **os.environ,
        "TRENDLAB_HOME": str(home),
        "TRENDLAB_MASTODON_URL": url,
        **more,
    }


def trendlab(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MAIN, *words],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def in_process(env: dict[str, str], *words: str) -> tuple[int, str]:
    """Run a verb here; return the exit code that `main` gives, and the output."""
    done = CliRunner().invoke(app, words, env=env)
    if isinstance(done.exception, SettingsError):
        return 2, str(done.exception)
    if isinstance(done.exception, TrendlabError):
        return 1, done.output + str(done.exception)
    assert done.exception is None, done.output
    return done.exit_code, done.output


FETCH = ("ingest", "mastodon", "--tag", "#StreetStyle", "--since", "2026-01-01",
         "--until", "2026-02-01")  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with mastodons(tmp_path_factory.mktemp("mastodon")) as running:
        running.put(a_month(240))
        yield running


def posts(home: Path) -> list[dict]:
    lake = Lake(home / "lake")
    days = lake.days("posts")
    return lake.read_range("posts", days[0], days[-1]).to_pylist() if days else []


def test_a_hashtag_is_fetched_and_a_second_time_nothing_is_asked(
    server: Mastodons, tmp_path
):
    env = env_of(tmp_path, server.url)
    done = trendlab(env, *FETCH)
    assert done.returncode == 0, done.stderr
    assert "240 read, 240 accepted, 0 refused; 240 new" in done.stdout
    assert "coverage of street by mastodon: 31 complete (days)" in done.stdout
    assert len(posts(tmp_path)) == 240
    again = trendlab(env, *FETCH)
    assert again.returncode == 0
    assert "requests" not in again.stdout


def test_sources_are_listed_and_checked(server: Mastodons, tmp_path):
    env = env_of(tmp_path, server.url)
    code, listed = in_process(env, "sources")
    assert code == 0
    assert "mastodon: set up" in listed
    assert in_process(env, "sources", "check", "mastodon")[0] == 0
    wrong = trendlab(
        {**env, "TRENDLAB_MASTODON_TOKEN": "s3cr3t"},
        "-v",
        "sources",
        "check",
        "mastodon",
    )
    assert wrong.returncode == 1
    assert "refused us with 401" in wrong.stderr
    assert "s3cr3t" not in wrong.stdout + wrong.stderr
    code, missing = in_process(
        {**env, "TRENDLAB_MASTODON_URL": ""}, "sources", "check", "mastodon"
    )
    assert code == 2
    assert "TRENDLAB_MASTODON_URL" in missing


@pytest.mark.parametrize(
    "words",
    [
        ("ingest",),
        ("ingest", "mastodon"),
        ("ingest", "mastodon", "--keyword", "coat"),
        ("ingest", "mastodon", "--tag", "coat", "--since", "tomorrow"),
        ("ingest", "mastodon", "--tag", "coat", "--since", "2099-01-01"),
        ("ingest", "mastodon", "--tracker", "nobody"),
        ("ingest", "posts.csv", "--tag", "coat"),
        ("ingest", "--trackers", "--tag", "coat"),
        ("ingest", "--day", "2026-01-01"),
    ],
    ids=" ".join,
)
def test_misuse_is_told_before_anything_is_asked(tmp_path, words):
    # nobody listens there: who asks before looking at the words fails otherwise
    env = env_of(tmp_path, "http://127.0.0.1:9")
    assert in_process(env, *words)[0] == 2
    assert not (tmp_path / "lake").exists()


def test_a_server_that_limits_us_is_waited_for_or_left_to_the_next_run(tmp_path):
    with mastodons(tmp_path) as server:
        server.put(a_month(120))
        env = env_of(tmp_path / "home", server.url)
        # twice 429 with a wait of a second, then all is well
        with server.fault("timelines/tag", 429, count=2, Retry_After="1"):
            assert in_process(env, *FETCH)[0] == 0
        assert len(posts(tmp_path / "home")) == 120
        env = env_of(tmp_path / "late", server.url)
        with server.fault("timelines/tag", 429, Retry_After="7200"):
            code, told = in_process(env, *FETCH)
        assert code == 1
        assert "limit is used up until" in told
        assert "NOT ENDED" in told
        lake = Lake(tmp_path / "late" / "lake")
        day = lake.read("coverage", START.date()).to_pylist()[0]
        assert day["status"] == "none"
        assert "limit is used up" in day["reason"]
        assert in_process(env, *FETCH)[0] == 0
        assert len(posts(tmp_path / "late")) == 120


def test_the_night_fetches_its_day_for_all_trackers(server: Mastodons, tmp_path):
    env = env_of(tmp_path, server.url)
    code, told = in_process(env, "ingest", "--trackers", "--day", "2026-01-10")
    assert code == 0
    assert "8 read, 8 accepted" in told
    assert {str(row["day"]) for row in posts(tmp_path)} == {"2026-01-10"}


def without_times(home: Path, table: str) -> list[dict]:
    lake = Lake(home / "lake")
    days = lake.days(table)
    rows = lake.read_range(table, days[0], days[-1]).to_pylist()
    return sorted(
        (
            {k: v for k, v in row.items() if k not in ("observed_at", "day")}
            if table in ("engagement", "authors", "ingests")
            else {k: v for k, v in row.items() if k != "observed_at"}
            for row in rows
        ),
        key=repr,
    )


def test_killed_at_any_moment_and_run_again_the_lake_is_that_of_an_undisturbed_run(
    server: Mastodons, tmp_path
):
    whole, home = tmp_path / "whole", tmp_path / "killed"
    assert in_process(env_of(whole, server.url), *FETCH)[0] == 0
    env = env_of(home, server.url)
    draw = random.Random(20260101)
    for _ in range(2):
        running = subprocess.Popen(
            [*MAIN, *FETCH],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # the lock is taken when the fetching begins
        while not (home / "lake" / ".lock").exists() and running.poll() is None:
            time.sleep(0.01)
        time.sleep(draw.uniform(0.0, 1.0))
        running.kill()
        running.wait()
    assert in_process(env, *FETCH)[0] == 0
    for table in ("posts", "media", "engagement", "coverage", "ingests"):
        assert without_times(home, table) == without_times(whole, table)
