"""Bluesky: posts by hashtag, words and account, through the account's own server.

    log in ─▶ search, newest first (cursor) ─▶ profiles of the authors ─▶ page
                     └▶ after 9,000 posts the range is asked for anew, up to the
                        oldest seen: a cursor ends at about 10,000

The public address refuses searches (403), so they go through the server of an account
(its PDS) with an app password. `since` and `until` act on a post's `sortAt`: the
earlier of when its author says it was made and when it was indexed. The atproto library
is not used here: it logs in, retries and pages by itself, out of reach of the cursor
that has to be stored with the rows; its models check the tests' server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from trendlab.errors import CredentialsRefused, UnexpectedAnswer
from trendlab.sources.base import Page, Parsed, Plan, Slice
from trendlab.sources.bluesky_records import (
    feed_time,
    parse_posts,
    parse_thread,
    sort_time,
)
from trendlab.sources.live import Access, LiveSource, Need
from trendlab.sources.rate_limits import Rate
from trendlab.sources.spans import read_moment, write_moment
from trendlab.sources.web import Answer, WebClient

URL = "TRENDLAB_BLUESKY_URL"
HANDLE = "TRENDLAB_BLUESKY_HANDLE"
PASSWORD = "TRENDLAB_BLUESKY_PASSWORD"
PAGE_SIZE = 100
# `getPosts` and `getProfiles` take so many.
GROUP_SIZE = 25
# A cursor leads to about 10,000 posts; then the range is asked for anew.
WINDOW_POSTS = 9_000
# Posts are indexed within minutes; servers that were down deliver later.
LATE = timedelta(hours=6)
# Replies of replies that are asked for; deeper ones are rarely there.
THREAD_DEPTH = 6
# Profiles of authors that are kept; each is read once in so many.
MAX_PROFILES = 20_000
_PROFILE_FIELDS = (
    "description",
    "followersCount",
    "followsCount",
    "postsCount",
    "verification",
)
_EXPIRED = frozenset({"ExpiredToken", "InvalidToken"})
_ERROR_NAME = re.compile(r"[A-Za-z]{1,60}")


class Bluesky(LiveSource):
    """Posts of Bluesky; holds the session and the profiles that were read."""

    name: ClassVar[str] = "bluesky"
    format: ClassVar[str] = "bluesky_api"
    gives: ClassVar[str] = (
        "posts by hashtag, keyword and account, replies, quotes, reposts of accounts, "
        "authors with followers, languages, photos, counts read again"
    )
    lacks: ClassVar[str] = "places, views"
    limits: ClassVar[str] = "3,000 requests in 5 minutes; 100 posts a request"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(HANDLE, "handle of an account, such as name.bsky.social", False),
        Need(
            PASSWORD,
            "app password (Settings → Privacy and security → App passwords), not the "
            "account's own",
        ),
        Need(
            URL, "server of the account (its PDS)", False, False, "https://bsky.social"
        ),
    )
    rates: ClassVar[Mapping[str, tuple[Rate, ...]]] = {
        "": (Rate(2_900, 300),),
        # logging in: 30 in 5 minutes
        "session": (Rate(25, 300),),
    }
    longest_slice: ClassVar[timedelta | None] = timedelta(days=7)
    overlap: ClassVar[timedelta] = LATE
    again_size: ClassVar[int] = GROUP_SIZE
    window_posts: ClassVar[int] = WINDOW_POSTS

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._token: str | None = None
        self._profiles: dict[str, Mapping[str, Any]] = {}

    def bases(self) -> tuple[str, ...]:
        """Return the address of the account's server."""
        return (self._base,)

    @property
    def _base(self) -> str:
        return self.access[URL].rstrip("/")

    def _log_in(self, client: WebClient) -> Mapping[str, Any]:
        answer = client.post(
            f"{self._base}/xrpc/com.atproto.server.createSession",
            json={
                "identifier": self.access[HANDLE].lstrip("@"),
                "password": self.access[PASSWORD],
            },
            service="session",
        )
        session = answer.payload if isinstance(answer.payload, dict) else {}
        token = session.get("accessJwt")
        if not isinstance(token, str) or not token:
            raise UnexpectedAnswer(f"{answer.origin}: expected a session with a token")
        client.hide(token)
        self._token = token
        return session

    def _get(self, client: WebClient, method: str, **params: Any) -> Answer:
        """Ask for a method, logging in first and where the session has ended.

        Raises
        ------
        CredentialsRefused
            If a new session is refused, too.
        """
        url = f"{self._base}/xrpc/{method}"
        for is_fresh in (self._token is None, True):
            if is_fresh:
                self._log_in(client)
            answer = client.get(
                url,
                params=params,
                headers={"Authorization": f"Bearer {self._token}"},
                allow=(400, 401),
            )
            if answer.status not in (400, 401):
                return answer
            error = _error_of(answer)
            if answer.status == 400 and error not in _EXPIRED:
                raise UnexpectedAnswer(
                    f"{answer.origin}: it answered 400 ({error})", 400, answer.payload
                )
            if is_fresh:
                break
        raise CredentialsRefused(
            f"{answer.origin}: it refuses a session that has just begun ({error})"
        )

    def check(self, client: WebClient) -> list[str]:
        """Log in, and search for one post."""
        session = self._log_in(client)
        answer = self._get(client, "app.bsky.feed.searchPosts", q="#fashion", limit=1)
        _list_of(answer, "posts")
        return [f"logged in as {session.get('handle')}", "posts can be searched"]

    def fetch(self, plan: Plan, client: WebClient) -> Iterator[Page]:
        """Yield pages of one term, newest first; see the module."""
        (part,) = plan.slices
        if (part.asks["resume"] or {}).get("is_last"):
            return
        if part.asks["kind"] == "account":
            yield from self._fetch_account(part, client)
        else:
            yield from self._fetch_search(part, client)

    def _fetch_search(self, part: Slice, client: WebClient) -> Iterator[Page]:
        since, until = _range(part)
        resume = part.asks["resume"] or {}
        before = read_moment(resume["until"]) if "until" in resume else until
        cursor = resume.get("cursor")
        seen = resume.get("seen", 0)
        edge: list[str] = resume.get("edge", [])
        while True:
            answer = self._get(
                client,
                "app.bsky.feed.searchPosts",
                **_query(part),
                since=write_moment(since),
                until=write_moment(before),
                sort="latest",
                limit=PAGE_SIZE,
                cursor=cursor,
            )
            posts = _list_of(answer, "posts")
            if not posts:
                return
            cursor = _cursor(answer)
            seen += len(posts)
            inside = [
                post
                for post in posts
                if _is_within(sort_time(post), part) and _uri(post) not in edge
            ]
            if seen >= self.window_posts:
                before, edge = _next_window(answer, posts, before)
                cursor, seen = None, 0
            # there is no cursor after a new window either
            is_last = cursor is None and seen > 0
            state = {
                "until": write_moment(before),
                "cursor": cursor,
                "seen": seen,
                "edge": edge,
                "is_last": is_last,
            }
            yield self._page(answer, inside, state, client)
            if is_last:
                return

    def _fetch_account(self, part: Slice, client: WebClient) -> Iterator[Page]:
        since, _ = _range(part)
        cursor = (part.asks["resume"] or {}).get("cursor")
        while True:
            answer = self._get(
                client,
                "app.bsky.feed.getAuthorFeed",
                actor=part.asks["value"],
                filter="posts_with_replies",
                limit=PAGE_SIZE,
                cursor=cursor,
            )
            feed = _list_of(answer, "feed")
            cursor = _cursor(answer)
            times = [feed_time(item) for item in feed]
            inside = [
                item
                for item, time in zip(feed, times, strict=True)
                if _is_within(time, part)
            ]
            # a pinned post stands first, whatever its age
            told = [
                time
                for item, time in zip(feed, times, strict=True)
                if time is not None and not _is_pinned(item)
            ]
            is_last = cursor is None or (bool(told) and min(told) < since)
            state = {"cursor": cursor, "is_last": is_last}
            yield self._page(answer, inside, state, client)
            if is_last:
                return

    def _page(
        self,
        answer: Answer,
        posts: list[Any],
        state: Mapping[str, Any] | None,
        client: WebClient,
    ) -> Page:
        """Return a page with its authors' profiles, each of which is read once."""
        dids = list(dict.fromkeys(did for post in posts for did in _dids_of(post)))
        new = [did for did in dids if did not in self._profiles]
        if len(self._profiles) + len(new) > MAX_PROFILES:
            self._profiles.clear()
            new = dids
        for start in range(0, len(new), GROUP_SIZE):
            group = new[start : start + GROUP_SIZE]
            # who is not among the answers has left, and is not asked for again
            self._profiles.update({one: {} for one in group})
            found = self._get(client, "app.bsky.actor.getProfiles", actors=group)
            for profile in _list_of(found, "profiles"):
                if isinstance(profile, dict) and profile.get("did") in group:
                    self._profiles[profile["did"]] = {
                        name: profile.get(name) for name in _PROFILE_FIELDS
                    }
        profiles = {did: self._profiles[did] for did in dids}
        payload = {"posts": posts, "profiles": profiles}
        return Page(payload, answer.origin, answer.observed_at, state=state)

    def fetch_again(self, post_ids: Sequence[str], client: WebClient) -> Iterator[Page]:
        """Yield the posts by id, then the replies of each that has any."""
        uris = [uri for uri in post_ids if uri.startswith("at://")]
        if not uris:
            return
        answer = self._get(client, "app.bsky.feed.getPosts", uris=uris)
        posts = _list_of(answer, "posts")
        yield self._page(answer, posts, None, client)
        for post in posts:
            count = post.get("replyCount") if isinstance(post, dict) else None
            if isinstance(count, int) and count > 0:
                yield from self.fetch_replies(str(post.get("uri")), client)

    def fetch_replies(self, post_id: str, client: WebClient) -> Iterator[Page]:
        """Yield what was answered to a post."""
        try:
            answer = self._get(
                client,
                "app.bsky.feed.getPostThread",
                uri=post_id,
                depth=THREAD_DEPTH,
                parentHeight=0,
            )
        except UnexpectedAnswer as error:
            payload = error.payload
            if isinstance(payload, dict) and payload.get("error") == "NotFound":
                return
            raise
        found = answer.payload if isinstance(answer.payload, dict) else {}
        payload = {"post_id": post_id, "thread": found.get("thread")}
        yield Page(payload, answer.origin, answer.observed_at)

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn posts into rows with authors and photos, threads into comments."""
        if "thread" in page.payload:
            yield from parse_thread(page)
        else:
            yield from parse_posts(page)


def _query(part: Slice) -> dict[str, Any]:
    value = part.asks["value"]
    if part.asks["kind"] == "hashtag":
        # `q` cannot be left out; `tag` is what is exact
        return {"q": f"#{value}", "tag": [value]}
    quoted = value.replace('"', " ")
    return {"q": f'"{quoted}"' if " " in quoted else quoted}


def _range(part: Slice) -> tuple[datetime, datetime]:
    assert part.since is not None
    assert part.until is not None
    return part.since, part.until


def _is_within(time: datetime | None, part: Slice) -> bool:
    """Tell whether a time lies in the range; what cannot be read is the parser's."""
    since, until = _range(part)
    return time is None or since <= time < until


