"""Reddit's records: photos, crossposts, what was taken away, and any other shape."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.sources.disturbed import anything, disturbed
from tests.sources.reddit_server import START, Reddit, comment, listing, thing
from trendlab.sources import reddit_records as room
from trendlab.sources.base import Accepted, Page, Refused
from trendlab.steps.ingest_rows import check_records

NOW = datetime(2026, 2, 1, tzinfo=UTC)
GALLERY = {
    "is_gallery": True,
    "gallery_data": {"items": [{"media_id": "a", "id": 1}, {"media_id": "b", "id": 2}]},
    "media_metadata": {
        "a": {
            "status": "valid",
            "e": "Image",
            "s": {"u": "https://preview.redd.it/a.jpg?width=9&amp;s=1", "x": 9, "y": 9},
        },
        "b": {"status": "unprocessed", "e": "Image"},
    },
}
PREVIEW = {
    "preview": {
        "images": [{"source": {"url": "https://preview.redd.it/c.jpg?s=2"}, "id": "c"}]
    }
}


def sample(**more: object) -> dict:
    title = str(more.pop("title", "a #coat for u/Bob-by"))
    return thing("t3", Reddit().put(START, title, **more))


def parse(*children: object) -> list:
    return list(room.parse_posts(Page({"posts": list(children)}, "x", NOW)))


def post_of(**more: object) -> tuple[dict, list[str]]:
    """Return the post's row and the addresses of its media, as the lake takes them."""
    (record,) = parse(sample(**more))
    assert isinstance(record, Accepted)
    assert check_records([record], "reddit").refused == []
    rows = record.rows
    media = [row["url"] for table, row in rows if table == "media"]
    return rows[0][1], media


def test_text_tags_and_who_is_addressed():
    row, media = post_of(selftext="more &amp; more")
    assert row["caption"] == "a #coat for u/Bob-by\n\nmore & more"
    assert row["hashtags"] == ["coat", "streetwear"]
    assert row["mentions"] == ["bob-by", "r/streetwear"]
    assert row["url"].startswith("https://www.reddit.com/r/streetwear/comments/")
    assert (row["media_kind"], row["media_count"], media) == ("none", 0, [])
    assert (row["created_at"], row["likes_count"]) == (START, 7)
    flair, _ = post_of(link_flair_text=":pin: Fit Check &amp; Co")
    assert flair["hashtags"] == ["coat", "streetwear", "fit check & co"]
    own_page, _ = post_of(subreddit="u_ana")
    assert (own_page["hashtags"], own_page["mentions"]) == (["coat"], ["bob-by"])


def test_photos_of_galleries_links_and_videos():
    row, media = post_of(**GALLERY)
    assert (row["media_kind"], row["media_count"]) == ("album", 2)
    assert media == ["https://preview.redd.it/a.jpg?width=9&s=1"]
    row, media = post_of(url_overridden_by_dest="https://i.redd.it/d.png")
    assert (row["media_kind"], media) == ("image", ["https://i.redd.it/d.png"])
    row, media = post_of(post_hint="image", url="https://imgur.com/d", **PREVIEW)
    assert (row["media_kind"], media) == (
        "image",
        ["https://preview.redd.it/c.jpg?s=2"],
    )
    row, media = post_of(is_video=True, **PREVIEW)
    assert (row["media_kind"], row["media_count"], len(media)) == ("video", 1, 1)
    # a picture of the page that is linked to is not the post's
    row, media = post_of(post_hint="link", url="https://shop.example/", **PREVIEW)
    assert (row["media_kind"], media) == ("none", [])
    inline = {"media_metadata": {"a": GALLERY["media_metadata"]["a"]}}
    assert post_of(is_self=True, **inline)[0]["media_kind"] == "image"


def test_crossposts_are_told_apart_and_show_the_photos_of_the_original():
    original = {**sample(**GALLERY)["data"], "id": "orig"}
    row, media = post_of(
        crosspost_parent="t3_orig", crosspost_parent_list=[original], score=3
    )
    assert (row["is_repost"], row["repost_of_id"]) == (True, "orig")
    assert (row["likes_count"], row["media_kind"], len(media)) == (3, "album", 1)
    assert not post_of()[0]["is_repost"]


def test_what_was_taken_away_is_null_and_never_a_name():
    row, _ = post_of(
        author="[deleted]",
        author_fullname="t2_x",
        title="[deleted by user]",
        selftext="[removed]",
        hide_score=True,
    )
    assert row["author_id"] is row["author_handle"] is row["caption"] is None
    assert row["likes_count"] is None
    (record,) = parse(sample(author="[deleted]"))
    assert [table for table, _ in record.rows] == ["posts"]
    assert post_of(score=0)[0]["likes_count"] == 0


def test_one_bad_record_does_not_take_its_page_with_it():
    bad = sample(num_comments=-3)
    records = parse(sample(), bad, None, thing("t1", {}), sample())
    kinds = [type(record) for record in records]
    assert kinds == [Accepted, Refused, Refused, Refused, Accepted]
    assert records[1].reason == "num_comments below 0"
    assert records[3].reason == "kind is not t3"


def test_a_deep_thread_is_read_whole():
    deepest = comment("c0", "0", parent="t3_x")
    for depth in range(1, 3_000):
        outer = comment(f"c{depth}", str(depth), parent="t3_x")
        outer["data"]["replies"] = listing([deepest])
        deepest = outer
    page = Page({"post_id": "x", "comments": [deepest]}, "x", NOW)
    assert len(list(room.parse_comments(page))) == 3_000
    assert room.count_left_out([deepest]) == 0


KEYS = ("kind", "data", "children", "replies", "id", "s", "items", "count", "x")
ANY = anything(*KEYS)
FULL = sample(
    crosspost_parent="t3_a", crosspost_parent_list=[sample(**GALLERY)["data"]]
)
GALLERIES = sample(**GALLERY, **PREVIEW)
COMMENT = comment("a", "nice", parent="t3_x", replies=listing([comment("b", "y",
                  parent="t1_a")]))  # fmt: skip


@given(st.lists(disturbed(FULL, ANY) | disturbed(GALLERIES, ANY) | ANY, max_size=3))
def test_any_post_ends_as_accepted_or_refused(children):
    records = parse(*children)
    assert len(records) == len(children)
    for child in children:
        room.time_of(child)
        room.is_pinned(child)


@given(st.lists(disturbed(COMMENT, ANY) | ANY, max_size=3) | ANY)
def test_any_tree_ends_as_accepted_or_refused(children):
    page = Page({"post_id": "x", "comments": children}, "x", NOW)
    for record in room.parse_comments(page):
        assert isinstance(record, Accepted | Refused)
    assert room.count_left_out(children) >= 0
