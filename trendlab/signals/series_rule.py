"""Thresholds of the detector on any series, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

DAY_SECONDS = 86_400.0
# Strength (1 is the threshold) of a row that is surprising but too small to be news.
BELOW_RATIO = 0.99


@dataclass(frozen=True)
class SeriesRule:
    """Thresholds of the detector on any series.

    Parameters
    ----------
    window_days : float
        History of the tail rule: two of each weekday.
    scales_minutes : tuple of float
        Means over these times are judged, of one row at least; the surprise of a row
        is the mean over all, so neither one wild row nor a slow drift is enough.
    tail_share : float
        Share of the window that the tail is fitted to.
    min_history_days, min_history_rows : float, int
        With less history nothing is a peak: every time of day must have been seen,
        and a tail of five rows needs a body.
    peak_surprise : float
        Mean −log₁₀ tail of a peak: 1 in 100. In the sweep of `docs/peaks.md` lower
        thresholds cost little and higher ones lose whole events.
    quiet_days : float
        After a peak the next one is told after this time: it is the same story.
    daily_window, daily_period : int
        Steps of baseline and season where the grain is a day.
    coarse_window : int
        Steps of baseline where the grain is coarser; there is no season then.
    min_days, min_coarse_steps : int
        Valid steps in the window before anything is a peak.
    min_cold_steps : int
        Fewer valid steps than this score 0.
    peak_z : float
        Robust z of a peak of days.
    min_ratio : float
        Value / baseline of a peak, at every grain, and of its longest mean as well; a
        certain but small rise is no news.
    tail_freedom : float
        Degrees of freedom of the t tail that turns z into the score.
    """

    window_days: float = 14.0
    scales_minutes: tuple[float, ...] = (15.0, 120.0)
    tail_share: float = 0.01
    min_history_days: float = 1.0
    min_history_rows: int = 24
    peak_surprise: float = 2.0
    quiet_days: float = 1.0
    daily_window: int = 84
    daily_period: int = 7
    coarse_window: int = 52
    min_days: int = 28
    min_coarse_steps: int = 12
    min_cold_steps: int = 7
    peak_z: float = 3.5
    min_ratio: float = 1.5
    tail_freedom: float = 8.0
