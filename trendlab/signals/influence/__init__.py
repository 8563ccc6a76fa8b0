"""City-to-city influence: who leads whom, by style; lead–lag, never cause."""

from __future__ import annotations

from trendlab.signals.influence.edges import (
    EDGES,
    Influence,
    InfluenceRule,
    find_edges,
)
from trendlab.signals.influence.gains import FORECASTS, compare_forecasts
from trendlab.signals.influence.panel import MIN_LOOKS, MIN_WEEKS, SERIES
from trendlab.signals.influence.windows import LEAD_SERIES, lead_cities

__all__ = [
    "EDGES",
    "FORECASTS",
    "LEAD_SERIES",
    "MIN_LOOKS",
    "MIN_WEEKS",
    "SERIES",
    "Influence",
    "InfluenceRule",
    "compare_forecasts",
    "find_edges",
    "lead_cities",
]
