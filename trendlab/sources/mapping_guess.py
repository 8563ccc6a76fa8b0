"""Writes a first mapping for a file from the names of its columns.

Names only guess: the person who pastes the result checks it. What no name tells is
left out or marked, never invented.
"""

from __future__ import annotations

import io
import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from trendlab.sources.base import FieldError, Row
from trendlab.sources.columns import JOIN
from trendlab.sources.fields import is_given, read_moment

UNKNOWN_COLUMN = "WHICH_COLUMN"
"""Stands in a written mapping for a column that is needed and not recognised."""
MAX_SAMPLE_CHARACTERS = 40
# A source's name has at most 40 characters (`SOURCE_PATTERN` of the trackers).
_MAX_NAME_CHARACTERS = 30

# Ours → what exports call it, the likeliest first, compared without case, spaces and
# punctuation but the dot that walks into an object. Taken from the exports that
# `trendlab.sources` reads, from its tables, and from CrowdTangle's CSV (`Post Created`,
# `Followers at Posting`).
_MOMENTS = (
    "created_at", "created", "published_at", "published", "posted_at", "posted",
    "taken_at", "created_utc", "create_time", "timestamp", "datetime", "date_time",
    "post_date", "date_posted", "publish_date", "post_created", "date", "time",
)  # fmt: skip
_AUTHORS = {
    "author_id": (
        "author_id", "user_id", "owner_id", "account_id", "page_id", "user.id",
        "author.id", "owner.id",
    ),
    "author_handle": (
        "author_handle", "handle", "username", "user_name", "screen_name",
        "owner_username", "author_username", "user.screen_name", "user.username",
        "user.name", "author.username", "author.name", "owner.username", "user",
        "author", "owner", "account", "profile",
    ),
}  # fmt: skip
_POSTS: Mapping[str, tuple[str, ...]] = {
    "post_id": (
        "post_id", "id", "tweet_id", "status_id", "media_id", "video_id", "shortcode",
        "uri",
    ),
    "created_at": _MOMENTS,
    **_AUTHORS,
    "author_name": ("author_name", "full_name", "display_name", "nickname", "name"),
    "author_followers_count": (
        "author_followers_count", "followers", "followers_count", "follower_count",
        "user.followers", "user.followers_count", "author.followers",
        "followers_at_posting",
    ),
    "caption": (
        "caption", "text", "full_text", "content", "message", "body", "description",
        "post_text", "tweet", "post", "title",
    ),
    "language_given": ("language_given", "language", "lang"),
    "hashtags": ("hashtags", "tags"),
    "mentions": ("mentions", "mentioned_users"),
    "url": ("url", "permalink", "post_url", "link", "web_video_url"),
    "media_urls": (
        "media_urls", "media_url", "image_urls", "image_url", "images", "photos",
        "photo_url", "image", "photo", "display_url",
    ),
    "likes_count": (
        "likes_count", "likes", "like_count", "favorites", "favorite_count",
        "favourites", "hearts", "digg_count", "reactions", "ups",
    ),
    "comments_count": (
        "comments_count", "comments", "comment_count", "num_comments", "replies",
        "reply_count", "replies_count",
    ),
    "shares_count": (
        "shares_count", "shares", "share_count", "retweets", "retweet_count",
        "reposts", "reblogs",
    ),
    "views_count": ("views_count", "views", "view_count", "play_count", "plays"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "long", "longitude"),
    "place_name": ("place_name", "place", "location_name", "location", "city"),
    "place_id": ("place_id", "location_id"),
}  # fmt: skip
_COMMENTS: Mapping[str, tuple[str, ...]] = {
    "comment_id": ("comment_id", "id"),
    "post_id": ("post_id", "media_id", "video_id", "tweet_id"),
    "created_at": _MOMENTS,
    **_AUTHORS,
    "text": ("text", "comment", "comment_text", "content", "message", "body"),
    "parent_id": ("parent_id", "reply_to_id"),
    "likes_count": _POSTS["likes_count"],
    "language_given": _POSTS["language_given"],
}


