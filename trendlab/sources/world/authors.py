"""Authors of the world: reach, homes, habits, and whom they mention.

Whom authors mention follows linear preferential attachment: each new author mentions
earlier ones in proportion to how often these are in the graph already.

References
----------
Batagelj, V., Brandes, U. (2005), "Efficient generation of large random networks",
Physical Review E 71, 036113: the algorithm, here with all copying resolved at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from trendlab.sources.world.config import WorldConfig
from trendlab.sources.world.streams import Bools, Floats, Ints, Stream, pick, plan_rng
from trendlab.sources.world.vocabulary import HANDLE_FIRST, HANDLE_SECOND, NO_PLACES

# An author posts about once in two weeks on average; most far less, a few daily.
AUTHORS_PER_DAILY_POST = 12
MAX_AUTHORS = 2_000_000
# Authors in each cell of tracker and place, at the least.
MIN_CELL_AUTHORS = 4
# Share of authors, and lowest and highest followers, of nano to mega: the usual
# pyramid, most accounts small.
TIER_SHARES = np.array([0.62, 0.25, 0.09, 0.03, 0.01])
TIER_LOW = np.array([300, 10_000, 100_000, 500_000, 1_000_000])
TIER_HIGH = np.array([10_000, 100_000, 500_000, 1_000_000, 8_000_000])
# Log-scale spread of how often authors post, and of how well they do.
ACTIVITY_SPREAD = 1.0
QUALITY_SPREAD = 0.45
BRAND_SHARE = 0.04
PLACE_IN_PROFILE_SHARE = 0.65
OTHER_PROFILE_SHARE = 0.12
# Mentions that an author keeps making.
MENTIONS_PER_AUTHOR = 3
# Followers bought, as a multiple of those an author had.
JUMP_FACTOR = 3.0
NEVER = np.iinfo(np.int64).max
# Followers grow by this on average in a year.
YEARLY_GROWTH = 0.15


@dataclass(frozen=True)
class Authors:
    """All authors, one entry each; sorted by main tracker and home.

    Parameters
    ----------
    ids, handles, places : pyarrow.StringArray
        `places` is the profile's, NULL where there is none.
    tracker, home : (a,) int64
        Main tracker; home place, the last being elsewhere.
    followers : (a,) int64
        On the first day.
    growth : (a,) float64
        Followers gained a day, as a share.
    jump_day : (a,) int64
        Day of the world from which followers are `JUMP_FACTOR` times as many.
    quality : (a,) float64
        Added to log likes.
    is_brand, hides_likes : (a,) bool
    bounds : (a + 1,) float64
        Cumulated weights of posting; a cell's authors lie side by side.
    cells : (trackers × places + 1,) int64
        Where each cell begins.
    targets : (a, MENTIONS_PER_AUTHOR) int64
        Authors whom they mention; an author never mentions itself (−1).
    """

    ids: pa.Array
    handles: pa.Array
    places: pa.Array
    tracker: Ints
    home: Ints
    followers: Ints
    growth: Floats
    jump_day: Ints
    quality: Floats
    is_brand: Bools
    hides_likes: Bools
    bounds: Floats
    cells: Ints
    targets: Ints

    def __len__(self) -> int:
        return len(self.followers)

    def followers_on(self, rows: Ints, day_index: int) -> Ints:
        """Return the followers of some authors on a day."""
        grown = self.followers[rows] * np.exp(self.growth[rows] * day_index)
        grown = np.where(day_index >= self.jump_day[rows], JUMP_FACTOR * grown, grown)
        return grown.astype(np.int64)

    def draw(self, rng: np.random.Generator, cell: Ints) -> Ints:
        """Draw an author for each cell, by how often authors post."""
        low = self.bounds[self.cells[cell]]
        high = self.bounds[self.cells[cell + 1]]
        point = low + rng.random(len(cell)) * (high - low)
        found = np.searchsorted(self.bounds, point, side="right") - 1
        return np.clip(found, self.cells[cell], self.cells[cell + 1] - 1)


def make_authors(
    config: WorldConfig, place_weights: Floats, place_names: list[str]
) -> Authors:
    """Draw the authors of a world.

    Parameters
    ----------
    config : WorldConfig
    place_weights : (places,) float64
        Share of posts of each place; the last is elsewhere.
    place_names : list of str
        Of the cities, as written in profiles.
    """
    rng = plan_rng(config.seed, Stream.AUTHORS)
    trackers, places = len(config.trackers), len(place_weights)
    cell_count = trackers * places
    count = int(
        np.clip(
            config.posts_per_day * AUTHORS_PER_DAILY_POST,
            cell_count * MIN_CELL_AUTHORS,
            MAX_AUTHORS,
        )
    )
    shares = np.array([tracker.share for tracker in config.trackers])
    weights = np.outer(shares, place_weights).ravel()
    cell = pick(rng, weights, count)
    sure = np.repeat(np.arange(cell_count), MIN_CELL_AUTHORS)
    cell[: len(sure)] = sure
    cell.sort()
    tier = pick(rng, TIER_SHARES, count)
    low, high = np.log(TIER_LOW[tier]), np.log(TIER_HIGH[tier])
    followers = np.exp(low + rng.random(count) * (high - low)).astype(np.int64)
    activity = np.exp(rng.normal(0, ACTIVITY_SPREAD, count))
    tracker, home = np.divmod(cell, places)
    return Authors(
        ids=_numbered("a", count),
        handles=_handles(rng, count),
        places=_profiles(rng, home, place_names),
        tracker=tracker,
        home=home,
        followers=followers,
        growth=rng.normal(YEARLY_GROWTH, YEARLY_GROWTH / 2, count) / 365.0,
        jump_day=np.full(count, NEVER),
        quality=rng.normal(0, QUALITY_SPREAD, count),
        is_brand=rng.random(count) < BRAND_SHARE,
        hides_likes=rng.random(count) < config.hidden_likes_share,
        bounds=np.concatenate([[0.0], np.cumsum(activity)]),
        cells=np.searchsorted(cell, np.arange(cell_count + 1)),
        targets=attach(rng, followers),
    )


def attach(rng: np.random.Generator, followers: Ints) -> Ints:
    """Draw whom each author mentions, by preferential attachment.

    Returns
    -------
    (a, MENTIONS_PER_AUTHOR) int64
        −1 where the draw fell on the author itself.

    Notes
    -----
    Authors enter in order of followers with noise, so that the well-known are old
    nodes. Edge e of node v takes a uniform earlier place among the 2e ends there
    are; an odd one is the target end of an edge, whose own draw is followed until
    a source end is reached.
    """
    count = len(followers)
    order = np.argsort(-np.log(followers) + rng.normal(0, 1.0, count), kind="stable")
    edges = count * MENTIONS_PER_AUTHOR
    source = np.arange(edges) // MENTIONS_PER_AUTHOR
    ends = (rng.random(edges) * (2 * np.arange(edges) + 1)).astype(np.int64)
    while True:
        is_target_end = ends % 2 == 1
        if not is_target_end.any():
            break
        ends[is_target_end] = ends[ends[is_target_end] // 2]
    target = source[ends // 2]
    target[target == source] = -1
    known = np.where(target >= 0, order[target], -1)
    targets = np.empty((count, MENTIONS_PER_AUTHOR), dtype=np.int64)
    targets[order] = known.reshape(count, MENTIONS_PER_AUTHOR)
    return targets


def _numbered(prefix: str, count: int) -> pa.Array:
    return pa.array([f"{prefix}{number:07d}" for number in range(count)], pa.string())


def _handles(rng: np.random.Generator, count: int) -> pa.Array:
    first = rng.integers(0, len(HANDLE_FIRST), count).tolist()
    second = rng.integers(0, len(HANDLE_SECOND), count).tolist()
    return pa.array(
        [
            f"{HANDLE_FIRST[a]}_{HANDLE_SECOND[b]}_{number}"
            for number, (a, b) in enumerate(zip(first, second, strict=True))
        ],
        pa.string(),
    )


def _profiles(rng: np.random.Generator, home: Ints, names: list[str]) -> pa.Array:
    draw = rng.random(len(home))
    other = rng.integers(0, len(NO_PLACES), len(home))
    values = np.full(len(home), None, dtype=object)
    has_place = (draw < PLACE_IN_PROFILE_SHARE) & (home < len(names))
    values[has_place] = np.array(names, dtype=object)[home[has_place]]
    is_other = draw > 1 - OTHER_PROFILE_SHARE
    values[is_other] = np.array(NO_PLACES, dtype=object)[other[is_other]]
    return pa.array(values, pa.string())
