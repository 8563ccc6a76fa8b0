"""When a service may be asked again: what its headers say, and our own limits.

Services say it in several dialects. `Retry-After` is seconds or an HTTP date.
What is left of an allowance stands in `X-RateLimit-Remaining` (Mastodon, Reddit),
`RateLimit-Remaining` (Bluesky), `X-RateLimit-PerHour-Remaining` and
`-PerDay-Remaining` (Tumblr), or in one `RateLimit` field (`limit=…, remaining=…,
reset=…` of older drafts of the IETF, `"name";r=…;t=…` of newer ones). The moment of
the reset is an ISO 8601 time (Mastodon), seconds since 1970 (Bluesky), or seconds
from now (Reddit, Tumblr, IETF). Meta gives percentages of what is used, as JSON:
`X-App-Usage` an object of them, `X-Business-Use-Case-Usage` lists of such objects by
business, with the minutes until access is regained.
"""

from __future__ import annotations

import json
import math
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

# A number at or above this is a moment since 1970 (2001-09-09), not a wait.
EPOCH_SECONDS_FROM = 1_000_000_000
EPOCH_MILLISECONDS_FROM = 100_000_000_000
# No service blocks for longer; a header that says so is broken.
LONGEST_BLOCK = timedelta(days=8)
# Meta's windows roll over an hour; where it does not say when access is regained.
USAGE_PAUSE = timedelta(hours=1)
USED_UP_PERCENT = 100

_REMAINING = re.compile(r"^(x-)?rate-?limit(?P<window>-.+)?-remaining$")
_OLD_FIELD = re.compile(r"\b(remaining|reset)\s*=\s*(\d{1,12})")
_USAGE_FIELDS = ("x-app-usage", "x-business-use-case-usage")
_USAGE_PERCENTS = ("call_count", "total_time", "total_cputime")
_REGAIN_MINUTES = "estimated_time_to_regain_access"
_NEW_FIELD = re.compile(r";\s*([rt])\s*=\s*(\d{1,12})")


@dataclass(frozen=True)
class Rate:
    """At most so many requests within so many seconds.

    Parameters
    ----------
    count : int
    seconds : float
        Length of the sliding window.
    """

    count: int
    seconds: float


class Limiter:
    """Sliding windows over the requests that were sent; holds their moments only.

    Parameters
    ----------
    rates : sequence of Rate
        All of them hold.

    Notes
    -----
    The limiter libraries (pyrate-limiter, limits, aiolimiter) read the clock
    themselves and sleep themselves or start threads; here both are the client's.
    """

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._rates = tuple(rates)
        longest = max((rate.count for rate in rates), default=0)
        self._sent: deque[datetime] = deque(maxlen=longest or None)

    def next_at(self, now: datetime) -> datetime:
        """Return when the next request may be sent; `now` if at once."""
        free_at = now
        for rate in self._rates:
            if len(self._sent) >= rate.count:
                window = timedelta(seconds=rate.seconds)
                # a clock that was set back must not make us wait for longer
                oldest = min(self._sent[-rate.count], now)
                free_at = max(free_at, oldest + window)
        return free_at

    def note(self, now: datetime) -> None:
        """Count a request as sent now."""
        if self._rates:
            self._sent.append(now)


def read_retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return when the service wants to be asked again, None where it does not say.

    Parameters
    ----------
    headers : mapping
        With lower-case names.
    now : datetime
        UTC.
    """
    given = headers.get("retry-after")
    return None if given is None else _moment(given, now)


def read_block(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return until when nothing may be asked, None while something is left.

    Parameters
    ----------
    headers : mapping
        With lower-case names.
    now : datetime
        UTC.

    Notes
    -----
    Only an allowance that is used up blocks. Of several, the latest reset counts.
    """
    blocks = []
    for name, value in headers.items():
        found = _REMAINING.match(name)
        if found is None or not _is_used_up(value):
            continue
        reset_at = _moment(headers.get(name[: -len("remaining")] + "reset"), now)
        if reset_at is not None:
            blocks.append(reset_at)
    for item in headers.get("ratelimit", "").split(","):
        blocks += _block_of_new_field(item, now)
    old = dict(_OLD_FIELD.findall(headers.get("ratelimit", "")))
    if old.get("remaining") == "0" and "reset" in old:
        blocks.append(now + timedelta(seconds=int(old["reset"])))
    for name in _USAGE_FIELDS:
        if name in headers:
            blocks += _blocks_of_usage(headers[name], now)
    blocks = [min(block, now + LONGEST_BLOCK) for block in blocks if block > now]
    return max(blocks, default=None)


def _block_of_new_field(item: str, now: datetime) -> list[datetime]:
    told = dict(_NEW_FIELD.findall(item))
    if told.get("r") != "0" or "t" not in told:
        return []
    return [now + min(timedelta(seconds=int(told["t"])), LONGEST_BLOCK)]


def _blocks_of_usage(value: str, now: datetime) -> list[datetime]:
    """Return until when each used-up usage of Meta's headers blocks."""
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        return []
    usages: list[Any] = [told]
    if isinstance(told, dict):
        for given in told.values():
            usages += given if isinstance(given, list) else []
    blocks = []
    for usage in usages:
        if not isinstance(usage, dict):
            continue
        minutes = _number_of(usage.get(_REGAIN_MINUTES))
        percents = [_number_of(usage.get(name)) for name in _USAGE_PERCENTS]
        if minutes > 0:
            blocks.append(now + min(timedelta(minutes=minutes), LONGEST_BLOCK))
        elif max(percents) >= USED_UP_PERCENT:
            blocks.append(now + USAGE_PAUSE)
    return blocks


def _number_of(value: Any) -> float:
    """Return a number within a year of minutes; 0 in place of anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= 525_600 else 0.0


def _is_used_up(value: str) -> bool:
    try:
        # Reddit counts in fractions
        return float(value) < 1
    except ValueError:
        return False


def _moment(given: str | None, now: datetime) -> datetime | None:
    """Read seconds from now, seconds since 1970, an HTTP date or an ISO 8601 time."""
    if given is None:
        return None
    text = given.strip()
    moment: datetime | None
    try:
        number = float(text)
    except ValueError:
        moment = _written(text)
    else:
        if not math.isfinite(number):
            return None
        if number >= EPOCH_MILLISECONDS_FROM:
            number /= 1000
        if number >= EPOCH_SECONDS_FROM:
            try:
                moment = datetime.fromtimestamp(number, UTC)
            except (OverflowError, ValueError, OSError):
                return None
        else:
            moment = now + timedelta(seconds=max(number, 0.0))
    return None if moment is None else min(moment, now + LONGEST_BLOCK)


def _written(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
