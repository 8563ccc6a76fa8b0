"""What each place feels, whether that changes, and which places the change comes from.

Index = (positives - negatives) / scored over four weeks; its interval draws authors and
not posts, since an author's posts are alike. The slope is over half a year of weeks.
The change of a tracker's index is split into a part that the cities' own change makes,
and a part that a changed mix of cities makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
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
# Enough for the ends of an interval to a tenth of its width.
DRAWS = 400
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
Place = tuple[str, str]
"""Tracker and city."""
Kinds = npt.NDArray[np.int64]
"""(kinds, 4): scored, positive and negative posts of an author, and such authors."""


class Counts(NamedTuple):
    """Posts of a place in some weeks."""

    scored: int
    positive: int
    negative: int

    @property
    def sentiment_index(self) -> float:
        """(positive - negative) / scored."""
        return (self.positive - self.negative) / self.scored


NOTHING = Counts(0, 0, 0)


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
    Interval: percentiles of 400 bootstrap draws of authors (Davison and Hinkley
    1997, section 3.8). Split: Kitagawa (Journal of the American Statistical
    Association 50, 1955), a city's weight being its part of the scored posts; a city
    that was silent in one window has no change of its own, and all it brings is mix.
    """
    authors = pl.DataFrame(pl.from_arrow(author_weeks.select(AUTHOR_WEEKS.names)))
    weeks = _weeks_by_place(activity)
    found: list[pl.DataFrame] = []
    for monday in sorted(run_ids):
        kinds = _kinds_by_place(_since(authors, monday, WINDOW_WEEKS))
        rows = _measure_week(kinds, weeks, monday, seed)
        if rows:
            made = pl.DataFrame(rows, infer_schema_length=None)
            found.append(made.with_columns(run_id=pl.lit(run_ids[monday])))
    declared = TABLES["city_sentiment"]
    if not found:
        return declared.empty()
    out = pl.concat(found, how="vertical_relaxed").sort(list(declared.key))
    return out.select(declared.arrow.names).to_arrow().cast(declared.arrow)


def _weeks_by_place(activity: pa.Table) -> dict[Place, dict[date, Counts]]:
    """Counts of each week, by tracker and city."""
    days = pl.DataFrame(
        pl.from_arrow(activity.select(["day", "tracker", "city", *SUMS]))
    )
    weeks = (
        days.with_columns(pl.col("day").dt.truncate("1w"))  # ISO weeks start on Monday
        .group_by("day", "tracker", "city")
        .agg(pl.col(*SUMS).sum())
    )
    found: dict[Place, dict[date, Counts]] = {}
    for monday, tracker, city, *counts in weeks.iter_rows():
        found.setdefault((tracker, city), {})[monday] = Counts(*counts)
    return found


def _since(rows: pl.DataFrame, monday: date, weeks: int) -> pl.DataFrame:
    """Rows of some weeks, the last of them that of a Monday."""
    first = monday - (weeks - 1) * ONE_WEEK
    return rows.filter(pl.col("day").is_between(first, monday))


def _kinds_by_place(authors: pl.DataFrame) -> dict[Place, Kinds]:
    """How many authors have which counts, by tracker and city.

    Authors with equal counts are one kind: to draw kinds is to draw authors, faster.
    """
    sums = (
        pl.concat([authors, authors.with_columns(city=pl.lit(EVERYWHERE))])
        .group_by("tracker", "city", "author")
        .agg(pl.col(*SUMS).sum())
    )
    kinds = sums.group_by("tracker", "city", *SUMS).len().sort("tracker", "city", *SUMS)
    return {
        (str(tracker), str(city)): rows.select(*SUMS, "len").to_numpy()
        for (tracker, city), rows in kinds.partition_by(
            "tracker", "city", as_dict=True
        ).items()
    }


def _measure_week(
    kinds: Mapping[Place, Kinds],
    weeks: Mapping[Place, Mapping[date, Counts]],
    monday: date,
    seed: int,
) -> list[Row]:
    """All rows of one week: the authors of its window, and the weeks up to it."""
    now = _sums(weeks, monday)
    before = _sums(weeks, monday - WINDOW_WEEKS * ONE_WEEK)
    made: list[Row] = []
    for place in sorted(now.keys() | before.keys()):
        tracker, city = place
        past = before.get(place, NOTHING)
        made.append(
            {
                "day": monday,
                "tracker": tracker,
                "city": city,
                **_index_of(kinds.get(place), f"{seed}/{monday}/{tracker}/{city}"),
                **_slope_of(weeks[place], monday),
                "scored_before_count": past.scored,
                "index_before": past.sentiment_index
                if past.scored >= MIN_SCORED
                else None,
                "rule_version": RULE,
            }
        )
    _split_changes(made, now, before)
    return made


