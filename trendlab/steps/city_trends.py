"""The weekly step of city trends: weekly shares in, curves and events out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.schemas import TABLES
from trendlab.signals.city_trends import RULE_VERSION, build_panel, find_trends
from trendlab.steps.share_series import (
    QUERY,
    SERIES,
    read_share_series,
    share_inputs,
)
from trendlab.steps.step import Context, Input, Parts, Step

# Four years: a yearly event is seen more than once.
HISTORY_WEEKS = 208


def first_week(monday: date) -> date:
    """Give the Monday of the first week that the trends of a week look back to."""
    return monday - timedelta(weeks=HISTORY_WEEKS - 1)


def _inputs(context: Context, monday: date) -> list[Input]:
    return share_inputs(context, first_week(monday), monday)


def _compute(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    parts: Parts = {"city_trends": {}, "trend_events": {}}
    for monday in weeks:
        shares = read_share_series(context, first_week(monday), monday)
        shares = shares.filter(shares["is_complete"])
        own = {
            "day": monday,
            "rule_version": RULE_VERSION,
            "run_id": run_ids[monday],
        }
        curves, events = trends_of(shares)
        for table, rows in (("city_trends", curves), ("trend_events", events)):
            rows = sorted(
                ({**row, **own} for row in rows),
                key=lambda row: tuple(row[name] for name in TABLES[table].key),
            )
            parts[table][monday] = TABLES[table].from_rows(rows)
    return parts


def trends_of(shares: pa.Table) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return rows of curves and of events, each tracker and model by itself.

    Trackers share posts, so their weeks are no independent tests of one another.
    """
    curves: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    groups = shares.group_by(["tracker", "model_name"]).aggregate([]).to_pylist()
    for group in groups:
        mine = shares.filter(
            pc.and_(
                pc.equal(shares["tracker"], group["tracker"]),
                pc.equal(shares["model_name"], group["model_name"]),
            )
        )
        found = find_trends(build_panel(mine, SERIES), SERIES)
        curves += found.curves
        events += found.events
    return curves, events


CITY_TRENDS = Step(
    name="city_trends",
    modules=("trendlab.signals.city_trends.events", QUERY),
    outputs=("city_trends", "trend_events"),
    inputs=_inputs,
    compute=_compute,
    is_weekly=True,
    only_last_week=True,
)
