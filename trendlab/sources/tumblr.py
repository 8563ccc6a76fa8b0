"""Tumblr: posts by tag and by blog, backwards in time, with their notes later on.

    before=end of the range ─▶ 20 posts ─▶ before=the oldest of them ─▶ … ─▶ start

`/v2/tagged` now and then answers with nothing although older posts are there; so after
an empty answer it is asked further and further back, to the start of the range, and
then where between the last empty answer and the first with posts the hole ends. The
notes of a post (likes, reblogs, replies) take a request each: they are read with
the later readings. `filter` is not used: its plain text has lost the photos.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from trendlab.errors import (
    CredentialsRefused,
    RateLimited,
    UnexpectedAnswer,
)
from trendlab.sources.base import Page, Parsed, Plan, Slice
from trendlab.sources.live import LiveSource, Need
from trendlab.sources.rate_limits import Rate
from trendlab.sources.shapes import object_or_empty
from trendlab.sources.tumblr_answers import (
    next_notes,
    oldest_of,
    page_time,
    posts_of,
    says_something,
    status_of,
    time_of,
)
from trendlab.sources.tumblr_records import id_of, parse_notes, parse_posts, split_id
from trendlab.sources.web import Answer, WebClient

API = "https://api.tumblr.com"
KEY = "TRENDLAB_TUMBLR_API_KEY"
PAGE_SIZE = 20
# How far back an empty answer is asked again, doubled each time, and to how many
# seconds the end of a hole is sought: a day's hole takes 5 and 10 requests.
FIRST_STEP_SECONDS = 3_600
HOLE_SECONDS = 60
# Queued posts are told under the time when they were queued for.
LATE = timedelta(hours=6)
# Pages of notes of one post; a page holds about fifty.
MAX_NOTE_PAGES = 5
# Two and more requests a post, and 1,000 an hour for everything.
AGAIN_REQUESTS = 600


class Tumblr(LiveSource):
    """Public posts of Tumblr."""

    name: ClassVar[str] = "tumblr"
    format: ClassVar[str] = "tumblr_api"
    gives: ClassVar[str] = (
        "posts by hashtag (tag) and account (blog), reblogs told apart, photos; likes, "
        "reblogs and replies with the later readings"
    )
    lacks: ClassVar[str] = (
        "keyword search, followers, places, languages, views; likes at first sight"
    )
    limits: ClassVar[str] = "1,000 requests an hour, 5,000 a day; 20 posts a request"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(KEY, "OAuth consumer key of an app (tumblr.com/oauth/apps)"),
    )
    rates: ClassVar[Mapping[str, tuple[Rate, ...]]] = {
        "": (Rate(290, 60), Rate(980, 3_600), Rate(4_900, 86_400))
    }
    takes: ClassVar[frozenset[str]] = frozenset({"hashtag", "account"})
    overlap: ClassVar[timedelta] = LATE
    again_size: ClassVar[int] = 1
    again_requests: ClassVar[int] = AGAIN_REQUESTS

    def bases(self) -> tuple[str, ...]:
        """Return the address of the API."""
        return (API,)

    def _get(self, client: WebClient, path: str, **params: Any) -> Answer:
        """Ask, and say what a refusal means.

        Raises
        ------
        CredentialsRefused
            If the key is not accepted.
        RateLimited
            If the body says that the limit is used up.
        UnexpectedAnswer
            If what is asked for is not there, or hidden.
        """
        answer = client.get(
            f"{API}/v2/{path}",
            params={**params, "api_key": self.access[KEY]},
            allow=(400, 401, 403, 404),
        )
        status = status_of(answer)
        if status == 401:
            raise CredentialsRefused(
                f"{answer.origin}: it refuses the key with 401: is {KEY} the consumer "
                "key of an app of tumblr.com/oauth/apps?"
            )
        if status == 429:
            raise RateLimited(
                f"{answer.origin}: its limit is used up. The next run goes on from here"
            )
        if status >= 400:
            raise UnexpectedAnswer(
                f"{answer.origin}: it cannot be read ({status})", status, answer.payload
            )
        return answer

    def check(self, client: WebClient) -> list[str]:
        """Ask for one post of a tag."""
        posts = posts_of(self._get(client, "tagged", tag="fashion", limit=1))
        return [f"tags can be read ({len(posts)} post on a page of 1)"]

    def fetch(self, plan: Plan, client: WebClient) -> Iterator[Page]:
        """Yield pages of one tag or blog, backwards in time; see the module."""
        (part,) = plan.slices
        resume = part.asks["resume"] or {}
        if resume.get("is_last"):
            return
        since = _since(part).timestamp()
        before = resume.get("before", math.ceil(_until(part).timestamp()))
        edge: list[str] = resume.get("edge", [])
        while before > since:
            answer = self._page_before(part, before, client)
            if not posts_of(answer):
                # a blog's list has an end
                is_hole = part.asks["kind"] == "hashtag"
                found = self._below_a_hole(part, before, client) if is_hole else None
                if found is None:
                    return
                before, answer = found
            posts = posts_of(answer)
            oldest = oldest_of(posts, before, answer)
            inside = [
                post
                for post in posts
                if _is_within(post, part) and id_of(post) not in edge
            ]
            # others of the same second may stand on the next page; where a second has
            # more than a page, what does not fit cannot be asked for
            following = oldest + 1 if oldest + 1 < before else oldest
            edge = [
                own
                for post in posts
                if page_time(post) == oldest and (own := id_of(post)) is not None
            ]
            state = {"before": following, "edge": edge, "is_last": oldest < since}
            yield Page(
                {"posts": inside}, answer.origin, answer.observed_at, state=state
            )
            if oldest < since:
                return
            before = following

    def _below_a_hole(
        self, part: Slice, empty_at: int, client: WebClient
    ) -> tuple[int, Answer] | None:
        """Return the newest moment before which there are posts, with their page.

        None where there are none back to the start of the range.
        """
        first = math.floor(_since(part).timestamp()) + HOLE_SECONDS
        step = FIRST_STEP_SECONDS
        found: tuple[int, Answer] | None = None
        while found is None and empty_at > first:
            at = max(empty_at - step, first)
            answer = self._page_before(part, at, client)
            if posts_of(answer):
                found = at, answer
            else:
                empty_at, step = at, step * 2
        while found is not None and empty_at - found[0] > HOLE_SECONDS:
            at = (empty_at + found[0]) // 2
            answer = self._page_before(part, at, client)
            if posts_of(answer):
                found = at, answer
            else:
                empty_at = at
        return found

    def _page_before(self, part: Slice, before: int, client: WebClient) -> Answer:
        value = part.asks["value"]
        asks = {"before": before, "limit": PAGE_SIZE, "npf": "true"}
        if part.asks["kind"] == "hashtag":
            return self._get(client, "tagged", tag=value, **asks)
        return self._get(
            client,
            f"blog/{quote(value, safe=':')}/posts",
            reblog_info="true",
            **asks,
        )

    def fetch_again(self, post_ids: Sequence[str], client: WebClient) -> Iterator[Page]:
        """Yield a post by its id with its counts, and its replies."""
        for post_id in post_ids:
            named = split_id(post_id)
            if named is None:
                continue
            blog, number = named
            try:
                answer = self._get(
                    client,
                    f"blog/{quote(blog, safe=':')}/posts",
                    id=number,
                    npf="true",
                    reblog_info="true",
                )
            except UnexpectedAnswer as error:
                if error.status in (403, 404):
                    # gone, or its blog has been hidden
                    continue
                raise
            for post in posts_of(answer):
                yield from self._with_notes(post, post_id, answer, client)

    def _with_notes(
        self, post: Any, post_id: str, answer: Answer, client: WebClient
    ) -> Iterator[Page]:
        totals: Any = None
        pages: list[Page] = []
        count = object_or_empty(post).get("note_count")
        if isinstance(count, int) and count > 0:
            totals, pages = self._notes(post_id, client)
        payload = {"posts": [post], "totals": totals}
        yield Page(payload, answer.origin, answer.observed_at)
        yield from pages

    def _notes(self, post_id: str, client: WebClient) -> tuple[Any, list[Page]]:
        """Return the first answer, with the totals, and pages of what was said."""
        blog, _, number = post_id.rpartition("/")
        totals: Any = None
        pages: list[Page] = []
        before: Any = None
        for left in reversed(range(MAX_NOTE_PAGES)):
            answer = self._get(
                client,
                f"blog/{quote(blog, safe=':')}/notes",
                id=number,
                mode="conversation",
                before_timestamp=before,
            )
            found = object_or_empty(answer.payload["response"])
            notes = found.get("notes")
            if not isinstance(notes, list):
                raise UnexpectedAnswer(f"{answer.origin}: expected a list of notes")
            totals = found if totals is None else totals
            said = [note for note in notes if says_something(note)]
            following = next_notes(found)
            is_left = following is not None and following != before
            pages.append(
                Page(
                    {"post_id": post_id, "notes": said},
                    answer.origin,
                    answer.observed_at,
                    # at least one stands on the pages that are not asked for
                    left_out_count=1 if is_left and not left else 0,
                )
            )
            if not is_left:
                break
            before = following
        return totals, pages

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn posts into rows with blogs and photos, notes into comments."""
        if "notes" in page.payload:
            yield from parse_notes(page)
        else:
            yield from parse_posts(page)


def _since(part: Slice) -> datetime:
    assert part.since is not None
    return part.since.astimezone(UTC)


def _until(part: Slice) -> datetime:
    assert part.until is not None
    return part.until.astimezone(UTC)


def _is_within(post: Any, part: Slice) -> bool:
    """Tell whether a post lies in the range; what cannot be read is the parser's."""
    time = time_of(post, "timestamp")
    return time is None or _since(part) <= time < _until(part)
