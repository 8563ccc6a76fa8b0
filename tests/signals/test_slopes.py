"""Slopes: planted ones, none, autocorrelation, gaps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from trendlab.signals.slopes import MIN_POINTS, measure_slope


def red_noise(rng: np.random.Generator, count: int, memory: float) -> np.ndarray:
    values = np.zeros(count)
    for at in range(1, count):
        values[at] = memory * values[at - 1] + rng.normal()
    return values


def test_a_straight_line_has_its_slope() -> None:
    found = measure_slope(0.25 * np.arange(26.0))
    assert found is not None
    assert (found.slope, found.low, found.high) == pytest.approx((0.25, 0.25, 0.25))
    assert found.tau == 1.0
    assert found.p_value < 1e-8
    assert found.points_count == 26


def test_a_missing_week_keeps_its_place() -> None:
    values = 0.25 * np.arange(26.0)
    values[[3, 4, 17]] = np.nan
    found = measure_slope(values)
    assert found is not None
    assert found.slope == pytest.approx(0.25)
    assert found.points_count == 23


def test_a_series_that_alternates_gets_the_plain_test() -> None:
    values = np.array([3.0, 1, 4, 1.5, 5, 2.5, 6, 2, 5.5, 3.5, 8, 4.5])
    found = measure_slope(values)
    assert found is not None
    tau = stats.kendalltau(np.arange(values.size), values)
    assert found.tau == pytest.approx(tau.statistic)
    count = values.size
    s = found.tau * count * (count - 1) / 2
    z = (s - 1) / np.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(z))


@pytest.mark.parametrize(("memory", "at_most"), [(0.0, 0.07), (0.6, 0.12)])
def test_memory_passes_for_a_slope_far_less_often_than_untested(
    memory: float, at_most: float
) -> None:
    rng = np.random.default_rng(7)
    found = [measure_slope(red_noise(rng, 26, memory)) for _ in range(500)]
    marked = sum(each is not None and each.p_value <= 0.05 for each in found) / 500
    assert 0.01 < marked <= at_most


@pytest.mark.parametrize(
    "values",
    [
        np.array([]),
        np.array([1.0]),
        np.arange(MIN_POINTS - 1.0),
        np.full(26, 0.4),
        np.full(26, np.nan),
    ],
)
def test_too_few_or_equal_points_have_no_slope(values: np.ndarray) -> None:
    assert measure_slope(values) is None
