"""Instagram's comments with their replies, as any of the archives writes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from trendlab.sources.base import Accepted, FieldError, Parsed, Refused, Row
from trendlab.sources.fields import (
    is_given,
    read_count,
    read_handle,
    read_id,
    read_moment,
    read_text,
)
from trendlab.sources.shapes import as_object, needed, object_or_empty

# The comments within record 7 are numbered 700001, 700002, …: unique in a file.
STRIDE = 100_000
_ANSWERS = ("answers", "replies", "preview_child_comments", "child_comments")


def edges_of(value: Any) -> list[Any]:
    """Return the nodes of a GraphQL connection; none in place of anything else."""
    edges = object_or_empty(value).get("edges")
    if not isinstance(edges, list):
        return []
    return [edge["node"] for edge in edges if isinstance(edge, dict) and "node" in edge]


def parse_comments(
    comments: Any, post_id: str, observed_at: datetime, first_number: int
) -> Iterator[Parsed]:
    """Turn each comment and each reply into a record of its own.

    Parameters
    ----------
    comments : Any
        List of comments, each with its replies.
    post_id : str
    observed_at : datetime
        UTC.
    first_number : int
        Number of the first comment; a list holds less than `STRIDE`.
    """
    if not isinstance(comments, list):
        return
    for number, (comment, parent) in enumerate(_flat(comments), first_number):
        if number - first_number == STRIDE - 2:
            yield Refused(
                f"a post may hold {STRIDE - 2} comments",
                "",
                "those behind this one were not read",
                number,
                comment,
                "comments",
            )
            return
        try:
            row = _row(comment, post_id, parent, observed_at)
            yield Accepted((("comments", row),), number, comment)
        except FieldError as bad:
            yield bad.refused(number, comment, "comments")


def _flat(comments: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield (comment without its replies, id of the one it answers); no recursion."""
    waiting: list[Iterator[tuple[Any, Any]]] = [iter((one, None) for one in comments)]
    while waiting:
        item = next(waiting[-1], None)
        if item is None:
            waiting.pop()
            continue
        comment, parent = item
        if not isinstance(comment, dict):
            yield comment, parent
            continue
        answers = _answers(comment)
        if not answers:
            yield comment, parent
            continue
        lone = {
            name: value
            for name, value in comment.items()
            if name not in _ANSWERS and name != "edge_threaded_comments"
        }
        yield lone, parent
        # replies to replies stand under the same comment, as Instagram shows them
        above = parent if parent is not None else _id_of(comment)
        waiting.append(iter([(one, above) for one in answers]))


def _answers(comment: Row) -> list[Any]:
    for name in _ANSWERS:
        given = comment.get(name)
        if isinstance(given, list) and given:
            return given
    return edges_of(comment.get("edge_threaded_comments"))


def _id_of(comment: Row) -> Any:
    given = comment.get("id")
    return given if is_given(given) else comment.get("pk")


def _row(comment: Any, post_id: str, parent: Any, observed_at: datetime) -> Row:
    comment = as_object(comment, "comment")
    owner = object_or_empty(comment.get("owner")) or object_or_empty(
        comment.get("user")
    )
    if not is_given(parent):
        parent = comment.get("replied_to_comment_id")
    return {
        "comment_id": needed(read_id(_id_of(comment), "id"), "id"),
        "post_id": post_id,
        "parent_id": read_id(parent, "parent_id"),
        "created_at": _moment(comment),
        "author_id": read_id(
            owner.get("id", owner.get("pk", comment.get("user_id"))), "owner.id"
        ),
        "author_handle": read_handle(
            owner.get("username", comment.get("ownerUsername")), "owner.username"
        ),
        "text": needed(read_text(comment.get("text"), "text"), "text"),
        "likes_count": _likes(comment),
        "observed_at": observed_at,
    }


def _moment(comment: Row) -> datetime:
    for name in ("created_at_utc", "created_at", "timestamp"):
        if is_given(comment.get(name)):
            return read_moment(comment[name], name)
    raise FieldError("created_at", "is missing")


def _likes(comment: Row) -> int | None:
    for name in ("likes_count", "comment_like_count", "likesCount"):
        if name in comment:
            return read_count(comment[name], name)
    liked = object_or_empty(comment.get("edge_liked_by"))
    return read_count(liked.get("count"), "edge_liked_by.count")
