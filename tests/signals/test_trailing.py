"""Windows moved on step by step equal brute force, and read nothing ahead."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.errors import SignalError
from trendlab.signals.baselines import SHIFT_STEPS
from trendlab.signals.trailing import SERIES_PER_THREAD, TrailingBaselines


def panel(values):
    values = np.atleast_2d(np.asarray(values, float))
    shape = values.shape
    return (
        values,
        np.ones(shape, bool),
        np.zeros(shape, bool),
        np.zeros(shape, np.int64),
    )


def baseline_at(values, usable, flagged, segments, step, **options):
    return TrailingBaselines(values, usable, segments, **options).at(step, flagged)


def shift_start(flagged, first, step):
    """First step of the newest run of flags, gaps of one allowed, that is long."""
    start, run = first, []
    for i in (i for i in range(first, step) if flagged[i]):
        run = [*run, i] if run and i - run[-1] <= 2 else [i]
        if len(run) >= SHIFT_STEPS:
            start = run[0]
    return start


def brute_force(values, usable, flagged, segments, step, window, period):
    """Slot median, 1.4826 × MAD of pooled slot-centred residuals, mean and spread."""
    logs = np.log1p(values)
    first = max(0, step - window)
    start = shift_start(flagged, first, step)
    steps = [
        i
        for i in range(start, step)
        if usable[i]
        and segments[i] == segments[step]
        and (start > first or not flagged[i])
    ]
    if not steps:
        return np.nan, np.nan, 0, np.nan, np.nan
    overall = np.median(logs[steps])
    centres = {}
    for slot in range(period):
        mine = [logs[i] for i in steps if i % period == slot]
        centres[slot] = np.median(mine) if len(mine) >= 3 else overall
    residuals = [abs(logs[i] - centres[i % period]) for i in steps]
    scale = 1.4826 * np.median(residuals)
    mean = values[steps].mean()
    spread = 0.0
    if len(steps) > 1 and mean > 0:
        spread = max(0.0, (values[steps].var(ddof=1) - mean) / mean**2)
    return centres[step % period], scale, len(steps), mean, spread


@st.composite
def worlds(draw):
    """Series with ties, gaps, peaks, level shifts, new versions, uncovered days."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    series, steps = draw(st.integers(1, 4)), draw(st.integers(1, 130))
    shape = (series, steps)
    if draw(st.booleans()):  # counts tie, averages do not
        values = rng.poisson(draw(st.sampled_from([0.5, 3, 200])), shape).astype(float)
    else:
        values = rng.gamma(2.0, 5.0, shape)
    usable = rng.random(shape) >= draw(st.sampled_from([0.0, 0.1, 0.6, 0.95, 1.0]))
    flagged = rng.random(shape) < draw(st.sampled_from([0.0, 0.05, 0.4]))
    if steps > 60 and draw(st.booleans()):
        flagged[0, 30 : 30 + SHIFT_STEPS + draw(st.integers(-1, 20))] = True
    new_version = rng.random(shape) < draw(st.sampled_from([0.0, 0.02]))
    segments = np.cumsum(new_version, axis=1)
    is_uncovered = rng.random(shape) < draw(st.sampled_from([0.0, 0.1]))
    segments[is_uncovered] = -1
    usable &= ~is_uncovered
    values[~usable] = draw(st.sampled_from([0.0, 1e9]))
    return values, usable, flagged, segments


@settings(max_examples=60, deadline=None)
@given(
    world=worlds(),
    season=st.sampled_from([(84, 7), (56, 7), (52, 1), (30, 4)]),
    skipped=st.sets(st.integers(0, 129), max_size=5),
)
def test_every_step_equals_brute_force(world, season, skipped):
    values, usable, flagged, segments = world
    window, period = season
    steps = values.shape[1]
    baselines = TrailingBaselines(
        values, usable, segments, window=window, period=period, young_steps=28
    )
    for step in (step for step in range(steps) if step not in skipped):
        so_far = flagged.copy()
        so_far[:, step:] = False
        found = baselines.at(step, so_far)
        for s in range(len(values)):
            centre, scale, valid, mean, spread = brute_force(
                values[s], usable[s], so_far[s], segments[s], step, window, period
            )
            assert found.valid[s] == valid
            # bit for bit, NaN where there is nothing
            np.testing.assert_array_equal(found.centre[s], centre)
            np.testing.assert_array_equal(found.scale[s], scale)
            if valid >= 28:
                mean = spread = np.nan
            np.testing.assert_allclose(found.mean[s], mean, rtol=1e-12)
            np.testing.assert_allclose(found.spread[s], spread, rtol=1e-9, atol=1e-12)


def test_threads_change_no_bit():
    rng = np.random.default_rng(1)
    values, usable, flagged, segments = panel(
        rng.poisson(20, (3 * SERIES_PER_THREAD, 100))
    )
    usable &= rng.random(usable.shape) > 0.1
    alone = TrailingBaselines(values, usable, segments, threads=1)
    shared = TrailingBaselines(values, usable, segments, threads=3)
    for step in (0, 50, 51, 52, 99):
        one, other = alone.at(step, flagged), shared.at(step, flagged)
        for name in ("centre", "scale", "valid", "mean", "spread"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_the_present_and_the_future_do_not_enter():
    data, usable, flagged, segments = panel(np.arange(100))
    before = baseline_at(data, usable, flagged, segments, 90)
    data[0, 90:] = 1e6
    flagged[0, 90:] = True
    after = baseline_at(data, usable, flagged, segments, 90)
    assert before.centre[0] == after.centre[0]


def test_flagged_days_stay_out():
    data, usable, flagged, segments = panel(np.full(90, 10.0))
    data[0, 80:84] = 1000
    flagged[0, 80:84] = True
    found = baseline_at(data, usable, flagged, segments, 84)
    assert found.valid[0] == 80
    assert np.expm1(found.centre[0]) == pytest.approx(10)


def test_a_long_run_of_flags_restarts_the_baseline_at_the_new_level():
    data, usable, flagged, segments = panel(np.full(90, 10.0))
    data[0, 60:] = 100
    flagged[0, 60 : 60 + SHIFT_STEPS] = True
    found = baseline_at(data, usable, flagged, segments, 60 + SHIFT_STEPS)
    assert found.valid[0] == SHIFT_STEPS
    assert np.expm1(found.centre[0]) == pytest.approx(100)


def test_days_of_another_query_version_do_not_compare():
    data, usable, flagged, segments = panel(np.full(90, 10.0))
    segments[0, 70:] = 1
    assert baseline_at(data, usable, flagged, segments, 84).valid[0] == 14


def test_no_usable_day_gives_nan():
    data, usable, flagged, segments = panel(np.full(10, 3.0))
    usable[:] = False
    found = baseline_at(data, usable, flagged, segments, 9)
    assert np.isnan(found.centre[0])
    assert found.valid[0] == 0


def test_no_series_is_no_baseline():
    data, usable, flagged, segments = panel(np.empty((0, 10)))
    assert len(baseline_at(data, usable, flagged, segments, 9).centre) == 0


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_a_usable_value_must_be_a_number_of_0_or_more(wrong):
    data, usable, _, segments = panel([1.0, wrong, 3.0])
    with pytest.raises(SignalError, match="finite and ≥ 0"):
        TrailingBaselines(data, usable, segments)
