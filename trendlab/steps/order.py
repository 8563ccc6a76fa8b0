"""The steps in their order, and running them over the days that a range holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from trendlab.lake import Span
from trendlab.steps.city_sentiment import CITY_SENTIMENT
from trendlab.steps.city_trends import CITY_TRENDS
from trendlab.steps.context import days_known
from trendlab.steps.describe import DETECT, SENTIMENT
from trendlab.steps.engine import StepReport, run_step
from trendlab.steps.event_evidence import TREND_EVENT_EVIDENCE
from trendlab.steps.homes import AUTHOR_HOMES
from trendlab.steps.influence import INFLUENCE
from trendlab.steps.match import MATCH
from trendlab.steps.multi_tracker import MULTI_TRACKER
from trendlab.steps.pool import Pool
from trendlab.steps.signals import ACTIVITY, SIGNALS
from trendlab.steps.step import Context, Step, no_remark
from trendlab.steps.styles import (
    LOOK_PATTERNS,
    STYLE_EXAMPLES,
    STYLE_WEEKS,
    STYLES,
)
from trendlab.steps.tag import TAG
from trendlab.steps.trend_forecasts import TREND_FORECASTS, why_no_forecast
from trendlab.steps.weekly import INFLUENCERS, TRENDS
from trendlab.steps.weeks import is_due, units_of

STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        MATCH,
        SENTIMENT,
        DETECT,
        TAG,
        ACTIVITY,
        AUTHOR_HOMES,
        SIGNALS,
        INFLUENCERS,
        MULTI_TRACKER,
        TRENDS,
        LOOK_PATTERNS,
        STYLES,
        STYLE_WEEKS,
        STYLE_EXAMPLES,
        CITY_SENTIMENT,
        INFLUENCE,
        CITY_TRENDS,
        TREND_EVENT_EVIDENCE,
        TREND_FORECASTS,
    )
}

# What `trendlab weekly` runs, and with it the DAG after Sunday's night.
WEEKLY_STEPS = tuple(name for name, step in STEPS.items() if step.is_weekly)

# What `trendlab signals` runs: all that a night computes once activity is counted.
SIGNAL_STEPS = tuple(
    name
    for name, step in STEPS.items()
    if step is SIGNALS or (step.is_weekly and not step.only_last_week)
)


def run_steps(
    context: Context,
    names: Sequence[str],
    first_day: date | None,
    last_day: date | None,
    *,
    force: bool = False,
) -> list[StepReport]:
    """Run steps by name over the known days within a range; None is open.

    A single day that holds nothing is run too: that it held nothing is a result.
    """
    days = days_within(context, first_day, last_day)
    if not days and first_day is not None and first_day == last_day:
        days = [first_day]
    end = end_of(context, days, last_day)
    with Pool(context) as pool:
        return [
            run_due(context, STEPS[name], days, end, pool=pool, force=force)
            for name in names
        ]


def run_due(
    context: Context,
    step: Step,
    days: Sequence[date],
    last_day: date,
    *,
    pool: Pool,
    night_from: date | None = None,
    force: bool = False,
) -> StepReport:
    """Run a step on what it computes of the days; a night, on what is due."""
    units = units_of(step, days, last_day)
    if step.only_last_week:
        units = [
            monday
            for monday in units
            if is_due(context, step, monday, night_from, last_day)
        ]
    remark = REMARKS.get(step.name, no_remark)
    return run_step(context, step, units, force=force, remark=remark, pool=pool)


def _without_photos(context: Context, days: Sequence[date]) -> str:
    """Tell on how many days there was nothing to look at; 0 rows do not say why."""
    if not days:
        return ""
    stored = context.lake.query(
        "select distinct day from media where status = 'stored'",
        {"media": Span("media", days[0], days[-1])},
    )
    bare_count = len(set(days) - set(stored["day"].to_pylist()))
    if not bare_count:
        return ""
    return f"no stored photos on {bare_count:,} of {len(days):,} days"


REMARKS = {DETECT.name: _without_photos, TREND_FORECASTS.name: why_no_forecast}


def days_within(
    context: Context, first_day: date | None, last_day: date | None
) -> list[date]:
    """Return the known days within a range, rising; None is open."""
    return [
        day
        for day in days_known(context)
        if (first_day is None or day >= first_day)
        and (last_day is None or day <= last_day)
    ]


def end_of(context: Context, days: Sequence[date], last_day: date | None) -> date:
    """Return the end of a range; an open one ends yesterday."""
    if last_day is not None:
        return last_day
    yesterday = context.clock().date() - timedelta(days=1)
    return max(yesterday, days[-1]) if days else yesterday
