"""Which days a set of files covers, and the rows of `coverage` that say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

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
