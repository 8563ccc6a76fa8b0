"""Authors with a part: those who drive peaks, one who buys followers and comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from trendlab.sources.world.authors import JUMP_FACTOR, Authors
from trendlab.sources.world.config import WorldConfig
from trendlab.sources.world.streams import Bools, Stream, plan_rng
from trendlab.sources.world.truth import (
    PlantedInfluencer,
    PlantedPeak,
    PlantedSuspect,
)

# Authors who drive a peak.
DRIVERS_PER_PEAK = 4
# They have an audience, yet are no celebrities.
DRIVER_FOLLOWERS = (50_000, 800_000)
# Large enough that a jump is thousands, small enough that it is out of line.
SUSPECT_FOLLOWERS = (4_000, 40_000)
# Days before the end: within the newest window of influencers.
SUSPECT_DAYS = 9
# Days before the end from which a suspect's comments are bought.
COPIES_DAYS = 28


@dataclass(frozen=True)
class Drivers:
    """Positions of authors with a part to play.

    Parameters
    ----------
    of_peak : mapping of str to tuple of int
    regulars : tuple of (int, int)
        Author and tracker: posts there a few times a week, from home.
    suspects : tuple of int
    """

    of_peak: Mapping[str, tuple[int, ...]]
    regulars: tuple[tuple[int, int], ...]
    suspects: tuple[int, ...]


NOBODY = Drivers({}, (), ())


def choose_drivers(
    config: WorldConfig,
    authors: Authors,
    peaks: Sequence[PlantedPeak],
    cities: Sequence[str],
) -> Drivers:
    """Choose the drivers of each peak and a suspect, all different.

    The first driver of each peak is at work in a second tracker too.
    """
    rng = plan_rng(config.seed + 4, Stream.PLAN)
    names = [tracker.name for tracker in config.trackers]
    fit = (authors.home < len(cities)) & ~authors.hides_likes & ~authors.is_brand
    of_peak: dict[str, tuple[int, ...]] = {}
    regulars: list[tuple[int, int]] = []
    for peak in peaks:
        tracker = names.index(peak.tracker)
        mine = fit & (authors.tracker == tracker)
        if peak.cities:
            at_home = [cities.index(city) for city in peak.cities]
            mine &= np.isin(authors.home, at_home)
        chosen = _nearest(rng, authors, mine, DRIVER_FOLLOWERS, DRIVERS_PER_PEAK)
        fit[list(chosen)] = False
        of_peak[peak.name] = chosen
        regulars += [(row, tracker) for row in chosen]
        if chosen and len(names) > 1:
            regulars.append((chosen[0], (tracker + 1) % len(names)))
    suspects = _nearest(rng, authors, fit, SUSPECT_FOLLOWERS, 1)
    regulars += [(row, int(authors.tracker[row])) for row in suspects]
    return Drivers(of_peak, tuple(regulars), suspects)


def _nearest(
    rng: np.random.Generator,
    authors: Authors,
    is_fit: Bools,
    followers: tuple[int, int],
    count: int,
) -> tuple[int, ...]:
    """Return fit authors within a range of followers, else the nearest to it."""
    rows = np.flatnonzero(is_fit)
    reach = np.maximum(authors.followers[rows], 1)
    outside = np.maximum(np.maximum(followers[0] / reach, reach / followers[1]), 1.0)
    best = rows[np.lexsort((rng.random(len(rows)), outside))]
    return tuple(best[:count].tolist())


def with_jumps(config: WorldConfig, authors: Authors, drivers: Drivers) -> Authors:
    """Return the authors with the suspects' jump in followers."""
    jump_day = authors.jump_day.copy()
    jump_day[list(drivers.suspects)] = max(config.days_count - SUSPECT_DAYS, 0)
    return replace(authors, jump_day=jump_day)


def name_influencers(
    authors: Authors,
    drivers: Drivers,
    trackers: Sequence[str],
    cities: Sequence[str],
) -> tuple[PlantedInfluencer, ...]:
    """Return the drivers as the truth names them, by author."""
    peak_of = {row: name for name, rows in drivers.of_peak.items() for row in rows}
    named = []
    for row in sorted(peak_of):
        active = {tracker for author, tracker in drivers.regulars if author == row}
        named.append(
            PlantedInfluencer(
                author_id=authors.ids[row].as_py(),
                handle=authors.handles[row].as_py(),
                home_city=cities[authors.home[row]],
                followers_count=int(authors.followers[row]),
                trackers=tuple(trackers[tracker] for tracker in sorted(active)),
                peaks=(peak_of[row],),
            )
        )
    return tuple(named)


def name_suspects(
    config: WorldConfig, authors: Authors, drivers: Drivers
) -> tuple[PlantedSuspect, ...]:
    """Return the suspects as the truth names them."""
    return tuple(
        PlantedSuspect(
            author_id=authors.ids[row].as_py(),
            handle=authors.handles[row].as_py(),
            jump_on=config.first_day + timedelta(days=int(authors.jump_day[row])),
            factor=JUMP_FACTOR,
            copies_from_on=config.last_day - timedelta(days=COPIES_DAYS - 1),
        )
        for row in drivers.suspects
    )
