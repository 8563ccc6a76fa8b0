"""The nightly rule on any series of days, weeks or months.

Weekday median of log1p over 84 days and a robust z; coarser grains have no season.
Peaks stay out of later baselines until they have become the new level.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendlab.errors import SignalError
from trendlab.signals.baselines import count_floor
from trendlab.signals.series_rule import BELOW_RATIO, DAY_SECONDS, SeriesRule
from trendlab.signals.tails import student_upper_tail
from trendlab.signals.trailing import TrailingBaselines

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Past this many steps of a day or more, the grain is wrong.
MAX_STEPS = 100_000


def judge_days(
    given: Floats, places: Ints, grain: float, rule: SeriesRule
) -> tuple[Floats, Floats]:
    """Judge rows of a day or more by the nightly rule.

    Parameters
    ----------
    given : (n,) float64
        Values ≥ 0; NaN is missing.
    places : (n,) int64
        Step of each row on the grid, not descending.
    grain : float
        Seconds of a step.
    rule : SeriesRule

    Returns
    -------
    baseline, strength : (n,) float64
        Median of the slot; −log p of z in units of the threshold's.

    Raises
    ------
    SignalError
        The rows span more than `MAX_STEPS` steps.
    """
    is_daily = grain < 1.5 * DAY_SECONDS
    window = rule.daily_window if is_daily else rule.coarse_window
    period = rule.daily_period if is_daily else 1
    enough = rule.min_days if is_daily else rule.min_coarse_steps
    steps = int(places[-1]) + 1
    if steps > MAX_STEPS:
        raise SignalError(
            f"the series spans {steps} steps of {grain:g} s, more than {MAX_STEPS}; "
            "give the right grain or cut the file"
        )
    is_known = ~np.isnan(given)
    values, usable = np.zeros((1, steps)), np.zeros((1, steps), bool)
    values[0, places[is_known]] = given[is_known]
    usable[0, places[is_known]] = True
    baselines = TrailingBaselines(
        values, usable, np.zeros((1, steps), np.int64), window=window, period=period
    )
    is_flagged = np.zeros((1, steps), bool)
    baseline = np.full(len(given), np.nan)
    strength = np.zeros(len(given))
    at_threshold = _surprise_of_z(rule.peak_z, rule)
    for row, place in enumerate(places.tolist()):
        found = baselines.at(place, is_flagged)
        centre, valid = found.centre[0], int(found.valid[0])
        baseline[row] = np.expm1(centre)
        if not is_known[row]:
            continue
        log = np.log1p(given[row])
        if valid >= rule.min_cold_steps:
            floor = float(count_floor(found.centre)[0])
            z = (log - centre) / max(found.scale[0], floor)
            told = _surprise_of_z(max(z, 0.0), rule) / at_threshold
            is_peak = (
                z >= rule.peak_z
                and given[row] >= rule.min_ratio * baseline[row]
                and valid >= enough
            )
            strength[row] = max(told, 1.0) if is_peak else min(told, BELOW_RATIO)
            is_flagged[0, place] |= is_peak
    return baseline, strength


def _surprise_of_z(z: float, rule: SeriesRule) -> float:
    """−log₁₀ of twice the upper t tail: 0 at z = 0."""
    p = float(student_upper_tail(np.array([z]), 1.0, rule.tail_freedom)[0])
    return float(-np.log10(max(2.0 * p, 1e-300)))
