"""Reads Reddit's posts: text, galleries and previews, crossposts, and comment trees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from trendlab.sources.base import Accepted, FieldError, Page, Parsed, Row
from trendlab.sources.fields import (
    fold_handles,
    fold_tags,
    hashtags_in,
    is_photo_address,
    mentions_in,
    read_count,
    read_flag,
    read_handle,
    read_id,
    read_moment,
    read_text,
    unescape,
)
from trendlab.sources.shapes import as_object, as_objects, needed, object_or_empty

SITE = "https://www.reddit.com"
# What stands in place of a text or a name that its author or a moderator took away.
_GONE = frozenset(
    {"[deleted]", "[removed]", "[deleted by user]", "[ removed by reddit ]"}
)
_USER = re.compile(r"(?<![\w/])/?u/([A-Za-z0-9_-]{3,20})(?![\w-])")
# Pictures within a flair are written `:name:`.
_EMOJI = re.compile(r":[\w-]+:")
_FULLNAME = re.compile(r"t\d_")
MAX_MEDIA = 100


def time_of(child: Any) -> datetime | None:
    """Return when a post was made; None where that cannot be read."""
    try:
        return read_moment(child["data"]["created_utc"], "created_utc")
    except (FieldError, KeyError, TypeError):
        return None


def is_pinned(child: Any) -> bool:
    """Tell whether a post stands first whatever its age."""
    data = object_or_empty(child).get("data")
    return bool(
        object_or_empty(data).get("stickied") or object_or_empty(data).get("pinned")
    )


def count_left_out(children: Any) -> int:
    """Return how many comments of a tree are named and not given, or taken away."""
    count = 0
    for child in _nodes(children):
        data = object_or_empty(child.get("data"))
        if child.get("kind") == "more":
            hidden = data.get("count")
            # "continue this thread" counts none, and stands for at least one
            count += max(hidden, 1) if isinstance(hidden, int) else 1
        elif _is_taken_away(data):
            count += 1
    return count


def parse_posts(page: Page) -> Iterator[Parsed]:
    """Turn each child of a listing into a post, its photos and its author."""
    for number, child in enumerate(page.payload["posts"], start=page.first_number):
        try:
            yield Accepted(_post(_data(child, "t3"), page), number, child)
        except FieldError as bad:
            yield bad.refused(number, child)


def parse_comments(page: Page) -> Iterator[Parsed]:
    """Turn each comment of a tree into a row; stubs and what was taken away are not."""
    root = page.payload["post_id"]
    number = page.first_number
    for child in _nodes(page.payload["comments"]):
        data = object_or_empty(child.get("data"))
        if child.get("kind") == "more" or _is_taken_away(data):
            continue
        # without its answers, which are records of their own
        record = {**child, "data": {k: v for k, v in data.items() if k != "replies"}}
        try:
            yield Accepted(_comment(_data(child, "t1"), root, page), number, record)
        except FieldError as bad:
            yield bad.refused(number, record, "comments")
        number += 1


def _nodes(children: Any) -> Iterator[Row]:
    """Yield the nodes of a tree, a comment before its answers; without recursion."""
    waiting = [children]
    while waiting:
        level = waiting.pop()
        if not isinstance(level, list):
            continue
        for at, child in enumerate(level):
            node = child if isinstance(child, dict) else {"data": child}
            yield node
            replies = object_or_empty(node.get("data")).get("replies")
            below = object_or_empty(object_or_empty(replies).get("data")).get(
                "children"
            )
            if isinstance(below, list) and below:
                waiting += [level[at + 1 :], below]
                break


def _data(child: Any, kind: str) -> Row:
    child = as_object(child, "child")
    if child.get("kind") != kind:
        raise FieldError("kind", f"is not {kind}", child.get("kind"))
    return as_object(child.get("data"), "data")


def _is_taken_away(data: Row) -> bool:
    body = data.get("body")
    return isinstance(body, str) and _is_gone(body)


def _is_gone(text: str) -> bool:
    return text.strip().casefold() in _GONE


def _bare_id(value: Any, field: str) -> str | None:
    """Return an id without the kind that stands before it (`t3_abc`)."""
    given = read_id(value, field)
    return None if given is None else _FULLNAME.sub("", given, count=1)


def _post(data: Row, page: Page) -> tuple[tuple[str, Row], ...]:
    post_id = needed(_bare_id(data.get("id"), "id"), "id")
    parent = _bare_id(data.get("crosspost_parent"), "crosspost_parent")
    author_id, handle = _author(data)
    caption = _caption(data)
    kind, count, offered = _media(data if parent is None else _parent_of(data))
    row: Row = {
        "post_id": post_id,
        "created_at": read_moment(data.get("created_utc"), "created_utc"),
        "author_id": author_id,
        "author_handle": handle,
        "caption": caption,
        "hashtags": _tags(data, caption),
        "mentions": _mentions(data, caption),
        "url": _address(data),
        "media_kind": kind,
        "media_count": count,
        "likes_count": _score(data, "hide_score"),
        "comments_count": read_count(data.get("num_comments"), "num_comments"),
        "shares_count": read_count(data.get("num_crossposts"), "num_crossposts"),
        "views_count": read_count(data.get("view_count"), "view_count"),
        "repost_of_id": parent,
        "is_repost": parent is not None,
        "is_sponsored": read_flag(data.get("promoted"), "promoted"),
        "observed_at": page.observed_at,
    }
    media = [
        (
            "media",
            {
                "post_id": post_id,
                "media_index": index,
                "media_kind": media_kind,
                "url": address,
                "status": "offered",
                "observed_at": page.observed_at,
            },
        )
        for index, (media_kind, address) in enumerate(offered[:MAX_MEDIA])
        if address is not None
    ]
    return (("posts", row), *media, *_authors(author_id, handle, page))


def _comment(data: Row, root: str, page: Page) -> tuple[tuple[str, Row], ...]:
    author_id, handle = _author(data)
    above = read_id(data.get("parent_id"), "parent_id")
    row: Row = {
        "comment_id": needed(_bare_id(data.get("id"), "id"), "id"),
        "post_id": root,
        # answers to the post itself name the post (t3)
        "parent_id": (
            _bare_id(above, "parent_id")
            if above is not None and above.startswith("t1_")
            else None
        ),
        "created_at": read_moment(data.get("created_utc"), "created_utc"),
        "author_id": author_id,
        "author_handle": handle,
        "text": needed(read_text(data.get("body"), "body", is_escaped=True), "body"),
        "likes_count": _score(data, "score_hidden"),
        "observed_at": page.observed_at,
    }
    return (("comments", row), *_authors(author_id, handle, page))


def _author(data: Row) -> tuple[str | None, str | None]:
    """Return id and handle; neither of who has left, or was removed."""
    handle = read_handle(data.get("author"), "author")
    if handle is None or _is_gone(handle):
        return None, None
    return read_id(data.get("author_fullname"), "author_fullname"), handle


def _authors(
    author_id: str | None, handle: str | None, page: Page
) -> tuple[tuple[str, Row], ...]:
    if author_id is None:
        return ()
    row: Row = {
        "author_id": author_id,
        "observed_at": page.observed_at,
        "handle": handle,
        "author_kind": "unknown",
    }
    return (("authors", row),)


def _score(data: Row, hidden: str) -> int | None:
    """Return the score, None where it is hidden or below 0.

    Votes against are counted in it: one below 0 is no number of likes.
    """
    if read_flag(data.get(hidden), hidden):
        return None
    score = data.get("score")
    if isinstance(score, int | float) and score < 0:
        return None
    return read_count(score, "score")


def _caption(data: Row) -> str | None:
    parts = [
        read_text(data.get(name), name, is_escaped=True)
        for name in ("title", "selftext")
    ]
    kept = [part for part in parts if part is not None and not _is_gone(part)]
    return "\n\n".join(kept) or None


def _subreddit(data: Row) -> str | None:
    """Return the subreddit's name; None where it is the author's own page."""
    name = read_text(data.get("subreddit"), "subreddit")
    is_own_page = name is not None and name.startswith("u_")
    return None if is_own_page else name


def _tags(data: Row, caption: str | None) -> list[str]:
    """Return the hashtags of the text, and what Reddit has for them.

    That is the subreddit, and the flair that a post is sorted under in it.
    """
    flair = read_text(data.get("link_flair_text"), "link_flair_text", is_escaped=True)
    own = [_EMOJI.sub(" ", flair).strip()] if flair is not None else []
    name = _subreddit(data)
    return fold_tags([*hashtags_in(caption), *([] if name is None else [name]), *own])


def _mentions(data: Row, caption: str | None) -> list[str]:
    """Return who is mentioned, and the subreddit as `r/name`: it is addressed."""
    name = _subreddit(data)
    named = _USER.findall(caption or "")
    addressed = [] if name is None else [f"r/{name}"]
    return fold_handles([*mentions_in(caption), *named, *addressed])


def _address(data: Row) -> str | None:
    path = read_text(data.get("permalink"), "permalink")
    return None if path is None else f"{SITE}{path}"


def _parent_of(data: Row) -> Row:
    """Return the post that a crosspost shows; the crosspost where it is not given."""
    given = as_objects(data.get("crosspost_parent_list"), "crosspost_parent_list")
    return given[0] if given else data


def _media(data: Row) -> tuple[str, int, list[tuple[str, str | None]]]:
    """Return kind, number of photos and videos, and (kind, address) of each photo."""
    pictures = object_or_empty(data.get("media_metadata"))
    gallery = object_or_empty(data.get("gallery_data"))
    items = as_objects(gallery.get("items"), "gallery_data.items")
    if items:
        shown = [pictures.get(str(item.get("media_id"))) for item in items]
    else:
        # photos within the text
        shown = [one for one in pictures.values() if object_or_empty(one).get("s")]
    if shown:
        offered = [("image", _picture(object_or_empty(one))) for one in shown]
        return ("album" if len(offered) > 1 else "image", len(offered), offered)
    hint = data.get("post_hint")
    target = data.get("url_overridden_by_dest", data.get("url"))
    address = None if not isinstance(target, str) else unescape(target)
    if data.get("is_video") or hint in ("hosted:video", "rich:video"):
        return "video", 1, [("cover", _preview(data))]
    if address is not None and is_photo_address(address):
        return "image", 1, [("image", address)]
    if hint == "image":
        return "image", 1, [("image", _preview(data))]
    # the preview of a link is the other page's picture, not the post's
    return "none", 0, []


def _picture(picture: Row) -> str | None:
    """Return the largest size of a photo of a gallery; None while it is processed."""
    if picture.get("status") != "valid":
        return None
    size = object_or_empty(picture.get("s"))
    given = size.get("u") or size.get("gif")
    return read_text(given, "media_metadata.s", is_escaped=True)


def _preview(data: Row) -> str | None:
    preview = object_or_empty(data.get("preview"))
    images = as_objects(preview.get("images"), "preview.images")
    source = object_or_empty(images[0].get("source")) if images else {}
    return read_text(source.get("url"), "preview.source.url", is_escaped=True)
