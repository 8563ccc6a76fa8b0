"""Which days a set of files covers, and the rows of `coverage` that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.lake import Lake
from trendlab.schemas import TABLES

# A stretch of this many days without any post is taken as not covered: an archive
# with one stray post of 2009 does not say that 2009 to 2013 were quiet.
MAX_QUIET_DAYS = 28
FILE_VERSION = "file"
"""`tracker_version` of files that were collected for no one tracker."""

_RANK = {"none": 0, "partial": 1, "complete": 2}
_ONE_DAY = timedelta(days=1)


def covered_days(days: Iterable[date]) -> dict[date, str]:
    """Return the status of every day that the days with posts span.

    Days between two days with posts are complete, at most 28 in a row; the first
    and the last of a stretch are partial, for collection may have begun or ended
    within them.
    """
    status: dict[date, str] = {}
    previous: date | None = None
    for day in sorted(set(days)):
        if previous is None or (day - previous).days > MAX_QUIET_DAYS + 1:
            if previous is not None:
                status[previous] = "partial"
            status[day] = "partial"
        else:
            quiet = previous + _ONE_DAY
            while quiet <= day:
                status[quiet] = "complete"
                quiet += _ONE_DAY
        previous = day
    if previous is not None:
        status[previous] = "partial"
    return status


# An edge day with fewer posts than this cannot tell a quiet hour from a late start.
MIN_EDGE_POSTS = 30
# A silence in which so many posts were expected is not chance: e^-7 is 1 in 1,000.
MAX_EXPECTED_IN_SILENCE = 7.0


def complete_edges(
    status: Mapping[date, str], times_of: Callable[[date], pa.ChunkedArray]
) -> dict[date, str]:
    """Call an edge day complete where its posts reach to its outer midnight.

    Parameters
    ----------
    status : mapping of date to str
        From `covered_days`.
    times_of : callable
        Day → times of its posts, UTC.

    Notes
    -----
    A day on which 3,000 posts begin at 00:00:10 was collected whole; one on which
    they end at 12:00 was not. The silence between the day's bound and the nearest
    post counts as chance while fewer than 7 posts were to be expected in it, at the
    rate of the rest of the day.
    """
    edges = {day for day, told in status.items() if told == "partial"}
    settled = dict(status)
    for day in edges:
        times = times_of(day)
        if len(times) < MIN_EDGE_POSTS:
            continue
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        bounds = pc.min_max(times).as_py()
        silences = []
        if day - _ONE_DAY not in status:
            silences.append(bounds["min"] - midnight)
        if day + _ONE_DAY not in status:
            silences.append(midnight + _ONE_DAY - bounds["max"])
        silent = sum((silence / _ONE_DAY for silence in silences), 0.0)
        expected = len(times) * silent / max(1.0 - silent, 1e-9)
        if expected <= MAX_EXPECTED_IN_SILENCE:
            settled[day] = "complete"
    return settled


def write_coverage(
    lake: Lake,
    days: Mapping[date, str],
    *,
    source: str,
    tracker: str,
    tracker_version: str,
    observed_at: datetime,
) -> int:
    """Record which days were ingested; what was complete stays complete.

    Returns
    -------
    int
        Days whose row changed.
    """
    table = TABLES["coverage"]
    parts = {}
    for day, status in days.items():
        known = lake.read("coverage", day, source=source)
        is_mine = pc.equal(known["tracker"], tracker)
        mine = known.filter(is_mine).to_pylist()
        is_same_query = bool(mine) and mine[0]["tracker_version"] == tracker_version
        if is_same_query and _RANK[mine[0]["status"]] >= _RANK[status]:
            continue
        row = {
            "day": day,
            "tracker": tracker,
            "source": source,
            "status": status,
            "tracker_version": tracker_version,
            "observed_at": observed_at,
            "reason": "first or last day of the files" if status == "partial" else None,
        }
        others = known.filter(pc.invert(is_mine))
        parts[day] = pa.concat_tables([others, table.from_rows([row])])
    lake.write_many("coverage", parts, source=source)
    return len(parts)
