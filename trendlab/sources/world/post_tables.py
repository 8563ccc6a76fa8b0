"""Turns a day's drawn posts into `posts`, `engagement`, `authors` and `coverage`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.sources.world.columns import (
    MICROSECONDS,
    as_table,
    constant,
    masked,
    midnight_us,
    moments,
    nulls_of,
    taken,
)
from trendlab.sources.world.config import SOURCE_NAME
from trendlab.sources.world.plan import Plan
from trendlab.sources.world.posts import DAY_SECONDS, NULL_ISLAND_SHARE, Posts
from trendlab.sources.world.streams import Floats, Ints
from trendlab.sources.world.texts import Written
from trendlab.sources.world.vocabulary import LANGUAGES

DAY_US = DAY_SECONDS * MICROSECONDS
# Every post is read once, at this age: likes of all posts compare.
READING_AGE_US = DAY_US
# The nightly ingest runs so long after the day; authors are read before its end.
INGEST_US = 2 * 3_600 * MICROSECONDS
# Coordinates spread around the middle of a city: standard deviation over radius.
SPREAD = 0.25
KM_PER_DEGREE = 111.2
# Radius of the elsewhere towns.
TOWN_KM = 20.0
VERIFIED_FOLLOWERS = 500_000
SPONSORED_SHARE = 0.05
MEDIA_KINDS = pa.array(["none", "image", "video", "album"])
AUTHOR_KINDS = pa.array(["person", "brand"])
LANGUAGE_CODES = pa.array([*LANGUAGES, "en"])
# A name that the DNS can never resolve (RFC 6761).
ADDRESS = "https://simulated.invalid/p/"


class PlaceTeller:
    """Says where posts are from, as far as their source would: point, name, nothing."""

    def __init__(self, plan: Plan) -> None:
        self._city_count = plan.cities.num_rows
        self._town_count = len(plan.elsewhere)
        towns = [name for name, _, _ in plan.elsewhere]
        self._names = pa.array([*plan.cities["name"].to_pylist(), *towns], pa.string())
        points = [plan.cities[name].to_numpy() for name in ("lat", "lon", "radius_km")]
        far = [(lat, lon, TOWN_KM) for _, lat, lon in plan.elsewhere]
        # middle and radius of cities, then towns: degrees, degrees, km
        self._points: Floats = np.vstack([np.column_stack(points), np.array(far)])

    def tell(
        self, rng: np.random.Generator, posts: Posts
    ) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Return latitude, longitude and place name, NULL where not told."""
        count = len(posts)
        town = self._city_count + rng.integers(0, self._town_count, count)
        at_home = posts.counted.place < self._city_count
        place = np.where(at_home, posts.counted.place, town)
        middle = self._points[place]
        offset = rng.normal(size=(count, 2)) * SPREAD * middle[:, 2:] / KM_PER_DEGREE
        lat = np.clip(middle[:, 0] + offset[:, 0], -90, 90)
        # a degree of longitude is shorter away from the equator
        width = np.maximum(np.cos(np.radians(middle[:, 0])), 0.05)
        lon = (middle[:, 1] + offset[:, 1] / width + 180) % 360 - 180
        is_nowhere = rng.random(count) < NULL_ISLAND_SHARE
        lat[is_nowhere] = lon[is_nowhere] = 0.0
        is_untold = posts.place_kind != 0
        return (
            masked(lat.round(5), is_untold),
            masked(lon.round(5), is_untold),
            taken(self._names, np.where(posts.place_kind == 1, place, -1)),
        )


def addresses(ids: pa.Array, index: Ints | None = None) -> pa.Array:
    """Return the address of each post, or of each of its photos."""
    if index is None:
        return pc.binary_join_element_wise(ADDRESS, ids, "")
    number = pa.array(index).cast(pa.string())
    return pc.binary_join_element_wise(ADDRESS, ids, "/", number, ".jpg", "")


