"""Runs a peak detector on any file of (timestamp, value), at any grain.

It streams: row t is judged from the rows before it and never again. Days and coarser
grains take the nightly rule (weekday median, robust z). Finer grains have bursts
instead of ordinary days, and take the tail rule: how far a row, its last half hour and
its last two hours lie out on the Pareto tail of the past fortnight; one burst is told
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trendlab.errors import SignalError
from trendlab.signals.baselines import count_floor, trailing_baseline
from trendlab.signals.surprise import slot_medians, smooth, trailing_surprise
from trendlab.signals.tails import student_upper_tail

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

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
# A score of at least this is a peak, in every series and at every grain.
PEAK_SCORE = 0.5
# Strength (1 is the threshold) of a row that is surprising but too small to be news.
BELOW_RATIO = 0.99
# A fortnight of minutes; finer grains look back over fewer days, so that a row costs
# no more than a shift of 160 kB.
MAX_WINDOW_STEPS = 20_160
# Past this many steps of a day or more, the grain is wrong.
MAX_STEPS = 100_000


@dataclass(frozen=True)
class SeriesRule:
    """Thresholds of the detector on any series.

    Parameters
    ----------
    window_days : float
        History of the tail rule: two of each weekday.
    scales_minutes : tuple of float
        Besides the row itself, means over these times are judged; the surprise of a
        row is the mean over all, so neither one wild row nor a slow drift is enough.
    tail_share : float
        Share of the window that the tail is fitted to.
    min_history_days : float
        With less history nothing is a peak: every time of day must have been seen.
    peak_surprise : float
        Mean −log₁₀ tail of a peak: 1 in 100. In the sweep of `docs/peaks.md` lower
        thresholds cost little and higher ones lose whole events.
    quiet_days : float
        After a peak the next one is told after this time: it is the same story.
    daily_window, daily_period : int
        Steps of baseline and season where the grain is a day.
    coarse_window : int
        Steps of baseline where the grain is coarser; there is no season then.
    min_days, min_coarse_steps : int
        Valid steps in the window before anything is a peak.
    min_cold_steps : int
        Fewer valid steps than this score 0.
    peak_z : float
        Robust z of a peak of days.
    min_ratio : float
        Value / baseline of a peak, at every grain, and of its longest mean as well; a
        certain but small rise is no news.
    tail_freedom : float
        Degrees of freedom of the t tail that turns z into the score.
    """

    window_days: float = 14.0
    scales_minutes: tuple[float, ...] = (30.0, 120.0)
    tail_share: float = 0.01
    min_history_days: float = 1.0
    peak_surprise: float = 2.0
    quiet_days: float = 1.0
    daily_window: int = 84
    daily_period: int = 7
    coarse_window: int = 52
    min_days: int = 28
    min_coarse_steps: int = 12
    min_cold_steps: int = 7
    peak_z: float = 3.5
    min_ratio: float = 1.5
    tail_freedom: float = 8.0


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
        is score ≥ `PEAK_SCORE`. At grains finer than a day, rows that would be peaks
        but follow one within `quiet_days` keep half their score.

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
    if grain < DAY_SECONDS:
        baseline, strength = _judge_tails(given, places, grain, rule)
        is_told = _tell_once(strength, seconds, rule.quiet_days * DAY_SECONDS)
        score = _as_score(strength)
        score = np.where((strength >= 1.0) & ~is_told, score / 2.0, score)
    else:
        baseline, strength = _judge_days(given, places, grain, rule)
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
    below = np.nextafter(PEAK_SCORE, 0.0)
    return np.where(
        strength >= 1.0, np.maximum(score, PEAK_SCORE), np.minimum(score, below)
    )


def _judge_tails(
    given: Floats, places: Ints, grain: float, rule: SeriesRule
) -> tuple[Floats, Floats]:
    """Baseline, and surprise in units of the threshold, of rows within days."""
    period = max(1, round(DAY_SECONDS / grain))
    window = min(round(rule.window_days * period), MAX_WINDOW_STEPS)
    min_rows = max(2, min(round(rule.min_history_days * period), window))
    widths = {1, *(max(1, round(m * 60.0 / grain)) for m in rule.scales_minutes)}
    surprises = []
    median = np.full(len(given), np.nan)
    for width in sorted(widths):
        logs = np.log1p(smooth(given, places, width))
        surprise, middle = trailing_surprise(
            logs,
            places,
            window=window,
            min_rows=min_rows,
            tail_share=rule.tail_share,
            width=width,
        )
        surprises.append(surprise)
        if width == 1:
            median = slot_medians(
                logs,
                places,
                period=period,
                periods=max(1, window // period),
                fallback=middle,
            )
    strength = np.mean(surprises, axis=0) / rule.peak_surprise
    strength = np.where(np.isnan(strength), 0.0, strength)
    baseline = np.expm1(median)
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


def _judge_days(
    given: Floats, places: Ints, grain: float, rule: SeriesRule
) -> tuple[Floats, Floats]:
    """Baseline, and −log p in units of the threshold's, of rows of days or more."""
    is_daily = grain < 2.0 * DAY_SECONDS
    window = rule.daily_window if is_daily else rule.coarse_window
    period = rule.daily_period if is_daily else 1
    enough = rule.min_days if is_daily else rule.min_coarse_steps
    steps = int(places[-1]) + 1
    if steps > MAX_STEPS:
        raise SignalError(
            f"the series spans {steps} steps of {grain:g} s, more than {MAX_STEPS}; "
            "give the right grain or cut the file"
        )
    values, logs = np.zeros((1, steps)), np.zeros((1, steps))
    usable, is_flagged = np.zeros((1, steps), bool), np.zeros((1, steps), bool)
    segments = np.zeros((1, steps), np.int64)
    baseline = np.full(len(given), np.nan)
    strength = np.zeros(len(given))
    at_threshold = _surprise_of_z(rule.peak_z, rule)
    for row, place in enumerate(places.tolist()):
        found = trailing_baseline(
            values,
            usable,
            is_flagged,
            segments,
            place,
            window=window,
            period=period,
            logs=logs,
        )
        centre, valid = found.centre[0], int(found.valid[0])
        baseline[row] = np.expm1(centre)
        if np.isnan(given[row]):
            continue
        log = np.log1p(given[row])
        if valid >= rule.min_cold_steps:
            floor = float(count_floor(found.centre)[0])
            z = (log - centre) / max(found.scale[0], floor)
            told = _surprise_of_z(max(z, 0.0), rule) / at_threshold
            is_peak = (
                z >= rule.peak_z
                and given[row] >= rule.min_ratio * baseline[row]
                and valid >= enough
            )
            strength[row] = max(told, 1.0) if is_peak else min(told, BELOW_RATIO)
            is_flagged[0, place] |= is_peak
        values[0, place], logs[0, place] = given[row], log
        usable[0, place] = True
    return baseline, strength


def _surprise_of_z(z: float, rule: SeriesRule) -> float:
    """−log₁₀ of twice the upper t tail: 0 at z = 0."""
    p = float(student_upper_tail(np.array([z]), 1.0, rule.tail_freedom)[0])
    return float(-np.log10(max(2.0 * p, 1e-300)))
