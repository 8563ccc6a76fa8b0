"""Gaussian processes over all series: the smoothness of each is averaged over.

A series is noise on a sum of a wandering level, a smooth trend that keeps its course
for a while, and a season that changes slowly from year to year. How strong each is
differs between series, so the forecast is the mean over a grid of strengths, weighted
by how well each explains the series; what the panel as a whole likes is the prior.
All series share the grid, so a kernel is factored once for all of them.

References
----------
Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, ch. 2 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.linalg import cho_solve

from trendlab.signals.forecast.harmonic import (
    Scale,
    Shape,
    from_scale,
    pull_in,
    to_scale,
    usual_level,
)
from trendlab.signals.forecast.history import YEAR_WEEKS, Floats, History

# Ten years; before that, weeks cost time and tell nothing.
MAX_WEEKS = 520
# Rounds in which the panel's liking for each kernel is learned from its series.
PRIOR_ROUNDS = 20
# Least prior of a kernel, so that a series may still be the first to like it.
MIN_PRIOR = 1e-9
# Variance of the mean, in noise variances: nothing is known of it beforehand.
MEAN_VARIANCE = 20.0
# Weeks over which short swings die away.
SWING_WEEKS = 4.0
# Weeks over which the wandering level comes back: never, for our purposes.
LEVEL_WEEKS = 2000.0
# Weeks outside this shape are pulled in before the kernels see them.
USUAL = Shape(
    "linear",
    knot_weeks=13,
    level_penalty=2.0,
    season_penalty=0.01,
    half_life_weeks=1e6,
)


@dataclass(frozen=True)
class Grid:
    """Strengths to average over, in noise variances, and lengths in weeks.

    Parameters
    ----------
    level, swing, trend, season : tuple of float
        Variances of the wandering level, short swings, smooth trend and season.
    trend_weeks, season_weeks : tuple of float
        How long a trend keeps its course, and how long a season its shape.
    season_width : tuple of float
        Smoothness of a season: the larger, the smoother.
    """

    level: tuple[float, ...]
    swing: tuple[float, ...]
    trend: tuple[float, ...]
    trend_weeks: tuple[float, ...]
    season: tuple[float, ...] = (0.4, 1.5, 5.0)
    season_weeks: tuple[float, ...] = (600.0, 2000.0)
    season_width: tuple[float, ...] = (0.7, 1.4)


WANDERING = Grid(
    level=(0.5, 2.0, 8.0), swing=(0.0, 0.2), trend=(0.0,), trend_weeks=(150.0,)
)
TRENDING = Grid(
    level=(2.0,), swing=(0.1,), trend=(0.5, 3.0, 20.0), trend_weeks=(100.0, 300.0)
)


def forecast_process(
    history: History, horizon: int, scale: Scale, grid: Grid
) -> Floats:
    """Forecast all series by averaged Gaussian processes.

    Returns
    -------
    (horizon, series) float64, ≥ 0
    """
    usual = usual_level(history)
    seen = to_scale(history.values[-MAX_WEEKS:] / usual, scale)
    seen = pull_in(seen, USUAL)
    weeks = len(seen)
    middle = seen.mean(axis=0)
    apart = seen - middle
    evidence, ahead = [], []
    for kernel in _kernels(weeks + horizon, grid):
        noisy = kernel[:weeks, :weeks] + np.eye(weeks)
        factor = np.linalg.cholesky(noisy)
        weighed = cho_solve((factor, True), apart, check_finite=False)
        misfit = (apart * weighed).sum(axis=0) + np.finfo(float).tiny
        # likelihood with the noise variance at its best value
        half_log_det = np.log(np.diag(factor)).sum()
        evidence.append(-weeks / 2 * np.log(misfit / weeks) - half_log_det)
        ahead.append(kernel[weeks:, :weeks] @ weighed)
    share = _posterior(np.array(evidence))
    mean = np.einsum("gs,ghs->hs", share, np.array(ahead))
    return np.asarray(from_scale(mean + middle, scale) * usual, dtype=np.float64)


def _kernels(weeks: int, grid: Grid) -> Iterator[Floats]:
    """Covariance of the signal between weeks, for each point of the grid."""
    at = np.arange(weeks, dtype=float)
    lag = np.abs(at[:, None] - at)
    turn = np.sin(np.pi * lag / YEAR_WEEKS) ** 2
    level = np.exp(-lag / LEVEL_WEEKS)
    swing = np.exp(-lag / SWING_WEEKS)
    for spread, weeks_kept, width in product(
        grid.season, grid.season_weeks, grid.season_width
    ):
        season = spread * np.exp(-lag / weeks_kept - 2 * turn / width**2)
        for force, length in product(grid.trend, grid.trend_weeks):
            far = np.sqrt(3) * lag / length
            trend = force * (1 + far) * np.exp(-far)
            for wander, swings in product(grid.level, grid.swing):
                yield MEAN_VARIANCE + season + trend + wander * level + swings * swing


def _posterior(evidence: Floats) -> Floats:
    """Share of each kernel in each series, with a prior learned from all series."""
    prior = np.full(len(evidence), 1 / len(evidence))
    share = np.empty_like(evidence)
    for _ in range(PRIOR_ROUNDS):
        weight = evidence + np.log(prior + MIN_PRIOR)[:, None]
        share = np.exp(weight - weight.max(axis=0))
        share /= share.sum(axis=0)
        prior = share.mean(axis=1)
    return share
