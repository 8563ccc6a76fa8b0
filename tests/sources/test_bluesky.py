"""Bluesky: sessions, cursors that end, feeds, threads; any answer ends as rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources import bluesky_server
from tests.sources.bluesky_server import PASSWORD, START, did
from tests.sources.disturbed import disturbed
from trendlab.errors import CredentialsRefused, UnexpectedAnswer
from trendlab.sources import bluesky as room
from trendlab.sources.base import Accepted, Page, Plan, Refused, Request, Slice
from trendlab.sources.bluesky import Bluesky
from trendlab.sources.live import Access
from trendlab.sources.web import WebClient

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def server():
    with bluesky_server.bluesky() as running:
        yield running


def source_at(url: str, kind: type[Bluesky] = Bluesky, password: str = PASSWORD):
    values = {room.URL: url, room.HANDLE: "me.bsky.social", room.PASSWORD: password}
    return kind(Access(Bluesky.needs, values))


def pages(source, *, kind="hashtag", value="coat", resume=None, days=30) -> list[Page]:
    asks = {"kind": kind, "value": value, "resume": resume}
    plan = Plan(Request("bluesky"), (Slice("x", asks, START, START + days * DAY),))
    with WebClient(source.bases(), secrets=source.access.secrets()) as client:
        return list(source.fetch(plan, client))


def uris(found: list[Page]) -> list[str]:
    return [post["uri"] for page in found for post in page.payload["posts"]]


def parsed(source, found: list[Page], table: str = "posts") -> list[dict]:
    return [
        row
        for page in found
        for record in source.parse(page)
        if isinstance(record, Accepted)
        for name, row in record.rows
        if name == table
    ]


class Narrow(Bluesky):
    """Asks for the range anew after so few posts."""

    window_posts = 200


def test_a_hashtag_is_read_to_its_end_with_followers(server):
    for i in range(250):
        server.put(START + i * HOUR, f"no {i}", by=f"p{i % 30:02d}", tags=("Coat",))
    server.put(START, "#coat in the text only")
    source = source_at(server.url)
    found = pages(source)
    assert len(uris(found)) == len(set(uris(found))) == 250
    posts = parsed(source, found)
    assert {row["author_followers_count"] for row in posts} == {321}
    assert {row["followers_count"] for row in parsed(source, found, "authors")} == {321}
    # three pages, and thirty profiles in groups of 25
    assert server.asked.count("app.bsky.feed.searchPosts") == 3
    assert server.asked.count("app.bsky.actor.getProfiles") == 2


def test_words_are_searched_as_a_phrase(server):
    wanted = server.put(START + HOUR, "a Camel Coat again")
    server.put(START + HOUR, "a coat of camel hair")
    found = pages(source_at(server.url), kind="keyword", value="camel coat")
    assert uris(found) == [wanted["uri"]]


def test_a_range_with_more_posts_than_a_cursor_reaches_is_read_whole(server):
    server.reach = 250
    for i in range(700):
        # five posts at each moment, so that windows end among equals
        server.put(START + (i // 5) * HOUR, f"no {i}", tags=("coat",))
    found = pages(source_at(server.url, Narrow))
    assert sorted(uris(found)) == sorted(post["uri"] for post in server.posts)
    short = pages(source_at(server.url))
    # what would be missed without
    assert len(uris(short)) == 250


def test_more_posts_in_a_moment_than_can_be_searched_are_told(server):
    server.reach = 250
    for i in range(400):
        server.put(START + HOUR, f"no {i}", tags=("coat",))
    with pytest.raises(UnexpectedAnswer, match="rarer term"):
        pages(source_at(server.url, Narrow))


@pytest.mark.parametrize("kind", [Bluesky, Narrow])
def test_a_resumed_fetch_brings_what_follows_the_page(server, kind):
    for i in range(450):
        server.put(START + i * HOUR, f"no {i}", tags=("coat",))
    source = source_at(server.url, kind)
    found = pages(source)
    for at, page in enumerate(found):
        rest = pages(source, resume=json.loads(json.dumps(page.state)))
        assert uris(rest) == uris(found[at + 1 :])


def test_posts_written_with_a_later_time_count_when_they_were_indexed(server):
    post = server.put(START + 40 * DAY, "late", tags=("coat",))
    post["indexedAt"] = bluesky_server.iso(START + DAY)
    source = source_at(server.url)
    (row,) = parsed(source, pages(source))
    assert row["created_at"] == START + DAY


def test_an_account_gives_posts_replies_and_reposts_told_apart(server):
    theirs = server.put(START + HOUR, "theirs", by="bob", likes=9)
    mine = server.put(START + 2 * HOUR, "mine #look", by="ana", tags=("look",))
    server.put(START + 3 * HOUR, "yes", by="ana", reply_to=theirs)
    server.repost("ana", theirs, START + 4 * HOUR)
    server.put(START + 60 * DAY, "too late", by="ana")
    source = source_at(server.url)
    found = pages(source, kind="account", value="ana.bsky.social")
    rows = {row["caption"]: row for row in parsed(source, found)}
    assert set(rows) == {"mine #look", "yes", "theirs"}
    repeat = rows["theirs"]
    assert repeat["is_repost"]
    assert repeat["repost_of_id"] == theirs["uri"]
    assert repeat["author_handle"] == "ana.bsky.social"
    assert repeat["created_at"] == START + 4 * HOUR
    assert repeat["likes_count"] is None
    assert repeat["author_followers_count"] == 321
    assert rows["yes"]["reply_to_id"] == theirs["uri"]
    assert rows["mine #look"]["post_id"] == mine["uri"]
    assert rows["mine #look"]["hashtags"] == ["look"]


def test_a_feed_is_read_back_to_the_start_of_the_range_and_no_further(server):
    for i in range(-300, 150):
        server.put(START + i * HOUR, f"no {i}", by="ana")
    source = source_at(server.url)
    found = pages(source, kind="account", value="ana.bsky.social")
    assert len(parsed(source, found)) == 150
    assert server.asked.count("app.bsky.feed.getAuthorFeed") == 2
    rest = pages(
        source, kind="account", value="ana.bsky.social", resume=dict(found[0].state)
    )
    assert len(parsed(source, rest)) == 50


def test_an_account_that_is_not_known_is_told(server):
    with pytest.raises(UnexpectedAnswer, match=r"400 \(InvalidRequest"):
        pages(source_at(server.url), kind="account", value="nobody.bsky.social")


def test_a_session_that_has_ended_is_begun_anew(server):
    server.uses_of_a_session = 2
    for i in range(250):
        server.put(START + i * HOUR, f"no {i}", tags=("coat",))
    assert len(uris(pages(source_at(server.url)))) == 250
    assert len(server.sessions) > 1


def test_a_wrong_password_is_refused_and_not_shown(server):
    source = source_at(server.url, password="wrong-password")
    with (
        WebClient(source.bases(), secrets=source.access.secrets()) as client,
        pytest.raises(CredentialsRefused, match="Invalid identifier") as caught,
    ):
        source.check(client)
    assert "wrong-password" not in str(caught.value)


def test_a_session_that_is_always_refused_ends(server):
    server.uses_of_a_session = 0
    with pytest.raises(CredentialsRefused, match="just begun"):
        pages(source_at(server.url))


def test_check_logs_in_and_searches(server):
    source = source_at(server.url)
    with WebClient(source.bases()) as client:
        # a search that names no range
        server.put(START, "#fashion")
        told = source.check(client)
    assert told == ["logged in as me.bsky.social", "posts can be searched"]


def test_posts_are_read_again_with_their_replies(server):
    post = server.put(START, "a coat", likes=7)
    reply = server.put(START + HOUR, "nice", by="bob", reply_to=post)
    server.put(START + 2 * HOUR, "so it is", by="eva", reply_to=reply)
    source = source_at(server.url)
    gone = f"at://{did('ana')}/app.bsky.feed.post/3lgone0000000"
    with WebClient(source.bases()) as client:
        found = list(source.fetch_again([post["uri"], gone], client))
    (again,) = parsed(source, found)
    assert (again["likes_count"], again["comments_count"]) == (7, 1)
    assert again["shares_count"] == 3
    comments = parsed(source, found, "comments")
    assert [(row["text"], row["parent_id"]) for row in comments] == [
        ("nice", None),
        ("so it is", reply["uri"]),
    ]
    assert {row["post_id"] for row in comments} == {post["uri"]}


IMAGES = {
    "$type": "app.bsky.embed.images#view",
    "images": [
        {
            "thumb": f"https://cdn.bsky.app/img/feed_thumbnail/{i}@jpeg",
            "fullsize": f"https://cdn.bsky.app/img/feed_fullsize/{i}@jpeg",
            "alt": "a red coat",
        }
        for i in range(2)
    ],
}
VIDEO = {
    "$type": "app.bsky.embed.video#view",
    "cid": bluesky_server.CID,
    "playlist": "https://video.bsky.app/x/playlist.m3u8",
    "thumbnail": "https://video.bsky.app/x/thumbnail.jpg",
}


def quote_of(uri: str) -> dict:
    return {
        "$type": "app.bsky.embed.record#viewNotFound",
        "uri": uri,
        "notFound": True,
    }


def test_photos_videos_and_quotes_find_their_place(server):
    quoted = f"at://{did('bob')}/app.bsky.feed.post/3lquoted00000"
    server.put(START, "photos", embed=IMAGES, tags=("coat",))
    server.put(START + HOUR, "film", embed=VIDEO, tags=("coat",))
    both = {
        "$type": "app.bsky.embed.recordWithMedia#view",
        "record": {"record": quote_of(quoted)},
        "media": IMAGES,
    }
    server.put(START + 2 * HOUR, "both", embed=both, tags=("coat",))
    record = {"$type": "app.bsky.embed.record#view", "record": quote_of(quoted)}
    server.put(START + 3 * HOUR, "quote", embed=record, tags=("coat",))
    source = source_at(server.url)
    found = pages(source)
    rows = {row["caption"]: row for row in parsed(source, found)}
    told = {
        name: (row["media_kind"], row["media_count"], row["repost_of_id"])
        for name, row in rows.items()
    }
    assert told == {
        "photos": ("album", 2, None),
        "film": ("video", 1, None),
        "both": ("album", 2, quoted),
        "quote": ("none", 0, quoted),
    }
    assert not any(row["is_repost"] for row in rows.values())
    media = parsed(source, found, "media")
    assert len(media) == 5
    assert media[-1]["alt_text"] == "a red coat"
    assert media[-1]["url"].startswith("https://cdn.bsky.app/img/feed_fullsize/")
    covers = [row for row in media if row["media_kind"] == "cover"]
    assert [row["url"] for row in covers] == [VIDEO["thumbnail"]]


def test_the_servers_answers_are_as_the_library_expects_them(server):
    models = pytest.importorskip("atproto_client.models")
    post = server.put(START, "photos", embed=IMAGES, tags=("coat",))
    server.put(START + HOUR, "film", embed=VIDEO, reply_to=post)
    server.repost("bob", post, START + 2 * HOUR)
    search = {"q": "#coat", "tag": "coat", "limit": "10"}
    search |= {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}
    for method, query, model in (
        ("feed.searchPosts", search, models.AppBskyFeedSearchPosts),
        (
            "feed.getAuthorFeed",
            {"actor": "bob.bsky.social", "limit": "10"},
            models.AppBskyFeedGetAuthorFeed,
        ),
        ("feed.getPosts", {"uris": post["uri"]}, models.AppBskyFeedGetPosts),
        ("actor.getProfiles", {"actors": did("ana")}, models.AppBskyActorGetProfiles),
        (
            "feed.getPostThread",
            {"uri": post["uri"]},
            models.AppBskyFeedGetPostThread,
        ),
    ):
        status, body = server.answer(
            f"app.bsky.{method}", {name: [value] for name, value in query.items()}
        )
        assert status == 200
        model.Response.model_validate(body)


def parse(*posts: object) -> list:
    page = Page(
        {"posts": list(posts), "profiles": {}}, "x", datetime(2026, 2, 1, tzinfo=UTC)
    )
    return list(source_at("https://b.example").parse(page))


def sample() -> dict:
    held = bluesky_server.Bluesky()
    both = {
        "$type": "app.bsky.embed.recordWithMedia#view",
        "record": {"record": quote_of("at://did:plc:x/app.bsky.feed.post/3l")},
        "media": IMAGES,
    }
    return held.put(START, "a #coat for @bob.bsky.social", tags=("Coat",), embed=both)


def test_one_bad_record_does_not_take_its_page_with_it():
    bad = {**sample(), "likeCount": -3}
    records = parse(sample(), bad, None, sample())
    assert [type(record) for record in records] == [
        Accepted,
        Refused,
        Refused,
        Accepted,
    ]
    assert records[1].reason == "likeCount below 0"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$type", "post", "record", "uri", "replies", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@st.composite
def posts_of_any_shape(draw: st.DrawFn) -> object:
    """A real post in which something is anything, as feeds list it or by itself."""
    post = draw(disturbed(sample(), anything))
    return {"post": post, "reason": draw(anything)} if draw(st.booleans()) else post


@given(st.lists(posts_of_any_shape() | anything, max_size=3))
def test_any_post_ends_as_accepted_or_refused(posts):
    assert len(parse(*posts)) == len(posts)


@given(anything | posts_of_any_shape().map(lambda post: {"replies": [{"post": post}]}))
def test_any_thread_ends_as_accepted_or_refused(thread):
    page = Page(
        {"post_id": "at://x", "thread": thread}, "x", datetime(2026, 2, 1, tzinfo=UTC)
    )
    for record in source_at("https://b.example").parse(page):
        assert isinstance(record, Accepted | Refused)


@given(st.lists(posts_of_any_shape() | anything, max_size=3))
def test_times_of_any_post_can_be_asked_for(posts):
    for post in posts:
        room.sort_time(post)
        room.feed_time(post)
