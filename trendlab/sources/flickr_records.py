"""Reads Flickr's photos, of lists and alone, and the comments on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trendlab.sources.base import Accepted, FieldError, Page, Parsed, Row
from trendlab.sources.fields import (
    fold_handles,
    fold_tags,
    hashtags_in,
    mentions_in,
    read_count,
    read_handle,
    read_id,
    read_list,
    read_moment,
    read_point,
    read_text,
)
from trendlab.sources.markup import text_of
from trendlab.sources.shapes import as_object, needed, object_or_empty

SITE = "https://www.flickr.com/photos"
EXTRAS = (
    "description,license,date_upload,owner_name,path_alias,geo,tags,views,count_faves,"
    "count_comments,media,url_l,url_c,url_z,url_m"
)
# Largest first; `_l` is 1,024 pixels wide, the width that photos are looked at in.
_SIZES = ("url_l", "url_c", "url_z", "url_m")
# Of 16 (street) to 1 (world); below 11 (city) a point says no more than a region, and
# its middle would stand for a place.
CITY_ACCURACY = 11
FINEST_ACCURACY = 16
# Levels are read as those of a web map, whose tile is 40,075 km / 2^level wide at the
# equator: half a tile. Flickr names levels and gives no distance; its names fit (11,
# city: 10 km; 16, street: 0.3 km).
_HALF_EQUATOR_KM = 20_037.5
# `flickr.photos.licenses.getInfo`, as SPDX ids where there are some.
_LICENSES = {
    "0": "All rights reserved",
    "1": "CC-BY-NC-SA-2.0",
    "2": "CC-BY-NC-2.0",
    "3": "CC-BY-NC-ND-2.0",
    "4": "CC-BY-2.0",
    "5": "CC-BY-SA-2.0",
    "6": "CC-BY-ND-2.0",
    "7": "No known copyright restrictions",
    "8": "United States Government Work",
    "9": "CC0-1.0",
    "10": "CC-PDM-1.0",
}


def parse_photos(page: Page) -> Iterator[Parsed]:
    """Turn each photo into a post, its photo and its author."""
    for number, photo in enumerate(page.payload["photos"], start=page.first_number):
        try:
            yield Accepted(_rows(photo, page), number, photo)
        except FieldError as bad:
            yield bad.refused(number, photo)


def parse_comments(page: Page) -> Iterator[Parsed]:
    """Turn each comment into a row."""
    root = page.payload["post_id"]
    first = page.first_number + len(page.payload["photos"])
    for number, comment in enumerate(page.payload["comments"], start=first):
        try:
            rows = (("comments", _comment(comment, root, page)),)
            yield Accepted(rows, number, comment)
        except FieldError as bad:
            yield bad.refused(number, comment, "comments")


def as_listed(photo: Row, faves: Any) -> Row:
    """Return a photo that was asked for alone in the shape that lists have.

    Parameters
    ----------
    photo : dict
        As `flickr.photos.getInfo` gives it: texts in objects, counts in places of
        their own, no addresses of photos.
    faves : Any
        Number of its favourites.
    """
    owner = object_or_empty(photo.get("owner"))
    location = object_or_empty(photo.get("location"))
    tags = object_or_empty(photo.get("tags")).get("tag")
    words = [
        object_or_empty(tag).get("_content")
        for tag in (tags if isinstance(tags, list) else [])
    ]
    return {
        "id": photo.get("id"),
        "owner": owner.get("nsid"),
        "ownername": owner.get("username"),
        "pathalias": owner.get("path_alias"),
        "title": object_or_empty(photo.get("title")).get("_content"),
        "description": photo.get("description"),
        "dateupload": object_or_empty(photo.get("dates")).get("posted"),
        "tags": " ".join(word for word in words if isinstance(word, str)),
        "latitude": location.get("latitude"),
        "longitude": location.get("longitude"),
        "accuracy": location.get("accuracy"),
        "license": photo.get("license"),
        "views": photo.get("views"),
        "count_faves": faves,
        "count_comments": object_or_empty(photo.get("comments")).get("_content"),
        "media": photo.get("media"),
    }


def _rows(photo: Any, page: Page) -> tuple[tuple[str, Row], ...]:
    given = as_object(photo, "photo")
    photo_id = needed(read_id(given.get("id"), "id"), "id")
    owner = needed(read_id(given.get("owner"), "owner"), "owner")
    alias = read_text(given.get("pathalias"), "pathalias")
    handle = read_handle(owner if alias is None else alias, "pathalias")
    caption = _caption(given)
    lat, lon = _point(given)
    is_video = given.get("media") == "video"
    row: Row = {
        "post_id": photo_id,
        "created_at": read_moment(given.get("dateupload"), "dateupload"),
        "author_id": owner,
        "author_handle": handle,
        "caption": caption,
        "hashtags": fold_tags(
            [*read_list(given.get("tags"), "tags"), *hashtags_in(caption)]
        ),
        "mentions": fold_handles(mentions_in(caption)),
        "url": f"{SITE}/{owner if alias is None else alias}/{photo_id}/",
        "media_kind": "video" if is_video else "image",
        "media_count": 1,
        "likes_count": read_count(given.get("count_faves"), "count_faves"),
        "comments_count": read_count(given.get("count_comments"), "count_comments"),
        "views_count": read_count(given.get("views"), "views"),
        "lat": lat,
        "lon": lon,
        "point_radius_km": None if lat is None else _radius_km(given),
        "is_repost": False,
        "observed_at": page.observed_at,
    }
    author: Row = {
        "author_id": owner,
        "observed_at": page.observed_at,
        "handle": handle,
        "name": read_text(given.get("ownername"), "ownername"),
        "author_kind": "unknown",
    }
    rows = [("posts", row), ("authors", author)]
    address = next((given[size] for size in _SIZES if given.get(size)), None)
    if address is not None:
        medium: Row = {
            "post_id": photo_id,
            "media_index": 0,
            "media_kind": "cover" if is_video else "image",
            "url": read_text(address, "url_l"),
            "license": _license(given),
            "status": "offered",
            "observed_at": page.observed_at,
        }
        rows.append(("media", medium))
    return tuple(rows)


def _caption(photo: Row) -> str | None:
    """Return the title, and the description, whose links and entities are HTML."""
    told = photo.get("description")
    described = told.get("_content") if isinstance(told, dict) else told
    texts = [
        read_text(photo.get("title"), "title"),
        text_of(read_text(described, "description") or ""),
    ]
    return "\n".join(text for text in texts if text) or None


def _point(photo: Row) -> tuple[float | None, float | None]:
    accuracy = read_count(photo.get("accuracy"), "accuracy")
    if accuracy is not None and accuracy < CITY_ACCURACY:
        return None, None
    return read_point(
        photo.get("latitude"), photo.get("longitude"), "latitude", "longitude"
    )


def _radius_km(photo: Row) -> float | None:
    accuracy = read_count(photo.get("accuracy"), "accuracy")
    if accuracy is None:
        return None
    return round(_HALF_EQUATOR_KM / 2.0 ** min(accuracy, FINEST_ACCURACY), 2)


def _license(photo: Row) -> str | None:
    """Return the licence; of one that is not known here, Flickr's number."""
    number = read_id(photo.get("license"), "license")
    return None if number is None else _LICENSES.get(number, f"Flickr {number}")


def _comment(comment: Any, root: str, page: Page) -> Row:
    given = as_object(comment, "comment")
    author = read_id(given.get("author"), "author")
    alias = read_handle(given.get("path_alias"), "path_alias")
    return {
        "comment_id": needed(read_id(given.get("id"), "id"), "id"),
        "post_id": root,
        "created_at": read_moment(given.get("datecreate"), "datecreate"),
        "author_id": author,
        "author_handle": read_handle(author, "author") if alias is None else alias,
        "text": text_of(read_text(given.get("_content"), "_content") or ""),
        "observed_at": page.observed_at,
    }
