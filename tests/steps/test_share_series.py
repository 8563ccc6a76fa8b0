"""Series that models are made from: zero against missing, discovered styles too."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.steps.test_influence import context_with
from tests.warehouse.rows import rows_of
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.city_trends import CITY_TRENDS
from trendlab.steps.engine import run_step
from trendlab.steps.share_series import SHARE_SERIES, read_share_series
from trendlab.steps.step import Context
from trendlab.steps.tag import told_values
from trendlab.steps.trend_forecasts import TREND_FORECASTS

MONDAY = date(2024, 1, 1)
WEEK = timedelta(weeks=1)
STYLE = "red, skirt (2026Q1-1)"


def seen(week: int, city: str, looks: int = 100, **values: int) -> list[dict]:
    """Rows of a city-week: how many of its looks have each pattern."""
    return [
        {
            "day": MONDAY + week * WEEK,
            "city": city,
            "kind": "pattern",
            "value": value,
            "looks_with_count": count,
            "looks_count": looks,
            "share": count / looks,
            "is_complete": True,
        }
        for value, count in values.items()
    ]


def series(context: Context, weeks: int) -> dict[tuple[str, str, int], int]:
    """Looks with a value by city, value and week, of all that the series hold."""
    rows = read_share_series(context, MONDAY, MONDAY + (weeks - 1) * WEEK)
    assert rows.schema.equals(SHARE_SERIES)
    return {
        (row["city"], row["value"], (row["day"] - MONDAY).days // 7): row[
            "looks_with_count"
        ]
        for row in rows.to_pylist()
    }


def test_looks_without_a_value_are_zero_and_a_week_without_looks_is_missing(
    tmp_path: Path,
) -> None:
    context = context_with(
        tmp_path,
        rows_of(
            "city_weeks",
            *seen(0, "rome", striped=5, solid=90),
            *seen(0, "oslo", solid=70),
            *seen(1, "rome", solid=80),  # nobody anywhere wore stripes
            *seen(2, "oslo", solid=60),  # and Rome had no looks
        ),
    )
    assert series(context, 3) == {
        ("oslo", "solid", 0): 70,
        ("oslo", "solid", 2): 60,
        ("oslo", "striped", 0): 0,
        ("oslo", "striped", 2): 0,
        ("rome", "solid", 0): 90,
        ("rome", "solid", 1): 80,
        ("rome", "striped", 0): 5,
        ("rome", "striped", 1): 0,
    }


def test_a_kind_that_no_model_told_in_a_week_is_missing_there(tmp_path: Path) -> None:
    skirts = [
        {**row, "kind": "garment", "value": "skirt"} for row in seen(1, "rome", skirt=9)
    ]
    weeks = rows_of("city_weeks", *seen(0, "rome", striped=5), *skirts)
    assert series(context_with(tmp_path, weeks), 2) == {
        ("rome", "striped", 0): 5,
        ("rome", "skirt", 1): 9,
    }


def test_what_came_later_is_not_known_earlier(tmp_path: Path) -> None:
    weeks = rows_of(
        "city_weeks", *seen(0, "rome", solid=50), *seen(1, "rome", floral=7)
    )
    context = context_with(tmp_path, weeks)
    assert series(context, 1) == {("rome", "solid", 0): 50}
    assert series(context, 2)["rome", "floral", 0] == 0


def test_nothing_gives_a_typed_empty_table(tmp_path: Path) -> None:
    context = context_with(tmp_path, TABLES["city_weeks"].empty())
    rows = read_share_series(context, MONDAY, MONDAY)
    assert rows.equals(SHARE_SERIES.empty_table())


def test_the_shipped_models_tell_all_but_patterns(
    tmp_path: Path,
) -> None:
    told = told_values(Settings(home=tmp_path))
    assert set(told) == {"fine_category", "sleeve", "length"}
    assert told["sleeve"] == {"long", "short or none"}
    assert len(told["fine_category"]) > 10


@pytest.fixture
def styled(tmp_path: Path) -> tuple[Context, date]:
    """Give 130 weeks of one discovered style, a tenth of Rome's looks, once a half."""
    weeks = 130
    hits = np.random.default_rng(1).binomial(500, 0.1, weeks)
    hits[60] = 250
    rows = [
        {
            "day": MONDAY + week * WEEK,
            "style_id": "2026Q1-1",
            "fitted_on": MONDAY,
            "city": "rome",
            "looks_with_count": int(count),
            "looks_count": 500,
            "share": count / 500,
        }
        for week, count in enumerate(hits)
    ]
    skirts = [
        {**seen(week, "rome", 500, skirt=200)[0], "kind": "garment"}
        for week in range(weeks)
    ]
    context = context_with(tmp_path, rows_of("city_weeks", *skirts))
    stored = rows_of("style_weeks", *rows)
    for day in pc.unique(stored["day"]).to_pylist():
        context.lake.write("style_weeks", day, stored.filter(_on(stored, day)))
    style = {"style_id": "2026Q1-1", "name": "red, skirt", "day": MONDAY}
    context.lake.write("styles", MONDAY, rows_of("styles", style))
    return context, MONDAY + (weeks - 1) * WEEK


def _on(rows: pa.Table, day: date) -> pa.Array:
    return pc.equal(rows["day"], pa.scalar(day, pa.date32()))


def test_a_discovered_style_has_a_curve_an_event_and_a_forecast(
    styled: tuple[Context, date],
) -> None:
    context, monday = styled
    for step in (CITY_TRENDS, TREND_FORECASTS):
        run_step(context, step, [monday])
    kept = {
        name: [
            row
            for row in context.lake.read(name, monday).to_pylist()
            if row["kind"] == "discovered_style"
        ]
        for name in ("city_trends", "trend_events", "trend_forecasts")
    }
    [curve], [event] = kept["city_trends"], kept["trend_events"]
    assert (curve["value"], curve["description"]) == (STYLE, "steady")
    assert event["apex_week_on"] == MONDAY + 60 * WEEK
    assert len(kept["trend_forecasts"]) == 12
    assert all(abs(row["share_q50"] - 0.1) < 0.02 for row in kept["trend_forecasts"])
