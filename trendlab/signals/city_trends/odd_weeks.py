"""Which weeks lie above or below their curve: beta-binomial tests, many at once.

Each week is tested against the curve without it, so that an event does not hide
itself, and what is odd is left out of the curve that the rest is held against.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from trendlab.signals.city_trends.curves import Curves, fit_curves
from trendlab.signals.city_trends.panel import MIN_WEEKS, Bools, Floats, Panel
from trendlab.signals.tails import benjamini_hochberg, beta_binomial_upper_tail

# Share of false weeks allowed among those marked. 0.03 and not 0.05, because the
# overdispersion is an estimate: at 0.05, 12 % of null worlds had a mark.
FALSE_SHARE = 0.03
# A p-value below what a double holds is still a finite number of deviations.
SMALLEST_P = 1e-300
# Weeks this unlikely do not shape the curve or the overdispersion; far more than are
# marked, so that the feet of an event do not bend what it stands on.
LEFT_OUT_P = 0.001
# At most this share of a series' weeks is left out: more is not an event but the rule.
MAX_LEFT_OUT_SHARE = 0.2
# Fit, test, leave out, again; more rounds change nothing to be seen.
ROUNDS = 2
# A week tells of overdispersion where this many hits and misses are expected.
MIN_EXPECTED = 5.0
# Largest squared residuals left out of its estimate, and what the rest then keeps of
# the mean of a chi-squared law with one degree of freedom.
TRIMMED_SHARE = 0.1
TRIMMED_MEAN = float(
    stats.chi2.expect(lambda x: x, args=(1,), ub=stats.chi2.ppf(1 - TRIMMED_SHARE, 1))
    / (1 - TRIMMED_SHARE)
)
# A series' own overdispersion counts as its weeks, that of the same value in all
# cities as so many, the fewest that a series has. Pooling by value, and this number,
# were chosen having seen which weeks they mark in the GeoStyle data.
POOL_WEEKS = float(MIN_WEEKS)
MAX_OVERDISPERSION = 0.5
# A trimmed mean of squares is as sure as a plain one of this share of its weeks
# (simulated, 20,000 series of 24 weeks).
TRIMMED_EFFICIENCY = 0.84
# Level and slope of the curve.
LINE_TERMS = 2
# Student's t with so many degrees of freedom is the normal law.
MANY_DEGREES = 1e6


@dataclass(frozen=True)
class OddWeeks:
    """Tests of all weeks of a panel.

    Parameters
    ----------
    curves : Curves
        Fitted without the weeks that are odd.
    overdispersion : (series,) float64
        Rho of the beta-binomial law.
    rise_p, drop_p : (series, weeks) float64
        Chance of so many looks with the value or more, or fewer; NaN where the week
        is missing.
    is_rise, is_drop : (series, weeks) bool
        Discoveries among all weeks and both directions together.
    is_firm_rise, is_firm_drop : (series, weeks) bool
        Of these, the discoveries that stay when it is counted that the overdispersion
        is itself an estimate, from few weeks an unsure one.
    """

    curves: Curves
    overdispersion: Floats
    rise_p: Floats
    drop_p: Floats
    is_rise: Bools
    is_drop: Bools
    is_firm_rise: Bools
    is_firm_drop: Bools


def find_odd_weeks(panel: Panel, *, false_share: float = FALSE_SHARE) -> OddWeeks:
    """Fit curves and test every week against its own.

    Parameters
    ----------
    panel : Panel
    false_share : float
        Share of false weeks allowed among those marked (Benjamini–Hochberg over all
        weeks, series and both directions).
    """
    keep = panel.seen
    overdispersion = np.zeros(len(panel.keys))
    for _ in range(ROUNDS):
        curves = fit_curves(panel, keep, overdispersion)
        overdispersion = estimate_overdispersion(panel, curves, keep)
        rise_p, drop_p = hold_against_curve(panel, curves, keep, overdispersion)
        keep = _keep_ordinary(panel.seen, np.fmin(rise_p, drop_p))
    curves = fit_curves(panel, keep, overdispersion)
    rise_p, drop_p = hold_against_curve(panel, curves, keep, overdispersion)
    both = np.stack([rise_p, drop_p])
    marked = _discoveries(both, false_share)
    firm = _discoveries(_widen_tails(both, _freedom(panel, curves, keep)), false_share)
    return OddWeeks(curves, overdispersion, rise_p, drop_p, *marked, *firm)


def _discoveries(p_value: Floats, false_share: float) -> Bools:
    return benjamini_hochberg(p_value.ravel(), false_share).reshape(p_value.shape)


def _widen_tails(p_value: Floats, freedom: Floats) -> Floats:
    """Hold the deviations of p-values against Student's t instead of the normal law.

    Parameters
    ----------
    p_value : (directions, series, weeks) float64
    freedom : (series,) float64

    Notes
    -----
    A deviation in units of an estimated standard deviation follows Student's t; far
    out, where events lie, chance reaches it far more often than the normal law says.
    """
    z = -special.ndtri(np.maximum(p_value, SMALLEST_P))
    return np.asarray(special.stdtr(freedom[:, None], -z))


def _freedom(panel: Panel, curves: Curves, keep: Bools) -> Floats:
    """Give the degrees of freedom of each series' overdispersion, (series,).

    The part of it that is the series' own is as unsure as its weeks are few; what is
    pooled over cities is taken for known.
    """
    count = _telling(panel, curves, keep).sum(axis=1)
    own_part = np.maximum(count, 1) / (count + POOL_WEEKS)
    freedom = np.maximum(count - LINE_TERMS, 1) * TRIMMED_EFFICIENCY / own_part**2
    return np.where(count > 0, freedom, MANY_DEGREES)


def _telling(panel: Panel, curves: Curves, keep: Bools) -> Bools:
    """Tell which weeks say something of overdispersion, (series, weeks)."""
    hits = panel.looks * curves.expected
    enough = (hits >= MIN_EXPECTED) & (panel.looks - hits >= MIN_EXPECTED)
    return np.asarray(keep & enough)


def estimate_overdispersion(panel: Panel, curves: Curves, keep: Bools) -> Floats:
    """Estimate rho of each series, drawn towards that of its value in all cities.

    Returns
    -------
    (series,) float64
        From the trimmed mean of squared residuals in binomial units, whose mean is
        1 + (n − 1) · rho.
    """
    expected = curves.expected
    hits = panel.looks * expected
    told = _telling(panel, curves, keep)
    free = np.maximum(1.0 - curves.leverage, 0.1)
    unit = panel.looks * expected * (1.0 - expected) * free
    square = (panel.hits - hits) ** 2 / np.where(told, unit, 1.0)
    count = told.sum(axis=1)
    kept = np.ceil(count * (1 - TRIMMED_SHARE)).astype(np.int64)
    ordered = np.sort(np.where(told, square, np.inf), axis=1)
    inside = np.arange(panel.weeks_count) < kept[:, None]
    trimmed = np.where(inside, ordered, 0.0).sum(axis=1) / np.maximum(kept, 1)
    mean_looks = (panel.looks * told).sum(axis=1) / np.maximum(count, 1)
    own = (trimmed / TRIMMED_MEAN - 1.0) / np.maximum(mean_looks - 1.0, 1.0)
    own = np.where(count > 0, np.clip(own, 0.0, MAX_OVERDISPERSION), 0.0)
    weeks_told = np.bincount(panel.pools, count)
    pooled = np.bincount(panel.pools, own * count) / np.maximum(weeks_told, 1)
    pooled = pooled[panel.pools]
    return np.asarray((own * count + pooled * POOL_WEEKS) / (count + POOL_WEEKS))


def hold_against_curve(
    panel: Panel, curves: Curves, keep: Bools, overdispersion: Floats
) -> tuple[Floats, Floats]:
    """Test every week against the curve without it.

    Returns
    -------
    rise_p, drop_p : (series, weeks) float64
        NaN where the week is missing.
    """
    pull = np.where(keep, np.minimum(curves.leverage, 0.95), 0.0)
    error = panel.share - curves.expected
    low = curves.expected.min(axis=1, keepdims=True) * 0.5
    without = np.clip(curves.expected - pull / (1 - pull) * error, low, 1.0 - 1e-9)
    # the curve errs too, which widens the law that the week is held against
    wider = np.where(keep, 1.0 / (1 - pull), 1.0 + curves.leverage)
    looks = panel.looks
    shared = np.maximum(looks - 1.0, 1.0)
    used = ((1 + (looks - 1) * overdispersion[:, None]) * wider - 1) / shared
    used = np.clip(used, 0.0, 0.9)
    rise = beta_binomial_upper_tail(panel.hits, looks, without, used)
    drop = beta_binomial_upper_tail(looks - panel.hits, looks, 1.0 - without, used)
    missing = ~panel.seen
    return np.where(missing, np.nan, rise), np.where(missing, np.nan, drop)


def _keep_ordinary(seen: Bools, p_value: Floats) -> Bools:
    """Leave out the least likely weeks, at most a share of each series."""
    most = np.floor(seen.sum(axis=1) * MAX_LEFT_OUT_SHARE)
    p_value = np.where(seen, p_value, 1.0)
    rank = p_value.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    is_odd = (p_value < LEFT_OUT_P) & (rank < most[:, None])
    return np.asarray(seen & ~is_odd)
