"""Alerts: what is said once an event is over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from tests.alerts.events import DAY, NOW, RULE, dip, raised
from trendlab.alerts import backtest_alerts, raise_alerts
from trendlab.schemas import TABLES


def seen(*days: date) -> dict[str, set[date]]:
    return {"chanel": set(days)}


def test_an_event_that_ended_gets_one_follow_up_when_its_end_is_known() -> None:
    first = raised([dip()])
    nights = [DAY + timedelta(days=n) for n in (1, 2, 3)]
    told, found = first, []
    for night in nights:
        new = raise_alerts(
            TABLES["dips"].from_rows([dip()]),
            TABLES["peaks"].empty(),
            TABLES["evidence"].empty(),
            told,
            [RULE],
            now=NOW + timedelta(days=(night - DAY).days),
            is_backfill=False,
            seen_days=seen(DAY, *nights[: nights.index(night) + 1]),
        )
        told = pa.concat_tables([told, new])
        found += new.to_pylist()

    assert [row["day"] for row in found] == [DAY + timedelta(days=2)]
    assert found[0]["follows_alert_id"] == first["alert_id"][0].as_py()
    assert found[0]["status"] == "pending"
    assert found[0]["title"] == "Over: negative peak of chanel, everywhere"
    assert "on 2021-12-03, one day" in found[0]["body"]
    assert "272 of 544 scored posts negative, 50% against 17% usual" in found[0]["body"]


def follow_ups(dips: list[dict], past: pa.Table, *days: date) -> list[dict[str, Any]]:
    return raise_alerts(
        TABLES["dips"].from_rows(dips),
        TABLES["peaks"].empty(),
        TABLES["evidence"].empty(),
        past,
        [RULE],
        now=NOW + timedelta(days=2),
        is_backfill=False,
        seen_days=seen(*days),
    ).to_pylist()


def test_an_event_that_runs_on_or_whose_next_days_are_missing_is_not_over() -> None:
    next_day, after = DAY + timedelta(days=1), DAY + timedelta(days=2)
    running = [dip(), dip(after, start_on=DAY, end_on=after)]

    assert follow_ups(running, raised([dip()]), DAY, next_day, after) == []
    assert follow_ups([dip()], raised([dip()]), DAY, next_day) == []


def test_a_follow_up_names_the_day_that_shows_the_end_across_days_not_seen() -> None:
    row = follow_ups([dip()], raised([dip()]), DAY, DAY + timedelta(days=4))[0]

    assert row["day"] == DAY + timedelta(days=4)
    assert (
        "2021-12-07, 4 days after its last one, did not pass the rule, nor did any day "
        "between that was seen."
    ) in row["body"]


def test_what_nobody_was_told_of_gets_no_follow_up() -> None:
    old = raised([dip()], is_backfill=True)

    assert follow_ups([dip()], old, DAY, DAY + timedelta(days=2)) == []


def test_an_event_that_late_data_took_back_is_said_to_be() -> None:
    row = follow_ups([], raised([dip()]), DAY, DAY + timedelta(days=1))[0]

    assert row["title"].startswith("Taken back: Negative peak: chanel")
    assert "2021-12-03 no longer shows the event" in row["body"]


def test_a_follow_up_starts_no_cool_down() -> None:
    first = raised([dip()])
    after = DAY + timedelta(days=2)
    over = TABLES["alerts"].from_rows(follow_ups([dip()], first, DAY, after))
    late = DAY + timedelta(days=4)

    new = raised(
        [dip(late)], past=pa.concat_tables([first, over]), now=NOW + timedelta(days=4)
    )

    assert new["status"].to_pylist() == ["pending"]


def test_a_backtest_has_the_follow_ups_that_the_nights_would_have_sent() -> None:
    after = DAY + timedelta(days=2)
    alerts = backtest_alerts(
        TABLES["dips"].from_rows([dip()]),
        TABLES["peaks"].empty(),
        TABLES["evidence"].empty(),
        [RULE],
        first_day=DAY,
        last_day=after,
        seen_days=seen(DAY, after),
    )

    assert [row["day"] for row in alerts.to_pylist()] == [DAY, after]
