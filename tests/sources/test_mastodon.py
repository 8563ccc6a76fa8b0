"""Mastodon: paging forwards and backwards, and any answer ends as rows or refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.disturbed import disturbed
from tests.sources.mastodon_server import START, Toot, a_month, mastodons
from trendlab.errors import CredentialsRefused, UnexpectedAnswer
from trendlab.sources.base import Accepted, Page, Plan, Refused, Request, Slice
from trendlab.sources.live import Access
from trendlab.sources.mastodon import TOKEN, URL, Mastodon
from trendlab.sources.web import WebClient

HOUR = timedelta(hours=1)
END = START + timedelta(days=30)


def source_at(url: str, **more: str) -> Mastodon:
    return Mastodon(Access(Mastodon.needs, {URL: url, **more}))


def pages(
    source: Mastodon,
    since: datetime = START,
    until: datetime = END,
    *,
    kind: str = "hashtag",
    value: str = "streetstyle",
    resume: dict | None = None,
) -> list[Page]:
    asks = {"kind": kind, "value": value, "resume": resume}
    plan = Plan(Request("mastodon"), (Slice("x", asks, since, until),))
    with WebClient(source.bases()) as client:
        return list(source.fetch(plan, client))


def ids(found: list[Page]) -> list[str]:
    return [post["id"] for page in found for post in page.payload["posts"]]


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    with mastodons(tmp_path_factory.mktemp("mastodon")) as server:
        made = server.put(a_month(150))
        yield server, [str(one) for one in made]


def test_a_range_is_read_forwards_each_post_once(month):
    server, made = month
    found = pages(source_at(server.url))
    assert sorted(ids(found)) == sorted(made)
    assert [int(page.state["min_id"]) for page in found] == sorted(
        int(page.state["min_id"]) for page in found
    )


def test_a_resumed_fetch_brings_what_follows_the_page(month):
    server, _ = month
    found = pages(source_at(server.url))
    for at, page in enumerate(found):
        rest = pages(source_at(server.url), resume=dict(page.state))
        assert ids(rest) == ids(found[at + 1 :])


def test_only_posts_of_the_range_are_given(month):
    server, made = month
    day = timedelta(days=1)
    found = pages(source_at(server.url), START + 3 * day, START + 5 * day)
    assert sorted(ids(found)) == made[15:25]


def test_a_quiet_range_takes_one_request(month):
    server, _ = month
    assert ids(pages(source_at(server.url), END, END + HOUR)) == []


def test_a_hashtag_without_posts_is_empty(month):
    server, _ = month
    assert ids(pages(source_at(server.url), value="nobody")) == []


def test_ids_without_time_are_read_backwards_and_resumed(tmp_path):
    with mastodons(tmp_path) as server:
        made = [str(i) for i in server.put(a_month(120), plain_ids=True)]
        source = source_at(server.url)
        found = pages(source)
        assert sorted(ids(found)) == sorted(made)
        assert all("max_id" in page.state for page in found)
        rest = pages(source, resume=dict(found[0].state))
        assert ids(rest) == ids(found[1:])
        half = pages(source, START, START + timedelta(days=15))
        assert sorted(ids(half)) == sorted(made[:60])


def test_accounts_give_boosts_told_apart_and_private_posts_stay_out(tmp_path):
    with mastodons(tmp_path) as server:
        (original,) = server.put([Toot(START + HOUR, account=0, likes=3)])
        made = server.put(
            [
                Toot(START + 2 * HOUR, account=1, boost_of=original, tags=()),
                Toot(START + 3 * HOUR, account=1, text="mine", tags=()),
                Toot(START + 4 * HOUR, account=1, visibility="private"),
            ]
        )
        source = source_at(server.url, **{TOKEN: "bob_token"})
        found = pages(source, kind="account", value="bob")
        assert sorted(ids(found)) == sorted(str(one) for one in made[:2])
        rows = [
            record.rows[0][1]
            for page in found
            for record in source.parse(page)
            if isinstance(record, Accepted)
        ]
    boost = next(row for row in rows if row["is_repost"])
    assert boost["repost_of_id"] == str(original)
    assert boost["author_handle"] == "bob"
    assert boost["likes_count"] is None
    assert boost["caption"] == "a coat & boots"
    mine = next(row for row in rows if not row["is_repost"])
    assert mine["repost_of_id"] is None
    assert mine["caption"] == "mine"


def test_an_account_that_is_not_known_is_named(month):
    server, _ = month
    with pytest.raises(UnexpectedAnswer, match="knows no account 'nobody'"):
        pages(source_at(server.url), kind="account", value="nobody")


def test_posts_are_read_again_with_their_replies(tmp_path):
    with mastodons(tmp_path) as server:
        first, second = server.put([Toot(START), Toot(START + HOUR)])
        (reply,) = server.put([Toot(START + 2 * HOUR, reply_to=first, tags=())])
        server.put([Toot(START + 3 * HOUR, reply_to=reply, text="so do I", tags=())])
        server.like(first, 7)
        source = source_at(server.url)
        with WebClient(source.bases()) as client:
            found = list(source.fetch_again([str(first), "999", str(second)], client))
        records = [record for page in found for record in source.parse(page)]
    rows = [record.rows[0] for record in records]
    posts = {row["post_id"]: row for table, row in rows if table == "posts"}
    assert posts[str(first)]["likes_count"] == 7
    assert posts[str(second)]["likes_count"] == 0
    comments = [row for table, row in rows if table == "comments"]
    assert [(row["post_id"], row["parent_id"]) for row in comments] == [
        (str(first), None),
        (str(first), str(reply)),
    ]
    assert comments[1]["text"] == "so do I"


def test_check_says_whose_token_it_is(month):
    server, _ = month
    source = source_at(server.url, **{TOKEN: "alice_token"})
    with WebClient(source.bases()) as client:
        assert source.check(client)[0] == "the token is @alice's"


def test_check_refuses_a_wrong_token(month):
    server, _ = month
    source = source_at(server.url, **{TOKEN: "wrong"})
    with WebClient(source.bases()) as client, pytest.raises(CredentialsRefused):
        source.check(client)


def test_what_is_no_list_of_posts_is_told():
    def reply(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(b'{"posts": []}'))

    source = source_at("https://no.example")
    asks = {"kind": "hashtag", "value": "coat", "resume": None}
    plan = Plan(Request("mastodon"), (Slice("x", asks, START, END),))
    with (
        WebClient(source.bases(), transport=httpx.MockTransport(reply)) as client,
        pytest.raises(UnexpectedAnswer, match="Is it a Mastodon server"),
    ):
        list(source.fetch(plan, client))


STATUS = {
    "id": "115817236660224001",
    "created_at": "2026-01-01T01:26:24.000Z",
    "url": "https://m.example/@ana/115817236660224001",
    "visibility": "public",
    "language": "fr",
    "spoiler_text": "shoes",
    "content": '<p>Look &amp; <a href="#">#<span>OOTD</span></a><br>x</p><p>y</p>',
    "tags": [{"name": "OOTD"}, {"name": "2026"}],
    "mentions": [{"acct": "Bob@other.example"}],
    "favourites_count": 4,
    "replies_count": 0,
    "reblogs_count": None,
    "reblog": None,
    "media_attachments": [
        {"type": "image", "url": "https://f.example/a.jpg", "preview_url": "x",
         "description": "a red coat"},
        {"type": "video", "url": "https://f.example/b.mp4", "preview_url": "https://f.example/b.png"},
        {"type": "audio", "url": "https://f.example/c.mp3"},
    ],
    "account": {
        "id": "7",
        "acct": "Ana",
        "display_name": "Ana",
        "note": "<p>I sew</p>",
        "followers_count": 12,
        "following_count": 3,
        "statuses_count": 90,
        "fields": [
            {"name": "Location", "value": "Lisbon"},
            {"name": "Web", "value": "<a>w</a>"},
        ],
    },
    "quote": {"state": "accepted", "quoted_status": {"id": "99"}},
}  # fmt: skip


def parse(*statuses: object) -> list:
    page = Page({"posts": list(statuses)}, "x", datetime(2026, 2, 1, tzinfo=UTC))
    return list(source_at("https://m.example").parse(page))


def test_every_field_of_a_status_finds_its_place():
    (record,) = parse(STATUS)
    tables = [table for table, _ in record.rows]
    assert tables == ["posts", "media", "media", "authors"]
    post, photo, cover, author = (row for _, row in record.rows)
    assert post["caption"] == "shoes\n\nLook & #OOTD\nx\n\ny"
    assert post["hashtags"] == ["ootd"]
    assert post["mentions"] == ["bob@other.example"]
    assert (post["likes_count"], post["comments_count"]) == (4, 0)
    assert post["shares_count"] is None
    assert post.get("views_count") is None
    assert (post["media_kind"], post["media_count"]) == ("album", 3)
    assert (post["is_repost"], post["repost_of_id"]) == (False, "99")
    assert post["author_place"] == author["profile_place"] == "Lisbon"
    assert (photo["media_kind"], photo["url"]) == ("image", "https://f.example/a.jpg")
    assert (photo["alt_text"], cover["alt_text"]) == ("a red coat", None)
    assert (cover["media_kind"], cover["media_index"]) == ("cover", 1)
    assert cover["url"] == "https://f.example/b.png"
    assert author["handle"] == "ana"
    assert author["biography"] == "I sew\nLocation: Lisbon\nWeb: w"
    assert author["followers_count"] == 12


def test_one_bad_record_does_not_take_its_page_with_it():
    bad = {**STATUS, "favourites_count": -3}
    records = parse(STATUS, bad, None, STATUS)
    kinds = [type(record) for record in records]
    assert kinds == [Accepted, Refused, Refused, Accepted]
    assert records[1].reason == "favourites_count below 0"
    assert [record.number for record in records] == [1, 2, 3, 4]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(disturbed(STATUS, anything) | anything, max_size=3))
def test_any_status_ends_as_accepted_or_refused(statuses):
    assert len(parse(*statuses)) == len(statuses)


@given(st.lists(disturbed(STATUS, anything) | anything, max_size=3))
def test_any_reply_ends_as_accepted_or_refused(replies):
    page = Page(
        {"post_id": "1", "replies": replies}, "x", datetime(2026, 2, 1, tzinfo=UTC)
    )
    assert len(list(source_at("https://m.example").parse(page))) == len(replies)