def _sums(
    weeks: Mapping[Place, Mapping[date, Counts]], monday: date
) -> dict[Place, Counts]:
    """Counts of the window that ends with a week; places without a post left out."""
    mondays = [monday - n * ONE_WEEK for n in range(WINDOW_WEEKS)]
    found = {
        place: [mine[day] for day in mondays if day in mine]
        for place, mine in weeks.items()
    }
    return {
        place: Counts(*(sum(each) for each in zip(*counts, strict=True)))
        for place, counts in found.items()
        if counts
    }


def _index_of(kinds: Kinds | None, stream: str) -> Row:
    """Index with its interval; NULL with too few scored posts."""
    none = {"sentiment_index": None, "index_low": None, "index_high": None}
    if kinds is None:
        return {**dict.fromkeys((*SUMS, "authors_count"), 0), **none}
    scored, positive, negative, authors = kinds.T
    totals: Row = {
        name: int((kinds[:, at] * authors).sum()) for at, name in enumerate(SUMS)
    }
    totals["authors_count"] = int(authors.sum())
    if totals["scored_count"] < MIN_SCORED:
        return {**totals, **none}
    # only what enters the index tells kinds apart: fewer are drawn
    drawn_kinds, kind_of = np.unique(
        np.column_stack([positive - negative, scored]), axis=0, return_inverse=True
    )
    chances = np.bincount(kind_of.ravel(), authors) / authors.sum()
    rng = np.random.default_rng(crc32(stream.encode()))
    drawn = rng.multinomial(authors.sum(), chances, size=DRAWS).astype(np.float64)
    net_drawn, scored_drawn = (drawn @ drawn_kinds.astype(np.float64)).T
    indices = net_drawn / scored_drawn
    low, high = np.percentile(indices, [LOW_PERCENT, HIGH_PERCENT])
    net = totals["positive_count"] - totals["negative_count"]
    return {
        **totals,
        "sentiment_index": net / totals["scored_count"],
        "index_low": float(low),
        "index_high": float(high),
    }


def _slope_of(weeks: Mapping[date, Counts], monday: date) -> Row:
    """Slope of the weekly index; weeks with too few scored posts are missing."""
    values = np.full(SLOPE_WEEKS, np.nan)
    for ago in range(SLOPE_WEEKS):
        counts = weeks.get(monday - ago * ONE_WEEK, NOTHING)
        if counts.scored >= MIN_SCORED:
            values[SLOPE_WEEKS - 1 - ago] = counts.sentiment_index
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


def _split_changes(
    rows: list[Row], now: Mapping[Place, Counts], before: Mapping[Place, Counts]
) -> None:
    """Add each city's mix and within part of its tracker's change, and their sums."""
    sums: dict[str, list[float]] = {}
    for row in rows:
        tracker, city = row["tracker"], row["city"]
        total_now = now.get((tracker, EVERYWHERE), NOTHING).scored
        total_before = before.get((tracker, EVERYWHERE), NOTHING).scored
        row["mix_part"] = row["within_part"] = None
        if city == EVERYWHERE or min(total_now, total_before) < MIN_SCORED:
            continue
        mine, past = (
            now.get((tracker, city), NOTHING),
            before.get((tracker, city), NOTHING),
        )
        if mine.scored == 0 and past.scored == 0:
            continue
        share_now, share_before = mine.scored / total_now, past.scored / total_before
        index_now = mine.sentiment_index if mine.scored else past.sentiment_index
        index_before = past.sentiment_index if past.scored else mine.sentiment_index
        mix = (share_now - share_before) * (index_now + index_before) / 2
        within = (index_now - index_before) * (share_now + share_before) / 2
        row["mix_part"], row["within_part"] = mix, within
        parts = sums.setdefault(tracker, [0.0, 0.0])
        parts[0] += mix
        parts[1] += within
    for row in rows:
        if row["city"] == EVERYWHERE and row["tracker"] in sums:
            row["mix_part"], row["within_part"] = sums[row["tracker"]]
