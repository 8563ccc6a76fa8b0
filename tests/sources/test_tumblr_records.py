"""Tumblr's records: blocks and the older form, reblogs, and any other shape."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.sources.disturbed import anything, disturbed
from tests.sources.tumblr_server import START, Tumblr, image, note, text
from trendlab.sources import tumblr_records as room
from trendlab.sources.base import Accepted, Page, Refused
from trendlab.steps.ingest_rows import check_records

NOW = datetime(2026, 2, 1, tzinfo=UTC)
VIDEO = {"type": "video", "poster": [{"url": "https://64.media.tumblr.com/v.jpg"}]}
TRAIL = {
    "blog": {"name": "eva", "uuid": "t:eva"},
    "post": {"id": "123"},
    "content": [text("the original"), image("o")],
}
OLDER = {
    "type": "photo",
    "caption": "<p>my <b>coat</b> &amp; boots</p><img src='https://x.example/i.gif'>",
    "photos": [
        {"original_size": {"url": "https://64.media.tumblr.com/1_1280.jpg"}},
        {
            "alt_sizes": [
                {"url": "https://64.media.tumblr.com/2_500.jpg", "width": 500},
                {"url": "https://64.media.tumblr.com/2_1280.jpg", "width": 1280},
            ]
        },
    ],
}


def sample(**more: object) -> dict:
    return Tumblr().put(START, "a coat", **more)


def older(**more: object) -> dict:
    """Return a post of the older form: no blocks."""
    return sample(content=None, layout=None, **more)


def parse(*posts: object, totals: object = None) -> list:
    payload = {"posts": list(posts), "totals": totals}
    return list(room.parse_posts(Page(payload, "x", NOW)))


def row_of(post: dict, totals: object = None) -> tuple[dict, list[tuple[str, str]]]:
    """Return the post's row, and kind and address of its media, as stored."""
    (record,) = parse(post, totals=totals)
    assert isinstance(record, Accepted)
    assert check_records([record], "tumblr").refused == []
    media = [
        (row["media_kind"], row["url"])
        for table, row in record.rows
        if table == "media"
    ]
    return record.rows[0][1], media


def test_blocks_give_text_photos_and_who_is_mentioned():
    mention = {"type": "mention", "blog": {"name": "Bob", "uuid": "t:bob"}}
    blocks = [text("by @bob", formatting=[mention]), image("a"), VIDEO, text("more")]
    row, media = row_of(sample(content=blocks, tags=("Street Style", "OOTD")))
    assert row["caption"] == "by @bob\nmore"
    assert row["hashtags"] == ["street style", "ootd"]
    assert row["mentions"] == ["bob"]
    assert (row["media_kind"], row["media_count"]) == ("album", 2)
    assert media == [
        ("image", "https://64.media.tumblr.com/a_1280.jpg"),
        ("cover", "https://64.media.tumblr.com/v.jpg"),
    ]
    assert (row["author_id"], row["author_handle"]) == ("t:ana", "ana")
    assert row["post_id"] == "t:ana/800000000000000000"
    assert room.split_id(row["post_id"]) == ("t:ana", "800000000000000000")
    assert row["created_at"] == START


def test_the_older_form_gives_the_same():
    row, media = row_of(older(**OLDER))
    assert row["caption"] == "my coat & boots"
    assert (row["media_kind"], row["media_count"]) == ("album", 3)
    assert [url for _, url in media] == [
        "https://64.media.tumblr.com/1_1280.jpg",
        "https://64.media.tumblr.com/2_1280.jpg",
        "https://x.example/i.gif",
    ]
    row, media = row_of(
        older(type="video", caption="x", thumbnail_url="https://x/t.jpg")
    )
    assert (row["media_kind"], media) == ("video", [("cover", "https://x/t.jpg")])
    row, media = row_of(older(type="quote", text="less", source="<a>Mies</a>"))
    assert (row["caption"], row["media_kind"], media) == ("less", "none", [])


def test_reblogs_are_told_apart_and_have_no_counts_of_their_own():
    mine = sample(trail=[TRAIL], content=[text("love this")], note_count=0)
    row, media = row_of(mine, totals={"total_likes": 3, "total_reblogs": 1})
    assert (row["is_repost"], row["repost_of_id"]) == (True, "t:eva/123")
    assert row["caption"] == "the original\nlove this"
    assert len(media) == 1
    assert row["likes_count"] is row["shares_count"] is row["comments_count"] is None
    root = {"reblogged_root_id": "123", "reblogged_root_uuid": "t:eva"}
    assert row_of(older(type="text", **root))[0]["repost_of_id"] == "t:eva/123"
    gone = sample(trail=[{"broken_blog_name": "x", "content": []}])
    row, _ = row_of(gone)
    assert (row["is_repost"], row["repost_of_id"]) == (True, None)
    # an original of the older form has itself as its trail
    self_trail = {"blog": {"uuid": "t:ana"}, "post": {"id": 800000000000000000}}
    row, _ = row_of(older(type="text", body="x", trail=[self_trail]))
    assert (row["is_repost"], row["repost_of_id"]) == (False, None)


def test_counts_that_are_not_given_are_null_and_a_sum_of_zero_tells_all():
    def counts(note_count: object, totals: object = None) -> tuple:
        row, _ = row_of(sample(note_count=note_count), totals)
        return row["likes_count"], row["shares_count"], row["comments_count"]

    totals = {"total_likes": 5, "total_reblogs": 2}
    assert counts(10) == (None, None, None)
    assert counts(0) == (0, 0, 0)
    assert counts(10, totals) == (5, 2, 3)
    assert counts(6, totals) == (5, 2, 0)
    assert counts(None, totals) == (5, 2, None)


def test_one_bad_record_does_not_take_its_page_with_it():
    records = parse(sample(), sample(note_count=-3), None, {}, sample())
    kinds = [type(record) for record in records]
    assert kinds == [Accepted, Refused, Refused, Refused, Accepted]
    assert records[1].reason == "note_count below 0"


KEYS = ("type", "blog", "uuid", "post", "id", "content", "media", "url", "width", "x")
ANY = anything(*KEYS)
BLOCKS = sample(trail=[TRAIL], content=[image("a"), VIDEO, text("x")])
PHOTOS = older(**OLDER)
NOTE = note(1, "nice", added_text="x", post_id="7")


@given(st.lists(disturbed(BLOCKS, ANY) | disturbed(PHOTOS, ANY) | ANY, max_size=3), ANY)
def test_any_post_ends_as_accepted_or_refused(posts, totals):
    assert len(parse(*posts, totals=totals)) == len(posts)
    for post in posts:
        room.id_of(post)


@given(st.lists(disturbed(NOTE, ANY) | ANY, max_size=3))
def test_any_note_ends_as_accepted_or_refused(notes):
    page = Page({"post_id": "t:ana/1", "notes": notes}, "x", NOW)
    assert len(list(room.parse_notes(page))) == len(notes)
