"""Erases an author from everything that a home holds, and keeps them from coming back.

    find ─▶ note ─▶ tombstones ─▶ lake ─▶ photos, alerts, files ─▶ warehouse ─▶ steps

First the data goes, everywhere; then the numbers that it was part of are made right by
the engine, as after any other change of posts. Killed anywhere and started again, it
goes on from its note and ends in the same state: each stage looks for what is still
there. The tombstones come before the first row is erased, so that an ingest between
two runs lets nothing in again.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa

from trendlab.errors import SettingsError
from trendlab.lake import SOURCE_NAME, Lake
from trendlab.privacy import Author, Forgotten, erase, fold_name, tombstone_rows
from trendlab.privacy.erasing import count_bare_names, differing_count
from trendlab.privacy.tombstones import identity_of
from trendlab.schemas import TABLES
from trendlab.schemas.sources import BINDING
from trendlab.steps.case_redaction import redact_cases
from trendlab.steps.door import add_tombstones, tombstone_hash
from trendlab.steps.forget_files import (
    erase_alert_files,
    erase_alert_rows,
    erase_exports,
    erase_photos,
)
from trendlab.steps.forget_plan import (
    Erasure,
    find_author,
    joined,
    note_path,
    read_note,
    remove_half_notes,
    unfinished_notes,
    write_note,
)
from trendlab.steps.forget_report import ForgetReport
from trendlab.steps.live_batch import apply_pending
from trendlab.steps.live_states import SourceStates
from trendlab.steps.load import has_warehouse, load_warehouse, open_for
from trendlab.steps.media_store import PhotoStore, finish_batch
from trendlab.steps.order import STEPS, run_steps
from trendlab.steps.pseudonyms import (
    open_pseudonyms,
    stored_name,
    stored_trackers,
)
from trendlab.steps.step import Context
from trendlab.warehouse.scrub import scrub

log = logging.getLogger(__name__)

Reached = Callable[[str], None]
"""Told the name of each point that was reached; tests stop the process there."""

# Partitions that are held before they are written: bounds the memory.
BATCH_DAYS = 64
_TEXTS = {"posts": "caption", "comments": "text"}


def reached_nothing(point: str) -> None:
    """Go on."""


def preview_forget(context: Context, source: str, name: str) -> ForgetReport:
    """Count what `forget_author` would erase; nothing is written."""
    lake = context.lake
    source = _checked(source, name)
    named = stored_name(name, open_pseudonyms(context.settings, lake))
    erasure = find_author(lake, source, named, _known(lake, source))
    report = ForgetReport(is_preview=True)
    _erase_tables(lake, erasure, report, reached_nothing)
    if erasure.photos:
        report.notes.append(
            f"{len(erasure.photos):,} photos would be removed, but for those that "
            "other posts use"
        )
    return report


def forget_author(
    context: Context,
    source: str,
    name: str,
    *,
    with_steps: bool = True,
    reached: Reached = reached_nothing,
) -> ForgetReport:
    """Erase an author, write tombstones, and compute what depends on it again.

    Parameters
    ----------
    context : Context
    source : str
        Source of the author, without a tracker: those bound to trackers belong to it.
    name : str
        Id at the source, or handle.
    with_steps : bool
        Compute stale days at once; otherwise the next night does.
    reached : callable

    Returns
    -------
    ForgetReport

    Raises
    ------
    PrivacyError
        If a handle was used by several authors, or the key of the tombstones is gone.
    SettingsError
        If source or name cannot be one.
    LakeLocked
        If another writer is at work.
    """
    lake = context.lake
    source = _checked(source, name)
    report = ForgetReport()
    named = stored_name(name, open_pseudonyms(context.settings, lake))
    with lake.lock():
        keyed = tombstone_hash(lake, is_new_allowed=True)
        _take_in(lake, context.home)
        path = note_path(lake, keyed.of(source, named.handle))
        erasure = find_author(lake, source, named, _known(lake, source))
        if path.exists():
            erasure = joined(read_note(path), erasure)
        write_note(path, erasure)
        reached("noted")
        for unfinished in unfinished_notes(lake):
            _finish(context, read_note(unfinished), report, reached)
            unfinished.unlink()
        _load(context, report, reached)
        if with_steps:
            _compute(context, report, reached)
    report.notes += _named_in_trackers(context, erasure.author)
    return report


def _checked(source: str, name: str) -> str:
    if not SOURCE_NAME.fullmatch(source) or BINDING in source:
        raise SettingsError(
            f"--source wants a source without {BINDING} and a tracker, such as "
            f"instagram, got {source!r}"
        )
    if not fold_name(name):
        raise SettingsError("--author wants an id or a handle, got nothing")
    return source


def _known(lake: Lake, source: str) -> Forgotten | None:
    tombstones = lake.read_flat("tombstones")
    if not tombstones.num_rows:
        return None
    return Forgotten(tombstone_hash(lake), tombstones, source)


def _take_in(lake: Lake, home: Path) -> None:
    """Store what killed runs had sealed, so that it is found; remove their rest."""
    apply_pending(lake, SourceStates(lake))
    # of photos that were moved to their place, only the sealed batch tells whose
    finish_batch(lake, PhotoStore(home))
    remove_half_notes(lake)
    for folder in (lake.root / ".tmp").glob("*"):
        # the lock is ours, so no ingest and no writer is alive; readers may be
        if folder.name.startswith(("ingest-", "write-")):
            shutil.rmtree(folder)


def _finish(
    context: Context, erasure: Erasure, report: ForgetReport, reached: Reached
) -> None:
    """Do all stages but the last ones, which are the same for every author."""
    lake, home = context.lake, context.home
    keyed = tombstone_hash(lake, is_new_allowed=True)
    moment = context.clock().replace(microsecond=0)
    if not erasure.is_known:
        rows = tombstone_rows(
            keyed, erasure.author, moment=moment, is_id_known=erasure.is_id_known
        )
        add_tombstones(lake, rows)
    reached("tombstones")
    _erase_tables(lake, erasure, report, reached, is_written=True)
    context.forget_fingerprints()
    removed, outside = erase_photos(lake, home, erasure)
    if removed:
        report.notes.append(f"{removed:,} photos removed")
    if outside:
        report.notes.append(
            f"{outside:,} photos lie outside {home}: they are yours to remove"
        )
    reached("photos")
    changed = erase_alert_files(home, erasure)
    if changed:
        report.notes.append(f"{changed:,} files of alerts changed")
    reached("alerts")
    report.notes += erase_exports(
        home, erasure.author, with_reports=not erasure.is_known
    )
    reached("exports")
    report.notes += redact_cases(
        home, erasure.author, identity_of(keyed, erasure.author), moment
    )
    reached("cases")


def _erase_tables(
    lake: Lake,
    erasure: Erasure,
    report: ForgetReport,
    reached: Reached,
    *,
    is_written: bool = False,
) -> None:
    for name, table in TABLES.items():
        if not table.partition:
            before = lake.read_flat(name)
            after = _erased(name, before, erasure, report)
            if is_written and after is not before:
                lake.write_flat(name, after)
            continue
        waiting: dict[str | None, dict[date, pa.Table]] = {}
        for day in lake.days(name):
            sources = lake.sources(name, day) if "source" in table.partition else [None]
            for source in sources:
                before = lake.read(name, day, source=source)
                after = _erased(name, before, erasure, report)
                if after is not before and is_written:
                    mine = waiting.setdefault(source, {})
                    mine[day] = after
                    if len(mine) >= BATCH_DAYS:
                        lake.write_many(name, waiting.pop(source), source=source)
                        reached(f"part of {name}")
        for source, parts in waiting.items():
            lake.write_many(name, parts, source=source)
            reached(f"part of {name}")
        reached(name)


def _erased(
    name: str, before: pa.Table, erasure: Erasure, report: ForgetReport
) -> pa.Table:
    """Return rows without the author, and count; the same object if nothing changed."""
    done = erase(TABLES[name], before, erasure.author)
    after, changed_count = done.rows, done.changed_count
    if name == "alerts":
        after = erase_alert_rows(after, erasure)
        changed_count = differing_count(before, after)
    if name in _TEXTS:
        report.bare_count += count_bare_names(
            after[_TEXTS[name]].to_pylist(), erasure.author
        )
    if after is not before:
        for counts, count in (
            (report.erased, done.erased_count),
            (report.changed, changed_count),
        ):
            counts[name] = counts.get(name, 0) + count
    return after


def _load(context: Context, report: ForgetReport, reached: Reached) -> None:
    """Load the changed days where there is a warehouse, and leave no old rows in it."""
    if not has_warehouse(context.settings):
        return
    with open_for(context.settings) as warehouse:
        loaded = load_warehouse(context, None, None)
        reached("load")
        scrub(warehouse.owner, is_embedded=warehouse.server is not None)
    reached("scrub")
    report.notes.append(loaded.line())


def _compute(context: Context, report: ForgetReport, reached: Reached) -> None:
    """Compute the days that are stale, and load them."""
    if not context.trackers:
        report.notes.append("no tracker file: nothing to compute again")
        return
    done = run_steps(context, list(STEPS), None, None)
    report.notes += [step.line() for step in done if step.computed_count]
    reached("steps")
    if has_warehouse(context.settings):
        report.notes.append(load_warehouse(context, None, None).line())


def _named_in_trackers(context: Context, author: Author) -> list[str]:
    """Say which trackers name the author: that file is people's own, and stays."""
    lines = []
    for tracker in stored_trackers(context):
        named = {*tracker.accounts, *tracker.brands}
        for rule in tracker.exclusions:
            named |= set(rule.users)
        if named & (author.handles | author.author_ids):
            lines.append(
                f"tracker {tracker.name} names the author: take the account, brand or "
                f"rule out of {context.settings.trackers_path} yourself"
            )
    return lines
