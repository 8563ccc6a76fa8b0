"""Verbs that show and tell: report, alert, doctor, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trendlab.cli.app import (
    FromDay,
    Home,
    ShownProgress,
    ToDay,
    app,
    err,
    out,
    parse_day,
    parse_range,
    settings_for,
)
from trendlab.errors import SettingsError


@app.command(epilog="Example: trendlab report --to 2026-01-31 --out report.html")
def report(
    first: FromDay = None,
    last: ToDay = None,
    tracker: Annotated[
        str, typer.Option(help="Tracker that the report is about.")
    ] = "all",
    notebook: Annotated[
        str,
        typer.Option(
            help="Notebook to run: trend_report, crisis, influencers, or the weekly "
            "influence, styles and city_trends."
        ),
    ] = "trend_report",
    out_file: Annotated[
        Path | None,
        typer.Option("--out", help="File to write. Default: reports/ in the home."),
    ] = None,
    home: Home = None,
) -> None:
    """Write a report: one HTML file that works offline.

    A night writes the trend report, and on a Sunday the weekly ones too.
    """
    from trendlab.steps.context import open_context
    from trendlab.steps.report import write_report

    first_day, last_day = parse_range(None, first, last)
    with ShownProgress() as progress:
        context = open_context(
            settings_for(home), progress=progress, need_trackers=False
        )
        path = write_report(
            context,
            first_day,
            last_day,
            tracker=tracker,
            out_file=out_file,
            notebook=notebook,
        )
    out.print(f"report: {path}", markup=False)


alert_app = typer.Typer(help="Alerts on peaks and dips.", no_args_is_help=True)
app.add_typer(alert_app, name="alert")


@alert_app.command("raise", epilog="Example: trendlab alert raise --to 2026-01-31")
def alert_raise(first: FromDay = None, last: ToDay = None, home: Home = None) -> None:
    """Write down alerts for the peaks and dips of a range; sends nothing."""
    from trendlab.steps.alert import raise_for_range
    from trendlab.steps.context import open_context

    first_day, last_day = parse_range(None, first, last)
    context = open_context(settings_for(home))
    with context.lake.lock():
        for line in raise_for_range(context, first_day, last_day):
            out.print(line, markup=False)


@alert_app.command(
    "notice", epilog='Example: trendlab alert notice "the nightly run failed"'
)
def alert_notice(
    text: Annotated[str, typer.Argument(help="What to tell.")],
    channel: Annotated[
        str, typer.Option(help="Channel of TRENDLAB_ALERT_URLS to tell.")
    ] = "ops",
    home: Home = None,
) -> None:
    """Tell the people who run trendlab something: to the log and to a channel."""
    from trendlab.steps.alert import send_notice

    for line in send_notice(settings_for(home), text, channel):
        out.print(line, markup=False)


@alert_app.command("send", epilog="Example: trendlab alert send")
def alert_send(
    backfilled: Annotated[
        bool, typer.Option("--backfilled", help="Send those of old days too.")
    ] = False,
    home: Home = None,
) -> None:
    """Send alerts that are pending or failed; never one twice."""
    from trendlab.steps.alert import send_pending, why_none_sent
    from trendlab.steps.context import open_context

    context = open_context(settings_for(home), need_trackers=False)
    with context.lake.lock():
        sent = send_pending(context, send_backfilled=backfilled)
        for line in sent or [why_none_sent(context, send_backfilled=backfilled)]:
            out.print(line, markup=False)


@alert_app.command("ack", epilog="Example: trendlab alert ack 3f9c2a --by mara")
def alert_ack(
    alert_id: Annotated[str, typer.Argument(help="Id, or the start of one.")],
    by: Annotated[str, typer.Option(help="Who acknowledges.")],
    home: Home = None,
) -> None:
    """Record that a person has seen an alert."""
    from trendlab.steps.alert import acknowledge
    from trendlab.steps.context import open_context

    context = open_context(settings_for(home), need_trackers=False)
    with context.lake.lock():
        out.print(acknowledge(context, alert_id, by), markup=False)


@alert_app.command(
    "backtest", epilog="Example: trendlab alert backtest --from 2026-01-01"
)
def alert_backtest(
    first: FromDay = None, last: ToDay = None, home: Home = None
) -> None:
    """Show which alerts today's rules would have raised; sends nothing."""
    from trendlab.steps.alert import backtest
    from trendlab.steps.context import open_context

    first_day, last_day = parse_range(None, first, last)
    context = open_context(settings_for(home))
    for line in backtest(context, first_day, last_day):
        out.print(line, markup=False)


@app.command(epilog="Example: trendlab doctor --home data")
def doctor(home: Home = None) -> None:
    """Tell what is installed, whether there is a GPU, which models, which data."""
    from trendlab.steps.doctor import examine

    is_well = True
    for check in examine(settings_for(home)):
        is_well = is_well and check.is_well
        out.print(check.line(), markup=False)
    if not is_well:
        raise typer.Exit(1)


@app.command(epilog="Example: trendlab demo --home data/demo")
def demo(
    weeks: Annotated[int, typer.Option(help="Length of the world.", min=8)] = 106,
    last_day: Annotated[
        str | None,
        typer.Option("--to", metavar="YYYY-MM-DD", help="Last day of the world."),
    ] = None,
    home: Home = None,
) -> None:
    """Simulate a world, run the night over all its days and write the report.

    Starts from an empty data folder: one that holds anything but an earlier
    demo is refused.
    """
    from trendlab.steps.demo import run_demo

    if home is None:
        raise SettingsError("demo wants --home DIR: a folder of its own")
    with ShownProgress() as progress:
        for line in run_demo(
            settings_for(home),
            weeks=weeks,
            last_day=parse_day(last_day, "--to"),
            progress=progress,
            say=lambda line: err.print(line, markup=False),
        ):
            out.print(line, markup=False)
