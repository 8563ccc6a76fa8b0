"""Windows of influencers over 5 M posts: ours against DuckDB doing the same.

Both count, of the same author-days in Arrow memory and the same cells, each author's
posts inside four windows, the usual outside them and the excess. DuckDB's answer is
checked row by row against ours.

Run: ``python -m bench.run influencer_windows``
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from polars.testing import assert_frame_equal

from bench import Row, measure
from trendlab.signals.windows import (
    MEMBER,
    MIN_USUAL_DAYS,
    NEGATIVE_PRIOR_POSTS,
    Week,
    cells_by_kind,
    count_members,
    valid_days,
)

POSTS_COUNT = 5_000_000
AUTHORS_COUNT = 400_000
TRACKERS = ("all", "t0", "t1", "t2", "t3")
CITIES_COUNT = 40
WEEK = Week(date(2026, 2, 23))
PAIRS = 5
TARGET = 1.3

QUERY = f"""
with counted as (
    select
        d.tracker, c.window_kind, d.author, d.city, d.day,
        d.posts_count, d.negative_count, d.scored_count
    from days as d join cells as c using (tracker, city, day)
    where d.day >= $first_day
),
main_city as (
    select tracker, window_kind, author, arg_min(city, (-posts_count, city)) as city
    from (
        select
            tracker, window_kind, author, city, sum(posts_count) as posts_count
        from counted group by all
    )
    group by all
),
inside as (
    select
        tracker, window_kind, author,
        sum(posts_count) as posts_count,
        sum(negative_count) as negative_count,
        sum(scored_count) as scored_count
    from counted group by all
),
outside as (
    select
        d.tracker, k.window_kind, d.author,
        sum(d.posts_count) as posts_count,
        sum(d.negative_count) as negative_count,
        sum(d.scored_count) as scored_count
    from days as d
    join (select distinct tracker, window_kind from cells) as k using (tracker)
    anti join cells as c using (tracker, city, day, window_kind)
    group by all
),
lengths as (
    select
        tracker, city, window_kind, count(*) as all_event_days,
        count(*) filter (day >= $first_day) as event_days
    from cells group by all
),
covered as (select tracker, count(*) as covered_days from valid group by all),
usual_share as (
    select
        tracker, window_kind,
        (sum(negative_count) + 1) / (sum(scored_count) + 2) as tracker_share
    from outside group by all
)
select
    i.tracker, i.window_kind, i.author,
    i.posts_count, i.negative_count, i.scored_count,
    case when covered_days - all_event_days >= {MIN_USUAL_DAYS} then
        coalesce(o.posts_count, 0) * event_days / (covered_days - all_event_days)
    end as posts_expected,
    i.posts_count - posts_expected as posts_excess,
    case when covered_days - all_event_days >= {MIN_USUAL_DAYS} then
        i.negative_count - i.scored_count
        * (
            coalesce(o.negative_count, 0)
            + {NEGATIVE_PRIOR_POSTS} * coalesce(tracker_share, 0.5)
        )
        / (coalesce(o.scored_count, 0) + {NEGATIVE_PRIOR_POSTS})
    end as negative_excess
from inside as i
join main_city as m using (tracker, window_kind, author)
left join outside as o using (tracker, window_kind, author)
left join lengths as l
    on l.tracker = i.tracker and l.window_kind = i.window_kind and l.city = m.city
left join covered as v on v.tracker = i.tracker
left join usual_share as u
    on u.tracker = i.tracker and u.window_kind = i.window_kind
