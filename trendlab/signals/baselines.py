"""What a series should be today, from its own past only.

The baseline is the median of log1p over the same slot of earlier periods (the same
weekday, the same time of day); the scale is 1.4826 × the MAD of the residuals of all
slots pooled, each centred on its own slot's median. Trailing only: the value of step t
never enters the baseline of step t.

Notes
-----
"Median of |x − its own rolling median|" is not the MAD; here the medians and the MAD
belong to one window, and a brute-force test says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from trendlab.signals.tails import negative_binomial_upper_tail

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Makes the MAD of normal residuals equal to their standard deviation.
MAD_TO_SIGMA = 1.4826
# A slot with fewer values than this takes the median of the whole window: a median of
# one or two values would make the slot's own noise its baseline.
MIN_SLOT_VALUES = 3
# Flagged steps in one run after which the level counts as new, not as a peak.
SHIFT_STEPS = 14

# Cold start: squared coefficient of variation of a day's rate around the series' mean,
# weekday pattern and overdispersion together; 0.1 is ± 32 %.
COLD_SQUARED_VARIATION = 0.1
# The prior above weighs as much as this many days.
COLD_PRIOR_DAYS = 14.0


@dataclass(frozen=True)
class Baseline:
    """Trailing baseline of every series at one step.

    Parameters
    ----------
    centre : (series,) float64
        Slot median of log1p; NaN where no valid step lies in the window.
    scale : (series,) float64
        1.4826 × MAD of pooled slot-centred residuals, without floor.
    valid : (series,) int64
        Valid steps in the window.
    mean, spread : (series,) float64
        Mean and squared coefficient of variation beyond Poisson of the raw values,
        for the cold start.
    """

    centre: Floats
    scale: Floats
    valid: Ints
    mean: Floats
    spread: Floats


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _median(values: Floats, count: int) -> float:
    """Median of the first `count` values; reorders them (quickselect)."""
    middle = count // 2
    low = 0
    high = count - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i = low
        j = high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                swap = values[i]
                values[i] = values[j]
                values[j] = swap
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            break
    upper: float = values[middle]
    if count % 2 == 1:
        return upper
    lower: float = values[0]
    for i in range(1, middle):
        if values[i] > lower:
            lower = values[i]
    return 0.5 * (lower + upper)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def window_start(flagged: npt.NDArray[np.bool_], first: int, step: int) -> int:
    """First step that counts: the start of the newest level shift in the window.

    A run of flagged steps (gaps of one step allowed) of `SHIFT_STEPS` or more is a
    new level: the baseline restarts with it.
    """
    start = first
    run_start = -1
    run_length = 0
    last = -10
    for i in range(first, step):
        if not flagged[i]:
            continue
        if i - last <= 2:
            run_length += 1
        else:
            run_start = i
            run_length = 1
        last = i
        if run_length >= SHIFT_STEPS:
            start = run_start
    return start


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _trailing(
    values: Floats,
    logs: Floats,
    usable: npt.NDArray[np.bool_],
    flagged: npt.NDArray[np.bool_],
    segments: npt.NDArray[np.int64],
    step: int,
    window: int,
    period: int,
    centre: Floats,
    scale: Floats,
    valid: npt.NDArray[np.int64],
    mean: Floats,
    spread: Floats,
) -> None:
    first = max(0, step - window)
    depth = window // period + 2
    slots = np.empty((period, depth), np.float64)
    filled = np.zeros(period, np.int64)
    medians = np.empty(period, np.float64)
    work = np.empty(window + 1, np.float64)
    today = step % period
    for s in range(values.shape[0]):
        any_flag = False
        for i in range(first, step):
            if flagged[s, i]:
                any_flag = True
                break
        start = window_start(flagged[s], first, step) if any_flag else first
        has_shift = start > first
        for p in range(period):
            filled[p] = 0
        count = 0
        total = 0.0
        squares = 0.0
        for i in range(start, step):
            if not usable[s, i] or segments[s, i] != segments[s, step]:
                continue
            if flagged[s, i] and not has_shift:
                continue
            slot = i % period
            x = logs[s, i]
            slots[slot, filled[slot]] = x
            filled[slot] += 1
            work[count] = x
            count += 1
            total += values[s, i]
            squares += values[s, i] * values[s, i]
        valid[s] = count
        centre[s] = np.nan
        scale[s] = np.nan
        mean[s] = np.nan
        spread[s] = np.nan
        if count == 0:
            continue
        mu = total / count
        mean[s] = mu
        spread[s] = 0.0
        if count > 1 and mu > 0.0:
            variance = (squares - count * mu * mu) / (count - 1)
            spread[s] = max(0.0, (variance - mu) / (mu * mu))
        overall = _median(work, count)
        m = 0
        for p in range(period):
            if filled[p] == 0:
                medians[p] = overall
                continue
            if filled[p] < MIN_SLOT_VALUES:
                medians[p] = overall
            else:
                for j in range(filled[p]):
                    work[j] = slots[p, j]
                medians[p] = _median(work, filled[p])
        for p in range(period):
            for j in range(filled[p]):
                work[m] = abs(slots[p, j] - medians[p])
                m += 1
        centre[s] = medians[today]
        scale[s] = MAD_TO_SIGMA * _median(work, m)


def trailing_baseline(
    values: Floats,
    usable: Bools,
    flagged: Bools,
    segments: Ints,
    step: int,
    *,
    window: int = 84,
    period: int = 7,
    logs: Floats | None = None,
) -> Baseline:
    """Compute every series' baseline at one step from the steps before it.

    Parameters
    ----------
    values : (series, steps) float64
        Values ≥ 0; anything where not usable.
    usable : (series, steps) bool
        Steps that may enter a baseline: covered in full, not missing.
    flagged : (series, steps) bool
        Peaks found so far; they stay out of the baseline, unless a run of
        `SHIFT_STEPS` of them shows a new level, from which the baseline restarts.
    segments : (series, steps) int64
        Version of the series' query; only steps of the same version compare.
    step : int
        The step to predict, 0-based; columns at and after it are not read,
        except for its segment.
    window, period : int
        Length of the window and of the season, in steps.
    logs : (series, steps) float64, optional
        log1p of `values`; give it where many steps are predicted from one array.

    Returns
    -------
    Baseline
    """
    count = values.shape[0]
    baseline = Baseline(
        centre=np.empty(count),
        scale=np.empty(count),
        valid=np.empty(count, np.int64),
        mean=np.empty(count),
        spread=np.empty(count),
    )
    _trailing(
        values,
        np.log1p(values) if logs is None else logs,
        usable,
        flagged,
        segments,
        step,
        window,
        period,
        baseline.centre,
        baseline.scale,
        baseline.valid,
        baseline.mean,
        baseline.spread,
    )
    return baseline


def count_floor(centre: Floats) -> Floats:
    """Give the least scale that a series of counts can have, on the log1p scale.

    A count with mean m varies at least as Poisson does; the delta method gives
    √m / (1 + m) on the log1p scale. Below a mean of 1 that formula falls again, though
    a step from 0 to 1 is still a big step, so it is held at its value for 1.

    Parameters
    ----------
    centre : (series,) float64
        Baseline, log1p scale.
    """
    mean = np.maximum(np.expm1(centre), 1.0)
    return np.asarray(np.sqrt(mean) / (1.0 + mean))


def cold_start_size(baseline: Baseline) -> tuple[Floats, Floats]:
    """Give mean and Gamma shape of the predictive law of a young series.

    Returns
    -------
    mean, size : (series,) float64
        For `negative_binomial_upper_tail`. The mean adds half a post, so that a
        series of zeros still expects something; 1 / size = v (1 + 1 / days) +
        1 / (days · mean), the spread of a day around its rate and the error of the
        estimated rate, with v the mix of the stated prior and the days seen.
    """
    days = np.maximum(baseline.valid, 1).astype(np.float64)
    mean = (np.nan_to_num(baseline.mean) * days + 0.5) / days
    variation = (
        COLD_PRIOR_DAYS * COLD_SQUARED_VARIATION + days * np.nan_to_num(baseline.spread)
    ) / (COLD_PRIOR_DAYS + days)
    size = 1.0 / (variation * (1.0 + 1.0 / days) + 1.0 / (days * mean))
    return mean, size


def cold_start_tail(values: Floats, baseline: Baseline) -> Floats:
    """Give the Gamma–Poisson upper tail of each value of a young series."""
    mean, size = cold_start_size(baseline)
    return negative_binomial_upper_tail(values, mean, size)
