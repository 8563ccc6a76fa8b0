"""What `trendlab alert ack` and `backtest` say to a person."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.alerts.events import dip
from tests.builders import row
from trendlab.errors import AlertError
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.alert import acknowledge, backtest, link_comments
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


def test_what_ran_before_the_backtested_days_is_not_told_as_new(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    for n in range(3):
        day = DAY + timedelta(days=n)
        score = row("day_scores", day=day, tracker="denim", city="all", measure="posts")
        context.lake.write("day_scores", day, TABLES["day_scores"].from_rows([score]))
        ran = dip(day, tracker="denim", start_on=DAY, dip_id="one")
        context.lake.write("dips", day, TABLES["dips"].from_rows([ran]))

    assert "1 sent" in backtest(context, None, None)[-1]
    later = DAY + timedelta(days=1)
    assert backtest(context, later, None) == [
        "2026-01-06 to 2026-01-07, 1 rules: 0 sent (0 of them follow-ups), 0 cooled "
        "down, 0 alerts"
    ]


def test_comments_among_the_evidence_are_linked_to_their_posts(tmp_path: Path) -> None:
    lake = context_of(tmp_path).lake
    old = DAY - timedelta(days=27)
    for source, day, post_id, url in (
        ("shop", old, "old", "https://shop.example/old"),
        ("shop", DAY, "bare", None),
        ("tube", DAY, "film", "https://tube.example/film"),
    ):
        posts = row("posts", day=day, source=source, post_id=post_id, url=url)
        lake.write("posts", day, TABLES["posts"].from_rows([posts]), source=source)
    for source, told in (
        ("shop", [("1", "old"), ("2", "bare"), ("both", "old")]),
        ("tube", [("both", "film"), ("3", "gone")]),
    ):
        comments = [
            row("comments", day=DAY, source=source, comment_id=one, post_id=post_id)
            for one, post_id in told
        ]
        lake.write(
            "comments", DAY, TABLES["comments"].from_rows(comments), source=source
        )
    evidence = TABLES["evidence"].from_rows(
        [
            row("evidence", day=DAY, evidence_kind=kind, item=item, url=url)
            for kind, item, url in (
                ("post", "1", "https://shop.example/other"),
                ("comment", "3", None),
                ("comment", "1", None),
                ("comment", "2", None),
                ("comment", "both", None),
            )
        ]
    )

    linked = link_comments(lake, evidence)

    assert linked.schema == evidence.schema
    assert linked.drop_columns("url").equals(evidence.drop_columns("url"))
    assert linked["url"].to_pylist() == [
        "https://shop.example/other",
        None,
        "https://shop.example/old",
        None,
        None,
    ]
