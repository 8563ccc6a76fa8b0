from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warehouse.rows import MONDAY, at, rows_of, world
from trendlab.errors import WarehouseError
from trendlab.schemas import TABLES
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days, loaded_days
from trendlab.warehouse.tables import build_metadata, warehouse_tables

TUESDAY = MONDAY + timedelta(days=1)


def held(warehouse: Warehouse, table: str) -> list[tuple[Any, ...]]:
    """All rows of a table, in order."""
    stored = build_metadata().tables[f"trendlab.{table}"]
    with warehouse.loader.connect() as connection:
        rows = connection.execute(sa.select(stored)).all()
    return sorted((tuple(row) for row in rows), key=repr)


def of_day(tables: dict[str, pa.Table], day: date) -> dict[str, pa.Table]:
    wanted = pa.scalar(day, pa.date32())
    return {
        name: rows.filter(pc.equal(rows["day"], wanted))
        if TABLES[name].partition
        else rows
        for name, rows in tables.items()
    }


def test_rows_come_back_as_they_were_given(warehouse: Warehouse) -> None:
    created_at = datetime(2026, 1, 5, 23, 59, 59, 999999, UTC)
    post = {
        "post_id": "p1",
        "created_at": created_at,
        "caption": "tab\t, quote \", \\N, back\\slash, new\nline, 中文 👗, ''",
        "hashtags": ["a,b", '"q"', "{x}", "", "NULL", "back\\slash"],
        "likes_count": None,
        "comments_count": 0,
        "lat": -0.1,
    }
    load_days(warehouse.loader, MONDAY, MONDAY, {"posts": rows_of("posts", post)})
    with warehouse.loader.connect() as connection:
        row = connection.execute(sa.text("select * from trendlab.posts")).one()
    for name, value in post.items():
        assert getattr(row, name) == value
    assert row.author_id is None


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    caption=st.text(st.characters(exclude_categories=["Cs"])),
    hashtags=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4),
)
def test_any_text_survives_and_only_nul_is_replaced(
    warehouse: Warehouse, caption: str, hashtags: list[str]
) -> None:
    post = {"post_id": "p1", "caption": caption, "hashtags": hashtags}
    load_days(warehouse.loader, MONDAY, MONDAY, {"posts": rows_of("posts", post)})
    with warehouse.loader.connect() as connection:
        row = connection.execute(
            sa.text("select caption, hashtags from trendlab.posts")
        ).one()
    assert row.caption == caption.replace("\0", "\ufffd")
    assert row.hashtags == [tag.replace("\0", "\ufffd") for tag in hashtags]


def test_every_table_of_the_warehouse_can_be_loaded(warehouse: Warehouse) -> None:
    tables = {table.name: rows_of(table.name, {}) for table in warehouse_tables()}
    report = load_days(warehouse.loader, MONDAY, MONDAY, tables)
    assert report.rows_by_table == dict.fromkeys(sorted(tables), 1)
    assert report.rows_count == len(tables)


def test_loading_a_range_equals_loading_it_day_by_day(warehouse: Warehouse) -> None:
    tables = world(days_count=7)
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    for day in days:
        load_days(warehouse.loader, day, day, of_day(tables, day))
    by_day = {name: held(warehouse, name) for name in tables}
    load_days(warehouse.loader, days[0], days[-1], tables)
    assert {name: held(warehouse, name) for name in tables} == by_day
    assert len(by_day["posts"]) == tables["posts"].num_rows


def test_loading_again_replaces_the_day_and_leaves_the_others(
    warehouse: Warehouse,
) -> None:
    both = rows_of("posts", {"post_id": "mon"}, {"post_id": "tue", "day": TUESDAY})
    load_days(warehouse.loader, MONDAY, TUESDAY, {"posts": both})
    newer = rows_of("posts", {"post_id": "newer"})
    for _ in range(2):
        load_days(warehouse.loader, MONDAY, MONDAY, {"posts": newer})
        assert [row[2] for row in held(warehouse, "posts")] == ["newer", "tue"]
    empty = {"posts": TABLES["posts"].empty()}
    load_days(warehouse.loader, MONDAY, MONDAY, empty)
    assert [row[2] for row in held(warehouse, "posts")] == ["tue"]


def test_a_table_without_days_is_replaced_whole(warehouse: Warehouse) -> None:
    for names in (["rome", "paris"], ["oslo"], []):
        cities = rows_of("cities", *[{"city": name} for name in names])
        load_days(warehouse.loader, MONDAY, MONDAY, {"cities": cities})
        assert [row[0] for row in held(warehouse, "cities")] == sorted(names)


def test_batches_stream_into_the_table(warehouse: Warehouse) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        for n in range(5):
            yield from rows_of("posts", {"post_id": f"p{n}"}).to_batches()

    report = load_days(warehouse.loader, MONDAY, MONDAY, {"posts": batches()})
    assert report.rows_by_table == {"posts": 5}
    assert len(held(warehouse, "posts")) == 5


def test_a_failing_stream_raises_its_own_error_and_changes_nothing(
    warehouse: Warehouse,
) -> None:
    first = rows_of("posts", {"post_id": "kept"})
    load_days(warehouse.loader, MONDAY, MONDAY, {"posts": first})

    def breaks() -> Iterator[pa.RecordBatch]:
        yield from rows_of("posts", {"post_id": "lost"}).to_batches()
        raise OSError("disk is gone")

    with pytest.raises(OSError, match="disk is gone"):
        load_days(warehouse.loader, MONDAY, MONDAY, {"posts": breaks()})
    assert [row[2] for row in held(warehouse, "posts")] == ["kept"]


