"""Tells on which days an event is counted, and which days say what is usual.

A peak is counted whole: from its start to the day that is computed, with a quiet day
that it steps over, and never later ones. So who wrote on its first day is still named
on its third. A dip is counted on the days that its share was told from: its day, or on
its worst day all that were pooled to have enough scored (`pooled_days`). It goes on
under milder thresholds than it began with, so that its later days would bury what was
said on the worst.

The usual of either is that of the 28 days before its start, or before the first pooled
day, or an event of several days would be a part of its own usual.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.event_items import BASELINE_DAYS, EventDay, pooled_from

Row = dict[str, Any]


def days_before(event: Row, day: EventDay) -> int:
    """Days with posts of the tracker among the 28 before the start; at least 1."""
    return max(1, _count_days(activity_before(event, day)))


def days_counted(event: Row, event_kind: str, day: EventDay) -> int:
    """Days with posts of the tracker that an event is counted on, with this one.

    Of a peak those from its start, of a dip the pooled ones.
    """
    if event_kind == "dip":
        return days_of_items(event, day)
    return _count_days(earlier_activity(event, day)) + 1


def days_of_items(event: Row, day: EventDay) -> int:
    """Days with posts of the tracker that `EventDay.items` are of; 1 of a peak."""
    pooled = day.activity_between(event["tracker"], pooled_from(event), day.day)
    return _count_days(pooled) + 1


def _count_days(activity: pa.Table) -> int:
    """Count the days with posts: comments on older ones are no day's posts."""
    with_posts = activity.filter(pc.greater(activity["posts_count"], 0))
    return len(pc.unique(with_posts["day"]))


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
