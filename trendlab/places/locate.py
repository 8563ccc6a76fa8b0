"""City of a post: coordinates > place name > author's profile > unknown."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.places.gazetteer import Region, fold_place, read_gazetteer
from trendlab.places.names import (
    MAX_NAME_CHARACTERS,
    Sense,
    read_place_name,
)
from trendlab.places.sphere import NearestCity, is_valid_position

_log = logging.getLogger(__name__)

# One row per post, in the order of the posts.
LOCATED = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("post_id", pa.string(), nullable=False),
        pa.field("city", pa.string(), nullable=False),
        pa.field("city_source", pa.string(), nullable=False),
        pa.field("city_confidence", pa.float64(), nullable=False),
    ]
)
UNKNOWN = "unknown"

# A monitored city's own name, alone, where the gazetteer does not know it.
OWN_NAME_CONFIDENCE = 0.9
# A monitored city's name inside a longer one: "Cathédrale Notre-Dame de Paris".
INNER_NAME_CONFIDENCE = 0.5
# Longer names are not looked for inside others.
INNER_NAME_WORDS = 4
# Another place this big inside the same name makes it ambiguous: "Paris Las Vegas".
INNER_RIVAL_PEOPLE = 300_000
# A profile says where the author lives, not where the photo was taken.
PROFILE_WEIGHT = 0.8


@dataclass(frozen=True)
class _Told:
    """What distinct place names say: arrays of equal length, one entry a name.

    `city` is a position in the cities, -1 for none; `is_known` is true where the
    place is told, monitored or not; `regions` is set where only a region is.
    """

    city: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    is_known: npt.NDArray[np.bool_]
    regions: list[tuple[Region, ...]]
    senses: list[Sense | None]


def locate_posts(posts: pa.Table, cities: pa.Table) -> pa.Table:
    """Tell the monitored city of each post.

    Parameters
    ----------
    posts : pyarrow.Table
        Columns source, post_id, lat, lon, point_radius_km, place_name, author_place
        of `posts`.
    cities : pyarrow.Table
        Schema `cities`.

    Returns
    -------
    pyarrow.Table
        Schema `LOCATED`, in the order of the posts; one row per post.

    Notes
    -----
    The first of these that tells a place decides:

    1. coordinates: the nearest monitored city whose radius holds them, confidence 1,
       or less where the source places the post within a radius of its own that reaches
       out of the city; out of range and (0, 0) do not count as coordinates;
    2. `place_name`, read by the gazetteer (`read_place_name`), the place then by 1;
       a monitored city's own name counts too, also inside a longer name;
    3. `author_place`, the same way, at 0.8 of the confidence.

    A place that is told and lies in no monitored city gives `unknown` with that
    `city_source`: a post from Lyon by an author from Paris is not from Paris. A name
    that tells only a country or state lets the profile decide where it agrees.
    `city_confidence` is 0 where nothing is told.
    """
    started = time.perf_counter()
    size = posts.num_rows
    if size == 0:
        return LOCATED.empty_table()
    names = np.array([*cities["city"].to_pylist(), UNKNOWN], dtype=object)
    nearest = NearestCity(
        cities["lat"].to_numpy(),
        cities["lon"].to_numpy(),
        cities["radius_km"].to_numpy(),
    )
    city = np.full(size, -1, np.int64)
    confidence = np.zeros(size)
    told_by = np.full(size, "none", dtype=object)

    lat = _floats(posts["lat"])
    lon = _floats(posts["lon"])
    has_position = is_valid_position(lat, lon)
    city[has_position] = nearest.find(lat[has_position], lon[has_position])
    confidence[has_position] = 1.0
    told_by[has_position] = "coordinates"
    blurred = np.flatnonzero(
        has_position & (city >= 0) & (_floats(posts["point_radius_km"]) > 0)
    )
    confidence[blurred] = _share_inside(
        nearest.distance_km(lat[blurred], lon[blurred], city[blurred]),
        _floats(posts["point_radius_km"])[blurred],
        cities["radius_km"].to_numpy()[city[blurred]],
    )

    open_rows = np.flatnonzero(~has_position)
    finder = _NameReader(cities, nearest)
    place_codes, places = _distinct(posts["place_name"], open_rows)
    profile_codes, profiles = _distinct(posts["author_place"], open_rows)
    from_place = finder.read(places)
    from_profile = finder.read(profiles)

    by_place = _at(from_place.is_known, place_codes)
    rows = open_rows[by_place]
    city[rows] = from_place.city[place_codes[by_place]]
    confidence[rows] = from_place.confidence[place_codes[by_place]]
    told_by[rows] = "place_name"

    by_profile = ~by_place & _at(from_profile.is_known, profile_codes)
    for row in np.flatnonzero(by_profile & (place_codes >= 0)):
        regions = from_place.regions[place_codes[row]]
        sense = from_profile.senses[profile_codes[row]]
        if regions and not _agrees(sense, regions):
            by_profile[row] = False
    rows = open_rows[by_profile]
    city[rows] = from_profile.city[profile_codes[by_profile]]
    confidence[rows] = (
        PROFILE_WEIGHT * from_profile.confidence[profile_codes[by_profile]]
    )
    told_by[rows] = "profile"

    _log.info(
        "located posts: %d in, %d in a monitored city, %.2f s",
        size,
        int((city >= 0).sum()),
        time.perf_counter() - started,
    )
    return pa.table(
        [
            posts["source"],
            posts["post_id"],
            pa.array(names[city], pa.string()),
            pa.array(told_by, pa.string()),
            pa.array(np.round(confidence, 4)),
        ],
        schema=LOCATED,
    )


def _share_inside(
    distance_km: npt.NDArray[np.float64],
    radius_km: npt.NDArray[np.float64],
    city_radius_km: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return which part of a point's own radius lies within a city's.

    Along the line through both centres, the one on which they can part: 1 where all
    of it lies within, 0.5 on the rim.
    """
    share = (city_radius_km - distance_km + radius_km) / (2.0 * radius_km)
    return np.clip(share, 0.0, 1.0)


