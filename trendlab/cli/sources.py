"""Verbs about sources: which there are, what they need, whether they work."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from trendlab.cli.app import Home, app, out, settings_for

sources_app = typer.Typer(help="Live sources: what each gives, lacks and needs.")
app.add_typer(sources_app, name="sources")


@sources_app.callback(invoke_without_command=True, epilog="Example: trendlab sources")
def list_sources(context: typer.Context, home: Home = None) -> None:
    """List live sources and archives: what each gives and lacks, what is set up.

    Of allowances that last for days it shows what the data folder has used.

    What a source needs stands in environment variables, or in files that variables
    of the same name with _FILE at the end point to.
    """
    if context.invoked_subcommand is not None:
        return
    from trendlab.lake import Lake
    from trendlab.steps.live_access import describe_sources

    lake = Lake(settings_for(home).home / "lake")
    for line in describe_sources(os.environ, lake):
        out.print(line, markup=False)


@sources_app.command("check", epilog="Example: trendlab sources check mastodon")
def check(
    name: Annotated[str, typer.Argument(help="Name of a live source.")],
    home: Home = None,
) -> None:
    """Try a source's credentials with the cheapest requests; nothing is stored."""
    from trendlab.steps.live_access import check_source

    settings_for(home)
    for line in check_source(name, os.environ):
        out.print(line, markup=False)
