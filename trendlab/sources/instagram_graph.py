"""Instagram posts as its web pages' GraphQL gives them: the shape with `edge_*`.

Older answers name `GraphImage`, newer ones `XDTGraphImage`; the fields are the same.
instaloader saves this shape, and Zeeschuimer met it until 2024.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trendlab.sources.base import Row
from trendlab.sources.fields import is_given, read_count, read_moment, read_text
from trendlab.sources.instagram_comments import edges_of
from trendlab.sources.instagram_fields import (
    caption_of,
    hides_likes,
    is_sponsored,
    owner_of,
    place_of,
    tagged_in,
)
from trendlab.sources.instagram_ids import id_of_shortcode, moment_of, read_number
from trendlab.sources.instagram_rows import InstagramPost, Media, read_likes
from trendlab.sources.shapes import needed, object_or_empty


def is_graph(node: Row) -> bool:
    """Tell whether a post has this shape."""
    typename = node.get("__typename")
    return (
        (isinstance(typename, str) and typename.startswith(("Graph", "XDTGraph")))
        or "taken_at_timestamp" in node
        or "edge_media_to_caption" in node
    )


def graph_post(node: Row) -> InstagramPost:
    """Read a post.

    Raises
    ------
    FieldError
        If a field cannot be used, or the post is not named.
    """
    shortcode = read_text(node.get("shortcode", node.get("code")), "shortcode")
    post_id = read_number(node.get("id"), "id")
    if post_id is None:
        post_id = id_of_shortcode(needed(shortcode, "shortcode"), "shortcode")
    return InstagramPost(
        post_id,
        shortcode,
        _moment(node, post_id),
        owner_of(node),
        caption_of(node),
        _media(node),
        place_of(node),
        tagged_in(node),
        likes_count=read_likes(
            _count(node, "edge_media_preview_like", "edge_liked_by"),
            "edge_media_preview_like.count",
            hides_likes(node),
        ),
        comments_count=_comments_count(node),
        views_count=read_count(
            node.get("video_view_count", node.get("video_play_count")),
            "video_view_count",
        ),
        is_sponsored=is_sponsored(node),
    )


def graph_comments(node: Row) -> list[Any]:
    """Return the comments that stand in a post, each with its replies."""
    for name in (
        "edge_media_to_parent_comment",
        "edge_media_to_comment",
        "edge_media_preview_comment",
    ):
        found = edges_of(node.get(name))
        if found:
            return found
    return []


def _moment(node: Row, post_id: str) -> datetime:
    for name in ("taken_at_timestamp", "date", "taken_at"):
        if is_given(node.get(name)):
            return read_moment(node[name], name)
    return moment_of(post_id)


def _count(node: Row, *names: str) -> Any:
    for name in names:
        count = object_or_empty(node.get(name)).get("count")
        if count is not None:
            return count
    return None


def _comments_count(node: Row) -> int | None:
    given = _count(
        node,
        "edge_media_to_comment",
        "edge_media_to_parent_comment",
        "edge_media_preview_comment",
    )
    if given is None and not isinstance(node.get("comments"), list | dict):
        given = node.get("comments")
    return read_count(given, "edge_media_to_comment.count")


def _is_video(node: Row) -> bool:
    typename = node.get("__typename")
    return node.get("is_video") is True or (
        isinstance(typename, str) and typename.endswith("Video")
    )


def _media(node: Row) -> Media:
    children = edges_of(node.get("edge_sidecar_to_children"))
    shown = [object_or_empty(child) for child in children] or [node]
    offered = [("cover" if _is_video(one) else "image", _address(one)) for one in shown]
    typename = node.get("__typename")
    is_album = len(children) > 1 or (
        isinstance(typename, str) and typename.endswith("Sidecar")
    )
    kind = "album" if is_album else "video" if offered[0][0] == "cover" else "image"
    return Media(kind, len(shown), offered)


def _address(node: Row) -> str | None:
    given = node.get("display_url", node.get("display_src"))
    return read_text(given, "display_url")
