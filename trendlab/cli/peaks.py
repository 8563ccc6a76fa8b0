"""The verb that finds peaks in any series, outside the lake: peaks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trendlab.cli.app import app, out


@app.command(epilog="Example: trendlab peaks --series hours.csv --out scored.csv")
def peaks(
    series: Annotated[
        Path,
        typer.Option(
            help="CSV with the columns timestamp and value, oldest first.",
            exists=True,
            dir_okay=False,
        ),
    ],
    out_file: Annotated[
        Path,
        typer.Option("--out", help="CSV to write: a row per input row."),
    ],
) -> None:
    """Find peaks in any series, at any grain: minutes, hours, days, weeks.

    Writes timestamp, value, baseline, score (0 to 1) and is_peak (score 0.5 or
    more) for each row, judged from the rows before it only. Needs no data folder.
    """
    from trendlab.steps.series_peaks import write_series_peaks

    out.print(write_series_peaks(series, out_file), markup=False)
