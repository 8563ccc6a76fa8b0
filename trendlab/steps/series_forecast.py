"""Forecast any weekly series: a wide CSV in, a wide CSV of the coming weeks out.

The file is checked before anything is computed, and every complaint names the line
and the column, so that a wrong file is mended at once.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from trendlab.errors import SettingsError, SignalError
from trendlab.signals.forecast import Forecast, forecast_series
from trendlab.signals.forecast.members import MIN_SEASON_WEEKS, Setting
from trendlab.steps.series_csv import read_text

WEEK = timedelta(days=7)
# Two months: below it not even a level can be told from noise.
MIN_WEEKS = 8
# Ten years: a longer horizon is a slip of the keyboard.
MAX_HORIZON = 520
# Cells that mean "not known".
MISSING = frozenset({"", "nan", "na", "null", "none"})
# What pandas writes behind a date that it holds as a time.
MIDNIGHT = ("T00:00:00", " 00:00:00")


def forecast_file(
    series_path: Path,
    out_path: Path,
    *,
    horizon: int,
    external_path: Path | None = None,
    quantiles_path: Path | None = None,
    setting: Setting = "full",
) -> Iterator[str]:
    """Read series, forecast them, write what comes; give lines for the reader.

    Parameters
    ----------
    series_path : Path
        CSV: first column the week, then a column a series.
    out_path : Path
        CSV to write: the same columns, a row a coming week.
    horizon : int
        Weeks ahead.
    external_path : Path or None
        CSV of signals that may lead: the same columns, at least the same weeks.
    quantiles_path : Path or None
        CSV to write: date, series, quantile, value.
    setting : {"light", "full"}

    Yields
    ------
    str

    Raises
    ------
    SettingsError
        If the horizon or a path is wrong.
    SignalError
        If a file cannot be understood.
    """
    if not 1 <= horizon <= MAX_HORIZON:
        raise SettingsError(
            f"--horizon must lie in 1 to {MAX_HORIZON} weeks, got {horizon}"
        )
    given = [path.resolve() for path in (series_path, external_path) if path]
    written = [path for path in (out_path, quantiles_path) if path is not None]
    for path in written:
        if path.resolve() in given:
            raise SettingsError(f"{path} would be written over; name another file")
        if not path.resolve().parent.is_dir():
            raise SettingsError(f"{path}: the folder does not exist")
    if len({path.resolve() for path in written}) < len(written):
        raise SettingsError(f"--out and --quantiles are both {out_path}")

    series = read_wide(series_path)
    external = None
    if external_path is not None:
        external = match_external(series, read_wide(external_path), external_path)
    result = forecast_series(
        series, horizon=horizon, external=external, setting=setting
    )
    # the quantiles first: where there is a forecast, its quantiles are there too
    if quantiles_path is not None:
        _write_csv(quantiles_path, result.quantiles)
    _write_csv(out_path, result.points)
    yield from describe(series, result, out_path)


def describe(series: pa.Table, result: Forecast, out_path: Path) -> Iterator[str]:
    """Say what was read, what the backtest says and what was written."""
    weeks = series.column(0)
    yield (
        f"read {series.num_columns - 1} series of {series.num_rows} weeks, "
        f"{weeks[0]} to {weeks[-1]}"
    )
    if series.num_rows < MIN_SEASON_WEEKS:
        yield (
            f"note: {series.num_rows} weeks are fewer than two seasons "
            f"({MIN_SEASON_WEEKS}), so no season is fitted"
        )
    for note in result.notes:
        yield f"note: {note}"
    if math.isfinite(result.mean_mase()):
        yield (
            f"backtest MASE (m = 52): {result.mean_mase():.3f}, "
            f"seasonal naive {result.mean_mase('last_year'):.3f}"
        )
    coming = result.points.column(0)
    yield (
        f"wrote {result.points.num_rows} weeks, {coming[0]} to {coming[-1]}: {out_path}"
    )


def read_wide(path: Path) -> pa.Table:
    """Read a wide CSV of weekly series.

    Returns
    -------
    pa.Table
        First column date32, seven days apart; then a float64 column a series, ≥ 0,
        null where a cell was empty.

    Raises
    ------
    SignalError
        Naming the file, line and column: bytes that are not UTF-8, NULs, no series,
        names twice, bad dates, weeks twice, missing or out of order, cells that are
        no number, not finite or negative, and fewer than 8 weeks.
    """
    rows = _read_rows(path)
    header = rows[0][1] if rows else []
    names = [name.strip() for name in header[1:]]
    if not names:
        raise SignalError(
            f"{path}: expected a header with a date column and a column a series"
        )
    for place, name in enumerate(names):
        if not name:
            raise SignalError(f"{path}: column {place + 2} has no name")
        if name in names[:place] or name == header[0].strip():
            raise SignalError(f"{path}: column {name!r} is there twice")
    weeks: list[date] = []
    columns: list[list[float | None]] = [[] for _ in names]
    for line, cells in rows[1:]:
        where = f"{path}, line {line}"
        if len(cells) != len(header):
            raise SignalError(f"{where}: {len(cells)} cells, the header {len(header)}")
        weeks.append(_next_week(cells[0], weeks, where))
        for name, column, cell in zip(names, columns, cells[1:], strict=True):
            column.append(_number(cell, f"{where}, column {name!r}"))
    if len(weeks) < MIN_WEEKS:
        raise SignalError(
            f"{path}: {len(weeks)} weeks; at least {MIN_WEEKS} are needed, "
            f"and {MIN_SEASON_WEEKS} for a season"
        )
    arrays = [pa.array(weeks, pa.date32())]
    arrays += [pa.array(column, pa.float64()) for column in columns]
    return pa.Table.from_arrays(arrays, names=[header[0].strip(), *names])


def match_external(series: pa.Table, external: pa.Table, path: Path) -> pa.Table:
    """Cut external signals to the weeks and columns of the series.

    Raises
    ------
    SignalError
        If a column or a week is missing.
    """
    missing = [n for n in series.column_names[1:] if n not in external.column_names]
    if missing:
        raise SignalError(f"{path}: no column {missing[0]!r}, which the series have")
    held = external.column(0).to_pylist()
    weeks = series.column(0).to_pylist()
    if weeks[0] not in held or weeks[-1] not in held:
        raise SignalError(
            f"{path}: holds {held[0]} to {held[-1]}, the series {weeks[0]} to "
            f"{weeks[-1]}"
        )
    columns = [external.column_names[0], *series.column_names[1:]]
    return external.select(columns).slice(held.index(weeks[0]), len(weeks))


def _read_rows(path: Path) -> list[tuple[int, list[str]]]:
    """Read lines with their numbers; blank lines are passed over."""
    reader = csv.reader(read_text(path).splitlines())
    try:
        return [(reader.line_num, cells) for cells in reader if any(cells)]
    except csv.Error as error:
        raise SignalError(f"{path}, line {reader.line_num}: {error}") from error


def _next_week(cell: str, weeks: Sequence[date], where: str) -> date:
    """Read a date and hold it against the week before."""
    told = cell.strip()
    for end in MIDNIGHT:
        told = told.removesuffix(end)
    try:
        week = date.fromisoformat(told)
    except ValueError:
        raise SignalError(
            f"{where}: expected a date such as 2015-08-10, got {cell!r}"
        ) from None
    if not weeks or week == weeks[-1] + WEEK:
        return week
    if week in weeks:
        raise SignalError(f"{where}: week {week} is there twice")
    if week < weeks[-1]:
        raise SignalError(f"{where}: {week} comes after {weeks[-1]}; sort the weeks")
    if (week - weeks[-1]).days % WEEK.days:
        raise SignalError(
            f"{where}: {week} is {(week - weeks[-1]).days} days after {weeks[-1]}; "
            "weeks must be seven days apart"
        )
    raise SignalError(
        f"{where}: week {weeks[-1] + WEEK} is missing (next is {week}); give it a "
        "line with empty cells where nothing is known"
    )


def _number(cell: str, where: str) -> float | None:
    told = cell.strip()
    if told.lower() in MISSING:
        return None
    try:
        value = float(told)
    except ValueError:
        raise SignalError(f"{where}: expected a number, got {cell!r}") from None
    if not math.isfinite(value):
        raise SignalError(f"{where}: expected a finite number, got {cell!r}")
    if value < 0:
        raise SignalError(f"{where}: shares and counts are ≥ 0, got {cell!r}")
    return value


def _write_csv(path: Path, rows: pa.Table) -> None:
    """Write a table under its name all at once; numbers keep every digit."""
    part = path.with_name(f".{path.name}.part")
    columns: Iterable[list[Any]] = (column.to_pylist() for column in rows.columns)
    with part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(rows.column_names)
        writer.writerows(zip(*columns, strict=True))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
