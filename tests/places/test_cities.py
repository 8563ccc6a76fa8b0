from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trendlab.errors import SettingsError
from trendlab.places.cities import read_cities, seed_cities
from trendlab.schemas import TABLES

ANTWERP = {
    "city": "antwerp",
    "name": "Antwerp",
    "country_code": "BE",
    "region": "Europe",
    "lat": 51.22,
    "lon": 4.4,
    "radius_km": 30.0,
    "time_zone": "Europe/Brussels",
}


def test_the_seed_holds_the_44_cities() -> None:
    cities = seed_cities()
    assert cities.schema == TABLES["cities"].arrow
    assert cities.num_rows == 44
    ids = cities["city"].to_pylist()
    assert ids == sorted(set(ids))
    assert {"new_york_city", "sao_paulo", "kiev", "bogota", "rio_de_janeiro"} <= set(
        ids
    )
    assert set(cities["region"].to_pylist()) == {
        "Africa",
        "Asia",
        "Europe",
        "North America",
        "Oceania",
        "South America",
    }


def test_seed_cities_do_not_reach_into_each_other() -> None:
    from trendlab.places.sphere import km_of_chord, unit_vectors

    cities = seed_cities()
    centres = unit_vectors(cities["lat"].to_numpy(), cities["lon"].to_numpy())
    chords = ((centres[:, None] - centres[None]) ** 2).sum(axis=2) ** 0.5
    radius = cities["radius_km"].to_numpy()
    apart = km_of_chord(chords) - radius[:, None] - radius[None]
    assert (apart + 1e6 * (chords == 0)).min() > 0


def test_a_city_in_full_is_taken_as_it_is() -> None:
    assert read_cities([ANTWERP]).to_pylist() == [ANTWERP]


def test_what_is_absent_is_filled_from_the_neighbourhood() -> None:
    (row,) = read_cities(
        [
            {
                "city": "coachella",
                "name": "Coachella Valley",
                "lat": 33.68,
                "lon": -116.17,
            }
        ]
    ).to_pylist()
    assert row["country_code"] == "US"
    assert row["region"] == "North America"
    assert row["time_zone"] == "America/Los_Angeles"
    assert row["radius_km"] == 50.0


def test_a_csv_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    path.write_text(
        "\ufeffcity,name,lat,lon,radius_km,country_code,region,time_zone\n"
        "antwerp,Antwerp,51.22,4.4,30,BE,Europe,Europe/Brussels\n"
        "ghent,Ghent,51.05,3.72,,,,\n",
        encoding="utf-8",
    )
    antwerp, ghent = read_cities(path).to_pylist()
    assert antwerp == ANTWERP
    assert (ghent["country_code"], ghent["time_zone"]) == ("BE", "Europe/Brussels")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"city": "Antwerp"}, "city"),
        ({"city": "unknown"}, "city"),
        ({"city": "all"}, "city"),
        ({"city": "a/b"}, "city"),
        ({"city": "a\x00"}, "city"),
        ({"city": ""}, "city"),
        ({"name": "Ant\x00werp"}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"lat": 91}, "lat"),
        ({"lon": -181}, "lon"),
        ({"lat": float("nan")}, "lat"),
        ({"lat": None}, "lat"),
        ({"radius_km": 0}, "radius_km"),
        ({"radius_km": 20_000}, "radius_km"),
        ({"country_code": "Belgium"}, "country_code"),
        ({"time_zone": "Europe/Antwerp"}, "time_zone"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(SettingsError, match=rf"city 1: {field}: "):
        read_cities([{**ANTWERP, **change}])


def test_a_wrong_line_of_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    path.write_text("city,name,lat,lon\nghent,Ghent,51.05,3.72\nx,X,north,1\n")
    with pytest.raises(SettingsError, match=r"cities\.csv:3: lat: "):
        read_cities(path)


def test_a_line_with_too_many_values_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    path.write_text("city,name,lat,lon\nghent,Ghent,51.05,3.72,4,5\n")
    with pytest.raises(SettingsError, match=r"cities\.csv:2: more values"):
        read_cities(path)


def test_a_city_given_twice_is_refused() -> None:
    with pytest.raises(SettingsError, match="city 2: city: 'antwerp' stands at city 1"):
        read_cities([ANTWERP, ANTWERP])


def test_a_city_at_sea_needs_its_country() -> None:
    sea = {"city": "nemo", "name": "Point Nemo", "lat": -48.9, "lon": -123.4}
    with pytest.raises(SettingsError, match="country_code: must be given"):
        read_cities([sea])


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_cities(tmp_path / "none.csv")


def test_no_cities_give_a_typed_nothing() -> None:
    assert read_cities([]).equals(TABLES["cities"].empty())
