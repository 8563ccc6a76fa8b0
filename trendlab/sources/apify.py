"""Apify's Instagram scrapers: posts, comments and profiles, a JSON list or lines.

All three come from the same actor, by what it was asked for; a file may mix them.
Hidden likes are −1. There are no coordinates, and no moment of collection.
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
    read_text,
)
from trendlab.sources.file_source import FileSource
from trendlab.sources.instagram_comments import STRIDE, parse_comments
from trendlab.sources.instagram_ids import (
    id_of_shortcode,
    moment_of,
    read_number,
    shortcode_in,
)
from trendlab.sources.instagram_rows import (
    InstagramPost,
    Media,
    Owner,
    Place,
    read_likes,
)
from trendlab.sources.members import Head, Member
from trendlab.sources.readers import json_line_pages, json_list_pages
from trendlab.sources.received import object_of
from trendlab.sources.shapes import needed, object_or_empty

_POST_KEYS = ("shortCode", "commentsCount")
_COMMENT_KEYS = ("postUrl", "text", "ownerUsername")
_PROFILE_KEYS = ("username", "followersCount", "postsCount")
_KINDS = {"Image": "image", "Video": "video", "Sidecar": "album"}


def recognise(head: Head) -> bool:
    """Tell whether a file is Apify's, from its first item."""
    first = head.first_value
    if isinstance(first, dict):
        known = (_POST_KEYS, _COMMENT_KEYS, _PROFILE_KEYS)
        if any(all(key in first for key in keys) for keys in known):
            return True
    # a long first item, or one that says only that something was not found
    is_json = head.is_json_list or head.is_json_lines
    text = head.text or ""
    return is_json and all(f'"{key}"' in text for key in (*_POST_KEYS, "ownerUsername"))


