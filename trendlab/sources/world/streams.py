"""Random generators by purpose and day, so that days are drawn in any order."""

from __future__ import annotations

from datetime import date
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Stream(IntEnum):
    """What a generator is for; each draws from its own stream."""

    PLAN = 0
    AUTHORS = 1
    STYLES = 2
    COUNTS = 3
    POSTS = 4
    LOOKS = 5
    TEXTS = 6
    COMMENTS = 7
    PHOTOS = 8
    COPIES = 9


def plan_rng(seed: int, stream: Stream) -> np.random.Generator:
    """Return the generator of something that is drawn once for the world."""
    return np.random.default_rng([seed, int(stream)])


def day_rng(seed: int, stream: Stream, day: date) -> np.random.Generator:
    """Return the generator of something that is drawn for each day."""
    return np.random.default_rng([seed, int(stream), day.toordinal()])


def pick(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """Draw positions by weight, (size,) int64."""
    bounds = np.cumsum(weights)
    drawn = np.searchsorted(bounds, rng.random(size) * bounds[-1], side="right")
    return np.asarray(np.minimum(drawn, len(weights) - 1), dtype=np.int64)


def within_group(groups: Ints) -> Ints:
    """Return the position of each item within its run of equal, sorted groups."""
    if not len(groups):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
    lengths = np.diff(np.append(starts, len(groups)))
    return np.arange(len(groups)) - np.repeat(starts, lengths)
