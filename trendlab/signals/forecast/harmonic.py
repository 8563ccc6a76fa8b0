"""Level and season of all series at once, by penalised least squares.

A series is a level that moves slowly (straight between knots, its steps held small)
plus a yearly season of a few harmonics (the higher, the more held back), on a scale
on which noise is even. All series share the design, so one small matrix is solved
for all of them. Two things make it more than a regression: the season is shrunk
towards the few shapes that the series have in common, and weeks far from the fit
are pulled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from trendlab.signals.forecast.history import YEAR_WEEKS, Floats, History

Scale = Literal["log", "sqrt", "linear"]

# On the log scale, a share of the usual level added so that zeros have a logarithm.
LOG_OFFSET = 0.05
# The usual level of a series is its mean over the last two years.
LEVEL_WEEKS = 104
# Weeks further from the fit than this many deviations are pulled in to it.
CLIP_DEVIATIONS = 2.0
# Times that the pulling in is repeated; more changes nothing to be seen.
CLIP_ROUNDS = 2
# Median absolute deviation to standard deviation, for normal noise.
MAD_TO_SD = 1.4826
# Keeps the design solvable where weights vanish.
RIDGE = 1e-6


@dataclass(frozen=True)
class Shape:
    """Settings of one member of the family.

    Parameters
    ----------
    scale : {"log", "sqrt", "linear"}
        Where level and season add up.
    harmonics : int
        Sines and cosines a year.
    knot_weeks : int
        Weeks between knots of the level.
    level_penalty, season_penalty : float
        How much steps of the level and harmonics (times the square of their order)
        are held back.
    half_life_weeks : float
        Age at which a week counts half.
    common_shapes : int
        Season shapes that all series may use freely; 0 turns pooling off.
    own_shape : float
        Share of the rest of a series' season that is kept.
    growth : float
        Share of the recent change of level that goes on, damped.
    slope_weeks : int
        Weeks over which that change is taken.
    growth_kept : float
        Growth still left a week later, as a share of this week's.
    """

    scale: Scale
    harmonics: int = 8
    knot_weeks: int = 26
    level_penalty: float = 1.0
    season_penalty: float = 0.1
    half_life_weeks: float = 104.0
    common_shapes: int = 6
    own_shape: float = 0.5
    growth: float = 0.0
    slope_weeks: int = 52
    growth_kept: float = 0.97


def forecast_shape(history: History, horizon: int, shape: Shape) -> Floats:
    """Forecast all series with level and season.

    Returns
    -------
    (horizon, series) float64, ≥ 0
    """
    usual = usual_level(history)
    fit = fit_shape(to_scale(history.values / usual, shape.scale), horizon, shape)
    return np.asarray(from_scale(fit, shape.scale) * usual, dtype=np.float64)


def usual_level(history: History) -> Floats:
    """Mean of the last two years; 1 where it is zero."""
    usual = history.values[-LEVEL_WEEKS:].mean(axis=0)
    return np.where(usual > 0, usual, 1.0)


def season_basis(weeks: int, harmonics: int) -> Floats:
    """Sines and cosines of the year, (weeks, 2 x harmonics)."""
    orders = np.arange(1, harmonics + 1)
    turns = 2 * np.pi * np.outer(np.arange(weeks), orders) / YEAR_WEEKS
    return np.concatenate([np.sin(turns), np.cos(turns)], axis=1)


def level_basis(weeks: int, horizon: int, knot_weeks: int) -> Floats:
    """Hat functions whose last knot is the last week; flat beyond it."""
    at = np.arange(weeks + horizon)
    knots = np.arange(weeks - 1, -knot_weeks, -knot_weeks)[::-1]
    basis = np.clip(1 - np.abs(at[:, None] - knots) / knot_weeks, 0, None)
    basis[weeks:] = 0.0
    basis[weeks:, -1] = 1.0
    return np.asarray(basis, dtype=np.float64)


def fit_shape(seen: Floats, horizon: int, shape: Shape) -> Floats:
    """Fit level and season to (weeks, series) and extrapolate, on the fit's scale."""
    weeks = len(seen)
    level, season, penalty, weight = _design(weeks, horizon, shape)
    knots = level.shape[1]
    design = np.concatenate([level, season], axis=1)
    weighted = design[:weeks].T * weight
    solve = np.linalg.solve(weighted @ design[:weeks] + penalty, weighted)
    target = _pull_in(seen, design[:weeks], solve)
    parts = solve @ target
    if 0 < shape.common_shapes < min(parts[knots:].shape):
        parts[knots:] = _pool(parts[knots:], shape)
        left = target - season[:weeks] @ parts[knots:]
        held = level[:weeks].T * weight
        parts[:knots] = np.linalg.solve(
            held @ level[:weeks] + penalty[:knots, :knots], held @ left
        )
    ahead = design[weeks:] @ parts
    return ahead + _growth(parts[:knots], horizon, shape)