class Apify(FileSource):
    """Items of Apify's Instagram scrapers."""

    name = "instagram"
    format = "apify"

    def payloads(self, member: Member) -> Iterator[tuple[int, Any]]:
        """Yield pages of items."""
        head = Head(member)
        pages = json_list_pages if head.is_json_list else json_line_pages
        yield from pages(member, head)

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn each item into a post with its comments, a comment, or an author."""
        for number, record in enumerate(page.payload, page.first_number):
            item = object_of(record, number)
            if isinstance(item, Refused):
                yield item
            elif "postUrl" in item and "shortCode" not in item:
                yield from _lone_comment(item, number, page)
            elif "followersCount" in item and "shortCode" not in item:
                yield from _profile(item, number, page)
            else:
                yield from _post_with_comments(item, number, record, page)


def _post_with_comments(
    item: Row, number: int, record: Any, page: Page
) -> Iterator[Parsed]:
    try:
        if is_given(item.get("error")):
            raise FieldError("error", "stands in place of an item", item["error"])
        post = _post(item)
        yield Accepted(post.rows(page.observed_at), number, record)
    except FieldError as bad:
        yield bad.refused(number, record)
        return
    given = item.get("latestComments")
    if isinstance(given, list) and given:
        # older actors quote comments without id and time: nothing to file them under
        whole = [one for one in given if not _is_quote(one)]
        first = number * STRIDE + 1
        yield from parse_comments(whole, post.post_id, page.observed_at, first)


def _is_quote(comment: Any) -> bool:
    return isinstance(comment, dict) and not (
        is_given(comment.get("id")) or is_given(comment.get("timestamp"))
    )


def _lone_comment(item: Row, number: int, page: Page) -> Iterator[Parsed]:
    try:
        address = read_text(item.get("postUrl"), "postUrl")
        shortcode = needed(shortcode_in(address), "postUrl")
        post_id = id_of_shortcode(shortcode, "postUrl")
    except FieldError as bad:
        yield bad.refused(number, item, "comments")
        return
    answers = item.get("replies")
    alone = {name: value for name, value in item.items() if name != "replies"}
    yield from parse_comments([alone], post_id, page.observed_at, number)
    if isinstance(answers, list) and answers:
        replies = [
            {"replied_to_comment_id": item.get("id"), **one}
            if isinstance(one, dict)
            else one
            for one in answers
        ]
        first = number * STRIDE + 1
        yield from parse_comments(replies, post_id, page.observed_at, first)


def _profile(item: Row, number: int, page: Page) -> Iterator[Parsed]:
    posts = item.get("latestPosts")
    about = {name: value for name, value in item.items() if name != "latestPosts"}
    try:
        author: Row = {
            "author_id": needed(read_id(item.get("id"), "id"), "id"),
            "observed_at": page.observed_at,
            "handle": read_handle(item.get("username"), "username"),
            "name": read_text(item.get("fullName"), "fullName"),
            "biography": read_text(item.get("biography"), "biography"),
            "author_kind": "unknown",
            "followers_count": read_count(item["followersCount"], "followersCount"),
            "following_count": read_count(item.get("followsCount"), "followsCount"),
            "posts_count": read_count(item.get("postsCount"), "postsCount"),
            "is_verified": read_flag(item.get("verified"), "verified"),
        }
        yield Accepted((("authors", author),), number, about)
    except FieldError as bad:
        yield bad.refused(number, about, "authors")
    if not isinstance(posts, list):
        return
    for place, post in enumerate(posts[: STRIDE - 2], number * STRIDE + 1):
        try:
            if not isinstance(post, dict):
                raise FieldError("latestPosts", "is not a list of objects", post)
            yield Accepted(_post(post).rows(page.observed_at), place, post)
        except FieldError as bad:
            yield bad.refused(place, post)


def _post(item: Row) -> InstagramPost:
    shortcode = read_text(item.get("shortCode"), "shortCode")
    post_id = read_number(item.get("id"), "id")
    if post_id is None:
        post_id = id_of_shortcode(needed(shortcode, "shortCode"), "shortCode")
    hashtags = item.get("hashtags")
    return InstagramPost(
        post_id,
        shortcode,
        _moment(item, post_id),
        Owner(
            read_id(item.get("ownerId"), "ownerId"),
            read_handle(item.get("ownerUsername"), "ownerUsername"),
            read_text(item.get("ownerFullName"), "ownerFullName"),
        ),
        read_text(item.get("caption"), "caption"),
        _media(item),
        Place(
            read_text(item.get("locationName"), "locationName"),
            read_id(item.get("locationId"), "locationId"),
        ),
        _named(item),
        hashtags=read_list(hashtags, "hashtags") if hashtags is not None else None,
        likes_count=read_likes(item.get("likesCount"), "likesCount", is_hidden=False),
        comments_count=read_count(item.get("commentsCount"), "commentsCount"),
        views_count=read_count(
            item.get("videoViewCount", item.get("videoPlayCount")), "videoViewCount"
        ),
        is_sponsored=read_flag(
            item.get("isSponsored", item.get("paidPartnership")), "isSponsored"
        ),
    )


def _moment(item: Row, post_id: str) -> datetime:
    given = item.get("timestamp")
    return read_moment(given, "timestamp") if is_given(given) else moment_of(post_id)


def _named(item: Row) -> tuple[str, ...]:
    people: list[Any] = []
    for name in ("taggedUsers", "coauthorProducers"):
        given = item.get(name)
        if isinstance(given, list):
            people += given
    names = [object_or_empty(one).get("username") for one in people]
    return (
        *read_list(item.get("mentions"), "mentions"),
        *(name for name in names if isinstance(name, str)),
    )


def _kind(item: Row, default: str | None = None) -> str:
    given = item.get("type")
    kind = _KINDS.get(given) if isinstance(given, str) else default
    if kind is None:
        raise FieldError("type", "is not Image, Video or Sidecar", given)
    return kind


def _media(item: Row) -> Media:
    kind = _kind(item)
    given = item.get("childPosts")
    children = (
        [object_or_empty(one) for one in given] if isinstance(given, list) else []
    )
    if children:
        offered = [
            (
                "cover" if _kind(one, "image") == "video" else "image",
                read_text(one.get("displayUrl"), "childPosts.displayUrl"),
            )
            for one in children
        ]
        return Media("album", len(children), offered)
    cover = read_text(item.get("displayUrl"), "displayUrl")
    if kind == "album":
        photos = read_list(item.get("images"), "images")
        known = photos or ([] if cover is None else [cover])
        return Media(kind, max(len(known), 1), [("image", url) for url in known])
    return Media(kind, 1, [("cover" if kind == "video" else "image", cover)])
