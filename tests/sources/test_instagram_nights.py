"""Instagram night by night: what is covered, and one budget for all trackers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.sources import instagram_server
from tests.sources.instagram_server import ME, START, comment, refusal
from tests.sources.test_instagram import source_of
from trendlab.lake import Lake
from trendlab.steps.live import LiveIngest
from trendlab.steps.live_access import describe_sources
from trendlab.trackers import Tracker

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def statuses(lake: Lake, tracker: str) -> list[str]:
    days = lake.days("coverage")
    rows = lake.read_range("coverage", days[0], days[-1]).to_pylist()
    mine = [row for row in rows if row["tracker"] == tracker]
    return [row["status"] for row in sorted(mine, key=lambda row: row["day"])]


@pytest.mark.parametrize(("hours", "second"), [(12, "complete"), (25, "partial")])
def test_two_runs_a_day_cover_it_and_less_than_one_does_not(tmp_path, hours, second):
    now = START + DAY

    def clock() -> datetime:
        return now

    tracker = Tracker(name="looks", hashtags=("coat",))
    lake = Lake(tmp_path / "lake")
    with instagram_server.instagram() as (server, service):
        service.clock = clock
        for i in range(96):
            server.put(START + i * HOUR, f"no {i} #coat")
        run = LiveIngest(lake, (tracker,), client_of=service.client_of, clock=clock)
        while now < START + 4 * DAY:
            server.now = now
            run.ingest_trackers({"instagram": source_of()}, now.date() - DAY)
            now += hours * HOUR
    # the first day began before its first run could look back to it
    assert statuses(lake, "looks")[:2] == ["partial", second]


def test_trackers_share_thirty_hashtags_and_the_list_shows_them(tmp_path):
    now = START + DAY
    first = tuple(f"first{i:02}" for i in range(20))
    second = tuple(f"second{i:02}" for i in range(15))
    with instagram_server.instagram() as (server, service):
        service.clock = lambda: now
        for name in (*first, *second):
            server.put(START + HOUR, f"a #{name}")
        trackers = (
            Tracker(name="one", hashtags=first),
            Tracker(name="two", hashtags=second),
        )
        lake = Lake(tmp_path / "lake")
        run = LiveIngest(lake, trackers, client_of=service.client_of, clock=lambda: now)
        report = run.ingest_trackers({"instagram": source_of()}, START.date())
        told = "\n".join(report.lines())
        assert "instagram: 0 of 30 hashtags were asked in the last 7 days, 20" in told
        assert "instagram: 20 of 30 hashtags were asked in the last 7 days, 10" in told
        assert "no room for #second10, #second11" in told
        assert len(server.searched) == 30
        listed = "\n".join(describe_sources({}, lake, now))
        assert "hashtags asked in the last 7 days: 30 of 30 (#first00" in listed
        # a new run has the same budget, and asks for nothing that is covered
        service.asked.clear()
        report = run.ingest_trackers({"instagram": source_of()}, START.date())
        assert "30 of 30 hashtags" in "\n".join(report.notes)
        assert service.asked == []
    # five of its hashtags were not asked: their posts are missing, not zero
    assert statuses(lake, "two") == ["partial"]


def test_refused_comments_leave_the_day_whole_and_are_told(tmp_path):
    now = START + DAY
    tracker = Tracker(name="desk", accounts=(ME,))
    lake = Lake(tmp_path / "lake")
    with instagram_server.instagram() as (server, service):
        service.clock = lambda: now
        for number in range(3):
            medium = server.put(START + number * HOUR, f"mine {number}", by=ME)
            server.comments[medium["id"]] = [comment(number, f"on {number}")]
            if number == 1:
                refused = (f"{medium['id']}/comments", refusal(10))
                service.faults.append(refused)
        run = LiveIngest(
            lake, (tracker,), client_of=service.client_of, clock=lambda: now
        )
        report = run.ingest_trackers({"instagram": source_of()}, START.date())
    assert report.failures == []
    assert "  not given by instagram: 1 records" in report.lines()
    assert lake.read("posts", START.date()).num_rows == 3
    comments = lake.read("comments", START.date())
    assert sorted(comments["text"].to_pylist()) == ["on 0", "on 2"]
    assert statuses(lake, "desk") == ["complete"]
