"""Live ingest: posts read again as they age, and days that are thin."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.steps.live_shop import COAT, ingest_of, rows
from tests.steps.shop import DAY, START, Service, shop
from trendlab.lake import Lake
from trendlab.schemas import TABLES as DECLARED
from trendlab.steps import live_fetch
from trendlab.steps.live_again import due_posts
from trendlab.steps.live_batch import upsert_rows
from trendlab.steps.live_coverage import judge_volume
from trendlab.steps.live_states import SourceStates
from trendlab.trackers import Tracker


def test_posts_are_read_again_at_a_day_a_week_and_four_weeks(tmp_path):
    service = Service()
    service.put("coat", [START + timedelta(hours=12)])
    run = ingest_of(tmp_path, service)
    for night in (1, 2, 3, 8, 9, 29, 30):
        run.clock.now = START + night * DAY + timedelta(hours=2)
        service.posts["coat"][0]["likes"] = night
        run.ingest_trackers({"shop": shop()}, (START + (night - 1) * DAY).date())
    read = [
        ((row["observed_at"] - row["created_at"]).days, row["likes_count"])
        for row in rows(run.lake, "engagement")
    ]
    # fetched at an age of 14 hours, then in the first night past each age
    assert read == [(0, 1), (1, 2), (7, 8), (28, 29)]


def test_a_post_that_is_gone_or_found_late_is_not_read_for_ever(tmp_path):
    service = Service()
    service.put("coat", [START])
    run = ingest_of(tmp_path, service, now=START + 50 * DAY)
    run.ingest(shop(), COAT, START, START + DAY)
    for days in (50, 60):
        assert due_posts(run.lake, "shop", START + days * DAY) == []


def test_reading_again_keeps_to_its_allowance(tmp_path, service):
    run = ingest_of(tmp_path, service, now=START + DAY + timedelta(hours=2))
    run.ingest_trackers({"shop": shop()}, START.date())
    due = due_posts(run.lake, "shop", START + 2 * DAY + timedelta(hours=2))
    # what was posted at midnight was 26 hours old when it was first read
    assert due == [f"{term}-{i}" for term in ("boots", "coat") for i in (1, 2, 3)]
    term = live_fetch.TermReport("shop", "again")
    with run.lake.lock():
        states = SourceStates(run.lake)
        with service.client_of(shop()) as client:
            one = live_fetch.SourceRun(
                run.lake,
                shop(),
                client,
                states,
                clock=run.clock,
                allowed=0.2,
                report=live_fetch.LiveReport(),
                progress=lambda *_: None,
            )
            one.fetch_again(due, term, most_requests=1)
    assert term.requests_count == 1
    assert term.read_count == 3


@pytest.mark.parametrize(
    ("posts", "before", "is_low"),
    [
        (10, [80, 90, 70, 85, 95, 60, 88], True),
        (20, [80, 90, 70, 85, 95, 60, 88], True),
        (25, [80, 90, 70, 85, 95, 60, 88], False),
        (10, [80, 90, 9, 85, 95, 60, 88], False),
        (0, [80, 90, 70, 85, 95, 60], None),
        (0, [8, 9, 7, 8, 9, 6, 8], None),
        (0, [], None),
    ],
    ids=[
        "an eighth", "a quarter", "less than usual", "no less than once before",
        "too few days", "too few posts", "no days",
    ],
)  # fmt: skip
def test_a_day_with_far_fewer_posts_than_usual_is_low(posts, before, is_low):
    assert judge_volume(posts, before).is_low is is_low


def test_a_thin_day_is_flagged_and_stays_complete(tmp_path):
    service = Service()
    for day in range(9):
        count = 2 if day == 8 else 30
        service.put(
            "coat", [START + day * DAY + timedelta(minutes=i) for i in range(count)]
        )
    tracker = Tracker(name="coats", hashtags=("coat",))
    run = ingest_of(tmp_path, service, trackers=(tracker,))
    report = run.ingest(shop(), COAT, START, START + 9 * DAY)
    (flag,) = report.flags
    assert "LOW VOLUME coats shop 2026-01-09: 2 posts, usual 30" in flag
    low = [row for row in rows(run.lake, "coverage") if row["is_low_volume"]]
    assert [(row["status"], row["posts_count"]) for row in low] == [("complete", 2)]


def test_a_photo_that_was_stored_stays_stored_when_its_post_is_seen_again(tmp_path):
    lake = Lake(tmp_path / "lake")
    day = START.date()
    photo = {
        "day": day,
        "source": "shop",
        "post_id": "1",
        "media_index": 0,
        "media_kind": "image",
        "url": "https://files.example/a.jpg",
        "status": "stored",
        "path": "media/a.jpg",
        "observed_at": START,
    }
    again = {
        **photo,
        "status": "offered",
        "path": None,
        "observed_at": START + DAY,
    }
    moved = {**again, "media_index": 1}
    table = DECLARED["media"]
    with lake.lock():
        lake.write("media", day, table.from_rows([photo]), source="shop")
        upsert_rows(lake, "media", table.from_rows([again, moved]), "shop")
    told = [(row["media_index"], row["status"]) for row in rows(lake, "media")]
    assert told == [(0, "stored"), (1, "offered")]
