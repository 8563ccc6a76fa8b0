"""The HTTP client that live sources fetch with: polite, bounded, and discreet.

    client.get(url) ─▶ own limit and the service's ─▶ send ─▶ bounded body ─▶ JSON
          ▲                                            │
          └── wait: Retry-After, reset, or backoff ◀───┘ 429, 5xx, no connection, cut

The contract, for whoever writes a source:

* It asks only hosts of `bases`, over https; plain http only where a base says so,
  which is how tests name a server on loopback. Redirects are not followed.
* `Retry-After` and the rate-limit headers are obeyed first, then the limits that
  the source declares. A wait longer than `patience_seconds` is not waited for:
  `RateLimited` says until when.
* Server failures, broken connections and cut bodies are tried again, a bounded
  number of times, with growing pauses and jitter; then `SourceDown`.
* 401 and 403 are `CredentialsRefused`; other statuses that are not in `allow` are
  `UnexpectedAnswer` with `status` and `payload`, for services that put what is
  wrong into the body.
* No message, log line, `origin` or repr holds a query, a header, a body, or any of
  `secrets`; a token that was got on the way is added with `hide`.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

import httpx
import tenacity

from trendlab.errors import SourceDown, SourceUnavailable, UnexpectedAnswer
from trendlab.sources.rate_limits import Rate
from trendlab.sources.turns import TOO_MANY, Turns
from trendlab.sources.web_body import (
    ACCEPTED_ENCODINGS,
    BadBody,
    parse_json,
    read_body,
)
from trendlab.sources.web_errors import (
    asked_too_often,
    failing,
    origin_of,
    redirected,
    refused,
    scheme_and_host,
    tell_failure,
    tell_no_json,
    words_of,
)

# The largest pages (100 posts with all their objects) are about 1 MB.
MAX_BODY_BYTES = 16_777_216
# Both services with windows of five minutes and of a quarter of an hour are waited
# for; an hour or a day is left to the next run.
PATIENCE_SECONDS = 960.0
# With pauses of 1, 2, 4 and 8 s at most: a restart of a server is survived.
TRIES = 5
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
CONNECT_SECONDS = 10.0
# Between two blocks of a body, and for a whole answer.
SILENCE_SECONDS = 20.0
ANSWER_SECONDS = 90.0
USER_AGENT = "trendlab/0.1 (social media trend analytics)"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

# httpx logs whole addresses and httpcore whole headers: tokens stand in both.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def utc_now() -> datetime:
    """Return the present moment, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Answer:
    """What a service answered.

    Parameters
    ----------
    payload : Any
        JSON; None for status 204. NaN and infinities are None.
    status : int
    headers : mapping
        Names in lower case.
    links : mapping of str to str
        Addresses of the `Link` header by their `rel`.
    origin : str
        Address without its query: fit for `Page.origin`.
    observed_at : datetime
        When it came, UTC, in whole seconds: fit for `Page.observed_at`.
    """

    payload: Any = field(repr=False)
    status: int
    headers: Mapping[str, str] = field(repr=False)
    links: Mapping[str, str] = field(repr=False)
    origin: str
    observed_at: datetime


class _TryAgain(Exception):
    """A request that may succeed later; carries what to raise if it does not."""

    def __init__(self, error: SourceUnavailable) -> None:
        super().__init__()
        self.error = error


