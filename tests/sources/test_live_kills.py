"""Each source, killed before one of its writes and run again, ends the same.

That any write may be the last stands in `tests/steps/test_live_killed.py`, with one
service; here every third write of each source is, which is enough to see that its
cursors, its tokens and its listings go on where they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sources import (
    flickr_server,
    instagram_server,
    reddit_server,
    tiktok_server,
    tumblr_server,
)
from tests.sources.loopback import Service
from tests.sources.reddit_server import START
from tests.sources.test_flickr import source_of as flickr_source
from tests.sources.test_instagram import source_of as instagram_source
from tests.sources.test_reddit import source_of as reddit_source
from tests.sources.test_tiktok import source_of as tiktok_source
from tests.sources.test_tumblr import source_of as tumblr_source
from tests.steps.killed import Killed, killed_at
from trendlab.lake import Lake
from trendlab.sources.live import LiveSource
from trendlab.steps.live import Asked, LiveIngest
from trendlab.trackers import Tracker

DAY = timedelta(days=1)
TABLES = (
    "posts",
    "media",
    "authors",
    "engagement",
    "ingests",
    "quarantine",
    "coverage",
)
Running = AbstractContextManager[tuple[Service, LiveSource, Asked]]


@contextmanager
def reddit() -> Iterator[tuple[Service, LiveSource, Asked]]:
    with reddit_server.reddit() as (server, service):
        # 30 more than are found, one of them bad
        for i in range(280):
            photo = {"url": f"https://i.redd.it/{i}.jpg"} if i % 50 == 0 else {}
            bad = {"num_comments": -3} if i == 200 else {}
            server.put(START + i * timedelta(minutes=4), f"coat {i}", **photo, **bad)
        yield service, reddit_source(), Asked(keywords=("coat",))


@contextmanager
def tumblr() -> Iterator[tuple[Service, LiveSource, Asked]]:
    with tumblr_server.tumblr() as (server, service):
        for i in range(60):
            bad = {"note_count": -3} if i == 30 else {}
            photo = {"content": [tumblr_server.image(str(i))]} if i % 9 == 0 else {}
            # three at each moment, so that pages end among equals
            at = START + i // 3 * timedelta(minutes=20)
            server.put(at, f"coat {i}", by=f"p{i % 4}", **bad, **photo)
        yield service, tumblr_source(), Asked(hashtags=("coat",))


@contextmanager
def tiktok() -> Iterator[tuple[Service, LiveSource, Asked]]:
    with tiktok_server.tiktok() as (server, service):
        for i in range(250):
            bad = {"like_count": -3} if i == 130 else {}
            server.put(START + i * timedelta(minutes=5), f"coat {i}", **bad)
        yield service, tiktok_source(), Asked(hashtags=("coat",))


@contextmanager
def instagram() -> Iterator[tuple[Service, LiveSource, Asked]]:
    with instagram_server.instagram() as (server, service):
        server.now = START + 2 * DAY
        for i in range(200):
            bad = {"like_count": -3} if i == 150 else {}
            at = START + DAY + i * timedelta(minutes=7)
            server.put(at, f"no {i} #coat", is_top=i == 3, **bad)
        yield service, instagram_source(), Asked(hashtags=("coat",))


@contextmanager
def flickr() -> Iterator[tuple[Service, LiveSource, Asked]]:
    with flickr_server.flickr() as (server, service):
        server.most = 500
        for i in range(900):
            bad = {"views": "-3"} if i == 600 else {}
            server.put(START + i * timedelta(minutes=3), f"coat {i}", **bad)
        yield service, flickr_source(most=500), Asked(hashtags=("coat",))


def rows_of(lake: Lake) -> dict[str, list[dict]]:
    found = {}
    for table in TABLES:
        days = lake.days(table)
        read = lake.read_range(table, days[0], days[-1]) if days else None
        found[table] = [] if read is None else read.to_pylist()
    # requests that a killed run sent were sent: they are not compared
    found["source_states"] = [
        {"key": row["slice_key"], "state": row["state"]}
        for row in lake.read_flat("source_states").to_pylist()
        if row["slice_key"] != "budget"
    ]
    return found


def ingest(
    folder: Path, kind: type[Lake], service: Service, source: LiveSource, asked: Asked
) -> Lake:
    now = START + 2 * DAY
    service.clock = lambda: now
    lake = kind(folder / "lake")
    tracker = Tracker(
        name="looks",
        hashtags=asked.hashtags,
        accounts=asked.accounts,
        keywords=asked.keywords,
    )
    run = LiveIngest(
        lake,
        (tracker,),
        client_of=service.client_of,
        clock=service.clock,
        # one refused record of a page is no format that has changed
        max_rejected_share=0.5,
        batch_pages=2,
    )
    run.ingest(source, asked, START, START + 2 * DAY)
    return lake


@pytest.mark.parametrize(
    "running",
    [flickr, instagram, reddit, tumblr, tiktok],
    ids=lambda running: running.__name__,
)
def test_killed_before_a_write_and_run_again_the_lake_is_the_same(
    tmp_path, running: Callable[[], Running]
):
    with running() as (service, source, asked):
        expected = rows_of(ingest(tmp_path / "whole", Lake, service, source, asked))
        assert len(expected["posts"]) > 50
        assert len(expected["quarantine"]) == 1
        number = 0
        while True:
            folder = tmp_path / str(number)
            try:
                ingest(folder, killed_at(number), service, source, asked)
                break
            except Killed:
                lake = ingest(folder, Lake, service, source, asked)
            assert rows_of(lake) == expected, number
            number += 3
    assert number > 8