def _next_window(
    answer: Answer, posts: Sequence[Any], before: datetime
) -> tuple[datetime, list[str]]:
    """Return up to when to ask anew, and which posts come a second time.

    The range ends just after the oldest post that was seen, so that others of the
    same millisecond are not left out.
    """
    times = [time for post in posts if (time := sort_time(post)) is not None]
    end = min(times, default=before) + timedelta(milliseconds=1)
    if end >= before:
        raise UnexpectedAnswer(
            f"{answer.origin}: more posts at {before:%Y-%m-%d %H:%M:%S} than a search "
            "goes through; ask for fewer, by a rarer term"
        )
    again = [
        _uri(post)
        for post in posts
        if (time := sort_time(post)) is not None and time < end
    ]
    return end, again


def _uri(post: Any) -> str:
    return str(post.get("uri")) if isinstance(post, dict) else ""


def _list_of(answer: Answer, name: str) -> list[Any]:
    found = answer.payload.get(name) if isinstance(answer.payload, dict) else None
    if not isinstance(found, list):
        raise UnexpectedAnswer(
            f"{answer.origin}: expected an object with a list of {name}", answer.status
        )
    return found


def _cursor(answer: Answer) -> str | None:
    cursor = answer.payload.get("cursor")
    return cursor if isinstance(cursor, str) and cursor else None


def _error_of(answer: Answer) -> str:
    payload = answer.payload
    name = payload.get("error") if isinstance(payload, dict) else None
    is_name = isinstance(name, str) and _ERROR_NAME.fullmatch(name) is not None
    return str(name) if is_name else "no reason given"


def _is_pinned(item: Any) -> bool:
    reason = item.get("reason") if isinstance(item, dict) else None
    kind = reason.get("$type") if isinstance(reason, dict) else None
    return kind == "app.bsky.feed.defs#reasonPin"


def _dids_of(item: Any) -> list[str]:
    """Return the author of a post, and who reposted it."""
    if not isinstance(item, dict):
        return []
    post = item.get("post", item)
    people = [post.get("author") if isinstance(post, dict) else None]
    reason = item.get("reason")
    if isinstance(reason, dict):
        people = [reason.get("by", people[0])]
    dids = [one.get("did") for one in people if isinstance(one, dict)]
    return [did for did in dids if isinstance(did, str) and did.startswith("did:")]
