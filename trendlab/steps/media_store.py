"""Downloaded photos on disk, by their hash; a batch of them is stored as a whole.

    download ─▶ .incoming/<sha256> ─▶ seal (one rename) ─▶ move files, write rows, clear
                                          ▲                  │
           a kill before: fetched again   └── a kill after: the next run goes on here

So a file never lies under `media/ab/` that no row names, and no row names a file that
is not there. The same bytes are one file, however many posts show them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa

from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.steps.media_rows import take_tries
from trendlab.vision.images import sniff_format

FOLDER = "media"
_INCOMING = ".incoming"
_ROWS = "rows.arrow"
_ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


def photo_name(content: bytes, sha256: str) -> str:
    """Return where a photo is stored, under the home.

    Parameters
    ----------
    content : bytes
        That the images room has decoded.
    sha256 : str
        Of the content.
    """
    ending = _ENDINGS[sniff_format(content[:16]) or "JPEG"]
    return f"{FOLDER}/{sha256[:2]}/{sha256}.{ending}"


class PhotoStore:
    """The folder of downloaded photos of a home.

    Parameters
    ----------
    home : Path
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._incoming = home / FOLDER / _INCOMING

    def keep(self, content: bytes, sha256: str) -> None:
        """Keep the bytes of a photo of the batch that is open; durable on return.

        May be called by several threads at once.
        """
        self._incoming.mkdir(parents=True, exist_ok=True)
        partial = self._incoming / f"{sha256}.{threading.get_ident()}.part"
        _write_durably(partial, content)
        partial.rename(self._incoming / sha256)

    def seal(self, rows: pa.Table) -> None:
        """Make the open batch durable: from here on its photos count as downloaded.

        Parameters
        ----------
        rows : pyarrow.Table
            Schema `media`: what became of each photo that was tried.
        """
        self._incoming.mkdir(parents=True, exist_ok=True)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, rows.schema) as writer:
            writer.write_table(rows)
        partial = self._incoming / f"{_ROWS}.part"
        _write_durably(partial, sink.getvalue())
        partial.rename(self._incoming / _ROWS)
        _sync(self._incoming)

    def sealed(self) -> pa.Table | None:
        """Return the rows of a batch that was sealed and not ended; None if none."""
        path = self._incoming / _ROWS
        if not path.exists():
            return None
        rows = pa.ipc.open_file(pa.BufferReader(path.read_bytes())).read_all()
        # a batch of another version is fetched again
        return rows if rows.schema.equals(TABLES["media"].arrow) else None

    def place(self, names: Iterable[str]) -> None:
        """Move photos of the sealed batch to where they stay; durable on return.

        Parameters
        ----------
        names : iterable of str
            As `photo_name` gave them. Those that lie there already stay.
        """
        changed = set()
        for name in sorted(set(names)):
            target = self._home / name
            source = self._incoming / target.stem
            if not source.exists():
                # moved by a run that was killed, or fetched by an earlier batch
                continue
            if target.exists() and _hash_of(target) == target.stem:
                source.unlink()
                continue
            if not target.parent.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                changed.add(target.parent.parent)
            source.rename(target)
            changed.add(target.parent)
        for folder in changed:
            _sync(folder)

    def clear(self) -> None:
        """Forget the open batch, and remove what a kill left of one."""
        # the rows go first: without them the folder is no batch any more
        (self._incoming / _ROWS).unlink(missing_ok=True)
        shutil.rmtree(self._incoming, ignore_errors=True)


def finish_batch(lake: Lake, store: PhotoStore) -> None:
    """Bring a sealed batch into the lake, or drop what was not sealed.

    Call with the lake's lock held. Photos of posts that have gone in the meantime
    (an author was forgotten) are not stored.
    """
    tried = store.sealed()
    if tried is not None:
        changed: dict[str, dict[date, pa.Table]] = {}
        names: list[str] = []
        days = zip(tried["source"].to_pylist(), tried["day"].to_pylist(), strict=True)
        for source, day in sorted(set(days)):
            present = lake.read("media", day, source=source)
            rows, stored = take_tries(present, tried)
            if not rows.equals(present):
                changed.setdefault(source, {})[day] = rows
                names += stored
        store.place(names)
        for source, parts in changed.items():
            lake.write_many("media", parts, source=source)
    store.clear()


def _write_durably(path: Path, content: bytes | pa.Buffer) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
