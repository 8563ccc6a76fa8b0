"""Marts: made in order, and what each tells of activity, events and weeks."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.warehouse.asked import ask, day, load, one, week
from tests.warehouse.rows import rows_of, world
from trendlab.errors import WarehouseError
from trendlab.schemas.core import LOOK_KINDS
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse


def test_making_the_marts_again_changes_nothing(served: Warehouse) -> None:
    assert marts.create(served.owner) is False


def test_a_changed_definition_is_made_anew(served: Warehouse) -> None:
    with served.owner.begin() as connection:
        connection.execute(sa.text("drop view marts.runs"))
    assert marts.create(served.owner) is True
    assert marts.create(served.owner) is False
    assert ask(served, "select * from marts.runs") == []


def test_a_view_that_stands_on_a_mart_is_named_and_kept(served: Warehouse) -> None:
    with served.owner.begin() as connection:
        connection.execute(sa.text("create schema mine"))
        connection.execute(sa.text("create view mine.v as select * from marts.posts"))
        connection.execute(sa.text("comment on schema marts is 'older'"))
    try:
        with pytest.raises(WarehouseError, match=r"stands on it.*mine\.v"):
            marts.create(served.owner)
    finally:
        with served.owner.begin() as connection:
            connection.execute(sa.text("drop schema mine cascade"))
        marts.create(served.owner)


def test_marts_that_read_each_other_come_in_order() -> None:
    scripts = {
        "a": "select 1 from marts.b inner join marts.c on true",
        "b": "select 1 from marts.c",
        "c": "select 1 from trendlab.posts",
    }
    assert marts.in_order(scripts) == ["c", "b", "a"]
    with pytest.raises(WarehouseError, match=r"a\.sql reads gone"):
        marts.in_order({"a": "select 1 from marts.gone"})
    with pytest.raises(WarehouseError, match="circle"):
        marts.in_order({"a": "from marts.b", "b": "from marts.a"})


def test_every_mart_is_empty_and_typed_over_empty_tables(warehouse: Warehouse) -> None:
    with warehouse.analyst.connect() as connection:
        for name in sa.inspect(warehouse.owner).get_view_names("marts"):
            table = sa.table(name)
            rows = connection.execute(sa.select(sa.text("*")).select_from(table)).all()
            expected = ["all"] if name == "data_quality" else []
            assert [row[0] for row in rows] == expected, name


def test_activity_stands_beside_what_was_expected(warehouse: Warehouse) -> None:
    load(warehouse, world())
    row = one(
        warehouse,
        "select * from marts.activity_daily "
        "where tracker = 'outfits' and city = 'all' and day = :day",
        day=day(3),
    )
    assert row["posts_count"] == 4
    assert (row["expected_low"], row["baseline"], row["expected_high"]) == (1, 3, 5)
    assert row["coverage_status"] == "complete"
    assert row["negative_share"] == 0.25
    assert row["language_coverage"] == 1
    assert row["average"] == "average"


def test_a_quiet_day_has_zero_posts_and_a_missing_day_has_none(
    warehouse: Warehouse,
) -> None:
    series = {"measure": "posts", "city": "all"}
    load(
        warehouse,
        {
            "day_scores": rows_of(
                "day_scores",
                {**series, "value": 0.0},
                {**series, "value": None, "day": day(1)},
            ),
            "coverage": rows_of("coverage", {}, {"day": day(2)}),
        },
    )
    rows = ask(
        warehouse,
        "select day, posts_count, coverage_status from marts.activity_daily "
        "order by day",
    )
    assert [tuple(row.values()) for row in rows] == [
        (day(0), 0, "complete"),
        (day(1), None, "missing"),
    ]


def test_a_local_day_in_part_is_not_told_complete(warehouse: Warehouse) -> None:
    """Its UTC day was ingested, but not the next one, on which its evening lies."""
    series = {"tracker": "outfits", "city": "all"}
    load(
        warehouse,
        {
            "activity": rows_of(
                "activity",
                {**series, "day": day(0), "is_partial": False},
                {**series, "day": day(1), "is_partial": True},
            ),
            "coverage": rows_of("coverage", {}, {"day": day(1)}),
        },
    )
    rows = ask(
        warehouse, "select coverage_status from marts.activity_daily order by day"
    )
    assert [row["coverage_status"] for row in rows] == ["complete", "partial"]


def test_a_gap_in_the_coverage_is_missing_and_not_quiet(warehouse: Warehouse) -> None:
    load(
        warehouse,
        {
            "coverage": rows_of(
                "coverage",
                {"tracker": "outfits", "source": "a", "day": day(0)},
                {"tracker": "outfits", "source": "a", "day": day(3)},
                {"tracker": "outfits", "source": "b", "day": day(1)},
                {"tracker": "all", "source": "archive", "day": day(0)},
            )
        },
    )
    days = ask(
        warehouse,
        "select source, day, status from marts.coverage_days order by source, day",
    )
    assert [tuple(row.values()) for row in days] == [
        ("a", day(0), "complete"),
        ("a", day(1), "missing"),
        ("a", day(2), "missing"),
        ("a", day(3), "complete"),
        ("archive", day(0), "complete"),
        ("b", day(1), "complete"),
        ("b", day(2), "missing"),
        ("b", day(3), "missing"),
    ]
    status = ask(
        warehouse,
        "select coverage_status from marts.tracker_days where tracker = 'outfits' "
        "order by day",
    )
    assert [row["coverage_status"] for row in status] == [
        "complete",
        "partial",
        "missing",
        "partial",
    ]


def test_a_peak_is_shown_once_in_its_newest_state_with_the_drivers_of_all_its_days(
    warehouse: Warehouse,
) -> None:
    load(warehouse, world())
    peak = one(warehouse, "select * from marts.peaks")
    assert (peak["severity"], peak["as_of_on"]) == (5, day(6))
    assert peak["top_hashtags"] == "#coachella, #festival"
    assert peak["top_authors"] == "@anna"
    assert peak["top_words"] is None
    drivers = ask(
        warehouse,
        "select item, apex_on, end_on from marts.peak_drivers "
        "order by evidence_kind, rank",
    )
    assert [tuple(row.values()) for row in drivers] == [
        (item, day(5), day(6)) for item in ("a1", "coachella", "festival")
    ]


def test_a_peak_without_evidence_is_shown_too(warehouse: Warehouse) -> None:
    load(warehouse, {"peaks": rows_of("peaks", {"peak_id": "bare"})})
    assert one(warehouse, "select * from marts.peaks")["top_hashtags"] is None


def test_a_dip_is_shown_with_its_words(warehouse: Warehouse) -> None:
    load(warehouse, world())
    assert one(warehouse, "select * from marts.dips")["top_words"] == "calendar"
    assert one(warehouse, "select * from marts.dip_evidence")["item"] == "calendar"


def test_excluded_posts_are_not_shown(warehouse: Warehouse) -> None:
    load(warehouse, world())
    rows = ask(warehouse, "select tracker, post_id from marts.posts")
    assert len(rows) == 14 * 12
    assert not [row for row in rows if "spam" in row["post_id"]]


def test_the_newest_week_of_each_tracker_is_marked(warehouse: Warehouse) -> None:
    weeks = [
        {"tracker": "outfits", "day": day(0)},
        {"tracker": "outfits", "day": day(7)},
        {"tracker": "shoes", "day": day(0)},
    ]
    load(warehouse, {"influencers": rows_of("influencers", *weeks)})
    rows = ask(
        warehouse,
        "select tracker, week_start_on from marts.influencers where is_newest "
        "order by tracker",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("outfits", day(7)),
        ("shoes", day(0)),
    ]


def test_an_author_of_two_trackers_is_listed_beside_the_ranks_they_have(
    warehouse: Warehouse,
) -> None:
    ranked = {"author_id": "a1", "window_kind": "all", "home_city": "rome"}
    carrier = {"trackers_count": 2, "trackers": "outfits, shoes"}
    load(
        warehouse,
        {
            "influencers": rows_of(
                "influencers",
                {**ranked, "tracker": "outfits", "rank": 4},
                {**ranked, "tracker": "shoes", "rank": 2},
                {**ranked, "tracker": "all", "rank": 1},
                # the files of another tracker know neither home nor kind
                {
                    **ranked,
                    "tracker": "hats",
                    "rank": 9,
                    "home_city": "unknown",
                    "source": "files__hats",
                },
            ),
            "multi_tracker_authors": rows_of(
                "multi_tracker_authors",
                {**carrier, "author_id": "a1"},
                {**carrier, "author_id": "a2"},
            ),
        },
    )
    rows = ask(
        warehouse,
        "select author_id, home_city, best_rank from marts.multi_tracker_influencers "
        "order by author_id",
    )
    assert [tuple(row.values()) for row in map(dict, rows)] == [
        ("a1", "rome", 2),
        ("a2", "unknown", None),  # among no tracker's best 50
    ]


def test_the_change_of_a_trend_looks_four_weeks_back(warehouse: Warehouse) -> None:
    load(
        warehouse,
        {
            "city_weeks": rows_of(
                "city_weeks",
                week("skirt", 0.1),
                week("skirt", 0.3, 4),
                # not seen among the looks of four weeks before
                week("boots", 0.2, 4),
                # its week has looks, four weeks before it none
                week("skirt", 0.5, 7),
                # another kind and model say nothing of garments
                week("red", 0.9, 3, kind="colour"),
                week("skirt", 0.9, 3, model_name="simulated"),
            )
        },
    )
    rows = ask(
        warehouse,
        "select value, week_start_on, change_4_weeks from marts.garment_trends "
        "where model_name = 'detector' order by week_start_on, value",
    )
    assert [(r["value"], r["change_4_weeks"]) for r in rows] == [
        ("skirt", None),
        ("boots", pytest.approx(0.2)),
        ("skirt", pytest.approx(0.2)),
        ("skirt", None),
    ]


@pytest.mark.parametrize("kind", [kind for kind in LOOK_KINDS if kind != "garment"])
def test_each_kind_has_its_trends(warehouse: Warehouse, kind: str) -> None:
    load(warehouse, {"city_weeks": rows_of("city_weeks", week("x", 0.4, kind=kind))})
    rows = ask(warehouse, f"select value, share, model_name from marts.{kind}_trends")
    assert [tuple(row.values()) for row in rows] == [("x", 0.4, "detector")]
    [shared] = ask(
        warehouse, "select kind, value, review_status from marts.look_shares"
    )
    assert tuple(shared.values()) == (kind, "x", None)
    assert ask(warehouse, "select * from marts.garment_trends") == []


def test_a_city_is_compared_with_the_four_weeks_before_by_covered_days(
    warehouse: Warehouse,
) -> None:
    days = [day(n) for n in range(56)]
    covered = [d for d in days if d not in days[:14]]
    activity = [
        {"day": d, "city": city, "posts_count": 10 if d < day(28) else 20}
        for d in covered
        for city in ("paris", "all")
    ]
    load(
        warehouse,
        {
            "activity": rows_of("activity", *activity),
            "coverage": rows_of(
                "coverage",
                *[{"day": d, "tracker": "outfits"} for d in covered],
            ),
            "cities": rows_of("cities", {"name": "Paris", "lat": 48.9, "lon": 2.4}),
        },
    )
    row = one(warehouse, "select * from marts.city_activity")
    assert (row["city"], row["city_name"], row["lat"]) == ("paris", "Paris", 48.9)
    assert row["posts_28_days_count"] == 560
    assert row["posts_28_days_before_count"] == 140
    assert (row["covered_28_days_count"], row["covered_28_days_before_count"]) == (
        28,
        14,
    )
    # twice as many a day, though four times as many in all
    assert row["change_ratio"] == pytest.approx(2)
