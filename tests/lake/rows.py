"""Rows for the lake's tests."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from trendlab.schemas import TABLES

DAY = date(2026, 1, 5)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
POSTS = TABLES["posts"]
RUNS = TABLES["runs"]


def post(post_id="a", *, hours_later=0, **more):
    """One post of source 'x', read so many hours after noon of its day."""
    return {
        "day": DAY,
        "source": "x",
        "post_id": post_id,
        "created_at": NOON,
        "hashtags": [],
        "mentions": [],
        "media_kind": "none",
        "media_count": 0,
        "is_repost": False,
        "observed_at": NOON + timedelta(hours=hours_later),
    } | more


def posts(*rows) -> pa.Table:
    return POSTS.from_rows(list(rows))


def runs(marker: str, count: int = 20, day: date = DAY) -> pa.Table:
    """Rows of `runs`, all with the same run_id, so that a mix shows."""
    return RUNS.from_rows(
        [
            {
                "day": day,
                "step": f"step {number:06d}",
                "run_id": marker,
                "code_hash": "c",
                "settings_hash": "s",
                "inputs_hash": "i",
                "rows_count": number,
                "seconds": 0.5,
                "status": "done",
                "finished_at": NOON,
            }
            for number in range(count)
        ]
    )


def files_of(root):
    """All Parquet files under a folder."""
    return sorted(root.rglob("*.parquet"))
