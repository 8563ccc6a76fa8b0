"""Lake → warehouse: loads the days that changed, makes the marts, answers questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import MissingPartition, SettingsError
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.code_hash import hash_of
from trendlab.steps.step import Context
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse, open_warehouse
from trendlab.warehouse.load import load_days, loaded_days
from trendlab.warehouse.query import ask as ask_marts
from trendlab.warehouse.server import EmbeddedPostgres
from trendlab.warehouse.tables import drop_tables

# Days loaded in one transaction, each whole; bounds memory.
LOAD_CHUNK_DAYS = 28
DAILY_TABLES = tuple(
    table.name for table in TABLES.values() if table.in_warehouse and table.partition
)
# When a day was computed says nothing of what it holds.
NOT_FINGERPRINTED = frozenset({"runs"})


@dataclass(frozen=True)
class WarehouseReport:
    """What a load did."""

    days_count: int
    rows_count: int
    seconds: float

    def line(self) -> str:
        """Return the line that the command prints."""
        return (
            f"load: {self.days_count} days, {self.rows_count:,} rows, "
            f"{self.seconds:.1f} s"
        )


@contextmanager
def open_for(settings: Settings) -> Iterator[Warehouse]:
    """Open the warehouse of the settings.

    The embedded server is started where it is not running, and stopped by the last
    command that uses it: none leaves a process behind that it did not find.
    `db start` does.
    """
    url, analyst = settings.warehouse_url, settings.analyst_url
    folder = settings.home / "postgres"
    held = nullcontext() if url is not None else EmbeddedPostgres(folder).running()
    with (
        held,
        open_warehouse(
            folder,
            url=None if url is None else url.get_secret_value(),
            analyst_url=None if analyst is None else analyst.get_secret_value(),
        ) as warehouse,
    ):
        yield warehouse


def load_warehouse(
    context: Context,
    first_day: date | None,
    last_day: date | None,
    *,
    from_nothing: bool = False,
) -> WarehouseReport:
    """Load the days whose rows in the lake are not those in the warehouse.

    Parameters
    ----------
    context : Context
    first_day, last_day : date or None
        Days to look at; None is open. The Monday of the first week is looked at
        too, where weekly tables are stored.
    from_nothing : bool
        Empty the warehouse first.

    Returns
    -------
    WarehouseReport
    """
    folder = context.home / "postgres"
    with open_for(context.settings) as warehouse:
        if from_nothing:
            drop_tables(warehouse.owner)
        warehouse.prepare(folder)
        wanted = _fingerprints(context, first_day, last_day)
        known = loaded_days(warehouse.loader)
        stale = [day for day in wanted if known.get(day) != wanted[day]]
        gone = [
            day
            for day in known
            if day not in wanted and _is_within(day, first_day, last_day)
        ]
        rows_count, seconds = 0, 0.0
        todo = sorted({*stale, *gone})
        for done, span in enumerate(_spans(todo, LOAD_CHUNK_DAYS)):
            tables: dict[str, Any] = {
                name: _rows_to_load(context.lake, name, span[0], span[-1])
                for name in DAILY_TABLES
            }
            if done == 0:
                tables.update(_flat_tables(context))
            report = load_days(
                warehouse.loader,
                span[0],
                span[-1],
                tables,
                fingerprints={day: wanted[day] for day in span if day in wanted},
            )
            rows_count += report.rows_count
            seconds += report.seconds
            context.progress("load", todo.index(span[-1]) + 1, len(todo))
        if not todo:
            # cities and models may change without a day changing
            span = [date(2000, 1, 1)]
            report = load_days(
                warehouse.loader, span[0], span[0], _flat_tables(context)
            )
        return WarehouseReport(len(todo), rows_count, seconds)


def _rows_to_load(lake: Lake, name: str, first: date, last: date) -> pa.Table:
    """Return a table's rows of a range; of looks those that can be compared."""
    rows = lake.read_range(name, first, last)
    if name == "looks":
        return rows.filter(pc.is_valid(rows["vector"]))
    return rows


