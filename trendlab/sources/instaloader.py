"""instaloader's files: a post, story or profile each, comments and photos beside it.

    2024-01-05_10-00-00_UTC.json.xz         {"node": …, "instaloader": {…}}
    2024-01-05_10-00-00_UTC_comments.json   comments with `answers`, no id of the post
    2024-01-05_10-00-00_UTC_1.jpg           photos, where they were downloaded

A comments file is told which post it belongs to by the file beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendlab.sources.base import (
    Accepted,
    Damage,
    FieldError,
    Page,
    Parsed,
    Refused,
    Row,
    show,
)
from trendlab.sources.fields import (
    is_given,
    read_count,
    read_flag,
    read_handle,
    read_id,
    read_text,
)
from trendlab.sources.file_source import FileSource
from trendlab.sources.instagram_comments import STRIDE, parse_comments
from trendlab.sources.instagram_items import comments_in, read_post
from trendlab.sources.instagram_rows import InstagramPost
from trendlab.sources.instaloader_photos import ENDINGS, StoredPhoto, photos_beside
from trendlab.sources.members import DamagedFileError, Head, Member, open_zip
from trendlab.sources.received import load_json
from trendlab.sources.shapes import as_object, needed, object_or_empty

# A post with thousands of comments is some megabytes; a larger file is something else.
MAX_FILE_BYTES = 33_554_432
COMMENTS_ENDING = "_comments.json"
_WRAPPED = re.compile(r'\s*\{\s*"(?:node|instaloader)"\s*:')
_COMMENT_KEYS = ("id", "created_at", "text", "owner")
_POSTS = ("Post", "StoryItem")


@dataclass(frozen=True)
class Saved:
    """A file of instaloader, with what is told by the files beside it.

    Parameters
    ----------
    content : bytes
    post : bytes or None
        Of a comments file: the file of its post; None where that is missing.
    photos : tuple of StoredPhoto
        Of a post: those on disk.
    """

    content: bytes
    post: bytes | None = None
    photos: tuple[StoredPhoto, ...] = ()


def recognise(head: Head) -> bool:
    """Tell whether a file is instaloader's, from its first bytes."""
    first = head.first_value
    if isinstance(first, dict):
        if head.is_json_list:
            return all(key in first for key in _COMMENT_KEYS)
        wrapped = first.get("instaloader")
        return "node" in first and isinstance(wrapped, dict)
    # a post that is longer than what is looked at, or cut
    return _WRAPPED.match(head.text or "") is not None


