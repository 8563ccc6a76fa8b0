"""Reads what TikTok's Research API gives: videos with their counts, and comments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from trendlab.sources.base import Accepted, FieldError, Page, Parsed, Row
from trendlab.sources.fields import (
    fold_handles,
    fold_tags,
    hashtags_in,
    mentions_in,
    read_count,
    read_handle,
    read_id,
    read_list,
    read_moment,
    read_text,
)
from trendlab.sources.shapes import as_object, needed

VIDEO_FIELDS = (
    "id",
    "video_description",
    "create_time",
    "region_code",
    "share_count",
    "view_count",
    "like_count",
    "comment_count",
    "hashtag_names",
    "username",
)
COMMENT_FIELDS = (
    "id",
    "video_id",
    "text",
    "like_count",
    "reply_count",
    "parent_comment_id",
    "create_time",
)
# An id holds the second of its making above its lowest 32 bits.
_TIME_BITS = 32
_FLAG_A = ord("🇦") - ord("A")


def time_of_id(video_id: str) -> datetime | None:
    """Return the moment that a video's id holds; None where it is no such id."""
    is_number = video_id.isascii() and video_id.isdigit() and len(video_id) <= 20
    seconds = int(video_id) >> _TIME_BITS if is_number else 0
    # from 2010 to 2106: an id of 64 bits holds no later one
    if not 1_262_304_000 <= seconds < 2**_TIME_BITS:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def parse_videos(page: Page) -> Iterator[Parsed]:
    """Turn each video into a post and its author."""
    for number, video in enumerate(page.payload["videos"], start=page.first_number):
        try:
            yield Accepted(_post(video, page), number, video)
        except FieldError as bad:
            yield bad.refused(number, video)


def parse_comments(page: Page) -> Iterator[Parsed]:
    """Turn each comment of a video into a row; who wrote it is not given."""
    root = page.payload["post_id"]
    for number, given in enumerate(page.payload["comments"], start=page.first_number):
        try:
            rows = (("comments", _comment(given, root, page)),)
            yield Accepted(rows, number, given)
        except FieldError as bad:
            yield bad.refused(number, given, "comments")


def _post(video: object, page: Page) -> tuple[tuple[str, Row], ...]:
    given = as_object(video, "video")
    video_id = needed(read_id(given.get("id"), "id"), "id")
    handle = read_handle(given.get("username"), "username")
    caption = read_text(given.get("video_description"), "video_description")
    tags = read_list(given.get("hashtag_names"), "hashtag_names")
    country = _country(read_text(given.get("region_code"), "region_code"))
    row: Row = {
        "post_id": video_id,
        "created_at": read_moment(given.get("create_time"), "create_time"),
        # no other id of an author is given
        "author_id": handle,
        "author_handle": handle,
        "author_place": country,
        "caption": caption,
        "hashtags": fold_tags([*tags, *hashtags_in(caption)]),
        "mentions": fold_handles(mentions_in(caption)),
        "url": (
            None
            if handle is None
            else f"https://www.tiktok.com/@{handle}/video/{video_id}"
        ),
        "media_kind": "video",
        "media_count": 1,
        "likes_count": read_count(given.get("like_count"), "like_count"),
        "comments_count": read_count(given.get("comment_count"), "comment_count"),
        "shares_count": read_count(given.get("share_count"), "share_count"),
        "views_count": read_count(given.get("view_count"), "view_count"),
        "is_repost": False,
        "observed_at": page.observed_at,
    }
    if handle is None:
        return (("posts", row),)
    author: Row = {
        "author_id": handle,
        "observed_at": page.observed_at,
        "handle": handle,
        "author_kind": "unknown",
        "profile_place": country,
    }
    return (("posts", row), ("authors", author))


def _comment(comment: object, root: str, page: Page) -> Row:
    given = as_object(comment, "comment")
    comment_id = needed(read_id(given.get("id"), "id"), "id")
    parent = read_id(given.get("parent_comment_id"), "parent_comment_id")
    return {
        "comment_id": comment_id,
        "post_id": root,
        # the parent of a comment on the video is the video
        "parent_id": None if parent in (root, "0") else parent,
        "created_at": read_moment(given.get("create_time"), "create_time"),
        "text": read_text(given.get("text"), "text") or "",
        "likes_count": read_count(given.get("like_count"), "like_count"),
        "observed_at": page.observed_at,
    }


def _country(code: str | None) -> str | None:
    """Return a country's code with its flag.

    Bare codes are places elsewhere: LA is Laos here, and Los Angeles on most profiles.
    """
    if code is None:
        return None
    letters = code.strip().upper()
    if not (len(letters) == 2 and letters.isascii() and letters.isalpha()):
        return None
    flag = "".join(chr(ord(letter) + _FLAG_A) for letter in letters)
    return f"{letters} {flag}"
