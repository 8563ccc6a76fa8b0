"""The parts of forecasts: scores, weighted medians, holes, level and season."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.signals.forecast.harmonic import (
    Shape,
    from_scale,
    level_basis,
    pull_in,
    to_scale,
)
from trendlab.signals.forecast.history import make_history, naive_scale
from trendlab.signals.forecast.members import SHAPES, choose_members
from trendlab.signals.forecast.naive import repeat_last_year
from trendlab.signals.forecast.scores import coverage, direction, mase, smape
from trendlab.signals.forecast.weights import weigh_members, weighted_median


def test_mase_is_the_error_over_the_in_sample_seasonal_naive_error():
    values = np.zeros((106, 1))
    values[52:104] = 2.0
    values[104:] = 3.0
    # |2 - 0| for 52 weeks, then |3 - 2| for two: 106 / 54
    scale = naive_scale(make_history(values))
    assert scale == pytest.approx([106 / 54])
    assert mase(np.array([[4.0]]), np.array([[1.0]]), scale) == pytest.approx(
        [3 * 54 / 106]
    )


def test_the_scale_of_a_constant_or_short_series_is_not_a_number():
    assert np.isnan(naive_scale(make_history(np.ones((120, 1))))).all()
    assert np.isnan(naive_scale(make_history(np.ones((52, 1))))).all()


def test_scores_leave_out_what_is_not_known():
    actual = np.array([[1.0, np.nan], [np.nan, np.nan]])
    told = np.full((2, 2), 3.0)
    assert smape(actual, told)[0] == pytest.approx(1.0)
    assert np.isnan(smape(actual, told)[1])
    assert coverage(actual, told - 3, told) == 1.0
    assert np.isnan(coverage(np.full((1, 1), np.nan), told[:1], told[:1]))


def test_smape_of_two_zeros_is_zero():
    assert smape(np.zeros((3, 1)), np.zeros((3, 1))) == [0.0]


def test_direction_has_a_flat_band_of_five_percent():
    before = np.ones((52, 4))
    after = np.array([[1.2, 1.04, 0.96, 0.8]] * 52)
    assert direction(before, after).tolist() == [1.0, 0.0, 0.0, -1.0]
    assert np.isnan(direction(np.zeros((2, 1)), np.ones((2, 1)))).all()


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=9),
)
@settings(max_examples=100, deadline=None)
def test_equal_weights_give_the_median(values):
    stack = np.array(values)[:, None]
    told = weighted_median(stack, np.ones(len(values)))
    assert told[0] == pytest.approx(np.median(values))


@given(
    st.lists(
        st.tuples(st.floats(-100, 100), st.floats(0.01, 10)), min_size=1, max_size=9
    )
)
@settings(max_examples=100, deadline=None)
def test_a_weighted_median_lies_among_its_members(pairs):
    values, weights = map(np.array, zip(*pairs, strict=True))
    told = weighted_median(values[:, None], weights)
    assert values.min() - 1e-9 <= told[0] <= values.max() + 1e-9


def test_a_member_with_most_of_the_weight_nearly_decides():
    stack = np.array([[0.0], [1.0], [10.0]])
    assert weighted_median(stack, np.array([1.0, 1.0, 98.0]))[0] > 9


def test_without_a_backtest_members_weigh_the_same():
    assert weigh_members([], ["a", "b"]) == {"a": 0.5, "b": 0.5}


def test_holes_are_filled_from_what_was_known_before_the_origin():
    values = np.array([[1.0], [np.nan], [3.0], [np.nan], [100.0]])
    history = make_history(values)
    assert history.values[:, 0].tolist() == [1.0, 2.0, 3.0, 51.5, 100.0]
    assert history.until(4).values[:, 0].tolist() == [1.0, 2.0, 3.0, 3.0]
    assert history.seen[:, 0].tolist() == [True, False, True, False, True]


@pytest.mark.parametrize("scale", ["log", "sqrt", "linear"])
def test_scales_go_there_and_back(scale):
    values = np.array([[0.0, 0.5, 1.0, 7.0]])
    np.testing.assert_allclose(
        from_scale(to_scale(values, scale), scale), values, atol=1e-12
    )


def test_hat_functions_sum_to_one_and_are_flat_beyond_the_end():
    basis = level_basis(100, 20, 13)
    np.testing.assert_allclose(basis.sum(axis=1), 1.0)
    np.testing.assert_array_equal(basis[100:, -1], 1.0)


def test_a_wild_week_is_pulled_in_and_calm_ones_are_left():
    rng = np.random.default_rng(1)
    seen = 1 + 0.05 * rng.normal(size=(208, 1))
    seen[100] = 9.0
    pulled = pull_in(seen, Shape("linear"))
    assert pulled[100, 0] < 2
    assert (np.abs(pulled - seen)[:, 0] > 1e-9).mean() < 0.15


def test_last_year_again_repeats_for_longer_horizons():
    values = np.arange(60.0)[:, None]
    told = repeat_last_year(make_history(values), 54)[:, 0]
    assert told[:2].tolist() == [8.0, 9.0]
    assert told[52:].tolist() == [8.0, 9.0]


def test_the_light_setting_is_part_of_the_full_one():
    light, full = choose_members(200, "light"), choose_members(200, "full")
    assert set(light) < set(full)
    assert set(SHAPES) < set(light)
