"""Curves and events in plain words."""

from __future__ import annotations

import calendar
from datetime import date

# A change over a year of less than this part of the mean share is no trend; the same
# threshold tells the direction of a forecast.
MIN_CHANGE = 0.05


def tell_direction(change: float, low: float, high: float, mean: float) -> str:
    """Say where a curve goes: rising, falling or steady.

    Parameters
    ----------
    change, low, high : float
        Change of the share in a year and its 95 % interval.
    mean : float
        Mean share. A change must be sure (the interval leaves 0 out) and at least
        `MIN_CHANGE` of the mean.
    """
    if (low > 0 or high < 0) and abs(change) >= MIN_CHANGE * mean:
        return "rising" if change > 0 else "falling"
    return "steady"


def tell_curve(direction: str, season_kind: str | None, month: int | None) -> str:
    """Say a curve in words: "rising, peaks every May"."""
    if season_kind is None or month is None:
        return direction
    verb = "peaks" if season_kind == "peak" else "dips"
    return f"{direction}, {verb} every {calendar.month_name[month]}"


def tell_event(
    direction: str, weeks: list[date], share: float, expected: float, recurrence: str
) -> str:
    """Say an event in words.

    Parameters
    ----------
    direction : str
        rise or drop.
    weeks : list of date
        First days of its weeks, rising.
    share, expected : float
        At the apex.
    recurrence : str
        yearly, once or not_assessable.
    """
    moved = "rose to" if direction == "rise" else "fell to"
    span = f"week of {weeks[0]}" if len(weeks) == 1 else f"{weeks[0]} to {weeks[-1]}"
    if recurrence == "yearly":
        years = sorted({week.year for week in weeks})
        span = f"every {calendar.month_name[weeks[0].month]} ({_listed(years)})"
    return (
        f"{moved} {100 * share:.1f} % of looks against {100 * expected:.1f} % "
        f"expected, {span}"
    )


def _listed(years: list[int]) -> str:
    return ", ".join(str(year) for year in years)