def pull_in(seen: Floats, shape: Shape) -> Floats:
    """Pull weeks that lie far from the fit of a shape in towards it."""
    level, season, penalty, weight = _design(len(seen), 0, shape)
    design = np.concatenate([level, season], axis=1)
    weighted = design.T * weight
    return _pull_in(
        seen, design, np.linalg.solve(weighted @ design + penalty, weighted)
    )


def _design(
    weeks: int, horizon: int, shape: Shape
) -> tuple[Floats, Floats, Floats, Floats]:
    """Bases of level and season, the penalty of their parts, weights of the weeks."""
    level = level_basis(weeks, horizon, shape.knot_weeks)
    season = season_basis(weeks + horizon, shape.harmonics)
    knots = level.shape[1]
    penalty = RIDGE * np.eye(knots + season.shape[1])
    steps = np.diff(np.eye(knots), axis=0)
    penalty[:knots, :knots] += shape.level_penalty * steps.T @ steps
    order = np.tile(np.arange(1, shape.harmonics + 1), 2).astype(float)
    penalty[knots:, knots:] += np.diag(shape.season_penalty * order**2)
    weight = 0.5 ** (np.arange(weeks - 1, -1, -1) / shape.half_life_weeks)
    return level, season, penalty, weight


def _pull_in(seen: Floats, design: Floats, solve: Floats) -> Floats:
    target = seen
    for _ in range(CLIP_ROUNDS):
        fitted = design @ (solve @ target)
        apart = seen - fitted
        reach = CLIP_DEVIATIONS * MAD_TO_SD * np.median(np.abs(apart), axis=0)
        target = fitted + np.clip(apart, -reach, reach)
    return target


def _pool(season: Floats, shape: Shape) -> Floats:
    """Keep the shapes that series have in common, and a share of the rest."""
    left, force, right = np.linalg.svd(season, full_matrices=False)
    force[shape.common_shapes :] *= shape.own_shape
    return np.asarray((left * force) @ right, dtype=np.float64)


def _growth(level: Floats, horizon: int, shape: Shape) -> Floats:
    """Carry a share of the recent change of level on, damped; (horizon, series)."""
    back = max(1, shape.slope_weeks // shape.knot_weeks)
    if shape.growth == 0 or len(level) <= back:
        return np.zeros((horizon, level.shape[1]))
    slope = (level[-1] - level[-1 - back]) / (back * shape.knot_weeks)
    kept = shape.growth_kept
    reach = kept * (1 - kept ** np.arange(1, horizon + 1)) / (1 - kept)
    return np.asarray(shape.growth * np.outer(reach, slope), dtype=np.float64)


def to_scale(values: Floats, scale: Scale) -> Floats:
    """Bring shares of the usual level to the scale on which the fit is made."""
    if scale == "log":
        return np.log(values + LOG_OFFSET)
    return np.sqrt(values) if scale == "sqrt" else values


def from_scale(values: Floats, scale: Scale) -> Floats:
    """Bring a fit back; never below zero."""
    if scale == "log":
        return np.maximum(np.exp(values) - LOG_OFFSET, 0.0)
    values = np.maximum(values, 0.0)
    return values**2 if scale == "sqrt" else values
