"""Tumblr: pages by time, holes, limits, what is gone; posts read again with notes."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.sources import tumblr_server
from tests.sources.asking import fetch_pages, rows_in
from tests.sources.loopback import HTML, Reply
from tests.sources.tumblr_server import KEY, START, note, refusal
from trendlab.errors import (
    CredentialsRefused,
    RateLimited,
    SourceDown,
    UnexpectedAnswer,
)
from trendlab.sources import tumblr as room
from trendlab.sources.base import Page
from trendlab.sources.live import Access
from trendlab.sources.tumblr import Tumblr

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def running():
    with tumblr_server.tumblr() as both:
        yield both


def source_of(key: str = KEY) -> Tumblr:
    return Tumblr(Access(Tumblr.needs, {room.KEY: key}))


def pages(service, *, kind="hashtag", value="coat", resume=None, days=60):
    term = {"kind": kind, "value": value, "resume": resume}
    return fetch_pages(service, source_of(), START, START + days * DAY, **term)


def ids(found: list[Page]) -> list[str]:
    return [post["id_string"] for page in found for post in page.payload["posts"]]


def parsed(found: list[Page], table: str = "posts") -> list[dict]:
    return rows_in(source_of(), found, table)


def test_a_tag_is_read_back_to_the_start_of_the_range_and_no_further(server, service):
    for i in range(-60, 110):
        # three posts at each moment, so that pages end among equals
        server.put(START + (i // 3) * HOUR, f"no {i}")
    found = pages(service)
    wanted = [post["id_string"] for post in server.posts[60:]]
    assert sorted(ids(found)) == sorted(wanted)
    assert len(service.asked) <= 8
    # what comes after the range is not asked for
    assert len(ids(pages(service, days=1))) == 72


def test_more_posts_in_a_second_than_a_page_do_not_hold_up_the_rest(server, service):
    for i in range(50):
        server.put(START + HOUR, f"no {i}")
    early = server.put(START, "first")
    found = pages(service)
    assert len(ids(found)) == 21
    assert early["id_string"] in ids(found)


def test_an_empty_answer_is_asked_again_further_back(server, service):
    for i in range(60):
        server.put(START + i * HOUR, f"no {i}")
    start = int(START.timestamp())
    server.hollow.append((start + 20 * 3600, start + 41 * 3600))
    assert len(ids(pages(service))) == 40
    assert len(service.asked) < 25
    server.hollow.append((0, 2**40))
    service.asked.clear()
    # an empty tag: not an hour at a time
    assert pages(service) == []
    assert len(service.asked) < 15


def test_a_featured_tag_is_paged_by_its_own_time(server, service):
    for i in range(50):
        at = START + i * HOUR
        featured = int((at + 2 * DAY).timestamp())
        server.put(at, f"no {i}", featured_timestamp=featured)
    assert len(set(ids(pages(service)))) == 50


def test_a_service_that_ignores_before_is_told(server, service):
    server.put(START + 90 * DAY, "later")
    later = {"meta": {"status": 200}, "response": server.posts}
    service.faults.append(("tagged", Reply(later)))
    with pytest.raises(UnexpectedAnswer, match="expected posts before"):
        pages(service)


def test_a_blog_is_read_with_its_pinned_post(server, service):
    server.put(START - 400 * DAY, "rules", is_pinned=True)
    for i in range(45):
        server.put(START + i * HOUR, f"no {i}")
    server.put(START, "not mine", by="bob")
    found = pages(service, kind="account", value="ana")
    assert len(set(ids(found))) == 45
    assert {row["author_handle"] for row in parsed(found)} == {"ana"}
    (asked, *_) = service.asked
    assert (asked.query["npf"], asked.query["reblog_info"]) == ("true", "true")


def test_a_resumed_fetch_brings_what_follows_the_page(server, service):
    for i in range(-10, 90):
        server.put(START + (i // 3) * HOUR, f"no {i}")
    found = pages(service)
    for at, page in enumerate(found):
        rest = pages(service, resume=json.loads(json.dumps(page.state)))
        assert ids(rest) == ids(found[at + 1 :])


def test_a_blog_that_is_not_there_ends_its_term_alone(server, service):
    with pytest.raises(UnexpectedAnswer, match=r"cannot be read \(404\)"):
        pages(service, kind="account", value="nobody")


@pytest.mark.parametrize("status", [401, 200], ids=["status", "body with status 200"])
def test_a_wrong_key_names_the_setting_and_is_not_shown(service, status):
    source = source_of("wr0ng-k3y")
    service.faults.append(("tagged", Reply(refusal(401, "Unauthorized"), status)))
    with (
        service.client_of(source) as client,
        pytest.raises(CredentialsRefused, match=room.KEY) as caught,
    ):
        source.check(client)
    assert "wr0ng" not in str(caught.value)


def test_check_reads_a_tag(server, service):
    server.put(START, tags=("fashion",))
    source = source_of()
    with service.client_of(source) as client:
        assert source.check(client) == ["tags can be read (1 post on a page of 1)"]


def test_limits_are_waited_for_or_left_to_the_next_run(server, service):
    for i in range(30):
        server.put(START + i * HOUR)
    hour = {"X-Ratelimit-Perhour-Remaining": "0", "X-Ratelimit-Perhour-Reset": "90"}
    service.faults.append(("tagged", Reply(refusal(429, "Limit"), 429, hour)))
    assert len(ids(pages(service))) == 30
    assert any(80 < seconds <= 90 for seconds in service.slept)
    day = {"X-Ratelimit-Perday-Remaining": "0", "X-Ratelimit-Perday-Reset": "40000"}
    service.faults.append(("tagged", Reply(refusal(429, "Limit"), 429, day)))
    with pytest.raises(RateLimited, match="limit is used up until"):
        pages(service)
    service.faults.append(("tagged", Reply(refusal(429, "Limit"), 200)))
    with pytest.raises(RateLimited, match="next run"):
        pages(service)


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (Reply(HTML), UnexpectedAnswer, "HTML"),
        (Reply([]), UnexpectedAnswer, "expected an object"),
        (Reply({"response": {"posts": 3}}), UnexpectedAnswer, "list of posts"),
        (Reply({"response": [{}]}), UnexpectedAnswer, "expected posts before"),
        (Reply({}, 503), SourceDown, "answered 503"),
        (Reply({}, length=9_999), SourceDown, "cut"),
    ],
    ids=["html", "a list", "no list", "no time", "down", "truncated"],
)
def test_answers_that_are_none_are_told(service, reply, error, message):
    service.faults += [("tagged", reply)] * 5
    with pytest.raises(error, match=message):
        pages(service)


def again(service, *post_ids: str) -> list[Page]:
    source = source_of()
    with service.client_of(source) as client:
        return list(source.fetch_again(post_ids, client))


def test_posts_are_read_again_with_their_notes(server, service):
    post = server.put(START, "a coat", note_count=10)
    server.notes[post["id_string"]] = [
        note(9, "nice"),
        note(8, "", type="like", reply_text=None),
        note(7, "", type="reblog", reply_text=None, added_text="look", post_id="77"),
        note(6, "", type="reblog", reply_text=None, post_id="78"),
    ]
    silent = server.put(START, "boots")
    (row,) = parsed(pages(service, days=1))[:1]
    assert (row["post_id"], row["likes_count"]) == (f"t:ana/{post['id_string']}", None)
    found = again(service, row["post_id"], "gone/1", "t:ana/2", "no id")
    (row,) = parsed(found)
    counts = (row["likes_count"], row["shares_count"], row["comments_count"])
    assert counts == (5, 2, 3)
    comments = parsed(found, "comments")
    assert [(one["text"], one["author_handle"]) for one in comments] == [
        ("nice", "bob"),
        ("look", "bob"),
    ]
    assert comments[1]["comment_id"] == "t:bob/77"
    assert {one["post_id"] for one in comments} == {row["post_id"]}
    service.asked.clear()
    (row,) = parsed(again(service, f"t:ana/{silent['id_string']}"))
    # of no notes at all each kind is known, without another request
    assert (row["likes_count"], row["shares_count"], row["comments_count"]) == (0, 0, 0)
    assert len(service.asked) == 1


def test_notes_are_read_to_a_bound_and_the_rest_is_counted(server, service):
    post = server.put(START, note_count=90)
    own = post["id_string"]
    server.notes[own] = [note(90 - i, f"no {i}") for i in range(60)]
    server.note_pages = 10
    found = again(service, f"t:ana/{own}")
    assert len(parsed(found, "comments")) == 50
    assert [page.left_out_count for page in found] == [0, 0, 0, 0, 0, 1]
