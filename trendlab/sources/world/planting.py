"""Where peaks, dips, events and gaps go: apart from each other, after a baseline."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

import numpy as np

from trendlab.sources.world.config import TrackerPlan, WorldConfig
from trendlab.sources.world.streams import Stream, plan_rng
from trendlab.sources.world.truth import PlantedDip, PlantedEvent, PlantedPeak
from trendlab.sources.world.vocabulary import DIP_THEMES, EVENT_THEMES, PEAK_THEMES

# Detectors look back 84 days; nothing is planted before, unless the world is short.
BASELINE_DAYS = 84
# The least baseline that a rule accepts.
MIN_BASELINE_DAYS = 28
# Planted runs of a tracker stay this far apart, so that each has a clean baseline.
APART_DAYS = 18
# The last peak and the last dip stand before the last day by this, so that a report
# on the newest weeks shows them.
LAST_PEAK_DAYS, LAST_DIP_DAYS = 12, 3
# The first ones, apart so that the tracker 'all' shows one thing at a time.
FIRST_PEAK_DAY, FIRST_DIP_DAY = BASELINE_DAYS + 7, BASELINE_DAYS + 45

PEAK_FACTORS = (3.2, 4.5, 3.6, 3.2)
# One tracker in one city has a dozen posts a day, whose logarithm wavers by a third:
# 4.5 times as many on a day of a low draw is a candidate (z 3.2), no peak.
LOCAL_PEAK_FACTOR = 7.0
PEAK_DAYS = (3, 2, 4, 2)
PEAK_AUTHOR_SHARE = 0.25
# Of so many peaks one is of a single city.
LOCAL_PEAK_EVERY = 3
DIP_DAYS = 3
# Share of the tracker's posts about the topic, negative share within it, posts as a
# multiple of the ordinary day: a scandal that does not move the total, and a topic
# that barely moves the tracker's share.
DIP_SHAPES = ((0.5, 0.7, 1.0), (0.45, 0.75, 1.0))
# The last dip, which a report shows, moves both the share and the total.
LAST_DIP_SHAPE = (0.45, 0.7, 1.5)
EVENT_STRENGTH = 0.45
WEEKS_PER_YEAR = 52
# A gap in a world shorter than a baseline would be most of what there is to see.
MIN_GAP_WEEKS = 12


def plan_gaps(config: WorldConfig) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """Choose days without ingestion, and days of which half was seen."""
    if config.weeks < MIN_GAP_WEEKS:
        return (), ()
    rng = plan_rng(config.seed, Stream.PLAN)
    wanted = config.missing_days + config.partial_days
    # reports show the last month
    room = max(config.days_count - 28, wanted)
    chosen = rng.choice(room, wanted, replace=False).tolist()
    days = [config.first_day + timedelta(days=offset) for offset in chosen]
    return (
        tuple(sorted(days[: config.missing_days])),
        tuple(sorted(days[config.missing_days :])),
    )


class _Calendar:
    """Days that are still free, tracker by tracker."""

    def __init__(self, config: WorldConfig, gaps: Collection[date]) -> None:
        self.config = config
        self.gaps = gaps
        long_enough = config.days_count >= 2 * BASELINE_DAYS
        self.first = BASELINE_DAYS if long_enough else MIN_BASELINE_DAYS
        self.taken: dict[str, list[tuple[int, int]]] = {}

    def note(self, tracker: str, start: int, days: int) -> None:
        self.taken.setdefault(tracker, []).append((start, start + days - 1))

    def is_free(self, tracker: str, start: int, days: int) -> bool:
        end = start + days - 1
        if start < self.first or end >= self.config.days_count:
            return False
        first_day = self.config.first_day
        if any(start <= (gap - first_day).days <= end for gap in self.gaps):
            return False
        return all(
            end + APART_DAYS < other_start or other_end + APART_DAYS < start
            for other_start, other_end in self.taken.get(tracker, [])
        )

    def find(
        self, rng: np.random.Generator, tracker: str, wanted: int, days: int
    ) -> int | None:
        """Return the free start nearest to the wanted one, or None."""
        offsets = np.arange(self.config.days_count)
        order = np.lexsort((rng.random(len(offsets)), np.abs(offsets - wanted)))
        for start in offsets[order].tolist():
            if self.is_free(tracker, start, days):
                return int(start)
        return None


def plan_peaks(
    config: WorldConfig, cities: list[str], gaps: Collection[date]
) -> tuple[PlantedPeak, ...]:
    """Plan peaks, spread over the world, the last one in its last weeks.

    Who drives them is not known yet: `author_ids` is empty.
    """
    rng = plan_rng(config.seed + 1, Stream.PLAN)
    calendar = _Calendar(config, gaps)
    # a brand is never last: the last peak and the last dip would crowd each other
    ordered = [tracker for tracker in config.trackers if not tracker.is_brand]
    ordered[1:1] = [tracker for tracker in config.trackers if tracker.is_brand]
    peaks = []
    for number in range(config.peaks):
        tracker = ordered[number % len(ordered)]
        length = PEAK_DAYS[number % len(PEAK_DAYS)]
        wanted = _spread(config, number, config.peaks, FIRST_PEAK_DAY, LAST_PEAK_DAYS)
        start = calendar.find(rng, tracker.name, wanted, length)
        if start is None:
            continue
        calendar.note(tracker.name, start, length)
        words, hashtag = PEAK_THEMES[number % len(PEAK_THEMES)]
        day = config.first_day + timedelta(days=start)
        is_local = number % LOCAL_PEAK_EVERY == 1
        where = (cities[number % len(cities)],) if is_local else ()
        peaks.append(
            PlantedPeak(
                name=f"peak-{number + 1}",
                tracker=tracker.name,
                cities=where,
                start_on=day,
                apex_on=day + timedelta(days=(length - 1) // 2),
                end_on=day + timedelta(days=length - 1),
                factor=(
                    LOCAL_PEAK_FACTOR
                    if is_local
                    else PEAK_FACTORS[number % len(PEAK_FACTORS)]
                ),
                hashtag=_round_name(hashtag, number // len(PEAK_THEMES)),
                words=words,
                author_ids=(),
                author_share=PEAK_AUTHOR_SHARE,
            )
        )
    return tuple(peaks)


def plan_dips(
    config: WorldConfig, gaps: Collection[date], peaks: Collection[PlantedPeak]
) -> tuple[PlantedDip, ...]:
    """Plan dips away from the tracker's peaks, the last one in the last days."""
    rng = plan_rng(config.seed + 2, Stream.PLAN)
    calendar = _Calendar(config, gaps)
    for peak in peaks:
        begin = (peak.start_on - config.first_day).days
        calendar.note(peak.tracker, begin, (peak.end_on - peak.start_on).days + 1)
    # brands first: what is written badly of is mostly a brand
    ordered = sorted(config.trackers, key=lambda tracker: not tracker.is_brand)
    dips = []
    for number in range(config.dips):
        tracker = _dip_tracker(ordered, number, config.dips)
        wanted = _spread(config, number, config.dips, FIRST_DIP_DAY, LAST_DIP_DAYS)
        start = calendar.find(rng, tracker.name, wanted, DIP_DAYS)
        if start is None:
            continue
        calendar.note(tracker.name, start, DIP_DAYS)
        words, hashtag = DIP_THEMES[number % len(DIP_THEMES)]
        topic, negative, factor = DIP_SHAPES[number % len(DIP_SHAPES)]
        if number == config.dips - 1:
            topic, negative, factor = LAST_DIP_SHAPE
        day = config.first_day + timedelta(days=start)
        dips.append(
            PlantedDip(
                name=f"dip-{number + 1}",
                tracker=tracker.name,
                start_on=day,
                end_on=day + timedelta(days=DIP_DAYS - 1),
                words=words,
                hashtag=_round_name(hashtag, number // len(DIP_THEMES)),
                topic_share=topic,
                negative_share=negative,
                count_factor=factor,
            )
        )
    return tuple(dips)


def _dip_tracker(ordered: list[TrackerPlan], number: int, count: int) -> TrackerPlan:
    """Give the brand the first and the last dip."""
    return ordered[0] if number == count - 1 else ordered[number % len(ordered)]


def plan_events(
    config: WorldConfig, cities: list[str], monday: date, weeks: int
) -> tuple[PlantedEvent, ...]:
    """Plan weeks with a surge; the first event comes back a year later if it can."""
    rng = plan_rng(config.seed + 3, Stream.PLAN)
    events = []
    used: set[tuple[str, int]] = set()
    for number in range(config.events):
        kind, value, words, hashtag = EVENT_THEMES[number % len(EVENT_THEMES)]
        city = cities[(number + 1) % len(cities)]
        is_yearly = number % 2 == 0 and weeks > WEEKS_PER_YEAR + 12
        room = weeks - WEEKS_PER_YEAR if is_yearly else weeks
        low = min(8, max(room - 3, 0))
        week = int(rng.integers(low, max(room - 2, low + 1)))
        while (city, week) in used and week > 0:
            week -= 1
        repeats = (week, week + WEEKS_PER_YEAR) if is_yearly else (week,)
        used.update((city, one) for one in repeats)
        events.append(
            PlantedEvent(
                name=f"event-{number + 1}",
                city=city,
                weeks=tuple(monday + timedelta(weeks=one) for one in repeats),
                kind=kind,
                value=value,
                strength=EVENT_STRENGTH,
                is_yearly=is_yearly,
                words=words,
                hashtag=_round_name(hashtag, number // len(EVENT_THEMES)),
            )
        )
    return tuple(events)


def _spread(
    config: WorldConfig, number: int, count: int, first_day: int, before_end: int
) -> int:
    """Return the wanted start of one of `count` runs; the last is near the end."""
    last = config.days_count - before_end
    if number == count - 1:
        return last
    first = min(first_day, last)
    return first + (last - first) * number // max(count - 1, 1)


def _round_name(hashtag: str, repeat: int) -> str:
    return hashtag if repeat == 0 else f"{hashtag}{repeat + 1}"
