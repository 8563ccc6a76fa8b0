"""Threads share hosts, and leave alone those that want it."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from trendlab.sources.media import Patience, share_by_host
from trendlab.sources.media.hosts import DOMAIN_DOWN_AFTER, DOWN_AFTER

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_every_job_is_done_once_and_no_host_has_more_than_its_share():
    guard = threading.Lock()
    done: list[tuple[str, int]] = []
    active: dict[str, int] = {}
    most: dict[str, int] = {}

    def work(client: None, job: tuple[str, int]) -> None:
        host = job[0]
        with guard:
            active[host] = active.get(host, 0) + 1
            most[host] = max(most.get(host, 0), active[host])
        threading.Event().wait(0.002)
        with guard:
            active[host] -= 1
            done.append(job)

    jobs = [(host, (host, number)) for host in "abc" for number in range(20)]
    share_by_host(jobs, work, nullcontext, threads=8, per_host=2)
    assert sorted(done) == sorted(job for _, job in jobs)
    assert set(most) == {"a", "b", "c"}
    assert max(most.values()) <= 2


def test_a_host_that_hangs_does_not_hold_up_the_others():
    others_done = threading.Event()
    left = [10]
    guard = threading.Lock()

    def work(client: None, host: str) -> None:
        if host == "slow":
            assert others_done.wait(20)
            return
        with guard:
            left[0] -= 1
            if not left[0]:
                others_done.set()

    jobs = [("slow", "slow")] * 5 + [("quick", "quick")] * 10
    share_by_host(jobs, work, nullcontext, threads=3, per_host=2)
    assert others_done.is_set()


def test_an_error_ends_the_work_and_is_the_callers():
    begun: list[int] = []

    def work(client: None, number: int) -> None:
        begun.append(number)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        share_by_host(
            [("a", number) for number in range(100)],
            work,
            nullcontext,
            threads=2,
            per_host=2,
        )
    assert len(begun) <= 2


def test_no_jobs_are_no_work():
    share_by_host([], print, nullcontext, threads=2, per_host=1)


def test_a_host_that_asked_for_a_pause_is_left_alone_until_then():
    now = [NOW]
    patience = Patience(lambda: now[0])
    patience.note_wait("a", NOW + timedelta(seconds=60))
    patience.note_wait("a", NOW + timedelta(seconds=30))
    assert patience.must_wait("a", "x")
    assert not patience.must_wait("b", "x")
    now[0] = NOW + timedelta(seconds=60)
    assert not patience.must_wait("a", "x")


def test_a_host_that_never_answers_is_given_up_for_the_run():
    patience = Patience(lambda: NOW)
    for _ in range(DOWN_AFTER - 1):
        patience.note("a", "x", is_down=True)
    patience.note("a", "x", is_down=False)
    for _ in range(DOWN_AFTER - 1):
        patience.note("a", "x", is_down=True)
    assert not patience.must_wait("a", "x")
    patience.note("a", "x", is_down=True)
    assert patience.must_wait("a", "x")


def test_a_domain_whose_every_name_fails_is_given_up_and_a_live_host_saves_it():
    patience = Patience(lambda: NOW)
    for number in range(DOMAIN_DOWN_AFTER - 1):
        patience.note(f"{number}.x", "x", is_down=True)
    patience.note("live.x", "x", is_down=False)
    for number in range(DOMAIN_DOWN_AFTER - 1):
        patience.note(f"{number}.x", "x", is_down=True)
    assert not patience.must_wait("new.x", "x")
    patience.note("last.x", "x", is_down=True)
    assert patience.must_wait("new.x", "x")
    assert not patience.must_wait("new.y", "y")
