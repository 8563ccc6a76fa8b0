"""The report of city trends, from marts to one page."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.warehouse.rows import at, rows_of
from trendlab.report.render import render_notebook
from trendlab.resources import bundled
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days

# the Monday of the week with which the history ends
WEEK = date(2026, 3, 2)
WEEKS = 30
HOSTILE = "<script>alert('x')</script><img src=x>"
MINE = {"tracker": "all", "model_name": "simulated"}
RED = {**MINE, "kind": "colour", "value": "red"}
RISING = {
    **RED,
    "city": "paris",
    "first_week_on": WEEK - timedelta(weeks=WEEKS - 1),
    "last_week_on": WEEK,
    "weeks_count": WEEKS,
    "looks_count": 200 * WEEKS,
    "mean_share": 0.2,
    "level": 0.25,
    "slope_per_year": 0.1,
    "slope_low": 0.05,
    "slope_high": 0.15,
    "direction": "rising",
    "description": "rising",
    "overdispersion": 0.001,
}


def render(warehouse: Warehouse, folder: Path, **environment: str) -> str:
    page = render_notebook(
        bundled("notebooks") / "city_trends.py",
        folder / "city_trends.html",
        title="City trends",
        parameters={
            "tracker": "all",
            "first_day": "2025-01-01",
            "last_day": "2026-03-08",
        },
        environment={"TRENDLAB_ANALYST_URL": warehouse.url("analyst"), **environment},
        state_folder=folder,
    )
    return page.read_text()


def shares(city: str, looks: int) -> list[dict[str, Any]]:
    counted = []
    for ago in range(WEEKS):
        hits = looks // 2 if city == "paris" and ago == 3 else looks // 5
        counted.append(
            {
                **RED,
                "day": WEEK - timedelta(weeks=ago),
                "city": city,
                "looks_with_count": hits,
                "looks_count": looks,
                "share": hits / looks,
                "share_low": 0.1,
                "share_high": 0.6,
                "is_thin": looks < 100,
                "is_complete": True,
            }
        )
    return counted


def tables() -> dict[str, pa.Table]:
    apex = WEEK - timedelta(weeks=3)
    event = {
        **RED, "day": WEEK, "city": "paris", "rank": 1, "event_id": "e1",
        "direction": "rise", "description": "rose to 50.0 % of looks",
        "first_week_on": apex, "apex_week_on": apex, "last_week_on": apex,
        "weeks": [apex.isoformat()], "saliency": 12.5,
    }  # fmt: skip
    # the second event has nothing behind it
    second = {**event, "rank": 2, "event_id": "e2", "city": "rome", "saliency": 5.0}
    post = {"day": apex, "source": "files", "post_id": "p1", "caption": HOSTILE}
    evidence = {"tracker": "all", "event_id": "e1", "rank": 1}
    steady = {"direction": "steady", "description": "steady", "slope_low": -0.1}
    coming = [
        {
            **RED, "day": WEEK, "city": "paris", "weeks_ahead": ahead,
            "week_on": WEEK + timedelta(weeks=ahead), "share_q10": 0.21,
            "share_q50": 0.26, "share_q90": 0.33, "weeks_count": WEEKS,
            "is_backtested": True, "backtest_mase": 0.81,
        }
        for ahead in (1, 2)
    ]  # fmt: skip
    return {
        "cities": rows_of(
            "cities", *[{"city": c, "name": c.title()} for c in ("paris", "rome")]
        ),
        "city_trends": rows_of(
            "city_trends",
            {**RISING, "day": WEEK},
            {**RISING, **steady, "day": WEEK, "city": "rome"},
            {**RISING, **steady, "day": WEEK, "city": "all"},
        ),
        "city_weeks": rows_of(
            "city_weeks",
            *shares("paris", 200),
            *shares("rome", 40),
            *shares("all", 240),
        ),
        "trend_events": rows_of("trend_events", event, second),
        "trend_forecasts": rows_of("trend_forecasts", *coming),
        "posts": rows_of("posts", {**post, "created_at": at(apex)}),
        "tracker_posts": rows_of(
            "tracker_posts", {**post, "tracker": "all", "city": "paris"}
        ),
        "trend_event_evidence": rows_of(
            "trend_event_evidence",
            {**evidence, "evidence_kind": "post", "source": "files", "post_id": "p1"},
            {**evidence, "evidence_kind": "word", "term": "lanterns"},
            day=WEEK,
        ),
    }


@pytest.mark.slow
def test_the_page_tells_movers_events_forecasts_and_how_far_to_trust_them(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    load_days(warehouse.loader, WEEK - timedelta(weeks=WEEKS), WEEK, tables())
    page = render(
        warehouse, tmp_path, TRENDLAB_STYLE_ATLAS="styles-all-2026-03-08.html"
    )
    for told in (
        "<b>2</b><span>cities</span>",
        "<b>1</b><span>rising</span>",
        "These looks are simulated",
        "rising in Paris",
        "1 rose to 50.0 % of looks",
        "27.5 % → 26.0 % in 2 weeks (80 %: 21.0–33.0 %)",
        "Rome: rising 0, falling 0, events 1",
        "lanterns",
        "Posts of event 1: Paris, colour red",
        "past forecasts erred 0.81 times",
        "No styles were discovered yet.",
        'href="styles-all-2026-03-08.html"',
    ):
        assert told in page, told
    assert "Posts of event 2" not in page
    # what an author wrote is text
    assert "&lt;script&gt;alert(" in page
    bare = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", page)
    assert not re.search(r"https?://|url\(|@import|<script|<img src=x", bare)
    alternatives = re.findall(r'<img alt="([^"]+)"', page)
    # each figure is there at both widths
    assert len(alternatives) == 6
    assert any(
        "events of Paris: colour red; Rome: colour red" in a for a in alternatives
    )


@pytest.mark.slow
def test_without_trends_the_page_says_what_is_needed(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    page = render(warehouse, tmp_path)
    assert "No trends yet." in page
    assert "Traceback" not in page
    assert "<table" not in page
