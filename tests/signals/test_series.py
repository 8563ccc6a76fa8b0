"""The detector on any series: planted peaks found, nothing ahead read."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from trendlab.errors import SignalError
from trendlab.signals.series import SERIES_ROWS, detect_series, tell_grain

START = datetime(2024, 1, 1)


def steps(count, seconds):
    return [START + timedelta(seconds=seconds * i) for i in range(count)]


def test_a_planted_burst_in_five_minute_data_is_found():
    rng = np.random.default_rng(6)
    count = 288 * 6
    shape = 30 + 20 * np.sin(np.arange(count) / 288 * 2 * np.pi)
    values = rng.negative_binomial(20, 20 / (20 + shape)).astype(float)
    values[1500:1506] += 300
    rows = detect_series(steps(count, 300), values)
    flagged = np.flatnonzero(rows["is_peak"].to_numpy())
    assert set(range(1500, 1506)) <= set(flagged.tolist())
    assert len(flagged) - 6 < 0.01 * count
    assert rows["score"].to_numpy()[1500:1506].min() > 0.4


def test_daily_data_have_a_weekday_season():
    values = np.tile([10, 10, 10, 10, 10, 100, 100], 20).astype(float)
    rows = detect_series(steps(140, 86_400), values).to_pylist()
    assert not any(row["is_peak"] for row in rows[35:])
    assert rows[-1]["baseline"] == pytest.approx(100)


def test_later_rows_change_nothing():
    rng = np.random.default_rng(7)
    values = rng.poisson(20, 400).astype(float)
    short = detect_series(steps(300, 3600), values[:300])
    long = detect_series(steps(400, 3600), values)
    assert long.slice(0, 300).equals(short)


def test_gaps_and_missing_values_are_not_zero():
    values = np.full(200, 50.0)
    values[100] = np.nan
    moments = steps(220, 86_400)
    kept = moments[:120] + moments[140:]
    rows = detect_series(kept, values).to_pylist()
    assert rows[100]["value"] is None
    assert rows[100]["score"] == 0
    assert rows[125]["baseline"] == pytest.approx(50)


def test_scores_stay_between_zero_and_one():
    values = np.concatenate([np.ones(50), [1e12], np.zeros(50)])
    score = detect_series(steps(101, 3600), values)["score"].to_numpy()
    assert score.min() >= 0
    assert score.max() <= 1


def test_empty_and_one_row():
    assert detect_series([], []).schema.equals(SERIES_ROWS)
    one = detect_series(steps(1, 60), [5.0]).to_pylist()[0]
    assert one["score"] == 0
    assert one["baseline"] is None


def test_bad_input_names_the_row():
    with pytest.raises(SignalError, match="row 3"):
        tell_grain(np.array([0, 2, 1], "datetime64[s]"))
    with pytest.raises(SignalError, match="≥ 0"):
        detect_series(steps(2, 60), [1.0, -2.0])
    with pytest.raises(SignalError, match="got 2 and 1"):
        detect_series(steps(2, 60), [1.0])
