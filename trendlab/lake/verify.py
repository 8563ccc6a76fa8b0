"""Verifies files against the checksum in their name, once a process."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

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
        # by device and inode, so that a second link to a file is known too
        self._known: dict[tuple[int, int], tuple[tuple[str, int, int], Content]] = {}

    def content(self, part: Part) -> Content:
        """Verify a file and return what its footer declares.

        Raises
        ------
        CorruptPartition
            If the bytes do not match the checksum in the name.
        FileNotFoundError
            If a writer has just replaced the file; list the folder again.
        """
        with part.path.open("rb") as file:
            state = os.fstat(file.fileno())
            mark = (part.checksum, state.st_size, state.st_mtime_ns)
            known = self._known.get((state.st_dev, state.st_ino))
            if known is not None and known[0] == mark:
                return known[1]
            found = hashlib.file_digest(file, "sha256").hexdigest()[:32]
            if found != part.checksum:
                raise CorruptPartition(
                    f"{part.path}: expected checksum {part.checksum}, found {found}; "
                    "the file was damaged: restore it from a copy, or delete it and "
                    "run the step that writes it again"
                )
            file.seek(0)
            schema = pq.read_schema(pa.PythonFile(file, mode="r"))
        version = int((schema.metadata or {}).get(VERSION_KEY, b"0"))
        content = Content(version, schema.remove_metadata())
        self._known[(state.st_dev, state.st_ino)] = (mark, content)
        return content
