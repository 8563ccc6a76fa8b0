"""Nearest looks in Postgres: loaded with the day, asked by analysts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from tests.warehouse.rows import MONDAY, rows_of
from trendlab.errors import WarehouseError
from trendlab.warehouse.access import Warehouse, make_engine
from trendlab.warehouse.load import load_days
from trendlab.warehouse.nearest import add_nearest, has_nearest, nearest_looks
from trendlab.warehouse.query import ask
from trendlab.warehouse.tables import create_tables

MODEL = {"model_name": "garments", "model_version": "1.2"}
TUESDAY = MONDAY + timedelta(days=1)


def towards(angle: float) -> list[float]:
    """A vector of unit length; the cosine of two is that of the angle between."""
    vector = np.zeros(128, np.float32)
    vector[:2] = np.cos(angle), np.sin(angle)
    return vector.tolist()


def look(post_id: str, angle: float | None, **more: object) -> dict[str, object]:
    vector = None if angle is None else towards(angle)
    return {"post_id": post_id, "vector": vector, **MODEL, **more}


def load_looks(warehouse: Warehouse, *rows: dict[str, object], day=MONDAY) -> None:
    load_days(warehouse.loader, day, day, {"looks": rows_of("looks", *rows, day=day)})


def test_an_analyst_finds_the_looks_nearest_to_a_look(warehouse: Warehouse) -> None:
    load_looks(
        warehouse,
        look("asked", 0.0),
        look("far", 2.0),
        look("near", 0.1),
        look("other side", -0.5, look_index=1),
    )
    found = ask(
        warehouse.analyst,
        "select post_id, look_index, score from marts.similar_looks('files', 'asked')",
    )
    assert [row[:2] for row in found.rows] == [
        ("near", 0),
        ("other side", 1),
        ("far", 0),
    ]
    scores = [row[2] for row in found.rows]
    assert scores == pytest.approx(np.cos([0.1, 0.5, 2.0]), abs=1e-6)


def test_as_many_as_asked_for_and_equal_ones_in_order(warehouse: Warehouse) -> None:
    load_looks(warehouse, *(look(name, 0.3) for name in "dbca"), look("asked", 0.0))
    found = ask(
        warehouse.analyst,
        "select post_id from similar_looks('files', 'asked', row_count => 3)",
    )
    assert [row[0] for row in found.rows] == ["a", "b", "c"]


def test_looks_of_other_models_and_without_a_vector_are_left_out(
    warehouse: Warehouse,
) -> None:
    load_looks(
        warehouse,
        look("asked", 0.0),
        look("newer", 0.1, model_version="2"),
        look("drawn", None),
    )
    question = "select * from similar_looks('files', '{}')"
    for post_id in ("asked", "drawn", "nobody"):
        assert ask(warehouse.analyst, question.format(post_id)).rows == []


def test_looks_are_replaced_with_their_day(warehouse: Warehouse) -> None:
    load_looks(warehouse, look("asked", 0.0), day=TUESDAY)
    load_looks(warehouse, look("old", 0.1))
    load_looks(warehouse, look("new", 0.2))
    [row] = nearest_looks(warehouse.analyst, towards(0.0), **MODEL, count=5)[1:]
    assert (row["post_id"], row["day"], row["look_kind"]) == ("new", MONDAY, "person")


def test_a_vector_of_another_length_is_refused_whole(warehouse: Warehouse) -> None:
    load_looks(warehouse, look("kept", 0.0))
    with pytest.raises(WarehouseError, match="expected 128 dimensions, not 3"):
        load_looks(
            warehouse, look("good", 0.0), {**look("bad", 0.0), "vector": [1, 2, 3]}
        )
    rows = nearest_looks(warehouse.analyst, towards(0.0), **MODEL, count=5)
    assert [row["post_id"] for row in rows] == ["kept"]


def test_an_analyst_reads_looks_by_these_functions_only(warehouse: Warehouse) -> None:
    load_looks(warehouse, look("asked", 0.0))
    for table in ("trendlab.looks", "looks"):
        with pytest.raises(WarehouseError, match="refused"):
            ask(warehouse.analyst, f"select * from {table}")
    with warehouse.owner.connect() as connection:
        granted = connection.execute(
            sa.text(
                "select proacl::text from pg_proc where proname in "
                "('nearest_looks', 'similar_looks')"
            )
        ).scalars()
        # `=X/` at the start of an entry would be everybody
        assert [",=X/" in acl or acl.startswith("{=X/") for acl in granted] == [
            False,
            False,
        ]


def test_adding_it_again_changes_nothing(warehouse: Warehouse) -> None:
    load_looks(warehouse, look("asked", 0.0))
    assert add_nearest(warehouse.owner)
    rows = nearest_looks(warehouse.analyst, towards(0.0), **MODEL, count=5)
    assert [row["post_id"] for row in rows] == ["asked"]


@pytest.fixture
def stranger(served: Warehouse) -> Iterator[sa.Engine]:
    """The owner of a database of their own, who may not install extensions."""
    url = sa.make_url(served.url("owner"))
    with served.owner.connect().execution_options(
        isolation_level="AUTOCOMMIT"
    ) as connection:
        connection.execute(sa.text("create role stranger login password 'known'"))
        connection.execute(sa.text("create database theirs owner stranger"))
        theirs = url.set(username="stranger", password="known", database="theirs")
        engine = make_engine(theirs.render_as_string(hide_password=False))
        yield engine
        engine.dispose()
        connection.execute(sa.text("drop database theirs"))
        connection.execute(sa.text("drop role stranger"))


def test_an_owner_who_may_not_install_it_goes_without(stranger: sa.Engine) -> None:
    create_tables(stranger)
    assert not add_nearest(stranger)
    with stranger.connect() as connection:
        assert not has_nearest(connection)
        looks = sa.inspect(connection).get_columns("looks", schema="trendlab")
    names = {column["name"] for column in looks}
    assert "vector" in names
    assert "embedding" not in names


def test_without_the_functions_it_says_what_to_do(warehouse: Warehouse) -> None:
    with warehouse.owner.begin() as connection:
        connection.execute(sa.text("drop function marts.similar_looks"))
        connection.execute(sa.text("drop function marts.nearest_looks"))
    with warehouse.analyst.connect() as connection:
        assert not has_nearest(connection)
    with pytest.raises(
        WarehouseError, match=r"install pgvector.*leave --warehouse out"
    ):
        nearest_looks(warehouse.analyst, towards(0.0), **MODEL, count=5)
    assert add_nearest(warehouse.owner)
