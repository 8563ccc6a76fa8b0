"""Simulated worlds with known truth, and how well rows of events match it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from trendlab.sources.world import World, WorldConfig, simulate

ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=8)
def small_world(
    *, weeks: int = 40, posts_per_day: float = 200.0, is_null: bool = False, **more: Any
) -> World:
    """Return a world that is planned in milliseconds; days are drawn when asked for.

    `small_world(is_null=True)` has the same noise and nothing planted. Keyword
    arguments are those of `WorldConfig`.
    """
    return simulate(
        WorldConfig(weeks=weeks, posts_per_day=posts_per_day, is_null=is_null, **more)
    )


def tables_of(
    world: World, first_day: date | None = None, last_day: date | None = None
) -> dict[str, pa.Table]:
    """Return the tables of a range of days, each in one piece."""
    parts: dict[str, list[pa.Table]] = {}
    for _, tables in world.days(first_day, last_day):
        for name, rows in tables.items():
            parts.setdefault(name, []).append(rows)
    return {name: pa.concat_tables(rows) for name, rows in parts.items()}


def write_trackers(world: World, folder: Path) -> Path:
    """Write the world's tracker file into a folder and return its path."""
    path = folder / "trackers.yml"
    path.write_text(world.trackers_yaml, encoding="utf-8")
    return path


def days_between(first_day: date, last_day: date) -> list[date]:
    """Return the days of a range, both ends included."""
    count = (last_day - first_day).days + 1
    return [first_day + i * ONE_DAY for i in range(count)]


def quiet_days(world: World, tracker: str, apart: int = 3) -> list[date]:
    """Return days on which a tracker has no planted peak, dip or gap near."""
    truth = world.truth
    runs = [run for run in (*truth.peaks, *truth.dips) if run.tracker == tracker]
    loud = {
        day
        for run in runs
        for day in days_between(
            run.start_on - apart * ONE_DAY, run.end_on + apart * ONE_DAY
        )
    }
    gaps = {*truth.missing_days, *truth.partial_days}
    every = days_between(truth.first_day, truth.last_day)
    return [day for day in every if day not in loud and day not in gaps]


@dataclass(frozen=True)
class Matching:
    """Planted runs that were found, that were not, and events that match none."""

    found: tuple[str, ...]
    missed: tuple[str, ...]
    false_events: tuple[Mapping[str, Any], ...]


def match_events(
    planted: Iterable[Any], events: Iterable[Mapping[str, Any]], *, slack_days: int = 1
) -> Matching:
    """Match detected events to planted peaks or dips of the same tracker.

    Parameters
    ----------
    planted : iterable of PlantedPeak or PlantedDip
    events : iterable of mapping
        With tracker, start_on and end_on; those of the tracker 'all' match any.
    slack_days : int
        Days that an event may begin late or end late and still be the planted one.
    """
    runs = list(planted)
    slack = slack_days * ONE_DAY
    found, false_events = set(), []
    for event in events:
        mine = [
            run.name
            for run in runs
            if event["tracker"] in (run.tracker, "all")
            and event["start_on"] <= run.end_on + slack
            and event["end_on"] >= run.start_on - slack
        ]
        found.update(mine)
        if not mine:
            false_events.append(event)
    return Matching(
        found=tuple(run.name for run in runs if run.name in found),
        missed=tuple(run.name for run in runs if run.name not in found),
        false_events=tuple(false_events),
    )
