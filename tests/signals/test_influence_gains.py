"""Forecasts with and without leaders: gains where planted, none claimed elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import statsmodels.api as sm
from scipy import special

from bench.influence_worlds import World, null_world, planted_world
from trendlab.signals.influence import (
    FORECASTS,
    SERIES,
    InfluenceRule,
    compare_forecasts,
)
from trendlab.signals.influence.edges import Kept, mark_edges
from trendlab.signals.influence.foretell import (
    FIRST_FIT_WEEKS,
    REFIT_WEEKS,
    WALKED,
    walk_forecasts,
)
from trendlab.signals.influence.gains import (
    ALL,
    MIN_ORIGINS,
    judge_forecasts,
    mean_test,
)
from trendlab.signals.influence.pairs import design_styles, season_terms
from trendlab.signals.influence.panel import read_cube, standardise

RULE = InfluenceRule()


@pytest.fixture(scope="module")
def world() -> World:
    return planted_world(np.random.default_rng([9, 1]), cities=12, edges=6)


@pytest.fixture(scope="module")
def walked(world: World) -> pl.DataFrame:
    return walk_forecasts(read_cube(world.series()), RULE)


def total(forecasts: pa.Table) -> dict:
    """Give the row over all series and weeks ahead."""
    (row,) = (
        row
        for row in forecasts.to_pylist()
        if row["is_total"] and row["style"] == row["target"] == ALL
    )
    return row


def test_planted_leaders_make_forecasts_better(world):
    told = compare_forecasts(world.series())
    assert told.schema == FORECASTS
    whole = total(told)
    assert whole["verdict"] == "better"
    assert 0 < whole["gain_low"] < whole["gain"] < whole["gain_high"]
    assert whole["gain"] == pytest.approx(whole["mase_without"] - whole["mase_with"])
    followers = {target for _, target in world.planted}
    assert {row["target"] for row in told.to_pylist()} <= followers | {ALL}


def test_a_leader_reaches_as_far_as_its_lag(world, walked):
    for row in walked.iter_rows(named=True):
        lags = [world.planted[source, row["target"]] for source in row["sources"]]
        assert row["weeks_ahead"] <= min(lags)


def test_a_forecast_is_the_same_whatever_came_after_its_week(world, walked):
    """Weeks after a quarter's last forecast are drawn anew: nothing before moves."""
    fit = walked["origin"].min()
    changed = world.shares.copy()
    end = fit + REFIT_WEEKS
    changed[:, end:] = np.random.default_rng(0).permuted(changed[:, end:], axis=1)
    again = walk_forecasts(read_cube(replace(world, shares=changed).series()), RULE)

    def early(rows: pl.DataFrame) -> list[dict]:
        is_early = pl.col("origin") + pl.col("weeks_ahead") <= end
        return rows.filter(is_early).to_dicts()

    assert early(again) == early(walked) != []


def test_a_forecast_knows_no_week_from_its_origin_on(world):
    """Nor of a leader with a lag shorter than the weeks ahead, beside a slower one."""
    cube = read_cube(world.series())
    fit, target, fast, slow = cube.share.shape[2] - REFIT_WEEKS, 0, 1, 2

    def mark(panel, rule):
        leads = [
            Kept(0, leader, target, lag, 1.0, -0.1)
            for leader, lag in ((fast, 1), (slow, 3))
        ]
        return leads, design_styles(panel)

    def first_told(share: np.ndarray) -> list[dict]:
        known = replace(cube, share=share)
        return walk_forecasts(known, RULE, mark=mark).filter(origin=fit).to_dicts()

    later = cube.share.copy()
    later[0, 1:, fit:] = 1 - later[0, 1:, fit:]
    told = first_told(cube.share)
    assert [row["weeks_ahead"] for row in told] == [1, 2, 3]
    assert [len(row["sources"]) for row in told] == [2, 1, 1]
    assert first_told(later) == told


def test_edges_are_those_that_were_known_at_the_time(world, walked):
    cube = read_cube(world.series())
    for fit in sorted(set(walked["origin"].to_list()))[::REFIT_WEEKS][:3]:
        edges, _ = mark_edges(standardise(cube.until(fit)), RULE)
        known = {cube.cities[edge.target] for edge in edges}
        assert known == set(walked.filter(origin=fit, weeks_ahead=1)["target"])


