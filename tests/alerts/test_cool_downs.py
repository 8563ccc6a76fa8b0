"""Alerts: what a told event keeps quiet, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from tests.alerts.events import DAY, NOW, RULE, dip, peak, raised
from trendlab.alerts import AlertRule


def statuses(alerts: pa.Table) -> list[tuple[str, str]]:
    rows = sorted(alerts.to_pylist(), key=lambda row: (row["day"], row["event_id"]))
    return [(row["event_id"], row["status"]) for row in rows]


def test_of_a_days_dips_the_strongest_is_told_and_the_others_cool_down() -> None:
    alerts = raised(
        [
            dip(severity=6),
            dip(topic="advent calendar", severity=8),
            dip(city="paris", severity=6),
            dip(item_kind="comment", severity=7),
        ]
    )

    by_status = {}
    for row in alerts.to_pylist():
        by_status.setdefault(row["status"], []).append(row["severity"])
    assert by_status["pending"] == [8]
    assert sorted(by_status["cooled_down"]) == [6, 6, 7]


def test_a_dip_within_the_cool_down_is_recorded_and_one_after_it_is_sent() -> None:
    first = raised([dip()])
    days = [DAY + timedelta(days=n) for n in (3, 4)]

    later = raised(
        [dip(day) for day in days], past=first, now=NOW + timedelta(days=4)
    ).to_pylist()

    assert [row["status"] for row in later] == ["cooled_down", "pending"]


def test_a_much_stronger_dip_breaks_the_cool_down() -> None:
    first = raised([dip(severity=4)])
    next_day = DAY + timedelta(days=1)

    mild = raised([dip(next_day, severity=6)], past=first)
    strong = raised([dip(next_day, severity=7)], past=first)

    assert mild["status"].to_pylist() == ["cooled_down"]
    assert strong["status"].to_pylist() == ["pending"]


def test_without_a_cool_down_every_dip_is_sent() -> None:
    rule = AlertRule("chanel", cool_down_days=0)

    alerts = raised([dip(), dip(city="paris")], rules=[rule])

    assert set(alerts["status"].to_pylist()) == {"pending"}


def test_trackers_cool_down_apart() -> None:
    rules = [RULE, AlertRule("zara")]

    alerts = raised([dip(), dip(tracker="zara")], rules=rules)

    assert set(alerts["status"].to_pylist()) == {"pending"}


@pytest.mark.parametrize(("age_days", "status"), [(3, "pending"), (4, "backfilled")])
def test_a_day_more_than_three_days_back_is_backfilled(
    age_days: int, status: str
) -> None:
    alerts = raised([dip()], now=datetime(2021, 12, 3 + age_days, tzinfo=UTC))

    assert alerts["status"].to_pylist() == [status]


def test_a_rebuild_sends_nothing_however_young_the_day() -> None:
    assert raised([dip()], is_backfill=True)["status"].to_pylist() == ["backfilled"]


def test_what_nobody_was_told_of_does_not_silence_what_is_new() -> None:
    old = raised([dip()], is_backfill=True)

    new = raised([dip(DAY + timedelta(days=1))], past=old)

    assert new["status"].to_pylist() == ["pending"]


def test_backfilled_alerts_cool_down_each_other() -> None:
    alerts = raised([dip(), dip(DAY + timedelta(days=1))], is_backfill=True)

    assert [status for _, status in statuses(alerts)] == ["backfilled", "cooled_down"]


def test_a_peak_and_a_dip_do_not_silence_each_other() -> None:
    both = AlertRule("chanel", on=("dip", "peak"))

    alerts = raised([dip()], peaks=[peak()], rules=[both])

    assert set(alerts["status"].to_pylist()) == {"pending"}


def test_two_rules_tell_of_one_event_apart_and_cool_down_apart() -> None:
    rules = [AlertRule("chanel", name="desk"), AlertRule("chanel", name="board")]

    alerts = raised([dip()], rules=rules)

    assert sorted(alerts["rule"].to_pylist()) == ["board", "desk"]
    assert set(alerts["status"].to_pylist()) == {"pending"}
    assert len(set(alerts["alert_id"].to_pylist())) == 2
