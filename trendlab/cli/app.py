"""What all verbs share: the app, its options, its progress and its exit codes.

Exit codes: 0 done, 1 failed, 2 misuse: a wrong argument, setting or tracker file, or a
path with nothing there. What is there and cannot be used, such as a CSV without the
needed columns, has failed. Verbs declare the paths that they read with `exists`.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from typer.exceptions import TyperException

from trendlab.errors import SettingsError, SourceUnavailable, TrendlabError
from trendlab.settings import LOG_FORMAT, Settings, read_settings
from trendlab.steps.live_report import LiveReport

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

app = typer.Typer(
    name="trendlab",
    help="Fashion trend analytics from social media: posts and photos in; marts, "
    "alerts and trend reports out.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="TRENDLAB_HOME",
        help="Data folder: lake, database, reports. Default: ./data",
        show_default=False,
    ),
]
Day = Annotated[
    str | None,
    typer.Option("--day", metavar="YYYY-MM-DD", help="One day.", show_default=False),
]
FromDay = Annotated[
    str | None,
    typer.Option("--from", metavar="YYYY-MM-DD", help="First day of a range."),
]
ToDay = Annotated[
    str | None,
    typer.Option("--to", metavar="YYYY-MM-DD", help="Last day of a range."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Compute days that are up to date too.")
]


@app.callback()
def root(
    home: Home = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log a line for each step.")
    ] = False,
) -> None:
    """Set up logging and the data folder for all verbs."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format=LOG_FORMAT,
        stream=sys.stderr,
    )
    if home is not None:
        # verbs read it as their own --home, which wins when given
        os.environ["TRENDLAB_HOME"] = str(home)


def settings_for(home: Path | None, **given: object) -> Settings:
    """Read settings; a relative home counts from the working folder."""
    if home is None and "TRENDLAB_HOME" in os.environ:
        home = Path(os.environ["TRENDLAB_HOME"])
    return read_settings(home, **given)


def parse_day(value: str | None, option: str) -> date | None:
    """Read a day given on the command line.

    Raises
    ------
    SettingsError
        If it is not a calendar day written YYYY-MM-DD.
    """
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise SettingsError(
            f"{option} wants a day such as 2026-01-31, got {value!r}"
        ) from None


def parse_range(
    day: str | None, first: str | None, last: str | None
) -> tuple[date | None, date | None]:
    """Turn --day, --from and --to into a first and a last day; None is open."""
    if day is not None and (first is not None or last is not None):
        raise SettingsError("give --day, or --from and --to, not both")
    if day is not None:
        only = parse_day(day, "--day")
        return only, only
    first_day, last_day = parse_day(first, "--from"), parse_day(last, "--to")
    if first_day is not None and last_day is not None and first_day > last_day:
        raise SettingsError(f"--from {first_day} lies after --to {last_day}")
    return first_day, last_day


def tell_fetched(report: LiveReport) -> None:
    """Print what was fetched from live sources; fail where something was not.

    Raises
    ------
    SourceUnavailable
        If a source or term was not ended.
    """
    for line in report.lines():
        out.print(line, markup=False)
    fail_if_not_ended(report)


def fail_if_not_ended(report: LiveReport) -> None:
    """Fail where something could not be fetched to its end.

    Raises
    ------
    SourceUnavailable
        Naming the first.
    """
    if report.failures:
        raise SourceUnavailable(
            f"{len(report.failures)} of {len(report.terms)} terms were not fetched to "
            f"their end; the next run goes on. First: {report.failures[0]}"
        )


class ShownProgress(AbstractContextManager["ShownProgress"]):
    """Progress on a terminal; silent elsewhere."""

    def __init__(self) -> None:
        self._shown = err.is_terminal
        self._progress = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
            transient=True,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> ShownProgress:
        if self._shown:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._progress.stop()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` units of a step are done."""
        if not self._shown:
            return
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(step, total=total)
        self._progress.update(self._tasks[step], completed=done, total=total)


def told(misuse: TyperException) -> str:
    """Say what was wrong with the words given, as typer puts it."""
    formatted = getattr(misuse, "format_message", None)
    message = formatted() if callable(formatted) else str(misuse)
    return f"{message} (see --help)"


def main() -> None:
    """Run the command line; the entry point of `trendlab`."""
    # What is imported stays to the end: looking through it for garbage, again and again
    # while it is imported and once more at the end, takes most of a second.
    gc.set_threshold(100_000)
    atexit.register(gc.disable)
    # every verb module registers its verbs on import
    from trendlab.cli import (  # noqa: F401
        case,
        collect,
        compute,
        events,
        exclude,
        influence,
        look,
        media,
        peaks,
        privacy,
        review_texts,
        series,
        sources,
        vision,
        warehouse,
    )

    try:
        code = app(standalone_mode=False)
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except typer.Abort:
        err.print("stopped")
        sys.exit(1)
    except TyperException as misuse:
        err.print(f"trendlab: {told(misuse)}", markup=False)
        sys.exit(2)
    except SettingsError as error:
        err.print(f"trendlab: {error}", markup=False)
        sys.exit(2)
    except TrendlabError as error:
        err.print(f"trendlab: {error}", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("stopped; run the same command again to go on")
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
