"""Verbs for exclusion rules: preview."""

from __future__ import annotations

from typing import Annotated

import typer

from trendlab.cli.app import FromDay, Home, ToDay, app, out, parse_range, settings_for

exclude_app = typer.Typer(
    help="Exclusion rules of the tracker file: what they would drop.",
    no_args_is_help=True,
)
app.add_typer(exclude_app, name="exclude")


@exclude_app.command(
    "preview", epilog="Example: trendlab exclude preview --tracker streetstyle"
)
def exclude_preview(
    tracker: Annotated[
        str | None, typer.Option(help="Only this tracker's rules.")
    ] = None,
    first: FromDay = None,
    last: ToDay = None,
    home: Home = None,
) -> None:
    """Show what each rule drops, of the last four weeks or the days named.

    Edit the tracker file, look here, then run the night: nothing is ever deleted,
    and lifting a rule brings its posts back.
    """
    from trendlab.steps.context import open_context
    from trendlab.steps.exclusions import preview_rules

    first_day, last_day = parse_range(None, first, last)
    context = open_context(settings_for(home))
    for line in preview_rules(context, first_day, last_day, tracker=tracker):
        out.print(line, markup=False)
