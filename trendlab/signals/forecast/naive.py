"""The plain members: last year again, the mean year, the last level."""

from __future__ import annotations

import numpy as np

from trendlab.signals.forecast.history import SEASON_WEEKS, Floats, History

# Years in the mean year, and what a year counts beside the one after it.
MEAN_YEARS = 3
YEAR_KEPT = 0.6
# Weeks whose median is the last level: long enough to be calm, short enough to be now.
LAST_WEEKS = 13


def repeat_last_year(history: History, horizon: int) -> Floats:
    """Seasonal naive: the last 52 weeks again; needs 52 weeks."""
    return history.values[-SEASON_WEEKS:][np.arange(horizon) % SEASON_WEEKS]


def repeat_mean_year(history: History, horizon: int) -> Floats:
    """Shape of the last years, newest first, at the level of the last one."""
    years = min(MEAN_YEARS, history.weeks // SEASON_WEEKS)
    shape = np.zeros((SEASON_WEEKS, history.values.shape[1]))
    total = 0.0
    for back in range(years):
        end = history.weeks - SEASON_WEEKS * back
        year = history.values[end - SEASON_WEEKS : end]
        mean = year.mean(axis=0)
        shape += YEAR_KEPT**back * year / np.where(mean > 0, mean, 1.0)
        total += YEAR_KEPT**back
    level = history.values[-SEASON_WEEKS:].mean(axis=0)
    year = np.asarray(shape / total * level, dtype=np.float64)
    return year[np.arange(horizon) % SEASON_WEEKS]


def keep_last_level(history: History, horizon: int) -> Floats:
    """Median of the last seen values, for histories too short for a season."""
    values = np.where(history.seen, history.values, np.nan)
    level = np.zeros(values.shape[1])
    for column in range(values.shape[1]):
        known = values[np.isfinite(values[:, column]), column][-LAST_WEEKS:]
        level[column] = np.median(known) if known.size else 0.0
    return np.tile(level, (horizon, 1))
