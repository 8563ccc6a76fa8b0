"""Scores of authors within a window, and how sure their ranks are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numba
import numpy as np
import numpy.typing as npt

from trendlab.signals.engagement import (
    Floats,
    Ints,
    LikedPosts,
    Measured,
    Prior,
    measure_posts,
)

# Weights of the components in the score; each enters as a z-score over the
# window's authors. Engagement is measured best, so it weighs most; reach least,
# since followers can be bought.
WEIGHTS = {
    "engagement": 0.30,
    "pagerank": 0.20,
    "contribution": 0.20,
    "h_index": 0.15,
    "reach": 0.15,
}

# 200 draws place the 5 and 95 % points of a rank well enough for a chart.
DRAWS = 200
LOW_PERCENT, HIGH_PERCENT = 5.0, 95.0
# Posts times draws held at once: 4 M counts are 16 MB.
BLOCK_SIZE = 4_000_000
# Poisson(1) in 256 steps, so that one random byte gives one weight.
_POISSON_COUNTS = (94, 94, 47, 16, 4, 1)
POISSON = np.repeat(np.arange(6, dtype=np.int32), _POISSON_COUNTS)


@dataclass(frozen=True)
class Contest:
    """One window of one tracker: everything that its score is made of.

    Parameters
    ----------
    posts : LikedPosts
    prior : Prior
    pagerank, followers : (a,) float64
        NaN where not known.
    expected_posts : (a,) float64
        The author's usual for the window; NaN where it cannot be told.
    negatives : (a,) int64 or None
        Negative posts, where the excess of negatives is the contribution.
    negative_expected : (a,) float64
        The author's usual negatives; NaN where it cannot be told.
    """

    posts: LikedPosts
    prior: Prior
    pagerank: Floats
    followers: Floats
    expected_posts: Floats
    negatives: Ints | None
    negative_expected: Floats


@dataclass(frozen=True)
class Ranked:
    """Outcome of a contest, one value per author.

    `likes_per_post` and `engagement` are NaN where no likes are known. Ranks
    start at 1; `low` and `high` are defined for the best `keep` authors and 0
    for the rest.
    """

    likes_per_post: Floats
    engagement: Floats
    h_index: Ints
    score: Floats
    rank: Ints
    low: Ints
    high: Ints


@dataclass(frozen=True)
class _Component:
    """What a component adds to the score: (value − centre) × gain.

    The gain is the component's weight in standard deviations; 0 where an author's
    value is not known, which counts as average, or where all are equal.
    """

    centre: float
    gain: Floats

    @classmethod
    def of(cls, name: str, values: Floats) -> _Component:
        known = ~np.isnan(values)
        spread = float(values[known].std()) if known.sum() > 1 else 0.0
        if spread == 0:
            return cls(0.0, np.zeros_like(values))
        gain = np.where(known, WEIGHTS[name] / spread, 0.0)
        return cls(float(values[known].mean()), gain)

    def add(self, values: Floats) -> Floats:
        """Return the points of values without NaN, (a,) or (draws, a)."""
        return (values - self.centre) * self.gain


def rank_authors(
    contest: Contest, rng: np.random.Generator, *, draws: int = DRAWS, keep: int
) -> Ranked:
    """Score and rank the authors of one window, with bootstrap intervals.

    Parameters
    ----------
    contest : Contest
    rng : numpy.random.Generator
    draws : int
        Bootstrap draws.
    keep : int
        How many of the best get an interval.

    Notes
    -----
    The score is the weighted mean of the components' z-scores (`WEIGHTS`), on
    log scales; a component that is not known counts as average. Each draw gives
    every post a Poisson(1) weight and computes engagement, h-index and
    contribution anew; PageRank, reach, the tier priors and each author's usual
    stay as they are, so the interval speaks of the luck of single posts only. It
    is widened to hold the rank itself where needed.

    References
    ----------
    Chamandy et al. (2012), Estimating uncertainty for massive data streams.
    """
    posts = contest.posts
    size = posts.starts.size - 1
    plain = measure_posts(posts, np.ones((1, posts.likes.size), dtype=np.int32))
    has_likes = plain.known[0] > 0
    moving = _moving_parts(contest, plain, _once(contest.negatives))
    moving["engagement"][0, ~has_likes] = np.nan
    still = {"pagerank": np.log(contest.pagerank), "reach": np.log1p(contest.followers)}
    values = {name: rows[0] for name, rows in moving.items()} | still
    components = {name: _Component.of(name, row) for name, row in values.items()}
    fixed = sum(components[name].add(np.nan_to_num(still[name])) for name in still)

    def score_of(parts: dict[str, Floats]) -> Floats:
        points = [components[name].add(rows) for name, rows in parts.items()]
        return np.asarray(fixed + sum(points), dtype=np.float64)

    score = score_of({name: np.nan_to_num(rows) for name, rows in moving.items()})[0]
    order = np.argsort(-score, kind="stable")
    rank = np.empty(size, dtype=np.int64)
    rank[order] = np.arange(1, size + 1)
    best = order[:keep]
    filled = replace(
        contest,
        prior=contest.prior.filled(),
        expected_posts=np.nan_to_num(contest.expected_posts),
        negative_expected=np.nan_to_num(contest.negative_expected),
    )
    ranks = []
    for weights in _poisson_weights(rng, draws, posts.likes.size):
        measured = measure_posts(posts, weights)
        # Poisson weights of n negatives sum to a Poisson number of mean n
        negatives = (
            None
            if contest.negatives is None
            else rng.poisson(contest.negatives, (weights.shape[0], size))
        )
        ranks.append(
            count_ranks(score_of(_moving_parts(filled, measured, negatives)), best)
        )
    drawn = np.concatenate(ranks)
    low = np.zeros(size, dtype=np.int64)
    high = np.zeros(size, dtype=np.int64)
    ends = np.percentile(drawn, [LOW_PERCENT, HIGH_PERCENT], axis=0)
    low[best] = np.minimum(np.floor(ends[0]).astype(np.int64), rank[best])
    high[best] = np.maximum(np.ceil(ends[1]).astype(np.int64), rank[best])
    return Ranked(
        likes_per_post=np.where(has_likes, plain.median[0], np.nan),
        engagement=values["engagement"],
        h_index=plain.h[0].astype(np.int64),
        score=score,
        rank=rank,
        low=low,
        high=high,
    )


def _once(values: Ints | None) -> Ints | None:
    return None if values is None else values[None, :]


def _moving_parts(
    contest: Contest, measured: Measured, negatives: Ints | None
) -> dict[str, Floats]:
    """Return the components that change with the posts, each (draws, a)."""
    if negatives is None:
        excess = measured.posts - contest.expected_posts
    else:
        excess = negatives - contest.negative_expected
    return {
        "engagement": contest.prior.shrink(measured.median, measured.known),
        "h_index": np.log1p(measured.h),
        "contribution": np.log1p(np.maximum(excess, 0.0)),
    }


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def count_ranks(scores: Floats, best: Ints) -> Ints:
    """Return the ranks of some authors in each draw, (draws, best); ties share one."""
    ranks = np.empty((scores.shape[0], best.size), np.int64)
    for draw in range(scores.shape[0]):
        own = scores[draw][best]
        order = np.argsort(own)
        rising = own[order]
        # how many scores lie above so many of the authors, and no more
        above = np.zeros(best.size + 1, np.int64)
        for score in scores[draw]:
            if score > rising[0]:
                above[np.searchsorted(rising, score)] += 1
        rank = 1
        for place in range(best.size - 1, -1, -1):
            rank += above[place + 1]
            ranks[draw, order[place]] = rank
    return ranks


def _poisson_weights(
    rng: np.random.Generator, draws: int, size: int
) -> Iterator[npt.NDArray[np.int32]]:
    """Yield Poisson(1) weights in blocks, (block, size) int32."""
    block = max(1, min(draws, BLOCK_SIZE // max(size, 1)))
    for start in range(0, draws, block):
        rows = min(block, draws - start)
        yield POISSON[rng.integers(0, 256, (rows, size), dtype=np.uint8)]
