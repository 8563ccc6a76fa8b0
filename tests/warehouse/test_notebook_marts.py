"""What a notebook asks of the marts is bound, read with an analyst's rights."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.warehouse.rows import MONDAY, rows_of
from trendlab.report.authors import authors_behind, authors_of_several
from trendlab.report.marts import Marts
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days


@pytest.fixture
def marts(warehouse: Warehouse):
    opened = Marts(warehouse.analyst_url, tracker="it's", first_day=MONDAY)
    yield opened
    opened.close()


def test_values_of_the_notebook_and_of_the_query_are_bound(marts: Marts):
    asked = marts.ask(
        "select :tracker as tracker, cast(:first_day as date) as day, :more as more",
        more="x'; drop table y",
    )

    assert asked.loc[0].to_list() == ["it's", MONDAY, "x'; drop table y"]


def test_a_value_of_the_query_wins_over_the_notebooks(marts: Marts):
    assert marts.ask("select :tracker as it", tracker="all")["it"][0] == "all"


def test_an_empty_answer_has_its_columns(marts: Marts):
    asked = marts.ask("select tracker, day from marts.activity_daily")

    assert asked.empty
    assert list(asked.columns) == ["tracker", "day"]


def test_cities_are_named_and_what_is_no_city_as_given(
    warehouse: Warehouse, marts: Marts
):
    cities = rows_of("cities", {"city": "rome", "name": "Rome"})
    load_days(warehouse.loader, MONDAY, MONDAY, {"cities": cities})

    assert marts.city_names(all="everywhere") == {"rome": "Rome", "all": "everywhere"}


def test_behind_an_event_are_those_above_their_usual(warehouse: Warehouse):
    anger = {"tracker": "it's", "window_kind": "low_sentiment"}
    ranks = [
        {**anger, "author_id": "loved", "rank": 1, "contribution_share": 0.0},
        {**anger, "author_id": "critic", "rank": 2, "contribution_share": 0.4},
        {**anger, "author_id": "second", "rank": 3, "contribution_share": 0.2},
        {**anger, "author_id": "third", "rank": 4, "contribution_share": 0.1},
        # nobody's usual is known in the window of peaks
        {**anger, "window_kind": "high_activity", "author_id": "new", "rank": 1},
        {**anger, "window_kind": "all", "author_id": "steady", "rank": 1},
        {**anger, "tracker": "other", "author_id": "elsewhere", "rank": 1},
    ]
    tables = {"influencers": rows_of("influencers", *ranks)}
    load_days(warehouse.loader, MONDAY, MONDAY, tables)
    opened = Marts(warehouse.analyst_url, tracker="it's", last_day=MONDAY)

    behind = authors_behind(opened, a_window=2, most=9)
    opened.close()

    assert behind["author_id"].to_list() == ["new", "critic", "second"]


@pytest.mark.parametrize(
    ("tracker", "shown"), [("coats", ["two"]), ("all", ["three", "two"]), ("coat", [])]
)
def test_authors_of_several_trackers_carry_the_one_asked_for(
    warehouse: Warehouse, tracker: str, shown: list[str]
):
    several = rows_of(
        "multi_tracker_authors",
        {"author_id": "two", "trackers": "boots, coats", "trackers_count": 2},
        {"author_id": "three", "trackers": "boots, hats, rings", "trackers_count": 3},
    )
    load_days(warehouse.loader, MONDAY, MONDAY, {"multi_tracker_authors": several})
    opened = Marts(warehouse.analyst_url, tracker=tracker, last_day=MONDAY)

    found = authors_of_several(opened, most=9)
    opened.close()

    assert found["author_id"].to_list() == shown


def test_an_analyst_reads_the_marts_only_and_the_address_is_not_shown(marts: Marts):
    with pytest.raises(pd.errors.DatabaseError, match="permission denied"):
        marts.ask("select * from trendlab.posts")
    assert repr(marts) == "Marts()"
