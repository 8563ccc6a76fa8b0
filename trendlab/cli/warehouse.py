"""Verbs around the warehouse: load, marts, sql, db."""

from __future__ import annotations

import csv
import sys
from typing import Annotated, Literal

import typer
from rich.table import Table as ShownTable

from trendlab.cli.app import (
    FromDay,
    Home,
    ShownProgress,
    ToDay,
    app,
    out,
    parse_range,
    settings_for,
)


@app.command(epilog="Example: trendlab load --from 2026-01-01 --to 2026-01-31")
def load(first: FromDay = None, last: ToDay = None, home: Home = None) -> None:
    """Fill the warehouse with the days that changed, then make and test the marts."""
    from trendlab.steps.context import open_context
    from trendlab.steps.load import load_warehouse, make_marts, open_for

    first_day, last_day = parse_range(None, first, last)
    with ShownProgress() as progress:
        context = open_context(
            settings_for(home), progress=progress, need_trackers=False
        )
        with open_for(context.settings):
            report = load_warehouse(context, first_day, last_day)
            made = make_marts(context, is_prepared=True)
    for line in (report.line(), *made):
        out.print(line, markup=False)


@app.command(epilog="Example: trendlab marts")
def marts(home: Home = None) -> None:
    """Create the marts anew and run the SQL tests over them."""
    from trendlab.steps.context import open_context
    from trendlab.steps.load import make_marts

    context = open_context(settings_for(home), need_trackers=False)
    for line in make_marts(context):
        out.print(line, markup=False)


@app.command(
    epilog='Example: trendlab sql "select day, posts_count from marts.activity_daily '
    "where tracker = 'all' and city = 'all' order by day desc limit 7\""
)
def sql(
    query: Annotated[str, typer.Argument(help="One SELECT over the marts.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    limit: Annotated[int, typer.Option(help="Rows to print; 0 is all.", min=0)] = 100,
    home: Home = None,
) -> None:
    """Ask the marts, with an analyst's rights: reading only."""
    from trendlab.steps.load import ask

    names, rows, is_cut = ask(settings_for(home), query, limit)
    if as_csv or not out.is_terminal:
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows(rows)
    else:
        shown = ShownTable(*names)
        for row in rows:
            shown.add_row(*["" if value is None else str(value) for value in row])
        out.print(shown)
    if is_cut:
        typer.echo(f"only the first {limit} rows are shown; see --limit", err=True)


db_app = typer.Typer(help="The embedded Postgres.", no_args_is_help=True)
app.add_typer(db_app, name="db")


@db_app.command("start", epilog="Example: trendlab db start")
def db_start(home: Home = None) -> None:
    """Start the embedded Postgres of the data folder and leave it running."""
    from trendlab.steps.load import start_database

    out.print(start_database(settings_for(home)), markup=False)


@db_app.command("stop", epilog="Example: trendlab db stop")
def db_stop(home: Home = None) -> None:
    """Stop the embedded Postgres of the data folder."""
    from trendlab.steps.load import stop_database

    out.print(stop_database(settings_for(home)), markup=False)


@db_app.command("url", epilog='Example: psql "$(trendlab db url)"')
def db_url(
    role: Annotated[
        Literal["analyst", "loader", "owner"], typer.Option(help="Whose rights.")
    ] = "analyst",
    home: Home = None,
) -> None:
    """Print the address of the warehouse, password included, for other tools."""
    from trendlab.steps.load import database_url

    typer.echo(database_url(settings_for(home), role))
