"""Measures of an author's posts, and engagement shrunk to the follower tier."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# A tier with fewer authors borrows the mean of all tiers.
MIN_TIER_AUTHORS = 5
# The median of n normal values varies π/2 times as much as their mean.
MEDIAN_VARIANCE = np.pi / 2
# Variance of log1p likes within an author when nobody has two posts: a factor of
# e either way between posts of one author, as in the Instagram profiles of 2017.
DEFAULT_NOISE = 1.0
# Equal likes everywhere have no variance; this keeps their weights finite.
MIN_VARIANCE = 1e-9


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
    shape = (weights.shape[0], posts.starts.size - 1)
    counts = np.empty((2, *shape), dtype=np.int64)
    middles = np.empty((2, *shape), dtype=np.float64)
    _measure_draws(posts.likes, posts.starts, weights, counts, middles)
    return Measured(counts[0], counts[1], middles[0], middles[1])


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _measure_draws(
    likes: Ints,
    starts: Ints,
    weights: npt.NDArray[np.int32],
    counts: Ints,
    middles: Floats,
) -> None:
    """Fill posts and known (`counts`), median and h (`middles`) of each draw."""
    for draw in range(weights.shape[0]):
        for author in range(starts.size - 1):
            first, after = starts[author], starts[author + 1]
            so_far, known, h = 0, 0, 0
            for i in range(first, after):
                so_far += weights[draw, i]
                if likes[i] >= 0:
                    known = so_far
                    h = max(h, min(so_far, likes[i]))
            median = 0.0
            if known > 0:
                # the middle two of the repeated posts, the same one if odd
                below, upper = 0, first
                while 2 * (below + weights[draw, upper]) < known:
                    below += weights[draw, upper]
                    upper += 1
                lower = upper
                while 2 * (below + weights[draw, upper]) <= known:
                    below += weights[draw, upper]
                    upper += 1
                median = (likes[lower] + likes[upper]) / 2.0
            counts[0, draw, author] = so_far
            counts[1, draw, author] = known
            middles[0, draw, author] = median
            middles[1, draw, author] = h


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

    def filled(self) -> Prior:
        """Return the prior with 0 for NaN, for arithmetic that masks it later."""
        return Prior(np.nan_to_num(self.mean), self.spread, self.noise)

    def shrink(self, likes_per_post: Floats, known: Ints) -> Floats:
        """Pull log1p likes per post to the tier; the fewer posts, the further.

        Without a post it is the tier's mean.
        """
        factor = np.where(known > 2, MEDIAN_VARIANCE, 1.0)
        signal = self.spread * known
        trust = signal / np.maximum(signal + factor * self.noise, MIN_VARIANCE)
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
