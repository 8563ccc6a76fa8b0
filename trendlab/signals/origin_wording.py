"""Where the authors of an event are at home, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Parts that have a word; the nearest is said.
_PARTS = (
    (1 / 2, "half"),
    (3 / 5, "three fifths"),
    (2 / 3, "two thirds"),
    (3 / 4, "three quarters"),
    (4 / 5, "four fifths"),
    (9 / 10, "nine tenths"),
    (1.0, "nearly all"),
)


def tell_origin(
    verdict: str,
    event_kind: str,
    home: Mapping[str, Any] | None,
    known_share: float,
    city_names: Mapping[str, str],
    *,
    has_excess: bool,
) -> str:
    """Say a verdict on origin in words.

    Parameters
    ----------
    verdict : str
        one_city, shifted, as_usual or not_assessable.
    event_kind : str
        peak or dip.
    home : mapping or None
        home, event_share, usual_share of the city with most beyond its usual part.
    known_share : float
        Part of the posts whose author's home is known.
    city_names : mapping of str to str
        Names of cities by id; an id without a name stands for itself.
    has_excess : bool
        Whether `event_share` is a part of an excess, or of all posts of the event.
    """
    posts = "posts" if event_kind == "peak" else "negative posts"
    if verdict == "not_assessable":
        return f"Too few {posts} by authors whose home is known to tell their origin."
    known = f"homes are known for {100 * known_share:.0f} % of the {posts}"
    if verdict == "as_usual":
        return f"Its authors are at home where they usually are ({known})."
    if home is None:
        return f"Its authors are at home in other places than usual ({known})."
    city = city_names.get(home["home"], home["home"])
    usual = f"{100 * home['usual_share']:.0f} %"
    part = home["event_share"]
    whole = "the excess" if has_excess else f"its {posts}"
    if verdict == "one_city":
        return (
            f"{_part_in_words(part).capitalize()} of {whole} ({100 * part:.0f} %) come "
            f"from authors at home in {city}, who usually write {usual} ({known})."
        )
    return (
        f"More than usual come from authors at home in {city}: {100 * part:.0f} % of "
        f"{whole}, where they usually write {usual} ({known})."
    )


def _part_in_words(part: float) -> str:
    return min(_PARTS, key=lambda named: abs(named[0] - part))[1]
