"""Reads the body of an answer, never more of it than is allowed, as JSON.

A service, or whoever stands in its place, may send a bomb (a kilobyte that unpacks
to gigabytes), a body without end, half a body, or a page of HTML with status 200.
Unpacking is done here, in small steps, because an HTTP library unpacks a received
block whole before one can look at its size.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable
from typing import Any

# gzip or zlib, told from the header of the stream
_ANY_HEADER = zlib.MAX_WBITS | 32
# How much is unpacked at a time.
STEP_BYTES = 65_536
ACCEPTED_ENCODINGS = "gzip, deflate"


class BadBody(Exception):
    """A body that cannot be used; the client says where it came from.

    Parameters
    ----------
    what : str
        What came, to follow "expected JSON, got".
    is_worth_a_retry : bool
        True where the same request may well bring a whole body.
    """

    def __init__(self, what: str, *, is_worth_a_retry: bool = False) -> None:
        super().__init__(what)
        self.what = what
        self.is_worth_a_retry = is_worth_a_retry


def read_body(
    blocks: Iterable[bytes],
    encoding: str,
    *,
    limit_bytes: int,
    check_time: Callable[[], None] = lambda: None,
) -> bytes:
    """Return the unpacked body.

    Parameters
    ----------
    blocks : iterable of bytes
        As received, still packed.
    encoding : str
        Of `Content-Encoding`; "" or "identity" where it is not packed.
    limit_bytes : int
        Of the unpacked body, whatever `Content-Length` says.
    check_time : callable
        Called at each block; raises when it takes too long.

    Raises
    ------
    BadBody
        If it is too long, packed in an unknown way, damaged or cut.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _joined(blocks, limit_bytes, check_time)
    if name not in ("gzip", "x-gzip", "deflate"):
        raise BadBody(f"a body packed as {name[:40]!r}, which was not asked for")
    parts: list[bytes] = []
    size = packed_size = 0
    unpacker = zlib.decompressobj(_ANY_HEADER)
    for block in blocks:
        check_time()
        # a packed stream may also go on for ever and unpack to nothing
        packed_size += len(block)
        if packed_size > limit_bytes:
            raise BadBody(f"a packed body of over {limit_bytes:,} bytes")
        waiting = block
        while waiting and not unpacker.eof:
            try:
                part = unpacker.decompress(waiting, STEP_BYTES)
            except zlib.error:
                raise BadBody("a body that cannot be unpacked") from None
            waiting = unpacker.unconsumed_tail
            size += len(part)
            parts.append(part)
            if size > limit_bytes:
                raise BadBody(f"a body that unpacks to over {limit_bytes:,} bytes")
        if unpacker.eof:
            # what follows the end of the stream is not waited for
            break
    if not unpacker.eof:
        # what still waits inside is bounded: less than a step
        raise BadBody("a body that is cut", is_worth_a_retry=True)
    return b"".join(parts)


def _joined(
    blocks: Iterable[bytes], limit_bytes: int, check_time: Callable[[], None]
) -> bytes:
    parts: list[bytes] = []
    size = 0
    for block in blocks:
        check_time()
        size += len(block)
        if size > limit_bytes:
            raise BadBody(f"a body of over {limit_bytes:,} bytes")
        parts.append(block)
    return b"".join(parts)


def parse_json(body: bytes) -> Any:
    """Return the JSON of a body; NaN and infinities become None.

    Raises
    ------
    BadBody
        If it is no JSON.
    """
    try:
        return json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        pass
    start = body.lstrip()[:15].lower()
    if not start:
        raise BadBody("an empty body")
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<?xml")):
        raise BadBody("a page of HTML or XML")
    raise BadBody("a body that is no JSON")
