"""Surprise on a trailing Pareto tail equals brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.signals.surprise import (
    MIN_TAIL_ROWS,
    NORMAL_TAIL_SIGMA,
    slot_medians,
    smooth,
    trailing_surprise,
)


def brute_surprise(logs, places, i, window, min_rows, share, width):
    past = [
        logs[j]
        for j in range(i)
        if places[j] >= places[i] - window and not np.isnan(logs[j])
    ]
    middle = np.median(past) if past else np.nan
    tail = max(MIN_TAIL_ROWS, int(share * len(past)))
    if np.isnan(logs[i]) or len(past) < min_rows or len(past) <= tail:
        return np.nan, middle
    top = np.sort(past)[-tail:]
    start = np.sort(past)[-tail - 1]
    mean = max(np.expm1(start), 1.0)
    floor = NORMAL_TAIL_SIGMA * np.sqrt(mean / width) / (1 + mean)
    scale = max(np.mean(top - start), floor)
    if logs[i] <= start:
        return 0.0, middle
    chance = tail / len(past) * np.exp(-(logs[i] - start) / scale)
    return -np.log10(chance), middle


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    window=st.integers(10, 60),
    width=st.integers(1, 5),
    has_gaps=st.booleans(),
)
def test_surprise_median_and_mean_equal_brute_force(seed, window, width, has_gaps):
    rng = np.random.default_rng(seed)
    values = np.floor(np.exp(rng.normal(1, 1, 80)))
    values[rng.random(80) < 0.1] = np.nan
    places = np.cumsum(rng.integers(0, 4, 80)) if has_gaps else np.arange(80)
    means = smooth(values, places, width)
    for i in range(80):
        near = [values[j] for j in range(i + 1) if places[j] > places[i] - width]
        expected = np.nan if np.isnan(values[i]) else np.nanmean(near)
        assert means[i] == pytest.approx(expected, nan_ok=True)
    logs = np.log1p(means)
    told, median = trailing_surprise(
        logs, places, window=window, min_rows=8, tail_share=0.1, width=width
    )
    for i in range(80):
        expected, middle = brute_surprise(logs, places, i, window, 8, 0.1, width)
        assert told[i] == pytest.approx(expected, nan_ok=True, abs=1e-9)
        assert median[i] == pytest.approx(middle, nan_ok=True)


def test_a_pareto_law_gives_back_its_own_tail():
    rng = np.random.default_rng(1)
    logs = rng.exponential(0.5, 20_000) + 5.0
    told, _ = trailing_surprise(
        logs, np.arange(20_000), window=5_000, min_rows=1_000, tail_share=0.05
    )
    # one row in 1,000 has a surprise of 3
    assert (told[5_000:] > 3).mean() == pytest.approx(0.001, rel=0.5)


def test_slots_are_the_same_step_of_earlier_periods():
    logs = np.tile([1.0, 2.0, 3.0], 6)
    fallback = np.full(18, 9.0)
    told = slot_medians(logs, np.arange(18), period=3, periods=4, fallback=fallback)
    assert told.tolist() == [9.0] * 9 + [1.0, 2.0, 3.0] * 3


def test_empty_series_give_empty_arrays():
    nothing, places = np.zeros(0), np.zeros(0, np.int64)
    told, median = trailing_surprise(
        nothing, places, window=5, min_rows=2, tail_share=0.1
    )
    assert len(smooth(nothing, places, 3)) == len(told) == len(median) == 0
