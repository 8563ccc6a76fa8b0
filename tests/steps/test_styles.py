"""The steps of styles, on looks of the simulated world, one day a week."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from bench.style_worlds import draw_days
from tests.warehouse.rows import rows_of
from trendlab.lake import Lake
from trendlab.settings import Settings
from trendlab.sources.world import default_cities
from trendlab.steps.engine import run_step
from trendlab.steps.step import Context
from trendlab.steps.styles import (
    LOOK_PATTERNS,
    STYLE_EXAMPLES,
    STYLE_WEEKS,
    STYLES,
)
from trendlab.steps.weeks import units_of, week_of

# the first Sunday of a quarter is 4 January
LAST_DAY = date(2026, 1, 18)
FITTED_ON = date(2025, 12, 29)
WEEKS = 67
ALL = (LOOK_PATTERNS, STYLES, STYLE_WEEKS, STYLE_EXAMPLES)


def matched_rows(looks: pa.Table, tracker: str = "all") -> pa.Table:
    """Give a tracker's posts: half in Paris, half in Rome; every tenth excluded."""
    return rows_of(
        "tracker_posts",
        *(
            {
                "day": row["day"],
                "tracker": tracker,
                "source": row["source"],
                "post_id": row["post_id"],
                "city": "paris" if number % 2 else "rome",
                "is_excluded": number % 10 == 0,
            }
            for number, row in enumerate(looks.to_pylist())
        ),
    )


@pytest.fixture(scope="module")
def computed(tmp_path_factory) -> Context:
    """Give a lake with the steps run as of the last day."""
    context = lake_with_looks(tmp_path_factory.mktemp("styles"))
    run_all(context, LAST_DAY)
    return context


def lake_with_looks(folder: Path) -> Context:
    lake = Lake(folder / "lake")
    days, _ = draw_days(LAST_DAY, weeks=WEEKS, looks_count=60)
    for day, tables in days.items():
        for name, rows in tables.items():
            lake.write(name, day, rows, source="simulated")
        lake.write("tracker_posts", day, matched_rows(tables["looks"]))
    return Context(
        settings=Settings(home=folder), lake=lake, trackers=[], cities=default_cities()
    )


def run_all(context: Context, last_day: date) -> list[int]:
    days = [day for day in context.lake.days("looks") if day <= last_day]
    return [
        run_step(context, step, units_of(step, days, last_day)).computed_count
        for step in ALL
    ]


def shares(context: Context) -> pl.DataFrame:
    days = context.lake.days("style_weeks")
    return pl.DataFrame(context.lake.read_range("style_weeks", days[0], days[-1]))


def test_styles_are_fitted_with_the_first_sunday_of_the_quarter(computed):
    assert computed.lake.days("styles") == [FITTED_ON]
    rows = computed.lake.read("styles", FITTED_ON).to_pylist()
    assert len(rows) >= 4
    assert rows[0]["window_to"] == date(2026, 1, 4)
    # nine of ten of 60 looks in 52 weeks, but for looks in which nothing was found
    assert 2_700 <= rows[0]["looks_count"] <= 52 * 54


def test_styles_are_matched_to_those_of_the_quarter_before(computed):
    rows = computed.lake.read("styles", FITTED_ON).to_pylist()
    matched = [row for row in rows if row["matched_style_id"] is not None]
    assert len(matched) >= 3
    assert all(row["matched_style_id"].startswith("2025Q4-") for row in matched)
    assert all(row["likeness"] >= 0.5 for row in matched)
    ids = [row["matched_style_id"] for row in matched]
    assert len(set(ids)) == len(ids)


def test_every_week_has_shares_under_the_newest_fit(computed):
    rows = shares(computed)
    assert set(rows["fitted_on"]) == {FITTED_ON}
    assert rows["day"].n_unique() == WEEKS
    assert set(rows["city"]) == {"all", "paris", "rome"}
    styles = computed.lake.read("styles", FITTED_ON).num_rows
    assert rows.height == WEEKS * 3 * styles
    summed = rows.group_by("day", "city").agg(
        pl.col("share").sum(), pl.col("looks_count").max()
    )
    assert (summed["share"] - 1).abs().max() < 1e-9
    # excluded posts are left out
    assert summed["looks_count"].max() <= 54


def test_the_newest_week_gives_examples_of_posts_that_count(computed):
    (monday,) = computed.lake.days("style_examples")
    assert monday == date(2026, 1, 12)
    rows = computed.lake.read("style_examples", monday).to_pylist()
    assert rows
    assert {row["fitted_on"] for row in rows} == {FITTED_ON}
    day = date(2026, 1, 14)
    matched = computed.lake.read("tracker_posts", day).to_pylist()
    counted = {row["post_id"] for row in matched if not row["is_excluded"]}
    assert {row["post_id"] for row in rows} <= counted


def test_a_second_run_computes_nothing(computed):
    assert run_all(computed, LAST_DAY) == [0] * len(ALL)


def test_quarter_by_quarter_gives_what_the_last_run_alone_gives(computed, tmp_path):
    context = lake_with_looks(tmp_path)
    # under the fit of the quarter before, then under the new one
    run_all(context, date(2025, 12, 21))
    assert set(shares(context)["style_id"].str.slice(0, 6)) == {"2025Q4"}
    run_all(context, LAST_DAY)
    for table in (table for step in ALL for table in step.outputs):
        days = computed.lake.days(table)
        assert {day: context.lake.fingerprint(table, day) for day in days} == {
            day: computed.lake.fingerprint(table, day) for day in days
        }


def test_without_enough_looks_there_are_no_styles_and_no_shares(tmp_path):
    lake = Lake(tmp_path / "lake")
    days, _ = draw_days(LAST_DAY, weeks=4, looks_count=10)
    for day, tables in days.items():
        for name, rows in tables.items():
            lake.write(name, day, rows, source="simulated")
        lake.write("tracker_posts", day, matched_rows(tables["looks"]))
    context = Context(
        settings=Settings(home=tmp_path),
        lake=lake,
        trackers=[],
        cities=default_cities(),
    )
    weeks = sorted({week_of(day) for day in lake.days("looks")})
    assert run_step(context, LOOK_PATTERNS, weeks).rows_count > 0
    assert run_step(context, STYLES, [FITTED_ON]).rows_count == 0
    assert run_step(context, STYLE_WEEKS, weeks).rows_count == 0
    assert run_step(context, STYLE_EXAMPLES, weeks[-1:]).rows_count == 0
