"""Counts where each author's posts of a day are from: what homes are told from."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.schemas.sources import networks


def count_cities(tracker_posts: pa.Table) -> pa.Table:
    """Count each author's posts by city, located ones and those told by the profile.

    Parameters
    ----------
    tracker_posts : pyarrow.Table
        Schema `tracker_posts`; only the tracker 'all' is counted, excluded posts,
        posts of unknown authors and posts that tell no place are left out.

    Returns
    -------
    pyarrow.Table
        Schema `author_cities`, sorted by key; one row per day, known author and city.
        A post is located where coordinates or a place name tell its city. A place
        outside the monitored cities counts under 'unknown': who posts from there
        mostly is not at home in a city that they visit.
    """
    declared = TABLES["author_cities"]
    by_profile = pl.col("city_source") == "profile"
    counted = (
        pl.DataFrame(tracker_posts)
        .lazy()
        .filter(
            pl.col("tracker") == "all",
            ~pl.col("is_excluded"),
            pl.col("author_id").is_not_null(),
            pl.col("city_source") != "none",
        )
        .group_by("day", networks(), "author_id", "city")
        .agg(
            located_count=(~by_profile).sum().cast(pl.Int64),
            profile_count=by_profile.sum().cast(pl.Int64),
            run_id=pl.col("run_id").first(),
        )
        .sort("day", "source", "author_id", "city")
        .collect()
    )
    return counted.select(declared.names).to_arrow().cast(declared.arrow)
