"""Verbs over series from anywhere: forecast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from trendlab.cli.app import app, out


@app.command(
    epilog="Example: trendlab forecast --series shares.csv --horizon 52 --out next.csv"
)
def forecast(
    series: Annotated[
        Path,
        typer.Option(
            help="CSV: first column the week, then a column a series.",
            exists=True,
            dir_okay=False,
        ),
    ],
    out_file: Annotated[
        Path, typer.Option("--out", help="CSV to write: same columns, coming weeks.")
    ],
    horizon: Annotated[int, typer.Option(help="Weeks ahead.")] = 52,
    external: Annotated[
        Path | None,
        typer.Option(
            help="CSV of signals that may lead: same weeks and columns.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    quantiles: Annotated[
        Path | None,
        typer.Option(help="CSV to write: date, series, quantile, value."),
    ] = None,
    setting: Annotated[
        Literal["light", "full"],
        typer.Option(help="light: the fast members only; full: all of them."),
    ] = "full",
) -> None:
    """Forecast weekly series, with members weighed by a backtest inside them.

    Values are shares or counts (≥ 0); an empty cell is a value not known; weeks
    must be seven days apart. Nothing after the last week given is used or guessed.
    """
    from trendlab.steps.series_forecast import forecast_file

    for line in forecast_file(
        series,
        out_file,
        horizon=horizon,
        external_path=external,
        quantiles_path=quantiles,
        setting=setting,
    ):
        out.print(line, markup=False)
