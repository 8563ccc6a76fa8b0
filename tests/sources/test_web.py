"""The client of live sources against a server that stalls, lies, cuts and bombs."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.sources.rough_server import (
    answer,
    dripping,
    rough_server,
    silent,
    without_end,
)
from trendlab.errors import (
    CredentialsRefused,
    RateLimited,
    SourceDown,
    UnexpectedAnswer,
)
from trendlab.sources.rate_limits import Rate
from trendlab.sources.web import WebClient

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FINE = answer(b'{"fine": true}')


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def client_for(url: str, time: Time | None = None, **more) -> WebClient:
    time = Time() if time is None else time
    return WebClient(
        [url], clock=time.clock, sleep=time.sleep, randomness=lambda: 1.0, **more
    )


def test_json_comes_with_its_links_and_an_origin_without_query():
    link = '<https://x.example/a?min_id=7>; rel="prev"'
    with (
        rough_server(answer(b"[1, NaN]", Link=link)) as server,
        client_for(server.url) as client,
    ):
        got = client.get(f"{server.url}/a", params={"q": "coat", "no": None})
    assert got.payload == [1, None]
    assert got.links == {"prev": "https://x.example/a?min_id=7"}
    assert got.origin == f"{server.url}/a"
    assert got.observed_at == NOW
    assert server.asked[0][0] == "/a?q=coat"


def test_a_failing_server_is_asked_again_with_growing_pauses():
    time = Time()
    failing = answer(b"", 503)
    with (
        rough_server(failing, failing, failing, FINE) as server,
        client_for(server.url, time) as client,
    ):
        assert client.get(server.url).payload == {"fine": True}
        assert client.requests_count == 4
    assert time.slept == [1.0, 2.0, 4.0]


def test_a_server_that_stays_down_is_given_up_after_a_bounded_number_of_tries():
    with (
        rough_server(answer(b"", 500)) as server,
        client_for(server.url, tries=3) as client,
    ):
        with pytest.raises(SourceDown, match="500"):
            client.get(server.url)
        assert len(server.asked) == 3


def test_no_connection_is_down():
    with rough_server(FINE) as server:
        url = server.url
    # nobody listens there any more
    with client_for(url) as client, pytest.raises(SourceDown, match="no connection"):
        client.get(url)


@pytest.mark.parametrize(
    ("header", "wait"),
    [("17", 17), ("Sun, 01 Mar 2026 12:03:00 GMT", 180), ("0", 0), ("-5", 0)],
)
def test_retry_after_is_waited_for(header, wait):
    time = Time()
    busy = answer(b"{}", 429, Retry_After=header)
    with (
        rough_server(busy, FINE) as server,
        client_for(server.url, time) as client,
    ):
        client.get(server.url)
    # besides the pause of a first retry
    assert sum(time.slept) == max(wait, 1)


@pytest.mark.parametrize(
    "headers",
    [
        {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "2026-03-01T12:05:00Z"},
        {
            "RateLimit_Remaining": "0",
            "RateLimit_Reset": str(int(NOW.timestamp()) + 300),
        },
        {"X_Ratelimit_Remaining": "0.0", "X_Ratelimit_Reset": "300"},
        {
            "X_Ratelimit_PerHour_Remaining": "0",
            "X_Ratelimit_PerHour_Reset": "300",
            "X_Ratelimit_PerDay_Remaining": "4000",
            "X_Ratelimit_PerDay_Reset": "80000",
        },
        {"RateLimit": "limit=100, remaining=0, reset=300"},
        {"RateLimit": '"default";r=0;t=300'},
        {
            "X_App_Usage": '{"call_count": 20}',
            "X_Business_Use_Case_Usage": '{"1": [{"call_count": 100, '
            '"estimated_time_to_regain_access": 5}]}',
        },
    ],
    ids=["mastodon", "bluesky", "reddit", "tumblr", "old draft", "new draft", "meta"],
)
def test_a_used_up_allowance_holds_back_the_next_request(headers):
    time = Time()
    with (
        rough_server(answer(b"{}", **headers), FINE) as server,
        client_for(server.url, time) as client,
    ):
        client.get(server.url)
        assert time.slept == []
        client.get(server.url)
    assert time.slept == [300.0]


@pytest.mark.parametrize(
    "headers",
    [
        {"X_RateLimit_Remaining": "1", "X_RateLimit_Reset": "2026-03-01T13:00:00Z"},
        {"X_App_Usage": '{"call_count": 99, "total_time": 40, "x": [1]}'},
        {"X_App_Usage": '{"call_count": "100", "total_time": null}'},
        {"X_Business_Use_Case_Usage": '{"1": [{"call_count": 99}, 3, []], "2": 7}'},
        {"X_App_Usage": "[" * 5_000, "X_Business_Use_Case_Usage": "no"},
    ],
    ids=["mastodon", "meta", "odd percents", "odd usages", "no JSON"],
)
def test_an_allowance_that_is_not_used_up_holds_nothing_back(headers):
    time = Time()
    with (
        rough_server(answer(b"{}", **headers)) as server,
        client_for(server.url, time) as client,
    ):
        client.get(server.url)
        client.get(server.url)
    assert time.slept == []


def test_a_wait_beyond_patience_is_an_error_that_says_until_when():
    busy = answer(b"{}", 429, Retry_After="7200")
    with (
        rough_server(busy) as server,
        client_for(server.url) as client,
        pytest.raises(RateLimited, match="14:00") as caught,
    ):
        client.get(server.url)
    assert caught.value.until == NOW + timedelta(hours=2)
    assert len(server.asked) == 1


def test_rate_limits_are_not_retried_for_ever():
    with (
        rough_server(answer(b"{}", 429, Retry_After="1")) as server,
        client_for(server.url, tries=4) as client,
        pytest.raises(RateLimited),
    ):
        client.get(server.url)
    assert len(server.asked) == 4


def test_our_own_limits_spread_requests_by_service():
    time = Time()
    rates = {"": [Rate(100, 1)], "search": [Rate(2, 60)]}
    with (
        rough_server(FINE) as server,
        client_for(server.url, time, rates=rates) as client,
    ):
        for _ in range(5):
            client.get(server.url, service="search")
        assert time.slept == [60.0, 60.0]
        client.get(server.url)
    assert time.slept == [60.0, 60.0]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (answer(b"<!DOCTYPE html><p>Just a moment", kind="text/html"), "HTML"),
        (answer(b'[{"id": 1}, {"id":'), "no JSON"),
        (answer(b""), "empty"),
        (answer(b"[" * 100_000), "no JSON"),
        (answer(b"1" * 100_000), "no JSON"),
        (answer(b"\xff\xfe\x00"), "no JSON"),
        (answer(b"[]" + b" " * 3_000_000), "over 1,000,000"),
        (without_end(b" " * 10_000), "over 1,000,000"),
        (
            answer(gzip.compress(b"[" + b" " * 50_000_000), Content_Encoding="gzip"),
            "unpacks to over",
        ),
        (
            without_end(gzip.compress(b" " * 900), Content_Encoding="gzip"),
            "no JSON|empty",
        ),
        (
            without_end(
                b"\0\0\0\xff\xff", start=b"\x78\x9c", Content_Encoding="deflate"
            ),
            "packed body of over",
        ),
        (answer(b"not gzip", Content_Encoding="gzip"), "cannot be unpacked"),
        (answer(b"x", Content_Encoding="br"), "packed as"),
    ],
    ids=[
        "html with 200", "cut json", "empty", "deep", "a long number", "no text",
        "long", "endless", "bomb", "packed without end", "packed nothing without end",
        "not packed", "unasked packing",
    ],
)  # fmt: skip
def test_what_is_no_usable_json_is_a_clear_error_at_once(reply, told):
    with (
        rough_server(reply) as server,
        client_for(server.url, max_body_bytes=1_000_000) as client,
        pytest.raises(UnexpectedAnswer, match=told),
    ):
        client.get(server.url)
    assert len(server.asked) == 1


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_packed_bodies_are_unpacked(packing):
    pack = gzip.compress if packing == "gzip" else zlib.compress
    body = json.dumps(list(range(50_000))).encode()
    with (
        rough_server(answer(pack(body), Content_Encoding=packing)) as server,
        client_for(server.url) as client,
    ):
        assert client.get(server.url).payload == list(range(50_000))


@pytest.mark.parametrize(
    "cut",
    [
        answer(b'{"fine": true}', length=500),
        answer(gzip.compress(b'{"fine": true}')[:-9], Content_Encoding="gzip"),
    ],
    ids=["claims more than it sends", "packed and cut"],
)
def test_a_cut_body_is_asked_for_again(cut):
    with rough_server(cut, FINE) as server, client_for(server.url) as client:
        assert client.get(server.url).payload == {"fine": True}
    assert len(server.asked) == 2


@pytest.mark.parametrize("kind", [silent, dripping])
def test_a_server_that_stalls_is_down(kind):
    own: list = []
    with (
        rough_server(kind(own)) as server,
        client_for(
            server.url, tries=2, silence_seconds=0.2, answer_seconds=0.2
        ) as client,
    ):
        own.append(server)
        with pytest.raises(SourceDown, match="too long"):
            client.get(server.url)
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_told_with_the_services_own_words(status):
    body = b'{"error": "This method requires an authenticated user"}'
    with (
        rough_server(answer(body, status)) as server,
        client_for(server.url) as client,
        pytest.raises(CredentialsRefused, match="requires an authenticated user"),
    ):
        client.get(server.url)
    assert len(server.asked) == 1


def test_another_refusal_carries_status_and_payload_and_may_be_allowed():
    with (
        rough_server(answer(b'{"error": {"code": 190}}', 400)) as server,
        client_for(server.url) as client,
    ):
        with pytest.raises(UnexpectedAnswer) as caught:
            client.get(server.url)
        assert caught.value.status == 400
        assert caught.value.payload == {"error": {"code": 190}}
        assert client.get(server.url, allow=(400,)).status == 400


def test_a_redirect_is_not_followed():
    moved = answer(b"", 302, Location="http://169.254.169.254/latest?token=1")
    with (
        rough_server(moved) as server,
        client_for(server.url) as client,
        pytest.raises(UnexpectedAnswer, match="redirects are not followed") as caught,
    ):
        client.get(server.url)
    assert "token" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://x.example/a",
        "https://x.example.evil.example/",
        "https://x.example@evil.example/",
        "https://x.example:8443/",
        "file:///etc/passwd",
        "//x.example/",
        "https://[::1/",
    ],
)
def test_only_hosts_that_were_given_are_asked(url):
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"asked {request.url}")

    client = WebClient(["https://x.example"], transport=httpx.MockTransport(never))
    with client, pytest.raises(UnexpectedAnswer):
        client.get(url)


def test_secrets_are_in_no_error_log_or_repr(caplog):
    token, later = "s3cr3t-t0ken", "jwt-0f-the-session"
    echo = json.dumps({"error": f"bad token {token} {later}"}).encode()
    caplog.set_level(logging.DEBUG)
    with (
        rough_server(answer(echo, 401), answer(echo, 400), answer(b"<p>")) as server,
        client_for(server.url, secrets=[token]) as client,
    ):
        client.hide(later)
        shown = [repr(client)]
        for _ in range(3):
            with pytest.raises((CredentialsRefused, UnexpectedAnswer)) as caught:
                client.get(
                    f"{server.url}/path",
                    params={"access_token": token},
                    headers={"Authorization": f"Bearer {later}"},
                )
            error: BaseException | None = caught.value
            while error is not None:
                shown += [str(error), repr(error)]
                error = error.__cause__ or error.__context__
    whole = " ".join([*shown, caplog.text])
    assert token not in whole
    assert later not in whole
    assert "access_token" not in whole
    assert f"{server.url}/path" in whole
