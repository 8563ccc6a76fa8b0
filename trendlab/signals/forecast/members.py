"""The members of the combination, by setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from trendlab.signals.forecast.classical import forecast_theta
from trendlab.signals.forecast.harmonic import Shape, forecast_shape
from trendlab.signals.forecast.history import SEASON_WEEKS, Floats, History
from trendlab.signals.forecast.naive import (
    keep_last_level,
    repeat_last_year,
    repeat_mean_year,
)

Setting = Literal["light", "full"]
Member = Callable[[History, int], Floats]

# Two seasons tell a season from a level; with fewer, last year or the level is kept.
MIN_SEASON_WEEKS = 2 * SEASON_WEEKS

# The family covers how fast level and season may move and how much growth goes on;
# which of them a data set likes is for its own backtest to say.
SHAPES: Mapping[str, Shape] = {
    "season_log_growing": Shape("log", season_penalty=0.3, common_shapes=4, growth=0.3),
    "season_root_calm": Shape("sqrt", level_penalty=5.0, half_life_weeks=52.0),
    "season_log_slow": Shape(
        "log",
        harmonics=10,
        knot_weeks=39,
        level_penalty=2.0,
        half_life_weeks=52.0,
    ),
    "season_log_yearly": Shape("log", harmonics=6, knot_weeks=52, growth=0.4),
    "season_root_stiff": Shape("sqrt", harmonics=10, knot_weeks=13, level_penalty=20.0),
    "season_root_growing": Shape(
        "sqrt", harmonics=12, level_penalty=2.0, season_penalty=0.05, growth=0.5
    ),
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
        members["theta"] = forecast_theta
    return members
