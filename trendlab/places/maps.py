"""Cities and country outlines as geopandas frames, for maps."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import geopandas as gpd
import pyarrow as pa

# Longitude and latitude in degrees, as GeoNames and Natural Earth give them.
WGS84 = "EPSG:4326"


def cities_frame(cities: pa.Table) -> gpd.GeoDataFrame:
    """Turn monitored cities into points.

    Parameters
    ----------
    cities : pyarrow.Table
        Schema `cities`, or any table with `lat` and `lon`.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns of `cities` and `geometry` (points, EPSG:4326); one row per city.
    """
    frame = cities.to_pandas()
    points = gpd.points_from_xy(frame["lon"], frame["lat"])
    return gpd.GeoDataFrame(frame, geometry=points, crs=WGS84)


@lru_cache(maxsize=1)
def _outlines() -> gpd.GeoDataFrame:
    with (files("trendlab.places") / "countries.geojson").open("rb") as stream:
        return gpd.read_file(stream)


def read_outlines() -> gpd.GeoDataFrame:
    """Return the outlines of countries at 1 : 110,000,000.

    Returns
    -------
    geopandas.GeoDataFrame
        name, country_code (ISO 3166-1 alpha-2; missing for Kosovo, Northern Cyprus and
        Somaliland) and geometry (EPSG:4326); one row per country, by name.

    Notes
    -----
    Natural Earth's 1:110m countries (public domain, naturalearthdata.com), by way of
    world-atlas 2.0.2 (ISC, Michael Bostock); Russia, Fiji and Antarctica by way of
    pyogrio's test data (MIT), where they end at the antimeridian instead of reaching
    across the map. For backgrounds of maps: far too coarse to tell which country a
    point is in.
    """
    return _outlines().copy()
