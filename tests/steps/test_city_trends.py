"""The weekly step finds planted events, each tracker by itself."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.steps.city_trends import trends_of
from trendlab.steps.share_series import SERIES

MONDAY = date(2024, 1, 1)
EVENT = 40
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in SERIES),
        ("day", pa.date32()),
        ("looks_count", pa.int64()),
        ("looks_with_count", pa.int64()),
    ]
)


def shares(trackers: dict[str, bool], weeks: int = 60) -> pa.Table:
    """Shares of yellow in four cities; where told, one week of Rome's stands out."""
    rng = np.random.default_rng(3)
    rows = []
    for tracker, has_event in trackers.items():
        for city in ("rome", "paris", "oslo", "lagos"):
            for week in range(weeks):
                is_odd = has_event and city == "rome" and week == EVENT
                rows.append(
                    {
                        "tracker": tracker,
                        "model_name": "m",
                        "city": city,
                        "kind": "colour",
                        "value": "yellow",
                        "day": MONDAY + timedelta(weeks=week),
                        "looks_count": 400,
                        "looks_with_count": rng.binomial(400, 0.5 if is_odd else 0.1),
                    }
                )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def test_a_planted_week_is_the_event_of_its_tracker_alone() -> None:
    curves, events = trends_of(shares({"denim": True, "shoes": False}))
    assert len(curves) == 8
    (event,) = events
    assert (event["tracker"], event["city"], event["value"]) == (
        "denim",
        "rome",
        "yellow",
    )
    assert event["apex_week_on"] == MONDAY + timedelta(weeks=EVENT)
    assert (event["direction"], event["recurrence"]) == ("rise", "not_assessable")
    assert event["rank"] == 1


def test_two_trackers_with_the_same_event_have_two_ids() -> None:
    _, events = trends_of(shares({"denim": True, "shoes": True}))
    assert len({event["event_id"] for event in events}) == len(events) == 2
    assert [event["rank"] for event in events] == [1, 1]


def test_rows_fit_the_declared_tables() -> None:
    curves, events = trends_of(shares({"denim": True}))
    own = {"day": MONDAY, "rule_version": "r", "run_id": "run"}
    for table, rows in (("city_trends", curves), ("trend_events", events)):
        made = TABLES[table].from_rows([{**row, **own} for row in rows])
        assert made.num_rows == len(rows) > 0
        assert set(made.column_names) == set(rows[0]) | set(own)


def test_nothing_and_too_little_have_no_curve() -> None:
    assert trends_of(shares({})) == ([], [])
    assert trends_of(shares({"denim": True}, weeks=1)) == ([], [])
