"""The batched tests equal statsmodels; tails, families and walk-forward are right."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bench.influence import made_panel, reference_tests, run_all
from trendlab.signals.influence.marking import false_discovery_q
from trendlab.signals.influence.pairs import (
    f_tail,
    longest_lag,
    season_terms,
    steady_terms,
    t_tail,
)
from trendlab.signals.influence.panel import MAX_DEVIATIONS, cut_jumps, logit_shares
from trendlab.signals.influence.timing import walk_forward_change


@pytest.mark.parametrize(
    ("weeks", "missing", "memory"),
    [(156, 0.0, 0.6), (156, 0.04, 0.3), (60, 0.0, 0.97), (240, 0.01, 1.0)],
)
def test_every_f_equals_statsmodels(weeks, missing, memory):
    panel = made_panel(2, 9, weeks, missing, seed=weeks, memory=memory)
    designs, tests = run_all(panel)
    for style, source, target in [(0, 1, 2), (0, 8, 0), (1, 3, 7)]:
        alone, joint = reference_tests(
            panel.values[style],
            panel.seen[style],
            designs[style].order,
            longest_lag(weeks),
            source,
            target,
        )
        at = style, source, target
        np.testing.assert_allclose(tests.t[at] ** 2, alone, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(tests.joint[at], joint, rtol=1e-8, atol=1e-8)


def test_four_cities_have_no_world_and_still_equal_statsmodels():
    panel = made_panel(1, 4, 100)
    designs, tests = run_all(panel)
    alone, joint = reference_tests(
        panel.values[0], panel.seen[0], designs[0].order, longest_lag(100), 0, 1
    )
    np.testing.assert_allclose(tests.t[0, 0, 1] ** 2, alone, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(tests.joint[0, 0, 1], joint, rtol=1e-8, atol=1e-8)


def test_the_diagonal_is_not_tested():
    _, tests = run_all(made_panel(1, 5, 80))
    assert not tests.free[0].diagonal().any()


def test_tails_equal_scipy():
    t = np.array([0.0, 1.5, 6.0, 12.0])
    np.testing.assert_allclose(
        t_tail(t, np.full(4, 90.0)), 2 * stats.t.sf(t, 90), rtol=1e-10
    )
    np.testing.assert_allclose(
        f_tail(t, 8, np.full(4, 90.0)), stats.f.sf(t, 8, 90), rtol=1e-10
    )


def test_false_discovery_equals_scipy_and_leaves_untested_pairs_out():
    p = np.random.default_rng(0).random(500) ** 3
    given = np.concatenate([p, [np.nan, np.nan]])
    q = false_discovery_q(given)
    np.testing.assert_allclose(q[:500], stats.false_discovery_control(p))
    assert np.isnan(q[500:]).all()


def test_the_longest_lag_shrinks_with_the_history():
    assert [longest_lag(weeks) for weeks in (30, 52, 80, 300)] == [3, 5, 8, 8]


def test_a_short_history_gets_fewer_waves():
    assert [len(season_terms(weeks)) for weeks in (30, 52, 104)] == [3, 5, 7]
    assert [len(steady_terms(weeks)) for weeks in (30, 52, 104)] == [4, 6, 8]


def test_a_share_of_nought_or_one_has_a_logit():
    logits = logit_shares(np.array([0.0, 0.5, 1.0]), np.array([100.0] * 3))
    assert logits[1] == 0
    assert logits[0] == -logits[2]
    assert np.isfinite(logits).all()


def test_a_jump_counts_as_far_as_a_week_may_lie_and_a_missing_week_does_not():
    calm = np.random.default_rng(0).normal(-2, 0.2, (1, 2, 150))
    seen = np.ones(calm.shape, bool)
    jumping = calm.copy()
    jumping[0, 0, 70] = 3.0
    np.testing.assert_array_equal(cut_jumps(calm, seen), calm)
    cut = cut_jumps(jumping, seen)
    others = np.delete(np.arange(150), 70)
    np.testing.assert_array_equal(cut[0, :, others], calm[0, :, others])
    own = cut[0, 0]
    assert (own[70] - own.mean()) / own.std() == pytest.approx(MAX_DEVIATIONS, 1e-3)
    seen[0, 0, 70] = False
    np.testing.assert_array_equal(cut_jumps(jumping, seen), jumping)


def test_walk_forward_never_looks_ahead_and_tells_a_lead_from_noise():
    rng = np.random.default_rng(4)
    led, noise = rng.normal(size=(2, 120))
    target = 0.8 * led + rng.normal(size=120) * 0.5
    rows, base = np.ones(120), np.ones((1, 120))
    assert walk_forward_change(target, rows, base, led) < -0.5
    assert walk_forward_change(target, rows, base, noise) > -0.02
    # the error of the last week but one cannot depend on the last
    later = target.copy()
    later[-1] = 50.0
    without_last = rows.copy()
    without_last[-1] = 0.0
    assert walk_forward_change(later, without_last, base, led) == walk_forward_change(
        target, without_last, base, led
    )


def test_walk_forward_without_weeks_to_judge_is_unknown():
    rows = np.zeros(40)
    rows[:4] = 1
    base = np.ones((3, 40))
    assert np.isnan(walk_forward_change(np.ones(40), rows, base, np.ones(40)))
