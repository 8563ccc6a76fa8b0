"""Influence: planted leads are found, chance and shared causes are not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from bench.influence_worlds import NULLS, null_world, planted_world
from trendlab.errors import SignalError
from trendlab.signals.influence import (
    EDGES,
    SERIES,
    InfluenceRule,
    find_edges,
)

MONDAY = np.datetime64("2020-01-06")


def edges_of(series, **options):
    return find_edges(series, rng=np.random.default_rng(0), **options)


def series_of(levels, looks=2_000.0):
    """One style from logits, (cities, weeks); NaN is a week without a row."""
    city, week = np.nonzero(~np.isnan(levels))
    share = 1 / (1 + np.exp(-levels[city, week]))
    return pa.table(
        [
            pa.array([f"c{at}" for at in city]),
            pa.array(["boots"] * len(city)),
            pa.array(MONDAY + 7 * week),
            pa.array(share),
            pa.array(np.full(len(city), looks)),
        ],
        schema=SERIES,
    )


def chain(weeks=200, seed=0):
    """c0 leads c1 by 2 weeks, c1 leads c2 by 1; eight more cities on their own."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=(11, weeks))
    for week in range(3, weeks):
        level[:, week] += 0.4 * level[:, week - 1]
        level[1, week] += 0.7 * level[0, week - 2]
        level[2, week] += 0.7 * level[1, week - 1]
    return level * 0.2 - 2


def pairs_of(result):
    return {
        (row["source"], row["target"]): row["lag_weeks"]
        for row in result.edges.to_pylist()
    }


def test_a_chain_is_found_with_its_lags_and_without_its_shortcut():
    assert pairs_of(edges_of(series_of(chain()))) == {("c0", "c1"): 2, ("c1", "c2"): 1}


def test_an_edge_lowers_the_error_and_comes_out_again_in_resamples():
    for row in edges_of(series_of(chain())).edges.to_pylist():
        assert row["delta_error"] < -0.05
        assert row["q_value"] < 0.001
        assert row["stability"] > 0.9
        assert 0.3 < row["strength"] < 1


def test_a_city_that_turns_the_other_way_has_a_negative_strength():
    level = chain()
    level[1] = -4 - level[1]  # mirrored around the usual level
    strengths = {
        row["target"]: row["strength"]
        for row in edges_of(series_of(level)).edges.to_pylist()
    }
    assert strengths["c1"] < -0.3
    assert strengths["c2"] < -0.3


def test_a_leader_of_two_cities_does_not_make_one_lead_the_other():
    rng = np.random.default_rng(3)
    level = rng.normal(size=(12, 200))
    level[1, 1:] += level[0, :-1]
    level[2, 3:] += level[0, :-3]
    assert pairs_of(edges_of(series_of(level * 0.2 - 2))) == {
        ("c0", "c1"): 1,
        ("c0", "c2"): 3,
    }


def test_planted_edges_among_many_cities_are_mostly_found_at_the_right_lag():
    planted = found = right = marked = 0
    for seed in range(3):
        world = planted_world(np.random.default_rng(seed), cities=30, weeks=200)
        edges = pairs_of(edges_of(world.series(), with_placebos=False))
        hits = edges.keys() & world.planted.keys()
        planted += len(world.planted)
        found += len(hits)
        marked += len(edges)
        right += sum(edges[pair] == world.planted[pair] for pair in hits)
    assert found >= 0.8 * planted
    assert right >= 0.85 * found
    assert marked - found <= 0.1 * marked


@pytest.mark.parametrize("kind", NULLS)
def test_where_nobody_leads_hardly_a_pair_is_marked(kind):
    marked = pairs = 0
    for seed in range(4):
        world = null_world(kind, np.random.default_rng([5, seed]))
        result = edges_of(world.series(), with_placebos=False)
        marked += result.edges.num_rows
        pairs += result.pairs_count
    assert pairs == 4 * 44 * 43
    assert marked <= 0.003 * pairs


