"""Rolling origins inside the history: what each member would have said, and its error.

No member, weight or interval sees a week after its origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trendlab.signals.forecast.history import Floats, History, naive_scale
from trendlab.signals.forecast.members import MIN_SEASON_WEEKS, Member, Setting
from trendlab.signals.forecast.scores import mase

# Weeks before the end at which a forecast is made; a year ahead is seen from each,
# and together they start in every quarter.
ORIGINS_BACK: Mapping[Setting, tuple[int, ...]] = {
    "light": (52, 78, 104),
    "full": (52, 65, 78, 91, 104),
}
# Where the history holds no year ahead of two seasons: half a year, then a quarter.
SHORT_BACK = (26, 13)
# A year ahead is as far as the backtest looks.
MAX_BACKTEST_HORIZON = 52


@dataclass(frozen=True)
class Origin:
    """Forecasts made at one origin, and what came.

    Parameters
    ----------
    back : int
        Weeks between the origin and the end of the history.
    actual : (weeks, series) float64
        What came; NaN where it is not known.
    points : mapping of member to (weeks, series) float64
    scale : (series,) float64
        In-sample seasonal naive error at the origin (m = 52).
    history : History
        What was known.
    """

    back: int
    actual: Floats
    points: Mapping[str, Floats]
    scale: Floats
    history: History


def run_origins(
    history: History,
    horizon: int,
    members: Mapping[str, Member],
    setting: Setting,
) -> list[Origin]:
    """Forecast from every origin that leaves two seasons; newest first, or none."""
    backs = [b for b in ORIGINS_BACK[setting] if history.weeks - b >= MIN_SEASON_WEEKS]
    if not backs:
        backs = [b for b in SHORT_BACK if history.weeks - b >= MIN_SEASON_WEEKS]
    origins = []
    for back in backs:
        known = history.until(history.weeks - back)
        ahead = min(horizon, back, MAX_BACKTEST_HORIZON)
        span = slice(known.weeks, known.weeks + ahead)
        origins.append(
            Origin(
                back=back,
                actual=np.where(history.seen[span], history.values[span], np.nan),
                points={name: member(known, ahead) for name, member in members.items()},
                scale=naive_scale(known),
                history=known,
            )
        )
    return origins


def mean_mase(origins: list[Origin], points: list[Floats]) -> float:
    """Mean MASE over series, then over origins; NaN without any."""
    told = [
        float(np.nanmean(each))
        for origin, point in zip(origins, points, strict=True)
        if np.isfinite(each := mase(origin.actual, point, origin.scale)).any()
    ]
    return float(np.mean(told)) if told else float("nan")
