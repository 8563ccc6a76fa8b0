"""The activity query never pairs all posts of a source with all its comments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from trendlab.schemas import TABLES
from trendlab.signals.activity import PARAMS, lake_query

# Sizes at which the planner, left to itself, joins by the source alone: few matched
# posts, many comments, few of them scored.
ROWS = {"tracker_posts": 900, "comments": 50_000, "sentiment": 9_000, "posts": 6_000}
SCORED_COMMENTS = 100
VALUES = {
    "day": "date '2024-03-01' + (i % 28)::int",
    "source": "'s'",
    "tracker": "'all'",
    "city": "'x'",
    "post_id": "'p' || (i % 6000)",
    "comment_id": "'c' || i",
    "item_kind": f"case when i < {SCORED_COMMENTS} then 'comment' else 'post' end",
    "item_id": f"case when i < {SCORED_COMMENTS} then 'c' else 'p' end || i",
    "label": "'negative'",
    "created_at": "timestamp '2024-03-01'",
    "observed_at": "timestamp '2024-03-03'",
    "is_scored": "true",
    "is_excluded": "false",
    "is_repost": "false",
}


def relations(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Parquet files tell the planner how many rows there are, not how many sources."""
    for name, rows in ROWS.items():
        connection.register("declared", TABLES[name].empty())
        types = connection.execute("describe declared").fetchall()
        columns = ", ".join(
            f"({VALUES.get(column, 'null')})::{kind} as {column}"
            for column, kind, *_ in types
        )
        file = folder / f"{name}.parquet"
        connection.execute(
            f"copy (select {columns} from range({rows}) as rows(i)) to '{file}'"
        )
        connection.execute(f"create view {name} as from read_parquet(['{file}'])")
    connection.execute("create table partial_days (day date, tracker text)")
    connection.register("engagement", TABLES["engagement"].empty())
    readings = connection.sql(
        lake_query("post_readings"), params=PARAMS["post_readings"]
    ).to_arrow_table()
    connection.register("post_readings", readings)
    connection.execute(
        "create table run_ids as select date '2024-03-01' + i::int as day, "
        "'r' as run_id from range(28) as days(i)"
    )
    connection.execute("create table tracker_zones (tracker text, time_zone text)")


def joins(node: Any) -> Iterator[str]:
    """Conditions of every join of a plan."""
    for each in node if isinstance(node, list) else [node]:
        conditions = each.get("extra_info", {}).get("Conditions")
        if conditions is not None:
            yield str(conditions)
        yield from joins(each.get("children", []))


def test_no_join_is_by_the_source_alone(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        relations(connection, tmp_path)
        plan = connection.execute(
            "explain (format json) " + lake_query("activity"), PARAMS["activity"]
        ).fetchall()[-1][1]
    found = list(joins(json.loads(plan)))
    assert any("post_id = post_id" in conditions for conditions in found)
    by_place = ("source = source", "network = ")
    alone = [each for each in found if each.strip('"').startswith(by_place)]
    assert alone == []
