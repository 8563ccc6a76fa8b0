"""The weekly step of influence: city_weeks in, edges and placebos out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from trendlab.lake import Span
from trendlab.signals.activity import lake_query
from trendlab.signals.influence.windows import HISTORY_WEEKS, LEAD_SERIES, lead_cities
from trendlab.steps.engine import Context, Input, Parts, Step


def _first_week(monday: date) -> date:
    return monday - timedelta(weeks=HISTORY_WEEKS - 1)


def _influence_inputs(context: Context, monday: date) -> list[Input]:
    return [Input("city_weeks", _first_week(monday), monday)]


def _influence(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    parts: Parts = {"influence_edges": {}, "influence_placebos": {}}
    for monday in weeks:
        series = context.lake.query(
            lake_query("influence_series"),
            {"city_weeks": Span("city_weeks", _first_week(monday), monday)},
        ).cast(LEAD_SERIES)
        edges, placebos = lead_cities(series, week=monday, run_id=run_ids[monday])
        parts["influence_edges"][monday] = edges
        parts["influence_placebos"][monday] = placebos
    return parts


INFLUENCE = Step(
    name="influence",
    modules=("trendlab.signals.influence.windows", "sql/lake/influence_series.sql"),
    outputs=("influence_edges", "influence_placebos"),
    inputs=_influence_inputs,
    compute=_influence,
    is_weekly=True,
    only_last_week=True,
)
