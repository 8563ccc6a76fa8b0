"""The night: every step in order, for a day, a range, or all that is stale."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from trendlab.errors import SettingsError
from trendlab.steps.alert import raise_for_days, send_pending
from trendlab.steps.context import days_known
from trendlab.steps.describe import DETECT, MATCH, SENTIMENT, TAG
from trendlab.steps.engine import (
    Context,
    Step,
    StepReport,
    fill_gaps,
    run_step,
    week_of,
)
from trendlab.steps.load import load_warehouse, make_marts, open_for
from trendlab.steps.signals import ACTIVITY, SIGNALS
from trendlab.steps.weekly import INFLUENCERS, TRENDS

STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        MATCH,
        SENTIMENT,
        DETECT,
        TAG,
        ACTIVITY,
        SIGNALS,
        INFLUENCERS,
        TRENDS,
    )
}

Say = Callable[[str], None]


def say_nothing(line: str) -> None:
    """Drop the line."""


@dataclass
class NightReport:
    """What a night did, step by step."""

    first_day: date
    last_day: date
    steps: list[StepReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    report_path: Path | None = None
    seconds: float = 0.0

    def lines(self) -> list[str]:
        """Return the lines that the command prints."""
        span = (
            f"{self.last_day}"
            if self.first_day == self.last_day
            else f"{self.first_day} to {self.last_day}"
        )
        lines = [f"night of {span}: done in {self.seconds:.1f} s"]
        lines += [f"  {step.line()}" for step in self.steps]
        lines += [f"  {note}" for note in self.notes]
        if self.report_path is not None:
            lines.append(f"report: {self.report_path}")
        return lines


def run_steps(
    context: Context,
    names: Sequence[str],
    first_day: date | None,
    last_day: date | None,
    *,
    force: bool = False,
) -> list[StepReport]:
    """Run steps by name over the known days within a range; None is open.

    Raises
    ------
    SettingsError
        If a single day is asked for that holds nothing.
    """
    days = _days_within(context, first_day, last_day)
    if not days and first_day is not None and first_day == last_day:
        days = [first_day]
    return [_run(context, STEPS[name], days, force=force) for name in names]


def run_nightly(
    context: Context,
    first_day: date | None,
    last_day: date,
    *,
    catch_up: bool,
    with_report: bool = True,
    send_backfilled: bool = False,
    say: Say = say_nothing,
) -> NightReport:
    """Run every step, alerts, the load and the report.

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
    say : callable
        Told one line as each stage ends.
    """
    started = time.monotonic()
    with context.lake.lock():
        days = _days_within(context, None if catch_up else first_day, last_day)
        # an empty day is run too: that it held nothing is a result
        asked = first_day if first_day is not None else last_day
        if asked not in days and first_day == last_day:
            days = sorted({*days, last_day})
        result = NightReport(days[0] if days else last_day, last_day)
        for step in STEPS.values():
            done = _run(context, step, days)
            result.steps.append(done)
            say(done.line())
        raised = raise_for_days(context, days, is_backfill=False)
        result.notes += raised
        # held open over the three, so that the embedded server starts once
        with open_for(context.settings):
            # books and readings stand under the day of ingestion, after the posts
            loaded = load_warehouse(context, None, None)
            result.notes.append(loaded.line())
            say(loaded.line())
            for line in make_marts(context):
                result.notes.append(line)
                say(line)
            result.notes += send_pending(context, send_backfilled=send_backfilled)
            if with_report:
                from trendlab.steps.report import write_report

                result.report_path = write_report(
                    context, first_day, last_day, tracker="all"
                )
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
        days = _days_within(context, first_day, last_day)
        if not days:
            raise SettingsError(
                "nothing to rebuild: the lake holds no posts in that range"
            )
        result = NightReport(days[0], days[-1])
        if not warehouse_only:
            for step in STEPS.values():
                done = _run(context, step, days, force=True)
                result.steps.append(done)
                say(done.line())
            result.notes += raise_for_days(context, days, is_backfill=True)
        loaded = load_warehouse(context, None, None, from_nothing=True)
        result.notes.append(loaded.line())
        say(loaded.line())
        result.notes += make_marts(context)
    result.seconds = time.monotonic() - started
    return result


def _run(
    context: Context, step: Step, days: Sequence[date], *, force: bool = False
) -> StepReport:
    units = list(days)
    if step.is_weekly:
        units = sorted({week_of(day) for day in days})
    elif step.fills_gaps:
        units = fill_gaps(days)
    return run_step(context, step, units, force=force)


def _days_within(
    context: Context, first_day: date | None, last_day: date | None
) -> list[date]:
    return [
        day
        for day in days_known(context)
        if (first_day is None or day >= first_day)
        and (last_day is None or day <= last_day)
    ]
