"""Marts of influence: sums by city, and what is left out of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.warehouse.rows import MONDAY, rows_of
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days

CITIES = ["lagos", "milan", "paris", "rome", "seoul"]
RUN = {"tracker": "all", "cities": CITIES, "status": "tested"}


def edge(source: str, target: str, value: str, strength: float, **more: Any) -> dict:
    return {
        "tracker": "all",
        "source_city": source,
        "target_city": target,
        "kind": "garment",
        "value": value,
        "strength": strength,
        "lag_weeks": 2,
        **more,
    }


EDGES = [
    edge("lagos", "paris", "boots", 0.5),
    edge("lagos", "seoul", "skirt", -0.25),
    edge("seoul", "paris", "boots", 0.5),
    edge("rome", "paris", "skirt", 0.9, is_same_reversed=True),
]


@pytest.fixture
def loaded(warehouse: Warehouse) -> Warehouse:
    load(warehouse, RUN | {"edges_count": 4, "reversed_same_count": 1}, EDGES)
    return warehouse


def load(warehouse: Warehouse, run: dict, edges: list[dict], week: int = 0) -> None:
    day = MONDAY + timedelta(weeks=week)
    tables = {
        "influence_placebos": rows_of("influence_placebos", run, day=day),
        "influence_edges": rows_of("influence_edges", *edges, day=day),
    }
    load_days(warehouse.loader, day, day, tables)


def ask(warehouse: Warehouse, query: str) -> list[tuple]:
    with warehouse.analyst.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_scores_add_up_what_goes_out_and_what_comes_in(loaded: Warehouse) -> None:
    assert ask(
        loaded,
        "select city, exerted, received, leads_count, follows_count "
        "from marts.city_influence where kind = 'all' order by city",
    ) == [
        ("lagos", 0.75, 0.0, 2, 0),
        ("milan", 0.0, 0.0, 0, 0),
        ("paris", 0.0, 1.0, 0, 2),
        ("rome", 0.0, 0.0, 0, 0),
        ("seoul", 0.5, 0.25, 1, 1),
    ]


def test_scores_stand_by_value_too(loaded: Warehouse) -> None:
    assert ask(
        loaded,
        "select city, exerted, received from marts.city_influence "
        "where kind = 'garment' and value = 'boots' order by city",
    ) == [("lagos", 0.5, 0.0), ("paris", 0.0, 1.0), ("seoul", 0.5, 0.0)]


def test_an_edge_that_runs_both_ways_in_time_is_shown_as_no_lead(
    loaded: Warehouse,
) -> None:
    assert ask(
        loaded,
        "select source_city from marts.influence_edges where is_same_reversed",
    ) == [("rome",)]
    assert marts.run_tests(loaded.owner)


def test_a_newer_run_without_edges_takes_the_place_of_the_old_one(
    loaded: Warehouse,
) -> None:
    load(loaded, RUN, [], week=1)
    assert ask(
        loaded, "select count(*) from marts.influence_edges where is_newest"
    ) == [(0,)]
    assert ask(
        loaded,
        "select sum(exerted), count(*) from marts.city_influence where is_newest",
    ) == [(0.0, 5)]


def test_forecasts_of_an_older_run_are_not_the_newest(loaded: Warehouse) -> None:
    load_forecasts(loaded)
    assert ask(loaded, "select distinct is_newest from marts.influence_forecasts") == [
        (True,)
    ]
    load(loaded, RUN, [], week=1)
    assert ask(loaded, "select distinct is_newest from marts.influence_forecasts") == [
        (False,)
    ]


def load_forecasts(warehouse: Warehouse) -> None:
    """Load what is forecast of Paris, of two garments and of both together."""
    forecasts = rows_of(
        "influence_forecasts",
        *(
            {"tracker": "all", "kind": kind, "value": value, "target_city": city}
            for kind, value, city in (
                ("all", "all", "all"),
                ("garment", "boots", "paris"),
                ("garment", "skirt", "paris"),
            )
        ),
    )
    load_days(warehouse.loader, MONDAY, MONDAY, {"influence_forecasts": forecasts})


def test_a_class_that_reviews_found_wrong_leads_nowhere(loaded: Warehouse) -> None:
    load_forecasts(loaded)
    reviews = rows_of(
        "reviews",
        *(
            {
                "post_id": f"p{number}",
                "category": "skirt",
                "verdict": "not_a_garment",
                "selected_by": "random",
                "inclusion_probability": 1.0,
            }
            for number in range(40)
        ),
    )
    load_days(loaded.loader, MONDAY, MONDAY, {"reviews": reviews})
    hidden = ask(
        loaded,
        "select category from marts.class_precision where review_status = 'hidden'",
    )
    assert hidden == [("skirt",)]
    values = ask(loaded, "select distinct value from marts.influence_edges")
    assert values == [("boots",)]
    forecast = ask(loaded, "select value from marts.influence_forecasts order by value")
    assert forecast == [("all",), ("boots",)]
