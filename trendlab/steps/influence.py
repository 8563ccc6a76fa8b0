"""The weekly step of influence: weekly shares in; edges, placebos, forecasts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.influence.windows import (
    HISTORY_WEEKS,
    LEAD_SERIES,
    forecast_followers,
    lead_cities,
)
from trendlab.steps.share_series import QUERY, read_share_series, share_inputs
from trendlab.steps.step import Context, Input, Parts, Step

OUTPUTS = ("influence_edges", "influence_placebos", "influence_forecasts")
# Buckets of posts, no places that could lead or follow.
NO_CITIES = ("all", "unknown")


def _first_week(monday: date) -> date:
    return monday - timedelta(weeks=HISTORY_WEEKS - 1)


def _influence_inputs(context: Context, monday: date) -> list[Input]:
    return share_inputs(context, _first_week(monday), monday)


def _lead_series(context: Context, monday: date) -> pa.Table:
    """Read the history of monitored cities.

    A week covered in part counts: its looks are fewer, and the least number of looks
    decides. Shares, unlike counts, do not sink when a day is missing.
    """
    series = read_share_series(context, _first_week(monday), monday)
    placed = pc.invert(pc.is_in(series["city"], pa.array(NO_CITIES)))
    return series.filter(placed).select(LEAD_SERIES.names)


def _influence(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    parts: Parts = {name: {} for name in OUTPUTS}
    for monday in weeks:
        series = _lead_series(context, monday)
        edges, placebos = lead_cities(series, week=monday, run_id=run_ids[monday])
        parts["influence_edges"][monday] = edges
        parts["influence_placebos"][monday] = placebos
        parts["influence_forecasts"][monday] = forecast_followers(
            series, week=monday, run_id=run_ids[monday]
        )
    return parts


INFLUENCE = Step(
    name="influence",
    modules=("trendlab.signals.influence.windows", QUERY),
    outputs=OUTPUTS,
    inputs=_influence_inputs,
    compute=_influence,
    is_weekly=True,
    only_last_week=True,
)
