"""The brief on a negative peak: which one, in what words, and whether it is over."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from trendlab.report.crisis import (
    choose_event,
    cut_text,
    hours_figure,
    name_worst_days,
    tell_event,
    tell_status,
    tell_usual_days,
    tell_worst_days,
)

APEX = date(2021, 12, 3)


def event(**changes: object) -> pd.Series:
    row = {
        "dip_id": "d1",
        "tracker": "chanel",
        "topic": "advent calendar",
        "item_kind": "post",
        "start_on": APEX,
        "apex_on": APEX,
        "negative_count": 240,
        "scored_count": 475,
        "negative_share": 0.505,
        "baseline_share": 0.21,
        "p_value": 9.5e-5,
        "severity": 4,
        "pooled_days": 1,
        "is_cold_start": False,
    }
    return pd.Series({**row, **changes})


def days(*negatives: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day": [APEX + timedelta(days=n) for n in range(len(negatives))],
            "negative_count": negatives,
        }
    )


def test_the_most_severe_of_the_last_two_weeks_is_told() -> None:
    events = pd.DataFrame(
        [
            event(dip_id="old", apex_on=date(2021, 10, 1), severity=9),
            event(dip_id="strong", severity=7),
            event(dip_id="newest", apex_on=date(2021, 12, 10), severity=1),
        ]
    )
    chosen = choose_event(events)
    assert chosen is not None
    assert chosen["dip_id"] == "strong"
    assert "_apex" not in chosen


def test_no_event_is_none() -> None:
    assert choose_event(pd.DataFrame(columns=event().index)) is None


def test_what_happened_is_said_with_its_odds() -> None:
    said = tell_event(event(), "")
    assert said == [
        "On 3 December 2021, 240 of 475 posts of chanel about “advent calendar” were "
        "negative: 50 % where 21 % would be usual.",
        "Chance alone would do that on one day in 11,000; severity 4 of 10.",
    ]


def test_the_days_that_evidence_is_of_are_said() -> None:
    assert tell_worst_days(event()) == "On 3 December, the worst day"
    pooled = event(pooled_days=3)
    assert name_worst_days(pooled) == "in the 3 days to 3 December"
    assert (
        tell_worst_days(pooled) == "In the 3 days to 3 December, pooled to have enough"
    )


def test_the_usual_days_lie_before_the_event_and_before_the_pooled_ones() -> None:
    assert tell_usual_days(event()) == "the 28 days before 3 December"
    assert tell_usual_days(event(pooled_days=3)) == "the 28 days before 1 December"
    early = event(pooled_days=3, start_on=date(2021, 11, 29))
    assert tell_usual_days(early) == "the 28 days before 29 November"


def test_pooled_days_a_place_and_a_cold_start_are_said() -> None:
    said = tell_event(event(topic="", pooled_days=3, is_cold_start=True), "Milan")
    assert said[0].startswith("In the 3 days to 3 December 2021, 240 of 475 posts of ")
    assert "chanel in Milan were negative" in said[0]
    assert "rough guess" in said[2]


@pytest.mark.parametrize(
    ("p_value", "odds"),
    [
        (0.0, "fewer than one day in a million"),
        (1.04e-3, "one day in 960"),
        (0.3, "30 of 100 days"),
    ],
)
def test_odds_have_two_digits(p_value: float, odds: str) -> None:
    assert odds in tell_event(event(p_value=p_value), "")[1]


@pytest.mark.parametrize(
    ("negatives", "state"),
    [
        ((264,), "Not over as far as is known: 3 December is the worst day"),
        ((264, 300), "Not over as far as is known: 4 December is the worst day"),
        ((264, 213, 189), "Not over: 189 negatives on 5 December"),
        ((264, 213, 120), "Fading, not over: 120 negatives on 5 December"),
        ((264, 80, 66, 10), "Over since 5 December: 10 negatives on 6 December"),
        ((264, 60, 90, 10), "Over since 6 December"),
    ],
)
def test_it_is_over_when_few_negatives_are_left(
    negatives: tuple[int, ...], state: str
) -> None:
    last_on = APEX + timedelta(days=len(negatives) - 1)
    assert tell_status(days(*negatives), APEX, APEX, last_on).startswith(state)


def test_another_storm_weeks_later_is_not_this_one() -> None:
    storm = days(20, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 300, 1)
    told = tell_status(storm, APEX, APEX, APEX + timedelta(days=12))
    assert told == (
        "Over since 15 December: 1 negative on 15 December, the last whole day known, "
        "against 20 on 3 December, the worst."
    )


def test_days_without_a_row_had_no_negatives() -> None:
    told = tell_status(days(264), APEX, APEX, APEX + timedelta(days=3))
    assert told.startswith("Over since 4 December: 0 negatives on 6 December")


def test_hours_are_drawn_with_those_that_had_nothing() -> None:
    hours = pd.DataFrame(
        {
            "hour": pd.to_datetime(["2021-12-03 05:00", "2021-12-03 07:00"], utc=True),
            "posts_count": [10, 6],
            "negative_count": [4, 0],
        }
    )
    axes = hours_figure(hours, APEX, APEX, width=9.6).axes[0]
    negative, others = axes.containers
    assert len(negative) == 24
    assert [negative[5].get_height(), negative[6].get_height()] == [4, 0]
    assert (others[5].get_y(), others[5].get_height()) == (4, 6)


def test_the_evening_of_a_day_in_another_zone_is_drawn() -> None:
    """In New York 3 December ends at five o'clock UTC of the 4th."""
    hours = pd.DataFrame(
        {
            "hour": pd.to_datetime(["2021-12-03 05:00", "2021-12-04 04:00"], utc=True),
            "posts_count": [10, 6],
            "negative_count": [4, 3],
        }
    )
    negative = hours_figure(hours, APEX, APEX, width=9.6).axes[0].containers[0]
    assert (len(negative), negative[28].get_height()) == (24 + 5, 3)


def test_no_posts_make_an_empty_figure() -> None:
    none = pd.DataFrame({"hour": [], "posts_count": [], "negative_count": []})
    assert len(hours_figure(none, APEX, APEX, width=4.1).axes) == 1


def test_a_text_that_is_cut_says_so() -> None:
    assert cut_text("one\n  line ") == "one line"
    assert cut_text("x" * 240) == "x" * 240
    assert cut_text("x" * 241) == "x" * 239 + "…"
