"""Takes the tables that authors are ranked from: authors numbered, sources networks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
import pyarrow as pa

from trendlab.schemas.sources import networks
from trendlab.signals.copied_comments import text_key

POST_COLUMNS = ("source", "post_id", "likes_count", "is_repost", "mentions")
COMMENT_COLUMNS = ("day", "source", "comment_id", "post_id", "author_id", "text")
MATCH_COLUMNS = (
    "day", "tracker", "source", "post_id", "author_id", "city", "city_source",
    "is_excluded",
)  # fmt: skip


@dataclass(frozen=True)
class InfluencerTables:
    """Inputs with authors as whole numbers, each sorted by day.

    A `source` is the network: files that were collected for several trackers hold the
    same authors, profiles and comments.

    Parameters
    ----------
    authors : polars.DataFrame
        author, source, author_id: the number of each author of `author_days`.
    days : polars.DataFrame
        `author_days` with author in place of author_id.
    posts : polars.DataFrame
        day, tracker, source, post_id, author, author_id, city, city_source, likes (−1
        where not known), mentions, followers_count: what trackers hold of known
        authors.
    readings : polars.DataFrame
        author, source, day, handle, author_kind, followers_count: one a network, author
        and day.
    peaks, dips : polars.DataFrame
        peak_id or dip_id, day, tracker, city, start_on, end_on.
    homes : polars.DataFrame
        day (Monday), author, home_city.
    comments : polars.DataFrame
        day, source, post_id, writer, key (of the text), each comment once.
    covered_days : polars.DataFrame or None
        tracker, day.
    """

    authors: pl.DataFrame
    days: pl.DataFrame
    posts: pl.DataFrame
    readings: pl.DataFrame
    peaks: pl.DataFrame
    dips: pl.DataFrame
    homes: pl.DataFrame
    comments: pl.DataFrame
    covered_days: pl.DataFrame | None

    def between(self, table: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
        """Return the rows of some days, without looking at the others."""
        ends = table["day"].search_sorted(pl.Series([first, last + timedelta(days=1)]))
        return table.slice(ends[0], ends[1] - ends[0])


def read_tables(
    author_days: pa.Table,
    tracker_posts: pa.Table,
    posts: pa.Table,
    authors: pa.Table,
    peaks: pa.Table,
    dips: pa.Table,
    author_homes: pa.Table,
    comments: pa.Table,
    *,
    covered_days: pa.Table | None = None,
) -> InfluencerTables:
    """Number the authors of `author_days`, and keep of the other tables what is theirs.

    Parameters
    ----------
    author_days : pyarrow.Table
        Schema `author_days`, the tracker 'all' included, of the 84 days that end
        with the Sunday of the first week to rank, and on.
    tracker_posts : pyarrow.Table
        Columns `MATCH_COLUMNS` of schema `tracker_posts`, from 28 days before the
        first week's Sunday. Excluded posts and posts of unknown authors are left out.
    posts : pyarrow.Table
        Columns `POST_COLUMNS` of schema `posts`; `author_followers_count` is
        used where it is there. Likes of reposts belong to somebody else and
        count as not known.
    authors : pyarrow.Table
        Readings of profiles, schema `authors`, from 180 days before the first
        week's Sunday to seven days after the last one's. The newest up to the
        week's end counts, or the earliest of the seven days after it.
    peaks, dips : pyarrow.Table
        Schemas `peaks` and `dips`, any rows of the 84 days; each event is taken
        as it was known on the week's Sunday.
    author_homes : pyarrow.Table
        Schema `author_homes`, rows of the weeks.
    comments : pyarrow.Table
        Columns `COMMENT_COLUMNS` of schema `comments`, from 28 days before the first
        week's Sunday.
    covered_days : pyarrow.Table or None
        tracker, day of what was ingested, from `activity.covered_days`. Without
        it every day since a tracker's first post counts as covered.

    Returns
    -------
    InfluencerTables
    """
    person = ["source", "author_id"]
    names = (
        _frame(author_days.select(person))
        .unique()
        .sort(person)
        .with_row_index("author")
    )
    if "author_followers_count" in posts.column_names:
        followers = pl.col("author_followers_count")
    else:
        followers = pl.lit(None, dtype=pl.Int64)
    likes = pl.when(~pl.col("is_repost")).then(pl.col("likes_count")).fill_null(-1)
    matched = (
        _frame(tracker_posts.select(list(MATCH_COLUMNS)))
        .filter(~pl.col("is_excluded"), pl.col("author_id").is_not_null())
        .join(
            _frame(posts).with_columns(likes=likes, followers_count=followers),
            on=["source", "post_id"],
        )
        .with_columns(networks())
        .join(names, on=person)
    )
    event = ["day", "tracker", "city", "start_on", "end_on"]
    return InfluencerTables(
        authors=names,
        days=_frame(author_days)
        .join(names, on=person)
        .drop("run_id", "author_id", strict=False)
        .sort("day"),
        posts=matched.select(
            "day", "tracker", "source", "post_id", "author", "author_id", "city",
            "city_source", "likes", "mentions", "followers_count",
        ).sort("day"),
        readings=_of_networks(_frame(authors), "author_id", "day")
        .join(names, on=person)
        .select("author", "source", "day", "handle", "author_kind", "followers_count")
        .sort("day"),
        peaks=_frame(peaks.select(["peak_id", *event])),
        dips=_frame(dips.select(["dip_id", *event])),
        homes=_frame(author_homes.select(["day", *person, "home_city"]))
        .join(names, on=person)
        .select("day", "author", "home_city")
        .sort("day"),
        comments=_of_networks(
            _frame(comments.select(list(COMMENT_COLUMNS))), "comment_id", "day"
        )
        .select("day", "source", "post_id", writer="author_id", key=text_key("text"))
        .sort("day"),
        covered_days=(
            None
            if covered_days is None
            else _frame(covered_days.select(["tracker", "day"])).unique()
        ),
    )  # fmt: skip


def _of_networks(rows: pl.DataFrame, *key: str) -> pl.DataFrame:
    """Give each row its network as its source, and keep one row a network and key."""
    kept = rows.sort("source").unique(
        [networks(), *key], keep="first", maintain_order=True
    )
    return kept.with_columns(networks())


def _frame(rows: pa.Table) -> pl.DataFrame:
    """Return a pyarrow table as a polars frame."""
    return pl.DataFrame(rows)
