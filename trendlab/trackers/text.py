"""Makes texts comparable: folding, terms, and where words begin and end."""

from __future__ import annotations

import re
import unicodedata

# Scripts that write no spaces between words: a term is found anywhere in them.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def fold(text: str) -> str:
    """Return a text in the form in which terms are compared.

    Notes
    -----
    NFKC, casefold, NFKC again, because casefolding can undo composition
    (Unicode, section 3.13, "compatibility caseless match").
    """
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", composed)


def fold_term(text: str, marks: str = "") -> str:
    """Fold a query term, drop leading `marks` and runs of white space."""
    return " ".join(fold(text).strip().lstrip(marks).split())


def is_word_character(character: str) -> bool:
    """Tell whether a character continues a word: letter, digit, _ or mark."""
    return (
        character.isalnum()
        or character == "_"
        or unicodedata.category(character).startswith("M")
    )


def is_plain(term: str) -> bool:
    """Tell whether a folded term is words and single spaces of spaced scripts."""
    return not _UNSPACED.search(term) and all(
        character == " " or is_word_character(character) for character in term
    )


def has_term(text: str, term: str) -> bool:
    """Tell whether a folded text holds a folded term as whole words.

    Parameters
    ----------
    text, term : str
        Both folded, white space single.

    Notes
    -----
    A side of the term asks for a word boundary only where the term begins or
    ends with a word character of a script that puts spaces between words.
    """
    needs_start = is_word_character(term[0]) and not _UNSPACED.match(term[0])
    needs_end = is_word_character(term[-1]) and not _UNSPACED.match(term[-1])
    start = text.find(term)
    while start >= 0:
        end = start + len(term)
        starts = not needs_start or start == 0 or not is_word_character(text[start - 1])
        ends = not needs_end or end == len(text) or not is_word_character(text[end])
        if starts and ends:
            return True
        start = text.find(term, start + 1)
    return False
