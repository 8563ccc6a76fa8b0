"""What a live ingest did, term by term, and what failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass
class TermReport:
    """What became of one slice, or of a reading again.

    Parameters
    ----------
    source, key : str
        `key` names the term, or what was read again.
    since, until : datetime or None
        Range of time that was asked for.
    """

    source: str
    key: str
    since: datetime | None = None
    until: datetime | None = None
    read_count: int = 0
    accepted_count: int = 0
    rejected_count: int = 0
    added_count: int = 0
    updated_count: int = 0
    requests_count: int = 0
    left_out_count: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    failure: str | None = None

    def lines(self) -> list[str]:
        """Return what the command prints."""
        span = (
            ""
            if self.since is None or self.until is None
            else f" {_shown(self.since)} to {_shown(self.until)}"
        )
        lines = [
            f"{self.source} {self.key}{span}: {self.read_count:,} read, "
            f"{self.accepted_count:,} accepted, {self.rejected_count:,} refused; "
            f"{self.added_count:,} new, {self.updated_count:,} newer; "
            f"{self.requests_count:,} requests"
        ]
        ranked = sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
        lines += [f"  refused: {reason} ({count:,})" for reason, count in ranked[:3]]
        if self.left_out_count:
            lines.append(
                f"  not given by {self.source}: {self.left_out_count:,} records"
            )
        if self.failure is not None:
            lines.append(f"  NOT ENDED: {self.failure}")
        return lines


@dataclass
class LiveReport:
    """What became of all sources and terms.

    Parameters
    ----------
    terms : list of TermReport
    notes : list of str
        What was left out, and why.
    flags : list of str
        Days with far fewer posts than usual.
    covered : dict of (str, str) to dict of date to str
        Tracker and source → status of the days that this run looked at.
    """

    terms: list[TermReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    covered: dict[tuple[str, str], dict[date, str]] = field(default_factory=dict)

    @property
    def failures(self) -> list[str]:
        """What was not ended, with the reason; empty where all went well."""
        return [
            f"{term.source} {term.key}: {term.failure}"
            for term in self.terms
            if term.failure is not None
        ]

    def total(self, name: str) -> int:
        """Return the sum of a count over terms."""
        return sum(int(getattr(term, name)) for term in self.terms)

    def lines(self) -> list[str]:
        """Return what the command prints."""
        lines = [line for term in self.terms for line in term.lines()]
        for (tracker, source), days in sorted(self.covered.items()):
            counts = {
                status: sum(1 for told in days.values() if told == status)
                for status in ("complete", "partial", "none")
            }
            told = ", ".join(f"{n} {status}" for status, n in counts.items() if n)
            lines.append(f"coverage of {tracker} by {source}: {told} (days)")
        return [*lines, *self.notes, *self.flags]


def _shown(moment: datetime) -> str:
    return (
        f"{moment:%Y-%m-%d %H:%M}"
        if moment.time().hour or moment.time().minute
        else (f"{moment:%Y-%m-%d}")
    )
