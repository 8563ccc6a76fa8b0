"""Reads CSV, JSON lines, JSON lists and Parquet as records, page by page.

Memory holds one page. What cannot be read becomes `Damage` in the place of the
record, and reading goes on behind it where that is possible.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from trendlab.sources.base import Damage
from trendlab.sources.members import CHUNK_BYTES, DamagedFileError, Head, Member

Records = list[Any]
"""Dictionaries, byte lines, or `Damage` where a record could not be read."""

# Some seconds of parsing; a page of long posts stays within tens of megabytes.
PAGE_RECORDS = 5_000
# A record longer than this is not a post; a forgotten quote would swallow the file.
MAX_RECORD_BYTES = 4_194_304
MAX_FIELD_CHARACTERS = 1_048_576
_BETWEEN_ELEMENTS = re.compile(r"[ \t\r\n,]+")


def csv_pages(member: Member, head: Head) -> Iterator[tuple[int, Records]]:
    """Yield (number of the first record, records as dictionaries)."""
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    # bytes that are not UTF-8 stay recognisable, so that only their rows are refused
    is_utf8 = head.encoding.startswith("utf-8")
    errors = "surrogateescape" if is_utf8 else "replace"
    pages = _Pages()
    try:
        with member.open() as file:
            text = io.TextIOWrapper(
                file, encoding=head.encoding, errors=errors, newline=""
            )
            rows = csv.reader(text, delimiter=head.delimiter)
            names = [name.strip().lstrip("\ufeff") for name in next(rows, [])]
            while True:
                try:
                    row = next(rows)
                except StopIteration:
                    break
                except csv.Error as error:
                    record: Any = Damage("the row cannot be read", str(error))
                else:
                    if not row:
                        continue
                    record = _row(names, row)
                if (page := pages.add(record)) is not None:
                    yield page
    except DamagedFileError as damage:
        yield from pages.end(Damage(damage.reason, damage.detail))
    else:
        yield from pages.end()


def _row(names: list[str], row: list[str]) -> dict[str, Any] | Damage:
    surplus = row[len(names) :]
    if len(row) < len(names) or any(surplus):
        few_or_many = "few" if len(row) < len(names) else "many"
        detail = f"expected {len(names)}, got {len(row)}"
        return Damage(f"the row has too {few_or_many} columns", detail, row)
    return dict(zip(names, row, strict=False))


def json_line_pages(member: Member, head: Head) -> Iterator[tuple[int, Records]]:
    """Yield (number of the first record, lines as bytes in UTF-8)."""
    pages = _Pages()
    try:
        with member.open() as file:
            lines = (
                _byte_lines(file)
                if head.encoding.startswith("utf-8")
                else _recoded_lines(file, head.encoding)
            )
            for line in lines:
                if isinstance(line, bytes) and not line.strip():
                    continue
                if (page := pages.add(line)) is not None:
                    yield page
    except DamagedFileError as damage:
        yield from pages.end(Damage(damage.reason, damage.detail))
    else:
        yield from pages.end()


def _byte_lines(file: io.BufferedReader) -> Iterator[bytes | Damage]:
    is_first = True
    while line := file.readline(MAX_RECORD_BYTES):
        if is_first:
            line = line.removeprefix(b"\xef\xbb\xbf")
            is_first = False
        if len(line) == MAX_RECORD_BYTES and not line.endswith(b"\n"):
            start = line[:200]
            while (line := file.readline(MAX_RECORD_BYTES)) and not line.endswith(
                b"\n"
            ):
                continue
            yield Damage(
                "the line is too long",
                f"over {MAX_RECORD_BYTES:,} bytes, begins {start!r}",
            )
        else:
            yield line


def _recoded_lines(file: io.BufferedReader, encoding: str) -> Iterator[bytes]:
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace")
    for line in text:
        yield line.encode()


def json_list_pages(member: Member, head: Head) -> Iterator[tuple[int, Records]]:
    """Yield (number of the first record, elements of the outer list)."""
    pages = _Pages()
    damage: Damage | None = None
    try:
        with member.open() as file:
            for record in _elements(_Text(file, head.encoding)):
                if (page := pages.add(record)) is not None:
                    yield page
    except DamagedFileError as found:
        damage = Damage(found.reason, found.detail)
    yield from pages.end(damage)


class _Text:
    """A file as text, piece by piece: what comes before a cut is handed over first.

    Parameters
    ----------
    file : binary file
    encoding : str
    """

    def __init__(self, file: io.BufferedReader, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._damage: DamagedFileError | None = None

    def more(self, least: int) -> str:
        """Return at least so many characters, fewer where the file ends, then "".

        Raises
        ------
        DamagedFileError
            In place of "" where the file is cut or damaged.
        """
        parts: list[str] = []
        count = 0
        while count < least and self._damage is None:
            try:
                chunk = self._file.read1(CHUNK_BYTES)
            except DamagedFileError as damage:
                self._damage = damage
                break
            parts.append(self._decoder.decode(chunk, final=not chunk))
            count += len(parts[-1])
            if not chunk:
                break
        text = "".join(parts)
        if not text and self._damage is not None:
            raise self._damage
        return text


def _elements(text: _Text) -> Iterator[Any]:
    """Yield the elements of a JSON list without holding the list."""
    decoder = json.JSONDecoder()
    buffer = text.more(1_024).lstrip().removeprefix("\ufeff").lstrip()
    at = 1 if buffer.startswith("[") else 0
    while True:
        found = _BETWEEN_ELEMENTS.match(buffer, at)
        at = at if found is None else found.end()
        if buffer.startswith("]", at):
            return
        trouble = ""
        try:
            element, end = decoder.raw_decode(buffer, at)
            # a number at the end of the buffer may go on in the next piece
            is_whole = end < len(buffer) or isinstance(element, dict | list | str)
        except (ValueError, RecursionError) as error:
            trouble, is_whole = str(error), False
        left = len(buffer) - at
        # as much again, so that a long element is not parsed for every small piece
        if not is_whole and left <= MAX_RECORD_BYTES and (more := text.more(left + 1)):
            buffer, at = buffer[at:] + more, 0
            continue
        if trouble:
            rest = buffer[at : at + 120]
            detail = f"{trouble}: {rest}" if rest else "it has no end"
            yield Damage("the list is cut or not JSON", detail)
            return
        yield element
        at = end


def parquet_pages(member: Member, head: Head) -> Iterator[tuple[int, Records]]:
    """Yield (number of the first record, rows as dictionaries)."""
    pages = _Pages()
    try:
        with pq.ParquetFile(member.path) as file:
            for batch in file.iter_batches(PAGE_RECORDS, use_threads=False):
                for record in _batch_records(batch):
                    if (page := pages.add(record)) is not None:
                        yield page
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        first = str(error).split("\n", 1)[0]
        yield from pages.end(Damage("the file is cut or damaged", first))
    else:
        yield from pages.end()


def _batch_records(batch: pa.RecordBatch) -> Iterator[Any]:
    """Yield the rows; a value that Python cannot hold costs its own row only."""
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):
        rows = []
        for index in range(batch.num_rows):
            try:
                rows += batch.slice(index, 1).to_pylist()
            except (ValueError, OverflowError, pa.ArrowException) as error:
                rows.append(Damage("the row cannot be read", str(error)))
    for row in rows:
        if isinstance(row, dict):
            yield {str(name): _plain(value) for name, value in row.items()}
        else:
            yield row


def _plain(value: Any) -> Any:
    """Return values of Parquet's own types as JSON would have them."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


class _Pages:
    """Collects records into pages and numbers them from 1."""

    def __init__(self) -> None:
        self._records: Records = []
        self._first = 1

    def add(self, record: Any) -> tuple[int, Records] | None:
        self._records.append(record)
        if len(self._records) < PAGE_RECORDS:
            return None
        return self._take()

    def _take(self) -> tuple[int, Records]:
        page = (self._first, self._records)
        self._first += len(self._records)
        self._records = []
        return page

    def end(self, damage: Damage | None = None) -> Iterator[tuple[int, Records]]:
        if damage is not None:
            self._records.append(damage)
        if self._records:
            yield self._take()
