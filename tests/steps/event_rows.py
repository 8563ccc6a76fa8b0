"""What explains made-up events, gathered as the step gathers it."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa

from tests.signals.test_evidence import dip, peak
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.signals.activity import tracker_zone_rows
from trendlab.steps.event_inputs import event_days, gather_items


def days_of(*kinds: str) -> pa.Table:
    peaks = peak() if "peak" in kinds else peak().slice(0, 0)
    dips = [dip(item_kind=kind) for kind in kinds if kind != "peak"]
    return event_days(peaks, pa.concat_tables([dip().slice(0, 0), *dips]))


def gathered(
    lake: Lake,
    given: dict[str, pa.Table],
    *kinds: str,
    zones: dict[str, str] | None = None,
) -> dict[str, pa.Table]:
    return gather_items(
        lake.query,
        days_of(*kinds),
        TABLES["author_homes"].empty(),
        tracker_zone_rows(zones or {}),
        given,
    )


def comment(
    number: int, *, post_id: str, on: date, at: datetime | None = None
) -> dict[str, object]:
    return {
        "day": on,
        "source": "mastodon",
        "comment_id": f"c{number}",
        "post_id": post_id,
        "created_at": at,
        "text": "shame",
        "observed_at": None,
    }
