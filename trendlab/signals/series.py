"""Runs a peak detector on any file of (timestamp, value), at any grain.

It streams: row t is judged from the rows before it and never again. Days and coarser
grains take the nightly rule (weekday median, robust z). Finer grains have bursts
instead of ordinary days, and take the tail rule: how far the means of the last quarter
of an hour and of the last two hours lie out on the Pareto tail of the past fortnight;
one burst is told once.
"""

from __future__ import annotations

from datetime import datetime

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trendlab.errors import SignalError
from trendlab.signals.series_days import judge_days
from trendlab.signals.series_rule import BELOW_RATIO, DAY_SECONDS, SeriesRule
from trendlab.signals.surprise import slot_medians, smooth, trailing_surprise

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

__all__ = [
    "PEAK_SCORE",
    "SERIES_ROWS",
    "SeriesRule",
    "detect_series",
    "tell_grain",
]

SERIES_ROWS = pa.schema(
    [
        pa.field("timestamp", pa.timestamp("us"), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("baseline", pa.float64()),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("is_peak", pa.bool_(), nullable=False),
    ]
)

# A score of at least this is a peak, in every series and at every grain.
PEAK_SCORE = 0.5
BELOW_PEAK = float(np.nextafter(PEAK_SCORE, 0.0))
# A fortnight of minutes; finer grains look back over fewer days, so that a row costs
# no more than a shift of 160 kB.
MAX_WINDOW_STEPS = 20_160


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
        Distance of two rows; told from the median distance where not given, which is
        the one thing that is read from the whole file.
    rule : SeriesRule, optional

    Returns
    -------
    pyarrow.Table
        Columns of `SERIES_ROWS`; one row per input row, in order. `baseline` is the
        median at the same time of day, or on the same weekday. `score` is 0 for an
        ordinary value, `PEAK_SCORE` at the threshold, near 1 far beyond; `is_peak`
        is score ≥ `PEAK_SCORE`. At grains up to half a day, rows that
        would be peaks but follow one within `quiet_days` keep half their score.

    Raises
    ------
    SignalError
        Lengths differ, timestamps do not ascend, or values are negative or infinite.
    """
    rule = rule or SeriesRule()
    moments = np.asarray(timestamps, "datetime64[us]")
    given = np.array(values, np.float64)
    if moments.shape != given.shape:
        raise SignalError(
            f"expected one value a timestamp, got {len(moments)} and {len(given)}"
        )
    if (given < 0).any() or np.isinf(given).any():
        row = int(np.flatnonzero((given < 0) | np.isinf(given))[0])
        raise SignalError(
            f"values must be finite and ≥ 0, got {given[row]} in row {row + 1}; "
            "shift the series first"
        )
    if len(given) == 0:
        return SERIES_ROWS.empty_table()
    told = tell_grain(moments)
    grain = told if grain_seconds is None else float(grain_seconds)
    seconds = (moments - moments[0]).astype(np.int64) / 1e6
    places = np.rint(seconds / grain).astype(np.int64)
    if grain <= DAY_SECONDS / 2.0:
        baseline, strength = _judge_tails(given, places, grain, rule)
        is_told = _tell_once(strength, seconds, rule.quiet_days * DAY_SECONDS)
        score = _as_score(strength)
        is_same_story = (strength >= 1.0) & ~is_told
        score = np.where(is_same_story, np.minimum(score / 2.0, BELOW_PEAK), score)
    else:
        baseline, strength = judge_days(given, places, grain, rule)
        score = _as_score(strength)
    return pa.table(
        {
            "timestamp": pa.array(moments),
            "value": pa.array(given, mask=np.isnan(given)),
            "baseline": pa.array(baseline, mask=np.isnan(baseline)),
            "score": pa.array(score),
            "is_peak": pa.array(score >= PEAK_SCORE),
        },
        schema=SERIES_ROWS,
    )


def _as_score(strength: Floats) -> Floats:
    """Map strength (1 is the threshold) to [0, 1]; never rounds up to a peak."""
    score = 1.0 - np.exp2(-strength)
    return np.where(
        strength >= 1.0, np.maximum(score, PEAK_SCORE), np.minimum(score, BELOW_PEAK)
    )


def _judge_tails(
    given: Floats, places: Ints, grain: float, rule: SeriesRule
) -> tuple[Floats, Floats]:
    """Baseline, and surprise in units of the threshold, of rows within days."""
    period = max(1, round(DAY_SECONDS / grain))
    window = min(round(rule.window_days * period), MAX_WINDOW_STEPS)
    min_rows = max(rule.min_history_rows, round(rule.min_history_days * period))
    min_rows = min(min_rows, window)
    widths = {max(1, round(m * 60.0 / grain)) for m in rule.scales_minutes}
    surprises, medians = [], []
    for width in sorted(widths):
        surprise, median = trailing_surprise(
            np.log1p(smooth(given, places, width)),
            places,
            window=window,
            min_rows=min_rows,
            tail_share=rule.tail_share,
            width=width,
        )
        surprises.append(surprise)
        medians.append(median)
    strength = np.mean(surprises, axis=0) / rule.peak_surprise
    strength = np.where(np.isnan(strength), 0.0, strength)
    baseline = np.expm1(
        slot_medians(
            np.log1p(given),
            places,
            period=period,
            periods=max(1, window // period),
            fallback=medians[0],
        )
    )
    longest = smooth(given, places, max(widths))
    with np.errstate(invalid="ignore"):
        is_small = np.minimum(given, longest) < rule.min_ratio * baseline
    return baseline, np.where(is_small, np.minimum(strength, BELOW_RATIO), strength)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _tell_once(strength: Floats, seconds: Floats, quiet: float) -> Bools:
    """Mark the first row at or over the threshold, and then none for `quiet` s."""
    is_told = np.zeros(len(strength), np.bool_)
    last = -np.inf
    for i in range(len(strength)):
        if strength[i] >= 1.0 and seconds[i] - last > quiet:
            is_told[i] = True
            last = seconds[i]
    return is_told
