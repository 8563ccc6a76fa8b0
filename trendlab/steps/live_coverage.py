"""Which days of a tracker a live source has covered, and whether they are thin.

A tracker's day is complete where every term that the source can look for was fetched
for all of it; what is missing is a gap with its reason, never a quiet day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.sources.live import Term
from trendlab.sources.spans import Span, missing
from trendlab.steps.live_states import SourceStates
from trendlab.trackers import Tracker
from trendlab.trackers.facts import Facts
from trendlab.trackers.match import term_rows

# The usual is the median of so many days before, of which so many must be known.
USUAL_DAYS = 28
MIN_USUAL_DAYS = 7
# Below so many posts a day a quarter of the usual is chance: P(≤ 5 | mean 20) is
# 7 in 100,000.
MIN_USUAL_POSTS = 20
LOW_SHARE = 0.25
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Volume:
    """A day's posts against the tracker's usual.

    Parameters
    ----------
    posts_count : int
    usual_count : float or None
        Median of the days before; None where too few are known.
    is_low : bool or None
        None where the usual is not known, or too small to tell.
    """

    posts_count: int
    usual_count: float | None
    is_low: bool | None


def judge_volume(posts_count: int, before: Sequence[int]) -> Volume:
    """Tell whether a day has far fewer posts than usual.

    Parameters
    ----------
    posts_count : int
    before : sequence of int
        Posts of complete days of the same query, at most `USUAL_DAYS` before.

    Notes
    -----
    Low is at most a quarter of the median and fewer than on any of these days, so
    that a weekly rhythm or a tracker with quiet days is not flagged.
    """
    if len(before) < MIN_USUAL_DAYS:
        return Volume(posts_count, None, None)
    usual = float(median(before))
    if usual < MIN_USUAL_POSTS:
        return Volume(posts_count, usual, None)
    is_low = posts_count <= LOW_SHARE * usual and posts_count < min(before)
    return Volume(posts_count, usual, is_low)


def day_status(day: date, terms: Sequence[Term], covered: Mapping[str, Any]) -> str:
    """Return complete, partial or none.

    Parameters
    ----------
    day : date
        UTC.
    terms : sequence of Term
        At least one.
    covered : mapping of str to list of Span
        Term's key → what was fetched.
    """
    start = datetime.combine(day, time(), UTC)
    whole = [(start, start + _ONE_DAY)]
    left = [missing(*whole[0], covered.get(term.key, [])) for term in terms]
    if not any(left):
        return "complete"
    return "none" if all(one == whole for one in left) else "partial"


def record_coverage(
    lake: Lake,
    states: SourceStates,
    tracker: Tracker,
    source: str,
    terms: Sequence[Term],
    days: Sequence[date],
    *,
    as_stored: Tracker,
    reasons: Mapping[str, str],
    moment: datetime,
) -> tuple[dict[date, str], list[str]]:
    """Write the rows of `coverage` of one tracker and source.

    Parameters
    ----------
    tracker : Tracker
    source : str
    terms : sequence of Term
        Those of the tracker that the source can look for.
    days : sequence of date
    as_stored : Tracker
        The tracker with accounts as the lake's rows name them, to count its posts.
    reasons : mapping of str to str
        Term's key → why it was not ended.
    moment : datetime
        Present moment, UTC.

    Returns
    -------
    statuses : dict of date to str
    flags : list of str
        A line for each day with far fewer posts than usual.

    Notes
    -----
    A row that would say the same is not written, so that nothing is computed again.
    What was complete under the same query stays complete.
    """
    covered = {term.key: states.covered(source, term) for term in terms}
    lost = {term.key: states.lost(source, term) for term in terms}
    known = _known_rows(lake, tracker, source, days)
    statuses: dict[date, str] = {}
    flags: list[str] = []
    parts: dict[date, pa.Table] = {}
    for day in sorted(days):
        status = day_status(day, terms, covered)
        statuses[day] = status
        volume = Volume(_posts_count(lake, as_stored, source, day), None, None)
        if status == "complete":
            volume = judge_volume(volume.posts_count, _counts_before(known, day))
        row = {
            "day": day,
            "tracker": tracker.name,
            "source": source,
            "status": status,
            "tracker_version": tracker.version,
            "observed_at": moment,
            "reason": _reason(
                status, volume, day, terms, {**reasons, **_lost_on(day, lost)}, moment
            ),
            "posts_count": volume.posts_count,
            "is_low_volume": volume.is_low,
        }
        if volume.is_low:
            flags.append(f"LOW VOLUME {tracker.name} {source} {day}: {row['reason']}")
        old = known.get(day)
        known[day] = row
        if old is not None and _same(old, row):
            continue
        stored = lake.read("coverage", day, source=source)
        others = stored.filter(pc.not_equal(stored["tracker"], tracker.name))
        parts[day] = pa.concat_tables([others, TABLES["coverage"].from_rows([row])])
    lake.write_many("coverage", parts, source=source)
    return statuses, flags


def _known_rows(
    lake: Lake, tracker: Tracker, source: str, days: Sequence[date]
) -> dict[date, dict[str, Any]]:
    """Return rows of the same query, of the days and of those before them."""
    if not days:
        return {}
    rows = lake.read_range(
        "coverage", min(days) - USUAL_DAYS * _ONE_DAY, max(days)
    ).to_pylist()
    return {
        row["day"]: row
        for row in rows
        if row["tracker"] == tracker.name
        and row["source"] == source
        and row["tracker_version"] == tracker.version
    }


def _counts_before(known: Mapping[date, dict[str, Any]], day: date) -> list[int]:
    counts = []
    for back in range(1, USUAL_DAYS + 1):
        row = known.get(day - back * _ONE_DAY)
        if (
            row is not None
            and row["status"] == "complete"
            and row["posts_count"] is not None
            # a day that is itself far too thin says nothing about the usual
            and not row["is_low_volume"]
        ):
            counts.append(int(row["posts_count"]))
    return counts


def _posts_count(lake: Lake, tracker: Tracker, source: str, day: date) -> int:
    posts = lake.read("posts", day, source=source)
    if not posts.num_rows:
        return 0
    return int(np.count_nonzero(term_rows(tracker, Facts(posts)) >= 0))


def _reason(
    status: str,
    volume: Volume,
    day: date,
    terms: Sequence[Term],
    reasons: Mapping[str, str],
    moment: datetime,
) -> str | None:
    if status == "complete":
        if not volume.is_low:
            return None
        return (
            f"{volume.posts_count:,} posts, usual {volume.usual_count:,.0f} (median of "
            f"up to {USUAL_DAYS} days): has the hashtag, the server or the format "
            "changed?"
        )
    told = [f"{term.key}: {reasons[term.key]}" for term in terms if term.key in reasons]
    if told:
        return "; ".join(told)[:1_000]
    if day >= moment.date():
        return "the day had not ended"
    return "not all terms were fetched for all of the day"


def _lost_on(day: date, lost: Mapping[str, Sequence[Span]]) -> dict[str, str]:
    """Return a reason for each term of which the service lost some of the day."""
    start = datetime.combine(day, time(), UTC)
    whole = [(start, start + _ONE_DAY)]
    return {
        key: "the service lists only its newest posts, and did not reach back so far"
        for key, spans in lost.items()
        if missing(*whole[0], spans) != whole
    }


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return all(old[name] == new[name] for name in new if name != "observed_at")
