"""What each place feels, whether that changes, and which places the change comes from.

Index = (positives - negatives) / scored over four weeks; its interval draws authors and
not posts, since an author's posts are alike. The slope is over half a year of weeks.
The change of a tracker's index is split into a part that the cities' own change makes,
and a part that a changed mix of cities makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl
import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.signals.slopes import measure_slope

RULE = "city_sentiment-1"
ONE_WEEK = timedelta(days=7)
# A window of four weeks holds every weekday four times.
WINDOW_WEEKS = 4
# Half a year: long enough for a slope, too short for a season to pass for one.
SLOPE_WEEKS = 26
# With fewer scored posts an index says little, and may tell of a single person.
MIN_SCORED = 30
DRAWS = 1_000
LOW_PERCENT, HIGH_PERCENT = 2.5, 97.5
# A slope is called one at this error.
MAX_P = 0.05

AUTHOR_WEEKS = pa.schema(
    [
        ("day", pa.date32()),
        ("tracker", pa.string()),
        ("city", pa.string()),
        ("author", pa.string()),
        ("scored_count", pa.int64()),
        ("positive_count", pa.int64()),
        ("negative_count", pa.int64()),
    ]
)
SUMS = ("scored_count", "positive_count", "negative_count")
EVERYWHERE = "all"

Row = dict[str, Any]
Sums = Mapping[tuple[str, str], tuple[int, int]]


def measure_city_sentiment(
    author_weeks: pa.Table,
    activity: pa.Table,
    *,
    run_ids: Mapping[date, str],
    seed: int = 0,
) -> pa.Table:
    """Measure index, change and slope of every tracker and city.

    Parameters
    ----------
    author_weeks : pyarrow.Table
        What sql/lake/author_weeks.sql gives, schema `AUTHOR_WEEKS`, from three weeks
        before the first week to the last.
    activity : pyarrow.Table
        Schema `activity`, from 25 weeks before the first week to the last one's end.
        A week without rows is missing, not calm.
    run_ids : mapping of date to str
        Run of each Monday to produce.
    seed : int
        Of the bootstrap; each week, tracker and city draws its own stream.

    Returns
    -------
    pyarrow.Table
        Schema `city_sentiment`, sorted by its key; one row per week, tracker and city
        (and 'all') with a post in the window's four weeks or the four before.

    Notes
    -----
    Interval: percentiles of 1,000 bootstrap draws of authors (Davison and Hinkley
    1997, section 3.8). Split: Kitagawa (Journal of the American Statistical
    Association 50, 1955), a city's weight being its part of the scored posts; a city
    that was silent in one window has no change of its own, and all it brings is mix.
    """
    authors = pl.DataFrame(pl.from_arrow(author_weeks.select(AUTHOR_WEEKS.names)))
    weeks = (
        pl.DataFrame(pl.from_arrow(activity.select(["day", "tracker", "city", *SUMS])))
        .with_columns(pl.col("day").dt.truncate("1w"))  # ISO weeks start on Monday
        .group_by("day", "tracker", "city")
        .agg(pl.col(*SUMS).sum())
    )
    found: list[pl.DataFrame] = []
    for monday in sorted(run_ids):
        rows = _measure_week(_since(authors, monday, WINDOW_WEEKS), weeks, monday, seed)
        if rows:
            made = pl.DataFrame(rows, infer_schema_length=None)
            found.append(made.with_columns(run_id=pl.lit(run_ids[monday])))
    declared = TABLES["city_sentiment"]
    if not found:
        return declared.empty()
    out = pl.concat(found, how="vertical_relaxed").sort(list(declared.key))
    return out.select(declared.arrow.names).to_arrow().cast(declared.arrow)


def _since(rows: pl.DataFrame, monday: date, weeks: int) -> pl.DataFrame:
    """Rows of some weeks, the last of them that of a Monday."""
    first = monday - (weeks - 1) * ONE_WEEK
    return rows.filter(pl.col("day").is_between(first, monday))


def _measure_week(
    authors: pl.DataFrame, weeks: pl.DataFrame, monday: date, seed: int
) -> list[Row]:
    """All rows of one week: the authors of its window, and the weeks up to it."""
    now = _sums_by_place(_since(weeks, monday, WINDOW_WEEKS))
    window_before = _since(weeks, monday - WINDOW_WEEKS * ONE_WEEK, WINDOW_WEEKS)
    before = _sums_by_place(window_before)
    drawn = _by_place(
        pl.concat([authors, authors.with_columns(city=pl.lit(EVERYWHERE))])
        .group_by("tracker", "city", "author")
        .agg(pl.col(*SUMS).sum())
    )
    series = _by_place(_since(weeks, monday, SLOPE_WEEKS))
    made: list[Row] = []
    for place in sorted(now.keys() | before.keys()):
        tracker, city = place
        scored_before, net_before = before.get(place, (0, 0))
        made.append(
            {
                "day": monday,
                "tracker": tracker,
                "city": city,
                **_index_of(drawn.get(place), f"{seed}/{monday}/{tracker}/{city}"),
                **_slope_of(series[place], monday),
                "scored_before_count": scored_before,
                "index_before": (
                    net_before / scored_before if scored_before >= MIN_SCORED else None
                ),
                "rule_version": RULE,
            }
        )
    _split_changes(made, now, before)
    return made


def _by_place(rows: pl.DataFrame) -> dict[tuple[str, str], pl.DataFrame]:
    """Split rows by tracker and city."""
    return {
        (str(tracker), str(city)): group
        for (tracker, city), group in rows.group_by(["tracker", "city"])
    }


def _sums_by_place(weeks: pl.DataFrame) -> Sums:
    """Scored posts, and positives minus negatives, by tracker and city."""
    sums = weeks.group_by("tracker", "city").agg(pl.col(*SUMS).sum())
    return {
        (row["tracker"], row["city"]): (
            row["scored_count"],
            row["positive_count"] - row["negative_count"],
        )
        for row in sums.to_dicts()
    }


def _index_of(authors: pl.DataFrame | None, stream: str) -> Row:
    """Index with its interval; NULL with too few scored posts."""
    none = {"sentiment_index": None, "index_low": None, "index_high": None}
    if authors is None:
        return {**dict.fromkeys((*SUMS, "authors_count"), 0), **none}
    counts: Row = {name: int(authors[name].sum()) for name in SUMS}
    counts["authors_count"] = authors.height
    if counts["scored_count"] < MIN_SCORED:
        return {**counts, **none}
    # authors with equal counts are one kind: drawing kinds is drawing authors, faster
    kinds = (
        authors.group_by(net=pl.col("positive_count") - pl.col("negative_count"),
                         scored=pl.col("scored_count"))
        .len()
        .sort("net", "scored")
    )  # fmt: skip
    rng = np.random.default_rng(crc32(stream.encode()))
    drawn = rng.multinomial(
        authors.height, kinds["len"].to_numpy() / authors.height, size=DRAWS
    )
    indices = (drawn @ kinds["net"].to_numpy()) / (drawn @ kinds["scored"].to_numpy())
    low, high = np.percentile(indices, [LOW_PERCENT, HIGH_PERCENT])
    net = counts["positive_count"] - counts["negative_count"]
    return {
        **counts,
        "sentiment_index": net / counts["scored_count"],
        "index_low": float(low),
        "index_high": float(high),
    }


def _slope_of(weeks: pl.DataFrame, monday: date) -> Row:
    """Slope of the weekly index; weeks with too few scored posts are missing."""
    values = np.full(SLOPE_WEEKS, np.nan)
    for row in weeks.filter(pl.col("scored_count") >= MIN_SCORED).to_dicts():
        ago = (monday - row["day"]) // ONE_WEEK
        net = row["positive_count"] - row["negative_count"]
        values[SLOPE_WEEKS - 1 - ago] = net / row["scored_count"]
    slope = measure_slope(values)
    if slope is None:
        names = ("weekly_slope", "slope_low", "slope_high", "tau", "p_value")
        return {
            **dict.fromkeys(names),
            "weeks_count": int(np.isfinite(values).sum()),
            "direction": "not_assessable",
        }
    is_slope = slope.p_value <= MAX_P
    return {
        "weekly_slope": slope.slope,
        "slope_low": slope.low,
        "slope_high": slope.high,
        "tau": slope.tau,
        "p_value": slope.p_value,
        "weeks_count": slope.points_count,
        "direction": ("rising" if slope.tau > 0 else "falling") if is_slope else "flat",
    }


def _split_changes(rows: list[Row], now: Sums, before: Sums) -> None:
    """Add each city's mix and within part of its tracker's change, and their sums."""
    sums: dict[str, list[float]] = {}
    for row in rows:
        tracker, city = row["tracker"], row["city"]
        total_now = now.get((tracker, EVERYWHERE), (0, 0))[0]
        total_before = before.get((tracker, EVERYWHERE), (0, 0))[0]
        row["mix_part"] = row["within_part"] = None
        if city == EVERYWHERE or min(total_now, total_before) < MIN_SCORED:
            continue
        scored_now, net_now = now.get((tracker, city), (0, 0))
        scored_before, net_before = before.get((tracker, city), (0, 0))
        share_now, share_before = scored_now / total_now, scored_before / total_before
        if scored_now == 0 and scored_before == 0:
            continue
        index_now = net_now / scored_now if scored_now else net_before / scored_before
        index_before = net_before / scored_before if scored_before else index_now
        mix = (share_now - share_before) * (index_now + index_before) / 2
        within = (index_now - index_before) * (share_now + share_before) / 2
        row["mix_part"], row["within_part"] = mix, within
        parts = sums.setdefault(tracker, [0.0, 0.0])
        parts[0] += mix
        parts[1] += within
    for row in rows:
        if row["city"] == EVERYWHERE and row["tracker"] in sums:
            row["mix_part"], row["within_part"] = sums[row["tracker"]]