def write_mapping(
    names: Iterable[str], first: Row, stem: str, *, taken: Container[str] = ()
) -> str:
    """Write a `mappings:` block that reads a file with these columns.

    Parameters
    ----------
    names : iterable of str
        The file's columns, in its order.
    first : dict
        Its first record; empty where none can be seen. Tells which column holds a
        time, and whether the time can be read as it is written.
    stem : str
        Name of the file, from which the mapping is named.
    taken : container of str
        Names of mappings that are there already.

    Returns
    -------
    str
        YAML that the tracker file takes, unless the needed `created_at` (for
        comments also `post_id` and `text`) was not recognised: there stands
        `UNKNOWN_COLUMN` with a comment.
    """
    given = list(dict.fromkeys(_with_inner(names, first)))
    folded = {_fold(name) for name in given}
    is_comments = {"commentid", "postid"} <= folded
    columns = _guess(given, _COMMENTS if is_comments else _POSTS)
    if "created_at" not in columns:
        columns["created_at"] = _holding_a_time(given, first)
    block = CommentedMap()
    if is_comments:
        block["table"] = "comments"
    needed = ("created_at", "post_id", "text") if is_comments else ("created_at",)
    listed = CommentedMap()
    for ours in _COMMENTS if is_comments else _POSTS:
        column = columns.get(ours)
        if column is not None:
            listed[ours] = column
        elif ours in needed:
            listed[ours] = UNKNOWN_COLUMN
            listed.yaml_add_eol_comment(
                "needed: write the column that holds it", key=ours
            )
    block["columns"] = listed
    sample = _value(first, columns["created_at"])
    if is_given(sample) and not _is_moment(sample):
        block["time_format"] = "auto"
        block.yaml_add_eol_comment(
            f"cannot read {str(sample)[:MAX_SAMPLE_CHARACTERS]!r}: write its form, "
            'such as "%d/%m/%Y %H:%M"',
            key="time_format",
        )
    written = _dump({"mappings": {_name(stem, taken): block}})
    used = set(columns.values())
    left = [
        name
        for name in dict.fromkeys(names)
        if not any(name == one or one.startswith(f"{name}.") for one in used if one)
    ]
    if left:
        # what YAML cannot hold, in comments neither, is a line's end or a control
        shown = "".join(c if c.isprintable() else " " for c in ", ".join(left))
        written += f"    # not mapped: {shown}\n"
    return written


def _fold(name: str) -> str:
    """Compare names by letters and digits only; a dot stays, it walks inwards."""
    return re.sub(r"[^\w.]|_", "", name.casefold())


def _with_inner(names: Iterable[str], first: Row) -> Iterable[str]:
    """Yield names that a mapping can hold, and those inside objects, dotted."""
    for name in names:
        value = first.get(name)
        if isinstance(value, dict):
            yield from (
                f"{name}.{inner}"
                for inner in value
                if "." not in inner and JOIN not in f"{name}.{inner}"
            )
        elif name and JOIN not in name:
            yield name


def _guess(
    given: list[str], called: Mapping[str, tuple[str, ...]]
) -> dict[str, str | None]:
    """Return ours → the file's; a column of the file stands for one of ours only."""
    by_name: dict[str, str] = {}
    for name in given:
        by_name.setdefault(_fold(name), name)
    found: dict[str, str | None] = {}
    for ours, likely in called.items():
        for one in likely:
            column = by_name.pop(_fold(one), None)
            if column is not None:
                found[ours] = column
                break
    return found


def _holding_a_time(given: list[str], first: Row) -> str | None:
    """Return the first column whose value is written as a time.

    Numbers are no sign: counts and ids are numbers too.
    """
    for name in given:
        value = _value(first, name)
        if isinstance(value, str) and not _is_number(value) and _is_moment(value):
            return name
    return None


def _value(first: Row, name: str | None) -> Any:
    if name is None:
        return None
    outer, _, inner = name.partition(".")
    if name in first or not isinstance(first.get(outer), dict):
        return first.get(name)
    return first[outer].get(inner)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_moment(value: Any) -> bool:
    try:
        read_moment(value, "created_at")
    except FieldError:
        return False
    return True


def _name(stem: str, taken: Container[str]) -> str:
    """Name a mapping after its file; `_export` keeps it off the names of networks."""
    kept = re.sub(r"[^a-z0-9]+", "_", stem.casefold())[:_MAX_NAME_CHARACTERS]
    name = f"{kept.strip('_') or 'my'}_export"
    number = 2
    while name in taken:
        name = f"{kept.strip('_') or 'my'}_export_{number}"
        number += 1
    return name


def _dump(content: Mapping[str, Any]) -> str:
    yaml = YAML()
    # a column's name is never broken over lines
    yaml.width = 10_000
    written = io.StringIO()
    yaml.dump(content, written)
    return written.getvalue()
