"""What of a text is language: links, handles, hashtags, emoji and digits taken off."""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib.resources import files

# Links with or without a scheme; mail addresses; @handles; #hashtags; HTML entities.
NOT_WORDS = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|\b[\w.-]+\.(?:com|net|org|co|io|me|ly|gl|tv|shop|uk|de|fr|it)\b(?:/\S*)?"
    r"|[\w.+-]+@\w[\w.-]*"
    r"|[@＠#＃][\w.]+"
    r"|&(?:#\d+|\w+);"
)
# An apostrophe inside a word belongs to it; digits and underscores do not.
_GAPS = re.compile(r"(?:[^\w'’]|[\d_]|(?<!\w)['’]|['’](?!\w))+")


def strip_marks(text: str) -> str:
    """Return the words of a text with single spaces: nothing else is language.

    Notes
    -----
    Case stays. Straight apostrophes stand for curly ones.
    """
    words = _GAPS.sub(" ", NOT_WORDS.sub(" ", text)).strip()
    return words if words.isascii() else words.replace("’", "'")


@lru_cache(maxsize=1)
def stop_words_by_language() -> dict[str, frozenset[str]]:
    """Return function words by ISO 639-1 code (our own lists, `stop_words.csv`)."""
    text = (files("trendlab.text") / "stop_words.csv").read_text(encoding="utf-8")
    return {
        row["language"]: frozenset(row["words"].split())
        for row in csv.DictReader(text.splitlines())
    }
