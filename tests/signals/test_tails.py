"""Tails equal exact sums and scipy's laws."""

from fractions import Fraction
from math import comb, prod

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


def exact_beta_binomial_tail(k, n, share, rho):
    """Sum the law in rational numbers: scipy's own sf is off by 1e-6 here and there."""
    strength = 1 / Fraction(rho) - 1
    a, b = Fraction(share) * strength, (1 - Fraction(share)) * strength

    def rising(base, count):
        return prod((base + i for i in range(count)), start=Fraction(1))

    mass = sum(comb(n, j) * rising(a, j) * rising(b, n - j) for j in range(k, n + 1))
    return float(mass / rising(a + b, n))


@settings(max_examples=80, deadline=None)
@given(
    n=st.integers(1, 40),
    part=st.floats(0, 1),
    share=st.floats(0.01, 0.9),
    rho=st.floats(0.001, 0.4),
)
def test_the_beta_binomial_tail_equals_the_exact_sum(n, part, share, rho):
    k = round(part * n)
    found = beta_binomial_upper_tail(k, n, share, rho)
    expected = exact_beta_binomial_tail(k, n, share, rho)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_the_beta_binomial_tail_of_a_large_day_equals_scipy():
    n, share, rho = 400, 0.15, 0.02
    strength = 1 / rho - 1
    k = np.array([1, 30, 60, 90, 120])
    expected = stats.betabinom.sf(k - 1, n, share * strength, (1 - share) * strength)
    found = beta_binomial_upper_tail(
        k, np.full(5, n), np.full(5, share), np.full(5, rho)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_far_tail_keeps_its_digits():
    # scipy gives 8.948848e-07 for this one
    found = beta_binomial_upper_tail(11, 85, 0.015625, 0.001)
    assert found == pytest.approx(
        exact_beta_binomial_tail(11, 85, 0.015625, 0.001), rel=1e-9
    )


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
