"""A simulated world: posts, comments, authors and garments with a known truth.

`simulate(config)` returns a `World`. Its `truth` says what was planted (peaks, dips,
influencers, events, city-to-city influence); its `days()` stream the tables of each
day, drawn from (seed, day) alone, so that days come out the same in any order. A null
world has the same noise and nothing planted.
"""

from __future__ import annotations

from trendlab.sources.world.config import (
    DEFAULT_LAST_DAY,
    DEFAULT_TRACKERS,
    SOURCE_NAME,
    TrackerPlan,
    WorldConfig,
    default_cities,
)
from trendlab.sources.world.generate import World, simulate
from trendlab.sources.world.truth import (
    PlantedDip,
    PlantedEvent,
    PlantedInfluence,
    PlantedInfluencer,
    PlantedPeak,
    PlantedStyle,
    PlantedSuspect,
    Truth,
    read_truth,
)

__all__ = [
    "DEFAULT_LAST_DAY",
    "DEFAULT_TRACKERS",
    "SOURCE_NAME",
    "PlantedDip",
    "PlantedEvent",
    "PlantedInfluence",
    "PlantedInfluencer",
    "PlantedPeak",
    "PlantedStyle",
    "PlantedSuspect",
    "TrackerPlan",
    "Truth",
    "World",
    "WorldConfig",
    "default_cities",
    "read_truth",
    "simulate",
]
