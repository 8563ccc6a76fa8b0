"""The members of the combination, by setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from trendlab.signals.forecast.harmonic import Scale, Shape, forecast_shape
from trendlab.signals.forecast.history import SEASON_WEEKS, Floats, History
from trendlab.signals.forecast.naive import (
    keep_last_level,
    repeat_last_year,
    repeat_mean_year,
)
from trendlab.signals.forecast.process import (
    TRENDING,
    WANDERING,
    Grid,
    forecast_process,
)

Setting = Literal["light", "full"]
Member = Callable[[History, int], Floats]

# Two seasons tell a season from a level; with fewer, last year or the level is kept.
MIN_SEASON_WEEKS = 2 * SEASON_WEEKS

# The family covers how fast level and season may move, how far a season is pooled and
# how much growth goes on; which of them a panel likes is for its own backtest to say.
# Names tell scale, weeks between knots, and how firmly the level is held.
SHAPES: Mapping[str, Shape] = {
    "log_39_growing": Shape("log", 16, 39, 1.0, 0.3, 104.0, 3, 0.2, 0.6, 26, 0.95),
    "log_39_lasting": Shape("log", 8, 39, 1.0, 0.3, 70.0, 3, 0.2, 0.6, 26, 0.985),
    "log_39_calm": Shape("log", 16, 39, 1.0, 0.3, 180.0, 3, 0.2, 0.2, 78, 0.985),
    "log_52_growing": Shape("log", 16, 52, 0.3, 0.3, 70.0, 3, 0.5, 0.4, 78, 0.985),
    "log_52_flat": Shape("log", 16, 52, 3.0, 0.3, 40.0, 5, 0.5),
    "log_26_firm": Shape("log", 12, 26, 10.0, 0.3, 104.0, 5, 0.8, 0.2, 26, 0.97),
    "log_13_firm": Shape("log", 12, 13, 30.0, 0.3, 104.0, 5, 0.5, 0.6, 78, 0.985),
    "root_52_growing": Shape("sqrt", 16, 52, 1.0, 0.1, 70.0, 3, 0.2, 0.8, 78, 0.97),
    "root_39_calm": Shape("sqrt", 16, 39, 3.0, 0.3, 40.0, 3, 0.8, 0.2, 78, 0.97),
    "root_13_firm": Shape("sqrt", 12, 13, 30.0, 0.3, 104.0, 3, 0.8, 0.8, 26, 0.95),
}
PROCESSES: Mapping[str, tuple[Scale, Grid]] = {
    "process_wandering": ("log", WANDERING),
    "process_trending": ("log", TRENDING),
    "process_root_trending": ("sqrt", TRENDING),
}


def choose_members(weeks: int, setting: Setting) -> dict[str, Member]:
    """List what can be fitted to a history of so many weeks, by name."""
    if weeks < SEASON_WEEKS:
        return {"last_level": keep_last_level}
    if weeks < MIN_SEASON_WEEKS:
        return {"last_level": keep_last_level, "last_year": repeat_last_year}
    members: dict[str, Member] = {
        "last_year": repeat_last_year,
        "mean_year": repeat_mean_year,
    }
    for name, shape in SHAPES.items():
        members[name] = partial(forecast_shape, shape=shape)
    if setting == "full":
        for name, (scale, grid) in PROCESSES.items():
            members[name] = partial(forecast_process, scale=scale, grid=grid)
    return members
