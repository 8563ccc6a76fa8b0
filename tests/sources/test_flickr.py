"""Flickr: ranges that are halved, pages that repeat, codes, photos read again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.sources import flickr_server
from tests.sources.asking import fetch_pages, rows_in
from tests.sources.flickr_server import ANA, KEY, START, comment, fail
from tests.sources.loopback import HTML, Reply
from trendlab.errors import (
    CredentialsRefused,
    RateLimited,
    SourceDown,
    UnexpectedAnswer,
)
from trendlab.sources import flickr as room
from trendlab.sources.base import Page
from trendlab.sources.flickr import Flickr
from trendlab.sources.live import Access

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def running():
    with flickr_server.flickr() as both:
        yield both


def source_of(key: str = KEY, most: int = 4_000) -> Flickr:
    return Flickr(Access(Flickr.needs, {room.KEY: key}), most)


def pages(
    service, *, kind="hashtag", value="coat", resume=None, days=30, most=4_000
) -> list[Page]:
    term = {"kind": kind, "value": value, "resume": resume}
    return fetch_pages(service, source_of(most=most), START, START + days * DAY, **term)


def ids(found: list[Page]) -> list[str]:
    return [photo["id"] for page in found for photo in page.payload["photos"]]


def parsed(found: list[Page], table: str = "posts") -> list[dict]:
    return rows_in(source_of(), found, table)


def test_a_range_is_read_in_pages_and_its_end_belongs_to_the_next(server, service):
    server.put(START - timedelta(seconds=1))
    for i in range(700):
        server.put(START + i * MINUTE)
    server.put(START + DAY)
    found = pages(service, days=1)
    assert ids(found) == [photo["id"] for photo in server.photos[1:-1]]
    assert len(service.asked) == 2


def test_more_than_a_search_gives_is_asked_for_in_halves(server, service):
    server.most = 1_000
    for i in range(2_600):
        # most of them within an hour
        server.put(START + (i * MINUTE if i < 200 else i * timedelta(seconds=1)))
    found = pages(service, most=1_000)
    assert len(ids(found)) == len(set(ids(found))) == 2_600
    assert [page.left_out_count for page in found] == [0] * len(found)
    assert len(service.asked) < 40


def test_a_second_with_more_than_can_be_had_says_how_many_are_missing(server, service):
    server.most = 500
    for _ in range(520):
        server.put(START + HOUR)
    server.put(START + 2 * HOUR)
    found = pages(service, days=1, most=500)
    assert len(ids(found)) == 501
    assert sum(page.left_out_count for page in found) == 20


def test_a_resumed_fetch_brings_what_follows_the_page(server, service):
    server.most = 1_000
    for i in range(1_700):
        server.put(START + i * MINUTE)
    found = pages(service, most=1_000)
    assert len(found) > 3
    for at, page in enumerate(found):
        rest = pages(service, resume=json.loads(json.dumps(page.state)), most=1_000)
        assert ids(rest) == ids(found[at + 1 :])


def test_a_range_that_grows_while_it_is_read_is_halved_by_the_next_run(server, service):
    server.most = 1_000
    for i in range(900):
        server.put(START + i * MINUTE)
    first = {"photos": {"total": 900, "photo": server.photos[:500]}, "stat": "ok"}
    (page, _) = pages(service, most=1_000)
    for i in range(900, 1_200):
        server.put(START + i * MINUTE)
    service.faults.append(("rest", Reply(first)))
    with pytest.raises(UnexpectedAnswer, match="in halves"):
        pages(service, most=1_000)
    rest = pages(service, resume=page.state, most=1_000)
    assert set(ids(rest)) == {photo["id"] for photo in server.photos}


def test_photos_that_come_twice_are_kept_once_and_a_page_that_does_is_told(
    server, service
):
    for i in range(600):
        server.put(START + i * MINUTE)
    moved = {"photos": {"total": "600", "photo": server.photos[499:]}, "stat": "ok"}
    good = Reply({"photos": {"total": 600, "photo": server.photos[:500]}, "stat": "ok"})
    service.faults += [("rest", good), ("rest", Reply(moved))]
    assert ids(pages(service)) == [photo["id"] for photo in server.photos]
    service.faults += [("rest", good), ("rest", good)]
    with pytest.raises(UnexpectedAnswer, match="page 2 brings no other photos"):
        pages(service)


def test_words_and_accounts_are_searched_by_name_and_by_number(server, service):
    server.put(START, "a camel coat", tags="")
    server.put(START, "boots", tags="", owner="9@N09", pathalias=None)
    (row,) = parsed(pages(service, kind="keyword", value="camel coat"))
    assert row["author_handle"] == "ana-b"
    (row,) = parsed(pages(service, kind="account", value="ana-b"))
    assert row["author_id"] == ANA
    (row,) = parsed(pages(service, kind="account", value=ANA.lower()))
    assert row["author_id"] == ANA
    with pytest.raises(UnexpectedAnswer, match="lookupUser was refused"):
        pages(service, kind="account", value="nobody")


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (Reply(fail(100)), CredentialsRefused, room.KEY),
        (Reply(fail(105)), SourceDown, "not available"),
        (Reply(fail(10)), SourceDown, "not available"),
        (Reply(fail(3)), UnexpectedAnswer, r"refused \(code 3\)"),
        (Reply({"stat": "fail", "code": []}), UnexpectedAnswer, "code None"),
        (Reply(HTML), UnexpectedAnswer, "HTML"),
        (Reply([]), UnexpectedAnswer, "expected an object with photos"),
        (Reply({"stat": "ok", "photos": {}}), UnexpectedAnswer, "expected total"),
        (
            Reply({"stat": "ok", "photos": {"total": "1"}}),
            UnexpectedAnswer,
            "list of photos",
        ),
        (Reply({}, 429), RateLimited, "too many"),
        (Reply({}, 503), SourceDown, "answered 503"),
        (Reply({}, length=9_999), SourceDown, "cut"),
    ],
)
def test_answers_that_are_none_are_told(server, service, reply, error, message):
    server.put(START)
    service.faults += [("rest", reply)] * 5
    with pytest.raises(error, match=message) as caught:
        pages(service)
    assert KEY not in str(caught.value)


def test_a_wrong_key_names_the_setting_and_a_right_one_finds_photos(server, service):
    server.put(START, tags="fashion")
    for key, is_right in ((KEY, True), ("wr0ng", False)):
        source = source_of(key)
        with service.client_of(source) as client:
            if is_right:
                told = source.check(client)
                assert told == ["photos can be searched (1 on a page of 1)"]
                continue
            with pytest.raises(CredentialsRefused, match=room.KEY) as caught:
                source.check(client)
            assert "wr0ng" not in str(caught.value)


def test_photos_are_read_again_with_faves_views_and_comments(server, service):
    photo = server.put(START, "a coat")
    server.comments[photo["id"]] = [comment(1, "nice <b>coat</b>"), comment(2, "yes")]
    server.faves[photo["id"]] = 30
    silent = server.put(START, "boots")
    first = parsed(pages(service))[0]
    source = source_of()
    service.asked.clear()
    with service.client_of(source) as client:
        found = list(source.fetch_again([photo["id"], "1", silent["id"]], client))
    # three for the one with comments, one for the gone, two for the other
    assert len(service.asked) == 6
    again = parsed(found)[0]
    counted = ("likes_count", "views_count", "comments_count")
    assert [again[name] for name in counted] == [30, 500, 2]
    changed = {*counted, "observed_at"}
    assert {k: v for k, v in again.items() if k not in changed} == {
        k: v for k, v in first.items() if k not in changed
    }
    comments = parsed(found, "comments")
    assert [row["text"] for row in comments] == ["nice coat", "yes"]
    assert {row["post_id"] for row in comments} == {photo["id"]}
    assert comments[0]["author_handle"] == "1@n02"
