"""A service that lists only its newest posts: the rest is lost, and told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from tests.steps.shop import DAY, START, Service, Shop
from trendlab.lake import Lake
from trendlab.sources.base import Page, Plan
from trendlab.sources.live import Access
from trendlab.sources.web import WebClient
from trendlab.steps.live import Asked, LiveIngest
from trendlab.trackers import Tracker

COAT = Asked(hashtags=("coat",))
TRACKER = Tracker(name="coats", hashtags=("coat",))


class Shelf(Shop):
    """Lists the newest posts of a range only, and names two more of each page."""

    name: ClassVar[str] = "shelf"
    listed: ClassVar[int] = 8

    def fetch(self, plan: Plan, client: WebClient) -> Iterator[Page]:
        pages = list(super().fetch(plan, client))
        posts = [post for page in pages for post in page.payload][-self.listed :]
        if not posts:
            return
        is_cut = len(posts) == self.listed
        oldest = min(datetime.fromisoformat(post["at"]) for post in posts)
        yield replace(
            pages[-1],
            payload=posts,
            reached_at=oldest if is_cut else None,
            left_out_count=2,
        )


def ingest_of(folder: Path, service: Service, now: datetime) -> LiveIngest:
    service.clock = lambda: now
    return LiveIngest(
        Lake(folder / "lake"),
        (TRACKER,),
        client_of=service.client_of,
        clock=lambda: now,
    )


def shelf() -> Shelf:
    return Shelf(Access((), {}))


def coverage(lake: Lake) -> dict[int, tuple[str, str | None]]:
    days = lake.days("coverage")
    return {
        (row["day"] - START.date()).days: (row["status"], row["reason"])
        for row in lake.read_range("coverage", days[0], days[-1]).to_pylist()
    }


def test_what_is_not_listed_any_more_is_lost_and_not_asked_for_again(tmp_path):
    service = Service()
    # six a day: the newest eight begin on the last but one
    service.put("coat", [START + timedelta(hours=4 * i) for i in range(24)])
    run = ingest_of(tmp_path, service, START + 4 * DAY)
    report = run.ingest(shelf(), COAT, START, START + 4 * DAY)
    (failure,) = report.failures
    assert "before 2026-01-03 16:00 UTC cannot be had" in failure
    assert "  not given by shelf: 2 records" in report.lines()
    told = coverage(run.lake)
    assert [told[day][0] for day in range(4)] == ["none", "none", "partial", "complete"]
    asked = len(service.asked)
    run = ingest_of(tmp_path, service, START + 5 * DAY)
    again = run.ingest(shelf(), COAT, START, START + 4 * DAY)
    assert (len(service.asked), again.failures) == (asked, [])
    assert [coverage(run.lake)[day][0] for day in range(3)] == [
        "none",
        "none",
        "partial",
    ]
    # also on a day on which nothing was asked, the reason is told
    assert "lists only its newest posts" in str(coverage(run.lake)[1][1])
    forced = run.ingest(shelf(), COAT, START, START + 4 * DAY, is_again=True)
    assert len(forced.failures) == 1


def test_a_day_that_was_covered_while_it_was_listed_stays_so(tmp_path):
    service = Service()
    service.put("coat", [START + timedelta(hours=8 * i) for i in range(6)])
    ingest_of(tmp_path, service, START + DAY).ingest(shelf(), COAT, START, START + DAY)
    service.put("coat", [START + 3 * DAY + timedelta(hours=i) for i in range(12)])
    run = ingest_of(tmp_path, service, START + 4 * DAY)
    run.ingest(shelf(), COAT, START, START + 4 * DAY, is_again=True)
    told = {day: status for day, (status, _) in coverage(run.lake).items()}
    assert told == {0: "complete", 1: "none", 2: "none", 3: "partial"}
