"""The yearly term of all series at once, by variable projection.

Given sharpness and phase the trend model of GeoStyle is linear, so its best level,
slope and amplitude are a small regression. All series are tried against one grid of
sharpness and phase with a few matrix products; then each goes on from its best point
on grids of its own that shrink.

References
----------
Golub and Pereyra (1973), "The differentiation of pseudo-inverses and nonlinear least
squares problems whose variables separate", SIAM J. Numer. Anal. 10, 413–432.
Mall et al. (2019), "GeoStyle: Discovering fashion trends and events", ICCV.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trendlab.signals.city_trends.panel import Floats

# Weeks of a year of 365.2425 days, so that phases do not drift.
YEAR_WEEKS = 365.2425 / 7
# Sharpness of the yearly term. At 0.25 it is a sine; at 4 it stands above half of its
# height for ten weeks, and what is narrower is an event and no season.
MIN_SHARPNESS, MAX_SHARPNESS = 0.25, 4.0
SHARPNESS_STEPS = 7
# Phases of the first grid: one a week.
PHASE_STEPS = 52
# Grids of a series' own, of OWN_STEPS a side, each SHRINK times finer than the last.
OWN_ROUNDS, OWN_STEPS, SHRINK = 6, 3, 0.6
# Series refined together; bounds memory.
CHUNK = 512
# A term that keeps less than this part of its length beside level and slope is none.
DEPENDENT = 1e-6


@dataclass(frozen=True)
class Seasons:
    """The best yearly term of each series, beside a straight line.

    Parameters
    ----------
    sharpness, phase : (series,) float64
        w of exp(w · sin(f·t + o) − w), and o, radians, with t in weeks.
    gain : (series,) float64
        What the term takes off the weighted sum of squares of the line.
    """

    sharpness: Floats
    phase: Floats
    gain: Floats


def yearly_term(weeks: Floats, sharpness: Floats, phase: Floats) -> Floats:
    """Give exp(w · sin(f·t + o) − w): 1 at its peak, exp(−2w) at its trough.

    Parameters
    ----------
    weeks : (..., weeks) float64
    sharpness, phase : (...) float64
        Broadcast against the weeks.
    """
    turn = 2 * np.pi / YEAR_WEEKS * weeks + phase[..., None]
    strength = sharpness[..., None]
    return np.asarray(np.exp(strength * np.sin(turn) - strength))


def find_seasons(residual: Floats, weight: Floats, weeks: Floats) -> Seasons:
    """Find the yearly term that takes most off each series.

    Parameters
    ----------
    residual : (series, weeks) float64
        What is left of the shares after the weighted line.
    weight : (series, weeks) float64
        0 where a week is missing or left out.
    weeks : (weeks,) float64
        Time, weeks.
    """
    sharp = np.geomspace(MIN_SHARPNESS, MAX_SHARPNESS, SHARPNESS_STEPS)
    turns = np.arange(PHASE_STEPS) * 2 * np.pi / PHASE_STEPS
    grid_sharp, grid_phase = (each.ravel() for each in np.meshgrid(sharp, turns))
    terms = yearly_term(weeks, grid_sharp, grid_phase)
    total = weight.sum(axis=1)[:, None]
    centred = weeks - (weight @ weeks)[:, None] / total
    spread = (weight * centred**2).sum(axis=1)[:, None]
    length = (
        weight @ (terms**2).T
        - (weight @ terms.T) ** 2 / total
        - ((weight * centred) @ terms.T) ** 2 / spread
    )
    gain = _gain((weight * residual) @ terms.T, length, total)
    best = gain.argmax(axis=1)
    sharpness, phase = grid_sharp[best].copy(), grid_phase[best].copy()
    found = gain.max(axis=1)
    for start in range(0, len(residual), CHUNK):
        part = slice(start, start + CHUNK)
        sharpness[part], phase[part], found[part] = _refine(
            residual[part], weight[part], weeks, sharpness[part], phase[part]
        )
    return Seasons(sharpness, phase, found)


def _refine(
    residual: Floats, weight: Floats, weeks: Floats, sharpness: Floats, phase: Floats
) -> tuple[Floats, Floats, Floats]:
    """Go on from the best point of the grid on shrinking grids."""
    steps = np.linspace(-1.0, 1.0, OWN_STEPS)
    by_sharp, by_phase = (each.ravel() for each in np.meshgrid(steps, steps))
    log_step = np.log(MAX_SHARPNESS / MIN_SHARPNESS) / (SHARPNESS_STEPS - 1)
    phase_step = 2 * np.pi / PHASE_STEPS
    total = weight.sum(axis=1)[:, None]
    centred = weeks - (weight @ weeks)[:, None] / total
    spread = (weight * centred**2).sum(axis=1)[:, None]
    rows = np.arange(len(residual))
    gain = np.zeros(len(residual))
    for turn in range(OWN_ROUNDS):
        reach = SHRINK**turn
        tried_sharp = np.clip(
            sharpness[:, None] * np.exp(reach * log_step * by_sharp),
            MIN_SHARPNESS,
            MAX_SHARPNESS,
        )
        tried_phase = phase[:, None] + reach * phase_step * by_phase
        terms = yearly_term(weeks, tried_sharp, tried_phase)
        weighted = terms * weight[:, None, :]
        length = (
            (weighted * terms).sum(axis=2)
            - weighted.sum(axis=2) ** 2 / total
            - np.einsum("skt,st->sk", weighted, centred) ** 2 / spread
        )
        tried = _gain(np.einsum("skt,st->sk", weighted, residual), length, total)
        best = tried.argmax(axis=1)
        sharpness = tried_sharp[rows, best]
        phase = tried_phase[rows, best]
        gain = tried[rows, best]
    return sharpness, phase, gain


def _gain(product: Floats, length: Floats, total: Floats) -> Floats:
    """Squared projection on terms; nothing from one that level and slope explain."""
    is_free = length > DEPENDENT * total
    return np.asarray(np.where(is_free, product**2 / np.where(is_free, length, 1.0), 0))
