"""The weekly step of influence: weekly shares in; edges, placebos, forecasts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from trendlab.lake import Span
from trendlab.schemas import TABLES
from trendlab.signals.activity import lake_query
from trendlab.signals.influence.windows import (
    HISTORY_WEEKS,
    LEAD_SERIES,
    forecast_followers,
    lead_cities,
)
from trendlab.steps.step import Context, Input, Parts, Step
from trendlab.steps.styles import newest_fit

OUTPUTS = ("influence_edges", "influence_placebos", "influence_forecasts")


def _first_week(monday: date) -> date:
    return monday - timedelta(weeks=HISTORY_WEEKS - 1)


def _influence_inputs(context: Context, monday: date) -> list[Input]:
    return [
        Input("city_weeks", _first_week(monday), monday),
        Input("style_weeks", _first_week(monday), monday),
        *(Input("styles", day, day) for day in newest_fit(context)),
    ]


def _influence(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    parts: Parts = {name: {} for name in OUTPUTS}
    styles = TABLES["styles"].empty()
    for day in newest_fit(context):
        styles = context.lake.read("styles", day)
    for monday in weeks:
        series = context.lake.query(
            lake_query("influence_series"),
            {
                "styles": styles.select(["day", "model_name", "style_id", "name"]),
                **{
                    table: Span(table, _first_week(monday), monday)
                    for table in ("city_weeks", "style_weeks")
                },
            },
        ).cast(LEAD_SERIES)
        edges, placebos = lead_cities(series, week=monday, run_id=run_ids[monday])
        parts["influence_edges"][monday] = edges
        parts["influence_placebos"][monday] = placebos
        parts["influence_forecasts"][monday] = forecast_followers(
            series, week=monday, run_id=run_ids[monday]
        )
    return parts


INFLUENCE = Step(
    name="influence",
    modules=("trendlab.signals.influence.windows", "sql/lake/influence_series.sql"),
    outputs=OUTPUTS,
    inputs=_influence_inputs,
    compute=_influence,
    is_weekly=True,
    only_last_week=True,
)
