"""Reads Bluesky's posts: text, facets, photos, quotes, reposts, authors, replies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from trendlab.sources.base import Accepted, FieldError, Page, Parsed, Row
from trendlab.sources.fields import (
    fold_handles,
    fold_tags,
    hashtags_in,
    mentions_in,
    read_count,
    read_handle,
    read_id,
    read_moment,
    read_text,
    stable_id,
)
from trendlab.sources.shapes import as_object, as_objects, needed

# A thread nests; a real one is asked for to a depth of six.
MAX_DEPTH = 50
_IMAGES = "app.bsky.embed.images#view"
_GALLERY = "app.bsky.embed.gallery#view"
_VIDEO = "app.bsky.embed.video#view"
_RECORD = "app.bsky.embed.record#view"
_RECORD_WITH_MEDIA = "app.bsky.embed.recordWithMedia#view"
_REPOST = "app.bsky.feed.defs#reasonRepost"
_POST = "app.bsky.feed.defs#threadViewPost"


def sort_time(post: Any) -> datetime | None:
    """Return a post's `sortAt`: the earlier of written and indexed; None if unread."""
    try:
        return _created_at(post)
    except (FieldError, AttributeError):
        return None


def feed_time(item: Any) -> datetime | None:
    """Return when a post, or its repost, entered an author's feed."""
    if not isinstance(item, dict):
        return None
    reason = item.get("reason")
    if isinstance(reason, dict) and reason.get("$type") == _REPOST:
        try:
            return read_moment(reason.get("indexedAt"), "reason.indexedAt")
        except FieldError:
            return None
    return sort_time(item.get("post"))


def parse_posts(page: Page) -> Iterator[Parsed]:
    """Turn each post, or entry of a feed, into a post, its photos and its author."""
    profiles = page.payload["profiles"]
    for number, item in enumerate(page.payload["posts"], start=page.first_number):
        try:
            is_entry = isinstance(item, dict) and "post" in item
            reason = item.get("reason") if is_entry else None
            post = as_object(item["post"] if is_entry else item, "post")
            rows = _post(post, profiles, page)
            if isinstance(reason, dict) and reason.get("$type") == _REPOST:
                rows = _repost(rows[0][1], reason, profiles, page)
            yield Accepted(rows, number, item)
        except FieldError as bad:
            yield bad.refused(number, item)


def parse_thread(page: Page) -> Iterator[Parsed]:
    """Turn each reply of a thread into a comment."""
    root = page.payload["post_id"]
    for number, post in enumerate(
        _replies(page.payload["thread"], 0), start=page.first_number
    ):
        try:
            yield Accepted((("comments", _comment(post, root, page)),), number, post)
        except FieldError as bad:
            yield bad.refused(number, post, "comments")


def _replies(thread: Any, depth: int) -> Iterator[Any]:
    """Yield the posts below one; what is blocked or gone is left out."""
    below = thread.get("replies") if isinstance(thread, dict) else None
    if not isinstance(below, list) or depth > MAX_DEPTH:
        return
    for reply in below:
        if isinstance(reply, dict) and reply.get("$type", _POST) == _POST:
            yield reply.get("post")
            yield from _replies(reply, depth + 1)


def _created_at(post: Row) -> datetime:
    record = as_object(post.get("record"), "record")
    indexed_at = read_moment(post.get("indexedAt"), "indexedAt")
    # some clients write a time that is wrong, or in a form of their own
    written_at = read_moment(record.get("createdAt"), "record.createdAt")
    return min(written_at, indexed_at)


def _post(post: Row, profiles: Row, page: Page) -> tuple[tuple[str, Row], ...]:
    record = as_object(post.get("record"), "record")
    uri = needed(read_id(post.get("uri"), "uri"), "uri")
    author = _author(post.get("author"), profiles, page)
    caption = read_text(record.get("text"), "record.text")
    quoted, media = _embedded(post.get("embed"))
    photos = _media(media, uri, page)
    languages = record.get("langs")
    reposts = _count(post, "repostCount")
    quotes = _count(post, "quoteCount")
    row: Row = {
        "post_id": uri,
        "created_at": _created_at(post),
        "author_id": author["author_id"],
        "author_handle": author["handle"],
        "author_followers_count": author["followers_count"],
        "caption": caption,
        "language_given": (
            read_text(languages[0], "record.langs")
            if isinstance(languages, list) and languages
            else None
        ),
        "hashtags": _tags(record, caption),
        "mentions": fold_handles(mentions_in(caption)),
        "url": _address(uri, author),
        "media_kind": _kind(media),
        "media_count": _media_count(media),
        "likes_count": _count(post, "likeCount"),
        "comments_count": _count(post, "replyCount"),
        "shares_count": reposts if quotes is None else (reposts or 0) + quotes,
        "reply_to_id": _parent(record),
        "repost_of_id": quoted,
        "is_repost": False,
        "observed_at": page.observed_at,
    }
    return (("posts", row), *photos, ("authors", author))


def _repost(
    original: Row, reason: Row, profiles: Row, page: Page
) -> tuple[tuple[str, Row], ...]:
    """Return who repeated a post as a post of its own, without counts and photos."""
    author = _author(reason.get("by"), profiles, page)
    time = read_moment(reason.get("indexedAt"), "reason.indexedAt")
    given = read_id(reason.get("uri"), "reason.uri")
    made_up = stable_id(author["author_id"], original["post_id"], time.isoformat())
    row = {
        **original,
        "post_id": f"repost:{made_up}" if given is None else given,
        "created_at": time,
        "author_id": author["author_id"],
        "author_handle": author["handle"],
        "author_followers_count": author["followers_count"],
        # what it shows are the counts of the original
        "likes_count": None,
        "comments_count": None,
        "shares_count": None,
        "reply_to_id": None,
        "repost_of_id": original["post_id"],
        "is_repost": True,
    }
    return (("posts", row), ("authors", author))


