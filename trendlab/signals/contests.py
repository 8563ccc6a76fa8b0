"""Sets up the contest of each tracker and window of a week, and scores it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from trendlab.signals.engagement import (
    Floats,
    Ints,
    LikedPosts,
    Prior,
    learn_prior,
    measure_posts,
)
from trendlab.signals.ranking import Contest, rank_authors
from trendlab.signals.standing import TIERS
from trendlab.signals.windows import KINDS, MEMBER, Week

# The windows whose contribution is the excess of negatives.
NEGATIVE_KINDS = ("low_sentiment", "both")
TIER_NAMES = [*(name for name, _ in TIERS), "unknown"]


def score_windows(
    facts: pl.DataFrame,
    liked: pl.DataFrame,
    week: Week,
    *,
    seed: int,
    draws: int,
    keep: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Score every tracker and window of a week.

    Parameters
    ----------
    facts : polars.DataFrame
        One row per tracker, window_kind and author, sorted by them: what
        `windows.count_members` gives, pagerank, followers_count and tier.
    liked : polars.DataFrame
        tracker, window_kind, author, likes (−1 where not known); one row per post,
        sorted by the three and falling likes; every author of `facts` has some.
    week : Week
    seed, draws, keep : int
        Of the bootstrap.

    Returns
    -------
    scored : polars.DataFrame
        `facts` with likes_per_post, engagement_shrunk, h_index, score, rank,
        rank_low, rank_high and known_count.
    engagement : polars.DataFrame
        author, likes_per_post, known_count of the tracker 'all' in its window
        'all', which the flags look at.
    """
    lengths = liked.group_by(MEMBER).len().sort(MEMBER)["len"].to_numpy()
    likes = liked["likes"].to_numpy().astype(np.int64)
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    groups = facts.group_by(["tracker", "window_kind"], maintain_order=True).len()
    priors = _learn_priors(facts, likes, ends)
    columns = _Columns.of(facts)
    ranked = []
    start = 0
    for tracker, kind, size in groups.iter_rows():
        own = ends[start : start + size + 1]
        contest = columns.contest(
            slice(start, start + size),
            LikedPosts(likes[own[0] : own[-1]], own - own[0]),
            priors.take(np.arange(start, start + size)),
            is_negative=kind in NEGATIVE_KINDS,
        )
        stream = [seed, week.monday.toordinal(), zlib.crc32(tracker.encode()),
                  KINDS.index(kind)]  # fmt: skip
        ranked.append(
            rank_authors(contest, np.random.default_rng(stream), draws=draws, keep=keep)
        )
        start += size

    def values(name: str) -> Any:
        return np.concatenate([getattr(each, name) for each in ranked])

    together = facts.with_columns(
        # a value that is not known is NaN in arrays, NULL in tables
        pl.Series("likes_per_post", values("likes_per_post")).fill_nan(None),
        pl.Series("engagement_shrunk", values("engagement")).fill_nan(None),
        pl.Series("h_index", values("h_index")),
        pl.Series("score", values("score")),
        pl.Series("rank", values("rank")),
        pl.Series("rank_low", values("low")),
        pl.Series("rank_high", values("high")),
        pl.Series("known_count", LikedPosts(likes, ends).known_counts),
    )
    whole = together.filter(pl.col("tracker") == "all", pl.col("window_kind") == "all")
    return together, whole.select("author", "likes_per_post", "known_count")


def _learn_priors(facts: pl.DataFrame, likes: Any, ends: Any) -> Prior:
    """Learn tier priors from each tracker's window 'all'; one row per fact."""
    tier = facts["tier"].cast(pl.Enum(TIER_NAMES)).to_physical()
    tracker = facts["tracker"].rank("dense") - 1
    keyed = facts.select("window_kind", "author").with_columns(
        tracker=tracker, tier=tier
    )
    whole = np.flatnonzero((facts["window_kind"] == "all").to_numpy())
    pieces = [likes[ends[i] : ends[i + 1]] for i in whole]
    lengths = np.array([piece.size for piece in pieces], dtype=np.int64)
    posts = LikedPosts(
        np.concatenate(pieces), np.concatenate([[0], np.cumsum(lengths)])
    )
    plain = measure_posts(posts, np.ones((1, posts.likes.size), dtype=np.int32))
    groups = keyed["tracker"].to_numpy().astype(np.int64)
    tiers = keyed["tier"].to_numpy().astype(np.int64)
    learnt = learn_prior(posts, plain, groups[whole], tiers[whole])
    # every author of a narrower window is in the window 'all' of its tracker
    at = (
        keyed.join(
            keyed[whole].with_row_index("place").select("tracker", "author", "place"),
            on=["tracker", "author"],
            how="left",
            maintain_order="left",
        )["place"]
        .to_numpy()
        .astype(np.int64)
    )
    return learnt.take(at)


@dataclass(frozen=True)
class _Columns:
    """Columns of `facts` as arrays, (rows,); NaN where not known."""

    pagerank: Floats
    followers: Floats
    posts_expected: Floats
    negatives: Ints
    negative_excess: Floats

    @classmethod
    def of(cls, facts: pl.DataFrame) -> _Columns:
        def floats(name: str) -> Floats:
            column = facts[name].cast(pl.Float64).fill_null(np.nan)
            return np.asarray(column.to_numpy(), np.float64)

        return cls(
            pagerank=floats("pagerank"),
            followers=floats("followers_count"),
            posts_expected=floats("posts_expected"),
            negatives=facts["negative_count"].to_numpy().astype(np.int64),
            negative_excess=floats("negative_excess"),
        )

    def contest(
        self, rows: slice, posts: LikedPosts, prior: Prior, *, is_negative: bool
    ) -> Contest:
        """Return the contest of the authors of some rows."""
        negatives = self.negatives[rows]
        return Contest(
            posts=posts,
            prior=prior,
            pagerank=self.pagerank[rows],
            followers=self.followers[rows],
            expected_posts=self.posts_expected[rows],
            negatives=negatives if is_negative else None,
            negative_expected=negatives - self.negative_excess[rows],
        )
