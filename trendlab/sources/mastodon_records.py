"""Reads Mastodon's statuses: posts with authors and photos, and replies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trendlab.sources.base import Accepted, FieldError, Page, Parsed, Row
from trendlab.sources.fields import (
    fold_handles,
    fold_tags,
    read_count,
    read_handle,
    read_id,
    read_moment,
    read_text,
)
from trendlab.sources.markup import text_of
from trendlab.sources.shapes import as_object, as_objects, needed

# Names that people give the profile field with their place, folded.
PLACE_FIELDS = frozenset(
    {"location", "place", "city", "based in", "ort", "wohnort", "stadt", "lieu"}
    | {"ville", "ciudad", "ubicación", "lugar", "cidade", "luogo", "città", "plaats"}
)
MAX_FIELDS = 20
MAX_MEDIA = 100


def parse_statuses(page: Page) -> Iterator[Parsed]:
    """Turn each status into a post, its photos and its author."""
    for number, status in enumerate(page.payload["posts"], start=page.first_number):
        try:
            yield Accepted(_post(status, page), number, status)
        except FieldError as bad:
            yield bad.refused(number, status)


def parse_replies(page: Page) -> Iterator[Parsed]:
    """Turn each descendant of a post into a comment and its author."""
    root = page.payload["post_id"]
    for number, status in enumerate(page.payload["replies"], start=page.first_number):
        try:
            yield Accepted(_comment(status, root, page), number, status)
        except FieldError as bad:
            yield bad.refused(number, status, "comments")


def _post(status: Any, page: Page) -> tuple[tuple[str, Row], ...]:
    status = as_object(status, "status")
    post_id = needed(read_id(status.get("id"), "id"), "id")
    boosted = status.get("reblog")
    quoted = _quoted_id(status)
    shown = status if boosted is None else as_object(boosted, "reblog")
    author = _author(status.get("account"), page)
    media = _media(shown, post_id, page)
    is_boost = boosted is not None
    repeated = read_id(shown.get("id"), "reblog.id") if is_boost else quoted
    row: Row = {
        "post_id": post_id,
        "created_at": read_moment(status.get("created_at"), "created_at"),
        "author_id": author["author_id"],
        "author_handle": author["handle"],
        "author_place": author["profile_place"],
        "author_followers_count": author["followers_count"],
        "caption": _text(shown),
        "language_given": read_text(shown.get("language"), "language"),
        "hashtags": _tags(shown),
        "mentions": _mentions(shown),
        "url": read_text(status.get("url"), "url")
        or read_text(status.get("uri"), "uri"),
        "media_kind": _kind(shown),
        "media_count": len(
            as_objects(shown.get("media_attachments"), "media_attachments")
        ),
        # a boost has no counts of its own: what it shows are those of the original
        "likes_count": None if is_boost else _count(status, "favourites_count"),
        "comments_count": None if is_boost else _count(status, "replies_count"),
        "shares_count": None if is_boost else _count(status, "reblogs_count"),
        "reply_to_id": read_id(status.get("in_reply_to_id"), "in_reply_to_id"),
        "repost_of_id": repeated,
        "is_repost": is_boost,
        "observed_at": page.observed_at,
    }
    return (("posts", row), *media, ("authors", author))


def _comment(status: Any, root: str, page: Page) -> tuple[tuple[str, Row], ...]:
    status = as_object(status, "status")
    parent = read_id(status.get("in_reply_to_id"), "in_reply_to_id")
    author = _author(status.get("account"), page)
    row: Row = {
        "comment_id": needed(read_id(status.get("id"), "id"), "id"),
        "post_id": root,
        "parent_id": None if parent == root else parent,
        "created_at": read_moment(status.get("created_at"), "created_at"),
        "author_id": author["author_id"],
        "author_handle": author["handle"],
        "text": _text(status) or "",
        "language_given": read_text(status.get("language"), "language"),
        "likes_count": _count(status, "favourites_count"),
        "observed_at": page.observed_at,
    }
    return (("comments", row), ("authors", author))


def _count(status: Row, field: str) -> int | None:
    return read_count(status.get(field), field)


def _text(status: Row) -> str | None:
    """Return the content warning, if there is one, and the text."""
    warning = read_text(status.get("spoiler_text"), "spoiler_text")
    content = read_text(status.get("content"), "content")
    parts = [warning, None if content is None else text_of(content)]
    return "\n\n".join(part for part in parts if part) or None


def _tags(status: Row) -> list[str]:
    names = [
        read_text(t.get("name"), "tags.name")
        for t in as_objects(status.get("tags"), "tags")
    ]
    return fold_tags(name for name in names if name is not None)


def _mentions(status: Row) -> list[str]:
    given = as_objects(status.get("mentions"), "mentions")
    handles = [read_text(one.get("acct"), "mentions.acct") for one in given]
    return fold_handles(handle for handle in handles if handle is not None)


def _quoted_id(status: Row) -> str | None:
    """Return the id of the post that is quoted (servers from 4.5 on)."""
    quote = status.get("quote")
    if not isinstance(quote, dict):
        return None
    quoted = quote.get("quoted_status")
    if isinstance(quoted, dict):
        return read_id(quoted.get("id"), "quote.quoted_status.id")
    return read_id(quote.get("quoted_status_id"), "quote.quoted_status_id")


def _kind(status: Row) -> str:
    kinds = [
        str(item.get("type"))
        for item in as_objects(status.get("media_attachments"), "media_attachments")
    ]
    photos = [kind for kind in kinds if kind == "image"]
    videos = [kind for kind in kinds if kind in ("video", "gifv")]
    if len(photos) + len(videos) > 1:
        return "album"
    if photos:
        return "image"
    return "video" if videos else "none"


def _media(status: Row, post_id: str, page: Page) -> list[tuple[str, Row]]:
    """Return photos, and the preview of each video; sound has nothing to see."""
    rows: list[tuple[str, Row]] = []
    given = as_objects(status.get("media_attachments"), "media_attachments")
    for index, item in enumerate(given[:MAX_MEDIA]):
        if item.get("type") == "image":
            kind = "image"
            names: tuple[str, ...] = ("url", "remote_url", "preview_url")
        elif item.get("type") in ("video", "gifv"):
            kind, names = "cover", ("preview_url", "preview_remote_url")
        else:
            continue
        address = next(
            (url for n in names if (url := read_text(item.get(n), f"media.{n}"))), None
        )
        if address is None:
            continue
        row: Row = {
            "post_id": post_id,
            "media_index": index,
            "media_kind": kind,
            "url": address,
            "alt_text": read_text(item.get("description"), "media.description"),
            "status": "offered",
            "observed_at": page.observed_at,
        }
        rows.append(("media", row))
    return rows


def _author(account: Any, page: Page) -> Row:
    account = as_object(account, "account")
    note = read_text(account.get("note"), "account.note")
    fields = [
        (_plain(field.get("name")), _plain(field.get("value")))
        for field in as_objects(account.get("fields"), "account.fields")[:MAX_FIELDS]
    ]
    lines = [] if note is None else [text_of(note)]
    lines += [f"{name}: {value}" for name, value in fields if name and value]
    place = next((v for n, v in fields if n.casefold() in PLACE_FIELDS and v), None)
    return {
        "author_id": needed(read_id(account.get("id"), "account.id"), "account.id"),
        "observed_at": page.observed_at,
        "handle": read_handle(account.get("acct"), "account.acct"),
        "name": read_text(account.get("display_name"), "account.display_name"),
        "biography": "\n".join(line for line in lines if line) or None,
        "author_kind": "unknown",
        "profile_place": place,
        "followers_count": _count(account, "followers_count"),
        "following_count": _count(account, "following_count"),
        "posts_count": _count(account, "statuses_count"),
    }


def _plain(value: Any) -> str:
    text = read_text(value, "account.fields")
    return "" if text is None else text_of(text)
