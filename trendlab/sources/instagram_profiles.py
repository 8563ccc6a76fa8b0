"""Instagram profiles saved as JSON: followers, and the newest posts of an account.

One file a profile: `alias`, `username`, `numberFollowers`, …, `posts` with
`url`, `description`, `tags`, `mentions`, `localization`, `date`, `numberLikes`.
Record 1 is the profile, the posts follow. Dates have day resolution; 1970-01-01
stands for "not known" and is refused. There are no comments, and what kind of
author it is cannot be told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
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
    fold_handles,
    fold_tags,
    hashtags_in,
    mentions_in,
    read_count,
    read_flag,
    read_handle,
    read_moment,
    read_text,
)
from trendlab.sources.file_source import FileSource
from trendlab.sources.instagram_ids import id_of_shortcode, shortcode_in
from trendlab.sources.instagram_rows import SITE
from trendlab.sources.members import DamagedFileError, Head, Member

# The largest profiles are some 100 KB; a larger file is something else.
MAX_PROFILE_BYTES = 33_554_432
_KEYS = ("alias", "numberFollowers", "posts")


def recognise(head: Head) -> bool:
    """Tell whether a file is such a profile, from its first bytes."""
    if head.text is None or not head.text.lstrip().startswith("{"):
        return False
    if isinstance(head.first_value, dict):
        return all(key in head.first_value for key in _KEYS)
    return all(f'"{key}"' in head.text for key in _KEYS)


class InstagramProfiles(FileSource):
    """Profiles with their newest posts, one JSON file each."""

    name = "instagram"
    format = "instagram_profiles"

    def payloads(self, member: Member) -> Iterator[tuple[int, bytes | Damage]]:
        """Yield one page a profile: the file's bytes."""
        payload: bytes | Damage
        try:
            with member.open() as file:
                content = file.read(MAX_PROFILE_BYTES + 1)
            payload = content
            if len(content) > MAX_PROFILE_BYTES:
                payload = Damage(
                    "the file is too large", f"over {MAX_PROFILE_BYTES:,} bytes"
                )
        except DamagedFileError as damage:
            payload = Damage(damage.reason, damage.detail)
        yield 1, payload

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn a profile into its author and posts."""
        if isinstance(page.payload, Damage):
            damage = page.payload
            yield Refused(damage.reason, "", damage.detail, 1, "", "authors")
            return
        try:
            profile = json.loads(page.payload.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            detail = show(str(error), 300)
            yield Refused(
                "the file is not JSON", "", detail, 1, page.payload, "authors"
            )
            return
        if not isinstance(profile, dict):
            yield Refused(
                "the profile is not an object",
                "",
                type(profile).__name__,
                1,
                profile,
                "authors",
            )
            return
        about = {key: value for key, value in profile.items() if key != "posts"}
        author: Row = {}
        try:
            author = _author(profile, page)
            yield Accepted((("authors", author),), 1, about)
        except FieldError as bad:
            yield bad.refused(1, about, "authors")
        posts = profile.get("posts")
        if posts is None:
            return
        if not isinstance(posts, list):
            yield Refused(
                "posts is not a list", "posts", type(posts).__name__, 2, posts
            )
            return
        for number, post in enumerate(posts, start=2):
            try:
                yield Accepted(_post(post, author, page), number, post)
            except FieldError as bad:
                yield bad.refused(number, post)


def _author(profile: Row, page: Page) -> Row:
    handle = read_handle(profile.get("alias"), "alias")
    if handle is None:
        raise FieldError("alias", "is missing")
    biography = profile.get("descriptionProfile")
    if isinstance(biography, list):
        # the first entry is the whole text, the others are its lines
        biography = biography[0] if biography else None
    return {
        "author_id": handle,
        "observed_at": page.observed_at,
        "handle": handle,
        "name": read_text(profile.get("username"), "username"),
        "biography": read_text(biography, "descriptionProfile"),
        "author_kind": "unknown",
        "followers_count": read_count(
            profile.get("numberFollowers"), "numberFollowers"
        ),
        "following_count": read_count(
            profile.get("numberFollowing"), "numberFollowing"
        ),
        "posts_count": read_count(profile.get("numberPosts"), "numberPosts"),
    }


def _post(post: Any, author: Row, page: Page) -> tuple[tuple[str, Row], ...]:
    if not isinstance(post, dict):
        raise FieldError("", "the post is not an object", post)
    url = read_text(post.get("url"), "url")
    shortcode = shortcode_in(url)
    if shortcode is None:
        raise FieldError("url", "names no post", url)
    if not author:
        raise FieldError("alias", "is missing, so the author is not known")
    caption = read_text(post.get("description"), "description")
    is_video = read_flag(post.get("isVideo"), "isVideo") is True
    addresses = _addresses(post.get("urlImage"))
    kind = "video" if is_video else "album" if len(addresses) > 1 else "image"
    row: Row = {
        "post_id": id_of_shortcode(shortcode, "url"),
        "created_at": read_moment(post.get("date"), "date"),
        "author_id": author["author_id"],
        "author_handle": author["handle"],
        "author_followers_count": author["followers_count"],
        "caption": caption,
        "hashtags": _tags(post, caption),
        "mentions": _mentions(post, caption),
        "url": f"{SITE}{shortcode}/",
        "media_kind": kind,
        "media_count": max(len(addresses), 1),
        "likes_count": read_count(post.get("numberLikes"), "numberLikes"),
        "place_name": read_text(post.get("localization"), "localization"),
        "is_repost": False,
        "observed_at": page.observed_at,
    }
    photos: list[tuple[str, Row]] = [
        (
            "media",
            {
                "post_id": row["post_id"],
                "media_index": index,
                "media_kind": "cover" if is_video else "image",
                "url": address,
                "status": "offered",
                "observed_at": page.observed_at,
            },
        )
        for index, address in enumerate(addresses)
    ]
    return (("posts", row), *photos)


def _addresses(given: Any) -> list[str]:
    if given is None:
        return []
    items = given if isinstance(given, list) else [given]
    addresses = [read_text(item, "urlImage") for item in items]
    return [address for address in addresses if address is not None]


def _texts(given: Any, field: str) -> list[str] | None:
    if given is None:
        return None
    if isinstance(given, list) and all(isinstance(item, str) for item in given):
        return given
    raise FieldError(field, "is not a list of texts", given)


def _tags(post: Row, caption: str | None) -> list[str]:
    given = _texts(post.get("tags"), "tags")
    return hashtags_in(caption) if given is None else fold_tags(given)


def _mentions(post: Row, caption: str | None) -> list[str]:
    given = _texts(post.get("mentions"), "mentions")
    return mentions_in(caption) if given is None else fold_handles(given)
