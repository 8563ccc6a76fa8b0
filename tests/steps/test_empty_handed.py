"""Commands that find nothing to do say so, and say why."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.builders import media_row, post_row, table
from trendlab.lake import Lake
from trendlab.settings import Settings
from trendlab.steps.alert import why_none_sent
from trendlab.steps.context import open_context
from trendlab.steps.ingest import ingest_paths
from trendlab.steps.ingest_matching import unmatched_lines
from trendlab.steps.live_verbs import why_none_fetched
from trendlab.steps.order import run_steps
from trendlab.steps.step import Context

DAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 10, 3, tzinfo=UTC)
POSTS = (
    "author_id,text,geo,created_at,retweets,replies,likes\n"
    "7,a coat,,2026-01-05 10:00,1,2,3\n"
    "8,a dress for #Wedding,,2026-01-07 10:00,1,2,3\n"
)


def home_with(tmp_path: Path, trackers: str | None) -> Context:
    if trackers is not None:
        (tmp_path / "trackers.yml").write_text(f"trackers:\n{trackers}")
    context = open_context(Settings(home=tmp_path), need_trackers=False)
    context.clock = lambda: NOW
    return context


def told_after_ingest(context: Context) -> list[str]:
    path = context.home / "posts.csv"
    path.write_text(POSTS)
    os.utime(path, (1_768_000_000, 1_768_000_000))
    report = ingest_paths(context.lake, [path], trackers=context.trackers)
    return unmatched_lines(context, report)


@pytest.mark.parametrize(
    "tracker",
    [
        "  - {name: brides, hashtags: [wedding]}\n",
        "  - {name: coats, keywords: [coat]}\n",
        "  - {name: every, sources: [tweets]}\n",
        "  - {name: hats, keywords: [hat]}\n  - {name: coats, keywords: [coat]}\n",
    ],
)
def test_an_ingest_that_a_tracker_looks_for_says_nothing_more(
    tmp_path: Path, tracker: str
):
    assert told_after_ingest(home_with(tmp_path, tracker)) == []


def test_an_ingest_that_no_tracker_looks_for_says_what_to_do(tmp_path: Path):
    (line,) = told_after_ingest(
        home_with(tmp_path, "  - {name: hats, keywords: [hat]}\n")
    )

    assert "no tracker matches any of the posts stored as tweets" in line
    assert "looked for by hats" in line
    assert "`sources: [tweets]`" in line
    assert str(tmp_path / "trackers.yml") in line


def test_an_ingest_without_trackers_says_that_there_are_none(tmp_path: Path):
    (line,) = told_after_ingest(home_with(tmp_path, None))

    assert "there are no trackers yet" in line


def test_a_second_ingest_of_the_same_file_does_not_repeat_it(tmp_path: Path):
    context = home_with(tmp_path, None)

    assert len(told_after_ingest(context)) == 1
    assert told_after_ingest(context) == []


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, "no live source is set up"),
        (
            {"TRENDLAB_MASTODON_URL": "https://mastodon.example"},
            "no tracker has a term that could be asked of mastodon",
        ),
    ],
)
def test_a_night_without_live_sources_says_why(environ: Mapping[str, str], told: str):
    assert told in why_none_fetched(environ)


def alert(number: int, status: str) -> dict[str, Any]:
    return {
        "day": DAY,
        "alert_id": f"a{number}",
        "event_id": f"e{number}",
        "raised_at": NOW,
        "status": status,
    }


def test_a_sending_of_nothing_counts_why_each_alert_was_left(tmp_path: Path):
    context = home_with(tmp_path, None)
    assert why_none_sent(context) == "nothing to send: no alert was raised yet"

    statuses = ("sent", "sent", "backfilled", "pending", "failed", "cooled_down")
    rows = [alert(number, status) for number, status in enumerate(statuses)]
    context.lake.write("alerts", DAY, table("alerts", rows))

    assert why_none_sent(context) == (
        "nothing to send: 1 of old days (--backfilled sends them), 1 cooled down, "
        "never sent, 1 given up after 5 attempts, 1 held until quiet hours end, "
        "2 sent before"
    )
    assert why_none_sent(context, send_backfilled=True) == (
        "nothing to send: 1 cooled down, never sent, 1 given up after 5 attempts, "
        "2 held until quiet hours end, 2 sent before"
    )


def test_detection_names_the_days_without_photos(tmp_path: Path):
    context = home_with(tmp_path, "  - {name: coats, keywords: [coat]}\n")
    lake: Lake = context.lake
    lake.write("posts", DAY, table("posts", [post_row(day=DAY)]), source="test")
    offered = media_row(day=DAY, status="offered")
    lake.write("media", DAY, table("media", [offered]), source="test")

    (first,) = run_steps(context, ["detect"], DAY, DAY)
    (second,) = run_steps(context, ["detect"], DAY, DAY)

    assert first.line().endswith("; no stored photos on 1 of 1 days")
    assert second.remark == ""
