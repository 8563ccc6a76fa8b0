"""Measures under weights, and shrinkage of engagement to the tier."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.signals.engagement import (
    LikedPosts,
    Prior,
    learn_prior,
    measure_posts,
)
from trendlab.signals.ranking import POISSON, Contest, count_ranks, rank_authors

LIKES = st.lists(st.integers(-1, 60), min_size=1, max_size=8)


def liked(*authors: list[int]) -> LikedPosts:
    rows = [sorted(likes, reverse=True) for likes in authors]
    return LikedPosts(
        np.concatenate([np.array(row, dtype=np.int64) for row in rows]),
        np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64),
    )


def plain_h(likes: list[int]) -> int:
    return max(h for h in range(len(likes) + 1) if sum(x >= h for x in likes) >= h)


@settings(max_examples=60, deadline=None)
@given(st.lists(LIKES, min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_weighted_measures_equal_those_of_repeated_posts(
    authors: list[list[int]], seed: int
) -> None:
    posts = liked(*authors)
    weights = np.random.default_rng(seed).integers(0, 4, (3, posts.likes.size))

    measured = measure_posts(posts, weights.astype(np.int32))

    for draw in range(3):
        for author in range(len(authors)):
            own = slice(posts.starts[author], posts.starts[author + 1])
            repeated = np.repeat(posts.likes[own], weights[draw, own])
            known = repeated[repeated >= 0]
            median = float(np.median(known)) if known.size else 0.0
            assert measured.posts[draw, author] == repeated.size
            assert measured.known[draw, author] == known.size
            assert measured.median[draw, author] == median
            assert measured.h[draw, author] == plain_h(list(known))


def test_poisson_weights_have_mean_and_variance_near_one() -> None:
    assert POISSON.size == 256
    assert abs(POISSON.mean() - 1) < 0.01
    assert abs(POISSON.var() - 1) < 0.03


def test_a_prior_recovers_the_planted_tier() -> None:
    rng = np.random.default_rng(1)
    size = 400
    tiers = np.repeat([0, 1], size // 2)
    level = np.where(tiers == 0, 3.0, 6.0) + rng.normal(0, 0.5, size)
    posts = liked(
        *(
            list(np.expm1(mean + rng.normal(0, 0.7, 6)).clip(0).round().astype(int))
            for mean in level
        )
    )
    ones = np.ones((1, posts.likes.size), dtype=np.int32)

    prior = learn_prior(
        posts, measure_posts(posts, ones), np.zeros(size, dtype=np.int64), tiers
    )

    assert np.allclose(prior.mean[[0, -1]], [3.0, 6.0], atol=0.15)
    assert np.allclose(prior.spread[[0, -1]], 0.25, atol=0.12)
    assert np.allclose(prior.noise, 0.49, atol=0.08)


def test_shrinkage_pulls_one_post_further_than_twenty() -> None:
    prior = Prior(np.full(2, 3.0), np.full(2, 0.25), np.full(2, 0.5))
    likes = np.expm1(np.array([6.0, 6.0]))

    one, twenty = prior.shrink(likes, np.array([1, 20]))

    assert 3.0 < one < twenty < 6.0


def test_an_author_without_known_likes_gets_the_tiers_mean() -> None:
    prior = Prior(np.array([3.0]), np.array([0.25]), np.array([0.5]))

    assert prior.shrink(np.array([0.0]), np.array([0]))[0] == 3.0


def test_equal_likes_everywhere_give_no_spread_and_no_warning() -> None:
    posts = liked(*([5, 5, 5] for _ in range(6)))
    ones = np.ones((1, posts.likes.size), dtype=np.int32)
    measured = measure_posts(posts, ones)
    zeros = np.zeros(6, dtype=np.int64)

    prior = learn_prior(posts, measured, zeros, zeros)

    assert np.allclose(prior.shrink(measured.median, measured.known), np.log1p(5))


def test_ranks_do_not_depend_on_the_order_of_authors() -> None:
    rng = np.random.default_rng(3)
    authors = [list(rng.integers(0, 99, rng.integers(1, 6))) for _ in range(30)]

    def ranks(order: np.ndarray) -> np.ndarray:
        posts = liked(*(authors[i] for i in order))
        nothing = np.full(30, np.nan)
        prior = Prior(np.full(30, 3.0), np.full(30, 0.4), np.full(30, 0.4))
        contest = Contest(posts, prior, nothing, nothing, nothing, None, nothing)
        ranked = rank_authors(contest, np.random.default_rng(0), draws=20, keep=30)
        found = np.empty(30)
        found[order] = ranked.score
        return found

    assert np.allclose(ranks(np.arange(30)), ranks(rng.permutation(30)))


def test_drawn_ranks_count_the_higher_scores() -> None:
    scores = np.random.default_rng(4).integers(0, 30, (5, 200)).astype(np.float64)
    best = np.array([7, 3, 150, 20, 199])

    higher = (scores[:, None, :] > scores[:, best, None]).sum(axis=2)

    assert np.array_equal(count_ranks(scores, best), 1 + higher)
