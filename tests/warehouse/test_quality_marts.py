"""Marts of what to trust: data quality, alerts that wait, fresh statistics."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.warehouse.asked import ask, day, load, one
from tests.warehouse.rows import MONDAY, at, rows_of, world
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse


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
