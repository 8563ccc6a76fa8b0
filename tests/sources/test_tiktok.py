"""TikTok's Research API: days, forgotten searches, tokens, quotas, comments."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources import tiktok_server
from tests.sources.asking import fetch_pages, rows_in
from tests.sources.disturbed import anything, disturbed
from tests.sources.loopback import HTML, Reply
from tests.sources.tiktok_server import SECRET, START, comment, id_at, refusal
from trendlab.errors import (
    CredentialsRefused,
    RateLimited,
    SourceDown,
    UnexpectedAnswer,
)
from trendlab.sources import tiktok as room
from trendlab.sources.base import (
    Accepted,
    Budget,
    Page,
    Plan,
    Refused,
    Request,
    Slice,
    Spend,
)
from trendlab.sources.live import Access
from trendlab.sources.tiktok import TikTok
from trendlab.sources.tiktok_records import time_of_id
from trendlab.steps.ingest_rows import check_records

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def running():
    with tiktok_server.tiktok() as both:
        yield both


def source_of(secret: str = SECRET) -> TikTok:
    values = {room.CLIENT_KEY: "key", room.CLIENT_SECRET: secret}
    return TikTok(Access(TikTok.needs, values))


def pages(service, *, kind="hashtag", value="coat", resume=None, days=7.0):
    term = {"kind": kind, "value": value, "resume": resume}
    return fetch_pages(service, source_of(), START, START + days * DAY, **term)


def ids(found: list[Page]) -> list[int]:
    return [video["id"] for page in found for video in page.payload["videos"]]


def parsed(found: list[Page], table: str = "posts") -> list[dict]:
    return rows_in(source_of(), found, table)


def bodies(service) -> list[dict]:
    asked = [one for one in service.asked if one.path.endswith("/query/")]
    return [json.loads(one.body) for one in asked]


def test_a_hashtag_is_read_to_its_end_within_its_days(server, service):
    for i in range(-24, 250):
        server.put(START + i * HOUR / 2)
    found = pages(service, days=4)
    assert ids(found) == [video["id"] for video in server.videos[24:216]]
    first, second = bodies(service)
    assert (first["start_date"], first["end_date"]) == ("20260101", "20260104")
    assert "search_id" not in first
    (search_id,) = server.searches
    assert (second["cursor"], second["search_id"]) == (100, search_id)
    # what lies outside of the hours is not taken
    assert len(ids(pages(service, days=0.5))) == 24


def test_words_and_accounts_have_fields_of_their_own(server, service):
    server.put(START, "a Camel Coat", username="eva", hashtag_names=[])
    server.put(START, "a coat of camel hair")
    found = pages(service, kind="keyword", value="camel coat")
    assert [row["author_handle"] for row in parsed(found)] == ["eva"]
    assert len(ids(pages(service, kind="account", value="ana"))) == 1
    assert ids(pages(service, value="boots")) == []


def test_ranges_are_cut_and_the_last_two_days_read_once_more():
    request = Request(
        "tiktok",
        hashtags=("coat",),
        since=START,
        until=START + 61 * DAY,
        now=START + 90 * DAY,
    )
    plan = source_of().plan(request, {})
    assert len(plan.slices) == 9
    assert all(part.until - part.since <= room.LONGEST_QUERY for part in plan.slices)
    assert TikTok.overlap == 2 * DAY


def test_what_the_day_has_left_is_heeded_before_anything_is_asked():
    now = START + 90 * DAY + 5 * HOUR

    def plan(*spends: Spend) -> Plan:
        request = Request(
            "tiktok",
            hashtags=("coat",),
            since=START,
            until=START + DAY,
            now=now,
            budget=Budget(spends),
        )
        return source_of().plan(request, {})

    yesterday = Spend("requests", 900, at=now - 6 * HOUR)
    assert len(plan(yesterday, Spend("requests", 999, at=now - HOUR)).slices) == 1
    used_up = plan(yesterday, Spend("requests", 1_000, at=now - HOUR))
    assert used_up.slices == ()
    assert "nothing is asked before 2026-04-02 00:00 UTC" in used_up.notes[0]


def test_a_resumed_fetch_brings_what_follows_the_page(server, service):
    for i in range(330):
        server.put(START + i * HOUR / 4)
    found = pages(service)
    for at, page in enumerate(found):
        rest = pages(service, resume=json.loads(json.dumps(page.state)))
        assert ids(rest) == ids(found[at + 1 :])


def test_a_search_that_is_forgotten_is_begun_anew(server, service):
    for i in range(250):
        server.put(START + i * HOUR / 4)
    server.memory = 3
    found = pages(service)
    assert {*ids(found)} == {video["id"] for video in server.videos}
    stale = {"cursor": 100, "search_id": "no more", "is_last": False}
    assert len(set(ids(pages(service, resume=stale)))) == 250
    lost = refusal("invalid_params", "Invalid count or cursor", 400)
    service.faults += [("video/query", lost)] * 3
    with pytest.raises(UnexpectedAnswer, match="invalid_params"):
        pages(service)


def test_a_cursor_that_does_not_move_is_told(service):
    data = {"videos": [], "cursor": 0, "has_more": True, "search_id": "1"}
    service.faults.append(("query", Reply({"data": data, "error": {"code": "ok"}})))
    with pytest.raises(UnexpectedAnswer, match="no cursor"):
        pages(service)


@pytest.mark.parametrize("status", [401, 200])
def test_a_token_that_ends_on_the_way_is_got_anew(server, service, status):
    for i in range(250):
        server.put(START + i * HOUR / 4)
    ended = refusal("access_token_invalid", "expired", status)
    source = source_of()
    asks = {"kind": "hashtag", "value": "coat", "resume": None}
    plan = Plan(Request("tiktok"), (Slice("x", asks, START, START + 7 * DAY),))
    with service.client_of(source) as client:
        pages_ = source.fetch(plan, client)
        found = [next(pages_)]
        service.faults.append(("query", ended))
        found += pages_
    assert len(ids(found)) == 250
    assert len(server.tokens) == 2
    server.uses_of_a_token = 0
    with pytest.raises(CredentialsRefused, match="has just begun"):
        pages(service)


@pytest.mark.parametrize(
    ("path", "fault", "message"),
    [
        ("none", Reply({}), room.CLIENT_SECRET),
        ("token", Reply({"error": "invalid_request"}, 400), "invalid_request"),
        ("query", refusal("scope_not_authorized", "", 401), "not approved"),
    ],
    ids=["wrong secret", "refused", "not approved"],
)
def test_wrong_credentials_name_the_setting_and_show_no_secret(
    service, path, fault, message
):
    source = source_of("wr0ng-s3cr3t" if path == "none" else SECRET)
    service.faults.append((path, fault))
    with (
        service.client_of(source) as client,
        pytest.raises(CredentialsRefused, match=message) as caught,
    ):
        source.check(client)
    assert "wr0ng" not in str(caught.value)


def test_check_gets_a_token_and_queries_one_video(service):
    source = source_of()
    with service.client_of(source) as client:
        assert source.check(client)[1] == "videos can be queried (0 of 1)"
    assert bodies(service)[0]["max_count"] == 1


@pytest.mark.parametrize("status", [429, 200])
def test_the_days_limit_is_left_to_the_next_day(service, status):
    service.clock = lambda: START + 23.9 * HOUR
    service.faults.append(("query", refusal("daily_quota_limit_exceeded", "", status)))
    with pytest.raises(RateLimited, match="no requests left until") as caught:
        pages(service)
    assert caught.value.until == START + DAY
    # a token and one query: no other try, which would count as well
    assert len(service.asked) == 2


def test_too_many_at_once_is_waited_for(server, service):
    server.put(START)
    many = refusal("rate_limit_exceeded", "", 429)
    service.faults += [("query", many), ("query", many), ("query", Reply(HTML, 429))]
    assert len(ids(pages(service))) == 1
    service.faults += [("query", Reply(HTML, 429)), ("query", many)]
    assert len(ids(pages(service))) == 1
    service.faults += [("query", refusal("rate_limit_exceeded"))] * 2
    with pytest.raises(RateLimited, match="wants fewer requests"):
        pages(service)


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (Reply(HTML), UnexpectedAnswer, "HTML"),
        (Reply([]), UnexpectedAnswer, "expected an object with data"),
        (Reply({"data": {"videos": 3}}), UnexpectedAnswer, "list of videos"),
        (refusal("invalid_params", "no", 400), UnexpectedAnswer, "invalid_params"),
        (refusal("internal_error"), SourceDown, "failure of its own"),
        (refusal("internal_error", "", 500), SourceDown, "answered 500"),
        (Reply({}, length=9_999), SourceDown, "cut"),
    ],
    ids=["html", "a list", "no list", "refused", "internal", "down", "truncated"],
)
def test_answers_that_are_none_are_told(service, reply, error, message):
    service.faults += [("query", reply)] * 5
    with pytest.raises(error, match=message):
        pages(service)


def test_videos_are_read_again_with_their_comments(server, service):
    early = server.put(START - 31 * DAY, like_count=1)
    video = server.put(START, like_count=77, comment_count=3)
    answer = comment(video, 2, "so it is", parent_comment_id=9_001)
    server.comments[video["id"]] = [comment(video, 1, "nice"), answer]
    source = source_of()
    wanted = [str(one["id"]) for one in (video, early)]
    with service.client_of(source) as client:
        found = list(source.fetch_again([*wanted, "no id", "12"], client))
    assert [row["likes_count"] for row in parsed(found)] == [1, 77]
    # days that lie further apart than a query reaches
    assert [body["start_date"] for body in bodies(service)] == ["20251201", "20260101"]
    told = [(row["text"], row["parent_id"]) for row in parsed(found, "comments")]
    assert told == [("nice", None), ("so it is", "9001")]
    # who wrote a comment is not given
    assert all("author_id" not in row for row in parsed(found, "comments"))


def test_comments_end_at_the_thousandth_and_the_rest_is_counted(server, service):
    video = server.put(START, comment_count=1_070)
    server.comments[video["id"]] = [comment(video, i, f"no {i}") for i in range(1_070)]
    source = source_of()
    with service.client_of(source) as client:
        found = list(source.fetch_again([str(video["id"])], client))
    assert len(parsed(found, "comments")) == 1_000
    assert sum(page.left_out_count for page in found) == 70


NOW = datetime(2026, 2, 1, tzinfo=UTC)


def parse(*videos: object) -> list:
    return list(source_of().parse(Page({"videos": list(videos)}, "x", NOW)))


def sample(**more: object) -> dict:
    return tiktok_server.TikTok().put(START, "a #Boots look by @eva", **more)


def test_a_video_finds_its_columns():
    (record,) = parse(sample())
    assert check_records([record], "tiktok").refused == []
    row = record.rows[0][1]
    assert row["post_id"] == str(id_at(START))
    assert time_of_id(row["post_id"]) == row["created_at"] == START
    assert (row["author_id"], row["author_handle"]) == ("ana", "ana")
    # the flag says that it is Laos, and no city of that name
    assert row["author_place"] == "LA 🇱🇦"
    assert (row["hashtags"], row["mentions"]) == (["coat", "boots"], ["eva"])
    counts = [row[f"{name}_count"] for name in ("likes", "comments", "shares", "views")]
    assert counts == [30, 0, 1, 900]
    assert (row["media_kind"], row["media_count"], row["is_repost"]) == (
        "video",
        1,
        False,
    )
    assert row["url"] == f"https://www.tiktok.com/@ana/video/{id_at(START)}"


def test_what_is_not_given_is_null_and_never_zero():
    (record,) = parse({"id": 7, "create_time": int(START.timestamp())})
    assert check_records([record], "tiktok").refused == []
    row = record.rows[0][1]
    absent = (
        "author_id",
        "author_place",
        "caption",
        "url",
        "likes_count",
        "views_count",
    )
    assert all(row[name] is None for name in absent)
    assert row["hashtags"] == []


def test_one_bad_record_does_not_take_its_page_with_it():
    records = parse(
        sample(), sample(like_count=-3), None, sample(hashtag_names=3), sample()
    )
    kinds = [type(record) for record in records]
    assert kinds == [Accepted, Refused, Refused, Refused, Accepted]
    assert records[1].reason == "like_count below 0"


ANY = anything("id", "text", "create_time", "x")


@given(st.lists(disturbed(sample(), ANY) | ANY, max_size=3))
def test_any_video_ends_as_accepted_or_refused(videos):
    assert len(parse(*videos)) == len(videos)
    for video in videos:
        room._is_within(video, START, NOW)


@given(st.lists(disturbed(comment(sample(), 1, "nice"), ANY) | ANY, max_size=3))
def test_any_comment_ends_as_accepted_or_refused(comments):
    page = Page({"post_id": "7", "comments": comments}, "x", NOW)
    assert len(list(source_of().parse(page))) == len(comments)


@given(st.text(max_size=25) | st.integers().map(str))
def test_the_time_of_any_id_can_be_asked_for(text):
    time_of_id(text)
