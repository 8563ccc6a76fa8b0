"""Theta on what the season leaves: a classical member, from statsforecast."""

from __future__ import annotations

import numpy as np
from statsforecast.models import DynamicOptimizedTheta

from trendlab.signals.forecast.harmonic import (
    LEVEL_WEEKS,
    RIDGE,
    level_basis,
    season_basis,
)
from trendlab.signals.forecast.history import Floats, History

# Harmonics of the season taken out; few, since theta is to see the rest.
HARMONICS = 5
# Knots that keep slow level changes out of the season.
KNOT_WEEKS = 13
# Theta looks at the last three years; older levels say nothing about the next.
THETA_WEEKS = 156
HALF_LIFE_WEEKS = 104.0
LEVEL_PENALTY = 5.0
SEASON_PENALTY = 0.2


def forecast_theta(history: History, horizon: int) -> Floats:
    """Forecast each series by dynamic optimised theta on its deseasonalised root.

    References
    ----------
    Fiorucci et al. 2016, Models for optimising the theta method.
    """
    usual = history.values[-LEVEL_WEEKS:].mean(axis=0)
    usual = np.where(usual > 0, usual, 1.0)
    root = np.sqrt(history.values / usual)
    weeks = history.weeks
    level = level_basis(weeks, horizon, KNOT_WEEKS)
    season = season_basis(weeks + horizon, HARMONICS)
    knots = level.shape[1]
    design = np.concatenate([level, season], axis=1)[:weeks]
    steps = np.diff(np.eye(knots), axis=0)
    penalty = RIDGE * np.eye(design.shape[1])
    penalty[:knots, :knots] += LEVEL_PENALTY * steps.T @ steps
    penalty[knots:, knots:] += SEASON_PENALTY * np.eye(2 * HARMONICS)
    weighted = design.T * 0.5 ** (np.arange(weeks - 1, -1, -1) / HALF_LIFE_WEEKS)
    parts = np.linalg.solve(weighted @ design + penalty, weighted @ root)
    shape = season @ parts[knots:]
    left = (root - shape[:weeks])[-THETA_WEEKS:]
    ahead = np.empty((horizon, root.shape[1]))
    for column in range(root.shape[1]):
        series = left[:, column]
        if np.ptp(series) == 0:
            ahead[:, column] = series[-1]
            continue
        model = DynamicOptimizedTheta(season_length=1)
        ahead[:, column] = model.forecast(y=series, h=horizon)["mean"]
    root_ahead = np.maximum(ahead + shape[weeks:], 0.0)
    return np.asarray(root_ahead**2 * usual, dtype=np.float64)
