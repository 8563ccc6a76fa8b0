"""Opens the data folder: settings → lake, trackers, cities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from trendlab.errors import SettingsError
from trendlab.lake import Lake
from trendlab.places.cities import read_cities, seed_cities
from trendlab.settings import Settings
from trendlab.steps.step import Context, Progress, no_progress
from trendlab.trackers import Tracker, load_trackers


def open_context(
    settings: Settings, *, progress: Progress = no_progress, need_trackers: bool = True
) -> Context:
    """Open the lake under the home and read the tracker file.

    Raises
    ------
    SettingsError
        If trackers are needed and there is no tracker file.
    """
    path = settings.trackers_path
    trackers: list[Tracker] = []
    if path.exists():
        trackers = load_trackers(path)
    elif need_trackers:
        raise SettingsError(
            f"no tracker file at {path}: write one (see docs/trackers.md), point "
            "TRENDLAB_TRACKERS_FILE at one, or run `trendlab simulate` for a world "
            "with trackers"
        )
    # not before it is known that something will be done
    settings.home.mkdir(parents=True, exist_ok=True)
    return Context(
        settings=settings,
        lake=Lake(settings.home / "lake"),
        trackers=trackers,
        cities=_cities_of(trackers),
        progress=progress,
    )


def check_tracker(name: str, known: Iterable[str]) -> None:
    """Refuse the name of a tracker that is not there.

    Raises
    ------
    SettingsError
        With the names that are known, each once, in the order given.
    """
    names = list(dict.fromkeys(known))
    if not names:
        raise SettingsError(
            f"--tracker: expected a tracker of the tracker file, which names none, got "
            f"{name!r}; write it there first (trackers.yml in the data folder, "
            "docs/trackers.md shows how)"
        )
    if name not in names:
        told = ", ".join(names)
        raise SettingsError(f"--tracker: expected one of {told}, got {name!r}")


def _cities_of(trackers: list[Tracker]) -> pa.Table:
    """Return the seed cities and those that trackers add; the latter win."""
    added = {
        city["city"]: city for tracker in trackers for city in tracker.added_cities()
    }
    seed = seed_cities()
    if not added:
        return seed
    kept = [row for row in seed.to_pylist() if row["city"] not in added]
    return read_cities([*kept, *added.values()])


def days_known(context: Context) -> list[date]:
    """Return the days that hold posts or were covered, rising."""
    known = set(context.lake.days("posts")) | set(context.lake.days("coverage"))
    return sorted(known)
