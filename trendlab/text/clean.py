"""What of a text is language: links, handles, hashtags, emoji and digits taken off."""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib.resources import files

_LINK = r"(?:https?://|www\.)\S+"
_DOMAIN_END = r"\.(?:com|net|org|co|io|me|ly|gl|tv|shop|uk|de|fr|it)\b"
_TAG_OR_ENTITY = r"[@＠#＃][\w.]+|&(?:#\d+|\w+);"
# Links with or without a scheme; mail addresses; @handles; #hashtags; HTML entities.
_NOT_WORDS = re.compile(
    rf"{_LINK}|\b[\w.-]+{_DOMAIN_END}(?:/\S*)?|[\w.+-]+@\w[\w.-]*|{_TAG_OR_ENTITY}"
)
# A bare link and an address are told by what follows them, and so looked for from every
# letter on: half of the time of all words. Most texts have neither.
_BARE = re.compile(rf"@(?<=[\w.+-]@)\w|{_DOMAIN_END}")
_NOT_WORDS_BUT_BARE = re.compile(rf"{_LINK}|{_TAG_OR_ENTITY}")
# An apostrophe inside a word belongs to it; digits and underscores do not.
_GAPS = re.compile(r"(?:[^\w'’]|[\d_]|(?<!\w)['’]|['’](?!\w))+")


def drop_marked(text: str) -> str:
    """Return a text with a space for each link, address, handle, hashtag and entity."""
    pattern = _NOT_WORDS if _BARE.search(text) else _NOT_WORDS_BUT_BARE
    return pattern.sub(" ", text)


def strip_marks(text: str) -> str:
    """Return the words of a text with single spaces: nothing else is language.

    Notes
    -----
    Case stays. Straight apostrophes stand for curly ones.
    """
    words = _GAPS.sub(" ", drop_marked(text)).strip()
    return words if words.isascii() else words.replace("’", "'")


@lru_cache(maxsize=1)
def stop_words_by_language() -> dict[str, frozenset[str]]:
    """Return function words by ISO 639-1 code (our own lists, `stop_words.csv`)."""
    text = (files("trendlab.text") / "stop_words.csv").read_text(encoding="utf-8")
    return {
        row["language"]: frozenset(row["words"].split())
        for row in csv.DictReader(text.splitlines())
    }
