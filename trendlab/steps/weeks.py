"""Which units a step is run on: days, weeks, or only the last week that has ended.

A model of a whole history (styles, who leads whom, trend curves) is computed for the
last week that has ended, and for none before it: the weeks between would each cost as
much, and nobody looks at what was believed then. Styles keep for a quarter: they are
fitted with its first Sunday only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from trendlab.errors import SettingsError
from trendlab.steps.engine import fill_gaps, week_of
from trendlab.steps.step import Context, Step

ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(days=7)
WEEK_END = timedelta(days=6)
ISO_WEEK = re.compile(r"\d{4}-?W\d{2}")


def last_whole_week(last_day: date) -> date:
    """Return the Monday of the last ISO week that has ended with a day."""
    return week_of(last_day + ONE_DAY) - ONE_WEEK


def last_quarter_week(last_day: date) -> date:
    """Return the Monday of the last week that ended with a quarter's first Sunday."""
    first = last_day.replace(month=last_day.month - (last_day.month - 1) % 3, day=1)
    sunday = first + timedelta(days=6 - first.weekday())
    if sunday > last_day:
        return last_quarter_week(first - ONE_DAY)
    return sunday - WEEK_END


def units_of(step: Step, days: Sequence[date], last_day: date) -> list[date]:
    """Return what a step computes of a range: days, or the Mondays of its weeks.

    Parameters
    ----------
    step : Step
    days : sequence of date
        Days of the range that hold something, rising.
    last_day : date
        End of the range, whether or not it holds something.

    Returns
    -------
    list of date
        Rising. Of a step with `only_last_week`, the last week (or, where it is
        quarterly, the last first week of a quarter) that has ended with the range
        and is not wholly after or before what it holds; none where no week has ended.
    """
    if step.only_last_week:
        if not days:
            return []
        end = min(last_day, week_of(days[-1]) + WEEK_END)
        monday = last_quarter_week(end) if step.is_quarterly else last_whole_week(end)
        return [monday] if monday >= week_of(days[0]) else []
    if step.is_weekly:
        return sorted({week_of(day) for day in days})
    return fill_gaps(days) if step.fills_gaps else list(days)


def is_due(
    context: Context,
    step: Step,
    monday: date,
    first_day: date | None,
    last_day: date,
) -> bool:
    """Tell whether a night computes the week of a step with `only_last_week`.

    The night of its Sunday does, and the next one if that was missed. A night in the
    middle of a week does not, though late posts may have made the week stale: the
    next Sunday, or `trendlab weekly`, takes them in. Of a quarterly step every Sunday
    looks at the fit again, which changes nothing where it is fresh.

    Parameters
    ----------
    context : Context
    step : Step
    monday : date
        The week.
    first_day : date or None
        First day of the night's range; None is open.
    last_day : date
        Last day of it.
    """
    if first_day is None or monday + WEEK_END >= first_day:
        return True
    if step.is_quarterly and last_whole_week(last_day) + WEEK_END >= first_day:
        # a fit would wait a quarter for late posts: every Sunday's night looks again
        return True
    return context.run_of(step.name, monday) is None


def read_week(value: str, option: str = "--week") -> date:
    """Return the Monday of a week given as a day or as an ISO week.

    Raises
    ------
    SettingsError
        If it is neither.
    """
    try:
        if ISO_WEEK.fullmatch(value) or len(value) == len("2026-01-05"):
            return week_of(date.fromisoformat(value))
    except ValueError:
        pass
    raise SettingsError(
        f"{option} wants an ISO week such as 2026-W09, or a day of the week such as "
        f"2026-03-01, got {value!r}"
    )
