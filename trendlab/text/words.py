"""Words and hashtags of a text, as they are counted."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from trendlab.text.clean import drop_marked, stop_words_by_language

# One letter is no word; longer than this is a keyboard held down, or a script without
# spaces.
MIN_WORD_CHARACTERS = 2
MAX_WORD_CHARACTERS = 30
MAX_HASHTAG_CHARACTERS = 100
# t-shirt, v-neck and e-girl are words; advent-calendar and long-sleeve are two.
MAX_PREFIX_CHARACTERS = 2

# Function words of other languages that say something in English ones about fashion.
_KEPT = (
    "care die dig dog door end era hat heel kim man men mint mod plus tan ten war été"
)
# Words of the medium, not of what is said in it.
_MEDIUM = "rt via amp http https www com pic"

# Letters, digits and the marks that other scripts set on letters (which \w leaves out),
# with apostrophes and hyphens inside.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670"
    "\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a03\u0a3c-\u0a4d"
    "\u0a81-\u0a83\u0abc-\u0acd\u0b82\u0bbe-\u0bcd\u0c00-\u0c04\u0c3e-\u0c56"
    "\u0c81-\u0c83\u0cbc-\u0cd6\u0d3e-\u0d4d\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
)
_WORD = re.compile(rf"[\w{_MARKS}]+(?:['-][\w{_MARKS}]+)*")
_HASHTAG = re.compile(rf"(?<![\w&])[#＃]([\w{_MARKS}]+)")
# 's, 'll, 're, 've, 'd, 'm, n't at the end; l', d', qu', dell' at the start
_ENDING = re.compile(r"(?:n't|'(?:s|ll|re|ve|d|m|t|in|em))$")
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|un|all|dall|dell|nell|sull|quest)'(?=\w)")


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """Return the words that are not counted: function words of 22 languages."""
    union = frozenset().union(*stop_words_by_language().values())
    return (union - set(_KEPT.split())) | set(_MEDIUM.split())


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).replace("’", "'")


def tokenize(text: str) -> list[str]:
    """Return the words of a text, in order, with repeats.

    Parameters
    ----------
    text : str
        As written.

    Returns
    -------
    list of str
        NFKC and casefolded; 2 to 30 characters with at least one letter. Links,
        @handles, #hashtags, function words, endings like 's and elisions like l' are
        left out; `t-shirt` and `90s` are words, `advent-calendar` is two. Runs of a
        script without spaces (Chinese, Japanese, Thai) are not split: those of ≤ 30
        characters are one word.
    """
    found: list[str] = []
    for word in _WORD.findall(drop_marked(_fold(text)).replace("_", " ")):
        found += _counted(word)
    return found


# Most words of a text are of the few thousand that most texts hold; all of these words
# are some 15 MB.
@lru_cache(maxsize=65_536)
def _counted(word: str) -> tuple[str, ...]:
    """Return the parts of a word that count: none of a stop word."""
    stops = stop_words()
    if word in stops:
        return ()
    return tuple(
        part
        for part in ([word] if word.isalpha() else _parts(word))
        if MIN_WORD_CHARACTERS <= len(part) <= MAX_WORD_CHARACTERS and part not in stops
    )


def _parts(word: str) -> list[str]:
    """Take endings and elisions off, split at hyphens, drop what has no letter."""
    if "-" in word and len(word.split("-")[0]) > MAX_PREFIX_CHARACTERS:
        return [part for half in word.split("-") for part in _parts(half)]
    if "'" in word:
        word = _ELISION.sub("", _ENDING.sub("", word))
    return [word] if _has_letter(word) else []


def _has_letter(word: str) -> bool:
    return any(map(str.isalpha, word))


def find_hashtags(text: str) -> list[str]:
    """Return the hashtags of a text, NFKC and casefolded, without #, in order."""
    if "#" not in text and "＃" not in text:
        return []
    return [
        tag
        for tag in _HASHTAG.findall(_fold(text))
        if len(tag) <= MAX_HASHTAG_CHARACTERS and _has_letter(tag)
    ]
