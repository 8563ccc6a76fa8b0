"""Who carries a tracker: authors ranked by week, within four windows of days."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import polars as pl
import pyarrow as pa

from trendlab.errors import SignalError
from trendlab.schemas import TABLES
from trendlab.signals.contests import NEGATIVE_KINDS, score_windows
from trendlab.signals.contributions import share_of_excess
from trendlab.signals.copied_comments import count_copied
from trendlab.signals.graph import rank_mentions
from trendlab.signals.influencer_tables import InfluencerTables
from trendlab.signals.ranking import DRAWS
from trendlab.signals.standing import (
    MIN_TRACKERS,
    count_trackers,
    flag_authors,
    read_profiles,
)
from trendlab.signals.windows import (
    CELL,
    MEMBER,
    Week,
    cells_by_kind,
    count_members,
    count_window_days,
    event_cells,
    valid_days,
)

RULE = "influencers-4"
# Rows kept of each week, tracker and window; every author is ranked.
KEEP = 50


def rank_influencers(
    tables: InfluencerTables,
    *,
    weeks: Sequence[date],
    run_ids: Mapping[date, str],
    brands: Collection[str] = (),
    seed: int = 0,
    draws: int = DRAWS,
    keep: int = KEEP,
) -> pa.Table:
    """Rank the authors of every tracker, week and window.

    Parameters
    ----------
    tables : InfluencerTables
        Of `influencer_tables.read_tables`, which says what days are needed.
    weeks : sequence of date
        Mondays to produce.
    run_ids : mapping of date to str
        Run of each Monday.
    brands : collection of str
        Handles and ids, folded (NFKC, lower case), of authors who are brands,
        whatever their profile says: few networks tell.
    seed : int
        Of the bootstrap; each week, tracker and window draws its own stream.
    draws : int
    keep : int
        Best authors kept of each week, tracker and window.

    Returns
    -------
    pyarrow.Table
        Schema `influencers`; one row per week (Monday), tracker, window and
        author, sorted by those and rank.

    Raises
    ------
    SignalError
        A week does not start on a Monday.

    Notes
    -----
    The 28 days end with the week's Sunday. `high_activity` holds the days
    inside a peak of the tracker (any measure), `low_sentiment` those inside a
    dip (any topic), `both` those inside the two at once: an event of the city
    'all' counts for every author, an event of one city for the posts from it.
    A window without such a day has no rows. PageRank runs on the mentions in
    all posts of the 28 days, its walks start at the tracker's authors, and is
    the same in all four windows.
    """
    wrong = [monday for monday in weeks if monday.weekday() != 0]
    if wrong:
        raise SignalError(
            f"influencers: weeks are named by their Monday, got {wrong[0]} "
            f"({wrong[0]:%A})"
        )
    declared = TABLES["influencers"]
    ranked = []
    for monday in sorted(set(weeks)):
        rows = _rank_week(
            tables, Week(monday), brands=brands, seed=seed, draws=draws, keep=keep
        )
        if rows is not None:
            ranked.append(rows.with_columns(run_id=pl.lit(run_ids[monday])))
    if not ranked:
        return declared.empty()
    return (
        pl.concat(ranked)
        .sort(["day", "tracker", "window_kind", "rank"])
        .select(declared.names)
        .to_arrow()
        .cast(declared.arrow)
    )


def _rank_week(
    tables: InfluencerTables,
    week: Week,
    *,
    brands: Collection[str],
    seed: int,
    draws: int,
    keep: int,
) -> pl.DataFrame | None:
    """Rank one week; None where nobody posted in its 28 days."""
    days = tables.between(tables.days, week.first_usual_day, week.last_day)
    posts = tables.between(tables.posts, week.first_day, week.last_day)
    if posts.is_empty() or days.is_empty():
        return None
    valid = valid_days(days, week, tables.covered_days)
    cells = cells_by_kind(
        valid,
        event_cells(tables.peaks, "peak_id", week),
        event_cells(tables.dips, "dip_id", week),
        days.select("tracker", "city").unique(),
        week,
    )
    # which windows an author's day belongs to; its posts follow it
    homes = days.filter(pl.col("day") >= week.first_day).join(cells, on=CELL)
    liked = posts.join(
        homes.select("tracker", "author", "day", "window_kind"),
        on=["tracker", "author", "day"],
    ).sort([*MEMBER, "likes"], descending=[False, False, False, True])
    members = count_members(days, cells, valid, week).join(
        liked.select(MEMBER).unique(), on=MEMBER, how="semi"
    )
    if members.is_empty():
        return None
    window28 = days.filter(pl.col("day") >= week.first_day)
    profiles = read_profiles(tables.readings, posts, week)
    # by what an author posted under, or the profile; only authors of these days, so
    # that a week computed among others knows no more than one computed alone
    handles = (
        days.group_by("author")
        .agg(pl.col("author_handle").drop_nulls().last())
        .join(profiles, on="author", how="left")
        .select("author", handle=pl.coalesce("author_handle", "profile_handle"))
    )
    facts = (
        members.join(profiles, on="author", how="left")
        .join(
            rank_mentions(posts, handles.join(tables.authors, on="author")),
            on=["tracker", "author"], how="left",
        )
        .with_columns(pl.col("tier").fill_null("unknown"))
        .sort(MEMBER)
    )  # fmt: skip
    scored, engagement = score_windows(
        facts, liked, week, seed=seed, draws=draws, keep=keep
    )
    everyone = days.filter(pl.col("tracker") == "all")
    copied = count_copied(
        tables.between(tables.comments, week.first_day, week.last_day),
        posts.filter(pl.col("tracker") == "all").select(
            "source", "post_id", "author", "author_id"
        ),
    )
    flags = flag_authors(
        profiles, engagement, everyone.select("author", "day", "posts_count"),
        tables.readings, copied, week,
    )  # fmt: skip
    at_home = tables.between(tables.homes, week.monday, week.monday)
    return (
        scored.with_columns(
            excess=pl.when(pl.col("window_kind").is_in(NEGATIVE_KINDS))
            .then("negative_excess")
            .otherwise("posts_excess")
        )
        .with_columns(
            contribution_share=pl.when(
                pl.col("excess").is_null().all().over("tracker", "window_kind")
            )
            .then(None)
            .otherwise(
                share_of_excess(pl.col("excess").fill_null(0.0)).over(
                    "tracker", "window_kind"
                )
            )
        )
        .filter(pl.col("rank") <= keep)
        .join(count_window_days(cells, week), on=["tracker", "window_kind"], how="left")
        .join(tables.authors, on="author")
        .join(handles, on="author", how="left")
        .join(at_home.drop("day"), on="author", how="left")
        .join(count_trackers(window28), on="author", how="left")
        .join(flags, on="author", how="left")
        .join(copied, on="author", how="left")
        .with_columns(
            pl.lit(week.monday).alias("day"),
            pl.lit(week.first_day).alias("window_from"),
            pl.lit(week.last_day).alias("window_to"),
            pl.when(_is_listed("handle", brands) | _is_listed("author_id", brands))
            .then(pl.lit("brand"))
            .otherwise(pl.col("author_kind").fill_null("unknown"))
            .alias("author_kind"),
            pl.col("home_city").fill_null("unknown"),
            pl.col("trackers_count").fill_null(0),
            pl.col("flags").fill_null(""),
            pl.lit(RULE).alias("rule_version"),
            author_handle=pl.col("handle"),
            copied_comments_share=pl.col("copied_count") / pl.col("got_count"),
        )
        .with_columns(is_multi_tracker=pl.col("trackers_count") >= MIN_TRACKERS)
    )


def _is_listed(column: str, names: Collection[str]) -> pl.Expr:
    """Tell whether a handle or id, folded, is among names; false where it is NULL."""
    folded = pl.col(column).str.normalize("NFKC").str.to_lowercase()
    return folded.is_in(sorted(names)).fill_null(False)
