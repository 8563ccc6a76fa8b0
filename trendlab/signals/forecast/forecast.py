"""The forecast of a panel of series: members, backtest, combination, intervals."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from trendlab.errors import SignalError
from trendlab.signals.forecast.backtest import Origin, mean_mase, run_origins
from trendlab.signals.forecast.history import Floats, History, make_history
from trendlab.signals.forecast.intervals import spread_quantiles
from trendlab.signals.forecast.judge import COMBINATION, judge_members
from trendlab.signals.forecast.lead import lead_factor
from trendlab.signals.forecast.members import Setting, choose_members
from trendlab.signals.forecast.weights import combine, weigh_members

logger = logging.getLogger(__name__)

# One is fastest here, on an idle machine and more so on a busy one.
BLAS_THREADS = 1
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
LONG = pa.schema(
    [
        ("date", pa.date32()),
        ("series", pa.string()),
        ("quantile", pa.float64()),
        ("value", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Forecast:
    """What is to come, how sure it is, and how good such forecasts were.

    Parameters
    ----------
    points : pa.Table
        The columns of the series given, one row a coming week.
    quantiles : pa.Table
        date, series, quantile, value; one row a week, series and quantile.
    backtest : pa.Table
        member, weight, back_weeks, mase, smape, direction_share, coverage_share;
        one row a member and origin, the combination last. coverage_share is of the
        80 % interval, and only the combination has one. No rows where the history is
        too short.
    notes : tuple of str
        What the reader must know: series that could not be forecast as the rest.
    """

    points: pa.Table
    quantiles: pa.Table
    backtest: pa.Table
    notes: tuple[str, ...]

    def mean_mase(self, member: str = COMBINATION) -> float:
        """Mean backtest MASE of a member over origins; NaN where there is none."""
        told = [
            row["mase"]
            for row in self.backtest.to_pylist()
            if row["member"] == member and row["mase"] is not None
        ]
        return float(np.mean(told)) if told else float("nan")


def forecast_series(
    series: pa.Table,
    *,
    horizon: int,
    external: pa.Table | None = None,
    setting: Setting = "full",
    levels: Sequence[float] = QUANTILES,
) -> Forecast:
    """Forecast weekly series.

    Parameters
    ----------
    series : pa.Table
        First column the week (date32, seven days apart), then a float64 column a
        series: shares or counts, ≥ 0, null where not known.
    horizon : int
        Weeks to forecast, ≥ 1.
    external : pa.Table or None
        Signals that may lead: the same weeks and columns.
    setting : {"light", "full"}
        Members to combine: the fast family, or all.
    levels : sequence of float
        Quantiles, ascending.

    Returns
    -------
    Forecast

    Raises
    ------
    SignalError
        If the horizon or the shape of the tables is wrong.
    """
    if horizon < 1:
        raise SignalError(f"horizon must be ≥ 1 week, got {horizon}")
    names = series.column_names[1:]
    if not names or series.num_rows == 0:
        raise SignalError("no series to forecast: expected a week column and a series")
    weeks: list[date] = series.column(0).to_pylist()
    # many small matrices: threads of a linear algebra library only wait for each other
    with threadpool_limits(limits=BLAS_THREADS, user_api="blas"):
        history = make_history(_matrix(series), _external(series, external))
        members = choose_members(history.weeks, setting)
        origins = run_origins(history, horizon, members, setting)
        weights = weigh_members(origins, list(members))
        told = [combine(origin.points, weights) for origin in origins]
        ahead = {name: members[name](history, horizon) for name in weights}
        point = combine(ahead, weights)
        led = _lead(origins, told)
        factor = None if led is None else lead_factor(history, horizon)
        if led is not None and factor is not None:
            told, point = led, point * factor
        point = _settle(point, history)
        spread = spread_quantiles(point, history, origins, told, levels)
    coming = [weeks[-1] + timedelta(weeks=step) for step in range(1, horizon + 1)]
    result = Forecast(
        points=_wide(series.column_names, coming, point),
        quantiles=_long(names, coming, levels, spread),
        backtest=judge_members(origins, weights, told),
        notes=_notes(names, history, origins),
    )
    logger.info(
        "forecast: %d series, %d weeks in, %d ahead, %d members, backtest MASE %.3f",
        len(names),
        history.weeks,
        horizon,
        len(weights),
        result.mean_mase(),
    )
    return result


def _lead(origins: Sequence[Origin], told: Sequence[Floats]) -> list[Floats] | None:
    """Move past forecasts by the external signal; None unless that made them better."""
    led = []
    for origin, point in zip(origins, told, strict=True):
        factor = lead_factor(origin.history, len(point))
        if factor is not None:
            led.append(point * factor)
    if not led or len(led) < len(told):
        return None
    if mean_mase(list(origins), led) >= mean_mase(list(origins), list(told)):
        return None
    return led


def _settle(point: Floats, history: History) -> Floats:
    """A series that has never moved stays where it is, to the last digit."""
    still = np.ptp(history.values, axis=0) == 0
    return np.where(still, history.values[-1], point)


def _matrix(table: pa.Table) -> Floats:
    return np.stack(
        [
            column.cast(pa.float64()).to_numpy(zero_copy_only=False)
            for column in table.columns[1:]
        ],
        axis=1,
    ).astype(np.float64)


def _external(series: pa.Table, external: pa.Table | None) -> Floats | None:
    if external is None:
        return None
    missing = [n for n in series.column_names[1:] if n not in external.column_names]
    if missing or external.column(0).to_pylist() != series.column(0).to_pylist():
        raise SignalError(
            "the external signal must have the weeks and columns of the series; "
            + (f"it lacks {missing[:3]}" if missing else "its weeks are others")
        )
    picked = external.select([external.column_names[0], *series.column_names[1:]])
    return _matrix(picked)


def _wide(columns: Sequence[str], coming: list[date], point: Floats) -> pa.Table:
    arrays: list[Any] = [pa.array(coming, pa.date32())]
    arrays += [pa.array(point[:, place]) for place in range(point.shape[1])]
    return pa.Table.from_arrays(arrays, names=list(columns))


def _long(
    names: Sequence[str], coming: list[date], levels: Sequence[float], spread: Floats
) -> pa.Table:
    """Week by week, series by series, quantile by quantile."""
    _, horizon, series = spread.shape
    return pa.Table.from_arrays(
        [
            pa.array(
                np.repeat(np.array(coming, "datetime64[D]"), series * len(levels)),
                pa.date32(),
            ),
            pa.array(np.tile(np.repeat(list(names), len(levels)), horizon).tolist()),
            pa.array(np.tile(np.asarray(levels, float), horizon * series)),
            pa.array(spread.transpose(1, 2, 0).ravel()),
        ],
        schema=LONG,
    )


def _notes(
    names: Sequence[str], history: History, origins: Sequence[Origin]
) -> tuple[str, ...]:
    notes = []
    if not origins:
        notes.append(
            f"{history.weeks} weeks are too few for a backtest (two seasons and a "
            "quarter are needed): members weigh the same and intervals are a guess"
        )
    is_empty = ~history.seen.any(axis=0)
    is_still = (np.ptp(history.values, axis=0) == 0) & ~is_empty
    for what, which in (("never known", is_empty), ("constant", is_still)):
        found = [names[place] for place in np.flatnonzero(which).tolist()]
        if found:
            shown = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
            notes.append(f"{len(found)} series {what}, kept as they are: {shown}")
    return tuple(notes)
