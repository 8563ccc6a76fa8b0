"""The night, the week and the rebuild: every step, alerts, the load, the reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from trendlab.errors import SettingsError
from trendlab.report.render import read_shown
from trendlab.steps.alert import raise_for_days, send_pending
from trendlab.steps.describe import DETECT
from trendlab.steps.engine import StepReport
from trendlab.steps.live_report import LiveReport
from trendlab.steps.live_verbs import fetch_night
from trendlab.steps.load import load_warehouse, make_marts, open_for
from trendlab.steps.media import fetch_night_photos
from trendlab.steps.media_report import MediaReport
from trendlab.steps.order import (
    STEPS,
    WEEKLY_STEPS,
    days_within,
    end_of,
    run_due,
)
from trendlab.steps.pool import Pool
from trendlab.steps.report import (
    NIGHTLY_REPORT,
    WEEKLY_REPORTS,
    find_report,
    write_report,
)
from trendlab.steps.retention import apply_retention
from trendlab.steps.step import Context
from trendlab.steps.weeks import WEEK_END, last_whole_week

Say = Callable[[str], None]
Fetch = Callable[[Context, date], LiveReport]
FetchPhotos = Callable[[Context, date], MediaReport | None]


def say_nothing(line: str) -> None:
    """Drop the line."""


@dataclass
class NightReport:
    """What a night did: what it fetched, and each step."""

    first_day: date
    last_day: date
    fetched: LiveReport = field(default_factory=LiveReport)
    photos: MediaReport | None = None
    steps: list[StepReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    report_paths: list[Path] = field(default_factory=list)
    seconds: float = 0.0
    kind: str = "night"

    def lines(self) -> list[str]:
        """Return the lines that the command prints."""
        span = (
            f"{self.last_day}"
            if self.first_day == self.last_day
            else f"{self.first_day} to {self.last_day}"
        )
        lines = [f"{self.kind} of {span}: done in {self.seconds:.1f} s"]
        lines += [f"  {line}" for line in self.fetched.lines()]
        if self.photos is not None:
            lines += [f"  {line}" for line in self.photos.lines()]
        lines += [f"  {step.line()}" for step in self.steps]
        lines += [f"  {note}" for note in self.notes]
        lines += [f"report: {path}" for path in self.report_paths]
        return lines


def run_nightly(
    context: Context,
    first_day: date | None,
    last_day: date,
    *,
    catch_up: bool,
    with_report: bool = True,
    send_backfilled: bool = False,
    fetch: Fetch = fetch_night,
    fetch_photos: FetchPhotos = fetch_night_photos,
    say: Say = say_nothing,
) -> NightReport:
    """Fetch from live sources, run every step, alerts, the load and the report.

    Parameters
    ----------
    context : Context
    first_day, last_day : date
        The night's days. `first_day` None starts at the first known day.
    catch_up : bool
        Do days before `first_day` again where late data made them stale.
    with_report : bool
    send_backfilled : bool
        Send alerts of days older than three days too.
    fetch : callable
        Fetches a day from the live sources that are set up; called with
        `catch_up` only. A range is computed from what is there.
    fetch_photos : callable
        Downloads photos before `detect`, where settings ask for it; called with
        `catch_up` only.
    say : callable
        Told one line as each stage ends.
    """
    started = time.monotonic()
    with context.lake.lock():
        fetched = fetch(context, last_day) if catch_up else LiveReport()
        for line in fetched.lines():
            say(line)
        days = days_within(context, None if catch_up else first_day, last_day)
        # an empty day is run too: that it held nothing is a result
        asked = first_day if first_day is not None else last_day
        if asked not in days and first_day == last_day:
            days = sorted({*days, last_day})
        result = NightReport(days[0] if days else last_day, last_day, fetched)
        with Pool(context) as pool:
            for step in STEPS.values():
                if step is DETECT and catch_up:
                    result.photos = fetch_photos(context, last_day)
                    if result.photos is not None:
                        say(result.photos.line())
                done = run_due(
                    context, step, days, last_day, pool=pool, night_from=first_day
                )
                result.steps.append(done)
                say(done.line())
        raised = raise_for_days(context, days, is_backfill=False)
        result.notes += raised
        if catch_up and context.settings.retention:
            result.notes += apply_retention(context, STEPS).lines()
        # held open over the three, so that the embedded server starts once
        with open_for(context.settings):
            # books and readings stand under the day of ingestion, after the posts
            loaded = load_warehouse(context, None, None)
            result.notes.append(loaded.line())
            say(loaded.line())
            for line in make_marts(context, is_prepared=True):
                result.notes.append(line)
                say(line)
            result.notes += send_pending(context, send_backfilled=send_backfilled)
            if with_report:
                _write_reports(context, first_day, last_day, result)
    result.seconds = time.monotonic() - started
    return result


def run_rebuild(
    context: Context,
    first_day: date | None,
    last_day: date | None,
    *,
    warehouse_only: bool = False,
    say: Say = say_nothing,
) -> NightReport:
    """Compute derived tables again and refill the warehouse from nothing.

    Raises
    ------
    SettingsError
        If the lake holds no days to rebuild.
    """
    started = time.monotonic()
    with context.lake.lock():
        days = days_within(context, first_day, last_day)
        if not days:
            raise SettingsError(
                "nothing to rebuild: the lake holds no posts in that range"
            )
        result = NightReport(days[0], days[-1])
        if not warehouse_only:
            end = end_of(context, days, last_day)
            with Pool(context) as pool:
                for step in STEPS.values():
                    done = run_due(context, step, days, end, pool=pool, force=True)
                    result.steps.append(done)
                    say(done.line())
            result.notes += raise_for_days(context, days, is_backfill=True)
        loaded = load_warehouse(context, None, None, from_nothing=True)
        result.notes.append(loaded.line())
        say(loaded.line())
        result.notes += make_marts(context, is_prepared=True)
    result.seconds = time.monotonic() - started
    return result


def run_weekly(
    context: Context,
    monday: date | None,
    *,
    names: Sequence[str] = (),
    force: bool = False,
    with_load: bool = True,
    say: Say = say_nothing,
) -> NightReport:
    """Run the weekly steps as of the end of a week, then fill the warehouse.

    Parameters
    ----------
    context : Context
    monday : date or None
        The week; by default the last one that has ended.
    names : sequence of str
        Steps to run, of `WEEKLY_STEPS`; all by default.
    force : bool
        Compute weeks that are fresh too.
    with_load : bool
        Load the warehouse and make the marts afterwards.
    say : callable
        Told one line as each stage ends.

    Raises
    ------
    SettingsError
        If a step is not weekly, the week has not ended, or nothing is known of it
        and before.
    """
    started = time.monotonic()
    unknown = sorted(set(names) - set(WEEKLY_STEPS))
    if unknown:
        raise SettingsError(
            f"--step wants one of {', '.join(WEEKLY_STEPS)}, got {', '.join(unknown)}"
        )
    newest = last_whole_week(context.clock().date() - timedelta(days=1))
    monday = newest if monday is None else monday
    if monday > newest:
        raise SettingsError(
            f"the week of {monday} has not ended: the newest one that has is of "
            f"{newest}"
        )
    last_day = monday + WEEK_END
    with context.lake.lock():
        days = days_within(context, None, last_day)
        if not days:
            raise SettingsError(
                f"nothing is known up to {last_day}: ingest posts and run "
                "`trendlab nightly` first"
            )
        result = NightReport(monday, last_day, kind="week")
        with Pool(context) as pool:
            for name in names or WEEKLY_STEPS:
                step = STEPS[name]
                done = run_due(context, step, days, last_day, pool=pool, force=force)
                result.steps.append(done)
                say(done.line())
        if with_load:
            with open_for(context.settings):
                loaded = load_warehouse(context, None, None)
                result.notes += [loaded.line(), *make_marts(context, is_prepared=True)]
    result.seconds = time.monotonic() - started
    return result


def _write_reports(
    context: Context, first_day: date | None, last_day: date, result: NightReport
) -> None:
    """Write the reports of a night, but for pages that would be what they are."""
    pages = {
        notebook: find_report(context, first_day, last_day, notebook=notebook)
        for notebook in reports_of(result.steps)
    }
    todo = [
        (first_day, last_day, notebook, shows)
        for notebook, (page, shows) in pages.items()
        if read_shown(page) != shows
    ]
    with Pool(context) as pool:
        pool.each(_write_report, todo)
    result.report_paths = [page for page, _ in pages.values()]
    if len(todo) < len(pages):
        result.notes.append(
            f"reports: {len(pages) - len(todo)} of {len(pages)} kept, what they show "
            "has not changed"
        )


def _write_report(
    context: Context, first_day: date | None, last_day: date, notebook: str, shows: str
) -> Path:
    return write_report(context, first_day, last_day, notebook=notebook, shows=shows)


def reports_of(steps: Sequence[StepReport]) -> tuple[str, ...]:
    """Return the reports of a night: on that of a Sunday, the weekly ones too."""
    is_weekly = any(
        STEPS[done.step].only_last_week and done.days_count for done in steps
    )
    return (NIGHTLY_REPORT, *WEEKLY_REPORTS) if is_weekly else (NIGHTLY_REPORT,)
