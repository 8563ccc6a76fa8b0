"""The protocol of every source: plan, fetch pages, parse pages into records.

    request, state ─▶ plan ─▶ fetch(client) ─▶ page ─▶ parse ─▶ accepted or refused

`plan` decides what to ask for, `fetch` is the only part that touches files or the
network, and `parse` is pure: the same page gives the same records, so a page that
was kept can be parsed again. Files and live networks go the same way; a live
source names in `Page.state` where to go on once the page's rows are stored.

A **record** is one thing that was received: a post with its photos, a comment, or
an author. It is accepted whole or refused whole; one bad record never takes its
page with it. read = accepted + rejected counts records.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

Row = dict[str, Any]
State = Mapping[str, Any]
"""Where a source stands (cursors, newest seen, budget used); JSON types only."""

# Enough to see what was wrong; the whole record is in its file or at its source.
MAX_PAYLOAD_CHARACTERS = 20_000
MAX_DETAIL_CHARACTERS = 300
FORGOTTEN = "forgotten"
"""Reason for refusing a record whose author was forgotten: nothing is wrong with it."""
EXPIRED = "older than is kept"
"""Reason for refusing a record that is past its period: nothing is wrong with it."""


@dataclass(frozen=True)
class Spend:
    """Something of a service's allowance that was used.

    Parameters
    ----------
    what : str
        Kind, such as `hashtags` or `records`; `requests` is counted for all sources.
    count : int
    item : str
        Which one, where an allowance counts different ones; "" otherwise.
    at : datetime or None
        UTC; the page's `observed_at` when None.
    """

    what: str
    count: int = 1
    item: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Budget:
    """What was used of a service's allowances, by all trackers, in the last 31 days.

    Parameters
    ----------
    spends : tuple of Spend
        With their moments.
    """

    spends: tuple[Spend, ...] = ()

    def used(self, what: str, since: datetime) -> int:
        """Return how much was used from a moment on."""
        return sum(spend.count for spend in self._of(what, since))

    def items(self, what: str, since: datetime) -> frozenset[str]:
        """Return the different items that were used from a moment on."""
        return frozenset(spend.item for spend in self._of(what, since))

    def _of(self, what: str, since: datetime) -> list[Spend]:
        return [
            spend
            for spend in self.spends
            if spend.what == what and spend.at is not None and spend.at >= since
        ]


@dataclass(frozen=True)
class Request:
    """What is asked of a source.

    Parameters
    ----------
    source : str
        Name under which rows are stored.
    paths : tuple
        Files to read, as `trendlab.sources.files.Member`; empty for networks.
    hashtags, accounts, keywords : tuple of str
        Query terms of a tracker; empty for files.
    since, until : datetime or None
        Half-open range of time; None leaves the end open.
    now : datetime or None
        Present moment, UTC; None for files.
    budget : Budget
        What was used of the service's allowances; empty for files.
    """

    source: str
    paths: tuple[Any, ...] = ()
    hashtags: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    now: datetime | None = None
    budget: Budget = Budget()


@dataclass(frozen=True)
class Slice:
    """One unit of a plan: a file, or a hashtag in a range of time.

    Parameters
    ----------
    key : str
        Names the slice among those of the source; state is kept under it. Of a
        live source it names the term (`#coat`), the same in every run.
    asks : mapping
        What the source needs to fetch it.
    since, until : datetime or None
        Half-open range of time of a live source's slice; None for files.
    """

    key: str
    asks: Mapping[str, Any]
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """What a source will fetch, in order, and what it leaves out."""

    request: Request
    slices: tuple[Slice, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Damage:
    """Stands in a page for a record that could not be read, with what came of it."""

    reason: str
    detail: str
    record: Any = ""


@dataclass(frozen=True)
class Page:
    """What one fetch brought.

    Parameters
    ----------
    payload : Any
        As received, or `Damage`.
    origin : str
        File, or address without its query.
    observed_at : datetime
        When the records were collected, UTC.
    first_number : int
        Position of the page's first record in its origin, from 1.
    state : mapping or None
        Where to go on after this page; stored after the page's rows.
    spends : tuple of Spend
        What the page used of the service's allowances, besides requests.
    reached_at : datetime or None
        Of a service that lists only so many: the listing ends here, and what lies
        before in the slice cannot be had any more. It counts as not covered.
    left_out_count : int
        Records that the service names and does not give, such as replies behind a
        "load more".
    """

    payload: Any
    origin: str
    observed_at: datetime
    first_number: int = 1
    state: State | None = None
    spends: tuple[Spend, ...] = ()
    reached_at: datetime | None = None
    left_out_count: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """A record that became rows.

    Parameters
    ----------
    rows : tuple of (str, dict)
        Table name and row; the first is the record's own, others ride with it.
        Columns that are absent are NULL; `day` and `source` are filled later.
    number : int
        Position in the origin, from 1.
    record : Any
        As received, kept in case a later check refuses a row.
    """

    rows: tuple[tuple[str, Row], ...]
    number: int
    record: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that cannot be used.

    Parameters
    ----------
    reason : str
        Short, fit for grouping.
    field : str
        What was wrong; "" for the record as a whole.
    detail : str
        The value, shortened.
    number : int
        Position in the origin, from 1.
    record : Any
        As received.
    table : str
        Table that it was meant for.
    """

    reason: str
    field: str
    detail: str
    number: int
    record: Any
    table: str = "posts"