"""


def make_days(posts_count: int) -> pl.DataFrame:
    """Draw author-days of 84 days: each post in 'all' and in one tracker."""
    rng = np.random.default_rng(3)
    # a few authors post much, most of them little; every tenth post is from elsewhere
    weight = rng.pareto(1.5, AUTHORS_COUNT) + 1
    author = rng.choice(AUTHORS_COUNT, posts_count, p=weight / weight.sum())
    posts = pl.DataFrame(
        {
            "author": author.astype(np.uint32),
            "ago": rng.integers(0, 84, posts_count).astype(np.int64),
            "which": rng.integers(1, len(TRACKERS), posts_count),
            "place": (author + (rng.random(posts_count) < 0.1)) % CITIES_COUNT,
            "negative": rng.random(posts_count) < 0.1,
            "scored": rng.random(posts_count) < 0.8,
        }
    )
    both = pl.concat([posts.with_columns(which=pl.lit(0, pl.Int64)), posts])
    return (
        both.group_by("which", "ago", "author", "place")
        .agg(
            posts_count=pl.len().cast(pl.Int64),
            negative_count=(pl.col("negative") & pl.col("scored")).sum().cast(pl.Int64),
            scored_count=pl.col("scored").sum().cast(pl.Int64),
        )
        .select(
            day=pl.lit(WEEK.last_day) - pl.duration(days=pl.col("ago")),
            tracker=pl.lit(pl.Series(TRACKERS)).gather(pl.col("which")),
            city=pl.format("city_{}", "place"),
            author="author",
            posts_count="posts_count",
            negative_count="negative_count",
            scored_count="scored_count",
        )
        .sort("day", "tracker", "author", "city")
    )


def make_cells(days: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the cells of the four kinds, and the days that were covered."""
    valid = valid_days(days, WEEK, None)

    def event(tracker: str, city: str, ago: int, length: int) -> list[dict[str, Any]]:
        return [
            {
                "tracker": tracker,
                "city": city,
                "day": WEEK.last_day - timedelta(days=ago - n),
            }
            for n in range(length)
        ]

    peaks = [*event("all", "all", 10, 4), *event("t0", "all", 12, 5)]
    peaks += event("t1", "city_3", 20, 6)
    dips = [*event("t0", "all", 9, 3), *event("t2", "city_5", 40, 4)]
    cells = cells_by_kind(
        valid,
        pl.DataFrame(peaks),
        pl.DataFrame(dips),
        days.select("tracker", "city").unique(),
        WEEK,
    )
    return cells, valid


def compare(posts_count: int) -> dict[str, float]:
    """Count with both, in turns; give median seconds and their ratio."""
    days = make_days(posts_count)
    cells, valid = make_cells(days)
    arrow = {
        "days": days.to_arrow(),
        "cells": cells.to_arrow(),
        "valid": valid.to_arrow(),
    }
    pairs: list[tuple[float, float]] = []
    for number in range(PAIRS):
        seconds: dict[str, float] = {}
        for side in ("ours", "duckdb") if number % 2 else ("duckdb", "ours"):
            started = time.perf_counter()
            if side == "ours":
                ours = count_members(days, cells, valid, WEEK)
            else:
                theirs = ask_duckdb(arrow)
            seconds[side] = time.perf_counter() - started
        pairs.append((seconds["ours"], seconds["duckdb"]))
    check(ours, theirs)
    return {
        "author_days": days.height,
        "members": ours.height,
        "ours": statistics.median(pair[0] for pair in pairs),
        "duckdb": statistics.median(pair[1] for pair in pairs),
        "ratio": statistics.median(ours / theirs for ours, theirs in pairs),
    }


def ask_duckdb(tables: dict[str, pa.Table]) -> pa.Table:
    """Count the same in plain SQL."""
    with duckdb.connect() as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        given = {"first_day": WEEK.first_day}
        return connection.sql(QUERY, params=given).to_arrow_table()


def check(ours: pl.DataFrame, theirs: pa.Table) -> None:
    """Raise AssertionError where the two differ."""
    found = pl.DataFrame(pl.from_arrow(theirs)).sort(MEMBER)
    assert_frame_equal(
        ours, found.select(ours.columns), check_dtypes=False, abs_tol=1e-9
    )


def rows(scale: float) -> Iterator[Row]:
    """Give the line of the table."""
    posts_count = max(int(POSTS_COUNT * scale), 10_000)
    done = measure("bench.influencer_windows:compare", posts_count)
    found = done.value
    yield Row(
        f"influencer windows over {posts_count:,} posts "
        f"({found['author_days']:,} author-days, {found['members']:,} members)",
        f"{found['ours']:.2f} s",
        f"DuckDB {found['duckdb']:.2f} s, equal rows",
        found["ratio"],
        done.peak_mb,
        f"≤ {TARGET} ×",
        found["ratio"] <= TARGET,
    )
