"""Erasing people: names in texts, keyed hashes of them, rows that are theirs."""

from __future__ import annotations

from trendlab.privacy.author import Author, widen
from trendlab.privacy.erasing import Erased, erase
from trendlab.privacy.hashing import KeyedHash
from trendlab.privacy.names import PLACEHOLDER, fold_name, holds_name, replace_names
from trendlab.privacy.tombstones import Forgotten, tombstone_rows

__all__ = [
    "PLACEHOLDER",
    "Author",
    "Erased",
    "Forgotten",
    "KeyedHash",
    "erase",
    "fold_name",
    "holds_name",
    "replace_names",
    "tombstone_rows",
    "widen",
]
