"""How members meet: weighed by the backtest, at their weighted median.

A median, since MASE is an absolute error and one stray member must not pull; weights
near equal, since a backtest of a few origins tells good from bad, not best from good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from trendlab.signals.forecast.backtest import Origin, mean_mase
from trendlab.signals.forecast.history import Floats

# A member that is worse than the best by this share in the backtest has no weight;
# in between, weight falls in a straight line.
MAX_GAP = 0.10


def weigh_members(origins: list[Origin], names: Sequence[str]) -> dict[str, float]:
    """Weigh members by their backtest; equal weights where there is none.

    Returns
    -------
    dict of member to weight
        Members with weight only; weights sum to one.
    """
    errors = {
        name: mean_mase(origins, [origin.points[name] for origin in origins])
        for name in names
    }
    if not origins or not all(np.isfinite(error) for error in errors.values()):
        return {name: 1 / len(names) for name in names}
    best = min(errors.values())
    if best <= 0:
        return _shares({n: 1.0 for n, error in errors.items() if error <= best})
    return _shares(
        {
            name: weight
            for name, error in errors.items()
            if (weight := 1 - (error / best - 1) / MAX_GAP) > 0
        }
    )


def weighted_median(stack: Floats, weights: Floats) -> Floats:
    """Weighted median along the first axis, interpolated between members.

    Equal weights give the ordinary median.
    """
    order = np.argsort(stack, axis=0, kind="stable")
    ranked = np.take_along_axis(stack, order, axis=0)
    share = weights[order] / weights.sum()
    middle = np.cumsum(share, axis=0) - share / 2
    above = np.clip((middle < 0.5).sum(axis=0), 1, max(len(stack) - 1, 1))
    if len(stack) == 1:
        return np.asarray(stack[0])
    high_at, low_at = above[None], above[None] - 1
    low = np.take_along_axis(middle, low_at, axis=0)[0]
    high = np.take_along_axis(middle, high_at, axis=0)[0]
    part = np.clip((0.5 - low) / (high - low), 0.0, 1.0)
    under = np.take_along_axis(ranked, low_at, axis=0)[0]
    over = np.take_along_axis(ranked, high_at, axis=0)[0]
    return np.asarray(under + part * (over - under))


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def combine(points: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Meet the members of `weights` at their weighted median."""
    return weighted_median(
        np.stack([points[name] for name in weights]), np.array(list(weights.values()))
    )
