"""Verbs for sealed copies: case create, case verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trendlab.cli.app import Home, app, out, parse_range, settings_for

case_app = typer.Typer(
    help="Sealed copies of a period, for an investigation.", no_args_is_help=True
)
app.add_typer(case_app, name="case")


@case_app.command(
    "create",
    epilog="Example: trendlab case create --tracker chanel --from 2026-01-05 "
    "--to 2026-01-11",
)
def case_create(
    tracker: Annotated[str, typer.Option(help="Whose posts to copy; or all.")],
    first: Annotated[
        str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day.")
    ],
    last: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day.")],
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to make. Default: cases/ in the home."),
    ] = None,
    sign_with: Annotated[
        Path | None,
        typer.Option(
            "--sign-with",
            help="Ed25519 private key, PEM, to sign it with.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Copy posts, comments, authors, sentiment, photos and places, and seal them.

    Every file's SHA-256 stands in a chained manifest; note the head that is printed
    where nobody who can write to the case can write.
    """
    from trendlab.steps.case import create_case
    from trendlab.steps.context import open_context

    first_day, last_day = parse_range(None, first, last)
    assert first_day is not None
    assert last_day is not None
    context = open_context(settings_for(home), need_trackers=False)
    report = create_case(
        context, tracker, first_day, last_day, out_folder, sign_with=sign_with
    )
    for line in report.lines():
        out.print(line, markup=False)


@case_app.command(
    "verify",
    epilog="Example: trendlab case verify data/cases/chanel_2026-01-05_2026-01-11",
)
def case_verify(
    folder: Annotated[
        Path, typer.Argument(help="Folder of the case.", exists=True, file_okay=False)
    ],
    head: Annotated[
        str | None, typer.Option(help="Head that was noted; must be in the chain.")
    ] = None,
    signed_by: Annotated[
        Path | None,
        typer.Option(
            "--signed-by",
            help="Public key, PEM, that must have signed it.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Name every file that was changed, is missing or was added; 1 if there is one."""
    from trendlab.steps.case import check_case

    verdict = check_case(settings_for(home).home, folder, head, signed_by)
    for line in verdict.lines(folder):
        out.print(line, markup=False)
    if verdict.faults:
        raise typer.Exit(1)
