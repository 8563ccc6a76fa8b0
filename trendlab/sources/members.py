"""Files as streams: plain, gzip, xz, or inside a zip; and what their first bytes say.

Nothing is unpacked to disk, so a name inside a zip can point nowhere.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import lzma
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

from trendlab.sources.base import show

# What is looked at to tell a format: the largest profile of an archive fits.
HEAD_BYTES = 262_144
CHUNK_BYTES = 1_048_576
# A zip gives nothing of the piece in which it is damaged, so pieces are small.
UNPACKED_AT_ONCE = 16_384
# Text archives pack 5 to 30 times; more than this is a bomb, once it is large.
MAX_EXPANSION = 250
EXPANSION_CHECKED_FROM = 268_435_456
# A zip with more members than this is no archive of posts.
MAX_ZIP_MEMBERS = 200_000

_MAGIC = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\0": "xz", b"PK\x03\x04": "zip"}
_UNPACK_ERRORS = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    RuntimeError,  # zipfile: a password, or a packing that it does not know
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters, other than white space, that text does not hold many of.
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_DELIMITERS = (",", ";", "\t", "|")


class DamagedFileError(Exception):
    """A file cannot be read on; what was read before it is good.

    Parameters
    ----------
    reason : str
        Short, fit for grouping.
    detail : str
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Unpacked(io.RawIOBase):
    """Turns every way in which a file can be broken into `DamagedFileError`.

    Parameters
    ----------
    inner : binary file
    packed_bytes : int or None
        Size before unpacking; None for files that are not packed.
    checked_from : int
        Unpacked bytes from which on the expansion is looked at.
    """

    def __init__(
        self,
        inner: Any,
        packed_bytes: int | None,
        checked_from: int = EXPANSION_CHECKED_FROM,
    ) -> None:
        self._inner = inner
        self._packed_bytes = packed_bytes
        self._checked_from = checked_from
        self._read_bytes = 0

    def readable(self) -> bool:
        """Tell that bytes can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; return how many bytes."""
        try:
            # read1 hands over what there is; read would lose it where a cut follows
            got = self._inner.read1(min(len(buffer), UNPACKED_AT_ONCE))
        except _UNPACK_ERRORS as error:
            raise DamagedFileError(
                "the file is cut or damaged", f"{type(error).__name__}: {error}"
            ) from error
        buffer[: len(got)] = got
        self._read_bytes += len(got)
        if (
            self._packed_bytes is not None
            and self._read_bytes > self._checked_from
            and self._read_bytes > MAX_EXPANSION * self._packed_bytes
        ):
            raise DamagedFileError(
                "the file unpacks to too much",
                f"over {MAX_EXPANSION} times its {self._packed_bytes:,} bytes",
            )
        return len(got)

    def close(self) -> None:
        """Close what is read from."""
        if not self.closed:
            self._inner.close()
        super().close()


@dataclass(frozen=True, order=True)
class Member:
    """A file, or one inside a zip.

    Parameters
    ----------
    path : Path
        Absolute.
    inner : str
        Name inside the zip, "" for a file of its own.
    packing : str
        "", "gzip", "xz" or "zip".
    """

    path: Path
    inner: str = ""
    packing: str = field(default="", compare=False)

    @property
    def origin(self) -> str:
        """The name to show and to book; bytes that are no text are escaped."""
        name = f"{self.path}!{self.inner}" if self.inner else str(self.path)
        return show(name)

    @property
    def name(self) -> str:
        """The file's own name."""
        return Path(self.inner).name if self.inner else self.path.name

    @property
    def modified_at(self) -> datetime:
        """When the file, or the zip around it, last changed, in whole seconds."""
        return datetime.fromtimestamp(int(self.path.stat().st_mtime), UTC)

    def open(self) -> io.BufferedReader:
        """Open the unpacked content; reading may raise `DamagedFileError`."""
        packed = self.path.stat().st_size if self.packing else None
        inner: Any
        try:
            if self.packing == "gzip":
                inner = gzip.open(self.path)  # noqa: SIM115 - closed by the stream
            elif self.packing == "xz":
                inner = lzma.open(self.path)  # noqa: SIM115
            elif self.packing == "zip":
                archive = open_zip(self.path)
                inner = archive.open(self.inner)
                packed = archive.getinfo(self.inner).compress_size
                # instaloader packs each post, and its folder is then zipped
                packing = packing_of(inner.peek(8))
                if packing == "gzip":
                    inner = gzip.GzipFile(fileobj=inner)
                elif packing == "xz":
                    inner = lzma.LZMAFile(inner)  # noqa: SIM115
            else:
                inner = self.path.open("rb")
        except _UNPACK_ERRORS as error:
            raise DamagedFileError(
                "the file cannot be opened", f"{type(error).__name__}: {error}"
            ) from error
        return io.BufferedReader(Unpacked(inner, packed), CHUNK_BYTES)

    def content_hash(self) -> str:
        """Return a hash of the bytes on disk (for a zip: of the whole zip)."""
        stat = self.path.stat()
        return _hash_of(self.path, stat.st_size, stat.st_mtime_ns)

    def sha256(self) -> tuple[str, int]:
        """Return the hash of the content, and its size in bytes."""
        digest = sha256()
        size = 0
        with self.open() as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
        return digest.hexdigest(), size


