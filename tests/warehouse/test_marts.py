from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from tests.warehouse.rows import MONDAY, at, rows_of, world
from trendlab.errors import WarehouseError
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days

LAST_DAY = MONDAY + timedelta(days=400)


def load(warehouse: Warehouse, tables: Mapping[str, pa.Table]) -> None:
    load_days(warehouse.loader, MONDAY - timedelta(days=60), LAST_DAY, tables)


def ask(warehouse: Warehouse, question: str, **values: object) -> list[dict[str, Any]]:
    with warehouse.analyst.connect() as connection:
        rows = connection.execute(sa.text(question), values).mappings()
        return [dict(row) for row in rows]


def one(warehouse: Warehouse, question: str, **values: object) -> dict[str, Any]:
    (row,) = ask(warehouse, question, **values)
    return row


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


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


def test_a_peak_is_shown_once_in_its_newest_state_with_its_drivers(
    warehouse: Warehouse,
) -> None:
    load(warehouse, world())
    peak = one(warehouse, "select * from marts.peaks")
    assert (peak["severity"], peak["as_of_on"]) == (5, day(6))
    assert peak["top_hashtags"] == "#coachella, #festival"
    assert peak["top_authors"] == "@anna"
    assert peak["top_words"] is None
    drivers = ask(
        warehouse, "select item from marts.peak_drivers order by evidence_kind, rank"
    )
    assert [row["item"] for row in drivers] == ["a1", "coachella", "festival"]


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


def test_an_author_of_two_trackers_is_listed_with_the_entropy_of_their_posts(
    warehouse: Warehouse,
) -> None:
    author = {"author_id": "a1", "window_kind": "all", "is_multi_tracker": True}
    load(
        warehouse,
        {
            "influencers": rows_of(
                "influencers",
                {**author, "tracker": "outfits", "posts_count": 6, "rank": 4},
                {**author, "tracker": "shoes", "posts_count": 2, "rank": 2},
                {**author, "tracker": "all", "posts_count": 8, "rank": 1},
                {"author_id": "a2", "window_kind": "all", "posts_count": 9},
            )
        },
    )
    row = one(warehouse, "select * from marts.multi_tracker_influencers")
    expected = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    assert row["author_id"] == "a1"
    assert row["trackers"] == "outfits, shoes"
    assert row["tracker_entropy"] == pytest.approx(expected)
    assert (row["best_rank"], row["posts_in_main_tracker_count"]) == (2, 6)


def week(value: str, share: float, number: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "kind": "garment",
        "value": value,
        "share": share,
        "share_high": 1.0,
        "looks_count": 100,
        "looks_with_count": round(100 * share),
        "model_name": "detector",
        "day": day(7 * number),
        **more,
    }


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


@pytest.mark.parametrize("kind", ["colour", "fine_category", "pattern", "style"])
def test_each_kind_has_its_trends(warehouse: Warehouse, kind: str) -> None:
    load(warehouse, {"city_weeks": rows_of("city_weeks", week("x", 0.4, kind=kind))})
    rows = ask(warehouse, f"select value, share, model_name from marts.{kind}_trends")
    assert [tuple(row.values()) for row in rows] == [("x", 0.4, "detector")]
    assert ask(warehouse, "select * from marts.garment_trends") == []


