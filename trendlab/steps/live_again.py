"""Reads the counts of posts again at fixed ages: a day, a week, four weeks.

A post's first reading comes minutes or months after it was posted. Only readings at
the same age can be compared, so each post is read again once it has reached each age,
within a window in which the reading still counts for that age.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa

from trendlab.errors import SourceUnavailable, TooManyRejected
from trendlab.lake import Lake, Span
from trendlab.resources import bundled
from trendlab.steps.live_fetch import AGAIN_KEY, SourceRun
from trendlab.steps.live_report import LiveReport, TermReport

# Age, and how much later a reading still counts for it: three missed nights of a day,
# and a tenth to a quarter of the longer ages.
AGES = (
    (timedelta(hours=24), timedelta(hours=72)),
    (timedelta(days=7), timedelta(days=3)),
    (timedelta(days=28), timedelta(days=4)),
)


def due_posts(lake: Lake, source: str, now: datetime) -> list[str]:
    """Return ids of posts that are due for another reading, the youngest age first.

    Parameters
    ----------
    lake : Lake
    source : str
    now : datetime
        UTC.

    Notes
    -----
    A post that is gone stays due until its window has passed: a night or three.
    """
    oldest = max(age + window for age, window in AGES)
    first_day = (now - oldest).date()
    ages = pa.table(
        {
            "age_seconds": [age.total_seconds() for age, _ in AGES],
            "window_seconds": [window.total_seconds() for _, window in AGES],
        }
    )
    asked = pa.table(
        {"source": [source], "now": pa.array([now], pa.timestamp("us", tz="UTC"))}
    )
    found = lake.query(
        (bundled("sql") / "lake" / "due_readings.sql").read_text(),
        {
            "posts": Span("posts", first_day, now.date()),
            "engagement": Span("engagement", first_day, now.date()),
            "ages": ages,
            "asked": asked,
        },
    )
    return [str(post_id) for post_id in found["post_id"].to_pylist()]


def read_again(run: SourceRun, post_ids: list[str], report: LiveReport) -> None:
    """Read posts again, within the allowance; a failure is noted, not raised."""
    name = run.source.name
    if not post_ids:
        return
    term = TermReport(name, f"{AGAIN_KEY} ({len(post_ids):,} posts due)")
    report.terms.append(term)
    most_requests = run.source.again_requests
    try:
        run.fetch_again(post_ids, term, most_requests=most_requests)
    except (SourceUnavailable, TooManyRejected) as error:
        term.failure = str(error)
    if term.requests_count >= most_requests:
        report.notes.append(
            f"{name}: {most_requests} requests a night are kept for reading again; "
            "what is left is read tomorrow"
        )
