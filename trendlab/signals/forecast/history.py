"""What members see: a complete panel of weekly series, and what was really seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Weeks after which a seasonal naive forecast repeats; MASE is defined with it.
SEASON_WEEKS = 52
# A year in weeks, for harmonics: 365.2425 days, so that phases do not drift.
YEAR_WEEKS = 365.2425 / 7
# Values at the start of a series that stand in for the weeks before it began.
START_WEEKS = 13


@dataclass(frozen=True)
class History:
    """Weekly series up to an origin.

    Parameters
    ----------
    values : (weeks, series) float64
        Shares or counts, ≥ 0, without holes (holes are filled, see `seen`).
    seen : (weeks, series) bool
        False where a value was missing and has been filled.
    external : (weeks, series) float64 or None
        A second series for each, known for the same weeks, filled likewise.
    """

    values: Floats
    seen: Bools
    external: Floats | None = None

    @property
    def weeks(self) -> int:
        """Number of weeks."""
        return len(self.values)

    def until(self, weeks: int) -> History:
        """Give the first `weeks` weeks, filled anew without later knowledge."""
        values = np.where(self.seen, self.values, np.nan)[:weeks]
        external = None if self.external is None else self.external[:weeks]
        return replace(
            make_history(values), external=None if external is None else external
        )


def make_history(values: Floats, external: Floats | None = None) -> History:
    """Fill holes and remember where they were.

    Inner holes are filled along a straight line, ends with the nearest value;
    weeks before a series began with the median of its first weeks. A series that
    was never seen is zero.
    """
    return History(
        values=_fill(values),
        seen=np.isfinite(values),
        external=None if external is None else _fill(external),
    )


def _fill(values: Floats) -> Floats:
    """Fill NaN column by column."""
    filled = np.array(values, dtype=np.float64)
    weeks = np.arange(len(filled))
    for column in np.flatnonzero(~np.isfinite(filled).all(axis=0)):
        series = filled[:, column]
        known = np.flatnonzero(np.isfinite(series))
        if known.size == 0:
            filled[:, column] = 0.0
            continue
        start = float(np.median(series[known[:START_WEEKS]]))
        filled[:, column] = np.interp(weeks, known, series[known], left=start)
    return filled


def naive_scale(history: History) -> Floats:
    """Mean absolute error of the seasonal naive forecast inside the history.

    Returns
    -------
    (series,) float64
        The scale of MASE with m = 52; NaN where it is zero or cannot be told.

    References
    ----------
    Hyndman and Koehler 2006, Another look at measures of forecast accuracy.
    """
    if history.weeks <= SEASON_WEEKS:
        return np.full(history.values.shape[1], np.nan)
    values = np.where(history.seen, history.values, np.nan)
    apart = np.abs(values[SEASON_WEEKS:] - values[:-SEASON_WEEKS])
    known = np.isfinite(apart)
    count = known.sum(axis=0)
    total = np.where(known, apart, 0.0).sum(axis=0)
    scale = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return np.where(scale > 0, scale, np.nan)
