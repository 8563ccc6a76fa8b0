"""Fetches the bytes behind one address: bounded in size, time and redirects.

Nothing that could tell who asks, or that belongs to someone else, is sent: no cookies,
no referrer, no credentials, and no proxy of the environment is used. Nothing of an
address is told further: reasons hold statuses and causes only.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Literal

import httpcore
import httpx

from trendlab.errors import AddressRefused
from trendlab.sources.media.addresses import Reach, check_url
from trendlab.sources.media.connect import (
    Deadline,
    HostNotFound,
    PinnedBackend,
    Resolve,
    resolve_host,
)
from trendlab.sources.rate_limits import read_retry_after
from trendlab.sources.web import USER_AGENT, utc_now
from trendlab.sources.web_body import BadBody, read_body

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Statuses after which the same address may well bring the photo later.
_PASSING = frozenset({408, 420, 425, 429})
_ACCEPTED_TYPES = b"image/jpeg, image/png, image/webp"


@dataclass(frozen=True)
class Limits:
    """Bounds of one download.

    Parameters
    ----------
    max_bytes : int
        Of the body, packed and unpacked, whatever `Content-Length` says.
    max_redirects : int
    connect_seconds, silence_seconds : float
        Longest wait for a connection, and for the next bytes.
    total_seconds : float
        From the first look-up of a name to the last byte, redirects included.
    """

    max_bytes: int
    max_redirects: int = 5
    connect_seconds: float = 10.0
    silence_seconds: float = 15.0
    # 40 MB at 5 Mbit/s take 64 s
    total_seconds: float = 90.0


@dataclass(frozen=True)
class Fetched:
    """How a download ended.

    Parameters
    ----------
    outcome : {"bytes", "gone", "refused", "failed"}
        `gone`: the server says that it will not give it; `refused`: we do not want
        it; `failed`: it may be there later.
    reason : str or None
        Short, fit for grouping.
    content : bytes
    http_status : int or None
        Of the last answer.
    try_after : datetime or None
        When the server wants to be asked again, UTC.
    """

    outcome: Literal["bytes", "gone", "refused", "failed"]
    reason: str | None = None
    content: bytes = field(default=b"", repr=False)
    http_status: int | None = None
    try_after: datetime | None = None


class PhotoClient:
    """Fetches photos, one after the other; every thread has its own.

    Parameters
    ----------
    reach : Reach
    limits : Limits
    ssl_context : ssl.SSLContext
        Whom to trust; shared by the clients of all threads, for it takes long to make.
    resolve : callable
        Stands in for the name servers in tests.
    clock : callable
        Present moment, UTC.
    """

    def __init__(
        self,
        reach: Reach,
        limits: Limits,
        *,
        ssl_context: ssl.SSLContext,
        resolve: Resolve = resolve_host,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._reach = reach
        self._limits = limits
        self._clock = clock
        self._deadline = Deadline()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context,
            max_connections=4,
            max_keepalive_connections=2,
            # a connection is pinned for no longer than this
            keepalive_expiry=10.0,
            network_backend=PinnedBackend(reach, self._deadline, resolve),
        )

    def __enter__(self) -> PhotoClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.close()

    def get(self, url: str) -> Fetched:
        """Fetch what an address gives; every failure is an outcome, never an error."""
        self._deadline.start(self._limits.total_seconds)
        try:
            return self._follow(url)
        except AddressRefused as refused:
            return Fetched("refused", str(refused))
        except BadBody as bad:
            reason = f"got {bad.what}"
            if bad.is_worth_a_retry:
                return Fetched("failed", reason)
            return Fetched("refused", reason)
        except HostNotFound:
            return Fetched("failed", "host not found")
        except httpcore.TimeoutException:
            return Fetched("failed", "timed out")
        except httpcore.NetworkError:
            return Fetched("failed", "no connection")
        except httpcore.ProtocolError:
            return Fetched("failed", "broken answer")

    def _follow(self, url: str) -> Fetched:
        at = check_url(url, self._reach)
        for _ in range(self._limits.max_redirects + 1):
            given = self._ask(at)
            if isinstance(given, Fetched):
                return given
            if at.scheme == "https" and given.scheme == "http":
                raise AddressRefused("redirected from https to http")
            at = given
        raise AddressRefused(f"over {self._limits.max_redirects} redirects")

    def _ask(self, url: httpx.URL) -> Fetched | httpx.URL:
        """Send one request; return how it ended, or where it sends us."""
        waits = {
            "connect": self._limits.connect_seconds,
            "read": self._limits.silence_seconds,
            "write": self._limits.silence_seconds,
            "pool": self._limits.connect_seconds,
        }
        with self._pool.stream(
            b"GET",
            httpcore.URL(
                scheme=url.raw_scheme,
                host=url.raw_host,
                port=url.port,
                target=url.raw_path,
            ),
            headers=[
                (b"Host", url.netloc),
                (b"User-Agent", USER_AGENT.encode("ascii")),
                (b"Accept", _ACCEPTED_TYPES),
                (b"Accept-Encoding", b"identity"),
            ],
            extensions={"timeout": waits},
        ) as response:
            headers = _told(response)
            if response.status in _REDIRECTS:
                return self._sent_to(url, headers)
            if response.status != 200:
                return self._without(response.status, headers)
            content = read_body(
                response.iter_stream(),
                headers.get("content-encoding", ""),
                limit_bytes=self._limits.max_bytes,
                check_time=self._deadline.check,
            )
        return Fetched("bytes", content=content, http_status=200)

    def _sent_to(self, url: httpx.URL, headers: Mapping[str, str]) -> httpx.URL:
        location = headers.get("location", "")
        if not location:
            raise AddressRefused("redirected to nowhere")
        try:
            joined = url.join(location)
        except (httpx.InvalidURL, ValueError):
            raise AddressRefused("address cannot be read") from None
        return check_url(joined, self._reach)

    def _without(self, status: int, headers: Mapping[str, str]) -> Fetched:
        reason = f"status {status}"
        if status in _PASSING or status >= 500:
            after = read_retry_after(headers, self._clock())
            return Fetched("failed", reason, http_status=status, try_after=after)
        if status >= 400:
            return Fetched("gone", reason, http_status=status)
        return Fetched("refused", reason, http_status=status)


def _told(response: httpcore.Response) -> dict[str, str]:
    """Return headers by lower-case name; what stands there twice is joined."""
    told: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name = raw_name.decode("latin-1").lower()
        value = raw_value.decode("latin-1")
        told[name] = f"{told[name]}, {value}" if name in told else value
    return told
