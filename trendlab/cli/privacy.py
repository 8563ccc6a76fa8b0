"""Verbs that erase what was collected: of a person, or after its time."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from trendlab.cli.app import Home, ShownProgress, app, out, settings_for
from trendlab.errors import SettingsError


@app.command(
    epilog="Example: trendlab forget --source instagram --author @ana --dry-run"
)
def forget(
    source: Annotated[
        str, typer.Option(help="Source of the author, such as mastodon.")
    ],
    author: Annotated[
        str, typer.Option(help="Id at the source, or handle; @ says it is a handle.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would go; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    compute: Annotated[
        bool,
        typer.Option(help="Compute stale days at once; without, the next night does."),
    ] = True,
    home: Home = None,
) -> None:
    """Erase an author from lake, photos, alerts, reports, lists and warehouse.

    A tombstone, a keyed hash that names nobody, keeps every later ingest from taking
    them in again. It cannot be undone. Killed, run the same command again: it goes
    on. docs/privacy.md says what is erased, and what is out of reach.
    """
    from trendlab.steps.context import open_context
    from trendlab.steps.forget import forget_author, preview_forget

    settings = settings_for(home)
    context = open_context(settings, need_trackers=False)
    if dry_run or not yes:
        for line in preview_forget(context, source, author).lines():
            out.print(line, markup=False)
    if dry_run:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise SettingsError("forget cannot be undone: say --yes, or --dry-run")
        typer.confirm("Erase all of this? It cannot be undone", abort=True)
    with ShownProgress() as progress:
        context = open_context(settings, progress=progress, need_trackers=False)
        report = forget_author(context, source, author, with_steps=compute)
    for line in report.lines():
        out.print(line, markup=False)


@app.command(epilog="Example: trendlab retention --dry-run")
def retention(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would go; change nothing.")
    ] = False,
    home: Home = None,
) -> None:
    """Erase rows that are older than TRENDLAB_RETENTION allows; counts stay.

    Computes what is stale first, for a day whose rows are gone is not computed any
    more. `trendlab nightly` does the same each night where a period is set.
    """
    from trendlab.steps.context import open_context
    from trendlab.steps.retention_run import run_retention

    settings = settings_for(home)
    with ShownProgress() as progress:
        context = open_context(settings, progress=progress, need_trackers=False)
        lines = run_retention(context, is_preview=dry_run)
    for line in lines:
        out.print(line, markup=False)
