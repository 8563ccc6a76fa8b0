"""A step of the last week runs once a week, on the week that has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from trendlab.errors import SettingsError
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.engine import StepReport, run_step
from trendlab.steps.nightly import reports_of
from trendlab.steps.report import WEEKLY_REPORTS
from trendlab.steps.step import Context, Input, Parts, Step
from trendlab.steps.weeks import (
    is_due,
    last_quarter_week,
    last_whole_week,
    read_week,
    units_of,
)

MONDAY = date(2026, 1, 5)
DAYS = [MONDAY + timedelta(days=ahead) for ahead in range(17)]


def write_nothing(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    return {}


MODEL = Step(
    name="model",
    modules=("trendlab.errors",),
    outputs=("city_weeks",),
    inputs=lambda context, monday: [Input("posts", MONDAY, monday)],
    compute=write_nothing,
    is_weekly=True,
    only_last_week=True,
)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(
        settings=Settings(home=tmp_path),
        lake=Lake(tmp_path / "lake"),
        trackers=[],
        cities=TABLES["cities"].empty(),
        clock=lambda: datetime(2026, 2, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("day", "monday"),
    [
        (date(2026, 1, 11), date(2026, 1, 5)),
        (date(2026, 1, 12), date(2026, 1, 5)),
        (date(2026, 1, 17), date(2026, 1, 5)),
        (date(2026, 1, 18), date(2026, 1, 12)),
    ],
)
def test_a_week_has_ended_with_its_sunday(day, monday):
    assert last_whole_week(day) == monday


def test_of_a_range_only_the_last_ended_week_is_computed():
    assert units_of(MODEL, DAYS, DAYS[-1]) == [date(2026, 1, 12)]


def test_an_ordinary_weekly_step_computes_every_week():
    plain = replace(MODEL, only_last_week=False)
    assert units_of(plain, DAYS, DAYS[-1]) == DAYS[0:15:7]


def test_no_week_is_computed_before_one_has_ended():
    assert units_of(MODEL, DAYS[:5], DAYS[4]) == []
    assert units_of(MODEL, [], DAYS[4]) == []


def test_a_last_week_with_silent_days_counts_when_it_has_ended():
    assert units_of(MODEL, DAYS[:10], DAYS[-1]) == [date(2026, 1, 12)]


def test_silence_after_the_data_moves_no_week():
    assert units_of(MODEL, DAYS, date(2026, 3, 1)) == [date(2026, 1, 19)]


@pytest.mark.parametrize(
    ("day", "monday"),
    [
        (date(2026, 1, 3), date(2025, 9, 29)),
        (date(2026, 1, 4), date(2025, 12, 29)),
        (date(2026, 3, 31), date(2025, 12, 29)),
        (date(2026, 4, 5), date(2026, 3, 30)),
        (date(2023, 10, 1), date(2023, 9, 25)),
    ],
)
def test_a_quarter_begins_to_count_with_its_first_sunday(day, monday):
    assert last_quarter_week(day) == monday


def test_a_quarterly_step_computes_the_last_quarter_of_a_range_or_nothing():
    quarterly = replace(MODEL, is_quarterly=True)
    days = [date(2025, 12, 1) + timedelta(days=ahead) for ahead in range(60)]
    assert units_of(quarterly, days, days[-1]) == [date(2025, 12, 29)]
    assert units_of(quarterly, days[:30], days[29]) == []
    assert units_of(quarterly, days[40:], days[-1]) == []
    assert units_of(quarterly, days, date(2026, 12, 31)) == [date(2025, 12, 29)]


def test_the_night_of_a_sunday_is_due_and_one_in_the_week_is_not(context):
    sunday, wednesday = date(2026, 1, 18), date(2026, 1, 21)
    monday = date(2026, 1, 12)
    run_step(context, MODEL, [monday])
    assert is_due(context, MODEL, monday, sunday, sunday)
    assert is_due(context, MODEL, monday, None, sunday)
    assert not is_due(context, MODEL, monday, wednesday, wednesday)


def test_a_night_that_was_missed_is_made_good_by_the_next(context):
    assert is_due(
        context, MODEL, date(2026, 1, 12), date(2026, 1, 21), date(2026, 1, 21)
    )


@pytest.mark.parametrize("value", ["2026-W09", "2026W09", "2026-02-23", "2026-03-01"])
def test_a_week_is_named_by_its_number_or_a_day_of_it(value):
    assert read_week(value) == date(2026, 2, 23)


@pytest.mark.parametrize("value", ["", "9", "2026-W60", "last", "2026-02-30"])
def test_another_name_of_a_week_is_refused(value):
    with pytest.raises(SettingsError, match="ISO week such as"):
        read_week(value)


@pytest.mark.parametrize(
    ("weeks", "written"),
    [(1, ("trend_report", *WEEKLY_REPORTS)), (0, ("trend_report",))],
)
def test_weekly_reports_are_written_on_nights_that_look_at_a_whole_week(weeks, written):
    steps = [
        StepReport("trends", 1, 1, 10, 0.1),
        StepReport("influence", weeks, 0, 0, 0.1),
    ]
    assert reports_of(steps) == written
    assert "influence" in WEEKLY_REPORTS


def test_every_sunday_looks_at_the_fit_of_a_quarter_again(context):
    quarterly = replace(MODEL, is_quarterly=True)
    fitted, sunday = date(2026, 1, 5), date(2026, 1, 25)
    run_step(context, quarterly, [fitted])
    assert is_due(context, quarterly, fitted, sunday, sunday)
    monday = sunday + timedelta(days=1)
    assert not is_due(context, quarterly, fitted, monday, monday)
