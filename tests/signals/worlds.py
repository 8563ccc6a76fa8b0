"""Small worlds with known truth, as tables that the detectors take."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.signals.panels import COVERED_DAYS

START = date(2024, 1, 1)


def day(number):
    return START + timedelta(int(number))


def run_ids(first, last):
    return {day(i): f"run-{i}" for i in range(first, last + 1)}


def activity_rows(series, *, negatives=None, scored=None, authors=None, **columns):
    """Build activity from {(tracker, city): posts per day}; NaN or 0 gives no row."""
    rows = []
    for (tracker, city), posts in series.items():
        for i, count in enumerate(posts):
            if np.isnan(count) or count == 0:
                continue
            count = int(count)
            bad = 0 if negatives is None else int(negatives[tracker, city][i])
            seen = count if scored is None else int(scored[tracker, city][i])
            known = bad if authors is None else authors[tracker, city][i]
            row = {
                "day": day(i),
                "tracker": tracker,
                "city": city,
                "posts_count": count,
                "authors_count": count,
                "reposts_count": 0,
                "likes_count": 10 * count,
                "comments_count": 0,
                "like_coverage": 1.0,
                "likes_per_post": 10.0,
                "likes_per_post_trimmed": 10.0,
                "comments_per_post": 0.0,
                "comments_per_post_trimmed": 0.0,
                "activity_raw": 11.0 * count,
                "activity": count * (1 + np.log1p(10)),
                "scored_count": seen,
                "negative_count": bad,
                "positive_count": 0,
                "negative_capped_count": bad,
                "scored_capped_count": seen,
                "negative_authors_count": known,
                "sentiment_index": -bad / seen if seen else None,
                "comment_read_count": 0,
                "comment_scored_count": 0,
                "comment_negative_count": 0,
                "comment_positive_count": 0,
                "comment_negative_capped_count": 0,
                "comment_scored_capped_count": 0,
                "comment_negative_authors_count": 0,
                "is_provisional": False,
                "is_partial": False,
                "run_id": "run",
            }
            for name, values in columns.items():
                row[name] = values[tracker, city][i]
            rows.append(row)
    return TABLES["activity"].from_rows(rows)


def covered(trackers, days, *, missing=(), partial=(), versions=None):
    rows = [
        {
            "tracker": tracker,
            "day": day(i),
            "is_partial": i in partial,
            "tracker_version": "v1" if versions is None else versions(i),
        }
        for tracker in trackers
        for i in range(days)
        if i not in missing
    ]
    return pa.Table.from_pylist(rows, schema=COVERED_DAYS)


def weekly_counts(rng, days, level, dispersion=60.0):
    """Negative binomial counts with a weekly pattern."""
    pattern = np.array([1.0, 0.95, 0.95, 1.0, 1.1, 1.3, 1.2])
    mean = level * pattern[np.arange(days) % 7]
    return rng.negative_binomial(dispersion, dispersion / (dispersion + mean)).astype(
        float
    )


def beta_binomial(rng, scored, share, rho):
    strength = 1 / rho - 1
    daily = rng.beta(share * strength, (1 - share) * strength, len(scored))
    return rng.binomial(scored.astype(int), daily).astype(float)


def term_row(tracker, at, term, items, *, negatives=0, authors=None, scored=None):
    return {
        "day": at,
        "tracker": tracker,
        "item_kind": "post",
        "term_kind": "word",
        "term": term,
        "items_count": items,
        "authors_count": items if authors is None else authors,
        "scored_count": items if scored is None else scored,
        "negative_count": negatives,
        "negative_authors_count": negatives
        if authors is None
        else min(authors, negatives),
        "run_id": "run",
    }
