"""Reddit: posts of a subreddit, of a person, and by words, newest first.

    token ─▶ listing, 100 a page (after) ─▶ back to the start of the range, or
                └▶ the list ends: all there is, or, after about 1,000 (of a search
                   250), what Reddit does not list any more: lost, and told

Reddit knows no ranges of time: every listing begins at the newest post, whatever is
asked for. PRAW is not used here: it logs in, waits and pages by itself, out of reach of
the cursor that has to be stored with the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from trendlab.errors import CredentialsRefused, UnexpectedAnswer
from trendlab.sources.base import Page, Parsed, Plan, Slice
from trendlab.sources.live import Access, LiveSource, Need
from trendlab.sources.rate_limits import Rate
from trendlab.sources.reddit_records import (
    SITE,
    count_left_out,
    is_pinned,
    parse_comments,
    parse_posts,
    time_of,
)
from trendlab.sources.shapes import object_or_empty
from trendlab.sources.spans import read_moment, write_moment
from trendlab.sources.web import Answer, WebClient

API = "https://oauth.reddit.com"
CLIENT_ID = "TRENDLAB_REDDIT_CLIENT_ID"
CLIENT_SECRET = "TRENDLAB_REDDIT_CLIENT_SECRET"
USER = "TRENDLAB_REDDIT_USER"
PAGE_SIZE = 100
# A listing ends after about 1,000 posts and a search after about 250, less those that
# were removed; one that ends with fewer than these has no more.
LISTED = 900
FOUND = 200
# Posts that wait for a moderator appear later, under the time when they were sent.
LATE = timedelta(hours=6)
COMMENTS_SIZE = 500
COMMENTS_DEPTH = 10
_SUBREDDIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{1,20}")
_REASON = re.compile(r"[a-z_]{1,40}")


class Reddit(LiveSource):
    """Public posts and comments of Reddit; holds the token."""

    name: ClassVar[str] = "reddit"
    format: ClassVar[str] = "reddit_api"
    gives: ClassVar[str] = (
        "posts of subreddits (account r/NAME) and people, by hashtag and keyword, "
        "crossposts, galleries, comments, scores read again"
    )
    lacks: ClassVar[str] = (
        "what a listing does not reach (newest 1,000; of a search 250), followers, "
        "places, languages, views"
    )
    limits: ClassVar[str] = "100 requests a minute; 100 posts a request"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(CLIENT_ID, "id of an app that Reddit approved, of kind script", False),
        Need(CLIENT_SECRET, "secret of that app"),
        Need(USER, "Reddit name of who answers for it, told in each request", False),
    )
    rates: ClassVar[Mapping[str, tuple[Rate, ...]]] = {"": (Rate(950, 600),)}
    overlap: ClassVar[timedelta] = LATE
    again_size: ClassVar[int] = PAGE_SIZE

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._token: str | None = None

    def bases(self) -> tuple[str, ...]:
        """Return the addresses for tokens and for everything else."""
        return (SITE, API)

    def _headers(self) -> dict[str, str]:
        # the form that Reddit asks for; others are limited to a crawl
        name = self.access[USER].removeprefix("/").removeprefix("u/")
        return {"User-Agent": f"python:trendlab:v0.1 (by /u/{name})"}

    def _log_in(self, client: WebClient) -> None:
        answer = client.post(
            f"{SITE}/api/v1/access_token",
            form={"grant_type": "client_credentials"},
            auth=(self.access[CLIENT_ID], self.access[CLIENT_SECRET]),
            headers=self._headers(),
            allow=(400, 401, 403),
        )
        given = answer.payload if isinstance(answer.payload, dict) else {}
        token = given.get("access_token")
        if answer.status >= 400 or "error" in given:
            raise CredentialsRefused(
                f"{answer.origin}: it gives no token ({_reason_of(answer)}): are "
                f"{CLIENT_ID} and {CLIENT_SECRET} those of an approved app of kind "
                "script?"
            )
        if not isinstance(token, str) or not token:
            raise UnexpectedAnswer(f"{answer.origin}: expected a token", answer.status)
        client.hide(token)
        self._token = token

    def _get(self, client: WebClient, path: str, **params: Any) -> Answer:
        """Ask, with a new token first and where the old one has ended.

        Raises
        ------
        CredentialsRefused
            If a new token is refused, too.
        UnexpectedAnswer
            If what is asked for is private, banned or not there.
        """
        for is_fresh in (self._token is None, True):
            if is_fresh:
                self._log_in(client)
            answer = client.get(
                f"{API}{path}",
                params={**params, "raw_json": 1},
                headers={**self._headers(), "Authorization": f"Bearer {self._token}"},
                allow=(400, 401, 403, 404),
            )
            if answer.status != 401 or is_fresh:
                break
        if answer.status == 401:
            raise CredentialsRefused(
                f"{answer.origin}: it refuses a token that has just begun: may the app "
                f"of {CLIENT_ID} read this?"
            )
        if answer.status >= 400:
            raise UnexpectedAnswer(
                f"{answer.origin}: it cannot be read ({answer.status}, "
                f"{_reason_of(answer)})",
                answer.status,
                answer.payload,
            )
        return answer

    def check(self, client: WebClient) -> list[str]:
        """Get a token, and read one post."""
        self._log_in(client)
        children, _ = _listing(self._get(client, "/r/fashion/new", limit=1))
        return [
            f"the app of {CLIENT_ID} got a token",
            f"subreddits can be read ({len(children)} post on a page of 1)",
        ]

    def fetch(self, plan: Plan, client: WebClient) -> Iterator[Page]:
        """Yield pages of one listing, newest first; see the module."""
        (part,) = plan.slices
        resume = part.asks["resume"] or {}
        if not resume.get("is_last"):
            yield from self._fetch_listing(part, resume, client)
        elif resume["reached"] is not None:
            yield _page_of([], API, read_moment(resume["at"]), resume)

    def _fetch_listing(
        self, part: Slice, resume: Mapping[str, Any], client: WebClient
    ) -> Iterator[Page]:
        path, query, most = _listing_of(part)
        after, seen = resume.get("after"), resume.get("seen", 0)
        oldest = read_moment(resume["oldest"]) if "oldest" in resume else _until(part)
        is_second = resume.get("is_second", False)
        while True:
            answer = self._ask_listing(client, path, **query, after=after)
            children, following = _listing(answer)
            if not children and after is not None and not is_second:
                # a cursor is a post; where that was deleted the list seems to end
                after, seen, is_second = None, 0, True
                continue
            seen += len(children)
            told = [
                time
                for child in children
                if (time := time_of(child)) is not None and not is_pinned(child)
            ]
            oldest = min([*told, oldest])
            is_end = following is None or not children
            is_cut = is_end and oldest >= _since(part) and seen >= most
            state = {
                "after": following,
                "seen": seen,
                "oldest": write_moment(oldest),
                "is_second": is_second,
                "is_last": is_end or oldest < _since(part),
                # others of the same second may not be listed any more
                "reached": write_moment(oldest + timedelta(seconds=1))
                if is_cut
                else None,
                "at": write_moment(answer.observed_at),
            }
            inside = [child for child in children if _is_within(child, part)]
            yield _page_of(inside, answer.origin, answer.observed_at, state)
            if state["is_last"]:
                return
            after = following

    def _ask_listing(self, client: WebClient, path: str, **query: Any) -> Answer:
        try:
            return self._get(client, path, limit=PAGE_SIZE, **query)
        except UnexpectedAnswer as error:
            if error.status is None or not 300 <= error.status < 400:
                raise
        # Reddit sends who asks for an unknown subreddit to its search
        raise UnexpectedAnswer(
            f"{API}{path}: Reddit knows no such subreddit; write r/name as its page "
            "shows it"
        )

    def fetch_again(self, post_ids: Sequence[str], client: WebClient) -> Iterator[Page]:
        """Yield the posts by id, then the comments of each that has any."""
        names = ",".join(f"t3_{post_id}" for post_id in post_ids)
        answer = self._get(client, "/api/info", id=names)
        children, _ = _listing(answer)
        yield Page({"posts": children}, answer.origin, answer.observed_at)
        for child in children:
            data = object_or_empty(object_or_empty(child).get("data"))
            count = data.get("num_comments")
            if isinstance(count, int) and count > 0:
                yield from self.fetch_comments(str(data.get("id")), client)

    def fetch_comments(self, post_id: str, client: WebClient) -> Iterator[Page]:
        """Yield the comments of a post, as far as one request gives them."""
        try:
            answer = self._get(
                client,
                f"/comments/{quote(post_id, safe='')}",
                limit=COMMENTS_SIZE,
                depth=COMMENTS_DEPTH,
                sort="new",
            )
        except UnexpectedAnswer as error:
            if error.status in (403, 404):
                # gone, or in a subreddit that has become private
                return
            raise
        trees = answer.payload
        if not isinstance(trees, list) or len(trees) != 2:
            raise UnexpectedAnswer(
                f"{answer.origin}: expected a post and its comments", answer.status
            )
        children = _children_of(trees[1], answer)
        yield Page(
            {"post_id": post_id, "comments": children},
            answer.origin,
            answer.observed_at,
            left_out_count=count_left_out(children),
        )

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn posts into rows with authors and photos, trees into comments."""
        if "comments" in page.payload:
            yield from parse_comments(page)
        else:
            yield from parse_posts(page)


