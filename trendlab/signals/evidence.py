"""Lists what is over-represented in a peak or a dip, so that a person can judge it.

Called for the days and events that there are, with the posts of those days and the
daily counts of the 28 days before. Nothing here says what caused an event.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.signals.drivers import (
    MAX_ROWS,
    top_authors,
    top_cities,
    top_garments,
    top_items,
    top_terms,
)
from trendlab.signals.event_items import EventDay, Inputs

Row = dict[str, Any]

__all__ = ["Inputs", "explain_dips", "explain_peaks"]

logger = logging.getLogger(__name__)


def explain_peaks(
    peaks: pa.Table, inputs: Inputs, *, run_ids: Mapping[date, str]
) -> pa.Table:
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
    pyarrow.Table[evidence]
        Top posts by likes, authors and cities by excess over their own baseline,
        words and hashtags by log-odds, garments by log-odds; sorted by the key.
    """
    return _explain(peaks, "peak", inputs, run_ids)


def explain_dips(
    dips: pa.Table, inputs: Inputs, *, run_ids: Mapping[date, str]
) -> pa.Table:
    """Explain the dips that ran on the days of `run_ids`.

    As `explain_peaks`, over the negative items only (of a topic: those with one of
    its words); posts and comments are ranked by how negative they are and their likes.
    """
    return _explain(dips, "dip", inputs, run_ids)


def _explain(
    events: pa.Table, event_kind: str, inputs: Inputs, run_ids: Mapping[date, str]
) -> pa.Table:
    started = time.monotonic()
    rows: list[Row] = []
    wanted = [row for row in events.to_pylist() if row["day"] in run_ids]
    days: dict[date, EventDay] = {}
    for event in sorted(wanted, key=lambda row: row["day"]):
        day = event["day"]
        if day not in days:
            days = {day: EventDay(inputs, day)}  # one day's posts at a time
        rows.extend(
            {**found, "run_id": run_ids[day]}
            for found in _event_rows(event, event_kind, days[day])
        )
    key = TABLES["evidence"].key
    rows.sort(key=lambda row: tuple(row[name] for name in key))
    evidence = TABLES["evidence"].from_rows(rows)
    logger.info(
        "evidence of %ss: %d events in, %d rows out, %.1f s",
        event_kind,
        len(wanted),
        evidence.num_rows,
        time.monotonic() - started,
    )
    return evidence


def _event_rows(event: Row, event_kind: str, day: EventDay) -> list[Row]:
    """All evidence of one event on one day."""
    item_kind = event.get("item_kind", "post")
    items = day.items(event, item_kind, only_negative=event_kind == "dip")
    topic = event.get("topic", "")
    if topic != "":
        said = day.terms(items).filter(pl.col("term").is_in(topic.split(" ")))
        items = items.join(said, on=["source", "item_id"], how="semi")
    event_id = event[f"{event_kind}_id"]
    rows: list[Row] = []

    def rank(kind: str, found: list[Row]) -> None:
        for place, row in enumerate(found[:MAX_ROWS], start=1):
            rows.append(
                {
                    "day": day.day,
                    "event_kind": event_kind,
                    "event_id": event_id,
                    "evidence_kind": kind,
                    "rank": place,
                    **row,
                }
            )

    rank(item_kind, top_items(items, event_kind))
    words = top_terms(event, event_kind, item_kind, items, day)
    rank("word", words["word"])
    rank("hashtag", words["hashtag"])
    if item_kind == "post":
        rank("author", top_authors(event, event_kind, items, day))
        if event["city"] == "all":
            rank("city", top_cities(event, event_kind, items, day))
        rank("garment", top_garments(event, items, day))
    return rows
