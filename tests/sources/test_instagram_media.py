"""Records of Instagram's Graph API: kinds, hidden likes, ids, and any other shape."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.sources.disturbed import anything, disturbed
from tests.sources.instagram_server import START, Graph, account, comment
from trendlab.sources.base import Accepted, Page, Refused
from trendlab.sources.instagram_media import (
    parse_comments,
    parse_media,
    post_id_of,
)
from trendlab.steps.ingest_rows import check_records

NOW = datetime(2026, 2, 1, tzinfo=UTC)
ALBUM = {
    "data": [
        {"id": "1", "media_type": "IMAGE", "media_url": "https://x.example/1.jpg"},
        {
            "id": "2",
            "media_type": "VIDEO",
            "media_url": "https://x.example/2.mp4",
            "thumbnail_url": "https://x.example/2.jpg",
        },
    ]
}


def sample(**more: object) -> dict:
    return Graph().put(START, "a #Coat by @Ana", **more)


def parse(*posts: object, owner: object = None) -> list:
    return list(parse_media(Page({"posts": list(posts), "owner": owner}, "x", NOW)))


def row_of(medium: dict) -> tuple[dict, list[tuple[str, str]]]:
    """Return the post's row, and kind and address of its media, as stored."""
    (record,) = parse(medium)
    assert isinstance(record, Accepted)
    assert check_records([record], "instagram").refused == []
    media = [
        (row["media_kind"], row["url"])
        for table, row in record.rows
        if table == "media"
    ]
    return record.rows[0][1], media


def test_a_post_is_kept_under_the_number_of_its_permalink():
    medium = sample(permalink="https://www.instagram.com/reel/DTH7-MvhDPb/")
    row, media = row_of(medium)
    assert row["post_id"] == post_id_of(medium) == "3803272169371481051"
    assert row["url"] == "https://www.instagram.com/p/DTH7-MvhDPb/"
    assert row["created_at"] == START
    assert (row["hashtags"], row["mentions"]) == (["coat"], ["ana"])
    assert (row["author_id"], row["author_handle"]) == (None, None)
    assert media == [("image", "https://scontent.cdninstagram.com/0.jpg")]


def test_albums_give_all_photos_and_videos_their_cover():
    row, media = row_of(sample(media_type="CAROUSEL_ALBUM", children=ALBUM))
    assert (row["media_kind"], row["media_count"]) == ("album", 2)
    assert media == [
        ("image", "https://x.example/1.jpg"),
        ("cover", "https://x.example/2.jpg"),
    ]
    row, media = row_of(sample(media_type="VIDEO"))
    assert (row["media_kind"], row["media_count"], media) == ("video", 1, [])


def test_likes_that_are_left_out_are_null_and_three_are_three():
    medium = sample(like_count=3)
    assert row_of(medium)[0]["likes_count"] == 3
    del medium["like_count"], medium["comments_count"]
    row, _ = row_of(medium)
    assert row["likes_count"] is row["comments_count"] is row["views_count"] is None


def test_one_bad_record_does_not_take_its_page_with_it():
    bad = sample(like_count=-3)
    lost = sample(permalink="https://www.instagram.com/ana/")
    records = parse(sample(), bad, lost, None, {}, sample())
    kinds = [type(record) for record in records]
    assert kinds == [Accepted, Refused, Refused, Refused, Refused, Accepted]
    assert records[1].reason == "like_count below 0"
    assert records[2].reason == "permalink names no post"


KEYS = ("id", "permalink", "media_type", "children", "data", "media_url", "replies")
ANY = anything(*KEYS)
MEDIUM = sample(media_type="CAROUSEL_ALBUM", children=ALBUM)
COMMENT = comment(1, "nice", replies={"data": [comment(2, "yes")]})


@given(
    st.lists(disturbed(MEDIUM, ANY) | ANY, max_size=3),
    st.none() | disturbed(account("ana"), ANY) | ANY,
)
def test_any_medium_ends_as_accepted_or_refused(posts, owner):
    assert len(parse(*posts, owner=owner)) == len(posts)
    for post in posts:
        post_id_of(post)


@given(st.lists(disturbed(COMMENT, ANY) | ANY, max_size=3))
def test_any_comment_ends_as_accepted_or_refused(comments):
    groups = [{"post_id": "1", "comments": comments}]
    page = Page({"posts": [], "owner": None, "comments": groups}, "x", NOW)
    records = list(parse_comments(page))
    assert len(records) >= len(comments)
    assert [record.number for record in records] == list(range(1, len(records) + 1))
