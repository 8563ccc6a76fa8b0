"""The manifest of a case: a line an entry, each of which holds the hash of the last.

    {"entry": 2, "kind": "file", "path": "posts.parquet", "sha256": …,
     "previous": <hash of entry 1>, "hash": <SHA-256 of this line without it>}

A changed entry no longer has the hash that the next one holds, so a change shows
unless everything after it is written anew; then the last hash, the head, is another
one. Whoever noted the head can tell, which is why it is printed and kept in the home.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trendlab.errors import CaseError

MANIFEST_NAME = "manifest.jsonl"
FIRST_PREVIOUS = "0" * 64
READ_ONLY = 0o444
_PIECE_BYTES = 1 << 20

Entry = dict[str, Any]


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Return the bytes that are hashed: sorted keys, no spaces, UTF-8, without hash."""
    told = {name: value for name, value in entry.items() if name != "hash"}
    return json.dumps(
        told, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def append_entry(entries: Sequence[Entry], kind: str, **told: Any) -> list[Entry]:
    """Return a chain with one more entry.

    Parameters
    ----------
    entries : sequence of dict
    kind : {"opened", "file", "sealed", "signed", "redacted"}
    told : JSON types
    """
    new: Entry = {
        **told,
        "entry": len(entries) + 1,
        "kind": kind,
        "previous": head_of(entries),
    }
    new["hash"] = hashlib.sha256(canonical(new)).hexdigest()
    return [*entries, new]


def head_of(entries: Sequence[Entry]) -> str:
    """Return the hash of the last entry."""
    return str(entries[-1]["hash"]) if entries else FIRST_PREVIOUS


def read_entries(folder: Path) -> list[Entry]:
    """Read a manifest and check its chain.

    Raises
    ------
    CaseError
        If there is none, or an entry was changed, taken out or put in; names the line.
    """
    path = folder / MANIFEST_NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(
            f"{folder} is no case: {MANIFEST_NAME} cannot be read "
            f"({type(error).__name__})"
        ) from None
    entries: list[Entry] = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            is_right = (
                entry["entry"] == number
                and entry["previous"] == head_of(entries)
                and entry["hash"] == hashlib.sha256(canonical(entry)).hexdigest()
            )
        except (ValueError, KeyError, TypeError):
            is_right = False
        if not is_right:
            raise CaseError(
                f"{path}, line {number}: the chain is broken: an entry was changed, "
                "taken out or put in"
            )
        entries.append(entry)
    if not any(entry["kind"] == "sealed" for entry in entries):
        raise CaseError(f"{path}: the case was not sealed, or its end was taken off")
    return entries


def write_entries(folder: Path, entries: Sequence[Entry]) -> None:
    """Write a manifest; it appears whole, durable and read-only."""
    path = folder / MANIFEST_NAME
    partial = path.with_name(f".{MANIFEST_NAME}.partial")
    partial.unlink(missing_ok=True)
    with partial.open("w", encoding="utf-8") as file:
        for entry in entries:
            line = json.dumps(entry, sort_keys=True, ensure_ascii=False)
            file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(READ_ONLY)
    partial.replace(path)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def files_of(entries: Sequence[Entry]) -> dict[str, str]:
    """Return path → SHA-256 of the files that a case holds after its redactions."""
    files: dict[str, str] = {}
    for entry in entries:
        if entry["kind"] == "file":
            files[entry["path"]] = entry["sha256"]
        elif entry["kind"] == "redacted":
            files.update({one["path"]: one["sha256"] for one in entry["files"]})
            for path in entry["removed"]:
                files.pop(path, None)
    return files


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