class WebClient:
    """Asks one service; holds its connections, its limits and its secrets.

    Parameters
    ----------
    bases : sequence of str
        Addresses such as `https://mastodon.example`: only their hosts are asked.
    rates : mapping of str to sequence of Rate
        Own limits. Those under "" hold for every request, others for requests
        made with `service` of that name.
    secrets : collection of str
        Taken out of every message.
    transport : httpx.BaseTransport or None
        Stands in for the network in tests.
    clock, sleep, randomness : callables
        Present moment (UTC); waiting; numbers from 0 to 1 for jitter.
    tries : int
        Requests before giving up.
    patience_seconds : float
        Longest wait before one request.
    max_body_bytes : int
        Of an unpacked body.
    silence_seconds, answer_seconds : float
        Longest silence within an answer, and longest whole answer.
    """

    def __init__(
        self,
        bases: Sequence[str],
        *,
        rates: Mapping[str, Sequence[Rate]] | None = None,
        secrets: Collection[str] = (),
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
        randomness: Callable[[], float] = random.random,
        tries: int = TRIES,
        patience_seconds: float = PATIENCE_SECONDS,
        max_body_bytes: int = MAX_BODY_BYTES,
        silence_seconds: float = SILENCE_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._bases = frozenset(scheme_and_host(base) for base in bases)
        self._secrets = {secret for secret in secrets if secret}
        self._clock = clock
        self._sleep = sleep
        self._randomness = randomness
        self._tries = tries
        self._turns = Turns(
            rates or {}, patience_seconds=patience_seconds, clock=clock, sleep=sleep
        )
        self._max_body_bytes = max_body_bytes
        self._answer_seconds = answer_seconds
        self._requests: dict[str, int] = {}
        self._client = httpx.Client(
            transport=transport,
            timeout=httpx.Timeout(silence_seconds, connect=CONNECT_SECONDS),
            follow_redirects=False,
            # a proxy of the environment never stands before this machine
            mounts={f"all://{host}": None for host in _LOOPBACK},
            headers={
                "User-Agent": USER_AGENT,
                "Accept": "application/json",
                "Accept-Encoding": ACCEPTED_ENCODINGS,
            },
        )

    def __enter__(self) -> WebClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def hide(self, secret: str) -> None:
        """Take a secret that was got on the way out of every message."""
        if secret:
            self._secrets.add(secret)

    @property
    def requests_count(self) -> int:
        """Requests that were sent, tries included."""
        return sum(self._requests.values())

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        service: str = "",
        allow: Collection[int] = (),
    ) -> Answer:
        """Ask for JSON.

        Parameters
        ----------
        url : str
            On a host of `bases`.
        params : mapping or None
            Query; a list repeats the name, None leaves it out.
        headers : mapping or None
        service : str
            Name of the limits in `rates` that hold for it besides those of "".
        allow : collection of int
            Statuses from 400 on that are an answer, not an error.

        Raises
        ------
        SourceUnavailable
            One of its kinds; see the module.
        """
        return self._send("GET", url, service, allow, params=params, headers=headers)

    def post(
        self,
        url: str,
        *,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        service: str = "",
        allow: Collection[int] = (),
    ) -> Answer:
        """Send JSON or a form and get JSON; as `get` otherwise.

        Parameters
        ----------
        json : Any
        form : mapping or None
        auth : (str, str) or None
            User and password of basic authentication.
        """
        return self._send(
            "POST",
            url,
            service,
            allow,
            json=json,
            data=form,
            params=params,
            headers=headers,
            auth=auth,
        )

    def _send(
        self,
        method: Literal["GET", "POST"],
        url: str,
        service: str,
        allow: Collection[int],
        **more: Any,
    ) -> Answer:
        origin = self._scrub(origin_of(url))
        if scheme_and_host(url) not in self._bases:
            raise UnexpectedAnswer(
                f"{origin}: expected an address of "
                f"{', '.join(sorted(self._bases))}, got another host; not asked"
            )
        params = more.pop("params", None)
        if params is not None:
            more["params"] = {k: v for k, v in params.items() if v is not None}
        if more.get("auth") is None:
            more.pop("auth", None)
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._tries),
            wait=self._pause,
            retry=tenacity.retry_if_exception_type(_TryAgain),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._try, method, url, origin, service, allow, more)
        except _TryAgain as failed:
            error = failed.error
        # raised here, so that no request with its headers hangs on to it
        raise error

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Return seconds before the next try: doubled each time, with full jitter."""
        longest = FIRST_PAUSE_SECONDS * 2.0 ** (state.attempt_number - 1)
        return float(min(longest, LONGEST_PAUSE_SECONDS)) * self._randomness()

    def _try(
        self,
        method: str,
        url: str,
        origin: str,
        service: str,
        allow: Collection[int],
        more: Mapping[str, Any],
    ) -> Answer:
        self._turns.wait(origin, service)
        self._requests[service] = self._requests.get(service, 0) + 1
        wrong: SourceUnavailable
        try:
            with self._client.stream(method, url, **more) as response:
                return self._read(response, origin, service, allow)
        except (httpx.TransportError, httpx.InvalidURL, httpx.CookieConflict) as error:
            wrong = SourceDown(
                f"{origin}: no usable answer ({tell_failure(error)}) in {self._tries} "
                "tries; it may be down, or not reachable from here. The next run tries "
                "again"
            )
        raise _TryAgain(wrong)

    def _read(
        self,
        response: httpx.Response,
        origin: str,
        service: str,
        allow: Collection[int],
    ) -> Answer:
        now = self._clock()
        status = response.status_code
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._turns.heed(headers, status, service, now)
        if 300 <= status < 400:
            to = self._scrub(origin_of(headers.get("location", "")))
            raise redirected(origin, status, to)
        is_known = status < 400 or status in allow
        if not is_known and status in TOO_MANY:
            until = self._turns.blocked_until(service, now)
            raise _TryAgain(asked_too_often(origin, status, self._tries, until))
        if not is_known and (status in (408, 425) or status >= 500):
            raise _TryAgain(failing(origin, status, self._tries))
        try:
            payload = self._payload(response, headers)
        except BadBody as bad:
            if is_known and bad.is_worth_a_retry:
                raise _TryAgain(SourceDown(tell_no_json(origin, bad, status))) from None
            if is_known:
                raise UnexpectedAnswer(
                    tell_no_json(origin, bad, status), status
                ) from None
            payload = None
        if not is_known:
            raise refused(origin, status, payload, self._scrub(words_of(payload)))
        links = {
            rel: str(link["url"])
            for rel, link in response.links.items()
            if rel is not None and "url" in link
        }
        return Answer(
            payload, status, headers, links, origin, now.replace(microsecond=0)
        )

    def _payload(self, response: httpx.Response, headers: Mapping[str, str]) -> Any:
        if response.status_code == 204:
            return None
        ends_at = time.monotonic() + self._answer_seconds

        def check_time() -> None:
            if time.monotonic() > ends_at:
                raise httpx.ReadTimeout("the answer does not end")

        body = read_body(
            response.iter_raw(),
            headers.get("content-encoding", ""),
            limit_bytes=self._max_body_bytes,
            check_time=check_time,
        )
        return parse_json(body)

    def _scrub(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text
