"""The verb that downloads photos: media."""

from __future__ import annotations

from typing import Annotated

import typer

from trendlab.cli.app import (
    Day,
    FromDay,
    Home,
    ShownProgress,
    ToDay,
    app,
    out,
    parse_range,
    settings_for,
)
from trendlab.errors import SettingsError


@app.command(epilog="Example: trendlab media --from 2026-01-01 --to 2026-01-31")
def media(
    day: Day = None,
    first: FromDay = None,
    last: ToDay = None,
    limit: Annotated[
        int | None,
        typer.Option(
            help="Most photos to try. Default: 20000", min=1, show_default=False
        ),
    ] = None,
    night: Annotated[
        bool,
        typer.Option(
            "--night",
            help="Of the 28 days up to --day, and only where TRENDLAB_MEDIA is fetch.",
        ),
    ] = False,
    home: Home = None,
) -> None:
    """Download the photos that posts of these days offer.

    Each is fetched once and kept by its hash. Addresses of private networks are not
    asked; what is no photo is refused; what is gone is recorded; what fails is tried
    again by a later run. Killed, run the same command again: it goes on.
    """
    from trendlab.steps.context import open_context
    from trendlab.steps.media import MOST_PHOTOS, fetch_night_photos, fetch_photos

    first_day, last_day = parse_range(day, first, last)
    if night and (last_day is None or day is None or limit is not None):
        raise SettingsError("--night wants --day, and no --from, --to or --limit")
    with ShownProgress() as progress:
        context = open_context(
            settings_for(home), progress=progress, need_trackers=False
        )
        if night and last_day is not None:
            report = fetch_night_photos(context, last_day)
        else:
            report = fetch_photos(
                context,
                first_day,
                last_day,
                limit=MOST_PHOTOS if limit is None else limit,
            )
    if report is None:
        out.print("media: not asked for (TRENDLAB_MEDIA is off)")
        return
    for line in report.lines():
        out.print(line, markup=False)
