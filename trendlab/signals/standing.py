"""What is known of an author apart from a window: reach, trackers, flags."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
from sklearn.linear_model import HuberRegressor

from trendlab.signals.copied_comments import flag_copied
from trendlab.signals.windows import Week

# Upper ends of the tiers, followers; the usual five of influencer marketing.
TIERS = (
    ("nano", 10_000),
    ("micro", 100_000),
    ("mid", 500_000),
    ("macro", 1_000_000),
    ("mega", None),
)
# Followers change slowly; a profile read in the week after still tells of the window.
PROFILE_DAYS = 180
PROFILE_DAYS_AFTER = 7
# Two posts tell a habit from a slip.
MIN_TRACKER_POSTS = 2
MIN_TRACKERS = 2

# Robust z of log likes about the line on log followers: 1 in 2,000 if normal.
OUT_OF_LINE_Z = 3.5
# A line through fewer authors than this is not a line to be out of.
MIN_LINE_AUTHORS = 30
# One viral post is luck, so an author needs a few before being flagged.
MIN_LINE_POSTS = 3
# A day is a burst with at least this many posts and times the usual posting day.
BURST_POSTS = 10
BURST_RATIO = 5.0
# An author's only posting day cannot be out of the usual.
MIN_BURST_DAYS = 2
# Followers gained between readings at most a week apart.
JUMP_SHARE = 0.3
JUMP_FOLLOWERS = 1_000
JUMP_GAP_DAYS = 7

FLAGS = (
    "engagement_high",
    "engagement_low",
    "posting_burst",
    "follower_jump",
    "copied_comments",
)


def tier_of(followers: pl.Expr) -> pl.Expr:
    """Return the follower tier; 'unknown' where followers are unknown."""
    tier = pl.lit("mega")
    for name, end in reversed(TIERS[:-1]):
        tier = pl.when(followers < end).then(pl.lit(name)).otherwise(tier)
    return pl.when(followers.is_null()).then(pl.lit("unknown")).otherwise(tier)


def read_profiles(
    readings: pl.DataFrame, posts: pl.DataFrame, week: Week
) -> pl.DataFrame:
    """Return one row per author: handle, author_kind, followers_count, tier.

    The newest reading of the 180 days up to the week's end counts; where there is
    none, the earliest of the seven days after it. Followers read with a post stand
    in where no profile was read.
    """
    is_later = pl.col("day") > week.last_day
    age = (pl.lit(week.last_day) - pl.col("day")).dt.total_days()
    newest = (
        readings.filter(age < PROFILE_DAYS, age >= -PROFILE_DAYS_AFTER)
        .with_columns(is_later=is_later, distance=age.abs())
        .sort("is_later", "distance")
        .group_by("author")
        .agg(
            profile_handle=pl.col("handle").drop_nulls().first(),
            author_kind=pl.col("author_kind").first(),
            followers_count=pl.col("followers_count").drop_nulls().first(),
        )
    )
    with_posts = (
        posts.sort("day")
        .group_by("author")
        .agg(post_followers=pl.col("followers_count").drop_nulls().last())
    )
    return (
        newest.join(with_posts, on="author", how="full", coalesce=True)
        .with_columns(
            pl.coalesce("followers_count", "post_followers").alias("followers_count")
        )
        .with_columns(tier=tier_of(pl.col("followers_count")))
        .select("author", "profile_handle", "author_kind", "followers_count", "tier")
    )


def count_trackers(days: pl.DataFrame) -> pl.DataFrame:
    """Return author and trackers_count: trackers with at least 2 posts each."""
    return (
        days.filter(pl.col("tracker") != "all")
        .group_by("author", "tracker")
        .agg(pl.col("posts_count").sum())
        .filter(pl.col("posts_count") >= MIN_TRACKER_POSTS)
        .group_by("author")
        .agg(trackers_count=pl.len())
    )


def flag_authors(
    profiles: pl.DataFrame,
    engagement: pl.DataFrame,
    days: pl.DataFrame,
    readings: pl.DataFrame,
    copied: pl.DataFrame,
    week: Week,
) -> pl.DataFrame:
    """Return author and flags: what looks out of line, comma-separated.

    Parameters
    ----------
    profiles : polars.DataFrame
        author, followers_count.
    engagement : polars.DataFrame
        author, likes_per_post, known_count (posts with known likes) of the
        window over all trackers.
    days : polars.DataFrame
        Author-days of tracker 'all' over 84 days: author, day, posts_count.
    readings : polars.DataFrame
        Readings of profiles: author, day, followers_count.
    copied : polars.DataFrame
        Comments that authors got, from `count_copied`.
    week : Week

    Notes
    -----
    A flag asks a person to look; it is no proof of bought likes. Engagement is
    not assessed where followers are unknown.
    """
    found = pl.concat(
        [
            _out_of_line(profiles, engagement),
            _bursts(days, week),
            _follower_jumps(readings, week),
            flag_copied(copied).with_columns(flag=pl.lit("copied_comments")),
        ]
    )
    order = pl.Enum(FLAGS)
    return (
        found.with_columns(pl.col("flag").cast(order))
        .unique()
        .sort("author", "flag")
        .group_by("author", maintain_order=True)
        .agg(flags=pl.col("flag").cast(pl.String).str.join(","))
    )


def _out_of_line(profiles: pl.DataFrame, engagement: pl.DataFrame) -> pl.DataFrame:
    """Flag likes far above or below the line of log likes on log followers."""
    nothing = pl.DataFrame(schema={"author": pl.UInt32, "flag": pl.String})
    known = (
        engagement.join(profiles, on="author")
        .filter(
            pl.col("followers_count").is_not_null(),
            pl.col("likes_per_post").is_not_null(),
            pl.col("known_count") >= MIN_LINE_POSTS,
        )
        .sort("author")
    )
    if known.height < MIN_LINE_AUTHORS:
        return nothing
    reach = np.log1p(known["followers_count"].to_numpy().astype(float))
    likes = np.log1p(known["likes_per_post"].to_numpy().astype(float))
    if np.ptp(reach) == 0 or np.ptp(likes) == 0:
        return nothing
    # centred and scaled: the solver stalls on columns far from unit size
    reach = (reach - reach.mean()) / reach.std()
    line = HuberRegressor(alpha=0.0, max_iter=1_000).fit(reach[:, None], likes)
    rest = likes - line.predict(reach[:, None])
    rest = rest - np.median(rest)
    spread = 1.4826 * np.median(np.abs(rest))
    if spread == 0:
        return nothing
    z = pl.Series("z", rest / spread)
    return (
        known.with_columns(z)
        .filter(pl.col("z").abs() >= OUT_OF_LINE_Z)
        .select(
            "author",
            flag=pl.when(pl.col("z") > 0)
            .then(pl.lit("engagement_high"))
            .otherwise(pl.lit("engagement_low")),
        )
    )


def _bursts(days: pl.DataFrame, week: Week) -> pl.DataFrame:
    """Flag a day of the window far above the author's other posting days."""
    posts = pl.col("posts_count")
    others = (posts.sum() - posts) / (pl.len() - 1)
    return (
        days.with_columns(usual=others.over("author"), own_days=pl.len().over("author"))
        .filter(
            pl.col("own_days") >= MIN_BURST_DAYS,
            pl.col("day") >= week.first_day,
            pl.col("posts_count") >= BURST_POSTS,
            pl.col("posts_count") >= BURST_RATIO * pl.col("usual"),
        )
        .select("author", flag=pl.lit("posting_burst"))
    )


def _follower_jumps(readings: pl.DataFrame, week: Week) -> pl.DataFrame:
    """Flag followers that rise by 30 % and 1,000 within a week."""
    since = week.first_day - timedelta(days=JUMP_GAP_DAYS)
    before = pl.col("followers_count").shift(1).over("author", order_by="day")
    gap = pl.col("day").diff().over("author", order_by="day").dt.total_days()
    return (
        readings.filter(
            pl.col("followers_count").is_not_null(),
            pl.col("day").is_between(since, week.last_day),
        )
        .with_columns(gain=pl.col("followers_count") - before, before=before, gap=gap)
        .filter(
            pl.col("day") >= week.first_day,
            pl.col("gap") <= JUMP_GAP_DAYS,
            pl.col("gain") >= JUMP_FOLLOWERS,
            pl.col("gain") >= JUMP_SHARE * pl.col("before"),
        )
        .select("author", flag=pl.lit("follower_jump"))
    )
