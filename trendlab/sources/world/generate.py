"""The world itself: a truth, a tracker file, and the tables of any day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import pyarrow as pa

from trendlab.errors import SettingsError
from trendlab.sources.world.columns import taken
from trendlab.sources.world.comments import comments_table
from trendlab.sources.world.config import WorldConfig, default_cities
from trendlab.sources.world.looks import Worn, draw_worn, seen_tables
from trendlab.sources.world.media import media_table
from trendlab.sources.world.plan import Plan, plan_world
from trendlab.sources.world.post_tables import (
    PlaceTeller,
    authors_table,
    coverage_table,
    engagement_table,
    posts_table,
)
from trendlab.sources.world.posts import Posts, draw_counted, draw_posts
from trendlab.sources.world.streams import Floats, Ints, Stream, day_rng, within_group
from trendlab.sources.world.styles import COLOURS, GARMENTS
from trendlab.sources.world.texts import Writer
from trendlab.sources.world.tracker_file import tracker_versions, tracker_yaml
from trendlab.sources.world.truth import Truth


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
        Monitored cities; `config.city_count` well-known ones are simulated. Six
        cities when not given.
    versions : mapping of str to str or None
        Version of each tracker, for `coverage`; a hash of its query when not given.
    run_id : str
        Of the drawn garments, tags and looks.

    Raises
    ------
    SettingsError
        If there are too few cities, a version is lacking, or a photo is not there.
    """
    config = WorldConfig() if config is None else config
    for photo in config.photos:
        if not photo.is_file():
            raise SettingsError(f"photos: no such file: {photo}")
    versions = tracker_versions(config) if versions is None else versions
    lacking = {tracker.name for tracker in config.trackers} - set(versions)
    if lacking:
        raise SettingsError(f"versions: none given for {', '.join(sorted(lacking))}")
    plan = plan_world(config, default_cities() if cities is None else cities)
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
        self._places = PlaceTeller(plan)

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
        return self._plan.styles.copy()

    @property
    def author_homes(self) -> dict[str, str | None]:
        """City that each author is at home in, by author_id; None for elsewhere."""
        places = [*self.truth.cities, None]
        homes = self._plan.authors.home.tolist()
        ids = self._plan.authors.ids.to_pylist()
        return {author: places[home] for author, home in zip(ids, homes, strict=True)}

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

        Raises
        ------
        SettingsError
            If the day is not one of the world's.
        """
        plan = self._plan
        if not plan.truth.first_day <= day <= plan.truth.last_day:
            raise SettingsError(
                f"the world runs from {plan.truth.first_day} to "
                f"{plan.truth.last_day}, {day} is not in it"
            )
        posts = draw_posts(plan, day, draw_counted(plan, day))
        comments, commented = comments_table(plan, self._writer, day, posts)
        media, photo_rows = media_table(plan, day, posts)
        rng = day_rng(self.config.seed, Stream.LOOKS, day)
        worn = draw_worn(rng, plan, day, posts.counted.place[photo_rows])
        tables = {
            "posts": self._posts(day, posts, commented, worn, photo_rows),
            "comments": comments,
            "media": media,
            "engagement": engagement_table(day, posts, commented),
            "authors": authors_table(plan, day, posts),
            "coverage": coverage_table(plan, day, self._versions),
        }
        if not self.config.photos:
            tables |= seen_tables(
                rng,
                worn,
                taken(posts.ids, photo_rows),
                within_group(photo_rows),
                day=day,
                run_id=self._run_id,
            )
        return tables

    def _posts(
        self, day: date, posts: Posts, commented: Ints, worn: Worn, photo_rows: Ints
    ) -> pa.Table:
        rng = day_rng(self.config.seed, Stream.TEXTS, day)
        garment = rng.integers(0, len(GARMENTS), len(posts))
        colour = rng.integers(0, len(COLOURS), len(posts))
        # what the first photo shows is what the caption names
        shown_garment, shown_colour = worn.first_of()
        is_first = within_group(photo_rows) == 0
        garment[photo_rows[is_first]] = shown_garment[is_first]
        colour[photo_rows[is_first]] = shown_colour[is_first]
        written = self._writer.write(rng, day, posts, garment, colour)
        places = self._places.tell(rng, posts)
        return posts_table(rng, self._plan, day, posts, written, places, commented)
