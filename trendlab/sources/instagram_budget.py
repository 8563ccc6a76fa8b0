"""Plans hashtags of Instagram: 24 hours back, and 30 different ones in 7 days.

A hashtag counts for 7 days from its first query; later queries neither count again nor
begin the 7 days anew. So what was asked in the week before stays, and new ones get what
is left, in the order in which trackers name them: a series that goes on is worth more
than one that begins.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from trendlab.sources.base import Budget, Plan, Request, Slice, State
from trendlab.sources.live import LiveSource, Term, slices_of

HASHTAGS = "hashtags"
"""Kind of what is spent."""
MAX_HASHTAGS = 30
WEEK = timedelta(days=7)
# What recent media reaches back from the moment of the query.
WINDOW = timedelta(hours=24)
# A run takes its time until a hashtag's turn: what goes out of the window meanwhile is
# not asked for.
TURN = timedelta(minutes=5)


def plan_hashtags(source: LiveSource, request: Request, state: State) -> Plan:
    """Cut what each hashtag lacks, up to now, and leave out what has no room.

    Parameters
    ----------
    source : LiveSource
    request : Request
        With `since`, `until` and `now`; of its terms only hashtags are planned. The
        slices go up to `now`, which a query brings anyway and the next run may miss.
    state : mapping
        As `LiveSource.plan` takes it.
    """
    assert request.since is not None
    assert request.until is not None
    assert request.now is not None
    if not request.hashtags:
        return Plan(request, ())
    notes = []
    earliest = request.now - WINDOW + TURN
    if request.since < earliest:
        notes.append(
            f"hashtags reach back to {earliest:%Y-%m-%d %H:%M} UTC only: what lies "
            "before and was not fetched in time stays missing"
        )
    lacking: dict[str, list[Slice]] = {}
    for hashtag in dict.fromkeys(request.hashtags):
        term = Term("hashtag", hashtag)
        parts = slices_of(
            term,
            max(request.since, earliest),
            request.now if request.until > earliest else request.until,
            state.get(term.key),
            source,
            overlap=timedelta(0),
        )
        if parts:
            lacking[hashtag] = parts
    asked = counted_hashtags(request.budget, request.now)
    counted = [hashtag for hashtag in lacking if hashtag in asked]
    new = [hashtag for hashtag in lacking if hashtag not in asked]
    room = max(0, MAX_HASHTAGS - len(asked))
    notes.append(
        f"{len(asked)} of {MAX_HASHTAGS} hashtags were asked in the last 7 days, "
        f"{len(new[:room])} new with this run"
    )
    if new[room:]:
        notes.append(
            f"no room for {', '.join('#' + one for one in new[room:])} before "
            f"{_free_at(request.budget, request.now):%Y-%m-%d %H:%M} UTC: their days "
            "stay missing"
        )
    chosen = [*counted, *new[:room]]
    slices = tuple(part for hashtag in chosen for part in lacking[hashtag])
    return Plan(request, slices, tuple(notes))


def counted_hashtags(budget: Budget, now: datetime) -> frozenset[str]:
    """Return the hashtags whose 7 days are not over."""
    return budget.items(HASHTAGS, now - WEEK)


def describe_hashtags(budget: Budget, now: datetime) -> list[str]:
    """Return what is used, for people."""
    asked = sorted(counted_hashtags(budget, now))
    told = f"hashtags asked in the last 7 days: {len(asked)} of {MAX_HASHTAGS}"
    if not asked:
        return [told]
    names = ", ".join("#" + one for one in asked)
    return [
        f"{told} ({names}); the next is free at {_free_at(budget, now):%Y-%m-%d %H:%M} "
        "UTC"
    ]


def _free_at(budget: Budget, now: datetime) -> datetime:
    """Return when the first of the counted hashtags is a week old."""
    moments = [
        spend.at
        for spend in budget.spends
        if spend.what == HASHTAGS and spend.at is not None and spend.at >= now - WEEK
    ]
    return min(moments, default=now) + WEEK
