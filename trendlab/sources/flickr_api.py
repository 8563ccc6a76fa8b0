"""Asks Flickr's REST API, and says what its errors mean.

Errors come with status 200, as `{"stat": "fail", "code": 100, "message": …}`. The key
stands in the query, which no message, log or origin repeats.
"""

from __future__ import annotations

from typing import Any

from trendlab.errors import CredentialsRefused, SourceDown, UnexpectedAnswer
from trendlab.sources.live import Access
from trendlab.sources.shapes import object_or_empty
from trendlab.sources.web import Answer, WebClient

HOST = "https://api.flickr.com"
KEY = "TRENDLAB_FLICKR_API_KEY"
KEY_CODES = frozenset({96, 97, 98, 99, 100})
# Unavailable, a write that failed, and, of searches, "not currently available".
DOWN_CODES = frozenset({105, 106})
SEARCH_DOWN_CODE = 10
SEARCH = "flickr.photos.search"


class FlickrApi:
    """Sends requests with a key; holds what it was told.

    Parameters
    ----------
    access : Access
        With `KEY`.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def get(
        self, client: WebClient, method: str, part: str, **params: Any
    ) -> tuple[Answer, dict[str, Any]]:
        """Call a method; return the answer and one of its parts.

        Parameters
        ----------
        client : WebClient
        method : str
            Such as `flickr.photos.search`.
        part : str
            Name of the object that is wanted, such as `photos`.

        Raises
        ------
        CredentialsRefused
            If the key is not accepted.
        SourceDown
            If it says that it is unavailable.
        UnexpectedAnswer
            If what was asked for is not there (with the service's code in `payload`),
            or the answer has another shape.
        """
        answer = client.get(
            f"{HOST}/services/rest/",
            params={
                "method": method,
                "api_key": self._access[KEY],
                "format": "json",
                "nojsoncallback": 1,
                **params,
            },
        )
        payload = object_or_empty(answer.payload)
        if payload.get("stat") == "fail":
            code = payload.get("code")
            code = code if isinstance(code, int) else None
            if code in KEY_CODES:
                raise CredentialsRefused(
                    f"{answer.origin}: it refuses the key (code {code}): is {KEY} one "
                    "of flickr.com/services/apps?"
                )
            if code in DOWN_CODES or (method == SEARCH and code == SEARCH_DOWN_CODE):
                raise SourceDown(
                    f"{answer.origin}: {method} is not available now (code {code}). "
                    "The next run tries again"
                )
            raise UnexpectedAnswer(
                f"{answer.origin}: {method} was refused (code {code})",
                answer.status,
                payload,
            )
        found = payload.get(part)
        if payload.get("stat") != "ok" or not isinstance(found, dict):
            raise UnexpectedAnswer(
                f"{answer.origin}: expected an object with {part}", answer.status
            )
        return answer, found


def is_gone(error: UnexpectedAnswer) -> bool:
    """Tell whether a photo is not there any more, or not shown."""
    return object_or_empty(error.payload).get("code") in (1, 2)
