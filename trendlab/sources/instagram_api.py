"""Asks Instagram's Graph API, and says what its errors mean.

Errors stand in the body as `{"error": {"code", "error_subcode", "message", …}}`, mostly
with status 400 or 403, whatever they are about: limits, the token, or the hashtag. The
token goes in a header, never in an address; `paging.next`, which repeats it, is only
looked at, never asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trendlab.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    SourceDown,
    UnexpectedAnswer,
)
from trendlab.sources.live import Access
from trendlab.sources.shapes import object_or_empty
from trendlab.sources.web import Answer, WebClient

HOST = "https://graph.facebook.com"
VERSION = "v25.0"
TOKEN = "TRENDLAB_INSTAGRAM_TOKEN"
USER_ID = "TRENDLAB_INSTAGRAM_USER_ID"
_REFUSALS = frozenset({400, 401, 403, 404, 429})
# Of the app, of the user, of the page, custom ones, and of Instagram's business use.
LIMIT_CODES = frozenset({4, 17, 32, 613, 80_002})
# A token that is no token any more; a session that has ended.
TOKEN_CODES = frozenset({190, 102})
PERMISSION_CODES = frozenset({3, 10, *range(200, 300)})
# Unknown, and "temporarily unavailable".
OWN_FAILURE_CODES = frozenset({1, 2})
BUDGET_CODE = 18
NOT_THERE_CODES = frozenset({24, 110})


class GraphApi:
    """Sends requests for one account; holds what it was told.

    Parameters
    ----------
    access : Access
        With `TOKEN` and `USER_ID`.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def user_id(self) -> str:
        """Number of the account in whose name is asked."""
        return self._access[USER_ID]

    def get(self, client: WebClient, path: str, **params: Any) -> Answer:
        """Ask for an object.

        Parameters
        ----------
        client : WebClient
        path : str
            Below the version, such as `17841562906103814/recent_media`.

        Raises
        ------
        CredentialsRefused
            If the token has ended, or is none.
        PermissionRefused
            If the token may not read this.
        RateLimited
            If a limit is used up.
        SourceDown
            If it tells of a failure of its own.
        UnexpectedAnswer
            If what was asked for is not there, is one hashtag too many, or the answer
            has another shape.
        """
        url = f"{HOST}/{VERSION}/{path}"
        headers = {"Authorization": f"Bearer {self._access[TOKEN]}"}
        try:
            answer = client.get(url, params=params, headers=headers, allow=_REFUSALS)
        except UnexpectedAnswer as error:
            if error.status == 429:
                raise _limited(str(error).partition(": ")[0]) from None
            raise
        payload = answer.payload
        if isinstance(payload, dict) and "error" in payload:
            _refuse(answer, object_or_empty(payload["error"]))
        if answer.status == 429:
            raise _limited(answer.origin)
        if answer.status == 401:
            raise _unknown(answer.origin, "no code")
        if answer.status == 403:
            raise _permission(answer.origin, "no code")
        if answer.status >= 400 or not isinstance(payload, dict):
            raise UnexpectedAnswer(
                f"{answer.origin}: it answered {answer.status}, expected an object",
                answer.status,
                payload,
            )
        return answer


def _refuse(answer: Answer, error: Mapping[str, Any]) -> None:
    """Raise what an error of the service means; its words may repeat what was sent."""
    at = answer.origin
    given = error.get("code")
    code = given if isinstance(given, int) else None
    if code in LIMIT_CODES or answer.status == 429:
        raise _limited(at)
    if code in TOKEN_CODES:
        raise _unknown(at, f"code {code}")
    if code in PERMISSION_CODES:
        raise _permission(at, f"code {code}")
    if code in OWN_FAILURE_CODES or error.get("is_transient") is True:
        raise SourceDown(
            f"{at}: it tells of a failure of its own (code {code}). The next run tries "
            "again"
        )
    if code == BUDGET_CODE:
        told = (
            "30 hashtags were asked in the last 7 days by this account, and this is "
            "another; it is asked once one of them is a week old"
        )
    elif code in NOT_THERE_CODES:
        told = f"it cannot be read (code {code}): it is not there, or not shown"
    elif answer.status == 401:
        raise _unknown(at, f"code {code}")
    elif answer.status == 403:
        raise _permission(at, f"code {code}")
    else:
        told = f"it answered {answer.status} (code {code})"
    raise UnexpectedAnswer(f"{at}: {told}", answer.status, answer.payload)


def _limited(origin: str) -> RateLimited:
    return RateLimited(
        f"{origin}: its limit is used up. The next run goes on from here"
    )


def _unknown(origin: str, code: str) -> CredentialsRefused:
    return CredentialsRefused(
        f"{origin}: the token of {TOKEN} is not valid any more ({code}): a "
        "long-lived one lasts 60 days; get a new one (docs/sources/instagram.md)"
    )


def _permission(origin: str, code: str) -> PermissionRefused:
    return PermissionRefused(
        f"{origin}: the token may not do this ({code}): hashtags need the feature "
        "Instagram Public Content Access, comments instagram_manage_comments, all "
        "need instagram_basic (docs/sources/instagram.md)"
    )


def list_of(found: Any, answer: Answer) -> list[Any]:
    """Return the `data` of an edge.

    Raises
    ------
    UnexpectedAnswer
        If there is no such list.
    """
    listed = object_or_empty(found).get("data")
    if not isinstance(listed, list):
        raise UnexpectedAnswer(
            f"{answer.origin}: expected a list under data", answer.status
        )
    return listed


def cursor_of(found: Any) -> str | None:
    """Return the cursor to the next page; None where there is none.

    Notes
    -----
    Of hashtags it is the same on every page, and leads on all the same.
    """
    paging = object_or_empty(object_or_empty(found).get("paging"))
    after = object_or_empty(paging.get("cursors")).get("after")
    is_more = isinstance(paging.get("next"), str)
    return after if is_more and isinstance(after, str) and after else None
