"""The world itself: a truth, a tracker file, and the tables of any day."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import SettingsError
from trendlab.schemas import TABLES
from trendlab.sources.world.columns import (
    MICROSECONDS,
    as_table,
    constant,
    item_ids,
    masked,
    midnight_us,
    moments,
    taken,
)
from trendlab.sources.world.config import SOURCE_NAME, WorldConfig, default_cities
from trendlab.sources.world.looks import Worn, draw_worn, seen_tables
from trendlab.sources.world.plan import Plan, plan_world
from trendlab.sources.world.posts import (
    DAY_SECONDS,
    NULL_ISLAND_SHARE,
    Counted,
    Posts,
    draw_counted,
    draw_languages,
    draw_posts,
    draw_tones,
)
from trendlab.sources.world.streams import (
    Floats,
    Ints,
    Stream,
    day_rng,
    plan_rng,
    within_group,
)
from trendlab.sources.world.styles import COLOURS, GARMENTS
from trendlab.sources.world.texts import Writer
from trendlab.sources.world.tracker_file import tracker_versions, tracker_yaml
from trendlab.sources.world.truth import Truth
from trendlab.sources.world.vocabulary import LANGUAGES

DAY_US = DAY_SECONDS * MICROSECONDS
# Every post is read once, at this age: likes of all posts compare.
READING_AGE_US = DAY_US
# The nightly ingest of a day, after its end; authors are read on the day itself.
INGEST_US = 2 * 3_600 * MICROSECONDS
# Comments that stand under the posts of the day before.
LATE_COMMENT_SHARE = 0.3
COMMENT_LIKES = 1.5
# Coordinates spread around the middle of a city: standard deviation over radius.
SPREAD = 0.25
KM_PER_DEGREE = 111.2
VERIFIED_FOLLOWERS = 500_000
SPONSORED_SHARE = 0.05
MEDIA_KINDS = pa.array(["none", "image", "video", "album"])
LANGUAGE_CODES = pa.array([*LANGUAGES, "en"])
# A name that the DNS can never resolve (RFC 6761).
ADDRESS = "https://simulated.invalid/p/"


def simulate(
    config: WorldConfig | None = None,
    *,
    cities: pa.Table | None = None,
    versions: Mapping[str, str] | None = None,
    run_id: str = "simulated",
) -> World:
    """Plan a world.

    Parameters
    ----------
    config : WorldConfig or None
        The default is the world of the demo.
    cities : pyarrow.Table[cities] or None
        Monitored cities; the first `config.city_count` well-known ones are
        simulated. Six cities when not given.
    versions : mapping of str to str or None
        Version of each tracker, for `coverage`; a hash of its query when not given.
    run_id : str
        Of the drawn garments, tags and looks.

    Raises
    ------
    SettingsError
        If there are too few cities, or a photo is not there.
    """
    config = WorldConfig() if config is None else config
    for photo in config.photos:
        if not photo.is_file():
            raise SettingsError(f"photos: no such file: {photo}")
    known = default_cities() if cities is None else cities
    plan = plan_world(config, known)
    if versions is None:
        versions = tracker_versions(config)
    return World(plan, versions, run_id)


class World:
    """A simulated world; days are drawn when asked for, in any order.

    Parameters
    ----------
    plan : Plan
    versions : mapping of str to str
        Version of each tracker.
    run_id : str
    """

    def __init__(self, plan: Plan, versions: Mapping[str, str], run_id: str) -> None:
        self._plan = plan
        self._versions = dict(versions)
        self._run_id = run_id
        self._writer = Writer(plan)

    @property
    def config(self) -> WorldConfig:
        """What was asked for."""
        return self._plan.config

    @property
    def truth(self) -> Truth:
        """What was planted."""
        return self._plan.truth

    @property
    def cities(self) -> pa.Table:
        """The simulated cities, schema `cities`."""
        return self._plan.cities

    @property
    def style_shares(self) -> Floats:
        """True share of each style, (weeks, cities + elsewhere, styles)."""
        return self._plan.styles

    @property
    def trackers_yaml(self) -> str:
        """The tracker file that matches the world."""
        return tracker_yaml(self.config, self.truth.cities)

    def days(
        self, first_day: date | None = None, last_day: date | None = None
    ) -> Iterator[tuple[date, dict[str, pa.Table]]]:
        """Yield each day with its tables, see `day`; holds one day at a time."""
        here = self.truth.first_day if first_day is None else first_day
        end = self.truth.last_day if last_day is None else last_day
        while here <= end:
            yield here, self.day(here)
            here += timedelta(days=1)

    def day(self, day: date) -> dict[str, pa.Table]:
        """Draw the tables of a day.

        Returns
        -------
        dict of str to pyarrow.Table
            posts, comments, media, authors and coverage of the day, and the
            engagement readings of its posts, which are taken a day later and
            carry that day. Without photos also garments, garment_tags and looks,
            with model_name `simulated`. Declared schemas, sorted by key.
        """
        plan = self._plan
        counted = draw_counted(plan, day)
        posts = draw_posts(plan, day, counted)
        ids = item_ids(day, len(posts))
        comments, commented = self._comments(day, posts, ids)
        media, photo_rows = self._media(day, posts, ids)
        worn = self._worn(day, posts, photo_rows)
        tables = {
            "posts": self._posts(day, posts, ids, commented, worn, photo_rows),
            "comments": comments,
            "media": media,
            "engagement": self._engagement(day, posts, ids, commented),
            "authors": self._authors(day, posts),
            "coverage": self._coverage(day),
        }
        if not self.config.photos:
            rng = day_rng(self.config.seed, Stream.PHOTOS, day)
            tables |= seen_tables(
                rng,
                worn,
                taken(ids, photo_rows),
                within_group(photo_rows),
                day=day,
                run_id=self._run_id,
            )
        return tables

    def _worn(self, day: date, posts: Posts, photo_rows: Ints) -> Worn:
        rng = day_rng(self.config.seed, Stream.LOOKS, day)
        return draw_worn(rng, self._plan, day, posts.counted.place[photo_rows])

    def _posts(
        self,
        day: date,
        posts: Posts,
        ids: pa.Array,
        commented: Ints,
        worn: Worn,
        photo_rows: Ints,
    ) -> pa.Table:
        authors = self._plan.authors
        rng = day_rng(self.config.seed, Stream.TEXTS, day)
        count = len(posts)
        garment = rng.integers(0, len(GARMENTS), count)
        colour = rng.integers(0, len(COLOURS), count)
        # what the first photo shows is what the caption names
        shown_garment, shown_colour = worn.first_of()
        is_first = within_group(photo_rows) == 0
        garment[photo_rows[is_first]] = shown_garment[is_first]
        colour[photo_rows[is_first]] = shown_colour[is_first]
        written = self._writer.write(rng, day, posts, garment, colour)
        lat, lon, names = self._places(rng, posts)
        created = midnight_us(day) + posts.seconds
        is_given = rng.random(count) < self.config.language_given_share
        language = np.where(posts.language < 0, len(LANGUAGES), posts.language)
        is_sponsored = authors.is_brand[posts.author] | (
            rng.random(count) < SPONSORED_SHARE
        )
        return as_table(
            "posts",
            {
                **_nothing("posts", count),
                "day": constant(day, count, pa.date32()),
                "source": constant(SOURCE_NAME, count),
                "post_id": ids,
                "created_at": moments(created),
                "author_id": taken(authors.ids, posts.author),
                "author_handle": taken(authors.handles, posts.author),
                "author_place": taken(authors.places, posts.author),
                "author_followers_count": posts.followers,
                "caption": written.captions,
                "language_given": taken(
                    LANGUAGE_CODES, np.where(is_given, language, -1)
                ),
                "hashtags": written.hashtags,
                "mentions": written.mentions,
                "url": _addresses(ids),
                "media_kind": taken(MEDIA_KINDS, posts.media_kind),
                "media_count": posts.media_count,
                "likes_count": masked(posts.likes, posts.is_hidden),
                "comments_count": np.maximum(posts.comments, commented),
                "shares_count": posts.shares,
                "lat": lat,
                "lon": lon,
                "place_name": names,
                "is_repost": np.zeros(count, dtype=bool),
                "is_sponsored": is_sponsored,
                "observed_at": moments(created + READING_AGE_US),
            },
        )

    @cached_property
    def _place_names(self) -> pa.Array:
        names = self._plan.cities["name"].to_pylist()
        return pa.array([*names, *(name for name, _, _ in self._plan.elsewhere)])

    @cached_property
    def _place_points(self) -> Floats:
        """Middle and radius of cities and towns, (places, 3) degrees and km."""
        cities = self._plan.cities
        points = [cities[name].to_numpy() for name in ("lat", "lon", "radius_km")]
        towns = [(lat, lon, 20.0) for _, lat, lon in self._plan.elsewhere]
        return np.vstack([np.column_stack(points), np.array(towns)])

    def _places(
        self, rng: np.random.Generator, posts: Posts
    ) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Return latitude, longitude and place name as far as posts tell them."""
        count = len(posts)
        city_count = self._plan.cities.num_rows
        town = city_count + rng.integers(0, len(self._plan.elsewhere), count)
        place = np.where(posts.counted.place == city_count, town, posts.counted.place)
        middle = self._place_points[place]
        offset = rng.normal(size=(count, 2)) * SPREAD * middle[:, 2:] / KM_PER_DEGREE
        lat = np.clip(middle[:, 0] + offset[:, 0], -90, 90)
        widened = offset[:, 1] / np.maximum(np.cos(np.radians(middle[:, 0])), 0.05)
        lon = (middle[:, 1] + widened + 180) % 360 - 180
        is_nowhere = rng.random(count) < NULL_ISLAND_SHARE
        lat[is_nowhere] = lon[is_nowhere] = 0.0
        is_point = posts.place_kind == 0
        return (
            masked(np.round(lat, 5), ~is_point),
            masked(np.round(lon, 5), ~is_point),
            taken(self._place_names, np.where(posts.place_kind == 1, place, -1)),
        )

    def _media(self, day: date, posts: Posts, ids: pa.Array) -> tuple[pa.Table, Ints]:
        """Return the media table, and the post of each photo (not video cover)."""
        row = np.repeat(np.arange(len(posts)), posts.media_count)
        index = within_group(row)
        is_cover = posts.media_kind[row] == 2
        count = len(row)
        media_ids = taken(ids, row)
        observed = midnight_us(day) + posts.seconds[row] + READING_AGE_US
        columns = {
            **_nothing("media", count),
            "day": constant(day, count, pa.date32()),
            "source": constant(SOURCE_NAME, count),
            "post_id": media_ids,
            "media_index": index,
            "media_kind": taken(
                pa.array(["image", "cover"]), is_cover.astype(np.int64)
            ),
            "url": _addresses(media_ids, index),
            "status": constant("offered", count),
            "observed_at": moments(observed),
        }
        photos = np.flatnonzero(~is_cover)
        if self.config.photos:
            columns |= self._attached(day, photos, count)
        return as_table("media", columns), row[photos]

    def _attached(self, day: date, photos: Ints, count: int) -> dict[str, pa.Array]:
        """Return status, path and hash where the day's real photos are attached."""
        files = self.config.photos
        order = np.concatenate(
            [
                plan_rng(self.config.seed + use, Stream.PHOTOS).permutation(len(files))
                for use in range(self.config.photo_uses)
            ]
        )
        mine = order[self._plan.day_index(day) :: self.config.days_count]
        rng = day_rng(self.config.seed, Stream.PHOTOS, day)
        chosen = rng.permutation(photos)[: len(mine)]
        paths: list[str | None] = [None] * count
        hashes: list[str | None] = [None] * count
        for row, number in zip(chosen.tolist(), mine.tolist(), strict=False):
            path = files[number].absolute()
            paths[row], hashes[row] = str(path), _sha256(path)
        status = ["offered" if path is None else "stored" for path in paths]
        return {
            "status": pa.array(status, pa.string()),
            "path": pa.array(paths, pa.string()),
            "sha256": pa.array(hashes, pa.string()),
        }

    def _engagement(
        self, day: date, posts: Posts, ids: pa.Array, commented: Ints
    ) -> pa.Table:
        count = len(posts)
        created = midnight_us(day) + posts.seconds
        return as_table(
            "engagement",
            {
                **_nothing("engagement", count),
                "day": constant(day + timedelta(days=1), count, pa.date32()),
                "source": constant(SOURCE_NAME, count),
                "post_id": ids,
                "observed_at": moments(created + READING_AGE_US),
                "created_at": moments(created),
                "likes_count": masked(posts.likes, posts.is_hidden),
                "comments_count": np.maximum(posts.comments, commented),
                "shares_count": posts.shares,
            },
        )

    def _authors(self, day: date, posts: Posts) -> pa.Table:
        """Return a reading of each author who posted on the day."""
        authors = self._plan.authors
        rows = np.unique(posts.author)
        count = len(rows)
        followers = authors.followers_on(rows, self._plan.day_index(day))
        kinds = pa.array(["person", "brand"])
        return as_table(
            "authors",
            {
                **_nothing("authors", count),
                "day": constant(day, count, pa.date32()),
                "source": constant(SOURCE_NAME, count),
                "author_id": taken(authors.ids, rows),
                "observed_at": moments(
                    np.full(count, midnight_us(day) + DAY_US - INGEST_US)
                ),
                "handle": taken(authors.handles, rows),
                "author_kind": taken(kinds, authors.is_brand[rows].astype(np.int64)),
                "profile_place": taken(authors.places, rows),
                "followers_count": followers,
                "is_verified": followers >= VERIFIED_FOLLOWERS,
            },
        )

    def _coverage(self, day: date) -> pa.Table:
        status, reason = "complete", None
        if day in self.truth.missing_days:
            status, reason = "none", "ingestion did not run"
        elif day in self.truth.partial_days:
            status, reason = "partial", "ingestion stopped half way"
        observed = moments(np.array([midnight_us(day) + DAY_US + INGEST_US]))[0]
        return TABLES["coverage"].from_rows(
            [
                {
                    "day": day,
                    "tracker": name,
                    "source": SOURCE_NAME,
                    "status": status,
                    "tracker_version": self._versions[name],
                    "observed_at": observed.as_py(),
                    "reason": reason,
                }
                for name in sorted(self.truth.trackers)
            ]
        )

    def _comments(
        self, day: date, posts: Posts, ids: pa.Array
    ) -> tuple[pa.Table, Ints]:
        """Return comments of the day, and how many of them each of its posts has."""
        plan, authors = self._plan, self._plan.authors
        rng = day_rng(self.config.seed, Stream.COMMENTS, day)
        count = int(rng.poisson(self.config.comments_per_post * len(posts)))
        before = day - timedelta(days=1)
        earlier = draw_counted(plan, before)
        is_late = (rng.random(count) < LATE_COMMENT_SHARE) & (len(earlier) > 0)
        draw = rng.random(count)
        target = (draw * np.where(is_late, len(earlier), len(posts))).astype(np.int64)
        both = Counted(
            np.concatenate([posts.counted.tracker, earlier.tracker]),
            np.concatenate([posts.counted.place, earlier.place]),
            np.concatenate([posts.counted.peak, earlier.peak]),
            np.concatenate([posts.counted.dip, earlier.dip]),
        )
        row = np.where(is_late, len(posts) + target, target)
        tracker, place = both.tracker[row], both.place[row]
        author = authors.draw(rng, tracker * plan.place_count + place)
        topic = self._comment_topics(rng, day, tracker)
        tone = draw_tones(rng, plan, tracker, topic)
        language = draw_languages(rng, plan, place)
        # under a post of today a comment comes after it
        since = np.concatenate([posts.seconds, np.zeros(len(earlier), np.int64)])[row]
        moment = since + (rng.random(count) * (DAY_US - since)).astype(np.int64)
        created = midnight_us(day) + np.minimum(moment, DAY_US - 1)
        targets = pa.concat_arrays([ids, item_ids(before, len(earlier))])
        table = as_table(
            "comments",
            {
                **_nothing("comments", count),
                "day": constant(day, count, pa.date32()),
                "source": constant(SOURCE_NAME, count),
                "comment_id": item_ids(day, count, "-c"),
                "post_id": taken(targets, row),
                "created_at": moments(created),
                "author_id": taken(authors.ids, author),
                "author_handle": taken(authors.handles, author),
                "text": self._writer.write_comments(rng, tone, language, topic),
                "likes_count": rng.poisson(COMMENT_LIKES, count),
                "observed_at": moments(created + READING_AGE_US),
            },
        )
        return table, np.bincount(row[~is_late], minlength=len(posts))

    def _comment_topics(
        self, rng: np.random.Generator, day: date, tracker: Ints
    ) -> Ints:
        topic = np.full(len(tracker), -1, dtype=np.int64)
        draw = rng.random(len(tracker))
        for number, dip in enumerate(self.truth.dips):
            if dip.start_on <= day <= dip.end_on:
                is_own = tracker == self.truth.trackers.index(dip.tracker)
                topic[is_own & (draw < dip.topic_share)] = number
        return topic


def _nothing(name: str, count: int) -> dict[str, pa.Array]:
    """Return NULL for every column of a table that may be."""
    return {
        column.name: pa.nulls(count, column.type)
        for column in TABLES[name].columns
        if column.nullable
    }


def _addresses(ids: pa.Array, index: Ints | None = None) -> pa.Array:
    if index is None:
        return pc.binary_join_element_wise(ADDRESS, ids, "")
    number = pa.array(index).cast(pa.string())
    return pc.binary_join_element_wise(ADDRESS, ids, "/", number, ".jpg", "")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
