"""Reads Tumblr's posts, in blocks (NPF) and in the older form, reblogs and notes."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from trendlab.sources.base import Accepted, FieldError, Page, Parsed, Row
from trendlab.sources.fields import (
    fold_handles,
    fold_tags,
    mentions_in,
    read_count,
    read_handle,
    read_id,
    read_list,
    read_moment,
    read_text,
    stable_id,
)
from trendlab.sources.markup import text_of
from trendlab.sources.shapes import as_object, as_objects, needed, object_or_empty

# Where the older form keeps its text, by kind of post, in the order that is shown.
_TEXTS = ("title", "question", "text", "body", "caption", "description", "answer")
_SEPARATOR = "/"
MAX_MEDIA = 100


def split_id(post_id: str) -> tuple[str, str] | None:
    """Return the blog and the number of a stored post; None where it is none."""
    blog, mark, number = post_id.rpartition(_SEPARATOR)
    return (blog, number) if mark and blog and number else None


def id_of(post: Any) -> str | None:
    """Return the id under which a post is stored; None where it cannot be read."""
    try:
        return _post_id(as_object(post, "post"))
    except FieldError:
        return None


def parse_posts(page: Page) -> Iterator[Parsed]:
    """Turn each post into a row, its photos and its blog."""
    totals = page.payload.get("totals")
    for number, post in enumerate(page.payload["posts"], start=page.first_number):
        try:
            yield Accepted(_post(post, totals, page), number, post)
        except FieldError as bad:
            yield bad.refused(number, post)


def parse_notes(page: Page) -> Iterator[Parsed]:
    """Turn replies, and reblogs with words of their own, into comments."""
    root = page.payload["post_id"]
    for number, note in enumerate(page.payload["notes"], start=page.first_number):
        try:
            yield Accepted((("comments", _comment(note, root, page)),), number, note)
        except FieldError as bad:
            yield bad.refused(number, note, "comments")


def _post(post: Any, totals: Any, page: Page) -> tuple[tuple[str, Row], ...]:
    post = as_object(post, "post")
    post_id = _post_id(post)
    author = _author(post, page)
    trail = as_objects(post.get("trail"), "trail")
    original = _original_id(post, trail)
    is_reblog = original is not None or _is_reblog(post, trail)
    blocks = _blocks(post, trail)
    caption = _caption(post, blocks)
    offered = _offered(post, blocks)
    likes, reblogs, replies = (None, None, None) if is_reblog else _counts(post, totals)
    row: Row = {
        "post_id": post_id,
        "created_at": read_moment(post.get("timestamp"), "timestamp"),
        "author_id": author["author_id"],
        "author_handle": author["handle"],
        "caption": caption,
        "hashtags": fold_tags(read_list(post.get("tags"), "tags")),
        "mentions": fold_handles([*_named(blocks), *mentions_in(caption)]),
        "url": read_text(post.get("post_url"), "post_url"),
        "media_kind": _kind(offered),
        "media_count": len(offered),
        # notes of a reblog are those of all its tree: the original's
        "likes_count": likes,
        "comments_count": replies,
        "shares_count": reblogs,
        "repost_of_id": original,
        "is_repost": is_reblog,
        "observed_at": page.observed_at,
    }
    media = [
        (
            "media",
            {
                "post_id": post_id,
                "media_index": index,
                "media_kind": kind,
                "url": address,
                "status": "offered",
                "observed_at": page.observed_at,
            },
        )
        for index, (kind, address) in enumerate(offered[:MAX_MEDIA])
        if address is not None
    ]
    return (("posts", row), *media, ("authors", author))


def _comment(note: Any, root: str, page: Page) -> Row:
    note = as_object(note, "note")
    blog = read_id(note.get("blog_uuid"), "blog_uuid")
    handle = read_handle(note.get("blog_name"), "blog_name")
    author_id = needed(blog or handle, "blog_uuid")
    at = read_moment(note.get("timestamp"), "timestamp")
    given = note.get("reply_text")
    given = note.get("added_text") if given is None else given
    text = needed(read_text(given, "reply_text"), "reply_text")
    own = read_id(note.get("post_id"), "post_id")
    return {
        # replies have no id of their own
        "comment_id": (
            stable_id(root, author_id, at.isoformat(), text)
            if own is None
            else f"{author_id}{_SEPARATOR}{own}"
        ),
        "post_id": root,
        "created_at": at,
        "author_id": author_id,
        "author_handle": handle,
        "text": text_of(text),
        "observed_at": page.observed_at,
    }


def _blog_id(post: Row) -> str:
    """Return what names the blog for good: its UUID, else its name."""
    uuid = object_or_empty(post.get("blog")).get("uuid", post.get("tumblelog_uuid"))
    name = read_handle(post.get("blog_name"), "blog_name")
    return needed(read_id(uuid, "blog.uuid") or name, "blog_name")


def _post_id(post: Row) -> str:
    given = post.get("id_string")
    own = read_id(post.get("id") if given is None else given, "id")
    return f"{_blog_id(post)}{_SEPARATOR}{needed(own, 'id')}"


def _author(post: Row, page: Page) -> Row:
    blog = object_or_empty(post.get("blog"))
    given = blog.get("name") if post.get("blog_name") is None else post["blog_name"]
    description = read_text(blog.get("description"), "blog.description")
    return {
        "author_id": _blog_id(post),
        "observed_at": page.observed_at,
        "handle": read_handle(given, "blog_name"),
        "name": read_text(blog.get("title"), "blog.title"),
        "biography": None if description is None else text_of(description) or None,
        "author_kind": "unknown",
        "posts_count": read_count(blog.get("posts"), "blog.posts"),
    }


def _counts(post: Row, totals: Any) -> tuple[int | None, int | None, int | None]:
    """Return likes, reblogs and replies, as far as they are given.

    A list of posts has only the sum of the three (`note_count`): of a sum of 0 all are
    known. The notes of a post give likes and reblogs; what is left are replies.
    """
    notes = read_count(post.get("note_count"), "note_count")
    if notes == 0:
        return 0, 0, 0
    given = object_or_empty(totals)
    likes = read_count(given.get("total_likes"), "total_likes")
    reblogs = read_count(given.get("total_reblogs"), "total_reblogs")
    if notes is None or likes is None or reblogs is None:
        return likes, reblogs, None
    # a note that came between the two requests must not make them negative
    return likes, reblogs, max(notes - likes - reblogs, 0)


def _original_id(post: Row, trail: list[Row]) -> str | None:
    """Return the id of the first post of a chain of reblogs."""
    for blog, own in (
        (post.get("reblogged_root_uuid"), post.get("reblogged_root_id")),
        *(
            (
                object_or_empty(item.get("blog")).get("uuid"),
                object_or_empty(item.get("post")).get("id"),
            )
            for item in trail
        ),
        (post.get("parent_tumblelog_uuid"), post.get("parent_post_id")),
        (post.get("reblogged_from_uuid"), post.get("reblogged_from_id")),
    ):
        root, number = read_id(blog, "reblogged"), read_id(own, "reblogged")
        if root is not None and number is not None:
            found = f"{root}{_SEPARATOR}{number}"
            return None if found == _post_id(post) else found
    return None


def _is_reblog(post: Row, trail: list[Row]) -> bool:
    """Tell a reblog whose original is not named, because its blog is gone."""
    told = ("parent_post_url", "parent_post_id", "reblogged_from_id")
    is_broken = any(
        "broken_blog" in item or "broken_blog_name" in item for item in trail
    )
    return is_broken or any(post.get(name) for name in told)


def _blocks(post: Row, trail: list[Row]) -> list[Row]:
    """Return the blocks of a post, those of what it repeats first."""
    blocks = []
    # of the older form, `content` of a trail is HTML that the body holds, too
    for item in (*trail, post):
        content = item.get("content")
        if isinstance(content, list):
            blocks += as_objects(content, "content")
    return blocks


def _caption(post: Row, blocks: list[Row]) -> str | None:
    texts = [
        read_text(block.get("text", block.get("title")), "content.text")
        for block in blocks
        if block.get("type") in ("text", "link")
    ]
    older = [read_text(post.get(name), name) for name in _TEXTS] if not blocks else []
    plain = [text_of(text) for text in older if text is not None]
    parts = [*(text for text in texts if text is not None), *plain]
    return "\n".join(part for part in parts if part) or None


def _named(blocks: list[Row]) -> list[str]:
    """Return the blogs that text blocks mention."""
    names = [
        object_or_empty(span.get("blog")).get("name")
        for block in blocks
        for span in as_objects(block.get("formatting"), "content.formatting")
        if span.get("type") == "mention"
    ]
    return [name for name in names if isinstance(name, str)]


def _offered(post: Row, blocks: list[Row]) -> list[tuple[str, str | None]]:
    """Return (kind, address) of photos, and of the cover of each video."""
    offered: list[tuple[str, str | None]] = []
    for block in blocks:
        if block.get("type") == "image":
            offered.append(("image", _largest(block.get("media"), "content.media")))
        elif block.get("type") == "video":
            offered.append(("cover", _largest(block.get("poster"), "content.poster")))
    if blocks:
        return offered
    for photo in as_objects(post.get("photos"), "photos"):
        sizes = [photo["original_size"]] if photo.get("original_size") else None
        given = sizes or photo.get("alt_sizes")
        offered.append(("image", _largest(given, "photos.alt_sizes")))
    if post.get("type") == "video":
        cover = read_text(post.get("thumbnail_url"), "thumbnail_url")
        offered.append(("cover", cover))
    for name in _TEXTS:
        offered += [("image", url) for url in _pictures_in(post.get(name))]
    return offered


def _largest(sizes: Any, field: str) -> str | None:
    """Return the address of the widest of the sizes of a photo."""
    given = as_objects([sizes] if isinstance(sizes, dict) else sizes, field)
    known = [
        (read_count(size.get("width"), f"{field}.width") or 0, size) for size in given
    ]
    # the first of equals: the original stands first
    widest = max(known, key=lambda one: one[0], default=(0, {}))[1]
    return read_text(widest.get("url"), f"{field}.url")


def _kind(offered: list[tuple[str, str | None]]) -> str:
    if len(offered) > 1:
        return "album"
    if not offered:
        return "none"
    return "image" if offered[0][0] == "image" else "video"


class _Pictures(HTMLParser):
    """Collects the addresses of pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("src")
        if tag == "img" and address is not None and address.startswith("https://"):
            self.found.append(address)


def _pictures_in(markup: Any) -> list[str]:
    if not isinstance(markup, str) or "<img" not in markup:
        return []
    reader = _Pictures()
    try:
        reader.feed(markup)
    except AssertionError:
        # how html.parser reports some malformed declarations
        return reader.found
    return reader.found
