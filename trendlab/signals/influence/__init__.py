"""City-to-city influence: who leads whom, by style; lead–lag, never cause."""

from __future__ import annotations

from trendlab.signals.influence.edges import (
    EDGES,
    SCORES,
    Influence,
    InfluenceRule,
    find_edges,
    score_cities,
)
from trendlab.signals.influence.panel import MIN_LOOKS, MIN_WEEKS, SERIES

__all__ = [
    "EDGES",
    "MIN_LOOKS",
    "MIN_WEEKS",
    "SCORES",
    "SERIES",
    "Influence",
    "InfluenceRule",
    "find_edges",
    "score_cities",
]
