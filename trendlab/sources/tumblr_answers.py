"""What an answer of Tumblr says: its status, posts, notes, and where to go on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from trendlab.errors import UnexpectedAnswer
from trendlab.sources.base import FieldError
from trendlab.sources.fields import read_moment
from trendlab.sources.shapes import object_or_empty
from trendlab.sources.web import Answer

_PAGE_TIMES = ("featured_timestamp", "timestamp")


def status_of(answer: Answer) -> int:
    """Return the status that the body tells, which may stand under HTTP 200.

    Raises
    ------
    UnexpectedAnswer
        If it is a good one, and there is no response.
    """
    payload = object_or_empty(answer.payload)
    told = object_or_empty(payload.get("meta")).get("status")
    status = told if isinstance(told, int) else answer.status
    if max(status, answer.status) < 400 and "response" not in payload:
        raise UnexpectedAnswer(
            f"{answer.origin}: expected an object with a response", answer.status
        )
    return max(status, answer.status)


def posts_of(answer: Answer) -> list[Any]:
    """Return the posts: of a tag the response itself, of a blog within it.

    Raises
    ------
    UnexpectedAnswer
        If there is no list of them.
    """
    response = answer.payload["response"]
    posts = response.get("posts") if isinstance(response, dict) else response
    if not isinstance(posts, list):
        raise UnexpectedAnswer(
            f"{answer.origin}: expected a list of posts", answer.status
        )
    return posts


def next_notes(found: Mapping[str, Any]) -> Any:
    """Return the moment before which the next notes lie."""
    following = object_or_empty(object_or_empty(found.get("_links")).get("next"))
    before = object_or_empty(following.get("query_params")).get("before_timestamp")
    return before if isinstance(before, str | int | float) else None


def says_something(note: Any) -> bool:
    """Tell whether a note has words; likes and plain reblogs have none."""
    if not isinstance(note, dict):
        return True
    return note.get("type") == "reply" or bool(note.get("added_text"))


def time_of(post: Any, name: str) -> datetime | None:
    """Return a moment of a post; None where it cannot be read."""
    try:
        return read_moment(post[name], name)
    except (FieldError, KeyError, TypeError):
        return None


def page_time(post: Any, names: Sequence[str] = _PAGE_TIMES) -> int | None:
    """Return the second by which a post is listed; of featured tags a later one."""
    for name in names:
        time = time_of(post, name)
        if time is not None:
            return math.floor(time.timestamp())
    return None


def oldest_of(posts: Sequence[Any], before: int, answer: Answer) -> int:
    """Return the second of the last post of a page, which lies before the asked one.

    Raises
    ------
    UnexpectedAnswer
        If there is none: the same page would come for ever.
    """
    # a pinned post stands first, whatever its age
    listed = [post for post in posts if not object_or_empty(post).get("is_pinned")]
    for names in (_PAGE_TIMES, _PAGE_TIMES[1:]):
        told = [page_time(post, names) for post in listed or posts]
        oldest = min((time for time in told if time is not None), default=before)
        if oldest < before:
            return oldest
    raise UnexpectedAnswer(
        f"{answer.origin}: expected posts before "
        f"{datetime.fromtimestamp(before, UTC):%Y-%m-%d %H:%M:%S} UTC, got none with "
        "such a timestamp",
        answer.status,
    )
