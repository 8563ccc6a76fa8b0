"""Names of people in texts: mentions, profile addresses, and single words.

    replace_names("with @ana at https://x.example/ana", is_named)
    → "with @[forgotten] at https://x.example/[forgotten]"

A name is asked for, never listed, so the same code works where names are known (while
an author is erased) and where only their hashes are (at every later ingest).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

IsNamed = Callable[[str], bool]
"""Tells of a folded name whether it is meant."""

PLACEHOLDER = "[forgotten]"
"""Stands in place of a name; no handle can be read out of it again."""

# As sources read mentions: word characters, with dots and hyphens inside, and the
# server that Mastodon adds.
MENTION = re.compile(
    r"(?<![\w@＠/])([@＠])(\w(?:[\w.-]{0,98}\w)?(?:@[\w.-]{1,100}\w)?)"
)
_ADDRESS = re.compile(r"(https?://)([^\s/<>\"'?#]+)(/[^\s<>\"']*)", re.IGNORECASE)
_BETWEEN_SEGMENTS = re.compile(r"([/?#&=])")
# Ids of some networks hold colons; a handle may hold dots and hyphens.
_WORD = re.compile(r"\w(?:[\w:.@-]*\w)?")


def fold_name(name: str) -> str:
    """Return a handle as sources store it: NFKC, casefolded, without @."""
    return unicodedata.normalize("NFKC", name).strip().lstrip("@").casefold()


def may_hold_names(text: str) -> bool:
    """Tell quickly whether a text can hold a mention or an address."""
    return "@" in text or "＠" in text or "://" in text


def replace_names(text: str, is_named: IsNamed) -> str:
    """Put a placeholder in place of mentions and profile addresses.

    Parameters
    ----------
    text : str
    is_named : callable
        Of an address `https://host/@ana` both `ana` and `ana@host` are asked for.

    Notes
    -----
    A bare word is left as it is: it may be anything but the person.
    """
    if not may_hold_names(text):
        return text

    def mention(found: re.Match[str]) -> str:
        return (
            found[1] + PLACEHOLDER if is_named(fold_name(found[2])) else str(found[0])
        )

    def address(found: re.Match[str]) -> str:
        host = found[2].lower()
        parts = _BETWEEN_SEGMENTS.split(found[3])
        for at, part in enumerate(parts):
            name = fold_name(part.rstrip(".,;:!)"))
            if name and (is_named(name) or is_named(f"{name}@{host}")):
                parts[at] = PLACEHOLDER
        return found[1] + found[2] + "".join(parts)

    return MENTION.sub(mention, _ADDRESS.sub(address, text))


def holds_name(text: str, is_named: IsNamed) -> bool:
    """Tell whether any whole word of a text is a name; for raw records.

    Words are looked at with the dots, colons, hyphens and @ inside them, and in the
    pieces between these; as they are, for ids, and folded, for handles.
    """
    words = set(_WORD.findall(text))
    words |= {piece for word in words for piece in re.split(r"[:@]", word) if piece}
    return any(is_named(word) or is_named(fold_name(word)) for word in words)
