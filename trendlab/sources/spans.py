"""Ranges of time that were fetched, and those that still have to be.

A span is a half-open pair of moments, UTC. Spans are kept as a rising list without
overlap, written as JSON in a source's state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Span = tuple[datetime, datetime]


def join(spans: Iterable[Span]) -> list[Span]:
    """Return the same time as few rising spans; empty ones vanish."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def missing(since: datetime, until: datetime, covered: Iterable[Span]) -> list[Span]:
    """Return what of [since, until) is not covered, rising."""
    left: list[Span] = []
    at = since
    for start, end in join(covered):
        if start >= until:
            break
        if start > at:
            left.append((at, start))
        at = max(at, end)
    if at < until:
        left.append((at, until))
    return left


def is_covered(since: datetime, until: datetime, covered: Iterable[Span]) -> bool:
    """Tell whether all of [since, until) is covered."""
    return not missing(since, until, covered)


def cut(span: Span, longest: timedelta | None) -> list[Span]:
    """Cut a span into pieces of at most so long, rising; None leaves it whole."""
    start, end = span
    if longest is None:
        return [span]
    pieces = []
    while start < end:
        pieces.append((start, min(start + longest, end)))
        start += longest
    return pieces


def write_spans(spans: Sequence[Span]) -> list[list[str]]:
    """Return spans as JSON."""
    return [[write_moment(start), write_moment(end)] for start, end in spans]


def read_spans(written: Any) -> list[Span]:
    """Return spans from JSON; nothing where nothing was written."""
    return [(read_moment(start), read_moment(end)) for start, end in written or []]


def write_moment(moment: datetime) -> str:
    """Return an ISO 8601 time ending in Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def read_moment(written: str) -> datetime:
    """Return what `write_moment` wrote."""
    return datetime.fromisoformat(written)
