"""A server in the shape of Instagram's Graph API: hashtags, accounts, comments.

Shapes are those of Meta's documentation of the Instagram platform: field expansion,
cursors under `paging`, errors in the body, usage in headers.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.sources.loopback import Asked, Reply, Service, serve

START = datetime(2026, 1, 1, tzinfo=UTC)
TOKEN = "EAA-instagram-t0ken"
USER_ID = "17841400000000001"
ME = "trend.desk"


def shortcode(number: int) -> str:
    return urlsafe_b64encode(number.to_bytes(9, "big")).decode()[1:]


def refusal(code: int, status: int = 400, **more: object) -> Reply:
    error = {"message": "(#1) …", "type": "OAuthException", "code": code, **more}
    return Reply({"error": {**error, "fbtrace_id": "AbC"}}, status)


@dataclass
class Graph:
    """What the server holds, and how it behaves.

    `now` is its clock: recent media are those of the 24 hours before.
    """

    media: list[dict] = field(default_factory=list)
    accounts: dict[str, dict] = field(default_factory=dict)
    comments: dict[str, list[dict]] = field(default_factory=dict)
    searched: list[str] = field(default_factory=list)
    hashtags: dict[str, str] = field(default_factory=dict)
    now: datetime = START + timedelta(days=1)
    # where the list of the one hashtag stands: its cursor says nothing
    offset: int = 0

    def put(
        self,
        at: datetime,
        words: str = "a #coat",
        *,
        by: str | None = None,
        is_top: bool = False,
        **more: object,
    ) -> dict:
        number = 3_803_272_169_371_000_000 + len(self.media)
        medium: dict = {
            "id": str(17_900_000_000_000_000 + len(self.media)),
            "caption": words,
            "comments_count": 2,
            "like_count": 7,
            "media_type": "IMAGE",
            "media_url": f"https://scontent.cdninstagram.com/{len(self.media)}.jpg",
            "permalink": f"https://www.instagram.com/p/{shortcode(number)}/",
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}+0000",
            **more,
        }
        self.media.append({"at": at, "by": by, "is_top": is_top, "medium": medium})
        if by is not None:
            self.accounts.setdefault(by, account(by))
        return medium

    def answer(self, asked: Asked) -> Reply:
        assert asked.host == "graph.facebook.com"
        assert "access_token" not in asked.query
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return refusal(190)
        _, version, *parts = asked.path.split("/")
        assert re.fullmatch(r"v\d+\.0", version)
        assert int(asked.query.get("limit", 25)) <= 50
        reply = self._answer(parts, asked.query)
        reply.headers["X-App-Usage"] = '{"call_count":3,"total_time":1}'
        return reply

    def _answer(self, parts: list[str], query: dict[str, str]) -> Reply:
        if parts == ["ig_hashtag_search"]:
            return self._find(query)
        if parts == [USER_ID, "recently_searched_hashtags"]:
            return Reply({"data": [{"id": one} for one in self.searched]})
        if parts == [USER_ID]:
            return self._account(query["fields"])
        if parts == [USER_ID, "media"]:
            assert "thumbnail_url" in query["fields"]
            return Reply(self._page(self._of(ME), query.get("after"), 50))
        if parts[1] == "comments":
            return Reply(self._page(self.comments[parts[0]], query.get("after"), 50))
        assert query["user_id"] == USER_ID
        assert "username" not in query["fields"]
        (name,) = (tag for tag, own in self.hashtags.items() if own == parts[0])
        found = [one for one in self.media if f"#{name}" in one["medium"]["caption"]]
        if parts[1] == "top_media":
            return Reply({"data": [one["medium"] for one in found if one["is_top"]]})
        assert parts[1] == "recent_media"
        recent = [
            one
            for one in found
            if self.now - timedelta(days=1) <= one["at"] <= self.now
        ]
        recent.sort(key=lambda one: one["at"], reverse=True)
        # the cursor is the same on every page: where one stands is not in it
        self.offset = self.offset + 50 if "after" in query else 0
        page = [one["medium"] for one in recent[self.offset : self.offset + 50]]
        paging: dict = {"cursors": {"after": "QVFI"}}
        if self.offset + 50 < len(recent):
            paging["next"] = f"https://graph.facebook.com/x?access_token={TOKEN}"
        return Reply({"data": page, "paging": paging})

    def _find(self, query: dict[str, str]) -> Reply:
        assert query["user_id"] == USER_ID
        name = query["q"]
        if not any(f"#{name}" in one["medium"]["caption"] for one in self.media):
            return refusal(24, error_subcode=2_207_024)
        own = self.hashtags.setdefault(name, str(17_843_000 + len(self.hashtags)))
        if own not in self.searched:
            if len(self.searched) >= 30:
                return refusal(18, error_subcode=2_207_034)
            self.searched.append(own)
        return Reply({"data": [{"id": own}]})

    def _of(self, name: str) -> list[dict]:
        mine = [one for one in self.media if one["by"] == name]
        mine.sort(key=lambda one: one["at"], reverse=True)
        return [one["medium"] for one in mine]

    def _account(self, fields: str) -> Reply:
        found = re.fullmatch(r"business_discovery\.username\(([^)]*)\)\{(.*)\}", fields)
        if found is None:
            return Reply({**account(ME), "id": USER_ID})
        name, asks = found.groups()
        if name not in self.accounts:
            return refusal(110, error_subcode=2_207_013)
        after = re.search(r"media\.limit\(50\)(?:\.after\(([^)]*)\))?\{", asks)
        assert after is not None
        media = self._page(self._of(name), after.group(1), 50)
        told = {**self.accounts[name], "media": media}
        return Reply({"business_discovery": told, "id": USER_ID})

    def _page(self, items: list[dict], after: str | None, size: int) -> dict:
        first = 0 if after is None else int(after.removeprefix("c"))
        page: dict = {"data": items[first : first + size]}
        if page["data"]:
            page["paging"] = {"cursors": {"after": f"c{first + size}"}}
            if first + size < len(items):
                page["paging"]["next"] = f"https://x/?access_token={TOKEN}"
        return page


def account(name: str, **more: object) -> dict:
    return {
        "id": f"1784{sum(name.encode()):012d}",
        "username": name,
        "name": name.title(),
        "biography": "we sew",
        "followers_count": 900,
        "follows_count": 12,
        "media_count": 40,
        **more,
    }


def comment(number: int, words: str, **more: object) -> dict:
    return {
        "id": str(18_000_000 + number),
        "text": words,
        "timestamp": f"{START + timedelta(hours=number):%Y-%m-%dT%H:%M:%S}+0000",
        "username": "bob",
        "like_count": 1,
        **more,
    }


@contextmanager
def instagram() -> Iterator[tuple[Graph, Service]]:
    held = Graph()
    with serve(held.answer) as service:
        service.clock = lambda: held.now
        yield held, service
