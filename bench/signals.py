"""Times the signals on made-up tables: activity queries, day scores, dips.

Run: ``python bench/signals.py [--posts 5000000]``. Prints a line a benchmark.
"""

from __future__ import annotations

import argparse
import time
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.signals.activity import (
    PARAMS,
    as_declared,
    covered_days,
    lake_query,
    partial_days,
    run_id_rows,
    tracker_zone_rows,
)
from trendlab.signals.dips import find_dips
from trendlab.signals.panels import COVERED_DAYS
from trendlab.signals.peaks import find_peaks, score_days

START = date(2023, 1, 2)


def filled(table, rows, **columns):
    """Build a declared table from arrays; what is not given is NULL or a constant."""
    made = []
    for field in TABLES[table].arrow:
        if field.name in columns:
            made.append(pa.array(columns[field.name]).cast(field.type))
        elif field.nullable:
            made.append(pa.nulls(rows, field.type))
        else:
            constant = {"string": "x", "bool": False}.get(str(field.type), 0)
            if str(field.type).startswith("list"):
                constant = []
            made.append(
                pa.array([constant], field.type).take(pa.array(np.zeros(rows, int)))
            )
    return pa.table(made, schema=TABLES[table].arrow)


def time_activity(posts, days=30, trackers=10, cities=40):
    """Both queries over posts that each match one tracker and 'all'."""
    rng = np.random.default_rng(1)
    day = rng.integers(0, days, posts)
    dates = (np.datetime64(START) + day).astype("datetime64[D]")
    at = dates.astype("datetime64[us]") + rng.integers(0, 86_400, posts).astype("m8[s]")
    ids = np.char.mod("%d", np.arange(posts))
    authors = np.char.mod("a%d", rng.zipf(1.3, posts) % 200_000)
    likes = pa.array(rng.geometric(0.02, posts), mask=rng.random(posts) < 0.1)
    label = np.array(["negative", "neutral", "positive"])[
        rng.choice(3, posts, p=[0.15, 0.35, 0.5])
    ]
    moment = pa.array(at).cast(pa.timestamp("us", "UTC"))
    later = pa.array(at + np.timedelta64(30, "h")).cast(pa.timestamp("us", "UTC"))
    relations = {
        "posts": filled(
            "posts",
            posts,
            day=dates,
            post_id=ids,
            created_at=moment,
            likes_count=likes,
            observed_at=later,
        ),
        "sentiment": filled(
            "sentiment",
            posts,
            day=dates,
            item_kind=np.full(posts, "post"),
            item_id=ids,
            post_id=ids,
            is_scored=np.ones(posts, bool),
            label=label,
        ),
        "comments": TABLES["comments"].empty(),
        "partial_days": partial_days(covered_days(TABLES["coverage"].empty())),
        "run_ids": run_id_rows({START + timedelta(i): "r" for i in range(days)}),
        "tracker_zones": tracker_zone_rows({}),
    }
    matched = [
        filled(
            "tracker_posts",
            posts,
            day=dates,
            tracker=tracker,
            post_id=ids,
            created_at=moment,
            author_id=authors,
            city=np.char.mod("c%d", rng.integers(0, cities, posts)),
        )
        for tracker in (
            np.char.mod("t%d", rng.integers(0, trackers, posts)),
            np.full(posts, "all"),
        )
    ]
    relations["tracker_posts"] = pa.concat_tables(matched)
    plain = (
        "select m.day, m.tracker, m.city, count(*), sum(p.likes_count) "
        "from tracker_posts as m join posts as p using (source, post_id) group by all"
    )
    with duckdb.connect() as connection:
        for name, rows in relations.items():
            connection.register(name, rows)
        connection.register("engagement", TABLES["engagement"].empty())
        readings = connection.sql(
            lake_query("post_readings"), params=PARAMS["post_readings"]
        )
        connection.register("post_readings", readings.to_arrow_table())
        for name in ("activity", "author_days"):
            started = time.monotonic()
            counted = connection.sql(lake_query(name), params=PARAMS[name])
            rows = as_declared(counted.to_arrow_table(), name)
            print(
                f"{name}: {posts:,} posts, {rows.num_rows:,} rows out, "
                f"{time.monotonic() - started:.1f} s"
            )
        started = time.monotonic()
        connection.sql(plain).to_arrow_table()
        print(f"one join and count of the same: {time.monotonic() - started:.1f} s")


def made_activity(trackers, cities, days):
    rng = np.random.default_rng(2)
    parts = []
    for tracker in range(trackers):
        for city in ["all", *(f"c{i}" for i in range(cities - 1))]:
            level = 700 if city == "all" else 100
            posts = rng.negative_binomial(25, 25 / (25 + level), days) + 1
            bad = rng.binomial(posts, rng.beta(10, 90, days))
            parts.append(
                filled(
                    "activity",
                    days,
                    day=np.datetime64(START) + np.arange(days),
                    tracker=np.full(days, f"t{tracker}"),
                    city=np.full(days, city),
                    posts_count=posts,
                    authors_count=posts,
                    likes_count=posts * 9,
                    like_coverage=np.ones(days),
                    likes_per_post=np.full(days, 9.0),
                    activity=posts * 3.3,
                    scored_count=posts,
                    negative_count=bad,
                    negative_capped_count=bad,
                    scored_capped_count=posts,
                    negative_authors_count=bad,
                )
            )
    return pa.concat_tables(parts)


def time_days(trackers=5, cities=7, days=730, words=1500):
    """Scores, peaks and dips with topics, in bulk."""
    activity = made_activity(trackers, cities, days)
    rng = np.random.default_rng(3)
    rows = trackers * days * words
    day = np.repeat(np.arange(days), words)
    items = rng.poisson(4, rows) + 2
    bad = rng.binomial(items, 0.1)
    terms = filled(
        "term_days",
        rows,
        day=np.datetime64(START) + np.tile(day, trackers),
        tracker=np.repeat([f"t{i}" for i in range(trackers)], days * words),
        item_kind=np.full(rows, "post"),
        term_kind=np.full(rows, "word"),
        term=np.char.mod("w%d", np.tile(np.arange(words), trackers * days)),
        items_count=items,
        authors_count=items,
        scored_count=items,
        negative_count=bad,
        negative_authors_count=bad,
    )
    ids = {START + timedelta(i): "r" for i in range(days)}
    span = {"first_day": START, "last_day": START + timedelta(days - 1), "run_ids": ids}
    covered = pa.Table.from_pylist(
        [
            {
                "tracker": f"t{t}",
                "day": day,
                "is_partial": False,
                "tracker_version": "v",
            }
            for t in range(trackers)
            for day in ids
        ],
        schema=COVERED_DAYS,
    )
    started = time.monotonic()
    scores = score_days(
        activity, covered, past_scores=TABLES["day_scores"].empty(), **span
    )
    print(
        f"score_days: {trackers * cities} series × {days} days × 5 measures, "
        f"{time.monotonic() - started:.1f} s"
    )
    started = time.monotonic()
    peaks = find_peaks(scores, **span)
    print(f"find_peaks: {peaks.num_rows} rows, {time.monotonic() - started:.1f} s")
    started = time.monotonic()
    dips = find_dips(
        activity, terms, scores, TABLES["dips"].empty(), covered_days=covered, **span
    )
    print(
        f"find_dips: {rows:,} term rows in, {dips.num_rows} rows out, "
        f"{time.monotonic() - started:.1f} s"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=1_000_000)
    options = parser.parse_args()
    time_activity(options.posts)
    time_days()


if __name__ == "__main__":
    main()
