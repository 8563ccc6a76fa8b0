"""An Instagram post in one form, whichever archive it came from, and its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trendlab.sources.base import Row
from trendlab.sources.fields import (
    fold_handles,
    fold_tags,
    hashtags_in,
    mentions_in,
    read_count,
)

SITE = "https://www.instagram.com/p/"
# What Instagram gives in place of the likes of a post that hides them.
MADE_UP_LIKES = 3
# A carousel holds 20; more addresses than this are no carousel.
MAX_MEDIA = 100


@dataclass(frozen=True, slots=True)
class Owner:
    """Who made a post.

    Parameters
    ----------
    author_id : str or None
        Instagram's number.
    handle : str or None
        Casefolded, without @.
    """

    author_id: str | None = None
    handle: str | None = None
    name: str | None = None
    is_verified: bool | None = None
    followers_count: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post says it was made; coordinates in degrees."""

    name: str | None = None
    place_id: str | None = None
    lat: float | None = None
    lon: float | None = None


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Media:
    """What a post carries.

    Parameters
    ----------
    kind : {"image", "video", "album"}
    count : int
        Photos and videos.
    offered : list of (str, str or None)
        `image`, or `cover` of a video, with its address, in the post's order.
    """

    kind: str
    count: int
    offered: list[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class InstagramPost:
    """A post as an archive gives it.

    Parameters
    ----------
    post_id : str
        Instagram's number.
    shortcode : str or None
        For the address.
    created_at : datetime
        UTC.
    tagged : list of str
        Handles that are named beside the caption: tagged on a photo, or co-authors.
    hashtags : list of str or None
        As the archive lists them; None to take them from the caption.
    likes_count : int or None
        None where they are hidden.
    """

    post_id: str
    shortcode: str | None
    created_at: datetime
    owner: Owner
    caption: str | None
    media: Media
    place: Place = NOWHERE
    tagged: tuple[str, ...] = ()
    hashtags: list[str] | None = None
    likes_count: int | None = None
    comments_count: int | None = None
    shares_count: int | None = None
    views_count: int | None = None
    is_sponsored: bool | None = None

    def rows(self, observed_at: datetime) -> tuple[tuple[str, Row], ...]:
        """Return the row of `posts`, those of `media`, and of `authors` if any.

        An author's row is made where more than id and handle are given, so that it
        does not hide what a profile of the same day says.
        """
        owner, place, media = self.owner, self.place, self.media
        mentions = mentions_in(self.caption)
        if self.tagged:
            mentions = fold_handles([*mentions, *self.tagged])
        hashtags = (
            hashtags_in(self.caption)
            if self.hashtags is None
            else fold_tags(self.hashtags)
        )
        post: Row = {
            "post_id": self.post_id,
            "created_at": self.created_at,
            "author_id": owner.author_id,
            "author_handle": owner.handle,
            "author_followers_count": owner.followers_count,
            "caption": self.caption,
            "hashtags": hashtags,
            "mentions": mentions,
            "url": None if self.shortcode is None else f"{SITE}{self.shortcode}/",
            "media_kind": media.kind,
            "media_count": media.count,
            "likes_count": self.likes_count,
            "comments_count": self.comments_count,
            "shares_count": self.shares_count,
            "views_count": self.views_count,
            "lat": place.lat,
            "lon": place.lon,
            "place_name": place.name,
            "place_id": place.place_id,
            "is_repost": False,
            "is_sponsored": self.is_sponsored,
            "observed_at": observed_at,
        }
        rows = [("posts", post)]
        rows += [
            (
                "media",
                {
                    "post_id": self.post_id,
                    "media_index": index,
                    "media_kind": kind,
                    "url": address,
                    "status": "offered",
                    "observed_at": observed_at,
                },
            )
            for index, (kind, address) in enumerate(media.offered[:MAX_MEDIA])
            if address is not None
        ]
        if owner.author_id is not None and (
            owner.followers_count is not None or owner.name is not None
        ):
            author: Row = {
                "author_id": owner.author_id,
                "observed_at": observed_at,
                "handle": owner.handle,
                "name": owner.name,
                "author_kind": "unknown",
                "followers_count": owner.followers_count,
                "is_verified": owner.is_verified,
            }
            rows.append(("authors", author))
        return tuple(rows)


def read_likes(value: Any, field: str, is_hidden: bool | None) -> int | None:
    """Return the likes of a post; None where they are hidden.

    Parameters
    ----------
    value : Any
        -1 stands for hidden.
    field : str
    is_hidden : bool or None
        What the record says of it. Where it says nothing (None), 3 counts as hidden:
        it is what Instagram makes up, and a true 3 is lost with it.

    Raises
    ------
    FieldError
        If it is no count.
    """
    likes = read_count(value, field)
    if is_hidden or (is_hidden is None and likes == MADE_UP_LIKES):
        return None
    return likes
