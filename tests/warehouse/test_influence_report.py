"""The report of influence, from marts to one page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.warehouse.rows import MONDAY, rows_of
from trendlab.report.render import render_notebook
from trendlab.resources import bundled
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days

CITIES = {
    "london": ("London", 51.5, -0.1),
    "milan": ("Milan", 45.5, 9.2),
    "paris": ("Paris", 48.9, 2.3),
    "seoul": ("Seoul", 37.6, 127.0),
    "tokyo": ("Tokyo", 35.7, 139.7),
}
RUN = {
    "tracker": "all",
    "cities": sorted(CITIES),
    "edges_count": 2,
    "reversed_same_count": 1,
    "reversed_count": 1,
    "pairs_count": 20,
    "model_name": "street",
}
EDGE = {
    "tracker": "all",
    "source_city": "london",
    "target_city": "paris",
    "kind": "colour",
    "value": "red",
    "strength": 0.6,
    "lag_weeks": 2,
    "model_name": "street",
}
FOLLOWER = {
    "tracker": "all",
    "kind": "colour",
    "value": "red",
    "target_city": "paris",
    "source_cities": ["london"],
    "ahead_from": 1,
    "ahead_to": 2,
    "is_total": True,
    "series_count": 1,
    "origins_count": 12,
    "mase_without": 0.8,
    "mase_with": 0.6,
    "gain": 0.2,
    "gain_low": None,
    "gain_high": None,
    "verdict": "too_few_origins",
    "model_name": "street",
}
FOLLOWERS = {**FOLLOWER, "kind": "all", "value": "all", "target_city": "all"}


def render(warehouse: Warehouse, folder: Path) -> str:
    page = render_notebook(
        bundled("notebooks") / "influence.py",
        folder / "influence.html",
        title="Which city leads which",
        parameters={
            "tracker": "all",
            "first_day": "2025-01-01",
            "last_day": "2026-03-01",
        },
        environment={"TRENDLAB_ANALYST_URL": warehouse.url("analyst")},
        state_folder=folder,
    )
    return page.read_text()


@pytest.mark.slow
def test_edges_stand_in_the_report_in_plain_words(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    cities = [
        {"city": city, "name": name, "lat": lat, "lon": lon}
        for city, (name, lat, lon) in CITIES.items()
    ]
    both_ways = {"source_city": "tokyo", "target_city": "seoul"}
    tables = {
        "cities": rows_of("cities", *cities),
        "influence_placebos": rows_of("influence_placebos", RUN),
        "influence_edges": rows_of(
            "influence_edges", EDGE, {**EDGE, **both_ways, "is_same_reversed": True}
        ),
        "influence_forecasts": rows_of("influence_forecasts", FOLLOWER, FOLLOWERS),
    }
    load_days(warehouse.loader, MONDAY, MONDAY, tables)
    page = render(warehouse, tmp_path)
    assert "0.800 without leaders, 0.600 with them" in page
    assert "the colour red in Paris, after London" in page
    assert "too few origins" in page
    assert "London leads Paris in the colour red by 2 weeks." in page
    # one edge counts; the other runs both ways in time
    assert "<b>1</b><span>edges</span>" in page
    assert "of 20 ordered pairs tested among 5 cities" in page
    bare = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", page)
    assert not re.search(r"https?://|url\(|@import|<script", bare)


@pytest.mark.slow
def test_a_run_that_cannot_tell_says_why(warehouse: Warehouse, tmp_path: Path) -> None:
    run = {**RUN, "status": "not_assessable", "reason": "4 cities have 30 weeks"}
    load_days(
        warehouse.loader,
        MONDAY,
        MONDAY,
        {"influence_placebos": rows_of("influence_placebos", run)},
    )
    page = render(warehouse, tmp_path)
    assert f"cannot be told for the week of {MONDAY}: 4 cities have 30 weeks." in page
    assert "Who leads whom" not in page
