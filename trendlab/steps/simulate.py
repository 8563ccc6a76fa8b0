"""Writes a simulated world into the lake, with its tracker file and its truth."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import SettingsError
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.sources.world import (
    DEFAULT_LAST_DAY,
    SOURCE_NAME,
    World,
    WorldConfig,
    default_cities,
    simulate,
)
from trendlab.steps.code_hash import hash_of
from trendlab.steps.step import Progress, no_progress
from trendlab.trackers import load_trackers

log = logging.getLogger(__name__)

TRUTH_NAME = "truth.json"
TRACKERS_NAME = "trackers.yml"
PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
# Days and rows that are held before they are written: bounds the memory.
BATCH_DAYS = 112
BATCH_ROWS = 400_000


@dataclass
class SimulationReport:
    """What a simulation wrote: rows by table, files, seconds."""

    world: World
    trackers_path: Path
    truth_path: Path
    rows: dict[str, int] = field(default_factory=dict)
    photos_count: int = 0
    seconds: float = 0.0

    def lines(self) -> list[str]:
        """Return the lines that the command prints."""
        truth = self.world.truth
        counted = ", ".join(
            f"{self.rows.get(name, 0):,} {name}"
            for name in ("posts", "comments", "media", "garments")
        )
        planted = (
            "nothing planted (null world)"
            if truth.is_null
            else f"planted {len(truth.peaks)} peaks, {len(truth.dips)} dips, "
            f"{len(truth.influencers)} influencers, {len(truth.events)} events, "
            f"{len(truth.influences)} influences"
        )
        lines = [
            f"simulated {truth.first_day} to {truth.last_day}, seed {truth.seed}: "
            f"{counted}, {self.seconds:.1f} s",
            planted,
        ]
        if self.world.config.photos:
            lines.append(
                f"{self.photos_count:,} posts carry real photos; garments wait for "
                "`trendlab detect`"
            )
        else:
            lines.append("garments are drawn (model_name simulated): no model ran")
        lines.append(f"trackers: {self.trackers_path}")
        lines.append(f"truth: {self.truth_path}")
        return lines


def simulate_world(
    lake: Lake,
    home: Path,
    *,
    weeks: int = 106,
    posts_per_day: float = 220,
    city_count: int = 6,
    seed: int = 1,
    last_day: date | None = None,
    is_null: bool = False,
    photos: Path | None = None,
    cities: pa.Table | None = None,
    progress: Progress = no_progress,
) -> SimulationReport:
    """Simulate a world and write it into the lake.

    Parameters
    ----------
    lake : Lake
    home : Path
        Where `trackers.yml` and `truth.json` go.
    weeks, posts_per_day, city_count, seed, is_null
        See `WorldConfig`.
    last_day : date or None
        `DEFAULT_LAST_DAY` when not given.
    photos : Path or None
        Folder of photos to attach, each to one post.
    cities : pyarrow.Table[cities] or None
        Monitored cities.
    progress : Progress

    Raises
    ------
    SettingsError
        If a setting is out of range, the folder holds no photos, or the home holds
        other trackers or another world.

    Notes
    -----
    The same arguments write the same bytes, so a simulation that was interrupted is
    simply run again. Garments, their tags and looks are written here too: the detect
    and tag steps leave rows with model_name `simulated` as they are.
    """
    started = time.monotonic()
    config = WorldConfig(
        seed=seed,
        last_day=DEFAULT_LAST_DAY if last_day is None else last_day,
        weeks=weeks,
        posts_per_day=float(posts_per_day),
        city_count=city_count,
        is_null=is_null,
        photos=_photos(photos),
    )
    known = default_cities() if cities is None else cities
    run_id = hash_of("simulate", repr(config))
    world = simulate(config, cities=known, run_id=run_id)
    with lake.lock():
        trackers_path, truth_path = _write_files(world, home)
        versions = {
            tracker.name: tracker.version for tracker in load_trackers(trackers_path)
        }
        world = simulate(config, cities=known, versions=versions, run_id=run_id)
        report = SimulationReport(world, trackers_path, truth_path)
        _write_days(lake, world, report, progress)
        _write_book(lake, world, report, run_id)
    report.seconds = time.monotonic() - started
    log.info(
        "simulate: %d days, %d posts, %.1f s",
        config.days_count,
        report.rows.get("posts", 0),
        report.seconds,
    )
    return report


def _photos(folder: Path | None) -> tuple[Path, ...]:
    if folder is None:
        return ()
    if not folder.is_dir():
        raise SettingsError(f"--photos wants a folder of photos, got {folder}")
    found = tuple(
        sorted(
            path
            for path in folder.rglob("*")
            if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file()
        )
    )
    if not found:
        raise SettingsError(
            f"--photos {folder} holds no photos ({', '.join(sorted(PHOTO_SUFFIXES))})"
        )
    return found


def _write_files(world: World, home: Path) -> tuple[Path, Path]:
    """Write the tracker file and the truth, unless others are there."""
    wanted = {
        home / TRUTH_NAME: world.truth.to_json() + "\n",
        home / TRACKERS_NAME: world.trackers_yaml,
    }
    for path, text in wanted.items():
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise SettingsError(
                f"{path} is there already and is not of this world: choose another "
                "--home, or remove the old one first"
            )
    home.mkdir(parents=True, exist_ok=True)
    for path, text in wanted.items():
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    return home / TRACKERS_NAME, home / TRUTH_NAME


def _write_days(
    lake: Lake, world: World, report: SimulationReport, progress: Progress
) -> None:
    """Write the days in batches, table by table."""
    pending: dict[str, dict[date, pa.Table]] = {}
    held_days = held_rows = 0
    total = world.config.days_count
    for done, (day, tables) in enumerate(world.days(), start=1):
        for name, rows in tables.items():
            if not rows.num_rows:
                continue
            # readings are taken a day after the post, and stored under that day
            stored_on = day + timedelta(days=1) if name == "engagement" else day
            pending.setdefault(name, {})[stored_on] = rows
            report.rows[name] = report.rows.get(name, 0) + rows.num_rows
            held_rows += rows.num_rows
        report.photos_count += _stored_count(tables["media"])
        held_days += 1
        if held_days == BATCH_DAYS or held_rows >= BATCH_ROWS or done == total:
            for name, parts in pending.items():
                lake.write_many(name, parts, source=SOURCE_NAME)
            pending, held_days, held_rows = {}, 0, 0
            progress("simulate", done, total)


def _stored_count(media: pa.Table) -> int:
    is_stored = pc.equal(media["status"], "stored")
    return int(pc.sum(is_stored, min_count=0).as_py())


def _write_book(
    lake: Lake, world: World, report: SimulationReport, run_id: str
) -> None:
    """Note the simulation in the book of ingests: all that is drawn is accepted."""
    truth = world.truth
    ended = datetime.combine(
        truth.last_day + timedelta(days=1), clock_time(2), tzinfo=UTC
    )
    count = report.rows.get("posts", 0) + report.rows.get("comments", 0)
    row = {
        "day": truth.last_day,
        "source": SOURCE_NAME,
        "ingest_id": run_id,
        "path": SOURCE_NAME,
        "format": SOURCE_NAME,
        "read_count": count,
        "accepted_count": count,
        "rejected_count": 0,
        "added_count": count,
        "updated_count": 0,
        "first_on": truth.first_day,
        "last_on": truth.last_day,
        "observed_at": ended,
    }
    rows = TABLES["ingests"].from_rows([row])
    lake.write("ingests", truth.last_day, rows, source=SOURCE_NAME)
