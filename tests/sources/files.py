"""Reads whole files through a source: what a test wants to see of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trendlab.sources.base import Accepted, Page, Parsed, Refused, Request, Source
from trendlab.sources.files import open_sets

OBSERVED_AT = datetime(2026, 1, 6, tzinfo=UTC)


def parse_payload(source: Source, payload: Any) -> list[Parsed]:
    """Parse one payload as if it had been fetched."""
    return list(source.parse(Page(payload, "test", OBSERVED_AT)))


def read_paths(*paths: Path | str, **options: Any) -> list[Parsed]:
    """Open, plan, fetch and parse files."""
    records: list[Parsed] = []
    for files in open_sets(paths, **options):
        plan = files.source.plan(Request("test", files.members), {})
        for page in files.source.fetch(plan, None):
            records += files.source.parse(page)
    return records


def rows_of(records: Sequence[Parsed], table: str) -> list[dict[str, Any]]:
    """Return the rows of one table."""
    return [
        row
        for record in records
        if isinstance(record, Accepted)
        for name, row in record.rows
        if name == table
    ]


def reasons_of(records: Sequence[Parsed]) -> list[str]:
    """Return why records were refused."""
    return [record.reason for record in records if isinstance(record, Refused)]
