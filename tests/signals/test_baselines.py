"""The floor of counts and the cold start."""

import numpy as np
import pytest

from trendlab.signals.baselines import cold_start_tail, count_floor
from trendlab.signals.trailing import TrailingBaselines


def test_the_floor_is_that_of_poisson_counts():
    rng = np.random.default_rng(1)
    for mean in (4.0, 25.0, 400.0):
        spread = np.log1p(rng.poisson(mean, 200_000)).std()
        assert count_floor(np.log1p([mean]))[0] == pytest.approx(spread, rel=0.15)


def test_the_cold_start_tail_is_wide_while_days_are_few():
    tails = []
    for days in (3, 7, 27):
        values = np.full((1, days + 1), 20.0)
        usable = np.ones(values.shape, bool)
        segments = np.zeros(values.shape, np.int64)
        base = TrailingBaselines(values, usable, segments).at(days, ~usable)
        tails.append(cold_start_tail(np.array([60.0]), base, 0.1)[0])
    assert tails[0] > tails[1] > tails[2] > 0