def test_a_refused_row_undoes_all_tables_and_is_not_shown(
    warehouse: Warehouse,
) -> None:
    load_days(warehouse.loader, MONDAY, MONDAY, {"cities": rows_of("cities", {})})
    refused = rows_of(
        "posts", {"post_id": "p", "caption": "a secret", "media_kind": "hologram"}
    )
    with pytest.raises(
        WarehouseError, match=r"nothing has changed.*ck_media_kind"
    ) as e:
        load_days(
            warehouse.loader,
            MONDAY,
            MONDAY,
            {"cities": TABLES["cities"].empty(), "posts": refused},
        )
    assert "a secret" not in str(e.value)
    assert len(held(warehouse, "cities")) == 1


def test_a_row_that_is_there_twice_is_refused_by_its_key(warehouse: Warehouse) -> None:
    twice = rows_of("posts", {"post_id": "p"}, {"post_id": "p"})
    with pytest.raises(WarehouseError, match=r"pk_posts.*files, p, 2026-01-05"):
        load_days(warehouse.loader, MONDAY, MONDAY, {"posts": twice})


def test_a_row_outside_the_days_is_refused(warehouse: Warehouse) -> None:
    rows = rows_of("posts", {"post_id": "p", "day": TUESDAY})
    with pytest.raises(WarehouseError, match="got rows of 2026-01-06 to 2026-01-06"):
        load_days(warehouse.loader, MONDAY, MONDAY, {"posts": rows})


@pytest.mark.parametrize(
    ("table", "rows", "message"),
    [
        ("nonsense", pa.table({}), "no table 'nonsense'"),
        ("media", TABLES["media"].empty(), "no table 'media'"),
        ("cities", pa.table({"city": ["rome"]}), "lack the columns name"),
    ],
)
def test_tables_that_are_not_the_declared_ones_are_refused(
    warehouse: Warehouse, table: str, rows: pa.Table, message: str
) -> None:
    with pytest.raises(WarehouseError, match=message):
        load_days(warehouse.loader, MONDAY, MONDAY, {table: rows})


def test_a_wrong_type_is_named_with_the_declared_one(warehouse: Warehouse) -> None:
    cities = rows_of("cities", {})
    wrong = cities.set_column(4, "lat", pa.array([[1.0]]))
    with pytest.raises(WarehouseError, match=r"cities\.lat is declared double"):
        load_days(warehouse.loader, MONDAY, MONDAY, {"cities": wrong})


def test_fingerprints_are_kept_with_the_day(warehouse: Warehouse) -> None:
    load_days(
        warehouse.loader,
        MONDAY,
        TUESDAY,
        {},
        fingerprints={MONDAY: "a", TUESDAY: "b"},
    )
    assert loaded_days(warehouse.loader) == {MONDAY: "a", TUESDAY: "b"}
    load_days(warehouse.loader, TUESDAY, TUESDAY, {})
    assert loaded_days(warehouse.loader) == {MONDAY: "a"}
    with pytest.raises(WarehouseError, match="fingerprint of 2026-01-06"):
        load_days(warehouse.loader, MONDAY, MONDAY, {}, fingerprints={TUESDAY: "x"})


def test_a_range_that_ends_before_it_starts_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match="first_day ≤ last_day"):
        load_days(warehouse.loader, TUESDAY, MONDAY, {})


def test_readers_see_the_whole_old_night_until_the_new_one_is_whole(
    warehouse: Warehouse,
) -> None:
    old = {
        "posts": rows_of("posts", {"post_id": "old"}),
        "activity": rows_of("activity", {"tracker": "old"}),
    }
    load_days(warehouse.loader, MONDAY, MONDAY, old)
    is_halfway, may_go_on = threading.Event(), threading.Event()

    def slow_posts() -> Iterator[pa.RecordBatch]:
        yield from rows_of("posts", {"post_id": "new"}).to_batches()
        is_halfway.set()
        assert may_go_on.wait(30)

    new = {"activity": rows_of("activity", {"tracker": "new"}), "posts": slow_posts()}
    loading = threading.Thread(
        target=load_days, args=(warehouse.loader, MONDAY, MONDAY, new)
    )
    loading.start()
    try:
        assert is_halfway.wait(30)
        # activity is replaced already, within the transaction
        assert held(warehouse, "activity")[0][1] == "old"
        assert held(warehouse, "posts")[0][2] == "old"
    finally:
        may_go_on.set()
        loading.join()
    assert held(warehouse, "activity")[0][1] == "new"
    assert held(warehouse, "posts")[0][2] == "new"


def test_times_are_utc_whatever_the_zone_of_the_client(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    rows = rows_of("posts", {"post_id": "p", "created_at": at(MONDAY, 1)})
    load_days(warehouse.loader, MONDAY, MONDAY, {"posts": rows})
    with warehouse.loader.connect() as connection:
        told = connection.execute(
            sa.text("select created_at::text from trendlab.posts")
        ).scalar_one()
    assert told == "2026-01-05 01:00:00+00"


def test_a_column_that_must_have_values_and_has_none_is_refused(
    warehouse: Warehouse,
) -> None:
    rows = rows_of("posts", {"post_id": "p"})
    nameless = rows.set_column(1, "source", pa.nulls(1, pa.string()))
    with pytest.raises(WarehouseError, match='null value in column "source"'):
        load_days(warehouse.loader, MONDAY, MONDAY, {"posts": nameless})