class Instaloader(FileSource):
    """Posts, stories, profiles and comments that instaloader saved."""

    name = "instagram"
    format = "instaloader"

    def payloads(self, member: Member) -> Iterator[tuple[int, Saved | Damage]]:
        """Yield one page a file."""
        payload: Saved | Damage
        try:
            content = _read(member)
            if member.name.endswith(COMMENTS_ENDING):
                payload = Saved(content, post=_post_beside(member))
            else:
                payload = Saved(content, photos=photos_beside(member))
        except DamagedFileError as damage:
            payload = Damage(damage.reason, damage.detail)
        yield 1, payload

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn a file into a post with its comments, a profile, or comments."""
        saved = page.payload
        if isinstance(saved, Damage):
            yield Refused(saved.reason, "", saved.detail, 1, saved.record)
            return
        try:
            content = load_json(saved.content)
        except (ValueError, RecursionError) as error:
            yield Refused(
                "the file is cut or not JSON", "", show(str(error), 300), 1,
                saved.content,
            )  # fmt: skip
            return
        if isinstance(content, list):
            yield from _comments(content, saved.post, page)
        else:
            yield from _one(content, saved.photos, page)


def _read(member: Member) -> bytes:
    with member.open() as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise DamagedFileError(
            "the file is too large", f"over {MAX_FILE_BYTES:,} bytes"
        )
    return content


def _post_beside(member: Member) -> bytes | None:
    """Return the file of the post that a comments file belongs to."""
    stem = (member.inner or str(member.path)).removesuffix(COMMENTS_ENDING)
    for ending in ENDINGS:
        name = f"{stem}{ending}"
        if member.inner:
            if name in open_zip(member.path).NameToInfo:
                return _read(Member(member.path, name, "zip"))
        elif Path(name).is_file():
            packing = "xz" if ending.endswith(".xz") else ""
            return _read(Member(Path(name), packing=packing))
    return None


def _one(content: Any, photos: Sequence[StoredPhoto], page: Page) -> Iterator[Parsed]:
    table = "posts"
    try:
        file = as_object(content, "file")
        node = as_object(file.get("node"), "node")
        kind = object_or_empty(file.get("instaloader")).get("node_type")
        if kind == "Profile":
            table = "authors"
            yield Accepted((("authors", _profile(node, page)),), 1, content)
            return
        if is_given(kind) and kind not in _POSTS:
            raise FieldError("node_type", "is not Post, StoryItem or Profile", kind)
        post = read_post(node)
        rows = post.rows(page.observed_at)
        yield Accepted(_with_photos(rows, post, photos), 1, content)
    except FieldError as bad:
        yield bad.refused(1, content, table)
        return
    yield from parse_comments(
        comments_in(node), post.post_id, page.observed_at, STRIDE + 1
    )


def _with_photos(
    rows: tuple[tuple[str, Row], ...],
    post: InstagramPost,
    photos: Sequence[StoredPhoto],
) -> tuple[tuple[str, Row], ...]:
    """Return the rows with the photos that are on disk in place of their addresses."""
    if not photos:
        return rows
    media = {row["media_index"]: row for table, row in rows if table == "media"}
    observed_at = rows[0][1]["observed_at"]
    for photo in photos:
        if photo.index >= post.media.count:
            continue
        known = media.get(photo.index, {})
        media[photo.index] = {
            "post_id": post.post_id,
            "media_index": photo.index,
            "media_kind": "cover" if post.media.kind == "video" else "image",
            "observed_at": observed_at,
            **known,
            "path": photo.path,
            "sha256": photo.sha256,
            "status": "stored",
        }
    others = [(table, row) for table, row in rows if table != "media"]
    return (*others, *(("media", media[index]) for index in sorted(media)))


def _comments(content: list[Any], post: bytes | None, page: Page) -> Iterator[Parsed]:
    try:
        post_id = _post_id(post)
    except FieldError as bad:
        yield bad.refused(1, content, "comments")
        return
    yield from parse_comments(content, post_id, page.observed_at, 1)


def _post_id(post: bytes | None) -> str:
    if post is None:
        raise FieldError("post", "is missing: its file must lie beside the comments")
    try:
        file = load_json(post)
    except (ValueError, RecursionError):
        raise FieldError("post", "cannot be read from the file beside") from None
    return read_post(as_object(object_or_empty(file).get("node"), "node")).post_id


def _profile(node: Row, page: Page) -> Row:
    followers = object_or_empty(node.get("edge_followed_by")).get("count")
    following = object_or_empty(node.get("edge_follow")).get("count")
    posts = object_or_empty(node.get("edge_owner_to_timeline_media")).get("count")
    return {
        "author_id": needed(read_id(node.get("id"), "id"), "id"),
        "observed_at": page.observed_at,
        "handle": read_handle(node.get("username"), "username"),
        "name": read_text(node.get("full_name"), "full_name"),
        "biography": read_text(node.get("biography"), "biography"),
        "author_kind": "unknown",
        "followers_count": read_count(followers, "edge_followed_by.count"),
        "following_count": read_count(following, "edge_follow.count"),
        "posts_count": read_count(posts, "edge_owner_to_timeline_media.count"),
        "is_verified": read_flag(node.get("is_verified"), "is_verified"),
    }
