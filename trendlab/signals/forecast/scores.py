"""How good a forecast was: MASE, sMAPE, coverage, direction."""

from __future__ import annotations

import numpy as np

from trendlab.signals.forecast.history import Floats

# A mean that moves by less than this share of itself counts as flat.
FLAT_CHANGE = 0.05


def mase(actual: Floats, point: Floats, scale: Floats) -> Floats:
    """Mean absolute error of each series over its scale; NaN where none is known."""
    return _mean_known(np.abs(actual - point)) / scale


def smape(actual: Floats, point: Floats) -> Floats:
    """Symmetric percentage error of each series, 0 to 2; 0 where both are zero."""
    size = np.abs(actual) + np.abs(point)
    apart = np.where(size == 0, 0.0, 2 * np.abs(actual - point))
    return _mean_known(apart / np.where(size == 0, 1.0, size))


def coverage(actual: Floats, low: Floats, high: Floats) -> float:
    """Share of known values inside [low, high]."""
    known = np.isfinite(actual)
    inside = (actual >= low) & (actual <= high)
    return float(inside[known].mean()) if known.any() else float("nan")


def direction(before: Floats, after: Floats, flat: float = FLAT_CHANGE) -> Floats:
    """Tell up (1), flat (0) or down (-1) of each series between two spans.

    The mean of `after` is held against the mean of `before`, both (weeks, series);
    spans of whole years keep the season out of it.
    """
    old, new = _mean_known(before), _mean_known(after)
    change = (new - old) / np.where(old > 0, old, np.nan)
    told = np.where(change > flat, 1.0, np.where(change < -flat, -1.0, 0.0))
    return np.where(np.isfinite(change), told, np.nan)


def _mean_known(values: Floats) -> Floats:
    """Mean over weeks of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
