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
    Plan,
    Refused,
    Request,
    State,
    plan_files,
)
from trendlab.sources.columns import ColumnMapping, RecordReader
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


class MappedSource:
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

    def plan(self, request: Request, state: State) -> Plan:
        """Read every file, in the order given."""
        return plan_files(request)

    def fetch(self, plan: Plan, client: Any = None) -> Iterator[Page]:
        """Yield pages of up to 5,000 records."""
        for part in plan.slices:
            member: Member = part.asks["member"]
            observed_at = self.mapping.collected_at
            if observed_at is None:
                observed_at = member.modified_at
            head = Head(member, self.mapping.encoding, self.mapping.delimiter)
            for first, records in _READERS[self.kind](member, head):
                yield Page(records, member.origin, observed_at, first)

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
