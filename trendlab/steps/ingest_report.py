"""What an ingest did, set by set: counts, reasons for refusal, lines to print."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

# Enough to see what was passed over; the rest is counted.
SHOWN_SKIPPED = 5
SHOWN_COLUMNS = 12


@dataclass
class SetReport:
    """What became of one set of files.

    Parameters
    ----------
    path, format, source, tracker : str
        `tracker` is 'all' for files that were collected for no one tracker.
    read_count, accepted_count, rejected_count : int
        Records; accepted + rejected = read.
    forgotten_count : int
        Of the rejected, records of authors who were forgotten.
    expired_count : int
        Of the rejected, records that are past their period.
    added_count, updated_count : int
        Accepted posts, or comments where there are no posts, that were new or newer.
    first_on, last_on : date or None
        Days that the records span.
    reasons : list of (str, int)
        The commonest reasons for refusal.
    unused_columns : tuple of str
        Of the list beside photos, those that say something and were not used.
    is_known : bool
        True where the same files had been ingested before and nothing was done.
    """

    path: str
    format: str
    source: str
    tracker: str
    ingest_id: str
    read_count: int = 0
    accepted_count: int = 0
    rejected_count: int = 0
    forgotten_count: int = 0
    expired_count: int = 0
    added_count: int = 0
    updated_count: int = 0
    first_on: date | None = None
    last_on: date | None = None
    seconds: float = 0.0
    reasons: list[tuple[str, int]] = field(default_factory=list)
    skipped: tuple[tuple[str, str], ...] = ()
    unused_columns: tuple[str, ...] = ()
    is_known: bool = False
    is_failed: bool = False

    def lines(self) -> list[str]:
        """Return what the command prints of the set."""
        name = f"{self.path}: {self.format} as {self.source}"
        if self.is_known:
            return [f"{name}: ingested before, nothing to do"]
        span = "" if self.first_on is None else f", {self.first_on} to {self.last_on}"
        lines = [
            f"{name}: {self.read_count:,} read, {self.accepted_count:,} accepted, "
            f"{self.rejected_count:,} refused; {self.added_count:,} new, "
            f"{self.updated_count:,} newer{span}; {self.seconds:.1f} s"
        ]
        lines += [f"  refused: {reason} ({count:,})" for reason, count in self.reasons]
        lines += [
            f"  passed over: {path}: {why}"
            for path, why in self.skipped[:SHOWN_SKIPPED]
        ]
        if len(self.skipped) > SHOWN_SKIPPED:
            lines.append(
                f"  and {len(self.skipped) - SHOWN_SKIPPED:,} other files passed over"
            )
        if self.unused_columns:
            named = ", ".join(self.unused_columns[:SHOWN_COLUMNS])
            more = len(self.unused_columns) - SHOWN_COLUMNS
            lines.append(
                f"  not used of the list of photos: {named}"
                + (f" and {more:,} other columns" if more > 0 else "")
            )
        return lines


@dataclass
class IngestReport:
    """What became of all sets."""

    sets: list[SetReport] = field(default_factory=list)

    def total(self, name: str) -> int:
        """Return the sum of a count over sets."""
        return sum(int(getattr(one, name)) for one in self.sets)

    def lines(self) -> list[str]:
        """Return what the command prints."""
        return [line for one in self.sets for line in one.lines()]
