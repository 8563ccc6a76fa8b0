"""What a series should be today, from its own past only.

The baseline is the median of log1p over the same slot of earlier periods (the same
weekday, the same time of day); the scale is 1.4826 × the MAD of the residuals of all
slots pooled, each centred on its own slot's median. Trailing only: the value of step t
never enters the baseline of step t. `trailing.TrailingBaselines` computes it.

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
# Flagged steps in one run after which the level counts as new, not as a peak.
SHIFT_STEPS = 14

# A cold start's prior variation weighs as much as this many days.
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
        for the cold start; NaN where enough valid steps lie in the window.
    """

    centre: Floats
    scale: Floats
    valid: Ints
    mean: Floats
    spread: Floats


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
def young_moments(
    values: Floats,
    usable: Bools,
    flagged: Bools,
    segments: Ints,
    step: int,
    window: int,
    starts: Ints,
    valid: Ints,
    young_steps: int,
    mean: Floats,
    spread: Floats,
) -> None:
    """Mean, and squared variation beyond Poisson, of windows with few valid steps."""
    first = max(0, step - window)
    for s in range(values.shape[0]):
        mean[s] = np.nan
        spread[s] = np.nan
        count = valid[s]
        if count == 0 or count >= young_steps:
            continue
        total = 0.0
        squares = 0.0
        for i in range(starts[s], step):
            if not usable[i, s] or segments[i, s] != segments[step, s]:
                continue
            if flagged[i, s] and starts[s] == first:
                continue
            total += values[s, i]
            squares += values[s, i] * values[s, i]
        mu = total / count
        mean[s] = mu
        spread[s] = 0.0
        if count > 1 and mu > 0.0:
            variance = (squares - count * mu * mu) / (count - 1)
            spread[s] = max(0.0, (variance - mu) / (mu * mu))


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


def cold_start_size(baseline: Baseline, variation: float) -> tuple[Floats, Floats]:
    """Give mean and Gamma shape of the predictive law of a young series.

    Parameters
    ----------
    baseline : Baseline
    variation : float
        Prior: squared coefficient of variation of a day's rate around the series'
        mean, weekday pattern and overdispersion together; 0.1 is ± 32 %.

    Returns
    -------
    mean, size : (series,) float64
        For `negative_binomial_upper_tail`. The mean adds half a post, so that a
        series of zeros still expects something; 1 / size = v (1 + 1 / days) +
        1 / (days · mean), the spread of a day around its rate and the error of the
        estimated rate, with v the mix of the prior and the days seen.
    """
    days = np.maximum(baseline.valid, 1).astype(np.float64)
    mean = (np.nan_to_num(baseline.mean) * days + 0.5) / days
    mixed = (COLD_PRIOR_DAYS * variation + days * np.nan_to_num(baseline.spread)) / (
        COLD_PRIOR_DAYS + days
    )
    size = 1.0 / (mixed * (1.0 + 1.0 / days) + 1.0 / (days * mean))
    return mean, size


def cold_start_tail(values: Floats, baseline: Baseline, variation: float) -> Floats:
    """Give the Gamma–Poisson upper tail of each value of a young series."""
    mean, size = cold_start_size(baseline, variation)
    return negative_binomial_upper_tail(values, mean, size)
