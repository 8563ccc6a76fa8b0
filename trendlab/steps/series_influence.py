"""Influence on any data: a CSV of weekly shares in, a CSV of edges out."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from trendlab.errors import SignalError
from trendlab.signals.influence import (
    SERIES,
    Influence,
    InfluenceRule,
    compare_forecasts,
    find_edges,
)
from trendlab.steps.series_csv import (
    check_files,
    read_city_weeks,
    read_number,
)

COLUMNS = ("city", "style", "week", "share", "n")
# Resamples and the permuted placebo are drawn the same in every run.
SEED = 0


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
        If the file is not there, or one to write is the series or another one.
    SignalError
        If its columns or values are wrong, or the history is too short.
    """
    check_files(series_file, {"--out": out_file, "--forecasts": forecasts_file})
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
    SignalError
        Naming file, line and column of what is wrong.
    """
    columns: dict[str, list[object]] = {name: [] for name in SERIES.names}
    for where, key, (share_cell, looks_cell) in read_city_weeks(path, COLUMNS):
        share = read_number(share_cell, "share", where)
        if share is not None and not 0.0 <= share <= 1.0:
            raise SignalError(
                f"{where}: share must lie between 0 and 1, got {share_cell}"
            )
        looks = read_number(looks_cell, "n", where)
        if looks is not None and looks < 0:
            raise SignalError(f"{where}: n must be ≥ 0, got {looks_cell}")
        for name, value in zip(SERIES.names, (*key, share, looks), strict=True):
            columns[name].append(value)
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
