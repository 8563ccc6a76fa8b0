"""Fields that Instagram's shapes share: owner, caption, place, tags, flags."""

from __future__ import annotations

from typing import Any

from trendlab.sources.base import FieldError, Row
from trendlab.sources.fields import (
    is_given,
    read_count,
    read_flag,
    read_handle,
    read_id,
    read_point,
    read_text,
)
from trendlab.sources.instagram_comments import edges_of
from trendlab.sources.instagram_rows import NOWHERE, Owner, Place
from trendlab.sources.shapes import object_or_empty


def owner_of(node: Row) -> Owner:
    """Return who made a post: `user`, and `owner` for what that lacks.

    Raises
    ------
    FieldError
        If they are two people, or a field cannot be used.
    """
    owner = object_or_empty(node.get("owner"))
    user = object_or_empty(node.get("user"))
    if user and owner:
        handles = (user.get("username"), owner.get("username"))
        if is_given(handles[0]) and is_given(handles[1]) and handles[0] != handles[1]:
            raise FieldError("owner.username", "is not that of user", handles[1])
        owner = {**owner, **{k: v for k, v in user.items() if v is not None}}
    elif user:
        owner = user
    author_id = read_id(owner.get("id", owner.get("pk")), "owner.id")
    followers = owner.get("follower_count")
    if followers is None:
        followers = object_or_empty(owner.get("edge_followed_by")).get("count")
    return Owner(
        author_id if author_id is not None else _second_half(node.get("id")),
        read_handle(owner.get("username"), "owner.username"),
        read_text(owner.get("full_name"), "owner.full_name"),
        read_flag(owner.get("is_verified"), "owner.is_verified"),
        read_count(followers, "owner.followers"),
    )


def _second_half(item_id: Any) -> str | None:
    """Return the author's number behind the post's (`314_15`)."""
    if not isinstance(item_id, str):
        return None
    return item_id.partition("_")[2] or None


def caption_of(node: Row) -> str | None:
    """Return the caption, which stands in a connection, an object or alone."""
    edges = edges_of(node.get("edge_media_to_caption"))
    if edges:
        return read_text(object_or_empty(edges[0]).get("text"), "caption")
    given = node.get("caption")
    if isinstance(given, dict):
        return read_text(given.get("text"), "caption.text")
    return read_text(given, "caption")


def place_of(node: Row) -> Place:
    """Return the place; `NOWHERE` where none is given."""
    location = node.get("location")
    if location is None:
        # what instaloader asked the app's interface for when it was logged in
        location = object_or_empty(node.get("iphone_struct")).get("location")
    if not isinstance(location, dict):
        return NOWHERE
    lat, lon = read_point(
        location.get("lat"), location.get("lng"), "location.lat", "location.lng"
    )
    return Place(
        read_text(location.get("name"), "location.name"),
        read_id(location.get("id", location.get("pk")), "location.id"),
        lat,
        lon,
    )


def tagged_in(node: Row) -> tuple[str, ...]:
    """Return the handles that are tagged on photos, and of co-authors."""
    tags = edges_of(node.get("edge_media_to_tagged_user"))
    usertags = object_or_empty(node.get("usertags")).get("in")
    if isinstance(usertags, list):
        tags = tags + usertags
    people = [object_or_empty(tag).get("user") for tag in tags]
    makers = node.get("coauthor_producers")
    if isinstance(makers, list):
        people += makers
    names = [object_or_empty(person).get("username") for person in people]
    return tuple(name for name in names if isinstance(name, str))


def hides_likes(node: Row) -> bool | None:
    """Tell whether the post says that it hides its likes; None if it does not say."""
    return read_flag(
        node.get("like_and_view_counts_disabled"), "like_and_view_counts_disabled"
    )


def is_sponsored(node: Row) -> bool | None:
    """Tell whether the post is paid for or an advertisement, None if not given."""
    if node.get("product_type") == "ad":
        return True
    if edges_of(node.get("edge_media_to_sponsor_user")) or node.get("sponsor_tags"):
        return True
    for name in ("is_paid_partnership", "is_ad"):
        if is_given(node.get(name)):
            return read_flag(node[name], name)
    return None
