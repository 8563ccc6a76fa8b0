"""Verbs for posts that people read: texts-export, texts-import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trendlab.cli.app import FromDay, Home, ToDay, out, parse_day, settings_for
from trendlab.cli.collect import review_app


@review_app.command(
    "texts-export", epilog="Example: trendlab review texts-export --out read.csv"
)
def review_texts_export(
    out_file: Annotated[Path, typer.Option("--out", help="CSV file to write.")],
    size: Annotated[int, typer.Option(help="Posts to draw.", min=1)] = 200,
    tracker: Annotated[
        str | None, typer.Option(help="Only posts of this tracker.")
    ] = None,
    first: FromDay = None,
    last: ToDay = None,
    seed: Annotated[int, typer.Option(help="Same seed, same choice.")] = 1,
    home: Home = None,
) -> None:
    """Draw scored posts at random for people to read, without the score."""
    from trendlab.steps.context import open_context
    from trendlab.steps.review_texts import export_texts

    context = open_context(settings_for(home), need_trackers=False)
    for line in export_texts(
        context,
        out_file,
        size=size,
        seed=seed,
        first_day=parse_day(first, "--from"),
        last_day=parse_day(last, "--to"),
        tracker=tracker,
    ):
        out.print(line, markup=False)


@review_app.command(
    "texts-import",
    epilog="Example: trendlab review texts-import read.csv --reviewer ana",
)
def review_texts_import(
    file: Annotated[
        Path,
        typer.Argument(
            help="The list, with verdicts filled in.", exists=True, dir_okay=False
        ),
    ],
    reviewer: Annotated[str, typer.Option(help="Who read the posts.")],
    home: Home = None,
) -> None:
    """Read verdicts on the sentiment of posts into `text_reviews`."""
    from trendlab.steps.context import open_context
    from trendlab.steps.review_texts import import_texts

    context = open_context(settings_for(home), need_trackers=False)
    for line in import_texts(context, file, reviewer):
        out.print(line, markup=False)
