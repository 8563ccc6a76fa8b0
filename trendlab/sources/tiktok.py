"""TikTok's Research API: videos by hashtag, words and account, in ranges of days.

    token (2 h) ─▶ query of some days ─▶ 100 videos a page (cursor, search_id)
                                            └▶ search_id not known any more: the
                                               query is asked anew from its beginning

Its days are UTC and both ends count. What is used of the 1,000 requests a day is kept
with the budget; the service resets it at midnight UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from trendlab.errors import UnexpectedAnswer
from trendlab.sources.base import FieldError, Page, Parsed, Plan, Request, Slice, State
from trendlab.sources.fields import read_moment
from trendlab.sources.live import Access, LiveSource, Need, plan_terms
from trendlab.sources.rate_limits import Rate
from trendlab.sources.shapes import object_or_empty
from trendlab.sources.tiktok_api import (
    API,
    CLIENT_KEY,
    CLIENT_SECRET,
    ResearchApi,
    is_lost_search,
    midnight_of,
)
from trendlab.sources.tiktok_records import (
    COMMENT_FIELDS,
    VIDEO_FIELDS,
    parse_comments,
    parse_videos,
    time_of_id,
)
from trendlab.sources.web import Answer, WebClient

PAGE_SIZE = 100
DAILY_REQUESTS = 1_000
# The longest range of a query. Ranges of a week are asked for: long ones with many
# videos are often answered with an internal error, which counts as a request.
LONGEST_QUERY = timedelta(days=30)
SLICE = timedelta(days=7)
# New videos take up to two days to be found.
LATE = timedelta(days=2)
# Comments are given up to the thousandth.
COMMENT_PAGES = 10
# Of the 1,000 a day; comments take one and more a video.
AGAIN_REQUESTS = 300
# Times that a query is asked anew because its search_id is not known any more.
MAX_RESTARTS = 2
_FIELD_OF = {"hashtag": "hashtag_name", "account": "username", "keyword": "keyword"}
_ONE_DAY = timedelta(days=1)


class TikTok(LiveSource):
    """Public videos of TikTok, for approved researchers; holds the token's keeper."""

    name: ClassVar[str] = "tiktok"
    format: ClassVar[str] = "tiktok_research_api"
    gives: ClassVar[str] = (
        "videos by hashtag, keyword and account, with views, likes, comments, shares "
        "and the country of the account; comments; counts read again"
    )
    lacks: ClassVar[str] = (
        "photos and covers, followers, who wrote a comment, places finer than a country"
    )
    limits: ClassVar[str] = "1,000 requests a day; 100 videos a request"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(CLIENT_KEY, "client key of an approved research project", False),
        Need(CLIENT_SECRET, "client secret of that project"),
    )
    rates: ClassVar[Mapping[str, tuple[Rate, ...]]] = {"": (Rate(5, 1),)}
    longest_slice: ClassVar[timedelta | None] = SLICE
    overlap: ClassVar[timedelta] = LATE
    again_size: ClassVar[int] = PAGE_SIZE
    again_requests: ClassVar[int] = AGAIN_REQUESTS

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._api = ResearchApi(access)

    def bases(self) -> tuple[str, ...]:
        """Return the address of the API, which gives tokens, too."""
        return (API,)

    def plan(self, request: Request, state: State) -> Plan:
        """Cut what is lacking into slices; none where today's requests are used up."""
        plan = plan_terms(self, request, state)
        assert request.now is not None
        used = request.budget.used("requests", midnight_of(request.now))
        if used < DAILY_REQUESTS or not plan.slices:
            return plan
        note = (
            f"{used:,} of {DAILY_REQUESTS:,} requests were sent today: nothing is "
            f"asked before {midnight_of(request.now) + _ONE_DAY:%Y-%m-%d %H:%M} UTC"
        )
        return Plan(request, (), (*plan.notes, note))

    def check(self, client: WebClient) -> list[str]:
        """Get a token, and ask for one video of a week ago."""
        self._api.log_in(client)
        day = (datetime.now(UTC) - SLICE).date()
        condition = _condition("hashtag_name", ["fashion"])
        body = _body([condition], day, day, size=1)
        _, data = self._api.query(client, "video/query", VIDEO_FIELDS, body)
        return [
            f"the project of {CLIENT_KEY} got a token",
            f"videos can be queried ({len(_list_of(data, 'videos'))} of 1)",
        ]

    def fetch(self, plan: Plan, client: WebClient) -> Iterator[Page]:
        """Yield pages of one term in some days; see the module."""
        (part,) = plan.slices
        resume = part.asks["resume"] or {}
        if resume.get("is_last"):
            return
        since, until = _range(part)
        condition = _condition(_FIELD_OF[part.asks["kind"]], [part.asks["value"]])
        # both days count, and nothing of the last moment's day is left out
        last_day = (until - timedelta(seconds=1)).date()
        body = _body([condition], since.date(), last_day)
        at = {name: resume[name] for name in ("cursor", "search_id") if name in resume}
        restarts = 0
        while True:
            try:
                answer, data = self._api.query(
                    client, "video/query", VIDEO_FIELDS, {**body, **at}
                )
            except UnexpectedAnswer as error:
                if not at or restarts == MAX_RESTARTS or not is_lost_search(error):
                    raise
                # overlapping pages are merged by the ids of their videos
                at, restarts = {}, restarts + 1
                continue
            videos = _list_of(data, "videos")
            is_last = not data.get("has_more")
            at = {} if is_last else _following(data, at, answer)
            inside = [video for video in videos if _is_within(video, since, until)]
            yield Page(
                {"videos": inside},
                answer.origin,
                answer.observed_at,
                state={**at, "is_last": is_last},
            )
            if is_last:
                return

    def fetch_again(self, post_ids: Sequence[str], client: WebClient) -> Iterator[Page]:
        """Yield videos by id, then the comments of each that has any.

        A query by ids has a range of days as well: it is read from the ids.
        """
        for group in _groups(post_ids):
            days = [moment.date() for _, moment in group]
            body = _body(
                [_condition("video_id", [video_id for video_id, _ in group])],
                min(days),
                max(days),
            )
            answer, data = self._api.query(client, "video/query", VIDEO_FIELDS, body)
            videos = _list_of(data, "videos")
            yield Page({"videos": videos}, answer.origin, answer.observed_at)
            for video in videos:
                given = object_or_empty(video)
                count = given.get("comment_count")
                if isinstance(count, int) and count > 0:
                    yield from self.fetch_comments(str(given.get("id")), count, client)

    def fetch_comments(
        self, video_id: str, count: int, client: WebClient
    ) -> Iterator[Page]:
        """Yield the comments of a video, up to the thousandth.

        Parameters
        ----------
        video_id : str
        count : int
            Comments that the video is said to have.
        """
        if not video_id.isdigit():
            return
        cursor = read = 0
        for left in reversed(range(COMMENT_PAGES)):
            body = {"video_id": int(video_id), "max_count": PAGE_SIZE, "cursor": cursor}
            answer, data = self._api.query(
                client, "video/comment/list", COMMENT_FIELDS, body
            )
            comments = _list_of(data, "comments")
            read += len(comments)
            is_more = bool(data.get("has_more"))
            yield Page(
                {"post_id": video_id, "comments": comments},
                answer.origin,
                answer.observed_at,
                left_out_count=max(count - read, 1) if is_more and not left else 0,
            )
            if not is_more:
                return
            cursor += PAGE_SIZE

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn videos into posts with authors, comments into comments."""
        if "comments" in page.payload:
            yield from parse_comments(page)
        else:
            yield from parse_videos(page)


def _body(
    conditions: list[dict[str, Any]], first: date, last: date, *, size: int = PAGE_SIZE
) -> dict[str, Any]:
    return {
        "query": {"and": conditions},
        "start_date": f"{first:%Y%m%d}",
        "end_date": f"{last:%Y%m%d}",
        "max_count": size,
    }


def _condition(field: str, values: list[str]) -> dict[str, Any]:
    return {"operation": "IN", "field_name": field, "field_values": values}


def _groups(post_ids: Sequence[str]) -> list[list[tuple[str, datetime]]]:
    """Return ids that hold a time, in groups that one query can ask for."""
    timed = [(post_id, at) for post_id in post_ids if (at := time_of_id(post_id))]
    timed.sort(key=lambda one: one[1])
    groups: list[list[tuple[str, datetime]]] = []
    for post_id, at in timed:
        # days, not moments, are at most so far apart
        if not groups or at.date() - groups[-1][0][1].date() > LONGEST_QUERY:
            groups.append([])
        groups[-1].append((post_id, at))
    return groups


def _following(
    data: Mapping[str, Any], at: Mapping[str, Any], answer: Answer
) -> dict[str, Any]:
    """Return what the next page is asked with.

    Raises
    ------
    UnexpectedAnswer
        If the cursor does not move: the same page would come for ever.
    """
    cursor, search_id = data.get("cursor"), data.get("search_id")
    is_moving = isinstance(cursor, int) and cursor > at.get("cursor", 0)
    if not is_moving or not isinstance(search_id, str | int):
        raise UnexpectedAnswer(
            f"{answer.origin}: it says that there is more, and gives no cursor to it",
            answer.status,
        )
    return {"cursor": cursor, "search_id": str(search_id)}


def _list_of(data: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list of `data`; where nothing was found it is left out."""
    found = data.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise UnexpectedAnswer(f"{API}: expected a list of {name}")
    return found


def _range(part: Slice) -> tuple[datetime, datetime]:
    assert part.since is not None
    assert part.until is not None
    return part.since.astimezone(UTC), part.until.astimezone(UTC)


def _is_within(video: Any, since: datetime, until: datetime) -> bool:
    """Tell whether a video lies in the range; what cannot be read is the parser's."""
    try:
        made_at = read_moment(object_or_empty(video).get("create_time"), "create_time")
    except FieldError:
        return True
    return since <= made_at < until
