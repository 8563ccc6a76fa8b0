"""What place a written place name means: segments, qualifiers, ambiguity."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from trendlab.places.gazetteer import (
    Gazetteer,
    Place,
    Region,
    fold_place,
    read_gazetteer,
)
from trendlab.places.sphere import km_of_chord, unit_vectors

# Longer is prose or an attack, not a place; sources cap names at 100 or so.
MAX_NAME_CHARACTERS = 200
# Address lines have up to this many parts.
MAX_SEGMENTS = 8
# Below this a name is as good as unknown: a coin toss between namesakes.
MIN_CONFIDENCE = 0.5
# A name confirmed by its country or state is rarely wrong.
CONFIRMED = 0.95
# A bare name: its share of the namesakes' people, times this.
BARE = 0.9
# An alternate name counts this much of the people of a place against own names:
# "Milan" is Milano's alternate and three American towns' own name.
OTHER_NAME_WEIGHT = 0.3
# A bare alternate name must be of a place this big: "Central Park" is one of Bethpage.
OTHER_NAME_PEOPLE = 100_000
# "New York" is a city and a state.
IS_REGION_TOO = 0.8
# Two cities in one name, and neither holds the other: only where the later is
# confirmed does this stay above MIN_CONFIDENCE.
CONFLICTING = 0.55
# Parts of one name within this distance are one place (Brooklyn, New York).
SAME_PLACE_KM = 80.0
# A city named like its state must be this big to be meant by the bare name.
REGION_NAMESAKE_PEOPLE = 500_000
# "LA" and "NYC" are names of big cities, in capitals; "la" is an article.
SHORT_NAME_CHARACTERS = 3
SHORT_NAME_PEOPLE = 1_000_000

# commas nest (Brooklyn, New York); bars list (London | Paris)
_NESTING = re.compile(r"[,;()\[\]\n\t·•]|\s[-–—]\s|\s@\s")
_LISTING = re.compile(r"[|/&+✈➡→↔]|\s(?:and|y|et|und)\s|🔜")
_LEADING = ("downtown ", "greater ", "central ", "city of ", "near ", "the city of ")
_TRAILING = (
    " valley",
    " city",
    " area",
    " bay area",
    " metropolitan area",
    " metro",
    " downtown",
    " international airport",
    " airport",
)
_FLAG_START = 0x1F1E6
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_TAIL_WORDS = 3


@dataclass(frozen=True)
class Sense:
    """What a place name was taken for.

    Parameters
    ----------
    place : Place or None
        None where only a region is known.
    regions : tuple of Region
        Regions that the name allows; one where it is told.
    confidence : float
        0 to 1.
    """

    place: Place | None
    regions: tuple[Region, ...]
    confidence: float


@dataclass(frozen=True)
class _Segment:
    key: str
    is_capitals: bool


@lru_cache(maxsize=200_000)
def read_place_name(name: str) -> Sense | None:
    """Tell which place or region a name means; None where it is unknown.

    Parameters
    ----------
    name : str
        As the source writes it: `Milan, Italy`, `Paris 🇫🇷`, `Coachella Valley`,
        `Florida, Orlando`, `New York NY`.

    Notes
    -----
    Namesakes are weighed by people, and by whether the other parts of the name
    (country, state, flag) confirm or contradict them. A contradicted place is not
    taken: `Paris, Texas` is not in France.
    """
    if len(name) > MAX_NAME_CHARACTERS:
        return None
    gazetteer = read_gazetteer()
    flags = [Region(_flag_country(flag)) for flag in _FLAG.findall(name)]
    text = unicodedata.normalize("NFKC", _FLAG.sub(" ", name))
    parts = [part for part in _LISTING.split(text) if fold_place(part)]
    senses = [_read_list_item(part, flags, gazetteer) for part in parts]
    known = [sense for sense in senses if sense is not None]
    if not known:
        return Sense(None, tuple(flags), CONFIRMED) if len(flags) == 1 else None
    first = known[0]
    if len(parts) > 1 and any(_differ(first, other) for other in known[1:]):
        return None
    return first


def _flag_country(flag: str) -> str:
    return "".join(chr(ord(letter) - _FLAG_START + ord("A")) for letter in flag)


def _differ(one: Sense, other: Sense) -> bool:
    if one.place is None or other.place is None:
        return one.place is not other.place
    return distance_km(one.place, other.place) > SAME_PLACE_KM


def distance_km(one: Place, other: Place) -> float:
    """Return the distance between two places."""
    ends = unit_vectors([one.lat, other.lat], [one.lon, other.lon])
    chord = float(((ends[0] - ends[1]) ** 2).sum() ** 0.5)
    return float(km_of_chord(chord))


def _segments(text: str, gazetteer: Gazetteer) -> list[_Segment]:
    found: list[_Segment] = []
    for raw in _NESTING.split(text):
        key = fold_place(raw)
        if not key:
            continue
        letters = [letter for letter in raw if letter.isalpha()]
        is_capitals = bool(letters) and all(not c.islower() for c in letters)
        is_known = gazetteer.has_place(key) or key in gazetteer.regions
        head, tail = ("", "") if is_known else _split_region(key, gazetteer)
        if tail:
            found.append(_Segment(_known_core(head, gazetteer), is_capitals))
            found.append(_Segment(tail, is_capitals))
        else:
            found.append(_Segment(_known_core(key, gazetteer), is_capitals))
    return found[:MAX_SEGMENTS]


def _split_region(key: str, gazetteer: Gazetteer) -> tuple[str, str]:
    """Split `santorini greece` and `new york ny` before the region."""
    words = key.split()
    for size in range(min(_TAIL_WORDS, len(words) - 1), 0, -1):
        head, tail = " ".join(words[:-size]), " ".join(words[-size:])
        if tail in gazetteer.regions:
            return head, tail
        if tail in gazetteer.region_codes and gazetteer.has_place(head):
            return head, tail
    return "", ""


def _known_core(key: str, gazetteer: Gazetteer) -> str:
    """Take generic words off a name that is not known with them."""
    if gazetteer.has_place(key) or key in gazetteer.regions:
        return key
    cores = [key.removeprefix(word) for word in _LEADING if key.startswith(word)]
    cores += [key.removesuffix(word) for word in _TRAILING if key.endswith(word)]
    for core in cores:
        if gazetteer.has_place(core):
            return core
    return key


def _read_list_item(
    text: str, flags: Sequence[Region], gazetteer: Gazetteer
) -> Sense | None:
    segments = _segments(text, gazetteer)
    chosen: Sense | None = None
    for position, segment in enumerate(segments):
        # a code qualifies what stands before it: in "LA, NYC" it is no state
        others = [
            gazetteer.regions_of(other.key, is_qualifier=place > position)
            for place, other in enumerate(segments)
            if place != position
        ]
        qualifiers = [
            *(group for group in others if group),
            *([flag] for flag in flags),
        ]
        sense = _read_segment(segment, qualifiers, gazetteer)
        if sense is None:
            continue
        if position > 0 and segment.key in gazetteer.regions:
            # "Delhi, New York" is a village in the state
            sense = replace(sense, confidence=sense.confidence * IS_REGION_TOO)
        if chosen is None:
            chosen = sense
        elif chosen.place is not None and sense.place is not None:
            if segment.key in gazetteer.regions:
                continue
            chosen = _reconcile(chosen, sense, segments[0].key, gazetteer)
    if chosen is not None and chosen.confidence >= MIN_CONFIDENCE:
        return chosen
    for segment in segments:
        regions = gazetteer.regions_of(segment.key, is_qualifier=False)
        if regions:
            return Sense(None, tuple(regions), CONFIRMED / len(regions))
    return Sense(None, tuple(flags), CONFIRMED) if len(flags) == 1 else None


def _reconcile(
    chosen: Sense, later: Sense, first_key: str, gazetteer: Gazetteer
) -> Sense:
    """Settle two cities in one name: the later, larger one says where it is."""
    assert chosen.place is not None
    assert later.place is not None
    if distance_km(chosen.place, later.place) <= SAME_PLACE_KM:
        return max(chosen, later, key=lambda sense: sense.confidence)
    for place, _ in gazetteer.named(first_key):
        if distance_km(place, later.place) <= SAME_PLACE_KM:
            return Sense(place, later.regions, later.confidence)
    return Sense(later.place, later.regions, later.confidence * CONFLICTING)


def _read_segment(
    segment: _Segment,
    qualifiers: Sequence[Sequence[Region]],
    gazetteer: Gazetteer,
) -> Sense | None:
    """Choose among the namesakes of one part of a name."""
    key = segment.key
    regions = gazetteer.regions_of(key, is_qualifier=False)
    is_short = key.isascii() and len(key) <= SHORT_NAME_CHARACTERS
    weights: list[tuple[float, int, Place]] = []
    for place, is_own in gazetteer.named(key):
        agreeing = _agreeing(place, qualifiers)
        if qualifiers and not agreeing:
            continue
        if not agreeing and not is_own and place.population < OTHER_NAME_PEOPLE:
            continue
        if is_short and (
            place.population < SHORT_NAME_PEOPLE
            or not (segment.is_capitals or agreeing)
        ):
            continue
        if (
            regions
            and not any(region.admin1_code for region in agreeing)
            and not _is_meant_by_region_name(place, is_own, regions)
        ):
            continue
        weight = max(place.population, 1) * (1.0 if is_own else OTHER_NAME_WEIGHT)
        weights.append((weight, len(agreeing), place))
    if not weights:
        return None
    # the most qualifiers first: London, Ontario, Canada
    most = max(agreeing for _, agreeing, _ in weights)
    best = [(weight, place) for weight, agreeing, place in weights if agreeing == most]
    _, place = max(best, key=lambda pair: pair[0])
    # namesakes nearby are the same place: Manhattan and New York City
    share = sum(
        weight for weight, other in best if distance_km(place, other) <= SAME_PLACE_KM
    ) / sum(weight for weight, _ in best)
    confidence = share * (CONFIRMED if most else BARE)
    if regions and not most:
        confidence *= IS_REGION_TOO
    return Sense(
        place, (Region(place.country_code, place.admin1_code or None),), confidence
    )


def _agreeing(place: Place, qualifiers: Sequence[Sequence[Region]]) -> list[Region]:
    """Return the regions, one a qualifier, that hold the place."""
    agreeing = []
    for group in qualifiers:
        for region in group:
            if region.holds(place.country_code, place.admin1_code):
                agreeing.append(region)
                break
    return agreeing


def _is_meant_by_region_name(
    place: Place, is_own: bool, regions: Sequence[Region]
) -> bool:
    """Tell whether a region's name can mean this city: New York, Singapore."""
    for region in regions:
        if region.holds(place.country_code, place.admin1_code):
            if region.admin1_code is None:
                return is_own
            return place.population >= REGION_NAMESAKE_PEOPLE
    return False
