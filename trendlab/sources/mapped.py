"""Any CSV, JSON lines, JSON list or Parquet file, through a mapping of columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from trendlab.sources.base import (
    Accepted,
    FieldError,
    Page,
    Parsed,
    Refused,
)
from trendlab.sources.columns import ColumnMapping, RecordReader
from trendlab.sources.file_source import FileSource
from trendlab.sources.members import Head, Member
from trendlab.sources.readers import (
    csv_pages,
    json_line_pages,
    json_list_pages,
    parquet_pages,
)
from trendlab.sources.received import NOT_UTF8, hold_raw_bytes, object_of

_READERS = {
    "csv": csv_pages,
    "jsonl": json_line_pages,
    "json": json_list_pages,
    "parquet": parquet_pages,
}


class MappedSource(FileSource):
    """Files read through a column mapping.

    Parameters
    ----------
    mapping : ColumnMapping
    kind : {"csv", "jsonl", "json", "parquet"}
    """

    def __init__(self, mapping: ColumnMapping, kind: str) -> None:
        self.mapping = mapping
        self.kind = kind
        self.name = mapping.source if mapping.source is not None else mapping.name
        self.format = f"{kind}:{mapping.name}"
        read = RecordReader(mapping)
        self._read = read.post if mapping.table == "posts" else read.comment

    def payloads(self, member: Member) -> Iterator[tuple[int, Any]]:
        """Yield pages of records."""
        head = Head(member, self.mapping.encoding, self.mapping.delimiter)
        yield from _READERS[self.kind](member, head)

    def observed_at(self, member: Member) -> datetime:
        """Return what the mapping declares, else when the file last changed."""
        if self.mapping.collected_at is not None:
            return self.mapping.collected_at
        return super().observed_at(member)

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn each record into a post or a comment, or refuse it."""
        has_bad_bytes = hold_raw_bytes(page.payload)
        for offset, record in enumerate(page.payload):
            yield self._one(
                record, page.first_number + offset, page.observed_at, has_bad_bytes
            )

    def _one(
        self, record: Any, number: int, observed_at: datetime, has_bad_bytes: bool
    ) -> Parsed:
        table = self.mapping.table
        # ids of any length are kept to the digit
        fields = object_of(record, number, table, json.loads)
        if isinstance(fields, Refused):
            return fields
        if has_bad_bytes and hold_raw_bytes([fields]):
            advice = "name the file's `encoding` in its mapping"
            return Refused(NOT_UTF8, "", advice, number, record, table)
        try:
            return Accepted(self._read(fields, observed_at), number, record)
        except FieldError as bad:
            return bad.refused(number, record, table)
