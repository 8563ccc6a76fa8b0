"""Quantiles around a forecast, from what the backtest missed by.

Errors are taken between square roots, where the noise of a share or a count does
not grow with its level, and in units of a series' own week-to-week noise. They are
pooled over series and origins by distance ahead (split conformal, the members
having seen none of the weeks they are judged on).

References
----------
Vovk et al. 2005, Algorithmic Learning in a Random World; Stankeviciute et al. 2021,
Conformal time-series forecasting.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.stats import norm

from trendlab.signals.forecast.backtest import Origin
from trendlab.signals.forecast.history import Floats, History

# Weeks ahead at which a new pool of errors begins: errors grow, then stay.
POOL_STARTS = (0, 4, 13, 26)
# Weeks from which a series' own noise is told.
NOISE_WEEKS = 104
# Median of |a - b| of two equal normal values, in standard deviations.
MEDIAN_APART = 0.9539
# Least noise of a series, as a share of the root of its usual value.
MIN_NOISE = 0.01
# Errors in units of noise where there is no backtest to tell: a year ahead the level
# has moved too, so wider than the noise itself.
UNTOLD_SPREAD = 1.5
# Share of the way that a series' own errors move its width from the pool's: its
# origins overlap, so they tell about half of what they seem to.
OWN_SHARE = 0.5
# Own width over the pool's, held to this factor either way.
MAX_OWN_FACTOR = 2.0


def root_noise(history: History) -> Floats:
    """Week-to-week standard deviation of the square root of each series."""
    root = np.sqrt(history.values[-NOISE_WEEKS:])
    if len(root) < 2:
        return np.asarray(np.sqrt(history.values[-1]) + MIN_NOISE)
    apart = np.abs(np.diff(root, axis=0))
    median = np.median(apart, axis=0) / MEDIAN_APART
    mean = apart.mean(axis=0) * np.sqrt(np.pi) / 2
    noise = np.where(median > 0, median, mean)
    return np.asarray(np.maximum(noise, MIN_NOISE * root.mean(axis=0)))


def spread_quantiles(
    point: Floats,
    history: History,
    origins: Sequence[Origin],
    combined: Sequence[Floats],
    levels: Sequence[float],
) -> Floats:
    """Give quantiles of each week ahead.

    Parameters
    ----------
    point : (horizon, series) float64
        The forecast; it is the 0.5 quantile.
    history : History
    origins, combined
        The backtest, and what the combination would have said at each origin.
    levels : sequence of float
        Ascending, inside (0, 1).

    Returns
    -------
    (levels, horizon, series) float64
        Ascending along the first axis, ≥ 0, holding the point at 0.5.
    """
    errors = [_errors(o, told) for o, told in zip(origins, combined, strict=True)]
    noise = root_noise(history) * _own_factor(errors, point.shape[1])
    root = np.sqrt(point)
    quantiles = np.empty((len(levels), *point.shape))
    bounds = [*POOL_STARTS, max(len(point), POOL_STARTS[-1] + 1)]
    for start, end in pairwise(bounds):
        pool = _pool(errors, start, end)
        apart = (
            np.quantile(pool, levels)
            if pool.size
            else UNTOLD_SPREAD * norm.ppf(np.asarray(levels))
        )
        wide = root[start:end] + apart[:, None, None] * noise
        quantiles[:, start:end] = np.maximum(wide, 0.0) ** 2
    for place, level in enumerate(levels):
        if level < 0.5:
            quantiles[place] = np.minimum(quantiles[place], point)
        elif level > 0.5:
            quantiles[place] = np.maximum(quantiles[place], point)
        else:
            quantiles[place] = point
    return quantiles


def _errors(origin: Origin, told: Floats) -> Floats:
    """Errors in units of noise; NaN where nothing is known or nothing ever moved."""
    noise = root_noise(origin.history)
    unit = np.where(noise > 0, noise, np.nan)
    return np.asarray((np.sqrt(origin.actual) - np.sqrt(told)) / unit)


def _pool(errors: Sequence[Floats], start: int, end: int) -> Floats:
    """Errors of a span ahead; those of the nearest span told where it has none."""
    while start >= 0:
        parts = [each[start:end].ravel() for each in errors]
        pool = np.concatenate(parts) if parts else np.empty(0)
        pool = pool[np.isfinite(pool)]
        if pool.size or start == 0:
            return pool
        start = max(place for place in POOL_STARTS if place < start)
    return np.empty(0)


def _own_factor(errors: Sequence[Floats], series: int) -> Floats:
    """How much wider a series misses than the others, shrunk to one."""
    if not errors:
        return np.ones(series)
    size = np.abs(np.concatenate(errors))
    known = np.isfinite(size)
    count = known.sum(axis=0)
    own = np.where(known, size, 0.0).sum(axis=0) / np.maximum(count, 1)
    usual = np.median(own[count > 0]) if (count > 0).any() else 0.0
    if usual <= 0:
        return np.ones(series)
    told = (count > 0) & (own > 0)
    factor = np.where(told, np.where(told, own, usual) / usual, 1.0) ** OWN_SHARE
    return np.clip(factor, 1 / MAX_OWN_FACTOR, MAX_OWN_FACTOR)
