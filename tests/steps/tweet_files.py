"""Files of tweets to ingest, and what the lake holds of them."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from trendlab.lake import Lake
from trendlab.schemas import TABLES

HEADER = "author_id,text,geo,created_at,retweets,replies,likes,quote_count\n"
CHANGED = 1_700_000_000
NOW = datetime(2026, 1, 10, 3, tzinfo=UTC)


def now() -> datetime:
    return NOW


def tweet(number: int, at: str = "2021-12-03 10:00:00+00:00", likes: object = 3) -> str:
    return f'{number},"tweet {number} #ootd",,{at},1,2,{likes},0\n'


def tweets(path: Path, *lines: str, changed: int = CHANGED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(lines))
    os.utime(path, (changed, changed))
    return path


def state(lake: Lake, *without: str) -> dict[tuple[str, date], str]:
    """Return the checksum of every partition."""
    return {
        (table, day): lake.fingerprint(table, day)
        for table in TABLES
        if TABLES[table].partition and table not in without
        for day in lake.days(table)
    }


def everything(lake: Lake, table: str) -> list[dict[str, Any]]:
    return [
        row for day in lake.days(table) for row in lake.read(table, day).to_pylist()
    ]
