"""A small live service in memory, and the source that reads it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import httpx

from trendlab.sources.base import Accepted, FieldError, Page, Parsed, Plan, Spend
from trendlab.sources.fields import read_count, read_id, read_moment
from trendlab.sources.live import Access, LiveSource
from trendlab.sources.web import WebClient

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PAGE = 5


@dataclass
class Service:
    """Posts by term; what it does wrong, and how often it was asked."""

    posts: dict[str, list[dict]] = field(default_factory=dict)
    fails_from: int | None = None
    status: int = 503
    missing: set[str] = field(default_factory=set)
    clock: Callable[[], datetime] = lambda: START
    asked: list[str] = field(default_factory=list)

    def put(self, term: str, times: Iterable[datetime], **more: object) -> None:
        known = self.posts.setdefault(term, [])
        for at in times:
            own = f"{term}-{len(known)}"
            known.append({"id": own, "at": at.isoformat(), "likes": 1, **more})

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        if self.fails_from is not None and len(self.asked) > self.fails_from:
            return httpx.Response(self.status, stream=httpx.ByteStream(b"{}"))
        params = request.url.params
        if "ids" in params:
            wanted = set(params["ids"].split(","))
            found = [p for posts in self.posts.values() for p in posts]
            body: object = [post for post in found if post["id"] in wanted]
        elif params["term"] in self.missing:
            return httpx.Response(404, stream=httpx.ByteStream(b"{}"))
        else:
            inside = [
                post
                for post in self.posts.get(params["term"], [])
                if params["since"] <= post["at"] < params["until"]
            ]
            first = int(params["from"])
            body = inside[first : first + PAGE]
        content = json.dumps(body).encode()
        return httpx.Response(200, stream=httpx.ByteStream(content))

    def client_of(self, source: LiveSource) -> WebClient:
        return WebClient(
            source.bases(),
            transport=httpx.MockTransport(self.answer),
            clock=self.clock,
            sleep=lambda seconds: None,
            tries=2,
        )


class Shop(LiveSource):
    """Reads `Service`, a page of five posts a request."""

    name: ClassVar[str] = "shop"
    format: ClassVar[str] = "shop_api"
    gives = lacks = limits = ""
    takes = frozenset({"hashtag", "account"})
    again_size: ClassVar[int] = 3

    def bases(self) -> tuple[str, ...]:
        return ("https://shop.example",)

    def fetch(self, plan: Plan, client: WebClient) -> Iterator[Page]:
        (part,) = plan.slices
        at = (part.asks["resume"] or {"from": 0})["from"]
        while True:
            answer = client.get(
                "https://shop.example/posts",
                params={
                    "term": part.asks["value"],
                    "since": part.since.isoformat(),
                    "until": part.until.isoformat(),
                    "from": at,
                },
            )
            if not answer.payload:
                return
            at += len(answer.payload)
            yield Page(
                answer.payload,
                answer.origin,
                answer.observed_at,
                state={"from": at},
                spends=(Spend("records", len(answer.payload)),),
            )

    def fetch_again(self, post_ids: Sequence[str], client: WebClient) -> Iterator[Page]:
        answer = client.get(
            "https://shop.example/posts", params={"ids": ",".join(post_ids)}
        )
        yield Page(answer.payload, answer.origin, answer.observed_at)

    def parse(self, page: Page) -> Iterator[Parsed]:
        for number, given in enumerate(page.payload, start=1):
            try:
                row = {
                    "post_id": read_id(given["id"], "id"),
                    "created_at": read_moment(given["at"], "at"),
                    "author_id": "ana",
                    "author_handle": "ana",
                    "caption": "a coat",
                    "hashtags": [given["id"].split("-")[0]],
                    "media_kind": "none",
                    "media_count": 0,
                    "likes_count": read_count(given["likes"], "likes"),
                    "is_repost": False,
                    "observed_at": page.observed_at,
                }
                yield Accepted((("posts", row),), number, given)
            except FieldError as bad:
                yield bad.refused(number, given)

    def check(self, client: WebClient) -> list[str]:
        return ["it answers"]


def shop() -> Shop:
    return Shop(Access((), {}))


class Fair(Shop):
    """A second source of the same service."""

    name: ClassVar[str] = "fair"


def fair() -> Fair:
    return Fair(Access((), {}))
