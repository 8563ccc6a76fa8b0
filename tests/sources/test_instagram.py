"""Instagram: 24 hours back, 30 hashtags in 7 days, accounts, what is refused."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from tests.sources import instagram_server
from tests.sources.asking import fetch_pages, rows_in
from tests.sources.instagram_server import ME, START, TOKEN, USER_ID, comment, refusal
from tests.sources.loopback import HTML, Reply
from trendlab.errors import (
    CredentialsRefused,
    RateLimited,
    SourceDown,
    UnexpectedAnswer,
)
from trendlab.sources import instagram_api as room
from trendlab.sources.base import Budget, Page, Plan, Request, Spend
from trendlab.sources.instagram import Instagram
from trendlab.sources.live import Access

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOTHING = Budget()


@pytest.fixture
def running():
    with instagram_server.instagram() as both:
        yield both


def source_of(token: str = TOKEN) -> Instagram:
    return Instagram(
        Access(Instagram.needs, {room.TOKEN: token, room.USER_ID: USER_ID})
    )


def pages(
    service,
    *,
    kind="hashtag",
    value="coat",
    resume=None,
    since=START,
    until=START + DAY,
    budget=NOTHING,
) -> list[Page]:
    request = Request("instagram", now=service.clock(), budget=budget)
    term = {"kind": kind, "value": value, "resume": resume}
    return fetch_pages(service, source_of(), since, until, **term, request=request)


def parsed(found: list[Page], table: str = "posts") -> list[dict]:
    return rows_in(source_of(), found, table)


def words(found: list[Page]) -> set[str]:
    return {row["caption"] for row in parsed(found)}


def plan_of(
    *hashtags: str,
    budget: Budget = NOTHING,
    hours: int = 20,
    state: dict | None = None,
) -> Plan:
    now = START + DAY
    request = Request(
        "instagram",
        hashtags=hashtags,
        since=now - hours * HOUR,
        until=now - HOUR,
        now=now,
        budget=budget,
    )
    return source_of().plan(request, state or {})


def test_recent_media_is_read_though_its_cursor_is_always_the_same(server, service):
    for i in range(130):
        server.put(START + i * timedelta(minutes=10), f"no {i} #coat")
    found = pages(service)
    assert len({row["post_id"] for row in parsed(found)}) == 130
    assert found[-1].state == {"is_last": True, "edge": [], "reached_at": None}
    assert all(row["author_id"] is None for row in parsed(found))
    assert parsed(found, "authors") == []


def test_reading_ends_well_before_the_range_and_not_at_its_edge(server, service):
    for i in range(200):
        server.put(START + DAY - i * timedelta(minutes=7), f"no {i} #coat")
    found = pages(service, since=START + 22 * HOUR)
    # 7 minutes apart, 50 a page: the second begins 5.8 hours before the end
    assert sum(path.endswith("recent_media") for path in service.paths()) == 2
    assert found[-1].reached_at is None


def test_what_has_left_the_window_counts_as_not_covered(server, service):
    server.put(START + 30 * HOUR, "in time #coat")
    server.now = START + 40 * HOUR
    found = pages(service, until=START + 40 * HOUR)
    assert found[-1].reached_at == START + 16 * HOUR
    again = pages(service, resume=json.loads(json.dumps(found[-1].state)))
    assert [page.reached_at for page in again] == [START + 16 * HOUR]
    assert parsed(again) == []
    # all of the range is out of it
    assert pages(service, until=START + HOUR)[-1].reached_at == START + HOUR


def test_a_list_that_repeats_itself_is_cut_and_its_rest_a_gap(server, service):
    media = [server.put(START + i * HOUR, f"no {i} #coat") for i in range(9, 12)]
    paging = {"cursors": {"after": "QVFI"}, "next": "https://graph.facebook.com/x"}
    same = Reply({"data": media, "paging": paging})
    service.faults += [("recent_media", same)] * 2
    found = pages(service)
    assert found[-1].reached_at == START + 11 * HOUR
    assert len(words(found)) == 3


def test_top_media_come_along_up_to_the_age_of_the_last_reading(server, service):
    server.put(START - 20 * DAY, "top of the month #coat", is_top=True)
    server.put(START - 60 * DAY, "top of ever #coat", is_top=True)
    assert words(pages(service)) == {"top of the month #coat"}


def listed(found: list[Page]) -> list[list[str]]:
    return [[row["post_id"] for row in parsed([page])] for page in found]


@pytest.mark.parametrize(("kind", "value"), [("hashtag", "coat"), ("account", "ana")])
def test_a_resumed_fetch_brings_what_follows_the_page(server, service, kind, value):
    for i in range(130):
        server.put(START + i * timedelta(minutes=10), f"no {i} #coat", by="ana")
    asks = {"kind": kind, "value": value}
    found = pages(service, **asks)
    for at, page in enumerate(found):
        rest = pages(service, **asks, resume=json.loads(json.dumps(page.state)))
        assert listed(rest) == listed(found[at + 1 :])


def test_new_and_deleted_posts_in_between_lose_nothing(server, service):
    for i in range(130):
        server.put(START + i * timedelta(minutes=10), f"no {i} #coat")
    _, first, *others = pages(service)
    # ten new ones move all on, twenty of the stored ones go
    for i in range(10):
        server.put(START + 23 * HOUR, f"new {i} #coat")
    server.media = [one for at, one in enumerate(server.media) if not 90 < at < 111]
    rest = pages(service, resume=first.state)
    assert words(others) <= words(rest)
    # none of those that were stored last is there any more
    server.media = server.media[:80]
    assert words(others) <= words(pages(service, resume=first.state))


def test_a_new_hashtag_is_spent_once_in_seven_days(server, service):
    server.put(START + HOUR)
    (spend,) = pages(service)[0].spends
    assert (spend.what, spend.item) == ("hashtags", "coat")
    known = Budget((Spend("hashtags", 1, "coat", server.now - 3 * DAY),))
    service.asked.clear()
    assert pages(service, budget=known)[0].spends == ()
    # and what is known to be counted is not looked up
    assert not any("recently" in path for path in service.paths())


def test_no_31st_hashtag_is_asked_whoever_asked_the_others(server, service):
    server.put(START + HOUR)
    server.searched = [str(i) for i in range(30)]
    with pytest.raises(UnexpectedAnswer, match="also by other programs"):
        pages(service)
    assert not any("ig_hashtag_search" in path for path in service.paths())


def spent(names: list[str], at: datetime) -> Budget:
    return Budget(tuple(Spend("hashtags", 1, name, at) for name in names))


def test_hashtags_are_planned_within_what_is_left_of_thirty():
    used = spent([f"old{i}" for i in range(28)], START - 2 * DAY)
    plan = plan_of("a", "b", "c", "old3", budget=used)
    assert [part.asks["value"] for part in plan.slices] == ["old3", "a", "b"]
    told = "\n".join(plan.notes)
    assert "28 of 30 hashtags" in told
    assert "2 new with this run" in told
    assert "no room for #c before 2026-01-06 00:00 UTC" in told
    # a week later all are free again
    late = spent([f"old{i}" for i in range(28)], START - 7 * DAY)
    assert len(plan_of("a", "b", "c", budget=late).slices) == 3


def test_slices_reach_up_to_now_and_back_as_far_as_the_window():
    (part,) = plan_of("coat").slices
    assert (part.since, part.until) == (START + 4 * HOUR, START + DAY)
    plan = plan_of("coat", hours=90)
    assert plan.slices[0].since == START + timedelta(minutes=5)
    assert "reach back to 2026-01-01 00:05 UTC only" in plan.notes[0]
    covered = {"#coat": {"covered": [["2026-01-01T02:00:00Z", "2026-01-02T00:00:00Z"]]}}
    plan = plan_of("coat", state=covered)
    assert plan.slices == ()
    assert "0 new" in plan.notes[0]


def test_an_account_is_read_back_to_the_start_with_its_followers(server, service):
    for i in range(-3, 120):
        server.put(START + i * timedelta(minutes=10), f"no {i}", by="bluebottle")
    found = pages(service, kind="account", value="bluebottle")
    rows = parsed(found)
    assert len({row["post_id"] for row in rows}) == 120
    assert {row["author_handle"] for row in rows} == {"bluebottle"}
    assert {row["author_followers_count"] for row in rows} == {900}
    author = parsed(found, "authors")[0]
    assert (author["biography"], author["following_count"]) == ("we sew", 12)
    assert parsed(found, "comments") == []


def test_the_own_account_comes_with_comments_and_their_replies(server, service):
    medium = server.put(START + HOUR, "mine", by=ME)
    replies = {"data": [comment(3, "thanks", username=ME)]}
    server.comments[medium["id"]] = [
        comment(2, "nice", replies=replies),
        *(comment(4 + i, "more") for i in range(60)),
    ]
    server.put(START + HOUR, "silent", by=ME, comments_count=0)
    found = pages(service, kind="account", value=ME)
    (post,) = [row for row in parsed(found) if row["caption"] == "mine"]
    comments = parsed(found, "comments")
    assert len(comments) == 62
    assert {row["post_id"] for row in comments} == {post["post_id"]}
    assert comments[1]["parent_id"] == comments[0]["comment_id"]
    assert (comments[0]["text"], comments[0]["author_handle"]) == ("nice", "bob")


def own_posts(server, count: int) -> list[str]:
    """Put posts of the own account, each with a comment; return their ids."""
    ids = []
    for number in range(count):
        medium = server.put(START + (1 + number) * HOUR, f"mine {number}", by=ME)
        server.comments[medium["id"]] = [comment(number, f"on {number}")]
        ids.append(medium["id"])
    return ids


@pytest.mark.parametrize(
    "reply",
    [
        refusal(10),
        refusal(200, 403),
        Reply({"error": "no"}, 403),
        refusal(100),
        refusal(24, 404),
    ],
)
def test_a_post_whose_comments_are_refused_is_counted_and_the_rest_comes(
    server, service, reply
):
    ids = own_posts(server, 4)
    service.faults.append((f"{ids[2]}/comments", reply))
    (page,) = pages(service, kind="account", value=ME)
    assert words([page]) == {"mine 0", "mine 1", "mine 2", "mine 3"}
    texts = {row["text"] for row in parsed([page], "comments")}
    assert texts == {"on 0", "on 1", "on 3"}
    assert page.left_out_count == 1


def test_a_token_that_may_read_no_comments_is_not_tried_on_every_post(server, service):
    own_posts(server, 9)
    service.faults += [("/comments", refusal(10))] * 9
    (page,) = pages(service, kind="account", value=ME)
    assert len(parsed([page])) == 9
    assert parsed([page], "comments") == []
    assert page.left_out_count == 9
    asked = [path for path in service.paths() if path.endswith("/comments")]
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refusal(190, 401), CredentialsRefused),
        (Reply({"error": "no"}, 401), CredentialsRefused),
        (refusal(4, 403), RateLimited),
        (refusal(2), SourceDown),
    ],
)
def test_what_is_not_about_one_posts_comments_is_not_passed_over(
    server, service, reply, error
):
    ids = own_posts(server, 4)
    service.faults += [(f"{ids[2]}/comments", reply)] * 5
    with pytest.raises(error):
        pages(service, kind="account", value=ME)


@pytest.mark.parametrize("value", ["nobody", "x){id},business_discovery(y"])
def test_an_account_that_is_not_there_ends_its_term_alone(server, service, value):
    with pytest.raises(UnexpectedAnswer, match=r"cannot be read|is no name"):
        pages(service, kind="account", value=value)


def test_a_hashtag_that_nobody_used_ends_its_term_alone(service):
    with pytest.raises(UnexpectedAnswer, match=r"cannot be read \(code 24\)"):
        pages(service)


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (refusal(4, 403), RateLimited, "limit is used up"),
        (refusal(80_002), RateLimited, "limit is used up"),
        (refusal(17, 200), RateLimited, "limit is used up"),
        (Reply(HTML, 429), RateLimited, "limit is used up"),
        (refusal(190, 401), CredentialsRefused, room.TOKEN),
        (refusal(10), CredentialsRefused, "Public Content Access"),
        (refusal(200, 403), CredentialsRefused, "may not do this"),
        (refusal(18), UnexpectedAnswer, "30 hashtags"),
        (refusal(2), SourceDown, "failure of its own"),
        (refusal(-1, is_transient=True), SourceDown, "failure of its own"),
        (refusal([{}]), UnexpectedAnswer, "code None"),
        (Reply({"error": "no"}, 403), CredentialsRefused, "code None"),
        (Reply(HTML), UnexpectedAnswer, "HTML"),
        (Reply([]), UnexpectedAnswer, "expected an object"),
        (Reply({"data": {}}), UnexpectedAnswer, "list under data"),
        (Reply({}, 503), SourceDown, "answered 503"),
        (Reply({"data": []}, length=9_999), SourceDown, "cut"),
    ],
)
def test_answers_that_are_none_are_told_by_what_they_mean(
    server, service, reply, error, message
):
    server.put(START + HOUR)
    service.faults += [("recent_media", reply)] * 5
    with pytest.raises(error, match=message) as caught:
        pages(service)
    assert TOKEN not in str(caught.value)


def test_a_used_up_usage_header_holds_back_the_next_request(server, service):
    server.put(START + HOUR)
    usage = {"17841": [{"type": "instagram", "call_count": 100, "total_time": 4}]}
    usage["17841"][0]["estimated_time_to_regain_access"] = 7
    full = Reply({"data": []}, 200, {"X-Business-Use-Case-Usage": json.dumps(usage)})
    service.faults.append(("top_media", full))
    pages(service)
    assert service.slept == [420.0]
    app = Reply({"data": []}, 200, {"X-App-Usage": '{"call_count": 100}'})
    service.faults.append(("top_media", app))
    with pytest.raises(RateLimited, match="2026-01-02 01:00 UTC"):
        pages(service)


def test_check_reads_the_account_and_counts_its_hashtags(server, service):
    server.searched = ["1", "2"]
    source = source_of()
    with service.client_of(source) as client:
        told = source.check(client)
    assert told[0] == "the token reads the account 'trend.desk'"
    assert "2 of 30" in told[1]


def test_the_budget_is_described_with_names_and_when_one_is_free():
    budget = spent(["coat", "boots"], START)
    (line,) = Instagram.describe_budget(budget, START + DAY)
    assert "2 of 30 (#boots, #coat)" in line
    assert "2026-01-08 00:00 UTC" in line
    (line,) = Instagram.describe_budget(Budget(), START)
    assert line.endswith("0 of 30")
