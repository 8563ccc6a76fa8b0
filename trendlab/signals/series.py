"""Runs the peak detector on any file of (timestamp, value), at any grain.

The baseline and the season are counted in periods of the grain: days have a weekday
over 84 days, minutes and hours a time of day over 14 days. The rule streams: row t is
judged from the rows before it and never again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trendlab.errors import SignalError
from trendlab.signals.baselines import count_floor, trailing_baseline
from trendlab.signals.tails import student_upper_tail

Floats = npt.NDArray[np.float64]

SERIES_ROWS = pa.schema(
    [
        pa.field("timestamp", pa.timestamp("us"), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("baseline", pa.float64()),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("is_peak", pa.bool_(), nullable=False),
    ]
)

DAY_SECONDS = 86_400.0
# Past this many days without data the file is taken as several files by mistake.
MAX_STEPS = 5_000_000


@dataclass(frozen=True)
class SeriesRule:
    """Thresholds of the detector on any series.

    Parameters
    ----------
    peak_z : float
        Robust z of a peak.
    min_ratio : float
        Value / baseline.
    tail_freedom : float
        Degrees of freedom of the t tail that turns z into the score.
    daily_window, daily_period : int
        Steps of baseline and season where the grain is a day.
    intraday_days : int
        Days of baseline where the grain is finer; the season is then one day.
    min_valid_share : float
        Share of the window that must have been seen for the full rule; before, the
        series scores against what there is, from `min_steps` on.
    min_steps : int
        Fewer rows than this score 0.
    """

    peak_z: float = 3.5
    min_ratio: float = 1.5
    tail_freedom: float = 8.0
    daily_window: int = 84
    daily_period: int = 7
    intraday_days: int = 14
    min_valid_share: float = 1.0 / 3.0
    min_steps: int = 14


def tell_grain(timestamps: npt.NDArray[np.datetime64]) -> float:
    """Tell the grain of a series: the median distance of its rows, seconds.

    Raises
    ------
    SignalError
        Timestamps do not ascend.
    """
    steps = np.diff(timestamps.astype("datetime64[us]").astype(np.int64)) / 1e6
    if (steps <= 0).any():
        row = int(np.flatnonzero(steps <= 0)[0]) + 2
        raise SignalError(
            f"expected ascending timestamps, got {timestamps[row - 1]} in row {row} "
            f"after {timestamps[row - 2]}; sort the file and drop repeats"
        )
    return float(np.median(steps)) if len(steps) else DAY_SECONDS


def detect_series(
    timestamps: list[datetime] | npt.NDArray[np.datetime64],
    values: npt.ArrayLike,
    *,
    grain_seconds: float | None = None,
    rule: SeriesRule | None = None,
) -> pa.Table:
    """Score each row of a series against the rows before it.

    Parameters
    ----------
    timestamps : (n,) datetime
        Ascending, without repeats. Gaps are allowed: a step without a row is missing.
    values : (n,) float
        Counts or other values ≥ 0; NaN is missing.
    grain_seconds : float, optional
        Distance of two rows; told from the median distance where not given.
    rule : SeriesRule, optional

    Returns
    -------
    pyarrow.Table
        Columns of `SERIES_ROWS`; one row per input row, in order. `score` is
        1 − p of the z's tail on a scale of log₁₀: 0 for an ordinary value, 1 where
        p ≤ 10⁻¹⁰.

    Raises
    ------
    SignalError
        Lengths differ, timestamps do not ascend, or values are negative.
    """
    rule = rule or SeriesRule()
    moments = np.asarray(timestamps, "datetime64[us]")
    given = np.asarray(values, np.float64)
    if moments.shape != given.shape:
        raise SignalError(
            f"expected one value a timestamp, got {len(moments)} and {len(given)}"
        )
    if (given < 0).any():
        raise SignalError(
            f"values must be ≥ 0, got {np.nanmin(given)}; shift the series first"
        )
    if len(given) == 0:
        return SERIES_ROWS.empty_table()
    grain = tell_grain(moments) if grain_seconds is None else float(grain_seconds)
    window, period = _periods(grain, rule)
    seconds = (moments - moments[0]).astype(np.int64) / 1e6
    places = np.maximum.accumulate(np.rint(seconds / grain).astype(np.int64))
    steps = int(places[-1]) + 1
    if steps > MAX_STEPS:
        raise SignalError(
            f"the series spans {steps} steps of {grain:g} s, more than {MAX_STEPS}; "
            "give the right grain or cut the file"
        )
    centre, scale, valid = _baselines(given, places, steps, window, period)
    scale = np.maximum(scale, count_floor(centre))
    with np.errstate(invalid="ignore"):
        z = (np.log1p(given) - centre) / scale
        known = ~np.isnan(z) & (valid >= rule.min_steps)
        p = student_upper_tail(np.where(known, z, 0.0), 1.0, rule.tail_freedom)
        score = np.where(known & (z > 0), np.clip(-np.log10(2.0 * p) / 10.0, 0, 1), 0.0)
        is_peak = (
            known
            & (valid >= rule.min_valid_share * period)
            & (z >= rule.peak_z)
            & (given >= rule.min_ratio * np.expm1(centre))
        )
    baseline = np.expm1(centre)
    return pa.table(
        {
            "timestamp": pa.array(moments),
            "value": pa.array(given, mask=np.isnan(given)),
            "baseline": pa.array(baseline, mask=np.isnan(baseline)),
            "score": pa.array(score),
            "is_peak": pa.array(is_peak),
        },
        schema=SERIES_ROWS,
    )


def _periods(grain: float, rule: SeriesRule) -> tuple[int, int]:
    """Window and season in steps of the grain."""
    if grain >= DAY_SECONDS:
        return rule.daily_window, rule.daily_period
    period = max(1, round(DAY_SECONDS / grain))
    return rule.intraday_days * period, period


def _baselines(
    given: Floats,
    places: npt.NDArray[np.int64],
    steps: int,
    window: int,
    period: int,
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Trailing baseline at each row; rows that share a step use the step before."""
    values = np.zeros((1, steps))
    logs = np.zeros((1, steps))
    usable = np.zeros((1, steps), bool)
    flagged = np.zeros((1, steps), bool)
    segments = np.zeros((1, steps), np.int64)
    centre = np.full(len(given), np.nan)
    scale = np.full(len(given), np.nan)
    valid = np.zeros(len(given), np.int64)
    for row, place in enumerate(places.tolist()):
        found = trailing_baseline(
            values,
            usable,
            flagged,
            segments,
            place,
            window=window,
            period=period,
            logs=logs,
        )
        centre[row] = found.centre[0]
        scale[row] = found.scale[0]
        valid[row] = found.valid[0]
        if not np.isnan(given[row]):
            values[0, place] = given[row]
            logs[0, place] = np.log1p(given[row])
            usable[0, place] = True
    return centre, scale, valid
