"""The weekly step of forecasts: weekly shares in, the coming quarter out."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.schemas import TABLES
from trendlab.signals.forecast.shares import RULE_VERSION, forecast_shares
from trendlab.steps.city_trends import first_week
from trendlab.steps.share_series import (
    QUERY,
    SERIES,
    read_share_series,
    share_inputs,
)
from trendlab.steps.step import Context, Input, Parts, Step

log = logging.getLogger(__name__)


def _inputs(context: Context, monday: date) -> list[Input]:
    return share_inputs(context, first_week(monday), monday)


def _compute(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    table = TABLES["trend_forecasts"]
    parts: dict[date, pa.Table] = {}
    for monday in weeks:
        shares = read_share_series(context, first_week(monday), monday)
        rows, left_out = forecasts_of(shares.filter(shares["is_complete"]), monday)
        for reason, count in left_out.items():
            log.info("trend_forecasts %s: %d series %s", monday, count, reason)
        own = {
            "day": monday,
            "rule_version": RULE_VERSION,
            "run_id": run_ids[monday],
        }
        parts[monday] = table.from_rows(
            sorted(
                ({**row, **own} for row in rows),
                key=lambda row: tuple(row[name] for name in table.key),
            )
        )
    return {table.name: parts}


def forecasts_of(
    shares: pa.Table, monday: date
) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Return rows of forecasts, and series without one by reason.

    Each tracker and model is forecast by itself, so that a tracker's figures do not
    change when another one is added.
    """
    rows: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    groups = shares.group_by(["tracker", "model_name"]).aggregate([]).to_pylist()
    for group in groups:
        mine = shares.filter(
            pc.and_(
                pc.equal(shares["tracker"], group["tracker"]),
                pc.equal(shares["model_name"], group["model_name"]),
            )
        )
        told = forecast_shares(mine, SERIES, last_week=monday)
        rows += told.rows
        left_out.update(told.left_out)
    return rows, left_out


def why_no_forecast(context: Context, days: Sequence[date]) -> str:
    """Say why the weeks computed have no forecast; nothing where they have some."""
    for monday in days:
        if context.lake.read("trend_forecasts", monday).num_rows:
            return ""
    if not days:
        return ""
    monday = max(days)
    shares = read_share_series(context, first_week(monday), monday)
    _, left_out = forecasts_of(shares.filter(shares["is_complete"]), monday)
    told = ", ".join(f"{count} series {reason}" for reason, count in left_out.items())
    return f"no forecast: {told or 'no complete week of looks'}"


TREND_FORECASTS = Step(
    name="trend_forecasts",
    modules=("trendlab.signals.forecast.shares", QUERY),
    outputs=("trend_forecasts",),
    inputs=_inputs,
    compute=_compute,
    is_weekly=True,
    only_last_week=True,
)