def test_a_forecast_is_least_squares_on_what_was_known(world, walked):
    """The first forecast of a series, by statsmodels, from the words."""
    row = walked.filter(weeks_ahead=2).sort("origin", "target").row(0, named=True)
    cube, ahead, fit = read_cube(world.series()), row["weeks_ahead"], row["origin"]
    edges, designs = mark_edges(standardise(cube.until(fit)), RULE)
    target = cube.cities.index(row["target"])
    logits, _ = cube.logits(RULE.min_looks)
    before = logits[0][:, :fit]
    mean, spread = before.mean(axis=1), before.std(axis=1)
    values = (logits[0] - mean[:, None]) / spread[:, None]
    world_mean = np.delete(values, target, axis=0).mean(axis=0)

    def back(series: np.ndarray, weeks: int) -> np.ndarray:
        return np.concatenate([np.zeros(weeks), series[:-weeks]])

    order = designs[0].order
    terms = list(season_terms(values.shape[1])[: len(season_terms(fit))])
    for lag in range(ahead, ahead + order):
        terms += [back(values[target], lag), back(world_mean, lag)]
    led = [
        back(values[edge.source], edge.lag)
        for edge in edges
        if edge.target == target and edge.lag >= ahead
    ]
    first, week = ahead + order - 1, fit + ahead - 1
    for columns, name in ((terms, "without"), (terms + led, "with")):
        design = np.array(columns).T
        fitted = sm.OLS(values[target, first:fit], design[first:fit]).fit()
        told = mean[target] + spread[target] * float(fitted.params @ design[week])
        error = abs(cube.share[0, target, week] - special.expit(told))
        assert row[f"error_{name}"] == pytest.approx(error, abs=1e-6)


@pytest.mark.parametrize(("count", "reach"), [(26, 8), (78, 8), (26, 1), (78, 3)])
def test_gains_that_hang_together_are_rarely_called_other_than_0(count, reach):
    rng = np.random.default_rng(0)
    noise = rng.standard_t(5, size=(500, count + reach - 1))
    chances = [
        mean_test(np.convolve(row, np.ones(reach), "valid"), reach)[2] for row in noise
    ]
    assert 0.02 <= np.mean(np.array(chances) <= 0.05) <= 0.10


def test_the_interval_is_the_gains_that_the_test_lets_stand():
    gains = np.random.default_rng(3).normal(0.3, 1.0, size=40)
    low, high, p = mean_test(gains, 4)
    assert low < gains.mean() < high
    assert mean_test(gains - low, 4)[2] == pytest.approx(0.05)
    assert (p <= 0.05) == (low > 0 or high < 0)


def test_too_few_origins_give_no_interval():
    assert mean_test(np.ones(MIN_ORIGINS - 1), 1) == (None, None, None)


def test_gains_that_never_vary_are_no_evidence():
    assert mean_test(np.zeros(MIN_ORIGINS), 1) == (0.0, 0.0, 1.0)


def test_where_nobody_leads_a_gain_is_told_as_rarely_as_promised():
    """An edge found by chance in one of six searches is followed, to no avail."""
    verdicts = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        told = compare_forecasts(null_world("white noise", rng, cities=12).series())
        if told.num_rows:
            verdicts.append(total(told)["verdict"])
    assert verdicts
    assert verdicts.count("better") <= 1


def test_a_useless_leader_is_not_called_a_gain(world):
    """Cities that lead nobody are put in place of the edges found."""

    def stranger(panel, rule):
        edges, designs = mark_edges(panel, rule)
        leads = {source for source, _ in world.planted}
        others = [at for at, name in enumerate(panel.cities) if name not in leads]
        return [
            replace(edge, source=next(at for at in others if at != edge.target))
            for edge in edges
        ], designs

    walked = walk_forecasts(read_cube(world.series()), RULE, mark=stranger)
    whole = total(judge_forecasts(walked))
    assert whole["verdict"] in ("undecided", "worse")


def test_the_row_of_all_is_the_mean_over_forecasts():
    """One week ahead helped by 1, eight weeks ahead hurt by 0.5, from each origin."""
    origins = range(60, 60 + MIN_ORIGINS)
    walked = pl.DataFrame(
        [
            ("skirt", target, ["rome"], origin, ahead, 2.0, 2.0 - gain, 1.0)
            for target, lag, gain in (("milan", 1, 1.0), ("paris", 8, -0.5))
            for ahead in range(1, lag + 1)
            for origin in origins
        ],
        schema=WALKED,
        orient="row",
    )
    told = judge_forecasts(walked)
    assert total(told)["gain"] == pytest.approx((1 - 8 * 0.5) / 9)
    (first,) = (
        row
        for row in told.to_pylist()
        if row["target"] == ALL and (row["ahead_to"], row["is_total"]) == (1, False)
    )
    assert (first["gain"], first["series_count"]) == (pytest.approx(0.25), 2)


def test_missing_weeks_take_no_part(world, walked):
    series = world.series()
    target = walked["target"][0]
    gone = read_cube(series).first_week + 7 * 120
    week = pa.scalar(gone.item(), pa.date32())
    hole = pc.and_(
        pc.equal(series["city"], target), pc.equal(series["week_start_on"], week)
    )
    left = walk_forecasts(read_cube(series.filter(pc.invert(hole))), RULE)
    assert left.filter(target=target).height > 0
    asked = left.filter(pl.col("target") == target)
    # neither the week itself nor the week ahead that would start from it
    weeks = set((asked["origin"] + asked["weeks_ahead"] - 1).to_list())
    assert 120 not in weeks
    assert asked.filter(origin=121, weeks_ahead=1).is_empty()


def test_less_than_a_year_gives_no_row(world):
    cube = read_cube(world.series()).until(FIRST_FIT_WEEKS)
    assert walk_forecasts(cube, RULE).is_empty()


def test_no_series_give_no_row():
    assert compare_forecasts(SERIES.empty_table()).equals(FORECASTS.empty_table())