def _listing_of(part: Slice) -> tuple[str, dict[str, Any], int]:
    """Return path and query of a term's listing, and how long it can be."""
    kind, value = part.asks["kind"], part.asks["value"]
    if kind == "account" and value.startswith("r/"):
        return f"/r/{quote(value[2:], safe='')}/new", {}, LISTED
    if kind == "account":
        name = quote(value.removeprefix("u/"), safe="")
        return f"/user/{name}/submitted", {"sort": "new"}, LISTED
    words = value.replace('"', " ")
    query = f'"{words}"' if kind == "keyword" else _hashtag_query(words)
    return "/search", {"q": query, "sort": "new", "t": "all", "type": "link"}, FOUND


def _hashtag_query(tag: str) -> str:
    """Return a search for what Reddit has in the place of a hashtag."""
    fields = ["title", "selftext", "flair"]
    if _SUBREDDIT.fullmatch(tag):
        fields.insert(0, "subreddit")
    return " OR ".join(f'{field}:"{tag}"' for field in fields)


def _page_of(
    children: list[Any], origin: str, at: datetime, state: Mapping[str, Any]
) -> Page:
    reached = state["reached"]
    return Page(
        {"posts": children},
        origin,
        at,
        state=state,
        reached_at=None if reached is None else read_moment(reached),
    )


def _listing(answer: Answer) -> tuple[list[Any], str | None]:
    """Return the children of a listing and the cursor to what follows."""
    children = _children_of(answer.payload, answer)
    after = answer.payload["data"].get("after")
    return children, after if isinstance(after, str) and after else None


def _children_of(listing: Any, answer: Answer) -> list[Any]:
    data = listing.get("data") if isinstance(listing, dict) else None
    children = data.get("children") if isinstance(data, dict) else None
    if not isinstance(children, list):
        raise UnexpectedAnswer(
            f"{answer.origin}: expected a listing with children", answer.status
        )
    return children


def _reason_of(answer: Answer) -> str:
    """Return Reddit's word for a refusal (`private`, `banned`, `invalid_grant`)."""
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    for name in ("reason", "error"):
        given = payload.get(name)
        if isinstance(given, str) and _REASON.fullmatch(given):
            return given
    return "no reason"


def _since(part: Slice) -> datetime:
    assert part.since is not None
    return part.since


def _until(part: Slice) -> datetime:
    assert part.until is not None
    return part.until


def _is_within(child: Any, part: Slice) -> bool:
    """Tell whether a post lies in the range; what cannot be read is the parser's."""
    time = time_of(child)
    return time is None or _since(part) <= time < _until(part)
