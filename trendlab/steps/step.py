"""What a step is, and what it runs in: its inputs, settings, clock and lake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from trendlab.lake import Lake, Span
from trendlab.settings import Settings
from trendlab.steps.dropped_posts import DroppedPosts
from trendlab.trackers import Tracker

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

    @cached_property
    def dropped(self) -> DroppedPosts:
        """What exclusion rules dropped on each day, as far as it was found out."""
        return DroppedPosts(self.home / "state" / "exclusions.jsonl")

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


def no_remark(context: Context, days: Sequence[date]) -> str:
    """Say nothing of the days that were computed."""
    return ""


def no_leftovers(context: Context) -> None:
    """Remove nothing: most steps leave nothing beside their rows."""


@dataclass(frozen=True)
class Step:
    """One step of the night.

    Parameters
    ----------
    name : str
    modules : tuple of str
        Modules of rooms and queries whose text, and that of the rooms they import,
        decides the result; their hash is part of the run_id, so a changed rule
        recomputes what it touches. The module of `compute`, and the modules of steps
        that it imports, are in it by themselves (`code_hash.read_texts`).
    outputs : tuple of str
        Tables whose partitions the step replaces.
    inputs : callable
        (context, day) → the days of tables that the day depends on.
    compute : callable
        (context, days, run_ids) → rows for each table and day. `days` rise.
    settings_key : callable
        (context) → text of the settings and trackers that decide the result.
    day_key : callable
        (context, day) → text that tells what settings do to that day and not to every
        day, such as which of its posts exclusion rules drop; "" for nothing.
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
    tidy : callable
        (context) → nothing: removes what `compute` kept to go on after a kill, once
        the rows of a chunk are written and recorded.
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
    tidy: Callable[[Context], None] = no_leftovers
