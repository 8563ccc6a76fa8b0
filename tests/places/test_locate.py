from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import post_row, table
from trendlab.places.cities import read_cities, seed_cities
from trendlab.places.locate import LOCATED, locate_posts
from trendlab.schemas import TABLES

COACHELLA = {
    "city": "coachella",
    "name": "Coachella Valley",
    "lat": 33.68,
    "lon": -116.17,
    "radius_km": 40.0,
}


def located(*posts: dict[str, Any], added: tuple[dict[str, Any], ...] = ()) -> Any:
    cities = read_cities([*seed_cities().to_pylist(), *added])
    rows = [post_row(post_id=f"p{n}", **post) for n, post in enumerate(posts)]
    found = locate_posts(table("posts", rows), cities)
    assert found.schema == LOCATED
    return [
        (row["city"], row["city_source"], row["city_confidence"])
        for row in found.to_pylist()
    ]


def test_coordinates_come_before_place_name_before_profile() -> None:
    everything = {
        "lat": 45.47,
        "lon": 9.19,
        "place_name": "Rome, Italy",
        "author_place": "Berlin",
    }
    without = everything | {"lat": None, "lon": None}
    profile_only = without | {"place_name": None}
    nothing = profile_only | {"author_place": None}
    assert located(everything, without, profile_only, nothing) == [
        ("milan", "coordinates", 1.0),
        ("rome", "place_name", 0.95),
        ("berlin", "profile", pytest.approx(0.72, abs=0.02)),
        ("unknown", "none", 0.0),
    ]


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(0.0, 0.0), (48.85, None), (None, 2.35)],
)
def test_null_island_and_half_positions_fall_through(
    lat: float | None, lon: float | None
) -> None:
    ((city, source, _),) = located({"lat": lat, "lon": lon, "place_name": "Paris"})
    assert (city, source) == ("paris", "place_name")


def test_positions_out_of_range_fall_through() -> None:
    posts = table("posts", [post_row(lat=91.0, lon=2.0, place_name="Paris, France")])
    (row,) = locate_posts(posts, seed_cities()).to_pylist()
    assert row["city_source"] == "place_name"


def test_a_post_from_elsewhere_is_not_from_its_authors_home() -> None:
    assert located(
        {"lat": 45.76, "lon": 4.84, "author_place": "Paris"},
        {"place_name": "Lyon, France", "author_place": "Paris"},
        {"place_name": "Paris, Texas", "author_place": "Paris"},
    ) == [
        ("unknown", "coordinates", 1.0),
        ("unknown", "place_name", 0.95),
        ("unknown", "place_name", 0.95),
    ]


def test_an_unknown_place_falls_through_to_the_profile() -> None:
    ((city, source, _),) = located(
        {"place_name": "Link in Profile", "author_place": "London, UK"}
    )
    assert (city, source) == ("london", "profile")


def test_a_country_lets_the_profile_decide_where_it_agrees() -> None:
    agreeing, abroad = located(
        {"place_name": "France", "author_place": "Paris"},
        {"place_name": "Iceland", "author_place": "Paris"},
    )
    assert agreeing[:2] == ("paris", "profile")
    assert abroad == ("unknown", "none", 0.0)


def test_a_place_nearby_counts_to_the_monitored_city() -> None:
    found = located(
        {"place_name": "Santa Monica, California"},
        {"place_name": "Brooklyn"},
        {"place_name": "Montmartre"},
        {"place_name": "Vatican City"},
    )
    assert [city for city, _, _ in found] == [
        "los_angeles",
        "new_york_city",
        "paris",
        "rome",
    ]


def test_a_monitored_name_inside_a_longer_one_counts_at_half_confidence() -> None:
    assert located(
        {"place_name": "Cathédrale Notre-Dame de Paris"},
        {"place_name": "Coachella Music and Arts Festival"},
        {"place_name": "Paris Las Vegas Hotel"},
        {"place_name": "Little Paris Bakery, Texas"},
        added=({**COACHELLA, "name": "Coachella"},),
    ) == [
        ("paris", "place_name", 0.5),
        ("coachella", "place_name", 0.5),
        ("unknown", "none", 0.0),
        ("unknown", "none", 0.0),
    ]


def test_an_added_city_is_found_by_name_and_by_its_neighbours() -> None:
    found = located(
        {"place_name": "Coachella Valley"},
        {"place_name": "Indio, California"},
        {"place_name": "Coachella"},
        added=(COACHELLA,),
    )
    assert [city for city, _, _ in found] == ["coachella"] * 3


def test_a_name_only_the_user_knows_is_found() -> None:
    added = {**COACHELLA, "city": "studio_nine", "name": "Studio Nine Backlot"}
    assert located({"place_name": "STUDIO NINE BACKLOT"}, added=(added,)) == [
        ("studio_nine", "place_name", 0.9)
    ]


def test_rows_keep_the_order_of_the_posts() -> None:
    posts = table("posts", [post_row(post_id=each) for each in ("z", "a", "m")])
    assert locate_posts(posts, seed_cities())["post_id"].to_pylist() == ["z", "a", "m"]


def test_nothing_in_gives_a_typed_nothing() -> None:
    found = locate_posts(TABLES["posts"].empty(), seed_cities())
    assert found.equals(LOCATED.empty_table())


def test_without_cities_everything_is_unknown() -> None:
    posts = table("posts", [post_row(lat=48.85, lon=2.35), post_row(place_name="Rome")])
    found = locate_posts(posts, TABLES["cities"].empty())
    assert found["city"].to_pylist() == ["unknown", "unknown"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(allow_nan=True, allow_infinity=True),
            st.none() | st.floats(allow_nan=True, allow_infinity=True),
            st.none() | st.text(max_size=300) | st.sampled_from(["Paris", "\x00"]),
            st.none() | st.text(max_size=20) | st.sampled_from(["Rome", "Italy"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_hostile_posts_are_survived(posts: list[tuple[Any, Any, Any, Any]]) -> None:
    rows = [
        post_row(post_id=f"p{n}", lat=lat, lon=lon, place_name=place, author_place=home)
        for n, (lat, lon, place, home) in enumerate(posts)
    ]
    found = locate_posts(table("posts", rows), seed_cities())
    known = {*seed_cities()["city"].to_pylist(), "unknown"}
    assert found.num_rows == len(posts)
    for row in found.to_pylist():
        assert row["city"] in known
        assert 0 <= row["city_confidence"] <= 1
        assert (row["city_source"] == "none") == (row["city_confidence"] == 0)


def test_a_point_that_is_not_exact_is_as_sure_as_it_lies_within_the_city() -> None:
    # Milan reaches 40 km far; 20 km north of its centre, a degree being 111.2 km
    centre = {"lat": 45.4643, "lon": 9.1895}
    north = centre | {"lat": 45.4643 + 20 / 111.195}
    found = located(
        centre | {"point_radius_km": None},
        centre | {"point_radius_km": 40.0},
        north | {"point_radius_km": 0.31},
        north | {"point_radius_km": 50.0},
        north | {"point_radius_km": 0.0},
    )
    assert [city for city, _, _ in found] == ["milan"] * 5
    assert [source for _, source, _ in found] == ["coordinates"] * 5
    assert [share for *_, share in found] == pytest.approx(
        [1.0, 1.0, 1.0, 0.7, 1.0], abs=0.001
    )


def test_a_radius_changes_nothing_where_no_city_is_near() -> None:
    (found,) = located({"lat": 45.75, "lon": 4.85, "point_radius_km": 9.78})
    assert found == ("unknown", "coordinates", 1.0)
