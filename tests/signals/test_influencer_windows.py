"""Influencers of busy and of bad days: who drove the events of a window."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa

from tests.signals.authors import (
    FIRST_WINDOW_DAY,
    SUNDAY,
    crowd,
    dip,
    peak,
    post,
    rank,
    rows_of,
    tables_of,
)


def test_a_planted_driver_leads_the_window_of_high_activity() -> None:
    posts = crowd(np.random.default_rng(7), authors=30)
    event = SUNDAY - timedelta(days=3)
    posts += [post("driver", event, number, likes=20) for number in range(40)]
    posts += [post("driver", event - timedelta(days=40), likes=20)]

    ranked = rank(tables_of(posts, peaks=[peak(event)]))

    top = rows_of(ranked, kind="high_activity")[0]
    assert top["author_id"] == "driver"
    assert top["window_days"] == 1
    assert top["contribution_share"] > 0.5
    assert rows_of(ranked, kind="low_sentiment") == []
    assert rows_of(ranked, kind="both") == []
    # the peak is the tracker's own: the tracker 'all' had none
    assert rows_of(ranked, "all", "high_activity") == []


def test_a_planted_critic_leads_the_window_of_low_sentiment() -> None:
    posts = crowd(np.random.default_rng(8), authors=30)
    event = SUNDAY - timedelta(days=2)
    posts += [
        post("critic", event, number, likes=20, is_negative=True)
        for number in range(12)
    ]
    posts += [post("fan", event, number, likes=20) for number in range(12)]

    ranked = rank(tables_of(posts, dips=[dip(event)], peaks=[peak(event)]))

    rows = {row["author_id"]: row for row in rows_of(ranked, kind="low_sentiment")}
    assert rows["critic"]["rank"] == 1
    assert rows["critic"]["negative_excess"] > 8
    assert rows["fan"]["negative_excess"] <= 0
    # what the score weighs here are negatives: the fan's posts are no part of a dip
    assert rows["critic"]["contribution_share"] > 0.8
    assert rows["fan"]["contribution_share"] == 0.0
    assert rows_of(ranked, kind="both")[0]["author_id"] == "critic"


def test_a_peak_of_one_city_counts_for_the_posts_from_it() -> None:
    event = SUNDAY - timedelta(days=1)
    posts = [post("roman", event, city="rome"), post("parisian", event, city="paris")]

    ranked = rank(tables_of(posts, peaks=[peak(event, city="rome")]))

    kept = rows_of(ranked, kind="high_activity")
    assert [row["author_id"] for row in kept] == ["roman"]


def test_an_event_is_taken_as_it_was_known_at_the_end_of_the_week() -> None:
    event = SUNDAY - timedelta(days=1)
    grown = peak(
        SUNDAY + timedelta(days=2),
        peak_id=f"peak-all-{event}",
        start_on=event - timedelta(days=5),
    )
    posts = [post("early", event - timedelta(days=5)), post("now", event)]

    ranked = rank(tables_of(posts, peaks=[peak(event), grown]))

    kept = rows_of(ranked, kind="high_activity")
    assert [row["author_id"] for row in kept] == ["now"]


def test_uncovered_days_are_missing_from_the_usual() -> None:
    first = SUNDAY - timedelta(days=83)
    posts = [post("a", first + timedelta(days=day)) for day in range(84)]
    posts += [post("b", first + timedelta(days=day)) for day in range(84)]
    ten_days = [first + timedelta(days=day) for day in range(10)]
    window = [FIRST_WINDOW_DAY + timedelta(days=day) for day in range(28)]
    few = pa.table(
        {"tracker": ["denim"] * 38, "day": pa.array(ten_days + window, pa.date32())}
    )

    with_all = rows_of(rank(tables_of(posts)))
    with_few = rows_of(rank(tables_of(posts), covered_days=few))

    assert with_all[0]["contribution_share"] == 0.0  # at the usual, no excess
    assert with_few[0]["contribution_share"] is None  # ten days are no usual