def _flat_tables(context: Context) -> dict[str, pa.Table]:
    from trendlab.vision.models import describe_models, shipped_cards

    drawn = TABLES["models"].from_rows(
        [
            {
                "model_name": "simulated",
                "model_version": "1",
                "task": "none",
                "architecture": "none: drawn from a simulated world's truth",
                "training_data": "none",
                "licence": "AGPL-3.0-or-later",
                "metrics": "{}",
                "is_simulated": True,
            }
        ]
    )
    cards = describe_models(shipped_cards())
    return {
        "cities": context.cities,
        "models": pa.concat_tables([cards, drawn]),
        "expirations": context.lake.read_flat("expirations"),
    }


def _is_within(day: date, first_day: date | None, last_day: date | None) -> bool:
    return (first_day is None or day >= first_day) and (
        last_day is None or day <= last_day
    )


def _fingerprints(
    context: Context, first_day: date | None, last_day: date | None
) -> dict[date, str]:
    """Hash what the warehouse should hold of each day."""
    if first_day is not None:
        first_day -= timedelta(days=first_day.weekday())
    stored = [
        context.fingerprints(name)
        for name in DAILY_TABLES
        if name not in NOT_FINGERPRINTED
    ]
    return {
        day: hash_of(*(held.get(day, "") for held in stored))
        for day in sorted(set().union(*stored))
        if _is_within(day, first_day, last_day)
    }


def _spans(days: Sequence[date], longest: int) -> Iterator[list[date]]:
    """Split days into runs without gaps, none longer than `longest`."""
    span: list[date] = []
    for day in days:
        if span and (day - span[-1] > timedelta(days=1) or len(span) == longest):
            yield span
            span = []
        span.append(day)
    if span:
        yield span


def make_marts(context: Context, *, is_prepared: bool = False) -> list[str]:
    """Create the marts where they changed and run the SQL tests over them.

    Parameters
    ----------
    context : Context
    is_prepared : bool
        Whether this process has just loaded, which brings the tables up to date.

    Raises
    ------
    MartTestFailed
        If a test returns rows.
    """
    with open_for(context.settings) as warehouse:
        if not is_prepared:
            warehouse.prepare(context.home / "postgres")
        is_new = marts.create(warehouse.owner)
        passed = marts.run_tests(warehouse.owner)
    made = "made anew" if is_new else "up to date"
    return [f"marts: {made}, {len(passed)} SQL tests passed"]


def ask(
    settings: Settings, query: str, limit: int
) -> tuple[list[str], list[tuple[Any, ...]], bool]:
    """Answer one query with an analyst's rights; `limit` 0 gives all rows."""
    need_warehouse(settings)
    with open_for(settings) as warehouse:
        answer = ask_marts(warehouse.analyst, query, limit=limit)
    return answer.names, answer.rows, answer.is_cut


def has_warehouse(settings: Settings) -> bool:
    """Tell whether there is a warehouse: an outside one, or one that was made."""
    return settings.warehouse_url is not None or (settings.home / "postgres").exists()


def need_warehouse(settings: Settings) -> None:
    """Refuse to read a warehouse that no load has made yet.

    Raises
    ------
    MissingPartition
        If the embedded warehouse was never filled.
    """
    if not has_warehouse(settings):
        raise MissingPartition(
            f"there is no warehouse under {settings.home}: run `trendlab nightly` first"
        )


def start_database(settings: Settings) -> str:
    """Start the embedded Postgres and say where it is."""
    _need_embedded(settings)
    server = EmbeddedPostgres(settings.home / "postgres")
    server.start()
    return server.status().line()


def stop_database(settings: Settings) -> str:
    """Stop the embedded Postgres."""
    _need_embedded(settings)
    server = EmbeddedPostgres(settings.home / "postgres")
    server.stop()
    return server.status().line()


def _need_embedded(settings: Settings) -> None:
    if settings.warehouse_url is not None:
        raise SettingsError(
            "TRENDLAB_WAREHOUSE_URL names an outside Postgres, which trendlab neither "
            "starts nor stops; unset it to use the embedded one"
        )


def database_url(settings: Settings, role: str) -> str:
    """Return the warehouse's address for a role: analyst, loader or owner.

    The embedded server is left running, for an address of a stopped one is no use.
    """
    if settings.warehouse_url is None:
        start_database(settings)
    with open_for(settings) as warehouse:
        return warehouse.url(role)
