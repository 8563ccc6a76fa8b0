"""Verifies files against the checksum in their name, once a process."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from trendlab.errors import CorruptPartition
from trendlab.lake.files import Part

VERSION_KEY = b"trendlab.schema_version"


@dataclass(frozen=True)
class Content:
    """What the footer of a verified file declares."""

    version: int
    schema: pa.Schema


class Verifier:
    """Remembers which files match their checksum, by size, mtime and inode."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[str, int, int, int], Content]] = {}

    def content(self, part: Part) -> Content:
        """Verify a file and return what its footer declares.

        Raises
        ------
        CorruptPartition
            If the bytes do not match the checksum in the name.
        FileNotFoundError
            If a writer has just replaced the file; list the folder again.
        """
        state = part.path.stat()
        mark = (part.path.name, state.st_size, state.st_mtime_ns, state.st_ino)
        # one entry a folder: replaced files are forgotten
        folder = part.path.parent
        known = self._known.get(folder)
        if known is not None and known[0] == mark:
            return known[1]
        with part.path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()[:32]
            if found != part.checksum:
                self._known.pop(folder, None)
                raise CorruptPartition(
                    f"{part.path}: expected checksum {part.checksum}, found {found}; "
                    "the file was damaged: restore it from a copy, or delete it and "
                    "run the step that writes it again"
                )
            file.seek(0)
            schema = pq.read_schema(pa.PythonFile(file, mode="r"))
        version = int((schema.metadata or {}).get(VERSION_KEY, b"0"))
        content = Content(version, schema.remove_metadata())
        self._known[folder] = (mark, content)
        return content
