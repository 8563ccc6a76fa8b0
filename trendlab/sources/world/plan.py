"""Chooses what is planted, and lays out the whole world's expected counts.

Everything here is drawn once and is small: arrays over days, weeks, trackers and
places. Single posts are drawn day by day from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from trendlab.sources.world.authors import Authors, make_authors
from trendlab.sources.world.config import WorldConfig, choose_cities
from trendlab.sources.world.drivers import (
    NOBODY,
    Drivers,
    choose_drivers,
    name_influencers,
    name_suspects,
    with_jumps,
)
from trendlab.sources.world.planting import (
    plan_dips,
    plan_events,
    plan_gaps,
    plan_peaks,
)
from trendlab.sources.world.streams import Floats, Ints, Stream, plan_rng
from trendlab.sources.world.styles import plan_influences, planted_styles, style_shares
from trendlab.sources.world.truth import PlantedPeak, Truth
from trendlab.sources.world.vocabulary import (
    ELSEWHERE,
    LANGUAGE_OF_COUNTRY,
    LANGUAGES,
)

# Share of posts from places that nobody monitors.
ELSEWHERE_SHARE = 0.06
# The last city's posts as a share of the first's.
LAST_CITY_WEIGHT = 0.5
# Share of English texts in places whose language is not among those simulated.
ENGLISH_AT_HOME = 0.95
# Monday to Sunday: people post at weekends.
WEEKDAYS = np.array([0.95, 0.92, 0.94, 0.98, 1.04, 1.12, 1.05])
YEARLY_SWING = 0.12
YEARLY_GROWTH = 0.08
# Slow wander of a tracker's level, as log amplitude.
DRIFT = 0.05
DAYS_PER_YEAR = 365.25
# Mid-January is midwinter in the north; beyond 40 degrees seasons are full.
MIDWINTER_DAY = 15
FULL_SEASON_DEGREES = 40.0
# An elsewhere town nearer than this to a monitored city could be taken for it.
ELSEWHERE_KM = 300.0
EARTH_KM = 6371.0


@dataclass(frozen=True)
class Plan:
    """A world before its posts: truth, authors and expected values.

    Parameters
    ----------
    config : WorldConfig
    truth : Truth
    cities : pyarrow.Table[cities]
        The simulated ones, in the order of places.
    authors : Authors
    rates : (days, trackers, places) float64
        Expected posts without what is planted.
    styles : (weeks, places, styles) float64
        Share of each style.
    seasons : (weeks, places) float64
        1 in deep winter, −1 in high summer.
    elsewhere : tuple of (str, float, float)
        Towns with coordinates, far from every monitored city.
    drivers : Drivers
    first_monday : date
    english : (places,) float64
        Share of English texts.
    languages : (places,) int64
        Position of the place's language in `vocabulary.LANGUAGES`, −1 for English.
    utc_offsets : (places,) float64
        Hours that local solar time is ahead of UTC.
    """

    config: WorldConfig
    truth: Truth
    cities: pa.Table
    authors: Authors
    rates: Floats
    styles: Floats
    seasons: Floats
    elsewhere: tuple[tuple[str, float, float], ...]
    drivers: Drivers
    first_monday: date
    english: Floats
    languages: Ints
    utc_offsets: Floats

    @property
    def place_count(self) -> int:
        """Cities and elsewhere."""
        return len(self.truth.cities) + 1

    def day_index(self, day: date) -> int:
        """Return the position of a day in the world."""
        return (day - self.config.first_day).days

    def week_index(self, day: date) -> int:
        """Return the position of a day's ISO week in the world."""
        return (day - self.first_monday).days // 7


