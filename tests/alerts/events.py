"""Peaks, dips and evidence as alerts are raised from them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from trendlab.alerts import AlertRule, raise_alerts
from trendlab.schemas import TABLES

DAY = date(2021, 12, 3)
NOW = datetime(2021, 12, 4, 2, tzinfo=UTC)
RULE = AlertRule("chanel")


def dip(day: date = DAY, **more: Any) -> dict[str, Any]:
    row = {
        "day": day, "tracker": "chanel", "city": "all", "topic": "",
        "item_kind": "post", "start_on": day, "apex_on": day, "end_on": day,
        "is_count_up": True, "is_share_up": True, "negative_count": 272,
        "scored_count": 544, "negative_authors_count": 201, "negative_share": 0.5,
        "baseline_share": 0.17, "lift": 2.9, "p_value": 1e-30,
        "overdispersion": 0.01, "severity": 6, "pooled_days": 1,
        "is_cold_start": False, "is_author_rule_assessable": True,
        "language_coverage": 0.8, "rule_version": "v", "run_id": "r", **more,
    }  # fmt: skip
    place = "-".join(str(row[k]) for k in ("tracker", "city", "topic", "item_kind"))
    return {"dip_id": f"{place}-{row['start_on']}", **row}


def peak(day: date = DAY, **more: Any) -> dict[str, Any]:
    return {
        "day": day, "peak_id": f"peak-{day}", "tracker": "chanel", "city": "all",
        "measure": "posts", "start_on": day, "apex_on": day, "end_on": day,
        "value": 900.0, "baseline": 300.0, "ratio": 3.0, "z": 6.1, "excess": 600.0,
        "severity": 6, "is_cold_start": False, "rule_version": "v", "run_id": "r",
        **more,
    }  # fmt: skip


def raised(
    dips: list[dict] | None = None,
    *,
    peaks: list[dict] | None = None,
    evidence: list[dict] | None = None,
    past: pa.Table | None = None,
    rules: list[AlertRule] | None = None,
    now: datetime = NOW,
    is_backfill: bool = False,
) -> pa.Table:
    return raise_alerts(
        TABLES["dips"].from_rows(dips or []),
        TABLES["peaks"].from_rows(peaks or []),
        TABLES["evidence"].from_rows(evidence or []),
        TABLES["alerts"].empty() if past is None else past,
        [RULE] if rules is None else rules,
        now=now,
        is_backfill=is_backfill,
    )
