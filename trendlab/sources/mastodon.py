"""Mastodon: public posts by hashtag and by account, from one server.

A server knows what its people wrote and what other servers sent it; there is no
place that knows all. Ids are the server's own, rise with time, and hold the moment
of the post in milliseconds above their lowest 16 bits.

    newest page ─▶ reaches back far enough? ─▶ done
                      └▶ forwards from the first id of the range (`min_id`), or, where
                         ids hold no time, backwards from here (`max_id`)

Forwards, what was read stays read, whatever is posted meanwhile: the cursor is the
newest id that is stored. Mastodon.py is not used here: it retries, waits and pages
by itself, out of reach of the cursor that has to be stored with the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from trendlab.errors import UnexpectedAnswer
from trendlab.sources.base import FieldError, Page, Parsed, Plan, Slice
from trendlab.sources.fields import read_moment
from trendlab.sources.live import LiveSource, Need
from trendlab.sources.mastodon_records import parse_replies, parse_statuses
from trendlab.sources.rate_limits import Rate
from trendlab.sources.web import Answer, WebClient

URL = "TRENDLAB_MASTODON_URL"
TOKEN = "TRENDLAB_MASTODON_TOKEN"
ONLY_MEDIA = "TRENDLAB_MASTODON_ONLY_MEDIA"
# The most that a server gives on a page.
PAGE_SIZE = 40
# Ids of `GET /api/v1/statuses`: no documented limit; addresses stay under 2,000 bytes.
AGAIN_SIZE = 40
# A status of another server is stored under the time when it was written, up to the
# longest outage that its server bridges by trying again; most come within minutes.
LATE = timedelta(hours=6)
# An id is taken to hold a time if it says so within this of the status's own.
CLOCK_SLACK = timedelta(days=2)


class Mastodon(LiveSource):
    """Public statuses of one Mastodon server."""

    name: ClassVar[str] = "mastodon"
    format: ClassVar[str] = "mastodon_api"
    gives: ClassVar[str] = (
        "posts by hashtag and account, replies, boosts, authors with followers and "
        "profile fields, languages, photos, counts read again"
    )
    lacks: ClassVar[str] = "coordinates, views, keyword search, what its server lacks"
    limits: ClassVar[str] = "300 requests in 5 minutes; 40 posts a request"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(URL, "address of a server, such as https://mastodon.social", False),
        Need(
            TOKEN,
            "access token (Preferences → Development → New application, scope "
            "`read`), for servers that show timelines only to members",
            is_needed=False,
        ),
        Need(ONLY_MEDIA, "`yes`: only posts with media", False, False, "no"),
    )
    rates: ClassVar[Mapping[str, tuple[Rate, ...]]] = {"": (Rate(290, 300),)}
    takes: ClassVar[frozenset[str]] = frozenset({"hashtag", "account"})
    overlap: ClassVar[timedelta] = LATE
    again_size: ClassVar[int] = AGAIN_SIZE

    def bases(self) -> tuple[str, ...]:
        """Return the server's address."""
        return (self._base,)

    @property
    def _base(self) -> str:
        return self.access[URL].rstrip("/")

    def _headers(self) -> dict[str, str]:
        token = self.access.get(TOKEN)
        return {} if token is None else {"Authorization": f"Bearer {token}"}

    def _get(self, client: WebClient, path: str, **params: Any) -> Answer:
        return client.get(
            f"{self._base}/api/v1/{path}", params=params, headers=self._headers()
        )

    def check(self, client: WebClient) -> list[str]:
        """Ask who we are, or for a page that needs no token."""
        found = []
        if self.access.get(TOKEN) is not None:
            me = self._get(client, "accounts/verify_credentials").payload
            handle = me.get("acct") if isinstance(me, dict) else None
            found.append(f"the token is @{handle}'s")
        page = _statuses_of(self._get(client, "timelines/tag/fashion", limit=1))
        found.append(f"hashtag timelines can be read ({len(page)} post on a page of 1)")
        return found

    def fetch(self, plan: Plan, client: WebClient) -> Iterator[Page]:
        """Yield pages of one hashtag or account; see the module."""
        (part,) = plan.slices
        resume = part.asks["resume"] or {}
        path = resume.get("path") or self._path_of(part, client)
        if "min_id" in resume:
            yield from self._forwards(part, client, path, resume["min_id"])
        elif "max_id" in resume:
            yield from self._backwards(part, client, path, resume["max_id"])
        else:
            yield from self._from_the_start(part, client, path)

    def _path_of(self, part: Slice, client: WebClient) -> str:
        value = part.asks["value"]
        if part.asks["kind"] == "hashtag":
            return f"timelines/tag/{quote(value, safe='')}"
        answer = client.get(
            f"{self._base}/api/v1/accounts/lookup",
            params={"acct": value},
            headers=self._headers(),
            allow=(404,),
        )
        account = answer.payload
        if answer.status == 404 or not isinstance(account, dict):
            raise UnexpectedAnswer(
                f"{answer.origin}: it knows no account {value!r}; write "
                "name@server, as its profile page shows it",
                answer.status,
            )
        return f"accounts/{quote(str(account.get('id')), safe='')}/statuses"

    def _page(self, client: WebClient, path: str, **cursor: Any) -> Answer:
        wants_media = str(self.access.get(ONLY_MEDIA)).strip().lower() in ("yes", "1")
        return self._get(
            client,
            path,
            limit=PAGE_SIZE,
            only_media="true" if wants_media else None,
            **cursor,
        )

    def _from_the_start(
        self, part: Slice, client: WebClient, path: str
    ) -> Iterator[Page]:
        answer = self._page(client, path)
        statuses = _statuses_of(answer)
        oldest = _oldest(statuses)
        if not statuses or (oldest is not None and oldest < _since(part)):
            yield _as_page(answer, _within(statuses, part), None)
            return
        first_id = _id_at(_since(part))
        if _ids_hold_time(statuses):
            yield from self._forwards(part, client, path, str(first_id - 1))
            return
        before = _cursor(answer, statuses, "next", "max_id")
        yield _as_page(
            answer, _within(statuses, part), {"path": path, "max_id": before}
        )
        yield from self._backwards(part, client, path, before)

    def _forwards(
        self, part: Slice, client: WebClient, path: str, after: str
    ) -> Iterator[Page]:
        while True:
            answer = self._page(client, path, min_id=after)
            statuses = _statuses_of(answer)
            if not statuses:
                return
            after = _cursor(answer, statuses, "prev", "min_id")
            state = {"path": path, "min_id": after}
            yield _as_page(answer, _within(statuses, part), state)
            oldest = _oldest(statuses)
            if oldest is not None and oldest >= _until(part):
                return

    def _backwards(
        self, part: Slice, client: WebClient, path: str, before: str
    ) -> Iterator[Page]:
        while True:
            answer = self._page(client, path, max_id=before)
            statuses = _statuses_of(answer)
            if not statuses:
                return
            oldest = _oldest(statuses)
            before = _cursor(answer, statuses, "next", "max_id")
            state = {"path": path, "max_id": before}
            yield _as_page(answer, _within(statuses, part), state)
            if oldest is not None and oldest < _since(part):
                return

    def fetch_again(self, post_ids: Sequence[str], client: WebClient) -> Iterator[Page]:
        """Yield the posts by id, then the replies of each that has any."""
        answer = self._get(client, "statuses", **{"id[]": list(post_ids)})
        statuses = [status for status in _statuses_of(answer) if _is_public(status)]
        yield _as_page(answer, statuses, None)
        for status in statuses:
            if isinstance(status, dict) and _is_positive(status.get("replies_count")):
                yield from self.fetch_replies(str(status.get("id")), client)

    def fetch_replies(self, post_id: str, client: WebClient) -> Iterator[Page]:
        """Yield what was answered to a post, as far as the server knows."""
        answer = client.get(
            f"{self._base}/api/v1/statuses/{quote(post_id, safe='')}/context",
            headers=self._headers(),
            allow=(404,),
        )
        if answer.status == 404:
            return
        found = answer.payload if isinstance(answer.payload, dict) else {}
        replies = found.get("descendants")
        if not isinstance(replies, list):
            raise UnexpectedAnswer(f"{answer.origin}: expected a list of descendants")
        public = [reply for reply in replies if _is_public(reply)]
        payload = {"post_id": post_id, "replies": public}
        yield Page(payload, answer.origin, answer.observed_at)

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn statuses into posts with authors and photos, replies into comments."""
        if "replies" in page.payload:
            yield from parse_replies(page)
        else:
            yield from parse_statuses(page)


def _as_page(
    answer: Answer, statuses: list[Any], state: Mapping[str, Any] | None
) -> Page:
    return Page({"posts": statuses}, answer.origin, answer.observed_at, state=state)


def _statuses_of(answer: Answer) -> list[Any]:
    if not isinstance(answer.payload, list):
        raise UnexpectedAnswer(
            f"{answer.origin}: expected a list of posts, got "
            f"{type(answer.payload).__name__}. Is it a Mastodon server?",
            answer.status,
        )
    return answer.payload


def _is_public(status: Any) -> bool:
    """Tell whether anyone may see it; what says nothing is left to the parser."""
    if not isinstance(status, dict):
        return True
    return status.get("visibility") not in ("private", "direct")


def _is_positive(value: Any) -> bool:
    return isinstance(value, int) and value > 0


def _since(part: Slice) -> datetime:
    assert part.since is not None
    return part.since


def _until(part: Slice) -> datetime:
    assert part.until is not None
    return part.until


def _time_of(status: Any) -> datetime | None:
    try:
        return read_moment(status["created_at"], "created_at")
    except (FieldError, KeyError, TypeError):
        return None


def _oldest(statuses: Sequence[Any]) -> datetime | None:
    """Return the earliest time that can be read."""
    times = [time for status in statuses if (time := _time_of(status)) is not None]
    return min(times, default=None)


def _within(statuses: Sequence[Any], part: Slice) -> list[Any]:
    """Return public statuses of the range, and those whose time cannot be read."""
    kept = []
    for status in statuses:
        time = _time_of(status)
        if _is_public(status) and (time is None or _since(part) <= time < _until(part)):
            kept.append(status)
    return kept


def _id_at(moment: datetime) -> int:
    """Return the lowest id that a status of a moment can have."""
    return int(moment.timestamp() * 1000) << 16


def _ids_hold_time(statuses: Sequence[Any]) -> bool:
    """Tell whether ids say when their statuses were made, as Mastodon's do."""
    told = 0
    for status in statuses:
        time = _time_of(status)
        if time is None:
            continue
        given = str(status.get("id"))
        if not (given.isascii() and given.isdigit() and len(given) <= 20):
            return False
        try:
            held = datetime.fromtimestamp((int(given) >> 16) / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return False
        if abs(held - time) > CLOCK_SLACK:
            return False
        told += 1
    return told > 0


def _cursor(answer: Answer, statuses: Sequence[Any], rel: str, name: str) -> str:
    """Return the cursor of the link (only it, not the address), else of the ids.

    A server leaves the link out where it has dropped statuses from a full page.
    """
    link = answer.links.get(rel, "")
    try:
        given = parse_qs(urlsplit(link).query).get(name)
    except ValueError:
        given = None
    if given:
        return given[0]
    edge = statuses[0 if name == "min_id" else -1]
    edge_id = edge.get("id") if isinstance(edge, dict) else None
    if not isinstance(edge_id, str) or not edge_id:
        raise UnexpectedAnswer(
            f"{answer.origin}: expected a Link header with rel={rel} and {name}",
            answer.status,
        )
    return edge_id
