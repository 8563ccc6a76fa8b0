"""The verb that finds which city leads which."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trendlab.cli.app import app, out


@app.command(epilog="Example: trendlab influence --series shares.csv --out edges.csv")
def influence(
    series: Annotated[
        Path,
        typer.Option(
            help="CSV with columns city, style, week, share (0-1), n (looks)",
            exists=True,
            dir_okay=False,
        ),
    ],
    out_file: Annotated[Path, typer.Option("--out", help="CSV of edges to write.")],
    forecasts_file: Annotated[
        Path | None,
        typer.Option(
            "--forecasts",
            help="CSV to write: errors of forecasts with and without leaders.",
        ),
    ] = None,
    min_looks: Annotated[
        int, typer.Option(min=1, help="A city-week with fewer looks is missing.")
    ] = 100,
) -> None:
    """Find which city leads which, by style: lead-lag, never cause.

    Tests every ordered pair of cities: does the style's share in one help to predict
    it in the other some weeks later, beyond its own past, the season and the mean of
    all other cities? Writes source, target, style, lag_weeks, strength, q_value,
    delta_error and stability, and prints what two placebos found. At least 30 weeks
    are needed; weeks without a row are missing.

    With --forecasts, every city with a leader is also forecast with and without it,
    week by week through the later half of the history, each time from the weeks
    before alone. At least 53 weeks are needed for that.
    """
    from trendlab.signals.influence import InfluenceRule
    from trendlab.steps.series_influence import influence_of_series

    rule = InfluenceRule(min_looks=min_looks)
    lines = influence_of_series(
        series, out_file, forecasts_file=forecasts_file, rule=rule
    )
    for line in lines:
        out.print(line, markup=False)
