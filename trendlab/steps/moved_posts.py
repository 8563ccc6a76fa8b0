"""Keeps a post under one day when two readings tell its time differently.

Some exports know the day only, or write local time: the same post then lies under the
day before or after the one that a better export names. The newest reading wins, as in
every merge, and takes the post with it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.lake import Lake

log = logging.getLogger(__name__)

# A time zone or a missing hour shifts a post by one day at most.
NEAR = timedelta(days=1)
# Tables that lie under the day of their post.
TABLES_OF_POST = ("media", "posts")


def settle_moved(lake: Lake, days: Iterable[date], source: str) -> int:
    """Remove older readings of posts that newer ones put under a day beside.

    Parameters
    ----------
    lake : Lake
    days : iterable of date
        Days that posts were just written for.
    source : str

    Returns
    -------
    int
        Posts that were taken out of a day.

    Notes
    -----
    Of readings taken at one moment the earlier day stays. The result does not depend
    on the order of arrival, and running it again changes nothing; a kill between the
    writing of the one day and this leaves a post twice, until the ingest is run again.
    """
    seen: dict[date, dict[str, datetime]] = {}

    def readings(day: date) -> dict[str, datetime]:
        if day not in seen:
            rows = lake.read(
                "posts", day, source=source, columns=["post_id", "observed_at"]
            )
            seen[day] = dict(
                zip(
                    rows["post_id"].to_pylist(),
                    rows["observed_at"].to_pylist(),
                    strict=True,
                )
            )
        return seen[day]

    gone: dict[date, set[str]] = {}
    written = sorted(set(days))
    for earlier in sorted({day - NEAR for day in written} | set(written)):
        later = earlier + NEAR
        for old in [day for day in seen if day < earlier]:
            del seen[old]
        here, there = readings(earlier), readings(later)
        for post_id in here.keys() & there.keys():
            loser = earlier if there[post_id] > here[post_id] else later
            gone.setdefault(loser, set()).add(post_id)
    for day in sorted(gone):
        for table in TABLES_OF_POST:
            rows = lake.read(table, day, source=source)
            ids = pa.array(sorted(gone[day]), pa.string())
            kept = rows.filter(pc.invert(pc.is_in(rows["post_id"], ids)))
            if kept.num_rows < rows.num_rows:
                lake.write(table, day, kept, source=source)
    count = sum(len(ids) for ids in gone.values())
    if count:
        log.info("posts of %s: %d stood under a day beside too", source, count)
    return count