def posts_table(
    rng: np.random.Generator,
    plan: Plan,
    day: date,
    posts: Posts,
    written: Written,
    places: tuple[pa.Array, pa.Array, pa.Array],
    commented: Ints,
) -> pa.Table:
    """Return `posts` of a day.

    Parameters
    ----------
    rng : numpy.random.Generator
    plan : Plan
    day : date
    posts : Posts
    written : Written
    places : tuple of pyarrow.Array
        Latitude, longitude and place name.
    commented : (n,) int64
        Comments collected of each post, which its count must not fall short of.
    """
    authors, count = plan.authors, len(posts)
    created = midnight_us(day) + posts.seconds
    is_given = rng.random(count) < plan.config.language_given_share
    language = np.where(posts.language < 0, len(LANGUAGES), posts.language)
    is_sponsored = rng.random(count) < SPONSORED_SHARE
    lat, lon, names = places
    return as_table(
        "posts",
        {
            **nulls_of("posts", count),
            "day": constant(day, count, pa.date32()),
            "source": constant(SOURCE_NAME, count),
            "post_id": posts.ids,
            "created_at": moments(created),
            "author_id": taken(authors.ids, posts.author),
            "author_handle": taken(authors.handles, posts.author),
            "author_place": taken(authors.places, posts.author),
            "author_followers_count": posts.followers,
            "caption": written.captions,
            "language_given": taken(LANGUAGE_CODES, np.where(is_given, language, -1)),
            "hashtags": written.hashtags,
            "mentions": written.mentions,
            "url": addresses(posts.ids),
            "media_kind": taken(MEDIA_KINDS, posts.media_kind),
            "media_count": posts.media_count,
            "likes_count": masked(posts.likes, posts.is_hidden),
            "comments_count": np.maximum(posts.comments, commented),
            "shares_count": posts.shares,
            "lat": lat,
            "lon": lon,
            "place_name": names,
            "is_repost": np.zeros(count, dtype=bool),
            "is_sponsored": is_sponsored | authors.is_brand[posts.author],
            "observed_at": moments(created + READING_AGE_US),
        },
    )


def engagement_table(day: date, posts: Posts, commented: Ints) -> pa.Table:
    """Return the readings of a day's posts; they carry the day after, when taken."""
    count = len(posts)
    created = midnight_us(day) + posts.seconds
    return as_table(
        "engagement",
        {
            **nulls_of("engagement", count),
            "day": constant(day + timedelta(days=1), count, pa.date32()),
            "source": constant(SOURCE_NAME, count),
            "post_id": posts.ids,
            "observed_at": moments(created + READING_AGE_US),
            "created_at": moments(created),
            "likes_count": masked(posts.likes, posts.is_hidden),
            "comments_count": np.maximum(posts.comments, commented),
            "shares_count": posts.shares,
        },
    )


def authors_table(plan: Plan, day: date, posts: Posts) -> pa.Table:
    """Return a reading of each author who posted on the day."""
    authors = plan.authors
    rows = np.unique(posts.author)
    count = len(rows)
    followers = authors.followers_on(rows, plan.day_index(day))
    read_at = midnight_us(day) + DAY_US - INGEST_US
    return as_table(
        "authors",
        {
            **nulls_of("authors", count),
            "day": constant(day, count, pa.date32()),
            "source": constant(SOURCE_NAME, count),
            "author_id": taken(authors.ids, rows),
            "observed_at": moments(np.full(count, read_at)),
            "handle": taken(authors.handles, rows),
            "author_kind": taken(AUTHOR_KINDS, authors.is_brand[rows].astype(np.int64)),
            "profile_place": taken(authors.places, rows),
            "followers_count": followers,
            "is_verified": followers >= VERIFIED_FOLLOWERS,
        },
    )


def coverage_table(plan: Plan, day: date, versions: Mapping[str, str]) -> pa.Table:
    """Return which trackers saw the day: all alike, since one ingest serves them."""
    status, reason = "complete", None
    if day in plan.truth.missing_days:
        status, reason = "none", "ingestion did not run"
    elif day in plan.truth.partial_days:
        status, reason = "partial", "ingestion stopped half way"
    names = sorted(plan.truth.trackers)
    count = len(names)
    observed_at = midnight_us(day) + DAY_US + INGEST_US
    return as_table(
        "coverage",
        {
            "day": constant(day, count, pa.date32()),
            "tracker": pa.array(names, pa.string()),
            "source": constant(SOURCE_NAME, count),
            "status": constant(status, count),
            "tracker_version": pa.array([versions[name] for name in names]),
            "observed_at": moments(np.full(count, observed_at)),
            "reason": constant(reason, count, pa.string()),
        },
    )
