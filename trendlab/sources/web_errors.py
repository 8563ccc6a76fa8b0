"""What went wrong with a request, in words that hold no secret of its address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx

from trendlab.errors import UnexpectedAnswer
from trendlab.sources.web_body import BadBody

# What a service's own words about an error are kept under, and how many of them.
_WORDS = ("error_description", "message", "error", "detail", "meta")
_MAX_WORDS = 200


def origin_of(url: str) -> str:
    """Return an address without its query, user, password and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def scheme_and_host(url: str) -> str:
    """Return `scheme://host:port` in lower case.

    Raises
    ------
    UnexpectedAnswer
        If the address is none that can be asked.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise UnexpectedAnswer(
            f"expected an address such as https://example.org, got {url[:40]!r}"
            if "?" not in url and "@" not in url
            else "expected an address such as https://example.org"
        )
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{parts.hostname.lower()}:{port or usual}"


def tell_failure(error: Exception) -> str:
    """Say in words what went wrong with a connection; never what was sent."""
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the answer is cut or is no HTTP"
    return type(error).__name__


def tell_no_json(origin: str, bad: BadBody, status: int) -> str:
    """Say that an answer is no JSON, and what it is."""
    return f"{origin}: expected JSON, got {bad.what} with status {status}"


def words_of(payload: Any) -> str:
    """Return what the service says about its refusal, shortened."""
    for _ in range(3):
        if isinstance(payload, str):
            return " ".join(payload.split())[:_MAX_WORDS]
        if not isinstance(payload, dict):
            return ""
        payload = next((payload[w] for w in _WORDS if payload.get(w)), None)
    return ""
