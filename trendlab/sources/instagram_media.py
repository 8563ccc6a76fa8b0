"""Reads what Instagram's Graph API gives: media of hashtags and accounts, comments.

The API names media by ids of its own. Stored is the number that the shortcode in the
permalink writes, under which archives have the same post.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trendlab.sources.base import Accepted, FieldError, Page, Parsed, Row
from trendlab.sources.fields import (
    read_count,
    read_handle,
    read_id,
    read_moment,
    read_text,
)
from trendlab.sources.instagram_ids import id_of_shortcode, shortcode_in
from trendlab.sources.instagram_rows import InstagramPost, Media, Owner
from trendlab.sources.shapes import as_object, as_objects, needed, object_or_empty

_KINDS = {"IMAGE": "image", "VIDEO": "video", "CAROUSEL_ALBUM": "album"}


def post_id_of(given: Any) -> str | None:
    """Return the number of a post; None where it cannot be told."""
    try:
        code = shortcode_in(read_text(object_or_empty(given).get("permalink"), "x"))
        return None if code is None else id_of_shortcode(code, "x")
    except FieldError:
        return None


def parse_media(page: Page) -> Iterator[Parsed]:
    """Turn each medium into a post with its photos, and its author where given.

    `page.payload` has `posts`, and `owner`: the account's object, or None for media of
    hashtags, whose authors are not given.
    """
    owner = page.payload.get("owner")
    for number, given in enumerate(page.payload["posts"], start=page.first_number):
        try:
            yield Accepted(_rows(given, owner, page), number, given)
        except FieldError as bad:
            yield bad.refused(number, given)


def parse_comments(page: Page) -> Iterator[Parsed]:
    """Turn each comment, and each reply to it, into a record of its own.

    `page.payload` may have `comments`: groups with `post_id` and `comments`.
    """
    number = page.first_number + len(page.payload["posts"])
    for group in page.payload.get("comments", ()):
        root = group["post_id"]
        for comment, parent in _with_replies(group["comments"]):
            try:
                rows = (("comments", _comment(comment, root, parent, page)),)
                yield Accepted(rows, number, comment)
            except FieldError as bad:
                yield bad.refused(number, comment, "comments")
            number += 1


def _with_replies(comments: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield (comment without its replies, id of the one that it answers)."""
    for comment in comments:
        if not isinstance(comment, dict):
            yield comment, None
            continue
        yield {k: v for k, v in comment.items() if k != "replies"}, None
        replies = object_or_empty(comment.get("replies")).get("data")
        for reply in replies if isinstance(replies, list) else []:
            yield reply, comment.get("id")


def _rows(given: Any, account: Any, page: Page) -> tuple[tuple[str, Row], ...]:
    medium = as_object(given, "medium")
    permalink = read_text(medium.get("permalink"), "permalink")
    code = shortcode_in(needed(permalink, "permalink"))
    if code is None:
        raise FieldError("permalink", "names no post", permalink)
    owner = Owner() if account is None else _owner(account)
    post = InstagramPost(
        id_of_shortcode(code, "permalink"),
        code,
        read_moment(medium.get("timestamp"), "timestamp"),
        owner,
        read_text(medium.get("caption"), "caption"),
        _media(medium),
        # hidden likes are left out, so that a 3 is a 3
        likes_count=read_count(medium.get("like_count"), "like_count"),
        comments_count=read_count(medium.get("comments_count"), "comments_count"),
    )
    rows = post.rows(page.observed_at)
    if account is None or owner.author_id is None:
        return rows
    kept = [row for row in rows if row[0] != "authors"]
    return (*kept, ("authors", _author(account, owner, page)))


def _owner(account: Any) -> Owner:
    given = as_object(account, "owner")
    return Owner(
        read_id(given.get("id"), "owner.id"),
        read_handle(given.get("username"), "owner.username"),
        read_text(given.get("name"), "owner.name"),
        None,
        read_count(given.get("followers_count"), "owner.followers_count"),
    )


def _author(account: Row, owner: Owner, page: Page) -> Row:
    return {
        "author_id": owner.author_id,
        "observed_at": page.observed_at,
        "handle": owner.handle,
        "name": owner.name,
        "biography": read_text(account.get("biography"), "owner.biography"),
        # business and creator accounts both: people are among them
        "author_kind": "unknown",
        "followers_count": owner.followers_count,
        "following_count": read_count(
            account.get("follows_count"), "owner.follows_count"
        ),
        "posts_count": read_count(account.get("media_count"), "owner.media_count"),
    }


def _media(medium: Row) -> Media:
    kind = read_text(medium.get("media_type"), "media_type")
    if kind not in _KINDS:
        raise FieldError("media_type", "is none of the known ones", kind)
    children = as_objects(object_or_empty(medium.get("children")).get("data"), "data")
    shown = children if kind == "CAROUSEL_ALBUM" and children else [medium]
    return Media(_KINDS[kind], len(shown), [_offered(one) for one in shown])


def _offered(medium: Row) -> tuple[str, str | None]:
    """Return a photo, or a video's cover; videos themselves are not fetched."""
    if medium.get("media_type") == "VIDEO":
        return "cover", read_text(medium.get("thumbnail_url"), "thumbnail_url")
    return "image", read_text(medium.get("media_url"), "media_url")


def _comment(given: Any, root: str, parent: Any, page: Page) -> Row:
    comment = as_object(given, "comment")
    return {
        "comment_id": needed(read_id(comment.get("id"), "id"), "id"),
        "post_id": root,
        "parent_id": read_id(parent, "parent.id"),
        "created_at": read_moment(comment.get("timestamp"), "timestamp"),
        # no id of who wrote it is given, and the name only to the account's owner
        "author_handle": read_handle(comment.get("username"), "username"),
        "text": read_text(comment.get("text"), "text") or "",
        "likes_count": read_count(comment.get("like_count"), "like_count"),
        "observed_at": page.observed_at,
    }
