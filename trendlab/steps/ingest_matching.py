"""Tells after an ingest of files where no tracker looks for what was read.

Such posts are kept and counted nowhere, which a first night would show as empty
tables only.
"""

from __future__ import annotations

from datetime import date

from trendlab.steps.ingest_report import IngestReport, SetReport
from trendlab.steps.pseudonyms import stored_trackers
from trendlab.steps.step import Context
from trendlab.trackers import Tracker, matches_any


def unmatched_lines(context: Context, report: IngestReport) -> list[str]:
    """Return a line for each set of files of whose posts no tracker matches any.

    Parameters
    ----------
    context : Context
        With the trackers that the night will match by.
    report : IngestReport
        Of the ingest that has just ended.

    Notes
    -----
    Days are read until the first post that matches, one day as a rule. Posts of the
    same source and days that other files brought are looked at too: they lie in the
    same partitions.
    """
    trackers = stored_trackers(context)
    return [
        _line(context, one)
        for one in report.sets
        if not one.is_known
        and _days_of(context, one)
        and not any(
            matches_any(context.lake.read("posts", day, source=one.source), trackers)
            for day in _days_of(context, one)
        )
    ]


def _days_of(context: Context, one: SetReport) -> list[date]:
    """Return the days that hold posts under the set's source within its span."""
    if one.first_on is None or one.last_on is None:
        return []
    return [
        day
        for day in context.lake.days("posts")
        if one.first_on <= day <= one.last_on
        and one.source in context.lake.sources("posts", day)
    ]


def _line(context: Context, one: SetReport) -> str:
    return (
        f"no tracker matches any of the posts stored as {one.source} "
        f"({_looked_for(context.trackers)}): the night will count none of them. Add a "
        f"term or `sources: [{one.source}]` to a tracker in "
        f"{context.settings.trackers_path}, or ingest with --tracker"
    )


def _looked_for(trackers: list[Tracker]) -> str:
    names = ", ".join(tracker.name for tracker in trackers)
    return f"looked for by {names}" if names else "there are no trackers yet"
