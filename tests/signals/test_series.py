"""The detector on any series: planted peaks found, nothing ahead read."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.errors import SignalError
from trendlab.signals.series import (
    PEAK_SCORE,
    SERIES_ROWS,
    detect_series,
    tell_grain,
)

START = datetime(2024, 1, 1)
DAY = 86_400


def steps(count, seconds):
    return [START + timedelta(seconds=seconds * i) for i in range(count)]


def seasonal_counts(rng, count, per_day, level=30.0):
    """Negative binomial counts with a daily swing of ± 60 %."""
    shape = level * (1 + 0.6 * np.sin(np.arange(count) / per_day * 2 * np.pi))
    return rng.negative_binomial(20, 20 / (20 + shape)).astype(float)


def peaks_of(rows):
    return np.flatnonzero(rows["is_peak"].to_numpy()).tolist()


def test_a_planted_burst_in_five_minute_data_is_told_once():
    values = seasonal_counts(np.random.default_rng(6), 288 * 6, 288)
    values[1500:1530] += 300
    rows = detect_series(steps(len(values), 300), values)
    # the mean of two hours takes two rows to rise by half
    assert peaks_of(rows) == [1502]
    # the rest of the burst stands out of the quiet rows, below the threshold
    score = rows["score"].to_numpy()
    assert score[1503:1530].min() >= 0.25
    assert score[1503:1530].max() < PEAK_SCORE


def test_a_second_burst_after_a_quiet_day_is_told_too():
    values = seasonal_counts(np.random.default_rng(6), 24 * 20, 24)
    values[300:302] += 500
    values[310] += 500
    values[350:352] += 1500
    assert peaks_of(detect_series(steps(len(values), 3600), values)) == [300, 350]


@pytest.mark.parametrize(("grain", "per_day"), [(300, 288), (900, 96), (3600, 24)])
def test_quiet_seasonal_series_have_few_peaks(grain, per_day):
    alarms = 0
    for seed in range(3):
        values = seasonal_counts(np.random.default_rng(seed), per_day * 30, per_day)
        alarms += len(peaks_of(detect_series(steps(len(values), grain), values)))
    assert alarms <= 9  # 90 days


def test_the_same_burst_is_found_at_every_grain():
    rng = np.random.default_rng(3)
    minutes = seasonal_counts(rng, 1440 * 12, 1440)
    minutes[14_400:14_520] += 200  # two hours at noon of day 11
    for width in (1, 5, 15, 60):
        values = minutes.reshape(-1, width).sum(axis=1)
        rows = detect_series(steps(len(values), 60 * width), values)
        at = [row * width for row in peaks_of(rows)]
        assert [row for row in at if 14_400 - width < row < 14_520], width


def test_daily_data_have_a_weekday_season():
    values = np.tile([10, 10, 10, 10, 10, 100, 100], 20).astype(float)
    rows = detect_series(steps(140, DAY), values).to_pylist()
    assert not any(row["is_peak"] for row in rows)
    assert rows[-1]["baseline"] == pytest.approx(100)


def test_a_weekend_value_on_a_weekday_is_a_peak_of_daily_data():
    values = np.tile([10, 10, 10, 10, 10, 100, 100], 20).astype(float)
    values[107] = 100  # a Wednesday
    rows = detect_series(steps(140, DAY), values)
    assert peaks_of(rows) == [107]


def test_a_peak_of_days_stays_out_of_the_baseline_and_each_day_is_marked():
    values = np.random.default_rng(2).poisson(100, 120).astype(float)
    values[90:93] = 400
    rows = detect_series(steps(120, DAY), values)
    assert peaks_of(rows) == [90, 91, 92]
    assert rows["baseline"][97].as_py() < 130


def test_weekly_data_have_no_season():
    values = np.random.default_rng(4).poisson(200, 80).astype(float)
    values[60] = 900
    assert peaks_of(detect_series(steps(80, 7 * DAY), values)) == [60]


def test_a_flat_series_has_no_peak_and_is_its_own_baseline():
    rows = detect_series(steps(500, 3600), np.full(500, 50.0))
    assert peaks_of(rows) == []
    assert rows["score"].to_numpy().max() == 0
    assert rows["baseline"][499].as_py() == pytest.approx(50)


def test_a_certain_but_small_rise_is_no_peak():
    values = np.full(500, 10_000.0)
    values[400:410] = 13_000.0
    assert peaks_of(detect_series(steps(500, 3600), values)) == []


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    cut=st.integers(1, 399),
    grain=st.sampled_from([300, 3600, DAY, 7 * DAY]),
)
def test_later_rows_change_nothing(seed, cut, grain):
    rng = np.random.default_rng(seed)
    values = np.floor(np.exp(rng.normal(2, 1.5, 400)))
    values[rng.random(400) < 0.05] = np.nan
    moments = steps(400, grain)
    short = detect_series(moments[:cut], values[:cut], grain_seconds=grain)
    long = detect_series(moments, values, grain_seconds=grain)
    assert long.slice(0, cut).equals(short)


def test_gaps_and_missing_values_are_not_zero():
    values = np.full(200, 50.0)
    values[100] = np.nan
    moments = steps(220, DAY)
    rows = detect_series(moments[:120] + moments[140:], values).to_pylist()
    assert rows[100]["value"] is None
    assert rows[100]["score"] == 0
    assert rows[125]["baseline"] == pytest.approx(50)


def test_a_gap_in_hourly_data_does_not_shift_the_time_of_day():
    day = np.array([10.0] * 12 + [100.0] * 12)
    values = np.tile(day, 12)
    kept = np.r_[0:100, 107:288]
    moments = [steps(288, 3600)[i] for i in kept]
    rows = detect_series(moments, values[kept])
    told = rows["baseline"].to_numpy()[-24:]
    assert told == pytest.approx(day)
    assert peaks_of(rows) == []


@pytest.mark.parametrize("grain", [300, 3600, DAY, 7 * DAY])
def test_scores_stay_between_zero_and_one(grain):
    values = np.concatenate([np.ones(350), [1e15], np.zeros(50)])
    rows = detect_series(steps(401, grain), values)
    score = rows["score"].to_numpy()
    assert score.min() >= 0
    assert score.max() <= 1
    assert peaks_of(rows) == [350]
    assert ((score >= PEAK_SCORE) == rows["is_peak"].to_numpy()).all()


def test_empty_one_row_and_all_missing():
    assert detect_series([], []).schema.equals(SERIES_ROWS)
    one = detect_series(steps(1, 60), [5.0]).to_pylist()[0]
    assert one["score"] == 0
    assert one["baseline"] is None
    for grain in (60, DAY):
        rows = detect_series(steps(3, grain), [np.nan] * 3)
        assert rows["score"].to_pylist() == [0, 0, 0]
        assert rows["value"].null_count == rows["baseline"].null_count == 3


def test_bad_input_names_the_row():
    with pytest.raises(SignalError, match="row 3"):
        tell_grain(np.array([0, 2, 1], "datetime64[s]"))
    with pytest.raises(SignalError, match=r"≥ 0.*row 2"):
        detect_series(steps(2, 60), [1.0, -2.0])
    with pytest.raises(SignalError, match=r"finite.*row 1"):
        detect_series(steps(2, 60), [np.inf, 2.0])
    with pytest.raises(SignalError, match="got 2 and 1"):
        detect_series(steps(2, 60), [1.0])
    with pytest.raises(SignalError, match="steps of 86400 s"):
        detect_series([START, datetime(4024, 1, 1)], [1.0, 2.0], grain_seconds=DAY)
