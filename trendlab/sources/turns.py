"""Waiting until a service, and our own limits, let the next request pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from trendlab.errors import RateLimited
from trendlab.sources.rate_limits import Limiter, Rate, read_block, read_retry_after

# Statuses by which a service says that it was asked too often.
TOO_MANY = (420, 429)


class Turns:
    """When the next request may be sent.

    Parameters
    ----------
    rates : mapping of str to sequence of Rate
        Own limits, by service; those under "" hold for every request.
    patience_seconds : float
        Longest wait before one request.
    clock, sleep : callables
        Present moment (UTC); waiting, seconds.
    """

    def __init__(
        self,
        rates: Mapping[str, Sequence[Rate]],
        *,
        patience_seconds: float,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._limiters = {name: Limiter(given) for name, given in rates.items()}
        self._blocked: dict[str, datetime] = {}
        self._patience = timedelta(seconds=patience_seconds)
        self._clock, self._sleep = clock, sleep

    def wait(self, origin: str, service: str) -> None:
        """Wait for the turn of a request, and note that it is sent.

        Parameters
        ----------
        origin : str
            Address to name in the error.
        service : str

        Raises
        ------
        RateLimited
            If the wait is longer than the patience.
        """
        now = self._clock()
        own = [self._limiters[n] for n in {"", service} if n in self._limiters]
        turns = [limiter.next_at(now) for limiter in own]
        turns += [self._blocked[n] for n in {"", service} if n in self._blocked]
        turn = max(turns, default=now)
        if turn - now > self._patience:
            raise RateLimited(
                f"{origin}: its limit is used up until {turn:%Y-%m-%d %H:%M} UTC, "
                f"longer than the {self._patience.total_seconds():.0f} s that are "
                "waited for. The next run goes on from here",
                turn,
            )
        if turn > now:
            self._sleep((turn - now).total_seconds())
        sent_at = max(self._clock(), turn)
        for limiter in own:
            limiter.note(sent_at)

    def heed(
        self, headers: Mapping[str, str], status: int, service: str, now: datetime
    ) -> None:
        """Note until when the service wants to be left alone.

        Parameters
        ----------
        headers : mapping
            Of an answer, names in lower case.
        status : int
        service : str
        now : datetime
            When it came, UTC.
        """
        until = read_block(headers, now)
        if status in TOO_MANY or status >= 500:
            asked = read_retry_after(headers, now)
            until = until if asked is None else asked
        if until is not None:
            self._blocked[service] = max(until, self._blocked.get(service, until))

    def blocked_until(self, service: str, now: datetime) -> datetime | None:
        """Return until when the service wants to be left alone; None for not."""
        until = self._blocked.get(service)
        return until if until is not None and until > now else None
