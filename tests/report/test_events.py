"""One event seen in several series is told once."""

from __future__ import annotations

import pandas as pd

from trendlab.report.events import group_events


def event(tracker: str, city: str, start: str, end: str, severity: int) -> dict:
    return {
        "tracker": tracker,
        "city": city,
        "start_on": start,
        "end_on": end,
        "severity": severity,
        "topic": "",
    }


def test_a_scandal_in_total_and_cities_is_one_event_of_its_tracker():
    told = group_events(
        pd.DataFrame(
            [
                event("velmora", "paris", "2026-01-05", "2026-01-06", 7),
                event("velmora", "all", "2026-01-05", "2026-01-07", 4),
                event("all", "all", "2026-01-05", "2026-01-06", 3),
            ]
        )
    )
    assert told[["tracker", "city", "severity", "also_in"]].to_dict("records") == [
        {"tracker": "velmora", "city": "all", "severity": 7, "also_in": "paris"}
    ]


def test_events_far_apart_and_of_other_trackers_stay_apart():
    told = group_events(
        pd.DataFrame(
            [
                event("velmora", "all", "2026-01-05", "2026-01-05", 4),
                event("velmora", "all", "2026-03-05", "2026-03-05", 4),
                event("denim", "all", "2026-01-05", "2026-01-05", 4),
            ]
        )
    )
    assert len(told) == 3
    assert told["end_on"].iloc[0] == "2026-03-05"


def test_an_event_that_only_all_shows_is_kept():
    told = group_events(
        pd.DataFrame([event("all", "all", "2026-01-05", "2026-01-05", 4)])
    )
    assert len(told) == 1


def test_no_events_are_no_events():
    none = pd.DataFrame(columns=["tracker", "city", "start_on", "end_on", "severity"])
    assert group_events(none).empty
