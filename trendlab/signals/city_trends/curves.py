"""Trend curves: a level, a slope and, where it earns its place, a yearly term.

share(t) = level + slope · t + amplitude · exp(w · sin(f·t + o) − w), which is the model
of GeoStyle with its r, m1, b1, m2, b2 multiplied out: they enter as three numbers, and
only three can be told from data.

References
----------
Mall et al. (2019), "GeoStyle: Discovering fashion trends and events", ICCV.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendlab.signals.city_trends.panel import Bools, Floats, Panel
from trendlab.signals.city_trends.season import YEAR_WEEKS, find_seasons, yearly_term

# A season that was seen once is a coincidence: two years, and half of their weeks.
MIN_SEASON_WEEKS = 104
MIN_SEASON_SEEN = 52
# The yearly term is kept where its residual norm is below this part of the line's.
MAX_RESIDUAL_RATIO = 0.8
# Two-sided 95 % of a normal law.
Z_95 = 1.959964
# Residuals that carry on tell less than as many that do not; held below 1.
MAX_MEMORY = 0.9
# Keeps the normal equations solvable where a parameter has no say.
RIDGE = 1e-9


@dataclass(frozen=True)
class Curves:
    """Fitted curves of a panel.

    Parameters
    ----------
    level : (series,) float64
        Value of the line at week 0 of the grid.
    slope, slope_sd : (series,) float64
        Share a week, and its standard error, widened for residuals that carry on.
    amplitude, sharpness, phase : (series,) float64
        Of the yearly term; 0 where it is not kept.
    is_seasonal : (series,) bool
    residual_ratio : (series,) float64
        Residual norm with the yearly term / without; NaN where there are too few
        weeks for one.
    expected : (series, weeks) float64
        The curve, held inside what the series' looks can tell from 0 and 1.
    leverage : (series, weeks) float64
        Weight of a week times the variance of the curve there, in units of the
        week's own variance; also for weeks left out.
    """

    level: Floats
    slope: Floats
    slope_sd: Floats
    amplitude: Floats
    sharpness: Floats
    phase: Floats
    is_seasonal: Bools
    residual_ratio: Floats
    expected: Floats
    leverage: Floats


def fit_curves(panel: Panel, keep: Bools, overdispersion: Floats) -> Curves:
    """Fit the curves of all series by weighted least squares.

    Parameters
    ----------
    panel : Panel
    keep : (series, weeks) bool
        Weeks that may shape the curve.
    overdispersion : (series,) float64
        Rho of the beta-binomial law; a week weighs n / (1 + (n − 1) · rho).
    """
    weeks = np.arange(panel.weeks_count, dtype=np.float64)
    precision = week_precision(panel, overdispersion)
    weight = precision * keep
    share = panel.share
    level, slope = _fit_line(share, weight, weeks)
    residual = (share - level[:, None] - slope[:, None] * weeks) * (weight > 0)
    line_squares = (weight * residual**2).sum(axis=1)
    first, last = panel.spans
    is_long = (last - first + 1 >= MIN_SEASON_WEEKS) & (
        (weight > 0).sum(axis=1) >= MIN_SEASON_SEEN
    )
    is_long &= line_squares > 0
    sharpness, phase, amplitude, ratio = (np.zeros(len(level)) for _ in range(4))
    at = np.flatnonzero(is_long)
    if at.size:
        seasons = find_seasons(residual[at], weight[at], weeks)
        rest = np.maximum(line_squares[at] - seasons.gain, 0.0)
        ratio[at] = np.sqrt(rest / line_squares[at])
        sharpness[at], phase[at] = seasons.sharpness, seasons.phase % (2 * np.pi)
    is_seasonal = is_long & (ratio < MAX_RESIDUAL_RATIO)
    sharpness, phase = sharpness * is_seasonal, phase * is_seasonal
    term = yearly_term(weeks, sharpness, phase)
    at = np.flatnonzero(is_seasonal)
    if at.size:
        solved = _solve(_columns(weeks, term[at]), weight[at], share[at])
        level[at], slope[at], amplitude[at] = solved.T
    curve = level[:, None] + slope[:, None] * weeks + amplitude[:, None] * term
    floor = 0.5 / (panel.looks.sum(axis=1) + 1.0)
    expected = np.clip(curve, floor[:, None], 1.0 - floor[:, None])
    leverage, slope_variance = _spread(
        weeks, term, amplitude, sharpness, phase, weight, precision
    )
    error = (share - expected) * (weight > 0)
    return Curves(
        level=level,
        slope=slope,
        slope_sd=_slope_sd(error, weight, slope_variance, is_seasonal),
        amplitude=amplitude,
        sharpness=sharpness,
        phase=phase,
        is_seasonal=is_seasonal,
        residual_ratio=np.where(is_long, ratio, np.nan),
        expected=expected,
        leverage=leverage,
    )


def week_precision(panel: Panel, overdispersion: Floats) -> Floats:
    """Give what a week weighs: its looks, less what they share; 0 where missing."""
    looks = panel.looks
    return np.asarray(looks / (1.0 + (looks - 1.0) * overdispersion[:, None]))


def _fit_line(share: Floats, weight: Floats, weeks: Floats) -> tuple[Floats, Floats]:
    total = weight.sum(axis=1)
    centre = (weight @ weeks) / total
    mean = (weight * share).sum(axis=1) / total
    away = weeks - centre[:, None]
    spread = (weight * away**2).sum(axis=1)
    slope = (weight * away * share).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    return mean - slope * centre, slope


def _columns(weeks: Floats, *terms: Floats) -> Floats:
    """Stack level, slope and terms: (series, weeks, columns)."""
    line = np.broadcast_to(weeks, terms[0].shape)
    return np.stack([np.ones_like(line), line, *terms], axis=2)


def _gram(columns: Floats, weight: Floats) -> Floats:
    return np.asarray(np.einsum("stc,st,std->scd", columns, weight, columns))


def _solve(columns: Floats, weight: Floats, share: Floats) -> Floats:
    right = np.einsum("stc,st->sc", columns, weight * share)
    return np.asarray(
        np.linalg.solve(_gram(columns, weight), right[:, :, None])[:, :, 0]
    )


def _spread(
    weeks: Floats,
    term: Floats,
    amplitude: Floats,
    sharpness: Floats,
    phase: Floats,
    weight: Floats,
    precision: Floats,
) -> tuple[Floats, Floats]:
    """Give the leverage of each week and the variance of the slope, in weight units.

    The curve is linearised at the fit. A series without a yearly term has zero
    columns there, which the ridge keeps out of the way.
    """
    away = weeks - weeks.mean()
    turn = yearly_turn(weeks, phase)
    strength = amplitude[:, None] * term
    has_term = (amplitude != 0.0)[:, None]
    columns = _columns(
        away / max(float(np.abs(away).max()), 1.0),
        term * has_term,
        strength * (np.sin(turn) - 1.0),
        strength * sharpness[:, None] * np.cos(turn),
    )
    length = np.sqrt(np.einsum("stc,st->sc", columns**2, weight))
    scaled = columns / np.where(length > 0, length, 1.0)[:, None, :]
    gram = _gram(scaled, weight)
    gram += np.eye(gram.shape[-1]) * RIDGE + _blank(length)
    inverse = np.linalg.inv(gram)
    leverage = precision * np.einsum("stc,scd,std->st", scaled, inverse, scaled)
    unit = length[:, 1] * max(float(np.abs(away).max()), 1.0)
    return leverage, np.asarray(inverse[:, 1, 1] / np.where(unit > 0, unit, 1.0) ** 2)


def yearly_turn(weeks: Floats, phase: Floats) -> Floats:
    """Give f·t + o, radians, (series, weeks)."""
    return np.asarray(2 * np.pi / YEAR_WEEKS * weeks + phase[:, None])


def _blank(length: Floats) -> Floats:
    """Put 1 on the diagonal where a column is empty."""
    empty = (length <= 0).astype(np.float64)
    return np.asarray(empty[:, :, None] * np.eye(length.shape[1]))


def _slope_sd(
    error: Floats, weight: Floats, variance: Floats, is_seasonal: Bools
) -> Floats:
    """Give the standard error of the slope from what the curve leaves.

    Residuals that carry on (first-order autocorrelation φ) tell as much as
    (1 − φ) / (1 + φ) as many that do not (Bartlett 1946).
    """
    seen = weight > 0
    count: npt.NDArray[np.int64] = seen.sum(axis=1)
    freedom = np.maximum(count - np.where(is_seasonal, 5, 2), 1)
    scale = (weight * error**2).sum(axis=1) / freedom
    pairs = seen[:, 1:] & seen[:, :-1]
    both = (error[:, 1:] * error[:, :-1] * pairs).sum(axis=1)
    alone = (error**2).sum(axis=1)
    memory = np.clip(both / np.where(alone > 0, alone, 1.0), 0.0, MAX_MEMORY)
    return np.asarray(np.sqrt(scale * variance * (1 + memory) / (1 - memory)))