def _floats(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    return np.asarray(pc.fill_null(column, np.nan).to_numpy(), np.float64)


def _distinct(
    column: pa.ChunkedArray, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return each row's position among the distinct texts (-1 for NULL), and these."""
    encoded = column.take(pa.array(rows)).combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return np.asarray(codes, np.int64), encoded.dictionary.to_pylist()


def _at(
    flags: npt.NDArray[np.bool_], codes: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Look flags up by position; position -1 gives false."""
    return np.append(flags, False)[codes]


def _agrees(sense: Sense | None, regions: Sequence[Region]) -> bool:
    """Tell whether what a profile says lies in a region that the post names."""
    if sense is None:
        return False
    return any(
        (own.country_code, own.admin1_code) == (region.country_code, region.admin1_code)
        or region.holds(own.country_code, own.admin1_code)
        for own in sense.regions
        for region in regions
    )


class _NameReader:
    """Reads place names against one list of monitored cities."""

    def __init__(self, cities: pa.Table, nearest: NearestCity) -> None:
        self._nearest = nearest
        self._countries = cities["country_code"].to_pylist()
        self._own_names: dict[str, int] = {}
        for position, (city, name) in enumerate(
            zip(cities["city"].to_pylist(), cities["name"].to_pylist(), strict=True)
        ):
            for key in (fold_place(name), city.replace("_", " ")):
                self._own_names.setdefault(key, position)
        self._own_names.pop("", None)

    def read(self, names: list[str]) -> _Told:
        """Read distinct names."""
        size = len(names)
        told = _Told(
            city=np.full(size, -1, np.int64),
            confidence=np.zeros(size),
            is_known=np.zeros(size, np.bool_),
            regions=[()] * size,
            senses=[None] * size,
        )
        lat = np.full(size, np.nan)
        lon = np.full(size, np.nan)
        for row, name in enumerate(names):
            sense = read_place_name(name)
            told.senses[row] = sense
            if sense is not None and sense.place is not None:
                lat[row], lon[row] = sense.place.lat, sense.place.lon
                told.confidence[row] = sense.confidence
                continue
            regions = sense.regions if sense is not None else ()
            told.regions[row] = regions
            own = self._own_name(name, regions)
            if own is not None:
                told.city[row], told.confidence[row] = own
                told.is_known[row] = True
        placed = np.flatnonzero(~np.isnan(lat))
        told.city[placed] = self._nearest.find(lat[placed], lon[placed])
        told.is_known[placed] = True
        return told

    def _own_name(
        self, name: str, regions: tuple[Region, ...]
    ) -> tuple[int, float] | None:
        """Look for one monitored city's name, alone or inside a longer one."""
        if len(name) > MAX_NAME_CHARACTERS:
            return None
        key = fold_place(name)
        whole = self._own_names.get(key)
        if whole is not None:
            return whole, OWN_NAME_CONFIDENCE
        words = key.split()
        found = set()
        for size in range(min(INNER_NAME_WORDS, len(words)), 0, -1):
            for start in range(len(words) - size + 1):
                part = " ".join(words[start : start + size])
                if part in self._own_names:
                    found.add(self._own_names[part])
                elif _is_big_place(part):
                    return None
        if len(found) != 1:
            return None
        city = found.pop()
        country = self._countries[city]
        if regions and all(region.country_code != country for region in regions):
            return None
        return city, INNER_NAME_CONFIDENCE


@lru_cache(maxsize=100_000)
def _is_big_place(key: str) -> bool:
    places = read_gazetteer().own_names(key)
    return bool(places) and places[0].population >= INNER_RIVAL_PEOPLE
