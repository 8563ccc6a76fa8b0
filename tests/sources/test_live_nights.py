"""Each source in the nights: its day, its tracker's posts, and comments a day later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from tests.sources import flickr_server, reddit_server, tiktok_server, tumblr_server
from tests.sources.loopback import Service
from tests.sources.reddit_server import START
from tests.sources.test_flickr import source_of as flickr_source
from tests.sources.test_reddit import source_of as reddit_source
from tests.sources.test_tiktok import source_of as tiktok_source
from tests.sources.test_tumblr import source_of as tumblr_source
from trendlab.lake import Lake
from trendlab.sources.live import LiveSource
from trendlab.steps.live import LiveIngest
from trendlab.trackers import Tracker

DAY = timedelta(days=1)
NOON = START + timedelta(hours=12)
Night = tuple[Service, LiveSource, Tracker]


@contextmanager
def reddit() -> Iterator[Night]:
    with reddit_server.reddit() as (server, service):
        post = server.put(NOON, "my coat", num_comments=4)
        stub = reddit_server.thing("more", {"count": 3, "children": ["x"], "id": "y"})
        nice = reddit_server.comment("c1", "nice", parent=post["name"])
        server.trees[post["id"]] = [nice, stub]
        server.put(NOON - 9 * DAY, "earlier")
        tracker = Tracker(name="looks", accounts=("r/streetwear",), sources=("reddit",))
        yield service, reddit_source(), tracker


@contextmanager
def tumblr() -> Iterator[Night]:
    with tumblr_server.tumblr() as (server, service):
        post = server.put(NOON, "my coat", note_count=10, tags=("Coat",))
        server.notes[post["id_string"]] = [tumblr_server.note(9, "nice")]
        server.put(NOON - 9 * DAY, "earlier")
        yield service, tumblr_source(), Tracker(name="looks", hashtags=("coat",))


@contextmanager
def tiktok() -> Iterator[Night]:
    with tiktok_server.tiktok() as (server, service):
        video = server.put(NOON, "my coat", comment_count=1)
        server.comments[video["id"]] = [tiktok_server.comment(video, 9, "nice")]
        yield service, tiktok_source(), Tracker(name="looks", hashtags=("coat",))


@contextmanager
def flickr() -> Iterator[Night]:
    with flickr_server.flickr() as (server, service):
        photo = server.put(NOON, "my coat")
        server.comments[photo["id"]] = [flickr_server.comment(9, "nice")]
        server.faves[photo["id"]] = 30
        yield service, flickr_source(), Tracker(name="looks", hashtags=("coat",))


def rows(lake: Lake, table: str) -> list[dict]:
    days = lake.days(table)
    return lake.read_range(table, days[0], days[-1]).to_pylist() if days else []


@pytest.mark.parametrize(
    ("running", "counts", "left_out"),
    [
        (flickr, [(7, 0), (30, 1)], 0),
        (reddit, [(7, 4), (7, 4)], 3),
        # of a list of posts no counts are known
        (tumblr, [(5, 3)], 0),
        (tiktok, [(30, 1), (30, 1)], 0),
    ],
    ids=["flickr", "reddit", "tumblr", "tiktok"],
)
def test_a_day_is_fetched_and_a_day_later_read_again_with_its_comments(
    tmp_path, running, counts, left_out
):
    now = START + DAY + timedelta(hours=2)

    def clock() -> datetime:
        return now

    with running() as (service, source, tracker):
        service.clock = clock
        run = LiveIngest(
            Lake(tmp_path / "lake"),
            (tracker,),
            client_of=service.client_of,
            clock=clock,
        )
        first = run.ingest_trackers({source.name: source}, START.date())
        assert first.failures == []
        (row,) = rows(run.lake, "coverage")
        # the posts are the tracker's
        assert (row["status"], row["posts_count"]) == ("complete", 1)
        assert rows(run.lake, "comments") == []
        now += DAY
        second = run.ingest_trackers({source.name: source}, (START + DAY).date())
    assert second.failures == []
    assert second.total("left_out_count") == left_out
    (comment,) = rows(run.lake, "comments")
    (post,) = rows(run.lake, "posts")
    assert (comment["text"], comment["post_id"]) == ("nice", post["post_id"])
    readings = [
        (one["likes_count"], one["comments_count"])
        for one in sorted(
            rows(run.lake, "engagement"), key=lambda one: one["observed_at"]
        )
    ]
    assert readings == counts
