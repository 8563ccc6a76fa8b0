"""Live ingest from a shop: runs at a moment of their own, and what the lake holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from tests.steps.shop import DAY, START, Service
from trendlab.lake import Lake
from trendlab.steps.live import Asked, LiveIngest
from trendlab.trackers import Tracker

COAT = Asked(hashtags=("coat",))
TRACKER = Tracker(name="coats", hashtags=("coat", "boots"))


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def ingest_of(
    folder: Path,
    service: Service,
    now: datetime = START + 40 * DAY,
    trackers: tuple[Tracker, ...] = (TRACKER,),
    kind: type[Lake] = Lake,
    **more,
) -> LiveIngest:
    service.clock = Clock(now)
    return LiveIngest(
        kind(folder / "lake"),
        trackers,
        client_of=service.client_of,
        clock=service.clock,
        **more,
    )


def rows(lake: Lake, table: str) -> list[dict]:
    if table == "source_states":
        return lake.read_flat(table).to_pylist()
    days = lake.days(table)
    return lake.read_range(table, days[0], days[-1]).to_pylist() if days else []


def coverage(lake: Lake) -> dict[int, str]:
    return {
        (row["day"] - START.date()).days: row["status"]
        for row in rows(lake, "coverage")
    }


def hours(count: int, step: float = 6) -> list[datetime]:
    return [START + timedelta(hours=step * i) for i in range(count)]
