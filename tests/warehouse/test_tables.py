from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pyarrow as pa
import pytest
import sqlalchemy as sa

from trendlab.errors import WarehouseError
from trendlab.schemas import TABLES, Column, Table
from trendlab.schemas.core import DAY, count, share, text
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.tables import (
    SCHEMA,
    build_metadata,
    create_tables,
    stored_columns,
    warehouse_tables,
)

PLAIN = Table(
    name="plain",
    doc="A table of the tests; one row per day and name.",
    columns=(
        DAY,
        text("name", "what it is called"),
        text("kind", "what it is", allowed=("a", "b")),
        share("part", "how much of it"),
    ),
    key=("name",),
    in_warehouse=True,
)


@pytest.fixture
def plain(served: Warehouse) -> Iterator[sa.Engine]:
    """The owner's engine, in a database that has the table `plain`."""
    create_tables(served.owner, metadata=build_metadata([PLAIN]))
    with served.owner.begin() as connection:
        connection.execute(
            sa.text("insert into trendlab.plain values ('2026-01-05', 'x', 'a', 0.5)")
        )
    yield served.owner
    with served.owner.begin() as connection:
        connection.execute(sa.text("drop table trendlab.plain"))


def changed(**changes: object) -> sa.MetaData:
    return build_metadata([dataclasses.replace(PLAIN, **changes)])  # type: ignore[arg-type]


def test_every_declared_table_is_there_with_its_columns_and_comments(
    served: Warehouse,
) -> None:
    found = sa.MetaData(schema=SCHEMA)
    found.reflect(bind=served.owner)
    for table in warehouse_tables():
        there = found.tables[f"{SCHEMA}.{table.name}"]
        assert there.comment == table.doc
        for column in stored_columns(table):
            assert there.c[column.name].comment == column.doc
            assert there.c[column.name].nullable == column.nullable
    lake_only = {name for name, table in TABLES.items() if not table.in_warehouse}
    assert lake_only
    assert not lake_only & {table.name for table in found.tables.values()}


def test_columns_that_stay_in_the_lake_are_not_created(served: Warehouse) -> None:
    there = sa.inspect(served.owner).get_columns("quarantine", schema=SCHEMA)
    assert not {"payload", "detail"} & {column["name"] for column in there}


def test_creating_the_tables_again_changes_nothing(served: Warehouse) -> None:
    assert create_tables(served.owner) == []


def test_an_added_column_appears_and_rows_of_before_have_null_in_it(
    plain: sa.Engine,
) -> None:
    wider = changed(columns=(*PLAIN.columns, count("looks_count", "looks")))
    added, rule = create_tables(plain, metadata=wider)
    assert added == "plain.looks_count added"
    assert rule.startswith("plain: new rule ck_looks_count_")
    assert create_tables(plain, metadata=wider) == []
    with plain.connect() as connection:
        rows = connection.execute(
            sa.text("select name, looks_count from trendlab.plain")
        ).all()
    assert rows == [("x", None)]
    columns = sa.inspect(plain).get_columns("plain", schema=SCHEMA)
    assert columns[-1]["comment"] == "looks"


def test_a_column_that_left_the_schemas_no_longer_has_to_be_filled(
    plain: sa.Engine,
) -> None:
    narrower = changed(columns=PLAIN.columns[:3])
    assert create_tables(plain, metadata=narrower) == ["plain.part is no longer filled"]
    with plain.begin() as connection:
        connection.execute(
            sa.text(
                "insert into trendlab.plain (day, name, kind) "
                "values ('2026-01-05', 'y', 'a')"
            )
        )


def test_a_widened_list_of_allowed_values_is_taken_over(plain: sa.Engine) -> None:
    kind = dataclasses.replace(PLAIN.columns[2], allowed=("a", "b", "c"))
    wider = changed(columns=(*PLAIN.columns[:2], kind, PLAIN.columns[3]))
    insert = sa.text("insert into trendlab.plain values ('2026-01-05', 'y', 'c', 0)")
    with pytest.raises(sa.exc.IntegrityError), plain.begin() as connection:
        connection.execute(insert)
    (change,) = create_tables(plain, metadata=wider)
    assert change.startswith("plain: new rule ck_kind_")
    with plain.begin() as connection:
        connection.execute(insert)


def test_a_changed_comment_is_taken_over(plain: sa.Engine) -> None:
    name = dataclasses.replace(PLAIN.columns[1], doc="its name")
    create_tables(
        plain,
        metadata=changed(columns=(DAY, name, *PLAIN.columns[2:]), doc="One row per x."),
    )
    columns = sa.inspect(plain).get_columns("plain", schema=SCHEMA)
    assert [c["comment"] for c in columns if c["name"] == "name"] == ["its name"]
    told = sa.inspect(plain).get_table_comment("plain", schema=SCHEMA)
    assert told == {"text": "One row per x."}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": (*PLAIN.columns[:3], text("part", "x"))}, "part is DOUBLE"),
        ({"key": ("name", "kind")}, "another key"),
    ],
)
def test_what_cannot_be_altered_asks_for_a_rebuild(
    plain: sa.Engine, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(WarehouseError, match=f"{message}.*rebuild"):
        create_tables(plain, metadata=changed(**changes))


def test_a_type_that_postgres_has_not_is_refused() -> None:
    span = Column("span", pa.duration("s"), "how long it took")
    with pytest.raises(WarehouseError, match=r"span.*not_in_warehouse"):
        changed(columns=(*PLAIN.columns, span))


@pytest.mark.parametrize("values", ["'x', 'z', 0.5", "'x', 'a', 1.5"])
def test_values_out_of_range_are_refused(plain: sa.Engine, values: str) -> None:
    with pytest.raises(sa.exc.IntegrityError), plain.begin() as connection:
        connection.execute(
            sa.text(f"insert into trendlab.plain values ('2026-01-06', {values})")
        )
