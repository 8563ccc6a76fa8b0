"""Pseudonyms: the same person keeps one name, which nobody without the key can undo.

A pseudonym takes a handle's place wherever it stands, in mentions too, so rankings,
the graph of mentions and tracker matching work as with names. It is no anonymity: a
post's id, its text or its photo leads back to who made it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from trendlab.privacy.hashing import KeyedHash
from trendlab.privacy.names import (
    fold_name,
    is_did,
    rename_addresses,
    rename_handles,
)

PURPOSE = "pseudonym"
PREFIX = "p"
# 80 bits in 16 characters: of 10 million names two share one with a chance of 4 in
# 100 billion.
DIGITS = 16
_PSEUDONYM = re.compile(rf"{PREFIX}[a-z2-7]{{{DIGITS}}}", re.ASCII)
# Column → what of it is stored. Web addresses of posts lead through the handle.
_DROPPED = {"posts": ("url",), "authors": ("name", "biography")}
_HANDLES = ("author_handle", "handle")
_TEXTS = ("caption", "text", "alt_text")
MOST_REMEMBERED = 100_000


class Pseudonyms:
    """Gives pseudonyms; the same for a name in every source and ingest.

    Parameters
    ----------
    key : bytes
        32 bytes at random.
    """

    def __init__(self, key: bytes) -> None:
        self._keyed = KeyedHash(key, PURPOSE)
        self._known: dict[tuple[str, str], str] = {}

    def __repr__(self) -> str:
        return f"Pseudonyms({self.key_id})"

    @property
    def key_id(self) -> str:
        """8 hexadecimal digits that tell this key from another."""
        return self._keyed.key_id

    def of_handle(self, handle: str) -> str:
        """Return the pseudonym of a handle, in whichever way it is written."""
        return self._of("handle", fold_name(handle))

    def of_id(self, author_id: str) -> str:
        """Return the pseudonym of an author's id."""
        return self._of("author_id", author_id)

    def _of(self, kind: str, name: str) -> str:
        known = self._known.get((kind, name))
        if known is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            digest = bytes.fromhex(self._keyed.of(kind, name))
            letters = base64.b32encode(digest).decode("ascii").lower()
            known = self._known[(kind, name)] = PREFIX + letters[:DIGITS]
        return known

    def in_text(self, text: str, mentions: Mapping[str, str] | None = None) -> str:
        """Return a text with pseudonyms for mentions, and of addresses the host only.

        Parameters
        ----------
        text : str
        mentions : mapping or None
            Short form → full handle, where a text writes `@ana` for
            `ana@server.example`.
        """
        full = mentions or {}

        def nothing(host: str, rest: str) -> str:
            return "/"

        def renamed(name: str) -> str:
            if is_did(name):
                return self.of_id(name)
            return self.of_handle(full.get(name, name))

        return rename_handles(rename_addresses(text, nothing), renamed)

    def in_row(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row with pseudonyms, and without names and profile texts."""
        changed = dict(row)
        for name in _DROPPED.get(table, ()):
            changed.pop(name, None)
        if row.get("author_id") is not None:
            changed["author_id"] = self.of_id(str(row["author_id"]))
        for name in _HANDLES:
            if row.get(name) is not None:
                changed[name] = self.of_handle(str(row[name]))
        given = row.get("mentions") or ()
        if given:
            changed["mentions"] = [self.of_handle(name) for name in given]
        short = {name.partition("@")[0]: name for name in given if "@" in name}
        for name in _TEXTS:
            if row.get(name) is not None:
                changed[name] = self.in_text(row[name], short)
        return changed


def is_pseudonym(name: str) -> bool:
    """Tell whether a name has the form of a pseudonym."""
    return _PSEUDONYM.fullmatch(name) is not None
