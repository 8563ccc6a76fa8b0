from __future__ import annotations

from importlib.resources import files

import numpy as np
from shapely.geometry import Point

from trendlab.places.cities import seed_cities
from trendlab.places.maps import cities_frame, read_outlines
from trendlab.schemas import TABLES


def test_cities_become_points_at_lon_and_lat() -> None:
    frame = cities_frame(seed_cities())
    paris = frame.set_index("city").loc["paris"]
    assert paris.geometry == Point(paris["lon"], paris["lat"])
    assert frame.crs.to_epsg() == 4326
    assert len(frame) == 44


def test_no_cities_become_an_empty_frame() -> None:
    frame = cities_frame(TABLES["cities"].empty())
    assert len(frame) == 0
    assert "geometry" in frame.columns


def test_outlines_are_valid_and_small() -> None:
    outlines = read_outlines()
    assert len(outlines) > 170
    assert outlines.geometry.is_valid.all()
    size = len((files("trendlab.places") / "countries.geojson").read_bytes())
    assert size < 300_000


def test_no_outline_reaches_across_the_map_but_along_the_pole() -> None:
    for polygon in read_outlines().geometry.explode():
        edges = np.array(polygon.exterior.coords)
        lon, lat = edges[:, 0], edges[:, 1]
        assert (lat[1:][np.abs(np.diff(lon)) > 180] == -90).all()


def test_most_cities_lie_in_their_country() -> None:
    # at 1:110m some ports lie in the sea, and Singapore is not drawn
    outlines = read_outlines().dissolve("country_code").geometry
    cities = cities_frame(seed_cities())
    inside = [
        outlines[city.country_code].buffer(0.3).contains(city.geometry)
        for city in cities.itertuples()
        if city.country_code in outlines.index
    ]
    assert len(inside) == 43
    assert all(inside)


def test_changing_outlines_does_not_change_the_next_read() -> None:
    first = read_outlines()
    first["name"] = "x"
    assert "France" in set(read_outlines()["name"])
