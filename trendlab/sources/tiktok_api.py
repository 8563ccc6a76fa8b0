"""Talks to TikTok's Research API: tokens of an application, and what errors mean.

Errors stand in the body (`error.code`), now and then under status 200. 429 means too
many requests at once, which is waited for, or in a day, which is not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from trendlab.errors import (
    CredentialsRefused,
    RateLimited,
    SourceDown,
    UnexpectedAnswer,
)
from trendlab.sources.live import Access
from trendlab.sources.shapes import object_or_empty
from trendlab.sources.web import Answer, WebClient

API = "https://open.tiktokapis.com"
CLIENT_KEY = "TRENDLAB_TIKTOK_CLIENT_KEY"
CLIENT_SECRET = "TRENDLAB_TIKTOK_CLIENT_SECRET"
_REFUSALS = frozenset({400, 401, 403, 404})
_TOKEN_CODES = frozenset({"access_token_invalid", "invalid_token"})
_SCOPE_CODES = frozenset({"scope_not_authorized", "scope_permission_missed"})
_LOST_SEARCH = re.compile(r"search.?id|cursor", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z_]{1,60}")


class ResearchApi:
    """Sends queries; holds the token.

    Parameters
    ----------
    access : Access
        With `CLIENT_KEY` and `CLIENT_SECRET`.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._token: str | None = None

    def log_in(self, client: WebClient) -> None:
        """Get a token.

        Raises
        ------
        CredentialsRefused
            If key and secret are not accepted.
        """
        answer = client.post(
            f"{API}/v2/oauth/token/",
            form={
                "client_key": self._access[CLIENT_KEY],
                "client_secret": self._access[CLIENT_SECRET],
                "grant_type": "client_credentials",
            },
            allow=_REFUSALS,
        )
        given = object_or_empty(answer.payload)
        token = given.get("access_token")
        if isinstance(token, str) and token:
            client.hide(token)
            self._token = token
            return
        if answer.status >= 400 or "error" in given:
            raise CredentialsRefused(
                f"{answer.origin}: it gives no token ({_code_of(answer)}): are "
                f"{CLIENT_KEY} and {CLIENT_SECRET} those of an approved project?"
            )
        raise UnexpectedAnswer(f"{answer.origin}: expected a token", answer.status)

    def _post(
        self,
        client: WebClient,
        path: str,
        fields: Sequence[str],
        body: Mapping[str, Any],
        allow: Collection[int],
    ) -> Answer:
        """Send a query, with a new token first and where the old one has ended."""
        for is_fresh in (self._token is None, True):
            if is_fresh:
                self.log_in(client)
            answer = client.post(
                f"{API}/v2/research/{path}/",
                params={"fields": ",".join(fields)},
                json=dict(body),
                headers={"Authorization": f"Bearer {self._token}"},
                allow=allow,
            )
            if _code_of(answer) not in _TOKEN_CODES or is_fresh:
                break
        return answer

    def _post_once(
        self,
        client: WebClient,
        path: str,
        fields: Sequence[str],
        body: Mapping[str, Any],
    ) -> Answer | None:
        """Send a query; None where it is too many and the body does not say of what."""
        try:
            return self._post(client, path, fields, body, {*_REFUSALS, 429})
        except UnexpectedAnswer as error:
            if error.status == 429:
                return None
            raise

    def query(
        self,
        client: WebClient,
        path: str,
        fields: Sequence[str],
        body: Mapping[str, Any],
    ) -> tuple[Answer, Mapping[str, Any]]:
        """Send a query; return the answer and its `data`.

        Parameters
        ----------
        client : WebClient
        path : str
            Within `/v2/research/`, such as `video/query`.
        fields : sequence of str
            What is wanted of each record.
        body : mapping

        Raises
        ------
        CredentialsRefused
            If a new token is refused, or the project is not approved.
        RateLimited
            If the day's requests are used up, or too many come at once.
        SourceDown
            If it tells of a failure of its own.
        UnexpectedAnswer
            If it refuses the query, or answers in another shape.
        """
        # the day's limit comes as 429, too, and is not worth another try
        answer = self._post_once(client, path, fields, body)
        if answer is None or _is_at_once(answer):
            answer = self._post(client, path, fields, body, _REFUSALS)
        code = _code_of(answer)
        at = f"{answer.origin}: it"
        if code in _TOKEN_CODES:
            raise CredentialsRefused(
                f"{at} refuses a token that has just begun: is the project of "
                f"{CLIENT_KEY} still approved?"
            )
        if code in _SCOPE_CODES:
            raise CredentialsRefused(
                f"{at} says {code}: the project of {CLIENT_KEY} is not approved for "
                "the Research API (scope research.data.basic)"
            )
        if code == "daily_quota_limit_exceeded":
            until = midnight_of(answer.observed_at) + timedelta(days=1)
            raise RateLimited(
                f"{at} has no requests left until {until:%Y-%m-%d %H:%M} UTC. The next "
                "run goes on from here",
                until,
            )
        if _is_at_once(answer):
            raise RateLimited(
                f"{at} wants fewer requests. The next run goes on from here"
            )
        if code == "internal_error":
            raise SourceDown(
                f"{at} tells of a failure of its own. The next run tries again"
            )
        data = object_or_empty(answer.payload).get("data")
        if answer.status >= 400 or code != "ok" or not isinstance(data, dict):
            raise UnexpectedAnswer(
                f"{at} answered {answer.status} ({code}), expected an object with data",
                answer.status,
                answer.payload,
            )
        return answer, data


def _code_of(answer: Answer) -> str:
    """Return the code of an error; `ok` also where a good answer tells none."""
    payload = object_or_empty(answer.payload)
    error = payload.get("error")
    code = error.get("code") if isinstance(error, dict) else error
    if isinstance(code, str) and _CODE.fullmatch(code):
        return code
    return "ok" if answer.status < 400 and "data" in payload else "no reason given"


def _is_at_once(answer: Answer) -> bool:
    """Tell whether too many requests came at once, not in a day."""
    code = _code_of(answer)
    is_limit = answer.status == 429 or code == "rate_limit_exceeded"
    return is_limit and code != "daily_quota_limit_exceeded"


def is_lost_search(error: UnexpectedAnswer) -> bool:
    """Tell whether a search_id, or the cursor in it, is not known any more."""
    told = object_or_empty(object_or_empty(error.payload).get("error"))
    return told.get("code") == "invalid_params" and bool(
        _LOST_SEARCH.search(str(told.get("message")))
    )


def midnight_of(moment: datetime) -> datetime:
    """Return when the UTC day of a moment began, from which requests are counted."""
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)
