"""Sealed copies for investigations: a chained manifest, and who changed what since."""

from __future__ import annotations

from trendlab.cases.manifest import (
    MANIFEST_NAME,
    append_entry,
    files_of,
    hash_file,
    head_of,
    read_entries,
    write_entries,
)
from trendlab.cases.pages import write_pages
from trendlab.cases.verify import Verdict, verify_case

__all__ = [
    "MANIFEST_NAME",
    "Verdict",
    "append_entry",
    "files_of",
    "hash_file",
    "head_of",
    "read_entries",
    "verify_case",
    "write_entries",
    "write_pages",
]
