"""Curves and events of a panel as rows: what a series does, and when it stood out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from scipy import stats

from trendlab.signals.city_trends.curves import MIN_SEASON_WEEKS, Z_95
from trendlab.signals.city_trends.grouping import (
    YEAR_SLACK_WEEKS,
    YEAR_WEEKS,
    Burst,
    group_weeks,
)
from trendlab.signals.city_trends.odd_weeks import (
    SMALLEST_P,
    OddWeeks,
    find_odd_weeks,
)
from trendlab.signals.city_trends.panel import Bools, Floats, Panel
from trendlab.signals.city_trends.season import YEAR_WEEKS as WEEKS_OF_A_YEAR
from trendlab.signals.city_trends.wording import (
    tell_curve,
    tell_direction,
    tell_event,
)
from trendlab.signals.panels import hash_id

Row = dict[str, Any]

RULE_VERSION = "city-trends-2"


@dataclass(frozen=True)
class Trends:
    """What a panel shows.

    Parameters
    ----------
    curves : list of dict
        One a series, in the order of the panel's keys.
    events : list of dict
        The most salient first.
    """

    curves: list[Row]
    events: list[Row]


def find_trends(panel: Panel, names: Sequence[str]) -> Trends:
    """Fit curves, test weeks, group them into events and rank these.

    Parameters
    ----------
    panel : Panel
    names : sequence of str
        What the parts of a series' key are called.

    Returns
    -------
    Trends
        Rows with the columns of the tables city_trends and trend_events, without
        those that the lake adds.
    """
    if not panel.keys:
        return Trends([], [])
    odd = find_odd_weeks(panel)
    return Trends(_curve_rows(panel, odd, names), _event_rows(panel, odd, names))


def _curve_rows(panel: Panel, odd: OddWeeks, names: Sequence[str]) -> list[Row]:
    curves = odd.curves
    first, last = panel.spans
    slope = curves.slope * WEEKS_OF_A_YEAR
    reach = Z_95 * curves.slope_sd * WEEKS_OF_A_YEAR
    mean = panel.hits.sum(axis=1) / panel.looks.sum(axis=1)
    weeks_count = panel.seen.sum(axis=1)
    rows: list[Row] = []
    for at, key in enumerate(panel.keys):
        low, high = float(slope[at] - reach[at]), float(slope[at] + reach[at])
        direction = tell_direction(float(slope[at]), low, high, float(mean[at]))
        season = _season_of(panel, odd, at)
        rows.append(
            {
                **dict(zip(names, key, strict=True)),
                "first_week_on": panel.week_at(first[at]),
                "last_week_on": panel.week_at(last[at]),
                "weeks_count": int(weeks_count[at]),
                "looks_count": int(panel.looks[at].sum()),
                "mean_share": float(mean[at]),
                "level": float(curves.level[at] + curves.slope[at] * last[at]),
                "slope_per_year": float(slope[at]),
                "slope_low": low,
                "slope_high": high,
                "direction": direction,
                **season,
                "residual_ratio": _number(curves.residual_ratio[at]),
                "overdispersion": float(odd.overdispersion[at]),
                "description": tell_curve(
                    direction, season["season_kind"], season["season_month"]
                ),
            }
        )
    return rows


def _season_of(panel: Panel, odd: OddWeeks, at: int) -> Row:
    """Say the yearly term of a series; NULL where it has none.

    `season_phase` counts from the series' last week, so that with level and slope it
    draws the curve without knowing where the grid began.
    """
    curves = odd.curves
    if not curves.is_seasonal[at]:
        names = ("kind", "month", "swing", "amplitude", "sharpness", "phase")
        return {f"season_{name}": None for name in names}
    amplitude, sharpness = float(curves.amplitude[at]), float(curves.sharpness[at])
    last = int(panel.spans[1][at])
    turn = 2 * np.pi / WEEKS_OF_A_YEAR
    # sin(turn · t + phase) is 1 where the term stands out, upwards or downwards
    extreme = (np.pi / 2 - curves.phase[at]) / turn % WEEKS_OF_A_YEAR
    # the middle of that week
    day = panel.first_week + timedelta(days=7 * float(extreme) + 3)
    return {
        "season_kind": "peak" if amplitude > 0 else "trough",
        "season_month": day.month,
        "season_swing": abs(amplitude) * -float(np.expm1(-2 * sharpness)),
        "season_amplitude": amplitude,
        "season_sharpness": sharpness,
        "season_phase": float((curves.phase[at] + turn * last) % (2 * np.pi)),
    }


def _event_rows(panel: Panel, odd: OddWeeks, names: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    sides = (("rise", odd.is_rise, odd.rise_p), ("drop", odd.is_drop, odd.drop_p))
    for direction, marked, p_value in sides:
        z = stats.norm.isf(np.maximum(np.nan_to_num(p_value, nan=1.0), SMALLEST_P))
        for at in np.flatnonzero(marked.any(axis=1)).tolist():
            weeks = np.flatnonzero(marked[at]).tolist()
            for bursts in group_weeks(weeks, z[at, weeks].tolist()):
                row = _event_row(panel, odd, at, direction, bursts, z[at], p_value[at])
                rows.append({**dict(zip(names, panel.keys[at], strict=True)), **row})
    rows.sort(key=lambda row: (-row["saliency"], row["event_id"]))
    return [{**row, "rank": place} for place, row in enumerate(rows, start=1)]


def _event_row(
    panel: Panel,
    odd: OddWeeks,
    at: int,
    direction: str,
    bursts: list[Burst],
    z: Floats,
    p_value: Floats,
) -> Row:
    weeks = [week for burst in bursts for week in burst.weeks]
    apex = max(weeks, key=lambda week: (z[week], -week))
    share = panel.share[at, apex]
    expected = odd.curves.expected[at, apex]
    excess = (
        panel.hits[at, weeks]
        - panel.looks[at, weeks] * (odd.curves.expected[at, weeks])
    )
    recurrence = find_recurrence(panel.seen[at], bursts)
    firm = odd.is_firm_rise if direction == "rise" else odd.is_firm_drop
    dates = [panel.week_at(week) for week in weeks]
    return {
        "event_id": hash_id(*panel.keys[at], direction, dates[0]),
        "direction": direction,
        "first_week_on": dates[0],
        "apex_week_on": panel.week_at(apex),
        "last_week_on": dates[-1],
        "weeks": [week.isoformat() for week in dates],
        "looks_with_count": int(panel.hits[at, apex]),
        "looks_count": int(panel.looks[at, apex]),
        "share": float(share),
        "expected_share": float(expected),
        "excess_looks": float(excess.sum()),
        "p_value": float(p_value[apex]),
        "is_firm": bool(firm[at, weeks].any()),
        "saliency": float(z[weeks].sum() / np.sqrt(len(weeks))),
        "recurrence": recurrence,
        "description": tell_event(
            direction, dates, float(share), float(expected), recurrence
        ),
    }


def find_recurrence(seen: Bools, bursts: Sequence[Burst]) -> str:
    """Say whether an event comes back: yearly, once or not_assessable.

    Parameters
    ----------
    seen : (weeks,) bool
        Weeks with looks.
    bursts : sequence of Burst
        Of the event, in order of time.

    Returns
    -------
    str
        `not_assessable` with fewer than 104 weeks from the first seen to the last,
        and where no week within 52 ± 3 weeks of the event was seen.
    """
    if len(bursts) > 1:
        return "yearly"
    known = np.flatnonzero(seen)
    if known[-1] - known[0] + 1 < MIN_SEASON_WEEKS:
        return "not_assessable"
    apart = np.abs(np.abs(known - bursts[0].apex) - YEAR_WEEKS)
    return "once" if (apart <= YEAR_SLACK_WEEKS).any() else "not_assessable"


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
