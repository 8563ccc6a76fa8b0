"""Marts → report: runs the notebook and keeps the HTML under the home."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import sqlalchemy as sa

from trendlab.errors import ReportError
from trendlab.report.render import render_notebook
from trendlab.resources import bundled
from trendlab.steps.context import check_tracker
from trendlab.steps.exports import note_export
from trendlab.steps.load import need_warehouse, open_for
from trendlab.steps.report_key import hash_page
from trendlab.steps.step import Context
from trendlab.warehouse.access import Warehouse

# two years: a season and the one before it
REPORT_DAYS = 735
NIGHTLY_REPORT = "trend_report"
# Notebook → what its page is called.
TITLES = {
    NIGHTLY_REPORT: "Fashion trends",
    "influence": "Which city leads which",
    "crisis": "Crisis brief",
    "styles": "Styles",
    "city_trends": "City trends",
    "influencers": "Influencers",
}
# Reports of models of a whole history, written when those are computed.
STYLE_ATLAS = "styles"
WEEKLY_REPORTS = ("influence", STYLE_ATLAS, "city_trends")


def write_report(
    context: Context,
    first_day: date | None,
    last_day: date | None,
    *,
    tracker: str = "all",
    out_file: Path | None = None,
    notebook: str = NIGHTLY_REPORT,
    shows: str = "",
) -> Path:
    """Run a report notebook over the marts and write one HTML file.

    Parameters
    ----------
    context : Context
    first_day, last_day : date or None
        Days shown. By default the last day of the marts and two years before it;
        a range shorter than four weeks is widened, so that a day has a context.
    tracker : str
    out_file : Path or None
        `reports/<tracker>-<last day>.html` in the home by default; the name of a
        weekly report begins with that of its notebook.
    notebook : str
        Name of a notebook in `notebooks/`.
    shows : str
        From `find_report`, to stand in the page.

    Raises
    ------
    ReportError
        If the marts are empty or end before the range, the notebook is not there, or
        a cell fails.
    SettingsError
        If there is no such tracker: a page on nobody would calm where nothing is known.
    """
    source = _notebook(notebook)
    need_warehouse(context.settings)
    with open_for(context.settings) as warehouse:
        page = _plan(context, warehouse, first_day, last_day, tracker, notebook)
        # a report of the default folder may link to the atlas beside it
        atlas = page.atlas if out_file is None else ""
        out_file = (out_file or page.file).absolute()
        note_export(context.home, "report", out_file)
        return render_notebook(
            source,
            out_file,
            title=f"{TITLES.get(notebook, notebook)}: {tracker}, "
            f"to {page.parameters['last_day']}",
            parameters=page.parameters,
            environment={
                "TRENDLAB_ANALYST_URL": warehouse.url("analyst"),
                "TRENDLAB_STYLE_ATLAS": atlas,
            },
            state_folder=context.home / "state",
            shows=shows,
        )


def find_report(
    context: Context, first_day: date | None, last_day: date, *, notebook: str
) -> tuple[Path, str]:
    """Tell where a night's page is to lie, and the hash of what it is to show.

    A page that shows the same already (`trendlab.report.render.read_shown`) need not be
    written again.

    Parameters
    ----------
    context : Context
    first_day : date or None
    last_day : date
    notebook : str
        As of `write_report`, which raises the same.
    """
    source = _notebook(notebook)
    with open_for(context.settings) as warehouse:
        page = _plan(context, warehouse, first_day, last_day, "all", notebook)
        return page.file, hash_page(warehouse, source, page.parameters, page.atlas)


@dataclass(frozen=True)
class _Page:
    """Where a page lies by default, what it is made with, and the atlas beside it."""

    file: Path
    parameters: dict[str, str]
    atlas: str


def _notebook(name: str) -> Path:
    source = bundled("notebooks") / f"{name}.py"
    if not source.is_file():
        known = ", ".join(sorted(path.stem for path in source.parent.glob("*.py")))
        raise ReportError(f"no notebook {name} in {source.parent}; there are: {known}")
    return source


def _plan(
    context: Context,
    warehouse: Warehouse,
    first_day: date | None,
    last_day: date | None,
    tracker: str,
    notebook: str,
) -> _Page:
    first_known, last_known = _days_of(warehouse.analyst)
    _check_tracker(context, warehouse.analyst, tracker)
    if first_day is not None and first_day > last_known:
        raise ReportError(
            f"the marts end on {last_known}: there is nothing to show from "
            f"{first_day} on"
        )
    last_day = min(last_day or last_known, last_known)
    first_day = first_day or last_day - timedelta(days=REPORT_DAYS)
    first_day = max(min(first_day, last_day - timedelta(days=27)), first_known)
    if last_day < first_known:
        raise ReportError(f"the marts hold nothing up to {last_day}")
    return _Page(
        _report_file(context.home, notebook, tracker, last_day).absolute(),
        {
            "tracker": tracker,
            "first_day": first_day.isoformat(),
            "last_day": last_day.isoformat(),
        },
        _report_file(context.home, STYLE_ATLAS, tracker, last_day).name,
    )


def _report_file(home: Path, notebook: str, tracker: str, last_day: date) -> Path:
    kind = "" if notebook == NIGHTLY_REPORT else f"{notebook}-"
    # tracker names are checked when the tracker file is read; this is the net
    name = kind + re.sub(r"[^A-Za-z0-9_-]", "_", tracker)
    return home / "reports" / f"{name}-{last_day}.html"


def _check_tracker(context: Context, analyst: sa.Engine, tracker: str) -> None:
    with analyst.connect() as connection:
        counted = connection.scalars(
            sa.text("select distinct tracker from marts.activity_daily")
        ).all()
    check_tracker(
        tracker, ["all", *(each.name for each in context.trackers), *sorted(counted)]
    )


def _days_of(analyst: sa.Engine) -> tuple[date, date]:

    try:
        with analyst.connect() as connection:
            first, last = connection.execute(
                sa.text("select min(day), max(day) from marts.activity_daily")
            ).one()
    except sa.exc.DBAPIError as error:
        raise ReportError(
            "the warehouse has no marts that an analyst can read "
            f"({type(error.orig).__name__}): run `trendlab nightly` first"
        ) from None
    if first is None:
        raise ReportError(
            "the marts hold no activity: ingest posts that a tracker matches, "
            "then run `trendlab nightly`"
        )
    return first, last
