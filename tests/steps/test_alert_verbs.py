"""What `trendlab alert ack` and `backtest` say to a person."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import row
from trendlab.errors import AlertError
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.alert import acknowledge, backtest
from trendlab.steps.context import open_context
from trendlab.steps.step import Context

DAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 6, 2, tzinfo=UTC)


def context_of(home: Path, now: datetime = NOW) -> Context:
    (home / "trackers.yml").write_text(
        "trackers:\n  - name: denim\n    keywords: [x]\n"
    )
    context = open_context(Settings(home=home))
    context.clock = lambda: now
    return context


def test_a_second_person_is_told_who_was_first(tmp_path: Path) -> None:
    alert = row("alerts", day=DAY, alert_id="abcdef0123456789", title="Anger")
    context = context_of(tmp_path)
    context.lake.write("alerts", DAY, TABLES["alerts"].from_rows([alert]))

    first = acknowledge(context, "abc", "mara")
    later = acknowledge(context_of(tmp_path, NOW + timedelta(days=1)), "abc", "yan")

    assert "acknowledged by mara: Anger" in first
    assert "trendlab load" in first
    assert later == "alert abcdef01 was acknowledged by mara on 2026-01-06: Anger"
    assert context.lake.read("alerts", DAY)["acknowledged_by"].to_pylist() == ["mara"]


def test_days_without_signals_are_not_backtested(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    score = row("day_scores", day=DAY, tracker="denim", city="all", measure="posts")
    context.lake.write("day_scores", DAY, TABLES["day_scores"].from_rows([score]))

    assert backtest(context, DAY, None)[-1].startswith("2026-01-05 to 2026-01-05")
    with pytest.raises(AlertError, match="2026-01-05 to 2026-01-05, got 2031-01-01"):
        backtest(context, date(2031, 1, 1), None)
    with pytest.raises(AlertError, match="got any to 2019-02-01"):
        backtest(context, None, date(2019, 2, 1))