def verdicts(
    category: str, correct: int, wrong: int, start: int = 0, **more: Any
) -> list[dict[str, Any]]:
    kinds = ["correct"] * correct + ["not_a_garment"] * wrong
    return [
        {
            "post_id": f"{category}-{start + n}",
            "category": category,
            "verdict": verdict,
            "selected_by": "random",
            "model_name": "detector",
            "model_version": "1",
            "reviewed_at": at(MONDAY),
            **more,
        }
        for n, verdict in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("correct", "wrong", "status"),
    [
        (17, 3, "verified"),  # Wilson lower bound 0.640
        (16, 4, "hidden"),  # 0.584
        (19, 0, "unverified"),  # too few to say
        (0, 19, "unverified"),
        (0, 20, "hidden"),
        (20, 0, "verified"),
    ],
)
def test_a_class_is_hidden_only_when_enough_random_reviews_say_so(
    warehouse: Warehouse, correct: int, wrong: int, status: str
) -> None:
    load(
        warehouse,
        {
            "reviews": rows_of("reviews", *verdicts("skirt", correct, wrong)),
            "city_weeks": rows_of("city_weeks", week("skirt", 0.1), week("top", 0.2)),
        },
    )
    row = one(warehouse, "select * from marts.class_precision")
    assert row["review_status"] == status
    assert (row["random_reviews_count"], row["random_correct_count"]) == (
        correct + wrong,
        correct,
    )
    shown = {
        row["value"]: row["review_status"]
        for row in ask(warehouse, "select * from marts.garment_trends")
    }
    expected = {"top": "unverified", "skirt": status}
    if status == "hidden":
        expected.pop("skirt")
    assert shown == expected


def test_the_wilson_interval_is_the_known_one(warehouse: Warehouse) -> None:
    from statsmodels.stats.proportion import proportion_confint

    load(warehouse, {"reviews": rows_of("reviews", *verdicts("skirt", 17, 3))})
    row = one(warehouse, "select * from marts.class_precision")
    low, high = proportion_confint(17, 20, method="wilson")
    assert row["precision_share"] == pytest.approx(0.85)
    assert row["precision_low"] == pytest.approx(low, abs=1e-4)
    assert row["precision_high"] == pytest.approx(high, abs=1e-4)


def test_reviews_that_were_not_drawn_at_random_are_counted_apart(
    warehouse: Warehouse,
) -> None:
    reviews = [
        *verdicts("skirt", 20, 0),
        *verdicts("skirt", 0, 30, start=100, selected_by="uncertain"),
    ]
    load(warehouse, {"reviews": rows_of("reviews", *reviews)})
    row = one(warehouse, "select * from marts.class_precision")
    assert row["review_status"] == "verified"
    assert (row["other_reviews_count"], row["other_correct_count"]) == (30, 0)
    assert (row["precision_share"], row["other_precision_share"]) == (1, 0)


def test_reviews_without_a_random_one_leave_the_class_unverified(
    warehouse: Warehouse,
) -> None:
    reviews = verdicts("skirt", 0, 30, selected_by="uncertain")
    load(warehouse, {"reviews": rows_of("reviews", *reviews)})
    row = one(warehouse, "select * from marts.class_precision")
    assert row["review_status"] == "unverified"
    assert row["precision_share"] is None
    assert row["precision_low"] is None


def test_rarely_shown_garments_weigh_more(warehouse: Warehouse) -> None:
    reviews = [
        *verdicts("skirt", 10, 0, inclusion_probability=0.5),
        *verdicts("skirt", 0, 10, start=10, inclusion_probability=0.1),
    ]
    load(warehouse, {"reviews": rows_of("reviews", *reviews)})
    row = one(warehouse, "select * from marts.class_precision")
    # 10 × 2 of 10 × 2 + 10 × 10
    assert row["precision_share"] == pytest.approx(1 / 6)


def test_the_newest_verdict_on_a_garment_counts(warehouse: Warehouse) -> None:
    first = verdicts("skirt", 0, 1)
    second = verdicts("skirt", 1, 0, reviewed_at=at(MONDAY, 13), reviewer="other")
    load(warehouse, {"reviews": rows_of("reviews", *first, *second)})
    row = one(warehouse, "select * from marts.class_precision")
    assert (row["random_reviews_count"], row["random_correct_count"]) == (1, 1)


