"""Events on any data: a CSV of weekly counts in, CSVs of events and curves out."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from trendlab.errors import SignalError
from trendlab.signals.city_trends import build_panel, find_trends
from trendlab.signals.city_trends.panel import MIN_WEEKS
from trendlab.steps.series_csv import (
    check_files,
    read_city_weeks,
    read_number,
)

COLUMNS = ("city", "value", "week", "n", "k")
KEYS = ("city", "value")
# More looks than anybody will count in a week; beyond 2**53 floats are not whole.
MAX_COUNT = 10**12
COUNTS = pa.schema(
    [
        ("city", pa.string()),
        ("value", pa.string()),
        ("day", pa.date32()),
        ("looks_count", pa.int64()),
        ("looks_with_count", pa.int64()),
    ]
)
# Columns of the files, in order.
EVENT_COLUMNS = (
    "rank", "city", "value", "direction", "first_week_on", "apex_week_on",
    "last_week_on", "weeks", "looks_with_count", "looks_count", "share",
    "expected_share", "excess_looks", "p_value", "is_firm", "saliency", "recurrence",
    "description",
)  # fmt: skip
CURVE_COLUMNS = (
    "city", "value", "first_week_on", "last_week_on", "weeks_count", "looks_count",
    "mean_share", "level", "slope_per_year", "slope_low", "slope_high", "direction",
    "season_kind", "season_month", "season_swing", "residual_ratio",
    "overdispersion", "description",
)  # fmt: skip


def events_of_series(
    series_file: Path, out_file: Path, *, curves_file: Path | None = None
) -> Iterator[str]:
    """Write the events of a CSV of weekly counts and yield lines to print.

    Parameters
    ----------
    series_file : Path
        Columns city, value, week, n, k; others are ignored.
    out_file : Path
        Events, the most salient first; appears whole or not at all.
    curves_file : Path or None
        Curves, one row a city and value.

    Raises
    ------
    SettingsError
        If the file is not there, or one to write is the series or another one.
    SignalError
        If its columns or values are wrong.
    """
    check_files(series_file, {"--out": out_file, "--curves": curves_file})
    started = time.monotonic()
    panel = build_panel(read_counts(series_file), KEYS)
    found = find_trends(panel, KEYS)
    if curves_file is not None:
        _write_rows(curves_file, CURVE_COLUMNS, found.curves)
    _write_rows(out_file, EVENT_COLUMNS, found.events)
    yield (
        f"{len(panel.keys):,} series of up to {panel.weeks_count} weeks; "
        f"{panel.left_out_count} left out (fewer than {MIN_WEEKS} weeks with looks)"
    )
    seasonal = sum(row["season_kind"] is not None for row in found.curves)
    yield f"{seasonal:,} curves have a season"
    sides = Counter(row["direction"] for row in found.events)
    firm_count = sum(row["is_firm"] for row in found.events)
    yield (
        f"{len(found.events)} events ({sides['rise']} rises, {sides['drop']} drops; "
        f"{firm_count} firm), "
        f"{time.monotonic() - started:.1f} s: {out_file}"
    )


def read_counts(path: Path) -> pa.Table:
    """Read a CSV with columns city, value, week, n, k.

    Returns
    -------
    pyarrow.Table
        Schema `COUNTS`; rows without n or k are left out: not observed.

    Raises
    ------
    SignalError
        Naming file, line and column of what is wrong.
    """
    columns: dict[str, list[object]] = {name: [] for name in COUNTS.names}
    for where, key, (looks_cell, hits_cell) in read_city_weeks(path, COLUMNS):
        looks = _count(looks_cell, "n", where)
        hits = _count(hits_cell, "k", where)
        if looks is None or hits is None:
            continue
        if hits > looks:
            raise SignalError(f"{where}: k must be ≤ n = {looks}, got {hits}")
        given = (*key, looks, hits)
        for name, cell in zip(COUNTS.names, given, strict=True):
            columns[name].append(cell)
    return pa.table(columns, schema=COUNTS)


def _count(text: str, column: str, where: str) -> int | None:
    number = read_number(text, column, where)
    if number is None:
        return None
    if not 0 <= number <= MAX_COUNT or number != int(number):
        raise SignalError(
            f"{where}: {column} must be a whole number from 0 to {MAX_COUNT:,}, got "
            f"{text!r}"
        )
    return int(number)


def _write_rows(
    path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]
) -> None:
    """Write rows as CSV; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    partial.replace(path)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(value) if isinstance(value, list) else value
