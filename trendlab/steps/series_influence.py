"""Influence on any data: a CSV of weekly shares in, a CSV of edges out."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from trendlab.errors import SettingsError, SignalError
from trendlab.signals.influence import (
    SERIES,
    Influence,
    InfluenceRule,
    compare_forecasts,
    find_edges,
)

COLUMNS = ("city", "style", "week", "share", "n")
# Resamples and the permuted placebo are drawn the same in every run.
SEED = 0
# Weeks may be numbered instead of dated; a number with more digits is no week.
MAX_NUMBER_DIGITS = 3
# Where counted weeks begin; any Monday would do.
WEEK_ZERO = date(2001, 1, 1)
# What spreadsheets write for "not observed".
BLANKS = {"", "na", "nan", "null", "none"}


def influence_of_series(
    series_file: Path,
    out_file: Path,
    *,
    forecasts_file: Path | None = None,
    rule: InfluenceRule | None = None,
) -> Iterator[str]:
    """Write the edges of a CSV of series and yield lines to print.

    Parameters
    ----------
    series_file : Path
        Columns city, style, week, share, n; others are ignored.
    out_file : Path
        Columns of `EDGES`; appears whole or not at all.
    forecasts_file : Path, optional
        Columns of `FORECASTS`: does knowing who leads help to forecast?
    rule : InfluenceRule, optional
        What makes an edge.

    Raises
    ------
    SettingsError
        If the file is not there.
    SignalError
        If its columns or values are wrong, or the history is too short.
    """
    started = time.monotonic()
    series = read_series(series_file)
    found = find_edges(series, rng=np.random.default_rng(SEED), rule=rule)
    write_rows(found.edges, out_file)
    yield from _lines(found)
    if forecasts_file is not None:
        forecasts = compare_forecasts(series, rule=rule)
        write_rows(forecasts, forecasts_file)
        yield f"{_tell_gain(forecasts)}: {forecasts_file}"
    seconds = time.monotonic() - started
    yield f"{found.edges.num_rows} edges, {seconds:.1f} s: {out_file}"


def read_series(path: Path) -> pa.Table:
    """Read a CSV with columns city, style, week, share, n into a `SERIES` table.

    Raises
    ------
    SettingsError
        If the file is not there.
    SignalError
        Naming file, line and column of what is wrong.
    """
    if not path.is_file():
        raise SettingsError(f"--series wants a CSV file, got {path}")
    columns: dict[str, list[object]] = {name: [] for name in SERIES.names}
    lines: dict[tuple[str, str, date], int] = {}
    weeks: dict[str, date] = {}
    with path.open(newline="", encoding="utf-8-sig") as opened:
        rows = csv.DictReader(opened)
        check_columns(path, rows.fieldnames or (), COLUMNS)
        for row in rows:
            where = f"{path} line {rows.line_num}"
            if any(row[name] is None for name in COLUMNS):
                raise SignalError(f"{where}: fewer values than columns")
            city, style = row["city"].strip(), row["style"].strip()
            if not city or not style:
                raise SignalError(f"{where}: city and style must not be empty")
            week = weeks.get(row["week"])
            if week is None:
                week = weeks[row["week"]] = read_week_cell(row["week"].strip(), where)
            before = lines.setdefault((city, style, week), rows.line_num)
            if before != rows.line_num:
                raise SignalError(
                    f"{where}: {city}, {style}, {row['week']} was given before, in "
                    f"line {before}; keep one row per city, style and week"
                )
            share = read_number(row["share"], "share", where)
            if share is not None and not 0.0 <= share <= 1.0:
                raise SignalError(
                    f"{where}: share must lie between 0 and 1, got {row['share']}"
                )
            looks = read_number(row["n"], "n", where)
            if looks is not None and looks < 0:
                raise SignalError(f"{where}: n must be ≥ 0, got {row['n']}")
            for name, value in zip(
                SERIES.names, (city, style, week, share, looks), strict=True
            ):
                columns[name].append(value)
    if not lines:
        raise SignalError(f"{path}: no rows below the header")
    if {_is_counted(week) for week in weeks} == {True, False}:
        raise SignalError(f"{path}: weeks are partly dates and partly numbers")
    return pa.table(columns, schema=SERIES)


def write_rows(rows: pa.Table, path: Path) -> None:
    """Write a table as CSV, lists joined by "; "; the file appears whole or not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", newline="", encoding="utf-8") as opened:
        written = csv.writer(opened, lineterminator="\n")
        written.writerow(rows.column_names)
        for row in rows.to_pylist():
            written.writerow(_cell(value) for value in row.values())
    partial.replace(path)


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def _is_counted(week: str) -> bool:
    return week.strip().lstrip("-").isdigit() and len(week) <= MAX_NUMBER_DIGITS


def check_columns(path: Path, given: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a file whose first line does not name every column that is needed.

    Raises
    ------
    SignalError
        With what was expected and what came, and where it is not plain from these,
        what is missing.
    """
    missing = [name for name in wanted if name not in given]
    if missing:
        told = f"; missing: {', '.join(missing)}" if len(missing) < len(wanted) else ""
        raise SignalError(
            f"{path}: expected a first line with the columns {', '.join(wanted)}, got "
            f"{', '.join(given) or 'an empty one'}{told}"
        )


def read_week_cell(text: str, where: str) -> date:
    """Read a week: a date, an ISO week or a number; `where` names the line."""
    if _is_counted(text):
        return WEEK_ZERO + timedelta(weeks=int(text))
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise SignalError(
            f"{where}: week must be a date such as 2026-01-05, an ISO week such as "
            f"2026-W02 or a week number, got {text!r}"
        ) from None


def read_number(text: str, column: str, where: str) -> float | None:
    """Read a finite number; None for a blank, an error naming the cell otherwise."""
    if text.strip().casefold() in BLANKS:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if not math.isfinite(value):
        raise SignalError(f"{where}: {column} must be a number, got {text!r}")
    return value


def _lines(found: Influence) -> Iterator[str]:
    yield (
        f"{found.pairs_count:,} ordered pairs tested in {len(found.orders)} styles; "
        f"{found.left_out_count} series left out (too few weeks or looks)"
    )
    if not found.is_world_removed:
        yield (
            "fewer than 5 cities: the mean of the others could not be removed, so a "
            "wave that reaches all of them looks like influence"
        )
    yield (
        f"placebos: {found.permuted_count} edges with cities permuted; "
        f"{found.reversed_count} with time reversed, {len(found.reversed_same)} of "
        f"them in the direction of an edge"
    )
    yield "an edge is lead–lag, never cause"


def _tell_gain(forecasts: pa.Table) -> str:
    """Say whether leaders helped to forecast, over all series with one."""
    if forecasts.num_rows == 0:
        return (
            "forecasts with leaders: nobody was seen to lead early enough to forecast "
            "with (a year of weeks is needed before the first)"
        )
    whole = next(row for row in forecasts.to_pylist() if row["is_total"])
    told = (
        f"forecasts with leaders: {whole['series_count']} series from "
        f"{whole['origins_count']} weeks, MASE {whole['mase_without']:.3f} without, "
        f"{whole['mase_with']:.3f} with"
    )
    if whole["verdict"] == "too_few_origins":
        return f"{told}; too few weeks to tell chance from gain"
    return (
        f"{told}, gain {whole['gain']:.3f} ({whole['gain_low']:.3f} to "
        f"{whole['gain_high']:.3f}), {whole['verdict']}"
    )
