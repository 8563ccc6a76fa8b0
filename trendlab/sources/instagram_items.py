"""Instagram posts as lists of items: the app's interface, today's web, its grids.

The app's interface and today's web pages (`XDTMediaDict`) give one shape, with
`media_type` 1, 2 or 8. Grids give less of it (`XIGPolaris…`): neither time, likes,
comments nor place. Their time is taken from the id.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trendlab.sources.base import FieldError, Row
from trendlab.sources.fields import (
    is_given,
    read_count,
    read_moment,
    read_text,
)
from trendlab.sources.instagram_fields import (
    caption_of,
    hides_likes,
    is_sponsored,
    owner_of,
    place_of,
    tagged_in,
)
from trendlab.sources.instagram_graph import graph_comments, graph_post, is_graph
from trendlab.sources.instagram_ids import id_of_shortcode, moment_of, read_number
from trendlab.sources.instagram_rows import InstagramPost, Media, read_likes
from trendlab.sources.shapes import needed, object_or_empty

_KINDS = {1: "image", 2: "video", 8: "album"}
_TYPENAMES = (("Carousel", 8), ("Sidecar", 8), ("Video", 2), ("Photo", 1), ("Image", 1))


def read_post(node: Row) -> InstagramPost:
    """Read a post of any of Instagram's own shapes.

    Raises
    ------
    FieldError
        If a field cannot be used, or the post is not named.
    """
    return graph_post(node) if is_graph(node) else _item_post(node)


def comments_in(node: Row) -> list[Any]:
    """Return the comments that stand in a post, each with its replies."""
    if is_graph(node):
        return graph_comments(node)
    for name in ("comments", "preview_comments"):
        given = node.get(name)
        if isinstance(given, list) and given:
            return given
    return []


def _item_post(node: Row) -> InstagramPost:
    shortcode = read_text(node.get("code"), "code")
    post_id = read_number(node.get("pk"), "pk")
    if post_id is None:
        post_id = read_number(node.get("id"), "id")
    if post_id is None:
        post_id = id_of_shortcode(needed(shortcode, "code"), "code")
    return InstagramPost(
        post_id,
        shortcode,
        _moment(node, post_id),
        owner_of(node),
        caption_of(node),
        _media(node),
        place_of(node),
        tagged_in(node),
        likes_count=read_likes(node.get("like_count"), "like_count", hides_likes(node)),
        comments_count=read_count(node.get("comment_count"), "comment_count"),
        shares_count=_first_count(node, "reshare_count", "media_repost_count"),
        views_count=_first_count(
            node, "view_count", "play_count", "ig_play_count", "video_view_count"
        ),
        is_sponsored=is_sponsored(node),
    )


def _moment(node: Row, post_id: str) -> datetime:
    given = node.get("taken_at")
    return read_moment(given, "taken_at") if is_given(given) else moment_of(post_id)


def _first_count(node: Row, *names: str) -> int | None:
    for name in names:
        count = read_count(node.get(name), name)
        if count is not None:
            return count
    return None


def _kind(node: Row) -> str:
    given = node.get("media_type")
    if given is None:
        typename = node.get("__typename")
        name = typename if isinstance(typename, str) else ""
        given = next((kind for ending, kind in _TYPENAMES if ending in name), None)
    # 1.0 and true equal 1 in Python, and stand in no answer of Instagram
    kind = _KINDS.get(given) if type(given) is int else None
    if kind is None:
        raise FieldError("media_type", "is not 1, 2 or 8", given)
    return kind


def _media(node: Row) -> Media:
    kind = _kind(node)
    if kind != "album":
        is_cover = kind == "video"
        return Media(kind, 1, [("cover" if is_cover else "image", _address(node))])
    given = node.get("carousel_media")
    children = (
        [object_or_empty(one) for one in given] if isinstance(given, list) else []
    )
    count = read_count(node.get("carousel_media_count"), "carousel_media_count")
    if not children:
        # grids say how many a carousel holds, and show the first
        return Media(kind, max(count or 1, 1), [("image", _address(node))])
    offered = [
        ("cover" if one.get("media_type") == 2 else "image", _address(one))
        for one in children
    ]
    return Media(kind, len(children), offered)


def _address(node: Row) -> str | None:
    """Return the first candidate: the largest that is not cropped."""
    candidates = object_or_empty(node.get("image_versions2")).get("candidates")
    if isinstance(candidates, list) and candidates:
        return read_text(object_or_empty(candidates[0]).get("url"), "image_versions2")
    return read_text(node.get("display_uri", node.get("display_url")), "display_uri")
