"""Dips of young series: their few days say how they swing, and few alarms are false."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from bench.null_series import START, activity_table, run_dips, score_series
from bench.null_world import COLD_WORLD_DAYS, draw_dips, no_spots
from trendlab.signals.dip_events import DipRule
from trendlab.signals.peaks import PeakRule

WORLDS = 12


def alarms_of(shares: list[float]) -> list[tuple[int, bool]]:
    """Numbers of the flagged days of 400 posts a day, and whether by their share."""
    posts = {"shoes": np.full(len(shares), 400)}
    bad = {"shoes": np.rint(400 * np.array(shares)).astype(int)}
    dips = run_dips(posts, bad, len(shares), DipRule(), PeakRule())
    return [((r["day"] - START).days, r["is_share_up"]) for r in dips.to_pylist()]


def test_the_days_of_a_young_series_say_how_far_its_share_swings() -> None:
    """28 % negative is no news after days of 5 and 15 %; 24 % is after 9 and 11 %."""
    assert alarms_of([0.05, 0.15] * 12 + [0.28]) == []
    assert alarms_of([0.09, 0.11] * 12 + [0.24]) == [(24, True)]


def test_negatives_of_a_young_series_may_swing_more_than_its_posts() -> None:
    """Fifty a day, then 150: of posts that is less likely than of negatives."""
    counts = {"shoes": np.array([50] * 10 + [150])}
    activity = activity_table(counts, counts)
    scores = score_series(activity, counts, 11, PeakRule())

    def last(measure: str) -> dict[str, object]:
        rows = scores.filter(pc.equal(scores["measure"], measure)).to_pylist()
        return dict(rows[-1])

    posts, negatives = last("posts"), last("negatives")
    assert posts["baseline"] == negatives["baseline"]
    assert posts["p_value"] < negatives["p_value"] / 3
    assert posts["expected_high"] < negatives["expected_high"]


def test_cold_starts_that_swing_three_times_the_prior_raise_few_alarms() -> None:
    """At the prior's own swing there are a tenth of these (bench/null_world.py)."""
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(WORLDS):
        posts, bad, _ = draw_dips(rng, COLD_WORLD_DAYS, 0.03, no_spots)
        dips = run_dips(posts, bad, COLD_WORLD_DAYS, DipRule(), PeakRule())
        alarms += len(set(dips["dip_id"].to_pylist()))

    assert 0 < alarms <= 0.65 / 100 * WORLDS * len(posts) * (COLD_WORLD_DAYS - 1)


def test_shares_of_null_worlds_are_drawn_to_each_other_and_not_to_half() -> None:
    """Without a tracker's total the rule knows of no share but one half."""
    rng = np.random.default_rng(3)
    posts, bad, spots = draw_dips(rng, 12, 0.003, lambda _: np.array([10]))
    dips = run_dips(posts, bad, 12, DipRule(), PeakRule()).to_pylist()

    assert spots["30 0.05"].tolist() == [10]
    usual = {r["tracker"]: r["baseline_share"] for r in dips if r["city"] == "all"}
    assert usual["30 0.25"] < 0.26
