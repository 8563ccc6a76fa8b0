"""Ingest: files into the lake, as an upsert, with nothing lost.

    open sets ─▶ plan ─▶ fetch ─▶ parse ─▶ check rows ─▶ spool ─▶ upsert ─▶ book

Read = accepted + rejected, always. Rows reach the lake only after the whole set
was read, day by day; the book row comes last, so that a set that is not booked was
not finished and is done again, with the same result.

Where more than the allowed share of a set is refused, none of its accepted rows is
kept (it is the wrong file or the wrong mapping); what was refused is in quarantine,
the book says so, and the step fails after the other sets were done.

`observed_at` of rows from files is what the file or its mapping declares, else the
file's time of change. So the same file gives the same readings, whenever it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from trendlab.errors import TooManyRejected
from trendlab.lake import Lake
from trendlab.privacy.pseudonyms import Pseudonyms
from trendlab.settings import MAX_REJECTED_SHARE
from trendlab.sources.columns import ColumnMapping
from trendlab.sources.files import open_sets
from trendlab.steps.context import check_tracker
from trendlab.steps.ingest_report import IngestReport, SetReport
from trendlab.steps.ingest_set import SetIngest
from trendlab.steps.step import Progress, no_progress, utc_now
from trendlab.trackers import Tracker


def ingest_paths(
    lake: Lake,
    paths: Sequence[str | Path],
    *,
    trackers: Sequence[Tracker] = (),
    tracker: str | None = None,
    mapping: str | None = None,
    source: str | None = None,
    format_name: str | None = None,
    sidecar: Path | None = None,
    clock: Callable[[], datetime] = utc_now,
    max_rejected_share: float = MAX_REJECTED_SHARE,
    is_forced: bool = False,
    pseudonyms: Pseudonyms | None = None,
    progress: Progress = no_progress,
) -> IngestReport:
    """Copy the records of files into the lake.

    Parameters
    ----------
    lake : Lake
    paths : sequence of str or Path
        Files, folders and globs.
    trackers : sequence of Tracker
        Of the tracker file, with its column mappings.
    tracker : str or None
        Tracker that the files were collected for: all their posts belong to it.
    mapping, format_name : str or None
        Override what the content says.
    source : str or None
        Name to store rows under; the mapping's or the format's when None.
    sidecar : Path or None
        List beside a folder of photos.
    clock : callable
        Present moment, for the book and quarantine.
    max_rejected_share : float
        Share of refused records of a set above which it fails.
    is_forced : bool
        Read files again that were ingested before.
    pseudonyms : Pseudonyms or None
        Of the home, from `open_pseudonyms`; None where it keeps names.
    progress : callable

    Returns
    -------
    IngestReport

    Raises
    ------
    UnknownFormat
        Before anything is read, if a file's format cannot be told.
    SettingsError
        If a tracker, mapping, format or source name is wrong.
    TooManyRejected
        After all sets were done, if any was refused too much.
    """
    bound = _tracker_named(tracker, trackers)
    mappings = _mappings_of(trackers)
    report = IngestReport()
    with lake.lock():
        sets = open_sets(
            paths,
            mappings=mappings,
            format_name=format_name,
            mapping=mapping,
            listing=sidecar,
        )
        jobs = [
            SetIngest(
                lake,
                one,
                source,
                bound,
                trackers,
                clock,
                max_rejected_share,
                pseudonyms,
            )
            for one in sets
        ]
        for job in jobs:
            report.sets.append(job.run(is_forced=is_forced, progress=progress))
    failed = [one for one in report.sets if one.is_failed]
    if failed:
        raise TooManyRejected(
            "\n".join(_say_failed(f, max_rejected_share) for f in failed)
        )
    return report


def _say_failed(one: SetReport, allowed: float) -> str:
    reasons = "; ".join(f"{reason} ({count:,})" for reason, count in one.reasons)
    return (
        f"{one.path}: at most {allowed:.0%} of the records may be refused, "
        f"{one.rejected_count:,} of {one.read_count:,} were: {reasons}. None of the "
        f"others was kept; the refused are in quarantine under {one.ingest_id}. "
        "Is the mapping right? See docs/sources.md"
    )


def _tracker_named(name: str | None, trackers: Sequence[Tracker]) -> Tracker | None:
    if name is None:
        return None
    known = {tracker.name: tracker for tracker in trackers}
    check_tracker(name, known)
    return known[name]


def _mappings_of(trackers: Sequence[Tracker]) -> dict[str, ColumnMapping]:
    return {
        name: ColumnMapping(name=name, **spec.model_dump())
        for tracker in trackers
        for name, spec in tracker.mappings.items()
    }
