"""Shares downloads among threads, a few at a time for each host or domain."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Generic, TypeVar

_Job = TypeVar("_Job")
_Client = TypeVar("_Client")

# Failures in a row after which a host is taken as down for the rest of the run: its
# other photos would each wait for as long.
DOWN_AFTER = 5
# The same for a domain: two dead hosts of it in a row. A name for every photo below one
# domain would else never fail five times.
DOMAIN_DOWN_AFTER = 10


class Patience:
    """Hosts that are left alone for now: they said so, or they do not answer.

    Parameters
    ----------
    clock : callable
        Present moment, UTC.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._until: dict[str, datetime] = {}
        self._failures: Counter[str] = Counter()
        self._domain_failures: Counter[str] = Counter()
        self._guard = threading.Lock()

    def must_wait(self, host: str, domain: str) -> bool:
        """Tell whether a host must not be asked now."""
        with self._guard:
            until = self._until.get(host)
            is_asked_to = until is not None and self._clock() < until
            return (
                is_asked_to
                or self._failures[host] >= DOWN_AFTER
                or self._domain_failures[domain] >= DOMAIN_DOWN_AFTER
            )

    def note_wait(self, host: str, until: datetime) -> None:
        """Note when a host wants to be asked again."""
        with self._guard:
            self._until[host] = max(until, self._until.get(host, until))

    def note(self, host: str, domain: str, *, is_down: bool) -> None:
        """Note whether a host answered, in time for others not to be held up."""
        with self._guard:
            if is_down:
                self._failures[host] += 1
                self._domain_failures[domain] += 1
            else:
                self._failures[host] = self._domain_failures[domain] = 0


class _Turns(Generic[_Job]):
    """Jobs by host, handed out so that no host has more than its share in work."""

    def __init__(self, jobs: Iterable[tuple[str, _Job]], per_host: int) -> None:
        self._waiting: dict[str, deque[_Job]] = {}
        for host, job in jobs:
            self._waiting.setdefault(host, deque()).append(job)
        self._active: dict[str, int] = {}
        self._per_host = per_host
        self._is_stopped = False
        self._changed = threading.Condition()

    def take(self) -> tuple[str, _Job] | None:
        """Return the next job, waiting for its host's turn; None when all are out."""
        with self._changed:
            while self._waiting and not self._is_stopped:
                for host, jobs in self._waiting.items():
                    if self._active.get(host, 0) < self._per_host:
                        return host, self._hand_out(host, jobs)
                self._changed.wait()
            return None

    def _hand_out(self, host: str, jobs: deque[_Job]) -> _Job:
        job = jobs.popleft()
        self._active[host] = self._active.get(host, 0) + 1
        # to the end of the line, so that hosts take turns
        del self._waiting[host]
        if jobs:
            self._waiting[host] = jobs
        return job

    def end(self, host: str) -> None:
        """Give a host's turn back."""
        with self._changed:
            self._active[host] -= 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()


def share_by_host(
    jobs: Iterable[tuple[str, _Job]],
    work: Callable[[_Client, _Job], None],
    make_client: Callable[[], AbstractContextManager[_Client]],
    *,
    threads: int,
    per_host: int,
) -> None:
    """Do all jobs in threads, at most `per_host` of a host at the same time.

    Parameters
    ----------
    jobs : iterable of (str, job)
        With the host, or the domain, that each asks.
    work : callable
        Given the thread's client and a job; called in several threads at once.
    make_client : callable
        Opens the client of a thread.
    threads, per_host : int

    Raises
    ------
    Exception
        Of `work`, unchanged; jobs that were not begun by then are not done.
    """
    turns = _Turns(jobs, per_host)

    def run() -> None:
        with make_client() as client:
            while (taken := turns.take()) is not None:
                host, job = taken
                try:
                    work(client, job)
                except BaseException:
                    # the others end what they have begun, and begin nothing more
                    turns.stop()
                    raise
                finally:
                    turns.end(host)

    with ThreadPoolExecutor(threads, "media") as pool:
        running = [pool.submit(run) for _ in range(threads)]
        try:
            for one in running:
                one.result()
        finally:
            turns.stop()
