"""A server in the shape of Tumblr's API: tags, blogs, single posts, notes.

Shapes are those of https://github.com/tumblr/docs (api.md, npf-spec.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.sources.loopback import Asked, Reply, Service, serve

START = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "tumblr-k3y"


def text(words: str, **more: object) -> dict:
    return {"type": "text", "text": words, **more}


def image(name: str) -> dict:
    sizes = [
        {"url": f"https://64.media.tumblr.com/{name}_{width}.jpg", "width": width}
        for width in (540, 1280, 75)
    ]
    return {"type": "image", "media": sizes, "alt_text": "a coat"}


def meta(status: int, message: str) -> dict:
    return {"status": status, "msg": message}


def refusal(status: int, message: str) -> dict:
    errors = [{"title": message, "code": 0, "detail": "…"}]
    return {"meta": meta(status, message), "response": [], "errors": errors}


@dataclass
class Tumblr:
    """What the server holds, and how it behaves."""

    posts: list[dict] = field(default_factory=list)
    notes: dict[str, list[dict]] = field(default_factory=dict)
    # answers of a tag that are empty although older posts are there
    hollow: list[tuple[int, int]] = field(default_factory=list)
    note_pages: int = 50

    def put(
        self,
        at: datetime,
        words: str = "a coat",
        *,
        by: str = "ana",
        tags: tuple[str, ...] = ("coat",),
        **more: object,
    ) -> dict:
        own = 800_000_000_000_000_000 + len(self.posts)
        post: dict = {
            "object_type": "post",
            "type": "blocks",
            "original_type": "regular",
            "blog_name": by,
            "blog": {
                "name": by,
                "title": by.title(),
                "description": "I <b>sew</b>",
                "url": f"https://{by}.tumblr.com/",
                "uuid": f"t:{by}",
            },
            "id": own,
            "id_string": str(own),
            "post_url": f"https://{by}.tumblr.com/post/{own}",
            "timestamp": int(at.timestamp()),
            "tags": list(tags),
            "note_count": 0,
            "content": [text(words)],
            "layout": [],
            "trail": [],
            **more,
        }
        self.posts.append(post)
        return post

    def answer(self, asked: Asked) -> Reply:
        assert asked.host == "api.tumblr.com"
        if asked.query.get("api_key") != KEY:
            return Reply(refusal(401, "Unauthorized"), 401)
        status, response = self._answer(asked)
        if status != 200:
            return Reply(refusal(status, "Not Found"), status)
        headers = {
            "X-Ratelimit-Perhour-Limit": "1000",
            "X-Ratelimit-Perhour-Remaining": "990",
            "X-Ratelimit-Perhour-Reset": "3000",
            "X-Ratelimit-Perday-Remaining": "4990",
            "X-Ratelimit-Perday-Reset": "80000",
        }
        return Reply({"meta": meta(200, "OK"), "response": response}, 200, headers)

    def _answer(self, asked: Asked) -> tuple[int, object]:
        parts = asked.path.strip("/").split("/")
        query = asked.query
        assert int(query.get("limit", 20)) <= 20
        if parts[1] == "tagged":
            tag = query["tag"].lower()
            found = [p for p in self.posts if tag in [t.lower() for t in p["tags"]]]
            before = int(query.get("before", 2**40))
            if any(first <= before < last for first, last in self.hollow):
                return 200, []
            return 200, self._before(found, query)
        blog = parts[2]
        mine = [p for p in self.posts if blog in (p["blog_name"], p["blog"]["uuid"])]
        if not mine:
            return 404, []
        if parts[3] == "notes":
            return 200, self._notes(query)
        if "id" in query:
            found = [post for post in mine if post["id_string"] == query["id"]]
            return (200, {"posts": found}) if found else (404, [])
        pinned = [post for post in mine if post.get("is_pinned")]
        page = [*pinned, *self._before(mine, query)][:20] if pinned else None
        found = self._before(mine, query) if page is None else page
        return 200, {"blog": mine[0]["blog"], "posts": found, "total_posts": len(mine)}

    def _before(self, posts: list[dict], query: dict[str, str]) -> list[dict]:
        before = int(query.get("before", 2**40))
        inside = [
            post
            for post in posts
            if post.get("featured_timestamp", post["timestamp"]) < before
        ]
        inside.sort(key=lambda p: -p.get("featured_timestamp", p["timestamp"]))
        return inside[:20]

    def _notes(self, query: dict[str, str]) -> dict:
        assert query["mode"] == "conversation"
        every = self.notes.get(query["id"], [])
        before = float(query.get("before_timestamp", 2**40))
        inside = [note for note in every if note["timestamp"] < before]
        page = inside[: self.note_pages]
        found: dict = {
            "notes": page,
            "rollup_notes": [],
            "total_notes": len(every),
            "total_likes": 5,
            "total_reblogs": 2,
        }
        if len(page) < len(inside):
            params = {"id": query["id"], "before_timestamp": str(page[-1]["timestamp"])}
            found["_links"] = {"next": {"href": "/v2/x", "query_params": params}}
        return found


def note(number: int, words: str, *, by: str = "bob", **more: object) -> dict:
    return {
        "type": "reply",
        "timestamp": int((START + timedelta(minutes=number)).timestamp()),
        "blog_name": by,
        "blog_uuid": f"t:{by}",
        "reply_text": words,
        **more,
    }


@contextmanager
def tumblr() -> Iterator[tuple[Tumblr, Service]]:
    held = Tumblr()
    with serve(held.answer) as service:
        yield held, service
