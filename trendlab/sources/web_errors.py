"""What went wrong with a request, in words that hold no secret of its address."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from trendlab.errors import (
    CredentialsRefused,
    RateLimited,
    SourceDown,
    UnexpectedAnswer,
)
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


def asked_too_often(
    origin: str, status: int, tries: int, until: datetime | None
) -> RateLimited:
    """Return the error of a service that says it was asked too often, at every try."""
    return RateLimited(
        f"{origin}: it answered {status} (too many requests) {tries} times. The next "
        "run goes on from here",
        until,
    )


def failing(origin: str, status: int, tries: int) -> SourceDown:
    """Return the error of a service that failed at every try."""
    return SourceDown(
        f"{origin}: it answered {status} (its own failure) {tries} times. The next run "
        "tries again"
    )


def refused(
    origin: str, status: int, payload: Any, said: str
) -> CredentialsRefused | UnexpectedAnswer:
    """Return the error of a refusal.

    Parameters
    ----------
    origin : str
    status : int
    payload : Any
        JSON of the answer, None where it had none.
    said : str
        The service's own words, without secrets; "" for none.
    """
    said = f': "{said}"' if said else ""
    if status in (401, 403):
        return CredentialsRefused(
            f"{origin}: it refused us with {status}{said}. Are the credentials set, "
            "valid, and allowed to do this? Try `trendlab sources check`"
        )
    return UnexpectedAnswer(f"{origin}: it answered {status}{said}", status, payload)


def redirected(origin: str, status: int, to: str) -> UnexpectedAnswer:
    """Return the error of an answer that points elsewhere, to an address or ""."""
    return UnexpectedAnswer(
        f"{origin}: it answered {status} and points to {to or 'nowhere'}; redirects "
        "are not followed. If that is its new address, set it",
        status,
    )