def plan_world(config: WorldConfig, cities: pa.Table) -> Plan:
    """Plan a world over the cities given; see `WorldConfig`."""
    chosen = choose_cities(cities, config.city_count)
    ids = chosen["city"].to_pylist()
    weights = _place_weights(len(ids))
    authors = make_authors(config, weights, chosen["name"].to_pylist())
    monday = config.first_day - timedelta(days=config.first_day.weekday())
    weeks = (config.last_day - monday).days // 7 + 1
    seasons = _seasons(chosen["lat"].to_numpy(), monday, weeks)
    edges = plan_influences(ids, config.influences)
    shares = style_shares(
        config.seed,
        weeks,
        seasons,
        ids,
        () if config.is_null else edges,
        frozenset((edge.style, edge.source_city) for edge in edges),
    )
    languages = np.array(
        [_language_of(code) for code in chosen["country_code"].to_pylist()] + [-1]
    )
    missing, partial = plan_gaps(config)
    gaps = {*missing, *partial}
    peaks: tuple[PlantedPeak, ...] = ()
    drivers = NOBODY
    if not config.is_null:
        peaks = plan_peaks(config, ids, gaps)
        drivers = choose_drivers(config, authors, peaks, ids)
        authors = with_jumps(config, authors, drivers)
        peaks = tuple(
            replace(peak, author_ids=_ids_of(authors, drivers.of_peak[peak.name]))
            for peak in peaks
        )
    names = tuple(tracker.name for tracker in config.trackers)
    truth = Truth(
        seed=config.seed,
        is_null=config.is_null,
        first_day=config.first_day,
        last_day=config.last_day,
        posts_per_day=config.posts_per_day,
        trackers=names,
        cities=tuple(ids),
        peaks=peaks,
        dips=() if config.is_null else plan_dips(config, gaps, peaks),
        influencers=name_influencers(authors, drivers, names, ids),
        suspects=name_suspects(config, authors, drivers),
        events=() if config.is_null else plan_events(config, ids, monday, weeks),
        influences=() if config.is_null else edges,
        styles=planted_styles(),
        missing_days=missing,
        partial_days=partial,
    )
    return Plan(
        config=config,
        truth=truth,
        cities=chosen,
        authors=authors,
        rates=_rates(config, weights),
        styles=shares,
        seasons=seasons,
        elsewhere=_far_towns(cities),
        drivers=drivers,
        first_monday=monday,
        english=_english_shares(config, languages),
        languages=languages,
        utc_offsets=np.append(np.round(chosen["lon"].to_numpy() / 15.0), 0.0),
    )


def _ids_of(authors: Authors, rows: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(authors.ids.take(pa.array(rows, pa.int64())).to_pylist())


def _place_weights(city_count: int) -> Floats:
    cities = np.linspace(1.0, LAST_CITY_WEIGHT, city_count)
    cities *= (1 - ELSEWHERE_SHARE) / cities.sum()
    return np.append(cities, ELSEWHERE_SHARE)


def _language_of(country_code: str) -> int:
    language = LANGUAGE_OF_COUNTRY.get(country_code)
    return -1 if language is None else LANGUAGES.index(language)


def _english_shares(config: WorldConfig, languages: Ints) -> Floats:
    # even where English is spoken, the world has guests
    at_home = max(ENGLISH_AT_HOME, config.english_share)
    return np.where(languages < 0, at_home, config.english_share)


def _seasons(lats: Floats, monday: date, weeks: int) -> Floats:
    midweek = monday.timetuple().tm_yday + 3 + 7 * np.arange(weeks)
    winter = np.cos(2 * np.pi * (midweek - MIDWINTER_DAY) / DAYS_PER_YEAR)
    strength = np.clip(
        np.append(lats, FULL_SEASON_DEGREES) / FULL_SEASON_DEGREES, -1, 1
    )
    return np.asarray(winter[:, None] * strength)


def _rates(config: WorldConfig, place_weights: Floats) -> Floats:
    """Expected posts by day, tracker and place: season, week, growth, slow drift."""
    rng = plan_rng(config.seed, Stream.PLAN)
    days = np.arange(config.days_count)
    weekday = WEEKDAYS / WEEKDAYS.mean()
    level = weekday[(days + config.first_day.weekday()) % 7]
    of_year = config.first_day.timetuple().tm_yday + days
    level = level * (
        1 + YEARLY_SWING * np.cos(2 * np.pi * (of_year - 270) / DAYS_PER_YEAR)
    )
    growth = np.exp(YEARLY_GROWTH * (days - days.mean()) / DAYS_PER_YEAR)
    shares = np.array([tracker.share for tracker in config.trackers])
    drift = np.zeros((len(days), len(shares)))
    for period in (190.0, 310.0):
        phase = rng.random(len(shares)) * 2 * np.pi
        drift += DRIFT * np.sin(2 * np.pi * days[:, None] / period + phase)
    by_tracker = (level * growth)[:, None] * np.exp(drift) * shares / shares.sum()
    by_tracker *= config.posts_per_day / by_tracker.sum(axis=1).mean()
    return np.asarray(by_tracker[:, :, None] * place_weights)


def _far_towns(cities: pa.Table) -> tuple[tuple[str, float, float], ...]:
    """Return the elsewhere towns that no monitored city is near to."""
    lat = np.radians(cities["lat"].to_numpy())
    lon = np.radians(cities["lon"].to_numpy())
    far = []
    for name, town_lat, town_lon in ELSEWHERE:
        here = np.radians(town_lat), np.radians(town_lon)
        cosine = np.sin(lat) * np.sin(here[0]) + np.cos(lat) * np.cos(here[0]) * np.cos(
            lon - here[1]
        )
        km = EARTH_KM * np.arccos(np.clip(cosine, -1, 1))
        if not len(km) or km.min() > ELSEWHERE_KM:
            far.append((name, town_lat, town_lon))
    # a table that covers the whole globe leaves the middle of the ocean
    return tuple(far) if far else (("Point Nemo", -48.8767, -123.3933),)
