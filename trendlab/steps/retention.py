"""Erases what is older than it may be kept; what was counted from it stays.

    periods ─▶ horizons (table `expirations`) ─▶ photos ─▶ partitions ─▶ files of alerts

A horizon is written before the first row goes. From then on the engine computes no day
again that reads beyond it, so counts, peaks and shares stay as they were computed, and
the door lets no older record in. Killed anywhere, the next run does the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import SettingsError
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.steps.alert import PAST_REACH, RAISE_REACH
from trendlab.steps.keys import write_privately
from trendlab.steps.media_store import FOLDER, PhotoStore, finish_batch
from trendlab.steps.step import Context, Step

Reached = Callable[[str], None]

# What can be given a period, and what only describes it and goes with it.
GOES_WITH: Mapping[str, tuple[str, ...]] = {
    "posts": (
        "tracker_posts",
        "sentiment",
        "media",
        "garments",
        "garment_tags",
        "looks",
        "vision_failures",
        "style_examples",
        "trend_event_evidence",
    ),
    "comments": (),
    "media": (),
    "engagement": (),
    "authors": (),
    "author_days": (),
    "author_cities": ("author_homes",),
    "influencers": ("multi_tracker_authors",),
    "evidence": (),
    "alerts": (),
    "quarantine": (),
}
# Late posts are fetched and computed for so long; see `RETRY_DAYS` of live ingest.
LATE_DAYS = 14
# Days that readers other than steps look back.
OTHER_REACH = {
    # posts are read again at 28 days, and up to 4 days later
    "engagement": 33,
    "evidence": RAISE_REACH.days,
    "alerts": PAST_REACH.days,
}
_ONE_DAY = timedelta(days=1)


@dataclass
class RetentionReport:
    """What was erased, or would be: table → partitions and rows."""

    is_preview: bool = False
    horizons: dict[str, date] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    photos_count: int = 0

    def lines(self) -> list[str]:
        """Return the lines that the command prints."""
        if not self.horizons:
            return ["retention: no period is set (TRENDLAB_RETENTION)"]
        would = "would be " if self.is_preview else ""
        lines = [
            f"{table}: {self.rows.get(table, 0):,} rows before {before} {would}erased"
            for table, before in sorted(self.horizons.items())
        ]
        if self.photos_count:
            lines.append(f"{self.photos_count:,} photos {would}removed")
        return lines


def read_periods(
    text: str, steps: Mapping[str, Step], context: Context
) -> dict[str, int]:
    """Read `posts=400 quarantine=30`: table → days that it is kept.

    Parameters
    ----------
    text : str
        Pairs between white space; empty for no period.
    steps : mapping of str to Step
        What still reads the tables.
    context : Context

    Raises
    ------
    SettingsError
        If a table cannot be given a period, or it is shorter than what reads it.
    """
    needed = shortest_periods(steps, context)
    periods: dict[str, int] = {}
    for pair in text.split():
        name, _, value = pair.partition("=")
        if name not in GOES_WITH or not value.isascii() or not value.isdigit():
            raise SettingsError(
                "TRENDLAB_RETENTION wants table=days between spaces, with tables of "
                f"{', '.join(GOES_WITH)}; got {pair[:60]!r}"
            )
        periods[name] = int(value)
        if periods[name] < needed[name]:
            raise SettingsError(
                f"TRENDLAB_RETENTION: {name} wants at least {needed[name]} days, got "
                f"{value}: so far back the steps read, with {LATE_DAYS} days for late "
                "data"
            )
    return periods


def shortest_periods(steps: Mapping[str, Step], context: Context) -> dict[str, int]:
    """Return for each table how many days it must be kept at the least."""
    reach = dict(OTHER_REACH)
    monday = date(2026, 1, 5)
    for step in steps.values():
        # a week is computed until it ends; a model of all weeks, until the next does
        length = 14 if step.only_last_week else 7 if step.is_weekly else 1
        for wanted in step.inputs(context, monday):
            if wanted.may_expire:
                continue
            back = (monday + length * _ONE_DAY - wanted.first_day).days
            reach[wanted.table] = max(reach.get(wanted.table, 0), back)
    return {
        name: LATE_DAYS + max(reach.get(table, 0) for table in (name, *along))
        for name, along in GOES_WITH.items()
    }


def horizons_of(periods: Mapping[str, int], today: date) -> dict[str, date]:
    """Return for each table the first day that is kept."""
    first_kept: dict[str, date] = {}
    for name, days in periods.items():
        before = today - timedelta(days=days)
        for table in (name, *GOES_WITH[name]):
            # a tracker's day may hold posts of the UTC day before it
            own = before + _ONE_DAY if table == "tracker_posts" else before
            first_kept[table] = max(own, first_kept.get(table, own))
    return first_kept


def apply_retention(
    context: Context,
    steps: Mapping[str, Step],
    *,
    is_preview: bool = False,
    reached: Reached = lambda point: None,
) -> RetentionReport:
    """Erase what is older than the periods of the settings; nothing where none is set.

    Parameters
    ----------
    context : Context
        The days to erase have been computed.
    steps : mapping of str to Step
    is_preview : bool
        Only count.
    reached : callable
        Told each point that was reached; tests stop there.

    Raises
    ------
    SettingsError
        If a period is wrong; nothing is erased then.
    """
    lake = context.lake
    periods = read_periods(context.settings.retention, steps, context)
    report = RetentionReport(is_preview)
    if not periods:
        return report
    report.horizons = horizons_of(periods, context.clock().date())
    if is_preview:
        for table, before in report.horizons.items():
            report.rows[table] = sum(
                lake.read(table, day, columns=["day"]).num_rows
                for day in lake.days(table)
                if day < before
            )
        return report
    with lake.lock():
        _write_horizons(context, report.horizons)
        reached("horizons")
        if "media" in report.horizons:
            # photos that a killed download had placed are named by no row yet
            finish_batch(lake, PhotoStore(context.home))
            report.photos_count = _remove_photos(
                lake, context.home, report.horizons["media"]
            )
            reached("photos")
        for table, before in report.horizons.items():
            report.rows[table] = _erase_before(lake, table, before)
            reached(table)
        if "alerts" in report.horizons:
            _remove_alert_files(context.home / "alerts", report.horizons["alerts"])
    context.forget_fingerprints()
    return report


def _write_horizons(context: Context, horizons: Mapping[str, date]) -> None:
    """Store horizons; one never moves back, for what lies before it is gone."""
    table = TABLES["expirations"]
    held = {
        row["table_name"]: row for row in context.lake.read_flat(table.name).to_pylist()
    }
    moment = context.clock().replace(microsecond=0)
    for name, before in horizons.items():
        if name not in held or held[name]["before_day"] < before:
            held[name] = {
                "table_name": name,
                "before_day": before,
                "expired_at": moment,
            }
    context.lake.write_flat(table.name, table.from_rows(list(held.values())))
    context.forget_expirations()


def _erase_before(lake: Lake, table: str, before: date) -> int:
    """Empty the partitions of the days before; return how many rows they held."""
    count = 0
    by_source = "source" in TABLES[table].partition
    empty = TABLES[table].empty()
    emptied: dict[str | None, dict[date, pa.Table]] = {}
    for day in lake.days(table):
        if day >= before:
            break
        for source in lake.sources(table, day) if by_source else [None]:
            rows = lake.read(table, day, source=source, columns=["day"]).num_rows
            if rows:
                emptied.setdefault(source, {})[day] = empty
                count += rows
    for source, parts in emptied.items():
        lake.write_many(table, parts, source=source)
    return count


def _remove_photos(lake: Lake, home: Path, before: date) -> int:
    """Remove downloaded photos that only expired posts have.

    Photos that were ingested where they lay are their owner's, under the home too.
    """
    folder = (home / FOLDER).resolve()
    old: set[str] = set()
    kept: set[str] = set()
    for day in lake.days("media"):
        paths = pc.drop_null(lake.read("media", day, columns=["path"])["path"])
        (old if day < before else kept).update(paths.to_pylist())
    removed = 0
    for name in sorted(old - kept):
        path = (home / name).resolve()
        if path.is_relative_to(folder) and path.exists():
            path.unlink()
            removed += 1
    return removed


def _remove_alert_files(folder: Path, before: date) -> None:
    """Remove the files of old alerts, and their lines."""
    for path in folder.glob("????-??-??_*.txt"):
        if path.name[:10] < before.isoformat():
            path.unlink()
    lines_path = folder / "alerts.jsonl"
    if lines_path.exists():
        # not splitlines: texts hold U+2028 and U+0085 as they are
        lines = lines_path.read_text(encoding="utf-8").split("\n")
        kept = [line for line in lines if _day_of_line(line) >= before.isoformat()]
        if len(kept) < len(lines):
            write_privately(lines_path, "".join(f"{line}\n" for line in kept))


def _day_of_line(line: str) -> str:
    """Day of an alert's line; "" of an empty line and of one that a kill cut."""
    try:
        return str(json.loads(line)["day"])
    except (ValueError, TypeError, KeyError):
        return ""
