"""4CAT's CSV of Instagram: posts that Zeeschuimer saw, as a table.

`id` is the shortcode. `timestamp` is the clock of 4CAT's machine and `unix_timestamp`
is UTC; where Instagram gave no time, it is 0. Exports of before 2023 name some columns
otherwise and may hold comments (`type` = `comment`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from trendlab.sources.base import (
    Accepted,
    FieldError,
    Page,
    Parsed,
    Refused,
    Row,
)
from trendlab.sources.fields import (
    is_given,
    read_count,
    read_flag,
    read_handle,
    read_id,
    read_list,
    read_moment,
    read_point,
    read_text,
)
from trendlab.sources.file_source import FileSource
from trendlab.sources.instagram_ids import id_of_shortcode, moment_of
from trendlab.sources.instagram_rows import (
    InstagramPost,
    Media,
    Owner,
    Place,
    read_likes,
)
from trendlab.sources.members import Head, Member
from trendlab.sources.readers import csv_pages
from trendlab.sources.received import NOT_UTF8, hold_raw_bytes, object_of
from trendlab.sources.shapes import needed

_COLUMNS = frozenset(
    {"id", "thread_id", "parent_id", "body", "author", "num_likes", "num_comments"}
)
_PHOTO_COLUMNS = ("image_urls", "image_url", "likes_hidden")


def recognise(head: Head) -> bool:
    """Tell whether a file is a CSV of 4CAT with posts of Instagram, by its header."""
    names = frozenset(head.header)
    return names >= _COLUMNS and any(name in names for name in _PHOTO_COLUMNS)


class FourcatTable(FileSource):
    """Posts as 4CAT exports them to CSV."""

    name = "instagram"
    format = "4cat_csv"

    def payloads(self, member: Member) -> Iterator[tuple[int, Any]]:
        """Yield pages of rows."""
        yield from csv_pages(member, Head(member))

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn each row into a post, or a comment."""
        has_raw_bytes = hold_raw_bytes(page.payload)
        for number, record in enumerate(page.payload, page.first_number):
            row = object_of(record, number)
            if isinstance(row, Refused):
                yield row
                continue
            is_comment = row.get("type") == "comment"
            table = "comments" if is_comment else "posts"
            if has_raw_bytes and hold_raw_bytes([row]):
                yield Refused(NOT_UTF8, "", "", number, record, table)
                continue
            try:
                if is_comment:
                    rows: tuple[tuple[str, Row], ...] = (
                        ("comments", _comment(row, page.observed_at)),
                    )
                else:
                    rows = _post(row).rows(page.observed_at)
                yield Accepted(rows, number, record)
            except FieldError as bad:
                yield bad.refused(number, record, table)


def _post(row: Row) -> InstagramPost:
    shortcode = needed(read_text(row.get("id"), "id"), "id")
    post_id = id_of_shortcode(shortcode, "id")
    hashtags: list[str] | None = None
    if not is_given(row.get("body")):
        hashtags = read_list(row.get("hashtags"), "hashtags")
    return InstagramPost(
        post_id,
        shortcode,
        _moment(row, post_id),
        Owner(
            read_id(row.get("author_id"), "author_id"),
            read_handle(row.get("author"), "author"),
            read_text(row.get("author_fullname"), "author_fullname"),
            read_flag(row.get("verified"), "verified"),
        ),
        read_text(row.get("body"), "body"),
        _media(row),
        _place(row),
        (
            *read_list(row.get("usertags"), "usertags"),
            *read_list(row.get("coauthors"), "coauthors"),
        ),
        # its own pattern cuts tags at signs that belong to them in other scripts
        hashtags=hashtags,
        likes_count=read_likes(
            row.get("num_likes"),
            "num_likes",
            read_flag(row.get("likes_hidden"), "likes_hidden"),
        ),
        comments_count=read_count(row.get("num_comments"), "num_comments"),
        views_count=read_count(row.get("play_count"), "play_count"),
    )


def _moment(row: Row, post_id: str | None) -> datetime:
    for name in ("unix_timestamp", "timestamp"):
        given = row.get(name)
        if is_given(given) and given not in ("0", "0.0"):
            return read_moment(given, name)
    if post_id is None:
        raise FieldError("timestamp", "is missing")
    return moment_of(post_id)


def _place(row: Row) -> Place:
    north, _, east = (
        read_text(row.get("location_latlong"), "location_latlong") or ("")
    ).partition(",")
    lat, lon = read_point(north, east, "location_latlong", "location_latlong")
    name = read_text(row.get("location_name"), "location_name")
    city = read_text(row.get("location_city"), "location_city")
    return Place(
        name if name is not None else city,
        read_id(row.get("location_id"), "location_id"),
        lat,
        lon,
    )


def _media(row: Row) -> Media:
    kind = row.get("media_type", row.get("type"))
    photos = read_list(row.get("image_urls", row.get("image_url")), "image_urls")
    covers: frozenset[str] = frozenset()
    if kind == "video":
        covers = frozenset(photos)
    elif kind == "mixed":
        # of what is a photo, address and file are the same
        files = read_list(row.get("media_urls", row.get("media_url")), "media_urls")
        covers = frozenset(photos).difference(files)
    offered: list[tuple[str, str | None]] = [
        ("cover" if url in covers else "image", url) for url in photos
    ]
    count = read_count(row.get("num_media"), "num_media") or max(len(photos), 1)
    if count > 1:
        return Media("album", count, offered)
    return Media("video" if kind == "video" else "image", 1, offered[:1])


def _comment(row: Row, observed_at: datetime) -> Row:
    thread = read_text(row.get("thread_id"), "thread_id")
    above = read_id(row.get("parent_id"), "parent_id")
    return {
        "comment_id": needed(read_id(row.get("id"), "id"), "id"),
        "post_id": id_of_shortcode(needed(thread, "thread_id"), "thread_id"),
        "parent_id": None if above == thread else above,
        "created_at": _moment(row, None),
        "author_handle": read_handle(row.get("author"), "author"),
        "text": needed(read_text(row.get("body"), "body"), "body"),
        # this export writes 0 where it does not know
        "likes_count": read_count(row.get("num_likes"), "num_likes", hidden=(-1, 0)),
        "observed_at": observed_at,
    }
