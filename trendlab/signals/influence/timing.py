"""What a marked pair is worth: its lag, its strength, walk-forward error, stability."""

from __future__ import annotations

import numpy as np

from trendlab.signals.influence.kernels import Floats
from trendlab.signals.influence.marking import level_tests
from trendlab.signals.influence.pairs import StyleDesign

# Walk-forward starts when half of the weeks are there to learn from.
FIRST_TRAINED_SHARE = 0.5
# Weeks that stay together in a resample, so that what hangs together is drawn together.
BLOCK_WEEKS = 8
RESAMPLES = 200
# Keeps a solve possible where a seasonal term is not yet identified.
RIDGE = 1e-8


def time_pair(
    design: StyleDesign, course: Floats, source: int, target: int, lags: int
) -> tuple[int, float]:
    """Give the lag at which a source's level tells most, and how much it tells.

    News is what the tests need, but news that fades slowly tells nearly as much the
    week after; the level that it left behind has one best lag.

    Parameters
    ----------
    design : StyleDesign
    course : (weeks,) float64
        The source's level beyond season and world.
    source, target : int
        The cities.
    lags : int
        Longest lag, weeks.

    Returns
    -------
    lag : int
        Weeks of the t that is largest in size.
    strength : float
        Partial correlation of the target with the source's level then.
    """
    t, free = level_tests(design, course, source, target, lags)
    best = int(np.abs(t).argmax())
    return best + 1, float(t[best] / np.sqrt(t[best] ** 2 + free - 1))


def walk_forward_change(
    target: Floats, rows: Floats, base: Floats, led: Floats
) -> float:
    """Give the relative change of the squared one-week-ahead error with a source.

    Each week from the middle on is predicted from the weeks before it alone, with and
    without the source.

    Parameters
    ----------
    target : (weeks,) float64
    rows : (weeks,) float64
        1 where the target and its past are observed.
    base : (terms, weeks) float64
        What is known the week before: season, own past, the world's mean.
    led : (weeks,) float64
        The source's level at the edge's lag.

    Returns
    -------
    float
        −0.1: a tenth less error. NaN where too few weeks are left.
    """
    at = np.flatnonzero(rows > 0)
    first = max(int(len(at) * FIRST_TRAINED_SHARE), 2 * (len(base) + 1))
    if first >= len(at):
        return float("nan")
    errors = []
    for columns in (base[:, at], np.vstack([base, led])[:, at]):
        outer = columns.T[:, :, None] * columns.T[:, None, :]
        gram = np.cumsum(outer, axis=0)[first - 1 : -1]
        moment = np.cumsum(columns.T * target[at, None], axis=0)[first - 1 : -1]
        gram = gram + RIDGE * np.eye(len(columns)) * len(at)
        weights = np.linalg.solve(gram, moment[:, :, None])[:, :, 0]
        predicted = (weights * columns.T[first:]).sum(axis=1)
        errors.append(float(((target[at][first:] - predicted) ** 2).sum()))
    return errors[1] / errors[0] - 1.0


def resampled_stability(
    target: Floats,
    rows: Floats,
    controls: Floats,
    columns: Floats,
    lag: int,
    rng: np.random.Generator,
) -> float:
    """Give the share of resamples in which the edge's lag and sign come out again.

    A moving-block bootstrap (Künsch 1989) over the weeks, after the controls.
    """
    left = target - controls.T @ (controls @ target)
    beyond = columns - (columns @ controls.T) @ controls
    at = np.flatnonzero(rows > 0)
    left, beyond = left[at], beyond[:, at]
    blocks = -(-len(at) // BLOCK_WEEKS)
    starts = rng.integers(0, len(at) - BLOCK_WEEKS + 1, (RESAMPLES, blocks))
    drawn = (starts[:, :, None] + np.arange(BLOCK_WEEKS)).reshape(RESAMPLES, -1)
    drawn = drawn[:, : len(at)]
    shared = (beyond[:, drawn] * left[drawn]).sum(axis=2)
    lengths = np.sqrt((beyond[:, drawn] ** 2).sum(axis=2))
    alike = shared / np.maximum(lengths, 1e-12)
    best = np.abs(alike).argmax(axis=0) == lag - 1
    sign = np.sign(alike[lag - 1]) == np.sign(beyond[lag - 1] @ left)
    return float((best & sign).mean())
