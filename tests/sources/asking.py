"""Asks a live source for one term, and reads the rows of what came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.sources.files import rows_of
from tests.sources.loopback import Service
from trendlab.sources.base import Page, Plan, Request, Slice
from trendlab.sources.live import LiveSource


def fetch_pages(
    service: Service,
    source: LiveSource,
    since: datetime,
    until: datetime,
    *,
    kind: str,
    value: str,
    resume: Any = None,
    request: Request | None = None,
) -> list[Page]:
    """Fetch one slice: a hashtag, account or keyword between two moments."""
    asks = {"kind": kind, "value": value, "resume": resume}
    asked = Request(source.name) if request is None else request
    plan = Plan(asked, (Slice("x", asks, since, until),))
    with service.client_of(source) as client:
        return list(source.fetch(plan, client))


def rows_in(
    source: LiveSource, pages: Sequence[Page], table: str = "posts"
) -> list[dict[str, Any]]:
    """Return the rows of one table that a source reads in pages."""
    return rows_of([record for page in pages for record in source.parse(page)], table)
