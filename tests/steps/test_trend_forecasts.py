"""The weekly step forecasts what is counted long and often enough, and says why not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.steps.test_city_trends import MONDAY, SCHEMA
from tests.steps.test_influence import context_with
from tests.warehouse.rows import rows_of
from trendlab.schemas import TABLES
from trendlab.signals.forecast.shares import HORIZON_WEEKS
from trendlab.steps.engine import run_step
from trendlab.steps.trend_forecasts import (
    TREND_FORECASTS,
    forecasts_of,
    why_no_forecast,
)

LOOKS = 400
OWN = {"rule_version": "r", "run_id": "run"}


def counted(
    series: dict[str, np.ndarray], tracker: str = "denim", skip: int | None = None
) -> pa.Table:
    """Count looks of one colour a city, at the shares given, with no noise."""
    rows = [
        {
            "tracker": tracker,
            "model_name": "m",
            "city": city,
            "kind": "colour",
            "value": "yellow",
            "day": MONDAY + timedelta(weeks=week),
            "looks_count": LOOKS,
            "looks_with_count": round(LOOKS * share),
        }
        for city, shares in series.items()
        for week, share in enumerate(shares.tolist())
        if week != skip
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def last_week(weeks: int) -> date:
    return MONDAY + timedelta(weeks=weeks - 1)


def yearly(weeks: int, high: float = 0.2) -> np.ndarray:
    """A share that swings once a year around 0.3, each week of its year the same."""
    return 0.3 + high * np.sin(2 * np.pi * np.arange(weeks) / 52)


def test_a_season_that_came_each_year_is_expected_again() -> None:
    weeks = 182
    rows, left_out = forecasts_of(
        counted({"rome": yearly(weeks), "paris": yearly(weeks)}), last_week(weeks)
    )
    assert not left_out
    assert len(rows) == 2 * HORIZON_WEEKS
    rome = [row for row in rows if row["city"] == "rome"]
    assert [row["week_on"] for row in rome] == [
        last_week(weeks) + timedelta(weeks=ahead) for ahead in range(1, 13)
    ]
    assert [row["weeks_ahead"] for row in rome] == list(range(1, 13))
    told = np.array([row["share_q50"] for row in rome])
    came = yearly(weeks + HORIZON_WEEKS)[weeks:]
    # the share moves by 0.2 in these weeks
    assert np.abs(told - came).max() < 0.03
    assert all(row["is_backtested"] for row in rome)


def test_quantiles_rise_and_stay_shares_at_the_upper_end() -> None:
    weeks = 130
    noise = np.random.default_rng(5).normal(0, 0.05, weeks)
    full = np.clip(0.97 + noise, 0.0, 1.0)
    rows, _ = forecasts_of(counted({"rome": full, "oslo": full}), last_week(weeks))
    assert rows
    for row in rows:
        assert 0 <= row["share_q10"] <= row["share_q50"] <= row["share_q90"] <= 1
    assert max(row["share_q90"] for row in rows) == 1.0


def test_short_holed_rare_and_silent_series_have_none_and_a_reason() -> None:
    long, short = np.full(120, 0.3), np.full(60, 0.3)
    shares = pa.concat_tables(
        [
            counted({"rome": long, "oslo": np.full(120, 0.003)}),
            counted({"lagos": long[:110], "lima": short}),
            counted({"cairo": long}).filter(
                [week % 5 > 0 or week == 119 for week in range(120)]
            ),
        ]
    )
    rows, left_out = forecasts_of(shares, last_week(120))
    assert {row["city"] for row in rows} == {"rome"}
    assert left_out == {
        "shorter than 104 weeks": 1,
        "with over 10% of weeks missing": 1,
        "not seen for 4 weeks": 1,
        "with fewer than 5 looks a week": 1,
    }


def test_two_years_give_a_forecast_that_says_that_it_is_not_backtested() -> None:
    rows, _ = forecasts_of(counted({"rome": yearly(106)}), last_week(106))
    assert [row["is_backtested"] for row in rows] == [False] * HORIZON_WEEKS
    assert {row["backtest_mase"] for row in rows} == {None}


def test_a_missing_week_is_missing_and_not_a_week_without_the_colour() -> None:
    weeks = 130
    flat = np.full(weeks, 0.3)
    rows, _ = forecasts_of(counted({"rome": flat}, skip=weeks - 2), last_week(weeks))
    assert rows[0]["weeks_count"] == weeks - 1
    assert all(abs(row["share_q50"] - 0.3) < 0.001 for row in rows)


def test_a_tracker_is_forecast_the_same_beside_another_one() -> None:
    weeks = 120
    alone = counted({"rome": yearly(weeks)})
    other = counted({"rome": yearly(weeks, high=0.05)}, tracker="shoes")
    told, _ = forecasts_of(alone, last_week(weeks))
    both, _ = forecasts_of(pa.concat_tables([alone, other]), last_week(weeks))
    assert [row for row in both if row["tracker"] == "denim"] == told


def test_rows_fit_the_declared_table_and_no_shares_give_none() -> None:
    rows, _ = forecasts_of(counted({"rome": yearly(110)}), last_week(110))
    own = {"day": last_week(110), **OWN}
    made = TABLES["trend_forecasts"].from_rows([{**row, **own} for row in rows])
    assert made.num_rows == HORIZON_WEEKS
    assert set(made.column_names) == set(rows[0]) | set(own)
    assert forecasts_of(SCHEMA.empty_table(), MONDAY) == ([], {})


@pytest.mark.parametrize(
    ("weeks", "rows_count", "remark"),
    [
        (120, HORIZON_WEEKS, ""),
        (60, 0, "no forecast: 1 series shorter than 104 weeks"),
        (0, 0, "no forecast: no complete week of looks"),
    ],
)
def test_the_step_stores_its_weeks_or_says_why_there_are_none(
    tmp_path: Path, weeks: int, rows_count: int, remark: str
) -> None:
    counts = {"looks_count": LOOKS, "looks_with_count": 100, "share": 0.25}
    rows = [
        {"day": MONDAY + timedelta(weeks=week), "is_complete": True, **counts}
        for week in range(weeks)
    ]
    context = context_with(tmp_path, rows_of("city_weeks", *rows))
    monday = last_week(max(weeks, 1))
    done = run_step(context, TREND_FORECASTS, [monday], remark=why_no_forecast)
    assert (done.rows_count, done.remark) == (rows_count, remark)
    assert context.lake.read("trend_forecasts", monday).num_rows == rows_count
