"""A server in the shape of Reddit's API: tokens, listings that end, comment trees.

Shapes are those of https://www.reddit.com/dev/api and of listings that were saved from
it. It limits itself as Reddit does: a listing holds the newest posts only, and a cursor
is the name of a post, which leads nowhere once that post is gone.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.sources.loopback import Asked, Reply, Service, serve

START = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "reddit-s3cr3t"
BASIC = "Basic " + base64.b64encode(f"app-id:{SECRET}".encode()).decode()


def base36(number: int) -> str:
    digits = ""
    while number:
        number, left = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[left] + digits
    return digits


def thing(kind: str, data: dict) -> dict:
    return {"kind": kind, "data": data}


def listing(children: list[dict], after: str | None = None) -> dict:
    return thing(
        "Listing",
        {"after": after, "dist": len(children), "children": children, "before": None},
    )


@dataclass
class Reddit:
    """What the server holds, and how it behaves."""

    posts: list[dict] = field(default_factory=list)
    trees: dict[str, list[dict]] = field(default_factory=dict)
    listed: int = 1_000
    found: int = 250
    uses_of_a_token: int = 1_000_000
    tokens: dict[str, int] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)

    def put(self, at: datetime, title: str, **more: object) -> dict:
        own = base36(1_000_000 + len(self.posts))
        author = str(more.pop("author", "ana"))
        data: dict = {
            "id": own,
            "name": f"t3_{own}",
            "title": title,
            "selftext": "",
            "author": author,
            "author_fullname": f"t2_{author}",
            "subreddit": "streetwear",
            "created_utc": at.timestamp(),
            "permalink": f"/r/streetwear/comments/{own}/x/",
            "url": f"https://www.reddit.com/r/streetwear/comments/{own}/x/",
            "score": 7,
            "ups": 7,
            "hide_score": False,
            "num_comments": 0,
            "num_crossposts": 0,
            "is_video": False,
            "stickied": False,
            "pinned": False,
            "link_flair_text": None,
            **more,
        }
        self.posts.append(data)
        return data

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/api/v1/access_token":
            return self._token(asked)
        assert asked.host == "oauth.reddit.com"
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) <= 0:
            return Reply({"message": "Unauthorized", "error": 401}, 401)
        self.tokens[token] -= 1
        reply = self._answer(asked)
        reply.headers.update(
            {
                "X-Ratelimit-Used": "3",
                "X-Ratelimit-Remaining": "597.0",
                "X-Ratelimit-Reset": "300",
            }
        )
        return reply

    def _token(self, asked: Asked) -> Reply:
        assert asked.host == "www.reddit.com"
        if asked.headers.get("authorization") != BASIC:
            return Reply({"message": "Unauthorized", "error": 401}, 401)
        if asked.form != {"grant_type": "client_credentials"}:
            return Reply({"error": "unsupported_grant_type"})
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = self.uses_of_a_token
        body = {"access_token": token, "token_type": "bearer", "expires_in": 86400}
        return Reply({**body, "scope": "*"})

    def _answer(self, asked: Asked) -> Reply:
        parts = asked.path.strip("/").split("/")
        newest = sorted(self.posts, key=lambda post: -post["created_utc"])
        if parts[0] == "r":
            if parts[1] in self.private:
                body = {"reason": "private", "message": "Forbidden", "error": 403}
                return Reply(body, 403)
            inside = [p for p in newest if p["subreddit"].lower() == parts[1]]
            if not inside:
                to = f"https://www.reddit.com/subreddits/search?q={parts[1]}"
                return Reply({}, 302, {"Location": to})
            return self._page(inside[: self.listed], asked)
        if parts[0] == "user":
            mine = [post for post in newest if post["author"] == parts[1]]
            if not mine:
                return Reply({"message": "Not Found", "error": 404}, 404)
            return self._page(mine[: self.listed], asked)
        if parts[0] == "search":
            found = [post for post in newest if self._is_found(post, asked.query["q"])]
            return self._page(found[: self.found], asked)
        if asked.path == "/api/info":
            names = asked.query["id"].split(",")
            assert len(names) <= 100
            wanted = [post for post in self.posts if post["name"] in names]
            return Reply(listing([thing("t3", post) for post in wanted]))
        if parts[0] == "comments" and parts[1] in self.trees:
            post = next(p for p in self.posts if p["id"] == parts[1])
            trees = [listing([thing("t3", post)]), listing(self.trees[parts[1]])]
            return Reply(trees)
        return Reply({"message": "Not Found", "error": 404}, 404)

    def _is_found(self, post: dict, query: str) -> bool:
        """Understand `"words"`, and `field:"words"` joined by OR."""
        text = f"{post['title']} {post['selftext']}".lower()
        for part in query.split(" OR "):
            field, _, words = part.rpartition(":")
            words = words.strip('"').lower()
            within = text if field == "" else str(post.get(field)).lower()
            exact = field == "subreddit" and words == within
            if exact or (field != "subreddit" and words in within):
                return True
        return False

    def _page(self, posts: list[dict], asked: Asked) -> Reply:
        after = asked.query.get("after")
        names = [post["name"] for post in posts]
        if after is not None and after not in names:
            return Reply(listing([]))
        first = 0 if after is None else names.index(after) + 1
        page = posts[first : first + int(asked.query["limit"])]
        is_end = first + len(page) >= len(posts)
        following = None if is_end or not page else page[-1]["name"]
        return Reply(listing([thing("t3", post) for post in page], following))


def comment(own: str, body: str, *, parent: str, author: str = "bob", **more) -> dict:
    data = {
        "id": own,
        "name": f"t1_{own}",
        "parent_id": parent,
        "author": author,
        "author_fullname": f"t2_{author}",
        "body": body,
        "created_utc": (START + timedelta(hours=1)).timestamp(),
        "score": 2,
        "score_hidden": False,
        "replies": "",
    }
    return thing("t1", {**data, **more})


@contextmanager
def reddit() -> Iterator[tuple[Reddit, Service]]:
    held = Reddit()
    with serve(held.answer) as service:
        yield held, service
