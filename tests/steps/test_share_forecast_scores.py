"""The benchmark of share forecasts holds a forecast against what came after it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from bench.share_forecasts import score_origin
from tests.warehouse.rows import MONDAY

WEEKS, BACK, CITIES = 130, 26, 12


def shares(weeks: int = WEEKS, jump: float = 0.0) -> pa.Table:
    """A yearly season in twelve cities, counted in 400 looks a week.

    All shares jump when the last `BACK` weeks begin.
    """
    rng = np.random.default_rng(1)
    season = 0.3 + 0.1 * np.sin(2 * np.pi * np.arange(weeks) / 52)
    season[-BACK:] += jump
    return pa.Table.from_pylist(
        [
            {
                "tracker": "all",
                "model_name": "street",
                "city": f"city-{city}",
                "kind": "colour",
                "value": "red",
                "day": MONDAY + timedelta(weeks=week),
                "looks_count": 400,
                "looks_with_count": int(rng.binomial(400, share)),
            }
            for city in range(CITIES)
            for week, share in enumerate(season)
        ]
    )


def test_a_season_that_returns_is_told_better_than_by_last_year_or_the_last_level():
    score = score_origin(shares(), BACK)
    assert score is not None
    assert (score.weeks_count, score.series_count) == (WEEKS - BACK, CITIES)
    assert not score.is_backtested
    assert score.mase < score.naive_mase < score.level_mase
    assert 0.6 < score.covered <= 1.0


def test_a_jump_after_the_origin_is_not_foreseen():
    score = score_origin(shares(jump=0.3), BACK)
    assert score is not None
    assert score.covered < 0.05
    assert score.below == 0.0


def test_too_short_a_history_has_no_score():
    assert score_origin(shares(weeks=WEEKS - 1), BACK) is None


def test_a_score_is_a_row_of_the_table():
    score = score_origin(shares(), BACK)
    assert score is not None
    cells = [cell.strip() for cell in score.line().strip("|").split("|")]
    assert cells[:3] == ["104", "no", "12"]
    assert float(cells[3]) == pytest.approx(score.mase, abs=5e-4)
