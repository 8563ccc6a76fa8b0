"""Trailing baselines equal brute force and read nothing ahead."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.signals.baselines import (
    SHIFT_STEPS,
    cold_start_tail,
    count_floor,
    trailing_baseline,
)


def panel(values):
    values = np.atleast_2d(np.asarray(values, float))
    shape = values.shape
    return (
        values,
        np.ones(shape, bool),
        np.zeros(shape, bool),
        np.zeros(shape, np.int64),
    )


def brute_force(values, usable, step, window, period):
    """Slot median and 1.4826 × MAD of the pooled slot-centred residuals."""
    logs = np.log1p(values)
    steps = [i for i in range(max(0, step - window), step) if usable[i]]
    if not steps:
        return np.nan, np.nan, 0
    overall = np.median(logs[steps])
    centres = {}
    for slot in range(period):
        mine = [logs[i] for i in steps if i % period == slot]
        centres[slot] = np.median(mine) if len(mine) >= 3 else overall
    residuals = [abs(logs[i] - centres[i % period]) for i in steps]
    return centres[step % period], 1.4826 * np.median(residuals), len(steps)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.integers(0, 500), min_size=30, max_size=120),
    seed=st.integers(0, 10_000),
    step=st.integers(0, 119),
)
def test_the_kernel_equals_brute_force(values, seed, step):
    step = min(step, len(values) - 1)
    data, usable, flagged, segments = panel(values)
    usable &= np.random.default_rng(seed).random(usable.shape) > 0.3
    found = trailing_baseline(
        data, usable, flagged, segments, step, window=56, period=7
    )
    centre, scale, valid = brute_force(data[0], usable[0], step, 56, 7)
    np.testing.assert_allclose(found.centre[0], centre)
    np.testing.assert_allclose(found.scale[0], scale)
    assert found.valid[0] == valid


def test_the_present_and_the_future_do_not_enter():
    data, usable, flagged, segments = panel(np.arange(100))
    before = trailing_baseline(data, usable, flagged, segments, 90)
    data[0, 90:] = 1e6
    after = trailing_baseline(data, usable, flagged, segments, 90)
    assert before.centre[0] == after.centre[0]


def test_flagged_days_stay_out():
    data, usable, flagged, segments = panel(np.full(90, 10.0))
    data[0, 80:84] = 1000
    flagged[0, 80:84] = True
    found = trailing_baseline(data, usable, flagged, segments, 84)
    assert found.valid[0] == 80
    assert np.expm1(found.centre[0]) == pytest.approx(10)


def test_a_long_run_of_flags_restarts_the_baseline_at_the_new_level():
    data, usable, flagged, segments = panel(np.full(90, 10.0))
    data[0, 60:] = 100
    flagged[0, 60 : 60 + SHIFT_STEPS] = True
    found = trailing_baseline(data, usable, flagged, segments, 60 + SHIFT_STEPS)
    assert found.valid[0] == SHIFT_STEPS
    assert np.expm1(found.centre[0]) == pytest.approx(100)


def test_days_of_another_query_version_do_not_compare():
    data, usable, flagged, segments = panel(np.full(90, 10.0))
    segments[0, 70:] = 1
    assert trailing_baseline(data, usable, flagged, segments, 84).valid[0] == 14


def test_no_usable_day_gives_nan():
    data, usable, flagged, segments = panel(np.full(10, 3.0))
    usable[:] = False
    found = trailing_baseline(data, usable, flagged, segments, 9)
    assert np.isnan(found.centre[0])
    assert found.valid[0] == 0


def test_the_floor_is_that_of_poisson_counts():
    rng = np.random.default_rng(1)
    for mean in (4.0, 25.0, 400.0):
        spread = np.log1p(rng.poisson(mean, 200_000)).std()
        assert count_floor(np.log1p([mean]))[0] == pytest.approx(spread, rel=0.15)


def test_the_cold_start_tail_is_wide_while_days_are_few():
    tails = []
    for days in (3, 7, 27):
        data, usable, flagged, segments = panel(np.full(days + 1, 20.0))
        base = trailing_baseline(data, usable, flagged, segments, days)
        tails.append(cold_start_tail(np.array([60.0]), base)[0])
    assert tails[0] > tails[1] > tails[2] > 0
