"""Series in which nothing happens, and the nightly rules run over them.

Counts are negative binomial around a weekly and a yearly season, negatives are
beta-binomial. Each series is a tracker's total: without one the dips' rule would take
half of all items as the share that a young series is drawn to.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.signals.dips import find_dips
from trendlab.signals.panels import COVERED_DAYS
from trendlab.signals.peaks import find_peaks, score_days

START = date(2022, 1, 3)
WEEK = np.array([0.9, 0.9, 0.95, 1.0, 1.05, 1.15, 1.05])


def season(rng, days, yearly):
    """Weekly pattern × a sine over the year with a random phase."""
    at = np.arange(days)
    return WEEK[(at + rng.integers(7)) % 7] * np.exp(
        yearly * np.sin(2 * np.pi * (at / 365.25 + rng.random()))
    )


def null_counts(rng, days, level, size, yearly=0.25):
    """Negative binomial counts around a seasonal mean."""
    mean = level * season(rng, days, yearly)
    return rng.negative_binomial(size, size / (size + mean))


def null_negatives(rng, scored, share, rho):
    """Beta-binomial negatives."""
    strength = 1 / rho - 1
    daily = rng.beta(share * strength, (1 - share) * strength, len(scored))
    return rng.binomial(scored, daily)


def activity_table(series, negatives=None):
    """Build activity from {tracker: posts per day}, each a tracker's total."""
    columns = {name: [] for name in TABLES["activity"].names}
    for tracker in sorted(series):
        posts = np.asarray(series[tracker], np.int64)
        bad = np.zeros_like(posts) if negatives is None else negatives[tracker]
        kept = np.flatnonzero(posts > 0)
        n = posts[kept]
        k = np.asarray(bad, np.int64)[kept]
        number = {
            "posts_count": n,
            "authors_count": n,
            "scored_count": n,
            "scored_capped_count": n,
            "negative_count": k,
            "negative_capped_count": k,
            "negative_authors_count": k,
            "activity_raw": n.astype(float),
            "activity": n.astype(float),
            "like_coverage": np.zeros(len(n)),
        }
        text = {"tracker": tracker, "city": "all", "run_id": "bench"}
        nothing = (
            "likes_count",
            "comments_count",
            "likes_per_post",
            "likes_per_post_trimmed",
            "comments_per_post",
            "comments_per_post_trimmed",
            "sentiment_index",
        )
        for name in columns:
            if name == "day":
                columns[name] += [START + timedelta(int(i)) for i in kept]
            elif name in number:
                columns[name] += number[name].tolist()
            elif name in text:
                columns[name] += [text[name]] * len(n)
            elif name.startswith("is_"):
                columns[name] += [False] * len(n)
            elif name in nothing:
                columns[name] += [None] * len(n)
            else:
                columns[name] += [0] * len(n)
    return pa.table(columns, schema=TABLES["activity"].arrow)


def covered(trackers, days):
    """Give the days of each tracker, all of them whole and of one version."""
    count = days * len(trackers)
    return pa.table(
        {
            "tracker": [tracker for tracker in trackers for _ in range(days)],
            "day": [START + timedelta(i) for i in range(days)] * len(trackers),
            "is_partial": [False] * count,
            "tracker_version": ["v"] * count,
        },
        schema=COVERED_DAYS,
    )


def score_series(activity, series, days, rule):
    """Scores of all days, as the nightly run gives them."""
    return score_days(
        activity,
        covered(sorted(series), days),
        first_day=START,
        last_day=START + timedelta(days - 1),
        past_scores=TABLES["day_scores"].empty(),
        run_ids=bench_ids(days),
        rule=rule,
    )


def bench_ids(days):
    return {START + timedelta(i): "bench" for i in range(days)}


def run_peaks(series, days, rule):
    """Peaks of all days, as the nightly run gives them."""
    return find_peaks(
        score_series(activity_table(series), series, days, rule),
        first_day=START,
        last_day=START + timedelta(days - 1),
        run_ids=bench_ids(days),
        rule=rule,
    )


def run_dips(series, negatives, days, rule, peak_rule):
    """Dips of all days, as the nightly run gives them."""
    activity = activity_table(series, negatives)
    return find_dips(
        activity,
        TABLES["term_days"].empty(),
        score_series(activity, series, days, peak_rule),
        TABLES["dips"].empty(),
        first_day=START,
        last_day=START + timedelta(days - 1),
        run_ids=bench_ids(days),
        covered_days=covered(sorted(series), days),
        rule=rule,
    )
