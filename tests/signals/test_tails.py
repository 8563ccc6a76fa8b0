"""Tails equal scipy's laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trendlab.signals.tails import (
    benjamini_hochberg,
    beta_binomial_upper_tail,
    negative_binomial_upper_tail,
)


@settings(max_examples=80, deadline=None)
@given(
    n=st.integers(1, 400),
    part=st.floats(0, 1),
    share=st.floats(0.01, 0.9),
    rho=st.floats(0.001, 0.4),
)
def test_the_beta_binomial_tail_equals_scipy(n, part, share, rho):
    k = round(part * n)
    strength = 1 / rho - 1
    expected = stats.betabinom.sf(k - 1, n, share * strength, (1 - share) * strength)
    found = beta_binomial_upper_tail(k, n, share, rho)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_without_overdispersion_it_is_the_binomial():
    found = beta_binomial_upper_tail([12, 3], [100, 30], [0.05, 0.1], 0.0)
    np.testing.assert_allclose(
        found, stats.binom.sf([11, 2], [100, 30], [0.05, 0.1]), rtol=1e-9
    )


def test_the_gamma_poisson_tail_equals_scipy():
    value = np.array([0.0, 3.0, 40.0])
    mean = np.array([2.0, 2.0, 15.0])
    size = np.array([5.0, 5.0, 8.0])
    expected = stats.nbinom.sf(value - 1, size, size / (size + mean))
    np.testing.assert_allclose(
        negative_binomial_upper_tail(value, mean, size), expected
    )


def test_benjamini_hochberg_marks_as_by_hand():
    p = np.array([0.001, np.nan, 0.02, 0.04, 0.9])
    # thresholds 0.0125, 0.025, 0.0375, 0.05: 0.04 passes at none, 0.02 at the second
    assert benjamini_hochberg(p, 0.05).tolist() == [True, False, True, False, False]
    assert not benjamini_hochberg(np.array([np.nan]), 0.05).any()