def _comment(post: Any, root: str, page: Page) -> Row:
    post = as_object(post, "post")
    record = as_object(post.get("record"), "record")
    about = as_object(post.get("author"), "author")
    languages = record.get("langs")
    parent = _parent(record)
    return {
        "comment_id": needed(read_id(post.get("uri"), "uri"), "uri"),
        "post_id": root,
        "parent_id": None if parent == root else parent,
        "created_at": _created_at(post),
        "author_id": needed(read_id(about.get("did"), "author.did"), "author.did"),
        "author_handle": read_handle(about.get("handle"), "author.handle"),
        "text": read_text(record.get("text"), "record.text") or "",
        "language_given": (
            read_text(languages[0], "record.langs")
            if isinstance(languages, list) and languages
            else None
        ),
        "likes_count": _count(post, "likeCount"),
        "observed_at": page.observed_at,
    }


def _count(row: Row, field: str) -> int | None:
    return read_count(row.get(field), field)


def _parent(record: Row) -> str | None:
    reply = record.get("reply")
    parent = reply.get("parent") if isinstance(reply, dict) else None
    return read_id(parent.get("uri"), "reply.parent.uri") if parent else None


def _tags(record: Row, caption: str | None) -> list[str]:
    """Return the hashtags of facets and of the list beside the text."""
    found = hashtags_in(caption)
    for facet in as_objects(record.get("facets"), "record.facets"):
        for feature in as_objects(facet.get("features"), "record.facets.features"):
            tag = feature.get("tag")
            if isinstance(tag, str):
                found.append(tag)
    beside = record.get("tags")
    if isinstance(beside, list):
        found += [tag for tag in beside if isinstance(tag, str)]
    return fold_tags(found)


def _embedded(embed: Any) -> tuple[str | None, Row | None]:
    """Return the id of the post that is quoted, and the embed with media."""
    if not isinstance(embed, dict):
        return None, None
    kind = embed.get("$type")
    if kind == _RECORD_WITH_MEDIA:
        inner = embed.get("media")
        quoted = _quoted(embed.get("record"))
        return quoted, inner if isinstance(inner, dict) else None
    if kind == _RECORD:
        return _quoted(embed), None
    return None, embed


def _quoted(embed: Any) -> str | None:
    record = embed.get("record") if isinstance(embed, dict) else None
    uri = record.get("uri") if isinstance(record, dict) else None
    # lists, feeds and starter packs are embedded the same way
    is_post = isinstance(uri, str) and "/app.bsky.feed.post/" in uri
    return read_id(uri, "embed.record.uri") if is_post else None


def _images(media: Row) -> list[Row]:
    name = "images" if media.get("$type") == _IMAGES else "items"
    return as_objects(media.get(name), f"embed.{name}")


def _kind(media: Row | None) -> str:
    if media is None:
        return "none"
    if media.get("$type") in (_IMAGES, _GALLERY):
        count = len(_images(media))
        return "none" if not count else "image" if count == 1 else "album"
    return "video" if media.get("$type") == _VIDEO else "none"


def _media_count(media: Row | None) -> int:
    if media is None or _kind(media) == "none":
        return 0
    return 1 if media.get("$type") == _VIDEO else len(_images(media))


def _media(media: Row | None, uri: str, page: Page) -> list[tuple[str, Row]]:
    """Return photos at their CDN addresses, and the thumbnail of a video."""
    offered: list[tuple[str, str | None, str | None]] = []
    if media is not None and media.get("$type") in (_IMAGES, _GALLERY):
        for image in _images(media):
            address = read_text(image.get("fullsize"), "embed.fullsize")
            offered.append(("image", address, read_text(image.get("alt"), "embed.alt")))
    elif media is not None and media.get("$type") == _VIDEO:
        address = read_text(media.get("thumbnail"), "embed.thumbnail")
        offered.append(("cover", address, read_text(media.get("alt"), "embed.alt")))
    return [
        (
            "media",
            {
                "post_id": uri,
                "media_index": index,
                "media_kind": kind,
                "url": address,
                "alt_text": alt,
                "status": "offered",
                "observed_at": page.observed_at,
            },
        )
        for index, (kind, address, alt) in enumerate(offered)
        if address is not None
    ]


def _address(uri: str, author: Row) -> str | None:
    key = uri.rpartition("/")[2]
    return f"https://bsky.app/profile/{author['author_id']}/post/{key}"


def _author(about: Any, profiles: Row, page: Page) -> Row:
    about = as_object(about, "author")
    did = needed(read_id(about.get("did"), "author.did"), "author.did")
    detailed = as_object(profiles.get(did) or about, "profile")
    verified = detailed.get("verification")
    status = verified.get("verifiedStatus") if isinstance(verified, dict) else None
    return {
        "author_id": did,
        "observed_at": page.observed_at,
        "handle": read_handle(about.get("handle"), "author.handle"),
        "name": read_text(about.get("displayName"), "author.displayName"),
        "biography": read_text(detailed.get("description"), "author.description"),
        "author_kind": "unknown",
        "followers_count": _count(detailed, "followersCount"),
        "following_count": _count(detailed, "followsCount"),
        "posts_count": _count(detailed, "postsCount"),
        "is_verified": None if status is None else bool(status == "valid"),
    }
