"""One set of files on its way into the lake: read, check, spool, upsert, book."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from trendlab.errors import SettingsError
from trendlab.lake import SOURCE_NAME, Lake
from trendlab.privacy.pseudonyms import Pseudonyms
from trendlab.schemas import TABLES
from trendlab.schemas.sources import BINDING, bound_tracker
from trendlab.sources.base import Accepted, Refused, Request, Tally
from trendlab.sources.files import FileSet
from trendlab.sources.photo_folder import PhotoFolder
from trendlab.steps.code_hash import hash_of
from trendlab.steps.coverage import (
    FILE_VERSION,
    complete_edges,
    covered_days,
    write_coverage,
)
from trendlab.steps.door import open_door
from trendlab.steps.ingest_journal import Decided, Journal
from trendlab.steps.ingest_report import SetReport
from trendlab.steps.ingest_rows import check_records, quarantine_rows
from trendlab.steps.moved_posts import settle_moved
from trendlab.steps.spool import Spool, compare_days, spool_folder, upsert_days
from trendlab.steps.step import Progress
from trendlab.trackers import Tracker

log = logging.getLogger(__name__)

# Part of every ingest_id: raise it when files are read differently.
READER_VERSION = "1"
# Records that are checked together; bounds memory at some tens of megabytes.
CHUNK_RECORDS = 5_000
# After so many records, of which nearly all were refused, reading on is pointless.
GIVE_UP_AFTER = 10_000
GIVE_UP_SHARE = 0.9
# Tables in the order of writing: what others point to comes first, posts last.
WRITE_ORDER = ("authors", "media", "comments", "engagement", "posts")


def source_name(base: str, tracker: Tracker | None, *, is_given: bool) -> str:
    """Return the name that rows are stored under.

    Rows collected for a tracker are stored under `<base>__<tracker>`, by which they
    belong to it, unless the tracker takes all posts of that source anyway.

    Raises
    ------
    SettingsError
        If the name does not fit, or names another tracker.
    """
    name = base
    if tracker is not None and bound_tracker(base) != tracker.slug:
        takes_all = bool(tracker.sources) and not tracker.has_terms
        if takes_all and base in tracker.sources:
            name = base
        elif takes_all and not is_given and len(tracker.sources) == 1:
            name = tracker.sources[0]
        elif bound_tracker(base) is not None:
            raise SettingsError(
                f"--source {base} names a tracker after {BINDING}; expected "
                f"{tracker.slug}, or a name without {BINDING}"
            )
        else:
            name = f"{base}{BINDING}{tracker.slug}"
            if bound_tracker(name) != tracker.slug:
                raise SettingsError(f"--source: expected no _ at its end, got {base}")
    if not SOURCE_NAME.fullmatch(name):
        raise SettingsError(
            "--source: expected 1 to 40 of a-z, 0-9 and _, got "
            f"{name[:80]!r} ({len(name)} characters): name a shorter one"
        )
    return name


class SetIngest:
    """One set of files on its way into the lake.

    Parameters
    ----------
    lake : Lake
    files : FileSet
    source : str or None
        Name to store rows under, where one is given.
    tracker : Tracker or None
        That the files were collected for.
    trackers : sequence of Tracker
    clock : callable
    allowed : float
        Share of refused records above which nothing is kept.
    pseudonyms : Pseudonyms or None
        None where the home keeps names.
    """

    def __init__(
        self,
        lake: Lake,
        files: FileSet,
        source: str | None,
        tracker: Tracker | None,
        trackers: Sequence[Tracker],
        clock: Callable[[], datetime],
        allowed: float,
        pseudonyms: Pseudonyms | None = None,
    ) -> None:
        base = source if source is not None else files.source.name
        name = source_name(base, tracker, is_given=source is not None)
        if tracker is None and bound_tracker(name) is not None:
            tracker = next((t for t in trackers if t.slug == bound_tracker(name)), None)
        self._lake = lake
        self._files = files
        self._clock = clock
        self._allowed = allowed
        self._pseudonyms = pseudonyms
        self._tracker = "all" if tracker is None else tracker.name
        self._version = FILE_VERSION if tracker is None else tracker.version
        self._tally = Tally()
        self.report = SetReport(
            path=files.origin,
            format=files.source.format,
            source=name,
            tracker=self._tracker,
            ingest_id=self._ingest_id(name),
            skipped=files.skipped,
        )
        self._journal = Journal(lake.root, self.report.ingest_id)
        self._noted = self._journal.read()
        self._moment = clock() if self._noted is None else self._noted.moment

    def _ingest_id(self, source: str) -> str:
        """Hash all that decides the result: content, reading, tracker, allowance."""
        reading = getattr(self._files.source, "mapping", None)
        return hash_of(
            READER_VERSION,
            source,
            self._files.origin,
            _content_hash(self._files),
            self._files.source.format,
            repr(reading),
            f"{self._tracker} {self._version} {self._allowed}",
        )

    def run(self, *, is_forced: bool, progress: Progress) -> SetReport:
        """Read, check, write and book the set."""
        started = time.monotonic()
        booked = self._booked()
        if booked is not None and not is_forced and not self._was_refused(booked):
            self._journal.remove()
            self._report_known(booked)
            return self.report
        with spool_folder(self._lake.root) as folder:
            spool = Spool(folder)
            self._read(spool, progress)
            spool.seal()
            self._finish(spool, is_booked=booked is not None)
        self.report.seconds = time.monotonic() - started
        log.info(
            "ingest %s: %d read, %d accepted, %d refused, %d new, %d newer, %.1f s",
            self.report.source,
            self.report.read_count,
            self.report.accepted_count,
            self.report.rejected_count,
            self.report.added_count,
            self.report.updated_count,
            self.report.seconds,
        )
        return self.report

    def _booked(self) -> dict[str, Any] | None:
        """Return the first book row of the same set, None where it was never ended."""
        found = self._lake.query(
            "select * from ingests where ingest_id = $ingest_id "
            "order by observed_at limit 1",
            {"ingests": self._lake.span("ingests")},
            {"ingest_id": self.report.ingest_id},
        ).to_pylist()
        return dict(found[0]) if found else None

    def _was_refused(self, booked: dict[str, Any]) -> bool:
        unwanted = (booked["forgotten_count"] or 0) + (booked["expired_count"] or 0)
        read = int(booked["read_count"]) - unwanted
        rejected = int(booked["rejected_count"]) - unwanted
        return rejected > self._allowed * read

    def _report_known(self, book: dict[str, Any]) -> None:
        self.report.is_known = True
        for name in (
            "read_count",
            "accepted_count",
            "rejected_count",
            "first_on",
            "last_on",
        ):
            setattr(self.report, name, book[name])

    def _read(self, spool: Spool, progress: Progress) -> None:
        """Fetch and parse every page; accepted and refused records go to the spool."""
        chunk: list[tuple[str, Accepted]] = []
        refused: list[tuple[str, Refused]] = []
        for origin, record in self._records(progress):
            if isinstance(record, Accepted):
                chunk.append((origin, record))
            else:
                refused.append((origin, record))
            if len(chunk) + len(refused) >= CHUNK_RECORDS:
                self._keep(spool, chunk, refused)
                chunk, refused = [], []
                if (
                    self._tally.read >= GIVE_UP_AFTER
                    and self._tally.rejected_share > max(GIVE_UP_SHARE, self._allowed)
                ):
                    break
        self._keep(spool, chunk, refused)

    def _records(self, progress: Progress) -> Iterator[tuple[str, Accepted | Refused]]:
        source = self._files.source
        door = open_door(self._lake, self.report.source, self._pseudonyms)
        plan = source.plan(Request(self.report.source, self._files.members), {})
        total = len(self._files.members)
        done: set[str] = set()
        for page in source.fetch(plan, None):
            for record in door.admit(source.parse(page)):
                yield page.origin, record
            done.add(page.origin)
            progress("ingest", min(len(done), total), total)

    def _keep(
        self,
        spool: Spool,
        chunk: list[tuple[str, Accepted]],
        refused: list[tuple[str, Refused]],
    ) -> None:
        checked = check_records([record for _, record in chunk], self.report.source)
        refused = refused + [(chunk[at][0], record) for at, record in checked.refused]
        for table, rows in checked.tables.items():
            spool.add(table, rows)
        self._tally.accepted += checked.accepted_count
        for _, record in refused:
            self._tally.refuse(record.reason)
        if refused:
            spool.add(
                "quarantine",
                quarantine_rows(
                    refused,
                    source=self.report.source,
                    ingest_id=self.report.ingest_id,
                    day=self._moment.date(),
                    observed_at=self._moment,
                ),
            )

    def _finish(self, spool: Spool, *, is_booked: bool) -> None:
        report = self.report
        report.read_count = self._tally.read
        report.accepted_count = self._tally.accepted
        report.rejected_count = self._tally.rejected
        report.forgotten_count = self._tally.forgotten
        report.expired_count = self._tally.expired
        report.reasons = self._tally.top_reasons()
        if isinstance(self._files.source, PhotoFolder):
            report.unused_columns = self._files.source.unused_columns()
        report.is_failed = self._tally.rejected_share > self._allowed
        days = spool.days("posts") or spool.days("comments")
        if days:
            report.first_on, report.last_on = days[0], days[-1]
        decided = self._decide(spool)
        report.added_count = decided.added_count
        report.updated_count = decided.updated_count
        if not report.is_failed:
            self._write(spool, days)
        if not is_booked:
            # a set that was booked has its refused records in quarantine already
            upsert_days(self._lake, "quarantine", spool, report.source)
        self._book()
        self._journal.remove()

    def _decide(self, spool: Spool) -> Decided:
        """Settle what is new, or take it from the run that was killed."""
        if self._noted is not None:
            return self._noted
        main = "posts" if spool.days("posts") else "comments"
        added = updated = 0
        if not self.report.is_failed:
            done = compare_days(self._lake, main, spool, self.report.source)
            added, updated = done.added, done.updated
        decided = Decided(self._moment, added, updated)
        self._journal.write(decided)
        return decided

    def _times_of(self, day: date) -> pa.ChunkedArray:
        posts = self._lake.read(
            "posts", day, source=self.report.source, columns=["created_at"]
        )
        return posts["created_at"]

    def _write(self, spool: Spool, days: list[date]) -> None:
        for table in WRITE_ORDER:
            upsert_days(self._lake, table, spool, self.report.source)
        if spool.days("posts"):
            settle_moved(self._lake, spool.days("posts"), self.report.source)
            write_coverage(
                self._lake,
                complete_edges(covered_days(days), self._times_of),
                source=self.report.source,
                tracker=self._tracker,
                tracker_version=self._version,
                observed_at=max(m.modified_at for m in self._files.members),
            )

    def _book(self) -> None:
        now = self._clock()
        row = {
            name: getattr(self.report, name, None) for name in TABLES["ingests"].names
        }
        row |= {"day": now.date(), "observed_at": now}
        self._lake.upsert(
            "ingests",
            now.date(),
            TABLES["ingests"].from_rows([row]),
            source=self.report.source,
        )


def _content_hash(files: FileSet) -> str:
    """Hash the content of a set; of photos, names, sizes and times of change."""
    parts = []
    for member in files.members:
        if isinstance(files.source, PhotoFolder):
            stat = member.path.stat()
            parts.append(f"{member.origin} {stat.st_size} {stat.st_mtime_ns}")
        else:
            parts.append(f"{member.origin} {member.content_hash()}")
    if files.listing is not None:
        parts.append(f"list {files.listing.content_hash()}")
    return hash_of(*parts)