def test_a_jump_in_one_city_and_one_in_another_weeks_later_are_no_lead():
    level = chain(weeks=156)[3:]
    level[0, 60] += 2.0
    level[1, 62] += 2.0
    assert pairs_of(edges_of(series_of(level), with_placebos=False)) == {}


def test_missing_weeks_and_thin_weeks_are_missing_and_edges_survive_them():
    level = chain(weeks=260)
    rng = np.random.default_rng(1)
    level[rng.random(level.shape) < 0.03] = np.nan
    gappy = series_of(level)
    assert pairs_of(edges_of(gappy)) == {("c0", "c1"): 2, ("c1", "c2"): 1}
    # the same weeks given, but with too few looks and a wild share
    rows = gappy.to_pylist()
    there = {(row["city"], row["week_start_on"]) for row in rows}
    weeks = {week for _, week in there}
    thin = [
        {
            "city": f"c{city}",
            "style": "boots",
            "week_start_on": week,
            "share": 0.9,
            "looks_count": 99.0,
        }
        for city in range(11)
        for week in weeks
        if (f"c{city}", week) not in there
    ]
    assert thin
    given = pa.Table.from_pylist(rows + thin, schema=SERIES)
    assert edges_of(given).edges.equals(edges_of(gappy).edges)


def test_the_order_of_rows_changes_nothing():
    series = series_of(chain())
    mixed = series.take(np.random.default_rng(2).permutation(series.num_rows))
    assert edges_of(mixed) == edges_of(series)


def test_placebos_find_the_chain_backwards_and_nothing_among_strangers():
    result = edges_of(series_of(chain()))
    assert not result.reversed_same
    assert result.permuted_count == 0


def test_one_style_does_not_answer_for_another():
    boots = series_of(chain())
    quiet = series_of(np.random.default_rng(9).normal(size=(11, 200)) * 0.2 - 2)
    hats = quiet.set_column(
        1, SERIES.field("style"), pa.array(["hats"] * quiet.num_rows)
    )
    result = edges_of(pa.concat_tables([boots, hats]))
    assert set(result.edges["style"].to_pylist()) == {"boots"}
    assert result.pairs_count == 2 * 11 * 10
    assert set(result.orders) == {"boots", "hats"}


def test_with_four_cities_the_world_stays_in_and_the_result_says_so():
    result = edges_of(series_of(chain()[:4]))
    assert not result.is_world_removed
    assert ("c0", "c1") in pairs_of(result)


def test_a_series_that_never_shows_the_style_is_left_out():
    level = chain()
    level[10] = -50.0
    result = edges_of(series_of(level))
    assert result.left_out_count == 1
    assert result.pairs_count == 10 * 9


def test_nothing_in_gives_nothing_out_typed():
    result = edges_of(SERIES.empty_table())
    assert result.edges.schema == EDGES
    assert result.edges.num_rows == 0


def test_one_row_is_too_short():
    with pytest.raises(SignalError, match="at least 30 weeks, got 1"):
        edges_of(series_of(chain()).slice(0, 1))


def test_one_city_has_nobody_to_follow():
    with pytest.raises(SignalError, match="two cities"):
        edges_of(series_of(chain()[:1]))


def test_thirty_weeks_are_enough_to_try():
    result = edges_of(series_of(chain(weeks=30)))
    assert result.pairs_count == 11 * 10


def test_weeks_that_start_on_two_weekdays_are_refused():
    series = series_of(chain())
    days = series["week_start_on"].to_numpy().copy()
    days[3] += 1
    crooked = series.set_column(2, SERIES.field("week_start_on"), pa.array(days))
    with pytest.raises(SignalError, match="one weekday"):
        edges_of(crooked)


def test_more_looks_asked_for_leave_fewer_series():
    with pytest.raises(SignalError, match="3000 looks"):
        edges_of(series_of(chain()), rule=InfluenceRule(min_looks=3_000))
