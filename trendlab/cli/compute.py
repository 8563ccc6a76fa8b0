"""Verbs that compute: detect, tag, sentiment, activity, signals, nightly, rebuild."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from trendlab.cli.app import (
    Day,
    Force,
    FromDay,
    Home,
    ShownProgress,
    ToDay,
    app,
    err,
    fail_if_not_ended,
    out,
    parse_range,
    settings_for,
)
from trendlab.errors import SettingsError


def _run(
    names: list[str],
    home: Path | None,
    day: str | None,
    first: str | None,
    last: str | None,
    force: bool,
    *,
    need_trackers: bool = True,
) -> None:
    """Run steps over a range and print a line for each."""
    first_day, last_day = parse_range(day, first, last)
    from trendlab.steps.context import open_context
    from trendlab.steps.order import run_steps

    with ShownProgress() as progress:
        context = open_context(
            settings_for(home), progress=progress, need_trackers=need_trackers
        )
        with context.lake.lock():
            reports = run_steps(context, names, first_day, last_day, force=force)
    for report in reports:
        out.print(report.line(), markup=False)


@app.command(epilog="Example: trendlab match --from 2026-01-01 --to 2026-01-31")
def match(
    day: Day = None,
    first: FromDay = None,
    last: ToDay = None,
    force: Force = False,
    home: Home = None,
) -> None:
    """Find which posts belong to which tracker and city, and apply exclusions."""
    _run(["match"], home, day, first, last, force)


@app.command(epilog="Example: trendlab detect --images photos/ --out found.json")
def detect(
    images: Annotated[
        Path | None,
        typer.Option(
            help="Any folder of photos, outside the lake.", exists=True, file_okay=False
        ),
    ] = None,
    out_file: Annotated[
        Path | None,
        typer.Option("--out", help="COCO results to write, with --images."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Name or path of a model card, with --images."),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu or cuda. Default: auto")
    ] = None,
    day: Day = None,
    first: FromDay = None,
    last: ToDay = None,
    force: Force = False,
    home: Home = None,
) -> None:
    """Find garments in photos: those of the lake, or of any folder.

    With --images and --out it writes COCO results for a folder: file_name,
    category_id, category, bbox (x, y, width, height in pixels) and score, down to
    a score of 0.001, as average precision is measured: most of these boxes are
    wrong. What to take for a garment are those from the thresholds on that the
    last line names. Photos that cannot be read are listed in OUT.failures.json.
    """
    if (images is None) != (out_file is None):
        raise SettingsError("--images and --out belong together")
    if images is None and model is not None:
        raise SettingsError(
            "--model goes with --images; for the lake's photos set TRENDLAB_DETECTOR"
        )
    if images is None or out_file is None:
        _run(["detect"], home, day, first, last, force, need_trackers=False)
        return
    from trendlab.steps.folder import detect_images

    settings = settings_for(home, device=device, detector=model)
    with ShownProgress() as progress:
        for line in detect_images(settings, images, out_file, progress=progress):
            out.print(line, markup=False)


@app.command(epilog="Example: trendlab tag --day 2026-01-31")
def tag(
    day: Day = None,
    first: FromDay = None,
    last: ToDay = None,
    force: Force = False,
    home: Home = None,
) -> None:
    """Name colours, fine categories, sleeves and lengths of the garments found.

    With a CLIP model of your own (TRENDLAB_CLIP), or one that you trained
    (TRENDLAB_ATTRIBUTES), also patterns; see docs/vision.md.
    """
    _run(["tag"], home, day, first, last, force, need_trackers=False)


@app.command(epilog="Example: trendlab sentiment --day 2026-01-31")
def sentiment(
    day: Day = None,
    first: FromDay = None,
    last: ToDay = None,
    force: Force = False,
    home: Home = None,
) -> None:
    """Tell the language of posts and comments and score the English ones."""
    _run(["sentiment"], home, day, first, last, force, need_trackers=False)


@app.command(epilog="Example: trendlab activity --from 2026-01-01 --to 2026-01-31")
def activity(
    day: Day = None,
    first: FromDay = None,
    last: ToDay = None,
    force: Force = False,
    home: Home = None,
) -> None:
    """Count posts, likes, authors and sentiment by tracker, city and day."""
    _run(["activity"], home, day, first, last, force)


@app.command(epilog="Example: trendlab signals --from 2026-01-01 --to 2026-01-31")
def signals(
    day: Day = None,
    first: FromDay = None,
    last: ToDay = None,
    force: Force = False,
    home: Home = None,
) -> None:
    """Find peaks, dips, influencers, weekly shares and what places feel."""
    from trendlab.steps.order import SIGNAL_STEPS

    _run(list(SIGNAL_STEPS), home, day, first, last, force)


@app.command(epilog="Example: trendlab nightly --day 2026-01-31")
def nightly(
    day: Day = None,
    first: FromDay = None,
    last: ToDay = None,
    report: Annotated[
        bool, typer.Option(help="Write the trend report at the end.")
    ] = True,
    send: Annotated[
        bool,
        typer.Option("--send-backfilled", help="Send alerts for old days too."),
    ] = False,
    home: Home = None,
) -> None:
    """Run the night: every step in order, for a day or in bulk for a range.

    With --day, the day is first fetched from the live sources that are set up
    (`trendlab sources`), and days before it that late data has made stale are done
    again. A source that fails is named at the end, with exit code 1; all else is
    done. Without any option, the last ended day (UTC) is run.
    """
    first_day, last_day = parse_range(day, first, last)
    from trendlab.steps.context import open_context
    from trendlab.steps.nightly import run_nightly

    with ShownProgress() as progress:
        context = open_context(settings_for(home), progress=progress)
        if last_day is None:
            last_day = context.clock().date() - timedelta(days=1)
            if first is None:
                first_day = last_day
        elif last_day > (today := context.clock().date()):
            raise SettingsError(
                f"{last_day} lies in the future (today is {today} in UTC): a night "
                "computes days that have been"
            )
        result = run_nightly(
            context,
            first_day,
            last_day,
            catch_up=first is None,
            with_report=report,
            send_backfilled=send,
            say=lambda line: err.print(line, markup=False),
        )
    for line in result.lines():
        out.print(line, markup=False)
    fail_if_not_ended(result.fetched)


@app.command(epilog="Example: trendlab weekly --week 2026-W09")
def weekly(
    week: Annotated[
        str | None,
        typer.Option(
            metavar="WEEK",
            help="ISO week, or a day of it. Default: the last week that has ended.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        list[str] | None,
        typer.Option("--step", help="Only this step; may be given more than once."),
    ] = None,
    load: Annotated[
        bool, typer.Option(help="Load the warehouse and make the marts afterwards.")
    ] = True,
    force: Force = False,
    home: Home = None,
) -> None:
    """Run the weekly steps as of the end of a week.

    `trendlab nightly` does the same on the night of a Sunday, or on the next one if
    that was missed. Late posts of weeks before are taken in by the next weekly run;
    this verb is for those who do not want to wait, and for Airflow.
    """
    from trendlab.steps.context import open_context
    from trendlab.steps.nightly import run_weekly
    from trendlab.steps.weeks import read_week

    monday = None if week is None else read_week(week)
    with ShownProgress() as progress:
        context = open_context(settings_for(home), progress=progress)
        result = run_weekly(
            context,
            monday,
            names=steps or (),
            force=force,
            with_load=load,
            say=lambda line: err.print(line, markup=False),
        )
    for line in result.lines():
        out.print(line, markup=False)


@app.command(epilog="Example: trendlab rebuild --from 2026-01-01")
def rebuild(
    first: FromDay = None,
    last: ToDay = None,
    warehouse_only: Annotated[
        bool, typer.Option(help="Refill the warehouse; compute nothing.")
    ] = False,
    home: Home = None,
) -> None:
    """Compute every derived table again from what was collected, then refill.

    Alerts that come out of it are recorded as backfilled and not sent.
    """
    from trendlab.steps.context import open_context
    from trendlab.steps.nightly import run_rebuild

    first_day, last_day = parse_range(None, first, last)
    with ShownProgress() as progress:
        context = open_context(settings_for(home), progress=progress)
        result = run_rebuild(
            context,
            first_day,
            last_day,
            warehouse_only=warehouse_only,
            say=lambda line: err.print(line, markup=False),
        )
    for line in result.lines():
        out.print(line, markup=False)


@app.command(epilog="Example: trendlab migrate --home data")
def migrate(home: Home = None) -> None:
    """Bring a lake that an older version wrote to today's schemas."""
    from trendlab.steps.context import open_context

    context = open_context(settings_for(home), need_trackers=False)
    with context.lake.lock():
        changed = context.lake.migrate()
    if not changed:
        out.print("the lake is up to date")
    for line in changed:
        out.print(line, markup=False)
