"""Tells on which days an event is counted, and which days say what is usual.

A peak is counted whole: from its start to the day that is computed, with a quiet day
that it steps over, and never later ones. So who wrote on its first day is still named
on its third. A dip is counted on the one day: what is told of it is the share of a day,
and it goes on under milder thresholds than it began with, so that its later days would
bury what was said on the worst. (Where a dip's days are pooled to have enough, that day
is the last of them.)

The usual of either is that of the 28 days before its start, or an event of several days
would be a part of its own usual.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.event_items import BASELINE_DAYS, EventDay

Row = dict[str, Any]


def days_before(event: Row, day: EventDay) -> int:
    """Days with activity of the tracker among the 28 before the start; at least 1."""
    return max(1, len(pc.unique(activity_before(event, day)["day"])))


def days_counted(event: Row, event_kind: str, day: EventDay) -> int:
    """Days that an event is counted on, this one among them; of a dip it alone.

    Of a peak those from its start to this one with activity of the tracker.
    """
    if event_kind == "dip":
        return 1
    return len(pc.unique(earlier_activity(event, day)["day"])) + 1


def count_earlier_posts(event: Row, event_kind: str, day: EventDay) -> int:
    """Posts that a peak had in its city on its days before this one; 0 of a dip."""
    if event_kind == "dip":
        return 0
    earlier = earlier_activity(event, day)
    of_city = earlier.filter(pc.equal(earlier["city"], event["city"]))
    return int(pc.sum(of_city["posts_count"]).as_py() or 0)


def activity_before(event: Row, day: EventDay) -> pa.Table:
    """Give the tracker's activity of the 28 days before an event's start."""
    start = day.start_of(event)
    first = start - timedelta(BASELINE_DAYS)
    return day.activity_between(event["tracker"], first, start)


def earlier_activity(event: Row, day: EventDay) -> pa.Table:
    """Give the tracker's activity from an event's start to the day before this one."""
    return day.activity_between(event["tracker"], day.start_of(event), day.day)
