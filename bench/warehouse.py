"""The warehouse: bulk loads against psql's copy of a ready CSV, and replacing a night.

Both sides fill the same empty table, with its key, indexes and checks, in turns; the
ratio is the median over pairs of runs. psql reads a CSV file that was made before and
is in the page cache; ours starts from Arrow memory.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from psycopg import sql

from bench import Row
from trendlab.schemas import TABLES, Column
from trendlab.schemas.core import MEASURES
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse, open_warehouse
from trendlab.warehouse.load import load_days

FIRST_DAY = date(2024, 1, 1)
DAYS_COUNT = 728
POSTS_COUNT = 200_000
TRACKERS = ["all", *(f"tracker_{n}" for n in range(5))]
CITIES = ["all", "unknown", *(f"city_{n}" for n in range(10))]
PAIRS = 7
REPEATS = 7
# Longer tracker names, captions and run_ids would favour neither side.
RUN_ID = "0123456789abcdef" * 2


def rows(scale: float) -> Iterator[Row]:
    """Give the lines of the table."""
    days_count = max(int(DAYS_COUNT * scale), 14)
    tables = make_tables(days_count, max(int(POSTS_COUNT * scale), 1_000))
    cities = fill_cities()
    last_day = FIRST_DAY + timedelta(days=days_count - 1)
    with tempfile.TemporaryDirectory(prefix="trendlab-bench-") as temporary:
        folder = Path(temporary) / "postgres"
        with open_warehouse(folder) as warehouse:
            try:
                warehouse.prepare(folder)
                marts.create(warehouse.owner)
                for name in ("posts", "day_scores"):
                    yield load_row(warehouse, name, tables[name], last_day, folder)
                load_days(warehouse.loader, FIRST_DAY, last_day, tables | cities)
                marts.create(warehouse.owner)
                yield night_row(warehouse, tables, last_day)
                yield question_row(warehouse)
                yield rules_row(warehouse)
            finally:
                warehouse.close()
                assert warehouse.server is not None
                warehouse.server.stop()


def load_row(
    warehouse: Warehouse, name: str, given: pa.Table, last_day: date, folder: Path
) -> Row:
    """Fill one table by `load_days` and by psql, in turns."""
    copied = folder.parent / f"{name}.csv"
    load_days(warehouse.loader, FIRST_DAY, last_day, {name: given})
    psql(warehouse, f"\\copy trendlab.{name} to '{copied}' (format csv)")
    pairs = []
    for number in range(PAIRS):
        seconds: dict[str, float] = {}
        for side in ("ours", "psql") if number % 2 else ("psql", "ours"):
            empty(warehouse, name)
            started = time.perf_counter()
            if side == "ours":
                load_days(warehouse.loader, FIRST_DAY, last_day, {name: given})
            else:
                psql(warehouse, f"\\copy trendlab.{name} from '{copied}' (format csv)")
            seconds[side] = time.perf_counter() - started
        pairs.append(seconds)
    empty(warehouse, name)
    ours = statistics.median(pair["ours"] for pair in pairs)
    theirs = statistics.median(pair["psql"] for pair in pairs)
    ratio = statistics.median(pair["ours"] / pair["psql"] for pair in pairs)
    return Row(
        f"load {given.num_rows:,} rows of {name}",
        f"{ours:.2f} s",
        f"psql \\copy of a ready CSV {theirs:.2f} s",
        ratio,
        None,
        "≤ 1.00 ×",
        ratio <= 1,
    )


def night_row(warehouse: Warehouse, tables: dict[str, pa.Table], last_day: date) -> Row:
    """Replace the newest day in every table, one transaction."""
    night = {
        name: given.filter(pc.equal(given["day"], pa.scalar(last_day, pa.date32())))
        for name, given in tables.items()
    }
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        report = load_days(warehouse.loader, last_day, last_day, night)
        times.append(time.perf_counter() - started)
    return Row(
        f"replace a night: {report.rows_count:,} rows in {len(night)} tables",
        f"{statistics.median(times) * 1e3:.0f} ms",
        "",
        None,
        None,
        "",
        None,
    )


def question_row(warehouse: Warehouse) -> Row:
    """Ask for the two years of one series beside what was expected."""
    question = sa.text(
        "select * from activity_daily where tracker = 'all' and city = 'all' "
        "order by day"
    )
    times = []
    with warehouse.analyst.connect() as connection:
        for _ in range(REPEATS):
            started = time.perf_counter()
            found = connection.execute(question).all()
            times.append(time.perf_counter() - started)
    return Row(
        f"marts.activity_daily, {len(found)} days of a series",
        f"{statistics.median(times) * 1e3:.0f} ms",
        "",
        None,
        None,
        "",
        None,
    )


def rules_row(warehouse: Warehouse) -> Row:
    """Run every SQL test over the marts."""
    started = time.perf_counter()
    passed = marts.run_tests(warehouse.owner)
    seconds = time.perf_counter() - started
    return Row(f"{len(passed)} SQL tests", f"{seconds:.1f} s", "", None, None, "", None)


def psql(warehouse: Warehouse, command: str) -> None:
    """Run one command of psql, the one that comes with the server."""
    assert warehouse.server is not None
    subprocess.run(
        [
            *(str(warehouse.server.binaries / "psql"), "--no-psqlrc", "--quiet"),
            *("--set", "ON_ERROR_STOP=1", "--command", command),
            warehouse.url("loader"),
        ],
        check=True,
        env={**os.environ, "PGCLIENTENCODING": "UTF8"},
    )


def empty(warehouse: Warehouse, name: str) -> None:
    """Leave a table as it was made."""
    with warehouse.owner.begin() as connection:
        connection.connection.driver_connection.execute(
            sql.SQL("truncate {}").format(sql.Identifier("trendlab", name))
        )


def make_tables(days_count: int, posts_count: int) -> dict[str, pa.Table]:
    """Draw posts that match a tracker and 'all', with their activity and scores."""
    rng = np.random.default_rng(1)
    days = np.array([FIRST_DAY + timedelta(days=n) for n in range(days_count)])
    tracker = rng.choice(TRACKERS[1:], posts_count)
    post = {
        "day": pa.array(np.sort(rng.choice(days, posts_count)), pa.date32()),
        "post_id": pa.array([f"post{n:08d}" for n in range(posts_count)]),
        "author_id": pa.array(rng.integers(0, 5_000, posts_count)).cast(pa.string()),
        "caption": pa.array(
            [
                f'look {n}: a red skirt, "boots" and a coat, I love it'
                for n in range(posts_count)
            ]
        ),
        "likes_count": pa.array(rng.integers(0, 5_000, posts_count)),
        "city": pa.array(rng.choice(CITIES[1:], posts_count)),
    }
    matched = pa.concat_tables(
        [
            fill("tracker_posts", post | {"tracker": pa.array(names)})
            for names in (tracker, np.repeat("all", posts_count))
        ]
    )
    places = matched.select(["tracker", "city", "day"])
    everywhere = places.select(["tracker", "day"]).append_column(
        places.schema.field("city"), pa.array(np.repeat("all", places.num_rows))
    )
    counted = (
        pa.concat_tables([places, everywhere.select(places.column_names)])
        .group_by(["tracker", "city", "day"])
        .aggregate([([], "count_all")])
    )
    series = {name: counted[name] for name in ("tracker", "city", "day")}
    grid = [
        (d, t, c, m) for d in days for t in TRACKERS for c in CITIES for m in MEASURES
    ]
    value = rng.random(len(grid)) * 100
    scores = {
        "day": pa.array([each[0] for each in grid], pa.date32()),
        "tracker": pa.array([each[1] for each in grid]),
        "city": pa.array([each[2] for each in grid]),
        "measure": pa.array([each[3] for each in grid]),
        "value": pa.array(value),
        "baseline": pa.array(value * 0.9),
        "expected_low": pa.array(value * 0.5),
        "expected_high": pa.array(value * 1.5),
        "z": pa.array(rng.normal(size=len(grid))),
    }
    return {
        "posts": fill("posts", post),
        "tracker_posts": matched,
        "activity": fill("activity", series | {"posts_count": counted["count_all"]}),
        "day_scores": fill("day_scores", scores),
    }


def fill(name: str, given: dict[str, pa.Array]) -> pa.Table:
    """Make rows of a table; columns that are not given hold what they may."""
    count = len(given["day"])
    columns = [
        given[column.name] if column.name in given else _constant(column, count)
        for column in TABLES[name].columns
    ]
    return pa.Table.from_arrays(columns, schema=TABLES[name].arrow)


def fill_cities() -> dict[str, pa.Table]:
    """Make the cities that the posts are from."""
    known = [{"city": city} for city in CITIES]
    names = {"city", "name", "country_code", "region", "time_zone"}
    rows = [
        {
            column.name: city["city"] if column.name in names else 0
            for column in TABLES["cities"].columns
        }
        for city in known
    ]
    return {"cities": TABLES["cities"].from_rows(rows)}


def _constant(column: Column, count: int) -> pa.Array:
    if column.nullable:
        return pa.nulls(count, column.type)
    value: Any = 0
    if column.allowed:
        value = column.allowed[0]
    elif column.name == "run_id":
        value = RUN_ID
    elif column.name == "city":
        value = "unknown"
    elif pa.types.is_string(column.type):
        value = column.name
    elif pa.types.is_boolean(column.type):
        value = False
    elif pa.types.is_timestamp(column.type):
        value = datetime(2024, 1, 1, tzinfo=UTC)
    elif pa.types.is_list(column.type):
        value = ["outfit", "ootd", "streetstyle"]
    return pa.repeat(pa.scalar(value, column.type), count)
