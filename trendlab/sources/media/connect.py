"""Connections that go to the address that was checked, and end on time.

A name is resolved here, once, and what is dialled is the number that was checked: a
second answer of the name server (DNS rebinding) is never asked for. TLS still
verifies the certificate of the name, and the server still sees the name.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

import httpcore

from trendlab.errors import AddressRefused
from trendlab.sources.media.addresses import Address, Reach

Resolve = Callable[[str, int], list[Address]]
"""Host and port → every address that it has."""

# A host with more is tried at the first of them.
MAX_DIALLED = 3


class HostNotFound(httpcore.ConnectError):
    """No name server knows the host, or none answered."""


def resolve_host(host: str, port: int) -> list[Address]:
    """Return all addresses of a host, in the order of the system's preference.

    Raises
    ------
    AddressRefused
        If it cannot be the name of a host.
    HostNotFound
        If it has no address, or no name server answers.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise AddressRefused("host name cannot be read") from None
    except OSError:
        raise HostNotFound("host not found") from None
    return [ip_address(one) for one in dict.fromkeys(str(to[0]) for *_, to in found)]


class Deadline:
    """The moment by which the work of one thread must end.

    Parameters
    ----------
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_at = clock()

    def start(self, seconds: float) -> None:
        """Count from now."""
        self._ends_at = self._clock() + seconds

    def check(self) -> None:
        """Raise if it has passed.

        Raises
        ------
        httpcore.ReadTimeout
        """
        self.within(None)

    def within(self, seconds: float | None) -> float:
        """Return the seconds that a wait may take: what is left, or less.

        Raises
        ------
        httpcore.ReadTimeout
            If nothing is left.
        """
        left = self._ends_at - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer does not end")
        return left if seconds is None else min(seconds, left)


class TimedStream(httpcore.NetworkStream):
    """A connection whose every wait ends with the deadline.

    Headers that come byte by byte are read here, too, below the place where a body
    could be watched.
    """

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        return self._inner.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Return the same connection under TLS, for the name that was asked for."""
        left = self._deadline.within(timeout)
        inner = self._inner.start_tls(ssl_context, server_hostname, left)
        return TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks of a connection."""
        return self._inner.get_extra_info(info)


class PinnedBackend(httpcore.NetworkBackend):
    """Resolves a host, checks every address of it, and dials one of these.

    Parameters
    ----------
    reach : Reach
    deadline : Deadline
        That of the photo which is being fetched.
    resolve : callable
    """

    def __init__(
        self, reach: Reach, deadline: Deadline, resolve: Resolve = resolve_host
    ) -> None:
        self._reach = reach
        self._deadline = deadline
        self._resolve = resolve
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a checked address of the host.

        Raises
        ------
        AddressRefused
        HostNotFound
        httpcore.ConnectError, httpcore.ConnectTimeout
            Of the last address that was tried.
        """
        addresses = self._resolve(host, port)
        if not addresses:
            raise HostNotFound("host not found")
        self._reach.check(addresses)
        failed: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses[:MAX_DIALLED]:
            try:
                stream = self._inner.connect_tcp(
                    str(address),
                    port,
                    self._deadline.within(timeout),
                    local_address,
                    socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
                continue
            return TimedStream(stream, self._deadline)
        assert failed is not None
        raise failed
