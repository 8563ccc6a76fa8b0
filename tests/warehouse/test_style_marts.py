"""Marts of styles: life cycle, signatures, examples, and their report."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from tests.warehouse.rows import MONDAY, rows_of, world
from trendlab.report.render import render_notebook
from trendlab.resources import bundled
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days

WEEKS = 104
LOOKS = 1_000
# the last week, as weeks go back from it
LAST = MONDAY + timedelta(weeks=WEEKS - 1)
# share by weeks ago: now, half a year ago, a year ago, a year and a half ago
COURSES = {
    "rising": (300, 300, 200, 200),
    "fading": (100, 150, 200, 200),
    "steady": (300, 300, 300, 300),
    "returning": (250, 100, 150, 200),
}


def looks_with(course: str, weeks_ago: int) -> int:
    """Give the looks of a week: the level of its quarters, up and down by 5."""
    if course == "rest":
        return LOOKS - sum(looks_with(one, weeks_ago) for one in COURSES)
    return COURSES[course][min(weeks_ago // 26, 3)] + (5 if weeks_ago % 2 else -5)


def tables() -> dict[str, pa.Table]:
    names = [*COURSES, "rest"]
    styles = [
        {
            "day": MONDAY,
            "style_id": name,
            "name": f"style {name}",
            "rank": rank,
            "styles_count": len(names),
            "garments": ["skirt"],
            "colours": ["red"],
            "looks_count": 12_000,
        }
        for rank, name in enumerate(names, start=1)
    ]
    weeks = []
    for ago in range(WEEKS):
        for name in names:
            everywhere = looks_with(name, ago)
            # in Rome the style "steady" is worn by half of 100
            here = {"steady": 50, "rest": 50}.get(name, 0)
            weeks += [
                {
                    "day": LAST - timedelta(weeks=ago),
                    "tracker": "all",
                    "city": city,
                    "style_id": name,
                    "fitted_on": MONDAY,
                    "looks_with_count": count,
                    "looks_count": total,
                    "share": count / total,
                }
                for city, count, total in (
                    ("all", everywhere, LOOKS),
                    ("rome", here, 100),
                )
            ]
    example = {"style_id": "rising", "fitted_on": MONDAY, "chance": 0.9}
    posts = world()
    return {
        **posts,
        "styles": rows_of("styles", *styles),
        "style_weeks": rows_of("style_weeks", *weeks),
        "style_examples": rows_of(
            "style_examples",
            {**example, "rank": 1, "post_id": f"{MONDAY}-0"},
            {**example, "rank": 2, "post_id": f"{MONDAY}-spam"},
        ),
    }


@pytest.fixture
def loaded(warehouse: Warehouse) -> Warehouse:
    load_days(warehouse.loader, MONDAY, LAST, tables())
    return warehouse


def ask(warehouse: Warehouse, query: str) -> list[tuple]:
    with warehouse.analyst.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_a_life_cycle_compares_weeks_with_the_same_ones_a_year_before(
    loaded: Warehouse,
) -> None:
    told = dict(ask(loaded, "select style_id, life_cycle from marts.styles"))
    assert {name: told[name] for name in COURSES} == {name: name for name in COURSES}
    assert marts.run_tests(loaded.owner)


def test_a_style_that_wanders_slowly_is_steady(warehouse: Warehouse) -> None:
    given = tables()
    rows = given["style_weeks"].to_pylist()
    for row in rows:
        if (row["style_id"], row["city"]) == ("steady", "all"):
            ago = (LAST - row["day"]).days // 7
            # up and down by a fifth in 30 weeks: now is a quarter above a year ago, and
            # 5 standard errors of 13 weeks if these were independent
            wave = round(50 * np.sin(2 * np.pi * ago / 30 + 5.5))
            count = 220 + wave + (5 if ago % 2 else -5)
            row |= {"looks_with_count": count, "share": count / LOOKS}
    given["style_weeks"] = rows_of("style_weeks", *rows)
    load_days(warehouse.loader, MONDAY, LAST, given)
    query = "select life_cycle, ratio_year from marts.styles where style_id = 'steady'"
    [(told, ratio)] = ask(warehouse, query)
    assert ratio > 1.2
    assert told == "steady"


def test_a_short_history_has_no_life_cycle(warehouse: Warehouse) -> None:
    given = tables()
    late = given["style_weeks"].to_pylist()
    since = LAST - timedelta(weeks=60)
    given["style_weeks"] = rows_of(
        "style_weeks", *[row for row in late if row["day"] > since]
    )
    load_days(warehouse.loader, MONDAY, LAST, given)
    told = ask(warehouse, "select distinct life_cycle from marts.styles")
    assert told == [("not_assessable",)]


def test_a_style_worn_more_than_elsewhere_is_a_signature(loaded: Warehouse) -> None:
    told = ask(
        loaded,
        "select style_id, is_signature, share, share_elsewhere from marts.city_styles "
        "where city = 'rome' order by log_odds desc",
    )
    assert told[0][:2] == ("rest", True)
    by_style = {row[0]: row for row in told}
    # 50 of 100 in Rome; elsewhere 250 of 900
    assert by_style["steady"][1:] == (True, 0.5, pytest.approx(250 / 900))
    assert not by_style["rising"][1]
    assert by_style["rising"][2] == 0


def test_an_excluded_post_is_no_example(loaded: Warehouse) -> None:
    assert ask(loaded, "select post_id, name from marts.style_examples") == [
        (f"{MONDAY}-0", "style rising")
    ]


def test_a_new_fit_takes_the_place_of_the_old_one(loaded: Warehouse) -> None:
    newer = MONDAY + timedelta(weeks=13)
    style = {"style_id": "n1", "rank": 1, "styles_count": 1}
    load_days(
        loaded.loader, newer, newer, {"styles": rows_of("styles", style, day=newer)}
    )
    assert ask(loaded, "select style_id from marts.styles where is_newest") == [("n1",)]
    assert ask(loaded, "select count(*) from marts.style_weeks") == [(0,)]


@pytest.mark.slow
def test_the_atlas_shows_styles_signatures_and_examples(
    loaded: Warehouse, tmp_path: Path
) -> None:
    path = render_notebook(
        bundled("notebooks") / "styles.py",
        tmp_path / "styles.html",
        title="Styles",
        parameters={
            "tracker": "all",
            "first_day": MONDAY.isoformat(),
            "last_day": LAST.isoformat(),
        },
        environment={"TRENDLAB_ANALYST_URL": loaded.url("analyst")},
        state_folder=tmp_path,
    )
    page = path.read_text()
    for told in ("style returning", "skirt; red", "Rome", "look 0", "12,000 looks"):
        assert told in page
    bare = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", page)
    assert not re.search(r"https?://|url\(|@import|<script", bare)
