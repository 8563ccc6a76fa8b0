"""Runs steps day by day or in bulk, and knows which days are stale.

A step's run at a day is named by a hash of what it read: the checksums of its
input partitions, its code and its settings (`run_id`). A day is stale when its
recorded run_id is not the one that its present inputs give. Nothing has to be
marked: late data changes a checksum, which changes the run_ids of all that
depends on it; a kill leaves no record, so the day is done again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import TrendlabError
from trendlab.lake import Lake, Span
from trendlab.resources import bundled
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.trackers import Tracker

log = logging.getLogger(__name__)

# Part of every run_id: raise it when the meaning of a run changes.
ENGINE_VERSION = "1"

BySource = Mapping[str, pa.Table]
"""Rows of a day by source: only the sources named are replaced."""

Parts = dict[str, dict[date, pa.Table | BySource]]
"""Rows to write: table name → day → rows."""


@dataclass(frozen=True)
class Input:
    """Days of a table that a step reads for one day of output.

    Parameters
    ----------
    table : str
    first_day, last_day : date
    may_expire : bool
        True when the step does with what is still kept of these days: they may be
        erased after their period, and ask for no longer one.
    """

    table: str
    first_day: date
    last_day: date
    may_expire: bool = False


class Progress(Protocol):
    """Shows how far long work is."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Report `done` of `total` units of a step."""


def no_progress(step: str, done: int, total: int) -> None:
    """Show nothing."""


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


@dataclass
class Context:
    """What steps work with: the lake, the trackers and cities, and settings."""

    settings: Settings
    lake: Lake
    trackers: list[Tracker]
    cities: pa.Table
    clock: Callable[[], datetime] = utc_now
    progress: Progress = no_progress
    _runs: dict[tuple[str, date], str] | None = None
    _run_rows: dict[date, pa.Table] = field(default_factory=dict)
    _fingerprints: dict[str, dict[date, str]] = field(default_factory=dict)
    _expired: dict[str, date] | None = None

    @property
    def home(self) -> Path:
        """The data folder."""
        return self.settings.home

    def run_of(self, step: str, day: date) -> str | None:
        """Return the run_id that last finished for a step and day."""
        if self._runs is None:
            runs = self.lake.query(
                "select step, day, run_id from runs where status = 'done'",
                {"runs": Span("runs")},
            )
            self._runs = {
                (row["step"], row["day"]): row["run_id"] for row in runs.to_pylist()
            }
        return self._runs.get((step, day))

    def note_run(self, step: str, day: date, run_id: str) -> None:
        """Remember a run that has just been written."""
        self.run_of(step, day)
        assert self._runs is not None
        self._runs[(step, day)] = run_id

    def run_rows(self, day: date) -> pa.Table:
        """Return a day's runs, kept: each step of a night adds its own to them."""
        if day not in self._run_rows:
            self._run_rows[day] = self.lake.read("runs", day)
        return self._run_rows[day]

    def keep_run_rows(self, parts: Mapping[date, pa.Table]) -> None:
        """Remember the runs of days that have just been written."""
        self._run_rows.update(parts)

    def fingerprints(self, table: str) -> Mapping[date, str]:
        """Return the checksums of the stored days, kept until the table is written."""
        if table not in self._fingerprints:
            self._fingerprints[table] = self.lake.fingerprints(table)
        return self._fingerprints[table]

    def forget_fingerprints(self, table: str | None = None) -> None:
        """Forget checksums of a table that was written, or of all tables."""
        if table is None:
            self._fingerprints.clear()
        else:
            self._fingerprints.pop(table, None)

    def is_expired(self, wanted: Input) -> bool:
        """Tell whether rows that an input needs were erased after their period."""
        if wanted.may_expire:
            return False
        if self._expired is None:
            rows = self.lake.read_flat("expirations").to_pylist()
            self._expired = {row["table_name"]: row["before_day"] for row in rows}
        before = self._expired.get(wanted.table)
        return before is not None and wanted.first_day < before

    def forget_expirations(self) -> None:
        """Forget what was erased: it was just changed."""
        self._expired = None
        self._run_rows.clear()


Compute = Callable[[Context, Sequence[date], Mapping[date, str]], Parts]
"""Computes days of a step: (context, rising days, their run_ids) → rows."""


@dataclass(frozen=True)
class Step:
    """One step of the night.

    Parameters
    ----------
    name : str
    modules : tuple of str
        Modules and queries whose text, and that of the rooms they import, decides
        the result; their hash is part of the run_id, so a changed rule recomputes
        what it touches.
    outputs : tuple of str
        Tables whose partitions the step replaces.
    inputs : callable
        (context, day) → the days of tables that the day depends on.
    compute : callable
        (context, days, run_ids) → rows for each table and day. `days` rise.
    settings_key : callable
        (context) → text of the settings and trackers that decide the result.
    day_key : callable
        (context, day) → text of the settings that decide the result of that day and
        not of every day, such as rules with a validity; "" for none.
    is_chained : bool
        True when a day also depends on the step's own earlier days.
    is_weekly : bool
        True when the unit is the ISO week, named by its Monday.
    only_last_week : bool
        True when, of a range, only the last week that has ended is computed: a
        model of all the weeks up to it. Such a step is weekly too.
    is_quarterly : bool
        True when, of those, only weeks that end with the first Sunday of a quarter
        count; with `only_last_week`.
    fills_gaps : bool
        True when a missing day between known ones is a day to compute too.
    is_pooled : bool
        True when `compute` only reads and is a function of a module, so that chunks
        may be computed at once, in processes of their own.
    chunk_days : int
        Units computed together; bounds memory.
    """

    name: str
    modules: tuple[str, ...]
    outputs: tuple[str, ...]
    inputs: Callable[[Context, date], list[Input]]
    compute: Compute
    settings_key: Callable[[Context], str] = lambda context: ""
    day_key: Callable[[Context, date], str] = lambda context, day: ""
    is_chained: bool = False
    is_weekly: bool = False
    only_last_week: bool = False
    is_quarterly: bool = False
    fills_gaps: bool = False
    is_pooled: bool = False
    chunk_days: int = 56


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


def hash_of(*parts: str) -> str:
    """Hash texts, each kept apart from the next."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


# Rooms whose text decides results; the rest only carries rows about.
_FOLLOWED = re.compile(
    r"^\s*from (trendlab\.(?:places|signals|text|trackers|vision)[\w.]*) import",
    re.MULTILINE,
)


def code_hash(modules: Iterable[str]) -> str:
    """Hash the text of modules, of the modules they import, and of queries.

    Parameters
    ----------
    modules : iterable of str
        Modules by dotted name, queries by path (``sql/lake/activity.sql``). Imports
        are followed within the rooms that compute.
    """
    texts: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in texts:
            continue
        texts[name] = _text_of(name)
        if not name.startswith(("sql/", "trendlab.steps")):
            waiting += _FOLLOWED.findall(texts[name])
    return hash_of(*(part for name in sorted(texts) for part in (name, texts[name])))


@lru_cache
def _text_of(name: str) -> str:
    if name.startswith("sql/"):
        return (bundled("sql") / name.removeprefix("sql/")).read_text()
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise TrendlabError(f"step names a module that is not there: {name}")
    return Path(spec.origin).read_text()


def no_remark(context: Context, days: Sequence[date]) -> str:
    """Say nothing of the days that were computed."""
    return ""


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
