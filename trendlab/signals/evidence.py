"""Lists what is over-represented in a peak or a dip, so that a person can judge it.

Called for the days and events that there are, with the posts of those days, counts of
a peak's days so far, and counts of the 28 days before each event began. A peak is
explained as a whole, a dip by its day, or by the days that were pooled to have enough
(`counted_days` says why). Each day has rows of its own, of what was known then. Nothing
here says what caused an event.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.signals.contributions import concentration
from trendlab.signals.counted_days import count_earlier_posts
from trendlab.signals.drivers import (
    MAX_ROWS,
    count_authors,
    top_authors,
    top_cities,
    top_garments,
)
from trendlab.signals.event_items import EventDay, Inputs, pooled_from
from trendlab.signals.event_texts import top_items, top_terms
from trendlab.signals.origin import origins_of

Row = dict[str, Any]

__all__ = ["Explained", "Inputs", "explain_dips", "explain_peaks"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Explained:
    """What stands behind events.

    Parameters
    ----------
    evidence : pyarrow.Table[evidence]
        What is over-represented in each event, sorted by the key.
    event_authors : pyarrow.Table[event_authors]
        How few authors made each event of posts, sorted by the key. Comments'
        authors have no daily counts to compare with, so they have no rows.
    event_origins : pyarrow.Table[event_origins]
        Where the authors of each event of posts are at home, sorted by the key.
        Homes are told by an author's own posts, and who comments need have none.
    """

    evidence: pa.Table
    event_authors: pa.Table
    event_origins: pa.Table


@dataclass(frozen=True)
class _Found:
    """Rows of one event on one day; of comments there are neither of the last two."""

    evidence: list[Row]
    authors: list[Row]
    origins: list[Row]


def explain_peaks(
    peaks: pa.Table, inputs: Inputs, *, run_ids: Mapping[date, str]
) -> Explained:
    """Explain the peaks that ran on the days of `run_ids`.

    Parameters
    ----------
    peaks : pyarrow.Table[peaks]
        Rows of other days are passed over.
    inputs : Inputs
    run_ids : mapping of date to str
        Days to produce.

    Returns
    -------
    Explained
        Of each peak and day, all from its start to that day: top posts by likes,
        authors and cities by excess over their own baseline, words and hashtags by
        log-odds, garments by log-odds. Only origins are of the day alone.
    """
    return _explain(peaks, "peak", inputs, run_ids)


def explain_dips(
    dips: pa.Table, inputs: Inputs, *, run_ids: Mapping[date, str]
) -> Explained:
    """Explain the dips that ran on the days of `run_ids`.

    As `explain_peaks`, over negative items only (of a topic: those with one of its
    words), of the day, or on a dip's worst day of all that were pooled to have enough;
    posts and comments are ranked by how negative they are and their likes.
    """
    return _explain(dips, "dip", inputs, run_ids)


def _explain(
    events: pa.Table, event_kind: str, inputs: Inputs, run_ids: Mapping[date, str]
) -> Explained:
    started = time.monotonic()
    rows: list[Row] = []
    authors: list[Row] = []
    origins: list[Row] = []
    wanted = [row for row in events.to_pylist() if row["day"] in run_ids]
    days: dict[date, EventDay] = {}
    told: dict[tuple[object, ...], _Found] = {}
    for event in sorted(wanted, key=lambda row: row["day"]):
        day = event["day"]
        if day not in days:
            days, told = {day: EventDay(inputs, day)}, {}  # one day's posts at a time
        of_event = {
            "day": day,
            "event_kind": event_kind,
            "event_id": event[f"{event_kind}_id"],
            "run_id": run_ids[day],
        }
        items_of = _items_of(event, days[day])
        if items_of not in told:
            told[items_of] = _event_rows(event, event_kind, days[day])
        found = told[items_of]
        rows.extend({**of_event, **row} for row in found.evidence)
        authors.extend({**of_event, **row} for row in found.authors)
        origins.extend({**of_event, **row} for row in found.origins)
    evidence = _as_table("evidence", rows)
    logger.info(
        "evidence of %ss: %d events in, %d rows out, %.1f s",
        event_kind,
        len(wanted),
        evidence.num_rows,
        time.monotonic() - started,
    )
    return Explained(
        evidence,
        _as_table("event_authors", authors),
        _as_table("event_origins", origins),
    )


def _items_of(event: Row, day: EventDay) -> tuple[object, ...]:
    """Give all of an event that its rows depend on.

    A peak of posts and one of activity, in one city and since one day, are told by the
    same posts.
    """
    return (
        event["tracker"],
        event["city"],
        event.get("item_kind", "post"),
        event.get("topic", ""),
        day.start_of(event),
        pooled_from(event),
    )


def _as_table(name: str, rows: list[Row]) -> pa.Table:
    key = TABLES[name].key
    rows.sort(key=lambda row: tuple(row[column] for column in key))
    return TABLES[name].from_rows(rows)


def _event_rows(event: Row, event_kind: str, day: EventDay) -> _Found:
    """All evidence of one event on one day, how few authors made it, and from where."""
    item_kind = event.get("item_kind", "post")
    items = day.items(event, item_kind, only_negative=event_kind == "dip")
    topic = event.get("topic", "")
    if topic != "":
        items = day.about(items, topic.split(" "))
    rows: list[Row] = []
    authors: list[Row] = []
    origins: list[Row] = []

    def rank(kind: str, found: list[Row]) -> None:
        for place, row in enumerate(found[:MAX_ROWS], start=1):
            rows.append({"evidence_kind": kind, "rank": place, **row})

    rank(item_kind, top_items(event, event_kind, items, day))
    words = top_terms(event, event_kind, item_kind, items, day)
    rank("word", words["word"])
    rank("hashtag", words["hashtag"])
    if item_kind == "post":
        counts = count_authors(event, event_kind, items, day)
        posts_count = items.height + count_earlier_posts(event, event_kind, day)
        authors.append(asdict(concentration(counts, posts_count)))
        origins = origins_of(event, event_kind, items, day)
        rank("author", top_authors(counts))
        if event["city"] == "all":
            rank("city", top_cities(event, event_kind, items, day))
        rank("garment", top_garments(event, event_kind, items, day))
    return _Found(rows, authors, origins)
