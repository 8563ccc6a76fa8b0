"""Each SQL test over the marts finds the breach that is planted for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pyarrow as pa
import pytest
import sqlalchemy as sa

from tests.warehouse.rows import MONDAY, rows_of, world
from trendlab.errors import MartTestFailed
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days
from trendlab.warehouse.scripts import read_scripts

Tables = dict[str, pa.Table]
LAST_DAY = MONDAY + timedelta(days=13)
NEXT = MONDAY + timedelta(days=1)


def plus(table: str, *rows: dict[str, object]) -> Callable[[Tables], None]:
    """Add rows to a table of the world."""

    def add(tables: Tables) -> None:
        added = rows_of(table, *rows)
        known = tables.get(table, added.slice(0, 0))
        tables[table] = pa.concat_tables([known, added])

    return add


def without(table: str) -> Callable[[Tables], None]:
    def remove(tables: Tables) -> None:
        tables[table] = tables[table].slice(0, 0)

    return remove


def one_sided_lead(tables: Tables) -> None:
    """Add an edge to a city that the run did not compare."""
    edge = {"source_city": "paris", "target_city": "oslo", "strength": 0.5}
    plus("influence_placebos", {"cities": ["paris", "rome"], "edges_count": 1})(tables)
    plus("influence_edges", edge)(tables)


def led_forecast(**more: object) -> Callable[[Tables], None]:
    """Add a sound forecast with a leader, but for what is given."""
    sound = {
        "target_city": "rome",
        "source_cities": ["paris"],
        "ahead_from": 1,
        "ahead_to": 2,
        "is_total": True,
        "origins_count": 30,
        "mase_without": 0.9,
        "mase_with": 0.8,
        "gain": 0.1,
        "gain_low": 0.0,
        "gain_high": 0.2,
    }

    def add(tables: Tables) -> None:
        plus("influence_placebos", {"cities": ["paris", "rome"]})(tables)
        plus("influence_forecasts", {**sound, **more})(tables)

    return add


def look_without_style(tables: Tables) -> None:
    """Add a week in which one of ten looks has no style."""
    plus("styles", {"rank": 1, "styles_count": 1})(tables)
    plus("style_weeks", {"looks_count": 10, "looks_with_count": 9})(tables)


PEAK = {"tracker": "outfits", "city": "paris", "measure": "posts"}
WEEK = {"kind": "garment", "value": "skirt", "share_high": 1.0}
BREACHES: dict[str, Callable[[Tables], None]] = {
    "posts_are_unique": plus("posts", {"post_id": "2026-01-05-0", "day": NEXT}),
    "matched_posts_are_unique": plus(
        "tracker_posts",
        {"tracker": "outfits", "post_id": "2026-01-05-0", "day": NEXT},
    ),
    "matched_posts_are_stored": plus("tracker_posts", {"post_id": "nowhere"}),
    "no_excluded_post_is_shown": plus(
        "tracker_posts",
        {"post_id": "2026-01-05-0", "day": NEXT, "is_excluded": True},
    ),
    "activity_counts_the_posts": plus(
        "tracker_posts", {"tracker": "all", "post_id": "2026-01-05-spam"}
    ),
    "cities_add_up_to_all": plus("activity", {"city": "rome", "posts_count": 1}),
    "no_tracker_exceeds_all": plus("activity", {"city": "oslo", "posts_count": 1}),
    "scored_posts_fit": plus("activity", {"city": "oslo", "scored_count": 1}),
    "per_post_values_fit_their_sums": plus(
        "activity",
        {"city": "oslo", "comments_per_post": 3.0},
        {"city": "bern", "comments_count": 2, "comments_per_post_trimmed": 2.5},
    ),
    "shares_lie_between_0_and_1": plus(
        "activity",
        {"city": "oslo", "posts_count": 1, "scored_count": 2, "negative_count": 3},
    ),
    "expected_intervals_are_in_order": plus(
        "day_scores",
        {"city": "oslo", "measure": "posts", "expected_low": 3.0, "expected_high": 2.0},
    ),
    "peaks_have_day_scores": plus("peaks", {"peak_id": "p2", "city": "oslo"}),
    "peak_calibration_counts_every_peak": plus(
        "peaks", {"peak_id": "p2", "city": "paris", "measure": "likes_per_post"}
    ),
    "event_days_are_in_order": plus(
        "dips", {"dip_id": "d2", "apex_on": NEXT, "negative_count": 1}
    ),
    "peaks_of_a_series_do_not_overlap": plus(
        "peaks",
        {**PEAK, "peak_id": "p2", "end_on": NEXT, "day": NEXT},
        {**PEAK, "peak_id": "p3", "start_on": NEXT, "end_on": NEXT, "day": NEXT},
    ),
    "dips_have_negatives": plus("dips", {"dip_id": "d2"}),
    "evidence_belongs_to_an_event": plus("evidence", {"event_id": "nothing"}),
    "event_origins_add_up": plus(
        "event_origins", {"event_id": "peak1", "excess_share": 0.4, "usual_share": 0.5}
    ),
    "event_authors_add_up": plus(
        "event_authors", {"event_id": "peak1", "top_share": 0.5, "hhi": 0.1}
    ),
    "alerts_belong_to_an_event": plus("alerts", {"event_id": "nothing"}),
    "alerts_are_unique": plus(
        "alerts", {"event_id": "peak1"}, {"event_id": "peak1", "day": NEXT}
    ),
    "ingest_counts_add_up": plus("ingests", {"read_count": 1}),
    "weekly_tables_start_on_monday": plus("city_weeks", {**WEEK, "day": NEXT}),
    "city_week_counts_fit": plus(
        "city_weeks", {**WEEK, "looks_count": 10, "looks_with_count": 5, "share": 0.4}
    ),
    "city_weeks_of_a_kind_share_their_looks": plus(
        "city_weeks",
        {**WEEK, "looks_count": 10},
        {**WEEK, "looks_count": 11, "value": "top"},
    ),
    "influence_edges_join_compared_cities": plus(
        "influence_edges",
        {"value": "skirt", "source_city": "paris", "target_city": "paris"},
    ),
    "influence_runs_count_their_edges": plus("influence_placebos", {"edges_count": 1}),
    "influence_is_tested_among_five_cities": plus(
        "influence_placebos", {"status": "tested", "cities": ["paris", "rome"]}
    ),
    "exerted_influence_is_received": one_sided_lead,
    "influence_forecasts_compare_two_errors": led_forecast(gain=0.2),
    "influence_forecasts_follow_other_cities": led_forecast(target_city="paris"),
    "forecast_quantiles_are_in_order": plus(
        "trend_forecasts", {"weeks_ahead": 1, "share_q10": 0.3, "share_q50": 0.2}
    ),
    "trend_events_stand_on_a_curve": plus("trend_events", {"event_id": "lone"}),
    "trend_event_evidence_belongs_to_an_event": plus(
        "trend_event_evidence", {"event_id": "nothing"}
    ),
    "trend_event_evidence_is_ranked": plus("trend_event_evidence", {"rank": 2}),
    "changes_of_sentiment_add_up": plus(
        "city_sentiment",
        {
            "city": "all",
            "scored_count": 40,
            "sentiment_index": 0.2,
            "index_low": 0.1,
            "index_high": 0.3,
            "index_before": 0.1,
            "mix_part": 0.0,
            "within_part": 0.05,
        },
    ),
    "style_shares_add_up": look_without_style,
    "styles_are_ranked": plus("styles", {"rank": 2, "styles_count": 1}),
    "style_rows_belong_to_a_fit": plus("style_examples", {"style_id": "nothing"}),
    "influencer_ranks_are_ranks": plus("influencers", {"rank": 2, "rank_high": 3}),
    "multi_tracker_influencers_carry_several": plus(
        "multi_tracker_authors", {"trackers_count": 1}
    ),
    "cities_are_known": without("cities"),
    "runs_are_unique": plus("runs", {"step": "match"}),
}
# Held by the definition of a view or table; nothing can be planted against them.
HELD_BY_DEFINITION = {
    "activity_is_one_row_per_day",
    "corrected_shares_are_shares",
    "every_mart_and_column_has_a_comment",
    "every_mart_tells_its_grain",
    "hidden_classes_stay_hidden",
    "signature_styles_are_commoner_than_elsewhere",
    "runs_are_unique",
}


def test_a_sound_world_breaks_no_rule(warehouse: Warehouse) -> None:
    load_days(warehouse.loader, MONDAY, LAST_DAY, world())
    assert marts.run_tests(warehouse.owner) == sorted(read_scripts("tests"))


def test_an_empty_warehouse_breaks_no_rule(warehouse: Warehouse) -> None:
    assert marts.run_tests(warehouse.owner)


def test_every_rule_has_a_breach_planted_here_or_cannot_be_broken() -> None:
    assert set(BREACHES) | HELD_BY_DEFINITION == set(read_scripts("tests"))


@pytest.mark.parametrize("rule", sorted(set(BREACHES) - HELD_BY_DEFINITION))
def test_a_planted_breach_is_found(warehouse: Warehouse, rule: str) -> None:
    tables = world()
    BREACHES[rule](tables)
    load_days(warehouse.loader, MONDAY, LAST_DAY, tables)
    with pytest.raises(MartTestFailed, match=f"\n{rule} "):
        marts.run_tests(warehouse.owner)


def test_the_message_tells_the_rule_and_shows_the_rows(warehouse: Warehouse) -> None:
    tables = world()
    BREACHES["ingest_counts_add_up"](tables)
    load_days(warehouse.loader, MONDAY, LAST_DAY, tables)
    with pytest.raises(MartTestFailed) as caught:
        marts.run_tests(warehouse.owner)
    told = str(caught.value)
    assert "1 of" in told
    assert "Of every ingest, accepted + rejected = read" in told
    assert "read_count=1, accepted_count=0" in told


def test_a_mart_without_a_comment_is_found(served: Warehouse) -> None:
    with served.owner.begin() as connection:
        connection.execute(sa.text("create view marts.mute as select 1 as n"))
    try:
        with pytest.raises(MartTestFailed, match=r"mart=mute, column_name=n"):
            marts.run_tests(served.owner)
    finally:
        with served.owner.begin() as connection:
            connection.execute(sa.text("drop view marts.mute"))