def test_a_new_version_of_a_model_starts_unhidden(warehouse: Warehouse) -> None:
    old = verdicts("skirt", 0, 30)
    new = verdicts(
        "skirt", 1, 0, start=100, model_version="2", reviewed_at=at(MONDAY, 13)
    )
    load(
        warehouse,
        {
            "reviews": rows_of("reviews", *old, *new),
            "city_weeks": rows_of("city_weeks", week("skirt", 0.1)),
        },
    )
    assert one(warehouse, "select * from marts.garment_trends")["review_status"] == (
        "unverified"
    )


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


def test_data_quality_counts_a_file_once_and_names_the_reasons(
    warehouse: Warehouse,
) -> None:
    tables = world()
    ingest = {"read_count": 10, "accepted_count": 8, "rejected_count": 2}
    tables["ingests"] = rows_of(
        "ingests", ingest, {**ingest, "observed_at": at(MONDAY, 15)}
    )
    tables["quarantine"] = rows_of(
        "quarantine",
        *[{"reason": "no date", "row_number": n} for n in range(2)],
        {"reason": "likes < 0", "row_number": 9},
    )
    tables["vision_failures"] = rows_of("vision_failures", {"reason": "too large"})
    load(warehouse, tables)
    rows = {row["source"]: row for row in ask(warehouse, "select * from data_quality")}
    assert set(rows) == {"all", "files"}
    assert rows["files"]["rejected_share"] == 0.2
    assert rows["files"]["read_count"] == 10
    assert rows["files"]["top_reasons"] == "no date (2), likes < 0 (1)"
    assert rows["files"]["vision_failures_count"] == 1
    # 5 of each day's 7 posts tell their likes
    assert rows["files"]["like_coverage"] == pytest.approx(5 / 7)
    assert rows["all"]["language_coverage"] == 1
    assert rows["files"]["language_coverage"] is None


def test_data_quality_names_days_that_failed_and_days_that_are_thin(
    warehouse: Warehouse,
) -> None:
    net = {"tracker": "outfits", "source": "net"}
    load(
        warehouse,
        {
            "coverage": rows_of(
                "coverage",
                {**net, "day": day(0), "posts_count": 80, "is_low_volume": False},
                {**net, "day": day(1), "status": "none", "reason": "it was down"},
                {**net, "day": day(2), "posts_count": 3, "is_low_volume": True},
                {**net, "day": day(3), "posts_count": 5, "status": "partial"},
            )
        },
    )
    row = one(warehouse, "select * from data_quality where source = 'net'")
    assert (row["none_days_count"], row["low_volume_days_count"]) == (1, 1)
    assert (row["partial_days_count"], row["missing_days_count"]) == (1, 0)
    days = ask(
        warehouse,
        "select posts_count, is_low_volume, reason from marts.coverage_days "
        "order by day",
    )
    assert [row["is_low_volume"] for row in days] == [False, None, True, None]
    assert days[1]["reason"] == "it was down"


def test_alerts_that_wait_for_a_person_are_open(warehouse: Warehouse) -> None:
    alerts = [
        {"alert_id": "a", "status": "sent"},
        {"alert_id": "b", "status": "sent", "acknowledged_at": at(MONDAY)},
        {"alert_id": "c", "status": "backfilled"},
    ]
    load(warehouse, {"alerts": rows_of("alerts", *alerts)})
    rows = ask(warehouse, "select alert_id from marts.alerts where is_open")
    assert [row["alert_id"] for row in rows] == ["a"]


def test_making_the_marts_refreshes_the_statistics_of_tables_that_grew(
    warehouse: Warehouse,
) -> None:
    rows = {"posts": rows_of("posts", *[{"post_id": f"p{n}"} for n in range(5000)])}
    load(warehouse, rows)
    marts.create(warehouse.owner)
    with warehouse.owner.connect() as connection:
        known = connection.execute(
            sa.text(
                "select reltuples from pg_class where oid = 'trendlab.posts'::regclass"
            )
        ).scalar_one()
    assert known == 5000