def packing_of(start: bytes) -> str:
    """Return "gzip", "xz" or "zip" by the first bytes of a file, else ""."""
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), "")


def open_zip(path: Path) -> zipfile.ZipFile:
    """Return an open zip; its directory is read once for all its members.

    Raises
    ------
    zipfile.BadZipFile, OSError
    """
    stat = path.stat()
    return _zip_at(path, stat.st_size, stat.st_mtime_ns)


# Two: a set may be read while the next zip is looked into.
@lru_cache(maxsize=2)
def _zip_at(path: Path, size: int, changed_ns: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


@lru_cache(maxsize=2)
def _hash_of(path: Path, size: int, changed_ns: int) -> str:
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


class Head:
    """The first bytes of a file, and what can be told from them.

    Parameters
    ----------
    member : Member
    encoding, delimiter : str or None
        Where a mapping names them; else they are told.
    """

    def __init__(
        self, member: Member, encoding: str | None = None, delimiter: str | None = None
    ) -> None:
        self.member = member
        self._encoding = encoding
        self._delimiter = delimiter
        self.damage: str | None = None
        try:
            with member.open() as file:
                self.data = file.read(HEAD_BYTES)
        except DamagedFileError as damage:
            # a file cut within its first block; reading it will say so
            self.damage = str(damage)
            self.data = _read_what_comes(member)

    @cached_property
    def encoding(self) -> str:
        """Encoding by the byte order mark; UTF-8 where there is none."""
        if self._encoding is not None:
            return self._encoding
        for mark, name in _BOMS:
            if self.data.startswith(mark):
                return name
        return "utf-8"

    @cached_property
    def text(self) -> str | None:
        """The head as text; None where it is not text."""
        if not self.data:
            return None
        if self.encoding.startswith("utf-8"):
            controls = len(self.data) - len(self.data.translate(None, _CONTROLS))
            if controls * 20 > len(self.data):
                return None
        return self.data.decode(self.encoding, errors="replace").lstrip("\ufeff")

    @cached_property
    def first_value(self) -> Any:
        """The first JSON value of the file, or of its outer list; None if none."""
        if self.text is None:
            return None
        text = self.text.lstrip()
        if text.startswith("["):
            text = text[1:].lstrip()
        if not text.startswith("{"):
            return None
        try:
            return json.JSONDecoder().raw_decode(text)[0]
        except (ValueError, RecursionError):
            return None

    @cached_property
    def is_json_list(self) -> bool:
        """True where the file begins as a JSON list of objects."""
        text = (self.text or "")[:1000].lstrip()
        return text.startswith("[") and text[1:].lstrip()[:1] in ("{", "]")

    @cached_property
    def is_json_lines(self) -> bool:
        """True where the first line is a whole JSON object."""
        if self.text is None:
            return False
        line = self.text.lstrip().split("\n", 1)[0]
        if not line.startswith("{"):
            return False
        try:
            return isinstance(json.loads(line), dict)
        except (ValueError, RecursionError):
            # a single line longer than the head is still a line
            return len(self.data) == HEAD_BYTES and "\n" not in self.text

    @cached_property
    def delimiter(self) -> str:
        """What stands between columns in the header line."""
        if self._delimiter is not None:
            return self._delimiter
        line = (self.text or "").split("\n", 1)[0]
        return max(_DELIMITERS, key=line.count)

    @cached_property
    def header(self) -> list[str]:
        """Column names of the first line, should the file be a CSV."""
        if self.text is None or self.text.lstrip()[:1] in ("{", "["):
            return []
        try:
            row = next(csv.reader(io.StringIO(self.text), delimiter=self.delimiter))
        except (csv.Error, StopIteration):
            return []
        return [name.strip() for name in row]


def _read_what_comes(member: Member) -> bytes:
    got = b""
    try:
        with member.open() as file:
            while len(got) < HEAD_BYTES and (more := file.read1(HEAD_BYTES)):
                got += more
    except DamagedFileError:
        pass
    return got
