"""Scores of authors within a window, and how sure their ranks are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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
# A tier with fewer authors borrows the mean of all tiers.
MIN_TIER_AUTHORS = 5
# The median of n normal values varies π/2 times as much as their mean.
MEDIAN_VARIANCE = np.pi / 2
# Variance of log1p likes within an author when nobody has two posts: a factor of
# e either way between posts of one author, as in the Instagram profiles of 2017.
DEFAULT_NOISE = 1.0
# Equal likes everywhere have no variance; this keeps their weights finite.
MIN_VARIANCE = 1e-9

# 200 draws place the 5 and 95 % points of a rank well enough for a chart.
DRAWS = 200
LOW_PERCENT, HIGH_PERCENT = 5.0, 95.0
# Posts times draws held at once: 4 M counts are 16 MB.
BLOCK_SIZE = 4_000_000
# Poisson(1) in 256 steps, so that one random byte gives one weight.
_POISSON_COUNTS = (94, 94, 47, 16, 4, 1)
POISSON = np.repeat(np.arange(6, dtype=np.int32), _POISSON_COUNTS)


@dataclass(frozen=True)
class LikedPosts:
    """Likes of a window's posts, author by author.

    Parameters
    ----------
    likes : (p,) int64
        Sorted by author, then falling; −1 where likes are not known.
    starts : (a + 1,) int64
        Posts of author i are `likes[starts[i]:starts[i + 1]]`; none is empty.
    """

    likes: Ints
    starts: Ints

    @property
    def known_counts(self) -> Ints:
        """Posts with known likes of each author, (a,)."""
        return np.add.reduceat((self.likes >= 0).astype(np.int64), self.starts[:-1])


@dataclass(frozen=True)
class Measured:
    """What weighted posts say of each author, shape (draws, a).

    `posts` and `known` are summed weights of all posts and of those with known
    likes, `median` the weighted median of known likes (0 where none), `h` the
    h-index.
    """

    posts: Ints
    known: Ints
    median: Floats
    h: Floats


def measure_posts(posts: LikedPosts, weights: npt.NDArray[np.int32]) -> Measured:
    """Count posts, median likes and h-index of each author under weights.

    Parameters
    ----------
    posts : LikedPosts
    weights : (draws, p) int32
        How often each post counts; ones give the plain measures.

    Notes
    -----
    With posts by falling likes, h is the largest min(likes, posts so far).
    """
    draws, size = weights.shape
    first, after = posts.starts[:-1], posts.starts[1:]
    lengths = np.diff(posts.starts)
    so_far = np.zeros((draws, size + 1), dtype=np.int32)
    np.cumsum(weights, axis=1, out=so_far[:, 1:])
    before = so_far[:, first]
    known_counts = posts.known_counts
    known = so_far[:, first + known_counts] - before
    within = so_far[:, 1:] - np.repeat(before, lengths, axis=1)
    likes = np.minimum(posts.likes, np.iinfo(np.int32).max).astype(np.int32)
    h = np.maximum.reduceat(np.minimum(within, likes), first, axis=1)
    within *= 2
    total = np.repeat(known, lengths, axis=1)
    last_known = np.maximum(first + known_counts - 1, first)

    def at(is_before: npt.NDArray[np.bool_]) -> Floats:
        passed = np.add.reduceat(is_before.view(np.int8), first, axis=1, dtype=np.int32)
        found = posts.likes[np.minimum(first + passed, last_known)]
        return np.asarray(found, dtype=np.float64)

    median = (at(within < total) + at(within <= total)) / 2
    return Measured(
        posts=(so_far[:, after] - before).astype(np.int64),
        known=known.astype(np.int64),
        median=np.where(known > 0, np.maximum(median, 0.0), 0.0),
        h=np.maximum(h, 0).astype(np.float64),
    )


@dataclass(frozen=True)
class Prior:
    """What a tracker's tiers say of log1p likes per post, one value per author.

    `mean` and `spread` (variance between authors) of the author's tier, `noise`
    the variance between posts of one author. NaN where nobody's likes are known.
    """

    mean: Floats
    spread: Floats
    noise: Floats

    def take(self, authors: Ints) -> Prior:
        """Return the prior of some authors."""
        return Prior(self.mean[authors], self.spread[authors], self.noise[authors])

    def shrink(self, likes_per_post: Floats, known: Ints) -> Floats:
        """Pull log1p likes per post to the tier; the fewer posts, the further."""
        factor = np.where(known > 2, MEDIAN_VARIANCE, 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = factor * self.noise / known
            trust = np.where(known > 0, self.spread / (self.spread + variance), 0.0)
        # spread and variance are both 0 where all likes are equal
        trust = np.nan_to_num(trust, nan=1.0)
        shrunk = self.mean + trust * (np.log1p(likes_per_post) - self.mean)
        return np.asarray(shrunk, dtype=np.float64)


def learn_prior(
    posts: LikedPosts, measured: Measured, groups: Ints, tiers: Ints
) -> Prior:
    """Estimate each tier's mean and spread of log1p likes per post.

    Parameters
    ----------
    posts : LikedPosts
    measured : Measured
        Of the same posts, one draw with weights one.
    groups : (a,) int64
        Tracker of each author.
    tiers : (a,) int64
        Tier of each author, 0 to 15.

    Notes
    -----
    Moments of DerSimonian and Laird (1986): between-author variance is what is
    left of the spread of the medians after their own noise. A tier with fewer
    than five authors takes its tracker's.
    """
    known = measured.known[0]
    has_likes = (known > 0).astype(np.float64)
    level = np.log1p(measured.median[0])
    noise = _noise_within(posts, groups)
    factor = np.where(known > 2, MEDIAN_VARIANCE, 1.0)
    variance = factor * noise / np.maximum(known, 1)

    def moments(keys: Ints) -> tuple[Floats, Floats, Ints]:
        keys = np.unique(keys, return_inverse=True)[1]
        size = int(keys.max()) + 1 if keys.size else 0
        weight = has_likes / np.maximum(variance, MIN_VARIANCE)
        members = np.bincount(keys, weights=has_likes, minlength=size)

        def total(values: Floats) -> Floats:
            sums = np.bincount(keys, weights=values, minlength=size)
            return np.asarray(sums, dtype=np.float64)

        with np.errstate(divide="ignore", invalid="ignore"):
            w = total(weight)
            rough = total(weight * level) / w
            q = total(weight * (level - rough[keys]) ** 2)
            left = (q - (members - 1)) / (w - total(weight**2) / w)
            spread = np.where(members > 1, np.maximum(left, 0.0), 0.0)
            both = has_likes / np.maximum(variance + spread[keys], MIN_VARIANCE)
            mean = total(both * level) / total(both)
        return mean[keys], spread[keys], members[keys].astype(np.int64)

    tier_mean, tier_spread, tier_size = moments(groups * 16 + tiers)
    all_mean, all_spread, _ = moments(groups)
    is_thin = tier_size < MIN_TIER_AUTHORS
    return Prior(
        mean=np.where(is_thin, all_mean, tier_mean),
        spread=np.where(is_thin, all_spread, tier_spread),
        noise=noise,
    )


def _noise_within(posts: LikedPosts, groups: Ints) -> Floats:
    """Return the pooled variance of log1p likes within authors, one per author."""
    lengths = np.diff(posts.starts)
    author = np.repeat(np.arange(lengths.size), lengths)
    known = posts.likes >= 0
    author, level = author[known], np.log1p(posts.likes[known].astype(np.float64))
    counts = np.bincount(author, minlength=lengths.size)
    sums = np.bincount(author, weights=level, minlength=lengths.size)
    means = sums / np.maximum(counts, 1)
    squares = np.bincount(
        author, weights=(level - means[author]) ** 2, minlength=lengths.size
    )
    keys = np.unique(groups, return_inverse=True)[1]
    degrees = np.bincount(keys, weights=np.maximum(counts - 1, 0))
    pooled = np.bincount(keys, weights=squares)
    noise = np.where(degrees > 0, pooled / np.maximum(degrees, 1), DEFAULT_NOISE)
    return np.asarray(noise[keys], dtype=np.float64)


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
class _Scale:
    centre: float
    spread: float

    @classmethod
    def of(cls, values: Floats) -> _Scale:
        known = values[~np.isnan(values)]
        if known.size < 2:
            return cls(0.0, 0.0)
        return cls(float(known.mean()), float(known.std()))

    def z(self, values: Floats) -> Floats:
        """Return z-scores; 0, the average, where a value is not known."""
        if self.spread == 0:
            return np.zeros_like(values)
        return np.nan_to_num((values - self.centre) / self.spread, nan=0.0)


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
    parts = _moving_parts(contest, plain, _once(contest.negatives))
    parts["engagement"] = np.where(has_likes, parts["engagement"], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts["pagerank"] = np.log(contest.pagerank)[None, :]
        parts["reach"] = np.log1p(contest.followers)[None, :]
    scales = {name: _Scale.of(values[0]) for name, values in parts.items()}
    still = sum(
        WEIGHTS[name] * scales[name].z(parts[name]) for name in ("pagerank", "reach")
    )
    moving = ("engagement", "h_index", "contribution")

    def score_of(values: dict[str, Floats]) -> Floats:
        parts_z = [WEIGHTS[name] * scales[name].z(values[name]) for name in moving]
        return np.asarray(still + sum(parts_z), dtype=np.float64)

    score = score_of(parts)[0]
    order = np.argsort(-score, kind="stable")
    rank = np.empty(size, dtype=np.int64)
    rank[order] = np.arange(1, size + 1)
    best = order[:keep]
    ranks = []
    for weights in _poisson_weights(rng, draws, posts.likes.size):
        measured = measure_posts(posts, weights)
        negatives = contest.negatives
        drawn = (
            None
            if negatives is None
            else rng.poisson(negatives, (weights.shape[0], size))
        )
        values = _moving_parts(contest, measured, drawn)
        values["engagement"] = np.where(has_likes, values["engagement"], np.nan)
        ranks.append(_ranks_of(score_of(values), best))
    drawn_ranks = np.concatenate(ranks) if ranks else rank[best][None, :]
    low = np.zeros(size, dtype=np.int64)
    high = np.zeros(size, dtype=np.int64)
    ends = np.percentile(drawn_ranks, [LOW_PERCENT, HIGH_PERCENT], axis=0)
    low[best] = np.minimum(np.floor(ends[0]).astype(np.int64), rank[best])
    high[best] = np.maximum(np.ceil(ends[1]).astype(np.int64), rank[best])
    return Ranked(
        likes_per_post=np.where(has_likes, plain.median[0], np.nan),
        engagement=parts["engagement"][0],
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


def _ranks_of(scores: Floats, best: Ints) -> Ints:
    """Return the ranks of some authors in each draw, (draws, best)."""
    rising = np.sort(scores, axis=1)
    size = scores.shape[1]
    return np.stack(
        [
            size + 1 - np.searchsorted(row, own[best], side="right")
            for row, own in zip(rising, scores, strict=True)
        ]
    )


def _poisson_weights(
    rng: np.random.Generator, draws: int, size: int
) -> Iterator[npt.NDArray[np.int32]]:
    """Yield Poisson(1) weights in blocks, (block, size) int32."""
    block = max(1, min(draws, BLOCK_SIZE // max(size, 1)))
    for start in range(0, draws, block):
        rows = min(block, draws - start)
        yield POISSON[rng.integers(0, 256, (rows, size), dtype=np.uint8)]
