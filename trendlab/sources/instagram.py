"""Instagram's Graph API: media of hashtags for 24 hours, and of business accounts.

    hashtag ─▶ its id ─▶ top media, then recent media, newest first ─▶ 24 hours back
    account ─▶ business discovery, newest first ─▶ start of the range
    own account ─▶ own media ─▶ the comments of each

Recent media is not strictly in order, and its cursor is the same on every page: it is
read until a whole page lies well before the range, or the list ends. After a stop it is
read from its beginning, for nobody promises that the cursor lives on, and given from
behind the last post that was stored. What has left the window counts as lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from trendlab.errors import UnexpectedAnswer
from trendlab.sources.base import (
    Budget,
    Page,
    Parsed,
    Plan,
    Request,
    Slice,
    Spend,
    State,
)
from trendlab.sources.instagram_accounts import ACCOUNT_FIELDS, read_account
from trendlab.sources.instagram_api import (
    HOST,
    TOKEN,
    USER_ID,
    GraphApi,
    cursor_of,
    list_of,
)
from trendlab.sources.instagram_budget import (
    HASHTAGS,
    MAX_HASHTAGS,
    WINDOW,
    counted_hashtags,
    describe_hashtags,
    plan_hashtags,
)
from trendlab.sources.instagram_media import parse_comments, parse_media
from trendlab.sources.instagram_pages import (
    MEDIA_FIELDS,
    PAGE_SIZE,
    is_end_of,
    page_of,
    range_of,
    time_of,
)
from trendlab.sources.live import Access, LiveSource, Need, plan_terms
from trendlab.sources.rate_limits import Rate
from trendlab.sources.shapes import object_or_empty
from trendlab.sources.spans import write_moment
from trendlab.sources.web import WebClient

# 10,000 posts of a hashtag, a large part of an account's daily requests.
MAX_PAGES = 200
# How far recent media was seen to be out of order; a page that lies further before the
# range is taken to be its end.
OUT_OF_ORDER = timedelta(hours=2)
# Top media is of any age. It is the only later reading of a hashtag's posts, and those
# are of use up to 28 days and 4 more; older ones would stand alone on their days.
TOP_AGE = timedelta(days=32)


class Instagram(LiveSource):
    """Public media of Instagram; holds the account's name once it was asked for."""

    name: ClassVar[str] = "instagram"
    format: ClassVar[str] = "instagram_graph_api"
    gives: ClassVar[str] = (
        "posts by hashtag (the last 24 hours, and the top ones) and of business and "
        "creator accounts with followers; photos; comments of your own posts"
    )
    lacks: ClassVar[str] = (
        "who posted under a hashtag, places, languages, shares, views, history of "
        "hashtags, private and personal accounts, covers of others' videos"
    )
    limits: ClassVar[str] = (
        f"{MAX_HASHTAGS} different hashtags in 7 days; {PAGE_SIZE} posts a request; "
        "requests by the account's reach"
    )
    needs: ClassVar[tuple[Need, ...]] = (
        Need(TOKEN, "long-lived user token with instagram_basic"),
        Need(USER_ID, "number of your Instagram professional account", False),
    )
    rates: ClassVar[Mapping[str, tuple[Rate, ...]]] = {"": (Rate(190, 3_600),)}
    takes: ClassVar[frozenset[str]] = frozenset({"hashtag", "account"})
    # counts of a day ago; of hashtags nothing overlaps
    overlap: ClassVar[timedelta] = timedelta(days=1)

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._api = GraphApi(access)
        self._own_account: Mapping[str, Any] | None = None

    def bases(self) -> tuple[str, ...]:
        """Return the address of the API."""
        return (HOST,)

    @classmethod
    def describe_budget(cls, budget: Budget, now: datetime) -> list[str]:
        """Return how many hashtags were asked in the last 7 days, and which."""
        return describe_hashtags(budget, now)

    def plan(self, request: Request, state: State) -> Plan:
        """Plan hashtags within their window and budget, accounts as others do."""
        hashtags = plan_hashtags(self, request, state)
        others = plan_terms(self, replace(request, hashtags=()), state)
        return Plan(
            request,
            (*hashtags.slices, *others.slices),
            (*hashtags.notes, *others.notes),
        )

    def check(self, client: WebClient) -> list[str]:
        """Ask for the account, and for the hashtags that it asked for."""
        name = self._own(client).get("username")
        count = len(self._recently_searched(client))
        return [
            f"the token reads the account {name!r}",
            f"hashtags can be searched; {count} of {MAX_HASHTAGS} were asked in the "
            "last 7 days, by whatever program",
        ]

    def _own(self, client: WebClient) -> Mapping[str, Any]:
        if self._own_account is None:
            answer = self._api.get(client, self._api.user_id, fields=ACCOUNT_FIELDS)
            self._own_account = answer.payload
        return self._own_account

    def _recently_searched(self, client: WebClient) -> list[Any]:
        """Return the hashtags that the service counts."""
        path = f"{self._api.user_id}/recently_searched_hashtags"
        answer = self._api.get(client, path, limit=MAX_HASHTAGS)
        return list_of(answer.payload, answer)

    def fetch(self, plan: Plan, client: WebClient) -> Iterator[Page]:
        """Yield the pages of one hashtag or account; see the module."""
        (part,) = plan.slices
        resume = part.asks["resume"] or {}
        if resume.get("is_last"):
            reached = resume.get("reached_at")
            if reached is not None:
                at = datetime.fromisoformat(reached)
                payload: dict[str, Any] = {"posts": [], "owner": None}
                yield Page(payload, HOST, at, state=resume, reached_at=at)
            return
        if part.asks["kind"] == "hashtag":
            yield from self._hashtag(plan.request, part, client)
        else:
            yield from read_account(self._api, part, self._own(client), client)

    def _hashtag(
        self, request: Request, part: Slice, client: WebClient
    ) -> Iterator[Page]:
        resume = part.asks["resume"]
        hashtag_id, spends = self._find(request, part.asks["value"], client)
        asks = {
            "user_id": self._api.user_id,
            "fields": MEDIA_FIELDS,
            "limit": PAGE_SIZE,
        }
        if resume is None:
            top = self._api.get(client, f"{hashtag_id}/top_media", **asks)
            posts = [
                post
                for post in list_of(top.payload, top)
                if (at := time_of(post)) is None or at >= top.observed_at - TOP_AGE
            ]
            # what was spent is stored with the first page
            state = {"is_last": False, "edge": []}
            yield page_of(posts, None, top, state, spends=spends)
        edge = frozenset(() if resume is None else resume["edge"])
        path = f"{hashtag_id}/recent_media"
        is_found = not edge
        for page in self._recent(path, asks, part, client):
            listed = page.payload["posts"]
            posts = [post for post in listed if _id_of(post) not in edge]
            is_found = is_found or len(posts) < len(listed)
            # what was stored last may stand on two pages now
            if is_found and (posts or is_end_of(page)):
                yield replace(page, payload={**page.payload, "posts": posts})
        if not is_found:
            # nothing of what was stored last is listed any more
            yield from self._recent(path, asks, part, client)

    def _find(
        self, request: Request, hashtag: str, client: WebClient
    ) -> tuple[str, tuple[Spend, ...]]:
        """Return the id of a hashtag, and what looking it up has spent."""
        assert request.now is not None
        spends: tuple[Spend, ...] = ()
        if hashtag not in counted_hashtags(request.budget, request.now):
            if len(self._recently_searched(client)) >= MAX_HASHTAGS:
                raise UnexpectedAnswer(
                    f"#{hashtag}: {MAX_HASHTAGS} hashtags were asked in the last 7 "
                    "days in the name of this account, also by other programs; not "
                    "asked"
                )
            spends = (Spend(HASHTAGS, 1, hashtag),)
        asks = {"user_id": self._api.user_id, "q": hashtag}
        answer = self._api.get(client, "ig_hashtag_search", **asks)
        found = [object_or_empty(one) for one in list_of(answer.payload, answer)]
        hashtag_id = found[0].get("id") if found else None
        if not isinstance(hashtag_id, str) or not hashtag_id.isdigit():
            raise UnexpectedAnswer(f"{answer.origin}: expected the id of a hashtag")
        return hashtag_id, spends

    def _recent(
        self, path: str, asks: Mapping[str, Any], part: Slice, client: WebClient
    ) -> Iterator[Page]:
        """Yield the pages of recent media from the first on, to the slice's start."""
        since, until = range_of(part)
        after: str | None = None
        floor = since
        seen: set[str] = set()
        for number in range(1, MAX_PAGES + 1):
            answer = self._api.get(client, path, **asks, after=after)
            posts = list_of(answer.payload, answer)
            if number == 1:
                floor = max(since, answer.observed_at - WINDOW)
            times = [at for post in posts if (at := time_of(post)) is not None]
            own = {_id_of(post) for post in posts}
            after = cursor_of(answer.payload)
            is_before = bool(times) and max(times) < since - OUT_OF_ORDER
            is_end = after is None or not posts or is_before
            # the list goes on, and is not given
            is_cut = not is_end and (number == MAX_PAGES or own <= seen)
            seen |= own
            if is_cut:
                floor = max(floor, max(times, default=until))
            is_last = is_end or is_cut
            reached = min(floor, until) if is_last and floor > since else None
            state = {
                "is_last": is_last,
                "edge": [] if is_last else sorted(own),
                "reached_at": None if reached is None else write_moment(reached),
            }
            yield page_of(posts, None, answer, state, reached_at=reached)
            if is_last:
                return

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn media into posts, comments into comments."""
        yield from parse_media(page)
        yield from parse_comments(page)


def _id_of(post: Any) -> str:
    """Return the API's id of a medium, or what stands in its place, shortened."""
    return str(object_or_empty(post).get("id"))[:40]