Parsed = Accepted | Refused


class Source(Protocol):
    """A network or an archive format.

    Attributes
    ----------
    name : str
        Name under which rows are stored when the request names none.
    format : str
        What `trendlab ingest` shows and books.
    """

    name: str
    format: str

    def plan(self, request: Request, state: State) -> Plan:
        """Decide what to fetch, from what is asked and where the source stands."""

    def fetch(self, plan: Plan, client: Any) -> Iterator[Page]:
        """Yield pages as they come; memory holds one page."""

    def parse(self, page: Page) -> Iterable[Parsed]:
        """Turn a page into records, without looking at anything else."""


class FieldError(ValueError):
    """A field of a record cannot be used; caught by the parser of the record.

    Parameters
    ----------
    field : str
    reason : str
    value : Any
    """

    def __init__(self, field: str, reason: str, value: Any = None) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = f"{field} {reason}"
        self.detail = "" if value is None else show(value, MAX_DETAIL_CHARACTERS)

    def refused(self, number: int, record: Any, table: str = "posts") -> Refused:
        """Return the record as refused."""
        return Refused(self.reason, self.field, self.detail, number, record, table)


def show(value: Any, limit: int = MAX_PAYLOAD_CHARACTERS) -> str:
    """Return any received value as text that any table can hold.

    NUL and half surrogate pairs are written as escapes.
    """
    if isinstance(value, bytes):
        text = value[: limit * 4].decode("utf-8", errors="backslashreplace")
    elif isinstance(value, str):
        text = value
    else:
        try:
            text = json.dumps(value, ensure_ascii=False, default=str)
        except (ValueError, TypeError, RecursionError):
            text = f"{type(value).__name__} that cannot be written as JSON"
    text = text[:limit].replace("\0", "\\u0000")
    escaped = text.encode("utf-8", errors="backslashreplace").decode()
    return escaped[:limit]


@dataclass
class Tally:
    """Counts of an ingest: read = accepted + rejected."""

    accepted: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """Records received."""
        return self.accepted + self.rejected

    @property
    def forgotten(self) -> int:
        """Of the rejected, records of authors who were forgotten."""
        return self.reasons.get(FORGOTTEN, 0)

    @property
    def expired(self) -> int:
        """Of the rejected, records that are past their period."""
        return self.reasons.get(EXPIRED, 0)

    @property
    def rejected_share(self) -> float:
        """Share of the records that were refused; 0 where none was received.

        Records that are only unwanted say nothing of the format, and do not count.
        """
        unwanted = self.forgotten + self.expired
        judged = self.read - unwanted
        return (self.rejected - unwanted) / judged if judged else 0.0

    def refuse(self, reason: str) -> None:
        """Count a refused record."""
        self.rejected += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def top_reasons(self, count: int = 3) -> list[tuple[str, int]]:
        """Return the commonest reasons, most frequent first."""
        ranked = sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
        return ranked[:count]
