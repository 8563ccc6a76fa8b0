"""Counts authors over the days that a negative peak pools, from what the lake holds."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.lake import Span
from trendlab.signals.activity import COMMENT_LOOKBACK_DAYS, lake_query
from trendlab.signals.dip_authors import CountAuthors
from trendlab.signals.dip_events import DipRule
from trendlab.steps.event_inputs import Query
from trendlab.steps.spans import ONE_DAY
from trendlab.steps.step import Input

# Query by kind of item.
AUTHOR_QUERIES = {"post": "pooled_post_authors", "comment": "pooled_comment_authors"}


def author_counter(query: Query, tracker_zones: pa.Table) -> CountAuthors:
    """Give what counts the authors of the negatives of pooled days.

    Parameters
    ----------
    query : callable
        (SQL, relations, parameters) → rows; `Lake.query`.
    tracker_zones : pyarrow.Table
        Of `tracker_zone_rows`: trackers whose day is not the UTC day.
    """
    return partial(_count_authors, query, tracker_zones)


def _count_authors(
    query: Query, tracker_zones: pa.Table, item_kind: str, cells: pa.Table
) -> pa.Table:
    first = pc.min(cells["pooled_from"]).as_py()
    last = pc.max(cells["day"]).as_py()
    spans = _spans(first, last)
    relations: dict[str, pa.Table | Span] = {
        "cells": cells,
        "sentiment": spans["sentiment"],
    }
    parameters: dict[str, Any] = {}
    if item_kind == "post":
        relations["tracker_posts"] = Span("tracker_posts", first, last)
    else:
        relations |= {
            "tracker_posts": spans["tracker_posts"],
            "comments": spans["comments"],
            "tracker_zones": tracker_zones,
        }
        parameters["comment_days"] = COMMENT_LOOKBACK_DAYS
    return query(lake_query(AUTHOR_QUERIES[item_kind]), relations, parameters)


def author_inputs(day: date) -> list[Input]:
    """Return what is read of a day's negatives, and of the days pooled with it."""
    first = day - timedelta(DipRule().pool_days - 1)
    return [
        Input(span.table, span.first_day, span.last_day)
        for span in _spans(first, day).values()
        if span.first_day is not None and span.last_day is not None
    ]


def _spans(first: date, last: date) -> dict[str, Span]:
    """Return the stored days that hold the negatives of a range of trackers' days."""
    reach = timedelta(COMMENT_LOOKBACK_DAYS)
    return {
        "tracker_posts": Span("tracker_posts", first - reach, last),
        "comments": Span("comments", first - ONE_DAY, last + ONE_DAY),
        "sentiment": Span("sentiment", first - ONE_DAY, last + ONE_DAY),
    }
