"""Runs steps day by day or in bulk, and knows which days are stale.

A step's run at a day is named by a hash of what it read: the checksums of its
input partitions, its code and its settings (`run_id`). A day is stale when its
recorded run_id is not the one that its present inputs give. Nothing has to be
marked: late data changes a checksum, which changes the run_ids of all that
depends on it; a kill leaves no record, so the day is done again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.steps.code_hash import code_hash, hash_of
from trendlab.steps.step import BySource, Compute, Context, Parts, Step, no_remark

log = logging.getLogger(__name__)

# Part of every run_id: raise it when the meaning of a run changes.
ENGINE_VERSION = "1"


@dataclass(frozen=True)
class StepReport:
    """What a step did: units looked at, computed, rows written, seconds, a remark."""

    step: str
    days_count: int
    computed_count: int
    rows_count: int
    seconds: float
    remark: str = ""

    def line(self) -> str:
        """Return the line that the command prints."""
        remark = f"; {self.remark}" if self.remark else ""
        return (
            f"{self.step}: {self.computed_count} of {self.days_count} computed, "
            f"{self.rows_count:,} rows, {self.seconds:.1f} s{remark}"
        )


def week_of(day: date) -> date:
    """Return the Monday of the ISO week that holds a day."""
    return day - timedelta(days=day.weekday())


# After a longer silence a series has no baseline left, and starts anew.
MAX_GAP_DAYS = 84


def fill_gaps(days: Sequence[date]) -> list[date]:
    """Add the days between known ones, unless they lie too far apart."""
    filled: list[date] = []
    for day in days:
        if filled and (day - filled[-1]).days <= MAX_GAP_DAYS:
            filled += [
                filled[-1] + timedelta(days=ahead)
                for ahead in range(1, (day - filled[-1]).days)
            ]
        filled.append(day)
    return filled


class ChunkPool(Protocol):
    """Computes chunks at once; `trendlab.steps.pool.Pool`."""

    def compute(
        self,
        compute: Compute,
        works: Iterable[_Chunk],
        asked: Callable[[_Chunk], tuple[Sequence[date], Mapping[date, str]]],
    ) -> Iterator[tuple[_Chunk, Parts]]:
        """Yield each chunk with its rows, in the order given."""


@dataclass
class _Chunk:
    """Days computed together: those that are stale, by run_id and hash of inputs."""

    end: int
    run_ids: dict[date, str] = field(default_factory=dict)
    hashes: dict[date, str] = field(default_factory=dict)

    def asked(self) -> tuple[Sequence[date], Mapping[date, str]]:
        """Return what `Step.compute` is given."""
        return sorted(self.run_ids), self.run_ids


def run_step(
    context: Context,
    step: Step,
    days: Sequence[date],
    *,
    force: bool = False,
    pool: ChunkPool | None = None,
    remark: Callable[[Context, Sequence[date]], str] = no_remark,
) -> StepReport:
    """Compute the stale days among `days` and replace their partitions.

    Parameters
    ----------
    context : Context
    step : Step
    days : sequence of date
        Rising days; Mondays for weekly steps.
    force : bool
        Compute days that are fresh too.
    pool : ChunkPool or None
        Where chunks of a step that allows it are computed at once.
    remark : callable
        (context, days computed) → words for the step's line that its numbers do not
        say, such as why days gave no rows; empty for none. Told here and not in the
        `Step`: words decide no result, and the text of a step's module does.

    Returns
    -------
    StepReport

    Notes
    -----
    Outputs are written before the run is recorded, so a kill between the two
    leaves the day stale, never wrong. A day of which an input was erased after its
    period is not computed any more, forced or not: what was computed of it stays.
    """
    started = time.monotonic()
    fixed = (
        ENGINE_VERSION,
        step.name,
        code_hash((*step.modules, step.compute.__module__)),
        step.settings_key(context),
    )
    computed: list[date] = []
    rows_count = 0
    begun = time.monotonic()
    stale = _stale_chunks(context, step, days, fixed, force=force)
    for chunk, parts in _computed(context, step, stale, pool):
        count = len(chunk.run_ids)
        written = _write_parts(context, step, parts, sorted(chunk.run_ids))
        seconds = (time.monotonic() - begun) / count
        _record(context, step, chunk.run_ids, chunk.hashes, fixed, written, seconds)
        step.tidy(context)
        computed += sorted(chunk.run_ids)
        rows_count += sum(written.values())
        context.progress(step.name, chunk.end, len(days))
        begun = time.monotonic()
    context.progress(step.name, len(days), len(days))
    report = StepReport(
        step.name,
        len(days),
        len(computed),
        rows_count,
        time.monotonic() - started,
        remark(context, computed),
    )
    log.info("%s", report.line())
    return report


def _stale_chunks(
    context: Context,
    step: Step,
    days: Sequence[date],
    fixed: tuple[str, ...],
    *,
    force: bool,
) -> Iterator[_Chunk]:
    """Yield chunks that hold a stale day; a chunk is looked at when it is asked for."""
    previous: tuple[date, str] | None = None
    done = 0
    for days_together in _chunks(days, step.chunk_days):
        done += len(days_together)
        chunk = _Chunk(done)
        for day in days_together:
            if any(map(context.is_expired, step.inputs(context, day))):
                known = context.run_of(step.name, day)
                previous = previous if known is None else (day, known)
                continue
            inputs_hash = _inputs_hash(context, step, day)
            if step.is_chained:
                inputs_hash = hash_of(inputs_hash, _link(context, step, day, previous))
            run_id = hash_of(*fixed, day.isoformat(), inputs_hash)
            previous = (day, run_id)
            if force or context.run_of(step.name, day) != run_id:
                chunk.run_ids[day] = run_id
                chunk.hashes[day] = inputs_hash
        if chunk.run_ids:
            yield chunk


def _computed(
    context: Context, step: Step, chunks: Iterator[_Chunk], pool: ChunkPool | None
) -> Iterator[tuple[_Chunk, Parts]]:
    if pool is not None and step.is_pooled:
        yield from pool.compute(step.compute, chunks, _Chunk.asked)
        return
    for chunk in chunks:
        yield chunk, step.compute(context, *chunk.asked())


def _inputs_hash(context: Context, step: Step, day: date) -> str:
    parts = []
    for wanted in step.inputs(context, day):
        parts.append(wanted.table)
        stored = context.fingerprints(wanted.table)
        # a night asks for a hundred thousand of them
        numbers = range(wanted.first_day.toordinal(), wanted.last_day.toordinal() + 1)
        parts += [stored.get(date.fromordinal(number), "") for number in numbers]
    own = step.day_key(context, day)
    # a day without such settings keeps the hash of what it reads alone
    return hash_of(*parts, own) if own else hash_of(*parts)


# A chain reaches back as far as the longest baseline (84 days) and its masks.
CHAIN_DAYS = 180


def _link(
    context: Context, step: Step, day: date, previous: tuple[date, str] | None
) -> str:
    """Return the run_id of the day before within reach, "" where there is none."""
    if previous is not None and (day - previous[0]).days <= CHAIN_DAYS:
        return previous[1]
    for back in range(1, CHAIN_DAYS + 1):
        known = context.run_of(step.name, day - timedelta(days=back))
        if known is not None:
            return known
    return ""


def _write_parts(
    context: Context, step: Step, parts: Parts, days: Sequence[date]
) -> dict[date, int]:
    written = dict.fromkeys(days, 0)
    for table in step.outputs:
        empty = TABLES[table].empty()
        given = {day: parts.get(table, {}).get(day, empty) for day in days}
        if "source" in TABLES[table].partition:
            _write_by_source(context.lake, table, given, written)
        else:
            whole = {
                day: rows for day, rows in given.items() if isinstance(rows, pa.Table)
            }
            context.lake.write_many(table, whole)
            for day, rows in whole.items():
                written[day] += rows.num_rows
        context.forget_fingerprints(table)
    return written


def _write_by_source(
    lake: Lake,
    table: str,
    given: Mapping[date, pa.Table | BySource],
    written: dict[date, int],
) -> None:
    """Write rows by source; of a plain table every source of the day is replaced."""
    by_source: dict[str, dict[date, pa.Table]] = {}
    for day, rows in given.items():
        mine = rows
        if isinstance(mine, pa.Table):
            present = set(mine["source"].to_pylist()) | set(lake.sources(table, day))
            mine = {
                source: mine.filter(pc.equal(mine["source"], source))
                for source in present
            }
        for source, part in mine.items():
            by_source.setdefault(source, {})[day] = part
            written[day] += part.num_rows
    for source, parts in sorted(by_source.items()):
        lake.write_many(table, parts, source=source)


def _record(
    context: Context,
    step: Step,
    run_ids: Mapping[date, str],
    hashes: Mapping[date, str],
    fixed: tuple[str, ...],
    written: Mapping[date, int],
    seconds: float,
) -> None:
    table = TABLES["runs"]
    parts = {}
    for day, run_id in run_ids.items():
        mine = table.from_rows(
            [
                {
                    "day": day,
                    "step": step.name,
                    "run_id": run_id,
                    "code_hash": fixed[2],
                    "settings_hash": hash_of(fixed[3]),
                    "inputs_hash": hashes[day],
                    "rows_count": written[day],
                    "seconds": round(seconds, 3),
                    "status": "done",
                    "message": None,
                    "finished_at": context.clock(),
                }
            ]
        )
        known = context.run_rows(day)
        others = known.filter(pc.not_equal(known["step"], step.name))
        parts[day] = pa.concat_tables([others, mine])
    context.lake.write_many("runs", parts)
    context.keep_run_rows(parts)
    for day, run_id in run_ids.items():
        context.note_run(step.name, day, run_id)


def _chunks(days: Sequence[date], size: int) -> Iterator[Sequence[date]]:
    for start in range(0, len(days), size):
        yield days[start : start + size]
