"""What a simulated world is asked to be, and what is refused."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from trendlab.errors import SettingsError
from trendlab.schemas import TABLES

SOURCE_NAME = "simulated"
MODEL_NAME = "simulated"
MODEL_VERSION = "1"
# A Sunday, so that every week is whole; fixed, so that a demo shows the same figures
# whenever it is run.
DEFAULT_LAST_DAY = date(2026, 3, 1)
# Dates that the lake's door lets in.
FIRST_YEAR, LAST_YEAR = 1990, 2100
# A day is drawn at once; beyond this its arrays no longer fit a small machine.
MAX_POSTS_PER_DAY = 500_000
MAX_WEEKS = 1_040
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

# The six cities of the default world, where a table of cities holds them.
PREFERRED_CITIES = (
    "paris",
    "london",
    "new_york_city",
    "milan",
    "tokyo",
    "sao_paulo",
    "seoul",
    "berlin",
    "sydney",
    "lagos",
)


@dataclass(frozen=True)
class TrackerPlan:
    """A tracker of the world and the share of posts that it draws.

    Parameters
    ----------
    name : str
    share : float
        Weight among the trackers.
    hashtags, keywords, accounts : tuple of str
        The query, as in a tracker file; posts carry at least one of its terms.
    is_brand : bool
        A brand is mentioned by its account.
    spam_hashtag : str or None
        Tag of resellers' listings, which the tracker's exclusion drops.
    """

    name: str
    share: float
    hashtags: tuple[str, ...]
    keywords: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    is_brand: bool = False
    spam_hashtag: str | None = None


DEFAULT_TRACKERS = (
    TrackerPlan(
        name="streetstyle",
        share=0.30,
        hashtags=("streetstyle", "ootd"),
        keywords=("street style",),
    ),
    TrackerPlan(
        name="denim", share=0.20, hashtags=("denim", "rawdenim"), keywords=("selvedge",)
    ),
    TrackerPlan(
        name="vintage",
        share=0.20,
        hashtags=("vintagefashion", "secondhand"),
        keywords=("thrifted",),
    ),
    TrackerPlan(
        name="velmora",
        share=0.30,
        hashtags=("velmora",),
        keywords=("velmora",),
        accounts=("velmora",),
        is_brand=True,
        spam_hashtag="shopmycloset",
    ),
)


@dataclass(frozen=True)
class WorldConfig:
    """Size and content of a world.

    Parameters
    ----------
    seed : int
        Same seed and config, same world, byte for byte.
    last_day : date
        Last day of posts; a Sunday keeps all weeks whole.
    weeks : int
    posts_per_day : float
        Mean of all trackers together.
    city_count : int
        Cities simulated, from the cities given; the rest of the posts is elsewhere.
    trackers : tuple of TrackerPlan
    is_null : bool
        Plant nothing; the noise is the same.
    peaks, dips, influences, events : int
        How many to plant; fewer where the world is too short (see the truth).
    photo_share : float
        Share of posts with photos; 0.62 gives the fourth of six cities more than
        100 looks a week at 220 posts a day.
    comments_per_post : float
        Comments collected, on average.
    hidden_likes_share : float
        Share of authors who hide like counts.
    english_share : float
        Share of English posts in cities that speak another language.
    language_given_share : float
        Share of posts for which the source states a language.
    missing_days, partial_days : int
        Days on which ingestion did not run, or saw half of the posts; worlds of
        less than 12 weeks have none.
    photos : tuple of Path
        Real photos to attach; garments are then not drawn.
    photo_uses : int
        Posts that each photo is attached to.
    """

    seed: int = 1
    last_day: date = DEFAULT_LAST_DAY
    weeks: int = 106
    posts_per_day: float = 220.0
    city_count: int = 6
    trackers: tuple[TrackerPlan, ...] = DEFAULT_TRACKERS
    is_null: bool = False
    peaks: int = 4
    dips: int = 3
    influences: int = 2
    events: int = 2
    photo_share: float = 0.62
    comments_per_post: float = 0.5
    hidden_likes_share: float = 0.1
    english_share: float = 0.7
    language_given_share: float = 0.0
    missing_days: int = 1
    partial_days: int = 1
    photos: tuple[Path, ...] = field(default=())
    photo_uses: int = 1

    def __post_init__(self) -> None:
        self._check_sizes()
        self._check_shares()
        self._check_trackers()

    @property
    def days_count(self) -> int:
        """Days of the world."""
        return 7 * self.weeks

    @property
    def first_day(self) -> date:
        """First day of posts."""
        return self.last_day - timedelta(days=self.days_count - 1)

    def _check_sizes(self) -> None:
        for name, low, high in (
            ("seed", 0, 2**63 - 1),
            ("weeks", 1, MAX_WEEKS),
            ("city_count", 1, 1_000),
            ("peaks", 0, 100),
            ("dips", 0, 100),
            ("influences", 0, 100),
            ("events", 0, 100),
            ("missing_days", 0, 7 * MAX_WEEKS),
            ("partial_days", 0, 7 * MAX_WEEKS),
            ("photo_uses", 1, 1_000_000),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise SettingsError(f"{name} must be a whole number, got {value!r}")
            if not low <= value <= high:
                raise SettingsError(f"{name} must be {low} to {high}, got {value}")
        posts = self.posts_per_day
        if not (math.isfinite(posts) and 0 < posts <= MAX_POSTS_PER_DAY):
            raise SettingsError(
                f"posts_per_day must be above 0 and at most {MAX_POSTS_PER_DAY:,}, "
                f"got {posts}"
            )
        if not FIRST_YEAR < self.last_day.year < LAST_YEAR:
            raise SettingsError(
                f"last_day must lie between {FIRST_YEAR} and {LAST_YEAR}, "
                f"got {self.last_day}"
            )
        if self.first_day.year < FIRST_YEAR:
            raise SettingsError(
                f"{self.weeks} weeks before {self.last_day} begin before {FIRST_YEAR}"
            )
        gaps = self.missing_days + self.partial_days
        if gaps > self.days_count // 2:
            raise SettingsError(
                f"missing_days and partial_days must be at most half of the "
                f"{self.days_count} days, got {gaps}"
            )

    def _check_shares(self) -> None:
        for name in (
            "photo_share",
            "hidden_likes_share",
            "english_share",
            "language_given_share",
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= 1):
                raise SettingsError(f"{name} must be 0 to 1, got {value}")
        if not (math.isfinite(self.comments_per_post) and self.comments_per_post >= 0):
            raise SettingsError(
                f"comments_per_post must be ≥ 0, got {self.comments_per_post}"
            )

    def _check_trackers(self) -> None:
        if not self.trackers:
            raise SettingsError("a world needs at least one tracker")
        names = [tracker.name for tracker in self.trackers]
        if len(set(names)) < len(names) or "all" in names:
            raise SettingsError(
                f"tracker names must differ and not be 'all', got {names}"
            )
        for tracker in self.trackers:
            if not NAME.fullmatch(tracker.name):
                raise SettingsError(
                    f"a tracker's name is lower case letters, digits, _ and -, got "
                    f"{tracker.name!r}"
                )
            if not tracker.hashtags:
                raise SettingsError(f"tracker {tracker.name} needs a hashtag")
            if not (math.isfinite(tracker.share) and tracker.share > 0):
                raise SettingsError(
                    f"tracker {tracker.name}: share must be above 0, got "
                    f"{tracker.share}"
                )


def default_cities() -> pa.Table:
    """Return six cities, for worlds made without a table of monitored cities."""
    rows = [
        ("london", "London", "GB", "Europe", 51.5085, -0.1257, "Europe/London"),
        ("milan", "Milan", "IT", "Europe", 45.4643, 9.1895, "Europe/Rome"),
        (
            "new_york_city",
            "New York City",
            "US",
            "North America",
            40.7143,
            -74.006,
            "America/New_York",
        ),
        ("paris", "Paris", "FR", "Europe", 48.8534, 2.3488, "Europe/Paris"),
        (
            "sao_paulo",
            "Sao Paulo",
            "BR",
            "South America",
            -23.5475,
            -46.6361,
            "America/Sao_Paulo",
        ),
        ("tokyo", "Tokyo", "JP", "Asia", 35.6895, 139.6917, "Asia/Tokyo"),
    ]
    names = ("city", "name", "country_code", "region", "lat", "lon", "time_zone")
    return TABLES["cities"].from_rows(
        [dict(zip(names, row, strict=True), radius_km=50.0) for row in rows]
    )


def choose_cities(cities: pa.Table, count: int) -> pa.Table:
    """Return the cities to simulate: well-known ones first, then in order.

    Raises
    ------
    SettingsError
        If there are fewer cities than asked for.
    """
    if count > cities.num_rows:
        raise SettingsError(
            f"city_count must be at most the {cities.num_rows} monitored cities, "
            f"got {count}"
        )
    ids = cities["city"].to_pylist()
    ordered = [ids.index(city) for city in PREFERRED_CITIES if city in ids]
    ordered += [index for index in range(len(ids)) if index not in ordered]
    return cities.take(pa.array(ordered[:count], pa.int64())).combine_chunks()
