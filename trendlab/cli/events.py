"""The verb that finds weeks in which a share stood out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trendlab.cli.app import app, out


@app.command(epilog="Example: trendlab events --series counts.csv --out events.csv")
def events(
    series: Annotated[
        Path,
        typer.Option(
            help="CSV with columns city, value, week, n (looks), k (looks with it)",
            exists=True,
            dir_okay=False,
        ),
    ],
    out_file: Annotated[Path, typer.Option("--out", help="CSV of events to write.")],
    curves: Annotated[
        Path | None,
        typer.Option(help="CSV to write: slope and season of each city and value."),
    ] = None,
) -> None:
    """Find weeks in which something was worn far more, or less, than its curve says.

    Fits a trend curve to each city and value (with a season where there are 104
    weeks and it earns its place), tests every week by a beta-binomial law, corrects
    for the number of tests, groups weeks into events and ranks them. Weeks without a
    row are missing; at least 8 are needed.
    """
    from trendlab.steps.series_events import events_of_series

    for line in events_of_series(series, out_file, curves_file=curves):
        out.print(line, markup=False)
