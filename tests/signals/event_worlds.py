"""Gathers what explains events from tables at hand, by the queries of the step."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from trendlab.lake import Lake
from trendlab.signals.activity import tracker_zone_rows
from trendlab.signals.evidence import Inputs
from trendlab.steps.event_inputs import gather_items


def gather(
    events: pa.Table,
    tables: Mapping[str, pa.Table],
    *,
    author_homes: pa.Table,
    city_names: Mapping[str, str],
) -> Inputs:
    """Give the inputs of events: day, tracker and item_kind of each."""
    with tempfile.TemporaryDirectory() as folder:
        items = gather_items(
            Lake(Path(folder)).query,
            events,
            author_homes,
            tracker_zone_rows({}),
            tables,
        )
    return Inputs(
        **items,
        activity=tables["activity"],
        city_names=city_names,
        tokenize=str.split,
    )
