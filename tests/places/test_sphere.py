from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.places.sphere import (
    EARTH_RADIUS_KM,
    NearestCity,
    chord_of_km,
    is_valid_position,
    km_of_chord,
)

QUARTER_KM = np.pi / 2 * EARTH_RADIUS_KM

LATS = st.floats(-90, 90)
LONS = st.floats(-180, 180)


def haversine_km(
    lat: np.ndarray, lon: np.ndarray, lats: np.ndarray, lons: np.ndarray
) -> np.ndarray:
    """(n,) points and (k,) centres, degrees → (n, k) kilometres."""
    a, b = np.radians(lat)[:, None], np.radians(lats)[None, :]
    apart = np.radians(lons)[None, :] - np.radians(lon)[:, None]
    h = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(apart / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1)))


def test_a_chord_turns_back_into_its_distance() -> None:
    km = np.array([0.0, 0.001, 50.0, QUARTER_KM, 2 * QUARTER_KM])
    np.testing.assert_allclose(km_of_chord(chord_of_km(km)), km, rtol=1e-9)


@pytest.mark.parametrize(
    ("lat", "lon", "is_valid"),
    [
        (48.9, 2.3, True),
        (0.0, 0.0, False),
        (0.001, -0.001, False),
        (0.0, 32.5, True),
        (5.6, 0.0, True),
        (90.0, 0.0, True),
        (-90.0, 180.0, True),
        (90.1, 0.0, False),
        (0.5, 180.5, False),
        (float("nan"), 2.0, False),
        (2.0, float("nan"), False),
        (float("inf"), 2.0, False),
    ],
)
def test_positions_out_of_range_and_null_island_are_invalid(
    lat: float, lon: float, is_valid: bool
) -> None:
    assert is_valid_position([lat], [lon]).tolist() == [is_valid]


def test_the_antimeridian_is_no_border() -> None:
    # Taveuni, Fiji, lies on it
    city = NearestCity([-16.85], [179.97], [30.0])
    assert city.find([-16.85, -16.85], [-179.95, -179.0]).tolist() == [0, -1]


def test_all_longitudes_meet_at_the_pole() -> None:
    city = NearestCity([89.9], [10.0], [50.0])
    found = city.find([89.9, 90.0, 89.0], [-170.0, 77.0, 10.0])
    assert found.tolist() == [0, 0, -1]


def test_a_point_on_the_rim_belongs_and_one_beyond_does_not() -> None:
    city = NearestCity([0.0], [10.0], [100.0])
    degree_km = np.pi / 180 * EARTH_RADIUS_KM
    found = city.find([0.0, 0.0], [10 + 99.999 / degree_km, 10 + 100.001 / degree_km])
    assert found.tolist() == [0, -1]


def test_a_wide_city_reaches_past_a_nearer_small_one() -> None:
    small, wide = 0, 1
    cities = NearestCity([0.0, 0.0], [10.0, 10.5], [5.0, 100.0])
    assert cities.find([0.0, 0.0], [10.01, 10.1]).tolist() == [small, wide]


def test_no_cities_and_no_points_are_no_trouble() -> None:
    assert NearestCity([], [], []).find([1.0], [2.0]).tolist() == [-1]
    assert NearestCity([1.0], [2.0], [3.0]).find([], []).tolist() == []


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(LATS, LONS, st.floats(1, 3000)), min_size=1, max_size=25),
    st.lists(st.tuples(LATS, LONS), min_size=1, max_size=15),
)
def test_the_nearest_that_holds_is_as_by_haversine(
    centres: list[tuple[float, float, float]], points: list[tuple[float, float]]
) -> None:
    lats, lons, radii = map(np.array, zip(*centres, strict=True))
    lat, lon = map(np.array, zip(*points, strict=True))
    km = haversine_km(lat, lon, lats, lons)
    # what lies on a rim or halfway between two may fall either way
    inside = np.where(km <= radii, km, np.inf)
    found = NearestCity(lats, lons, radii).find(lat, lon)
    for row, city in enumerate(found):
        nearest = inside[row].min()
        on_rim = np.abs(km[row] - radii).min() < 0.01
        if city < 0:
            assert nearest == np.inf or on_rim
        else:
            assert km[row, city] <= nearest + 0.01 or on_rim
