"""Reads an account of Instagram: its media, newest first, and comments of the own one.

Others are read by business discovery, which gives business and creator accounts only.
Comments can be read of the media of the account in whose name is asked, of no other.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from trendlab.errors import PermissionRefused, UnexpectedAnswer
from trendlab.sources.base import Page, Slice
from trendlab.sources.instagram_api import HOST, GraphApi, cursor_of, list_of
from trendlab.sources.instagram_media import post_id_of
from trendlab.sources.instagram_pages import (
    MEDIA_FIELDS,
    PAGE_SIZE,
    is_within,
    page_of,
    range_of,
    time_of,
)
from trendlab.sources.shapes import object_or_empty
from trendlab.sources.spans import write_moment
from trendlab.sources.web import Answer, WebClient

ACCOUNT_FIELDS = "id,username,name,biography,followers_count,follows_count,media_count"
# Of one post; a page holds fifty.
MAX_COMMENT_PAGES = 10
# A post may be closed to us; so many in a row, and it is the token that may not. Each
# costs one of the hour's 190 requests, and a page holds fifty posts.
MAX_REFUSALS_IN_A_ROW = 3
_OWN_FIELDS = (
    "id,caption,comments_count,like_count,media_type,media_url,thumbnail_url,permalink,"
    "timestamp,children{id,media_type,media_url,thumbnail_url}"
)
_COMMENT_FIELDS = "id,text,timestamp,username,like_count"
_HANDLE = re.compile(r"[a-z0-9._]{1,30}", re.ASCII)
_CURSOR = re.compile(r"[A-Za-z0-9_=-]+", re.ASCII)

log = logging.getLogger(__name__)


def read_account(
    api: GraphApi, part: Slice, own: Mapping[str, Any], client: WebClient
) -> Iterator[Page]:
    """Yield the media of an account in a slice, newest first, back to its start.

    Parameters
    ----------
    api : GraphApi
    part : Slice
        Its term is the account's name.
    own : mapping
        The account in whose name is asked; of its media the comments come, too.
    client : WebClient
    """
    since, until = range_of(part)
    handle = part.asks["value"]
    is_own = handle == str(own.get("username")).casefold()
    after: str | None = (part.asks["resume"] or {}).get("after")
    while True:
        if is_own:
            owner, found, answer = _own_media(api, own, after, client)
        else:
            owner, found, answer = _discovered(api, handle, after, client)
        posts = list_of(found, answer)
        times = [at for post in posts if (at := time_of(post)) is not None]
        before, after = after, cursor_of(found)
        is_before = bool(times) and max(times) < since
        # the same page would come for ever: what lies behind it is not given
        is_stuck = after is not None and after == before and not is_before
        is_last = after is None or not posts or is_before or is_stuck
        inside = [post for post in posts if is_within(post, since, until)]
        reached = None
        if is_stuck:
            reached = min(max(since, max(times, default=until)), until)
        told = None if reached is None else write_moment(reached)
        state = {"is_last": is_last, "after": after, "reached_at": told}
        page = page_of(inside, owner, answer, state, reached_at=reached)
        yield _with_comments(api, page, client) if is_own else page
        if is_last:
            return


def _with_comments(api: GraphApi, page: Page, client: WebClient) -> Page:
    """Return a page of own posts with the comments of each that has some.

    In one page, so that they are stored with what the state says was read. A post whose
    comments are refused is counted as left out, and stays; a token that has ended, or
    a limit, is no matter of one post and is raised.
    """
    groups = []
    left_out = refusals = refusals_in_a_row = 0
    for post in page.payload["posts"]:
        given = object_or_empty(post)
        count, own = given.get("comments_count"), str(given.get("id"))
        post_id = post_id_of(post)
        has_some = isinstance(count, int) and count > 0
        if post_id is not None and has_some and own.isdigit():
            if refusals_in_a_row == MAX_REFUSALS_IN_A_ROW:
                left_out += 1
                continue
            try:
                comments, is_cut = _comments(api, own, client)
            except PermissionRefused:
                left_out += 1
                refusals += 1
                refusals_in_a_row += 1
                continue
            except UnexpectedAnswer as error:
                # deleted meanwhile, or comments were turned off: this post alone
                if error.status not in (400, 403, 404):
                    raise
                left_out += 1
                continue
            refusals_in_a_row = 0
            groups.append({"post_id": post_id, "comments": comments})
            # at least one stands on the pages that are not asked for
            left_out += is_cut
    if refusals:
        log.warning(
            "instagram: comments of %d own posts were refused, expected a token with "
            "instagram_manage_comments (docs/sources/instagram.md)",
            refusals,
        )
    payload = {**page.payload, "comments": groups}
    return replace(page, payload=payload, left_out_count=left_out)


def _own_media(
    api: GraphApi, own: Mapping[str, Any], after: str | None, client: WebClient
) -> tuple[Mapping[str, Any], Any, Answer]:
    """Return the account, a page of its media, and the answer."""
    asks = {"fields": _OWN_FIELDS, "limit": PAGE_SIZE, "after": after}
    answer = api.get(client, f"{api.user_id}/media", **asks)
    return own, answer.payload, answer


def _discovered(
    api: GraphApi, handle: str, after: str | None, client: WebClient
) -> tuple[Mapping[str, Any], Any, Answer]:
    """Return another account, a page of its media, and the answer."""
    # both stand within the query: nothing else may
    if not _HANDLE.fullmatch(handle):
        raise UnexpectedAnswer(f"@{handle[:40]}: is no name of an account; not asked")
    if after is not None and not _CURSOR.fullmatch(after):
        raise UnexpectedAnswer(f"{HOST}: expected a cursor of letters and digits")
    behind = "" if after is None else f".after({after})"
    media = f"media.limit({PAGE_SIZE}){behind}{{{MEDIA_FIELDS}}}"
    asks = f"business_discovery.username({handle}){{{ACCOUNT_FIELDS},{media}}}"
    answer = api.get(client, api.user_id, fields=asks)
    account = answer.payload.get("business_discovery")
    if not isinstance(account, dict):
        raise UnexpectedAnswer(f"{answer.origin}: expected business_discovery")
    owner = {name: value for name, value in account.items() if name != "media"}
    # an account without media has no such edge
    return owner, account.get("media", {"data": []}), answer


def _comments(
    api: GraphApi, media_id: str, client: WebClient
) -> tuple[list[Any], bool]:
    """Return the comments of an own post, and whether there are more."""
    fields = f"{_COMMENT_FIELDS},replies{{{_COMMENT_FIELDS}}}"
    comments: list[Any] = []
    after: str | None = None
    for _ in range(MAX_COMMENT_PAGES):
        asks = {"fields": fields, "limit": PAGE_SIZE, "after": after}
        answer = api.get(client, f"{media_id}/comments", **asks)
        found = list_of(answer.payload, answer)
        comments += found
        before, after = after, cursor_of(answer.payload)
        if after is None or not found:
            return comments, False
        if after == before:
            break
    return comments, True
