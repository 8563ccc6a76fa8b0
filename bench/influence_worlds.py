"""Made-up cities: six worlds without influence, and one with planted edges.

All are logit shares of one style, then looks drawn from them, as a real week's share is
a sample. Influence must be found in the last alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from trendlab.signals.influence import SERIES

NULLS = (
    "white noise",
    "shared season",
    "random walk with season",
    "common factor",
    "trends of their own",
    "single jumps",
)
# How much steady trends differ from city to city, logits a year: 2 points a year of a
# share of 12 %, as many as the trend curves of a city's garments.
TREND = 0.2
# A quarter of the cities have one week of their own with a share of 73 %, not 12 %.
JUMP, JUMPING_SHARE = 3.0, 0.25
# Weeks thrown away at the start, so that a series has forgotten where it began.
BURN_IN = 60
FIRST_WEEK = np.datetime64("2020-01-06")
# Size of a city's own weekly surprise, logits, and its usual share: about 0.12.
SURPRISE = 0.15
USUAL_LOGIT = -2.0


@dataclass(frozen=True)
class World:
    """Shares (cities, weeks) and the planted edges: source, target → lag."""

    shares: np.ndarray
    looks: int
    planted: dict[tuple[str, str], int]

    def series(self) -> pa.Table:
        """Give the shares as an influence input, one style."""
        city, week = np.indices(self.shares.shape).reshape(2, -1)
        names = np.array([name_of(each) for each in range(len(self.shares))])
        return pa.table(
            [
                pa.array(names[city]),
                pa.array(np.full(city.shape, "style")),
                pa.array(FIRST_WEEK + 7 * week),
                pa.array(self.shares.ravel()),
                pa.array(np.full(city.shape, float(self.looks))),
            ],
            schema=SERIES,
        )


def name_of(city: int) -> str:
    return f"city-{city:02d}"


def seasons(rng, cities, weeks):
    """Draw one season for all, with a sharp winter peak, at each city's own size."""
    week = np.arange(weeks)
    year = 2 * np.pi * week / 52.18
    shape = np.cos(year - 2) + 0.5 * np.cos(2 * year - 1)
    shape = shape + 0.8 * np.exp(-(((week % 52) - 50) ** 2) / 4)
    return np.outer(rng.normal(1, 0.3, cities) * 0.5, shape)


def carried(surprises, memory):
    """Let each week keep a part of the week before."""
    level = np.zeros_like(surprises)
    for week in range(1, surprises.shape[1]):
        level[:, week] = memory * level[:, week - 1] + surprises[:, week]
    return level


def null_world(kind, rng, *, cities=44, weeks=156, looks=500) -> World:
    """Draw a world of `NULLS`: nobody leads anybody."""
    surprises = rng.normal(size=(cities, weeks + BURN_IN))
    if kind == "white noise":
        level = surprises
    elif kind in ("shared season", "trends of their own", "single jumps"):
        level = carried(surprises, 0.5)
    elif kind == "random walk with season":
        level = np.cumsum(surprises, axis=1)
        level = level - level[:, [BURN_IN]]
    else:
        factor = carried(rng.normal(size=(1, weeks + BURN_IN)), 0.8)
        level = carried(surprises, 0.5) + rng.normal(1, 0.5, (cities, 1)) * factor
    logits = level[:, BURN_IN:] * SURPRISE + USUAL_LOGIT
    if "season" in kind:
        logits = logits + seasons(rng, cities, weeks)
    if kind == "trends of their own":
        logits = logits + np.outer(rng.normal(0, TREND, cities), np.arange(weeks) / 52)
    if kind == "single jumps":
        jumping = rng.permutation(cities)[: round(JUMPING_SHARE * cities)]
        logits[jumping, rng.integers(0, weeks, len(jumping))] += JUMP
    return World(_sampled(rng, logits, looks), looks, {})


def planted_world(
    rng,
    *,
    cities=44,
    weeks=156,
    looks=10_000,
    edges=20,
    longest_lag=8,
    weight=0.5,
    memory=0.5,
) -> World:
    """Draw a world where `edges` random pairs lead by 1 to `longest_lag` weeks."""
    lags: dict[tuple[int, int], int] = {}
    while len(lags) < edges:
        source, target = (int(each) for each in rng.integers(0, cities, 2))
        if source != target:
            lags[source, target] = int(rng.integers(1, longest_lag + 1))
    level = np.zeros((cities, weeks + BURN_IN))
    surprises = rng.normal(size=level.shape)
    for week in range(longest_lag, weeks + BURN_IN):
        level[:, week] = memory * level[:, week - 1] + surprises[:, week]
        for (source, target), lag in lags.items():
            level[target, week] += weight * level[source, week - lag]
        np.clip(level[:, week], -20, 20, out=level[:, week])
    logits = level[:, BURN_IN:] * SURPRISE + USUAL_LOGIT + seasons(rng, cities, weeks)
    planted = {(name_of(a), name_of(b)): lag for (a, b), lag in sorted(lags.items())}
    return World(_sampled(rng, logits, looks), looks, planted)


def _sampled(rng, logits, looks):
    return rng.binomial(looks, 1 / (1 + np.exp(-logits))) / looks
