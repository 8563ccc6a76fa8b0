"""Reddit: tokens that end, listings that end too soon, what is refused or gone."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.sources import reddit_server
from tests.sources.asking import fetch_pages, rows_in
from tests.sources.loopback import HTML, Reply
from tests.sources.reddit_server import SECRET, START, comment, listing, thing
from trendlab.errors import (
    CredentialsRefused,
    RateLimited,
    SourceDown,
    UnexpectedAnswer,
)
from trendlab.sources import reddit as room
from trendlab.sources.base import Page
from trendlab.sources.live import Access
from trendlab.sources.reddit import Reddit

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def running():
    with reddit_server.reddit() as both:
        yield both


def source_of(secret: str = SECRET) -> Reddit:
    values = {room.CLIENT_ID: "app-id", room.CLIENT_SECRET: secret, room.USER: "u/me"}
    return Reddit(Access(Reddit.needs, values))


def pages(service, *, kind="account", value="r/streetwear", resume=None, days=60):
    term = {"kind": kind, "value": value, "resume": resume}
    return fetch_pages(service, source_of(), START, START + days * DAY, **term)


def ids(found: list[Page]) -> list[str]:
    return [child["data"]["id"] for page in found for child in page.payload["posts"]]


def parsed(found: list[Page], table: str = "posts") -> list[dict]:
    return rows_in(source_of(), found, table)


def test_a_subreddit_is_read_back_to_the_start_of_the_range_and_no_further(
    server, service
):
    for i in range(-400, 250):
        server.put(START + i * HOUR, f"no {i}")
    found = pages(service)
    assert len(ids(found)) == len(set(ids(found))) == 250
    assert service.paths().count("/r/streetwear/new") == 3
    assert all(page.reached_at is None for page in found)
    # the form that Reddit asks for, in every request
    agents = {asked.headers["user-agent"] for asked in service.asked}
    assert agents == {"python:trendlab:v0.1 (by /u/me)"}


def test_people_and_words_have_listings_of_their_own(server, service):
    server.put(START + HOUR, "a Camel Coat", author="eva")
    server.put(START + 2 * HOUR, "a coat of camel hair", author="ana")
    found = pages(service, value="u/eva")
    assert [row["caption"] for row in parsed(found)] == ["a Camel Coat"]
    found = pages(service, kind="keyword", value="camel coat")
    assert [row["author_handle"] for row in parsed(found)] == ["eva"]
    found = pages(service, kind="hashtag", value="streetwear")
    assert len(parsed(found)) == 2
    assert all("streetwear" in row["hashtags"] for row in parsed(found))
    assert all("r/streetwear" in row["mentions"] for row in parsed(found))
    assert len(parsed(pages(service, kind="hashtag", value="camel"))) == 2
    # no subreddit can have such a name, so none is asked for
    assert pages(service, kind="hashtag", value="mäntel")[0].payload["posts"] == []
    assert service.asked[-1].query["q"].startswith('title:"mäntel" OR selftext')


def test_a_list_that_ends_at_the_cap_says_from_when_on_it_is_whole(server, service):
    for i in range(1_500):
        server.put(START + i * HOUR / 2, f"no {i}")
    found = pages(service)
    assert len(ids(found)) == 1_000
    oldest = START + 500 * HOUR / 2
    assert found[-1].reached_at == oldest + timedelta(seconds=1)
    # a run that was killed just then says so again, without asking
    asked = len(service.asked)
    (again,) = pages(service, resume=json.loads(json.dumps(found[-1].state)))
    assert (again.reached_at, ids([again])) == (found[-1].reached_at, [])
    assert len(service.asked) == asked


def test_a_search_ends_sooner(server, service):
    for i in range(300):
        server.put(START + i * HOUR, "a coat")
    found = pages(service, kind="keyword", value="coat")
    assert len(ids(found)) == 250
    assert found[-1].reached_at is not None


def test_a_young_subreddit_is_whole(server, service):
    for i in range(120):
        server.put(START + i * HOUR, f"no {i}")
    found = pages(service)
    assert (len(ids(found)), found[-1].reached_at) == (120, None)
    assert pages(service, resume=found[-1].state) == []


def test_a_resumed_fetch_brings_what_follows_the_page(server, service):
    for i in range(-50, 350):
        server.put(START + i * HOUR, f"no {i}")
    found = pages(service)
    for at, page in enumerate(found):
        rest = pages(service, resume=json.loads(json.dumps(page.state)))
        assert ids(rest) == ids(found[at + 1 :])


def test_a_cursor_whose_post_is_gone_begins_anew(server, service):
    for i in range(250):
        server.put(START + i * HOUR, f"no {i}")
    first = pages(service)[0]
    server.posts = [p for p in server.posts if p["name"] != first.state["after"]]
    rest = pages(service, resume=first.state)
    # overlapping pages are merged by their ids
    assert {*ids([first]), *ids(rest)} >= {post["id"] for post in server.posts}


def test_a_pinned_old_post_does_not_end_the_list(server, service):
    server.put(START - 900 * DAY, "rules", author="eva", pinned=True)
    for i in range(120):
        server.put(START + i * HOUR, f"no {i}", author="eva")
    rules = server.posts[0]
    answer = server.answer

    def pinned_first(asked):
        reply = answer(asked)
        if asked.path == "/user/eva/submitted" and "after" not in asked.query:
            reply.body["data"]["children"].insert(0, thing("t3", rules))
        return reply

    service.answer = pinned_first
    assert len(ids(pages(service, value="eva"))) == 120


def test_a_token_that_ends_on_the_way_is_got_anew(server, service):
    server.uses_of_a_token = 2
    for i in range(450):
        server.put(START + i * HOUR, f"no {i}")
    found = pages(service)
    assert len(ids(found)) == 450
    assert len(server.tokens) == 3
    assert "token" not in json.dumps([page.state for page in found])


def test_a_token_that_is_always_refused_ends(server, service):
    server.uses_of_a_token = 0
    with pytest.raises(CredentialsRefused, match="has just begun"):
        pages(service)
    assert len(server.tokens) == 1


@pytest.mark.parametrize(
    "fault",
    [
        None,
        Reply({"error": "invalid_grant"}),
        Reply({"message": "Forbidden", "error": 403}, 403),
    ],
    ids=["wrong secret", "error with status 200", "forbidden"],
)
def test_wrong_credentials_name_the_setting_and_show_no_secret(service, fault):
    source = source_of("wr0ng-s3cr3t")
    if fault is not None:
        service.faults.append(("access_token", fault))
    with (
        service.client_of(source) as client,
        pytest.raises(CredentialsRefused, match=room.CLIENT_SECRET) as caught,
    ):
        source.check(client)
    assert "wr0ng" not in str(caught.value)


def test_check_tries_the_token_and_a_listing(server, service):
    server.put(START, "x", subreddit="fashion")
    source = source_of()
    with service.client_of(source) as client:
        told = source.check(client)
    assert told[1] == "subreddits can be read (1 post on a page of 1)"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("r/secret", r"403, private"),
        ("r/nowhere", "knows no such subreddit"),
        ("nobody", "404"),
    ],
)
def test_what_cannot_be_read_ends_its_term_alone(server, service, value, message):
    server.private.add("secret")
    with pytest.raises(UnexpectedAnswer, match=message):
        pages(service, value=value)


def test_limits_are_waited_for_as_the_headers_say(server, service):
    for i in range(150):
        server.put(START + i * HOUR, f"no {i}")
    used_up = {"X-Ratelimit-Remaining": "0.0", "X-Ratelimit-Reset": "42"}
    service.faults.append(("/new", Reply({"error": 429}, 429, used_up)))
    assert len(ids(pages(service))) == 150
    assert any(40 < seconds <= 42 for seconds in service.slept)
    service.faults.append(("/new", Reply({}, 429, {"Retry-After": "7200"})))
    with pytest.raises(RateLimited, match="limit is used up until"):
        pages(service)


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (Reply(HTML), UnexpectedAnswer, "HTML"),
        (Reply({"data": {}}), UnexpectedAnswer, "expected a listing"),
        (Reply([]), UnexpectedAnswer, "expected a listing"),
        (Reply({"error": 500}, 500), SourceDown, "answered 500"),
        (Reply(listing([]), length=9_999), SourceDown, "cut"),
    ],
    ids=["html", "no children", "a list", "down", "truncated"],
)
def test_answers_that_are_none_are_told(service, reply, error, message):
    service.faults += [("/new", reply)] * 5
    with pytest.raises(error, match=message):
        pages(service)


def test_posts_are_read_again_with_their_comments(server, service):
    post = server.put(START, "a coat", score=12, num_comments=5)
    other = server.put(START, "boots")
    more = thing("more", {"id": "_", "count": 31, "children": ["x"], "depth": 1})
    hidden = thing("more", {"id": "_", "count": 0, "children": [], "depth": 9})
    answer = comment("c2", "so it is &amp; more", parent="t1_c1", replies="")
    gone = comment("c3", "[removed]", parent=post["name"], author="[deleted]")
    below = comment("c4", "still here", parent="t1_c3", score=-4)
    gone["data"]["replies"] = listing([below])
    server.trees[post["id"]] = [
        comment("c1", "nice", parent=post["name"], replies=listing([answer, hidden])),
        gone,
        more,
    ]
    source = source_of()
    with service.client_of(source) as client:
        found = list(source.fetch_again([post["id"], other["id"], "zzz"], client))
    assert {row["likes_count"] for row in parsed(found)} == {12, 7}
    told = [
        (row["text"], row["parent_id"], row["likes_count"], row["post_id"])
        for row in parsed(found, "comments")
    ]
    assert told == [
        ("nice", None, 2, post["id"]),
        ("so it is & more", "c1", 2, post["id"]),
        ("still here", "c3", None, post["id"]),
    ]
    # 31 behind a stub, one thread to be continued, one removed
    assert [page.left_out_count for page in found] == [0, 33]


def test_comments_of_a_post_that_is_gone_are_passed_over(server, service):
    post = server.put(START, "a coat", num_comments=5)
    source = source_of()
    with service.client_of(source) as client:
        found = list(source.fetch_again([post["id"]], client))
    assert len(found) == 1
