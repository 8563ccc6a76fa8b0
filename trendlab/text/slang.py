"""Fashion's words of praise that VADER reads as blame: "killer heels", "sick fit".

Only for the classifier beside VADER: VADER's own score stays that of the package.
"""

from __future__ import annotations

import re

_THINGS = (
    r"(?:heels?|boots?|shoes|look|outfit|dress|fit|style|coat|jacket|bag|collection|"
    r"pieces?|vibes?|body|legs)"
)
# what is written → a word of praise that VADER knows, at about the same strength
_PRAISE = (
    (re.compile(rf"\bkiller (?={_THINGS}\b)", re.IGNORECASE), "great "),
    (re.compile(rf"\bsick (?={_THINGS}\b)", re.IGNORECASE), "great "),
    (re.compile(rf"\bwicked (?={_THINGS}\b)", re.IGNORECASE), "great "),
    # "this fit is sick", not "this makes me sick" or "sick of it"
    (
        re.compile(
            rf"\b({_THINGS} (?:is|are|looks?) (?:so |too )?)sick\b(?! of| and tired)",
            re.IGNORECASE,
        ),
        r"\1great",
    ),
    (re.compile(r"\bobsessed\b(?! (?:over|about))", re.IGNORECASE), "in love"),
    (re.compile(r"\bto die for\b", re.IGNORECASE), "amazing"),
    (re.compile(r"\bdrop[- ]dead (?=gorgeous\b)", re.IGNORECASE), ""),
    (re.compile(r"\bslay(?:s|ed|ing)?\b", re.IGNORECASE), "amazing"),
    (re.compile(r"\b(?:the bomb|so bomb)\b", re.IGNORECASE), "amazing"),
)
# one look tells that a text holds none of them, as nearly all do
_ANY = re.compile(
    r"killer|sick|wicked|obsessed|to die for|drop[- ]dead|slay|bomb", re.IGNORECASE
)


def read_slang(text: str) -> str:
    """Return a text with fashion's praise in words that VADER knows.

    Examples
    --------
    >>> read_slang("Those killer heels, I am obsessed")
    'Those great heels, I am in love'
    >>> read_slang("sick of waiting for my parcel")
    'sick of waiting for my parcel'
    """
    if _ANY.search(text) is None:
        return text
    for pattern, praise in _PRAISE:
        text = pattern.sub(praise, text)
    return text
