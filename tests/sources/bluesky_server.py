"""A server on loopback in the shape of a Bluesky PDS, checked by atproto's models.

`@atproto/dev-env`, the services' own test network, needs a compiler run of several
minutes at each installation. So this one: sessions that end, searches with cursors that
lead only so far, feeds, profiles, threads. `test_the_servers_answers_are_as_the_library
_expects_them` holds its answers against the models of the atproto library.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

START = datetime(2026, 1, 1, tzinfo=UTC)
PASSWORD = "abcd-efgh-ijkl-mnop"
CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def did(name: str) -> str:
    return f"did:plc:{name:a<24}"


def person(name: str) -> dict:
    return {
        "did": did(name),
        "handle": f"{name}.bsky.social",
        "displayName": name.title(),
    }


@dataclass
class Bluesky:
    """What the server holds, and how it behaves."""

    url: str = ""
    posts: list[dict] = field(default_factory=list)
    reposts: list[tuple[str, dict, datetime]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    reach: int = 10_000
    uses_of_a_session: int = 1_000_000
    sessions: dict[str, int] = field(default_factory=dict)

    def put(
        self,
        at: datetime,
        text: str,
        *,
        by: str = "ana",
        tags: tuple[str, ...] = (),
        embed: dict | None = None,
        reply_to: dict | None = None,
        likes: int = 0,
        indexed_after: timedelta = timedelta(seconds=2),
    ) -> dict:
        record: dict = {
            "$type": "app.bsky.feed.post",
            "text": text,
            "createdAt": iso(at),
            "langs": ["en"],
            "facets": [
                {
                    "index": {"byteStart": 0, "byteEnd": 1},
                    "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": tag}],
                }
                for tag in tags
            ],
        }
        if reply_to is not None:
            ref = {"uri": reply_to["uri"], "cid": CID}
            record["reply"] = {"root": ref, "parent": ref}
            reply_to["replyCount"] += 1
        # thirteen characters, as record keys are
        key = f"3l{len(self.posts):011d}"
        post = {
            "$type": "app.bsky.feed.defs#postView",
            "uri": f"at://{did(by)}/app.bsky.feed.post/{key}",
            "cid": CID,
            "author": person(by),
            "record": record,
            "indexedAt": iso(at + indexed_after),
            "likeCount": likes,
            "replyCount": 0,
            "repostCount": 1,
            "quoteCount": 2,
            "labels": [],
        }
        if embed is not None:
            post["embed"] = embed
        self.posts.append(post)
        return post

    def repost(self, by: str, post: dict, at: datetime) -> None:
        self.reposts.append((by, post, at))

    def answer(self, method: str, query: dict[str, list[str]]) -> tuple[int, dict]:
        one = {name: values[0] for name, values in query.items()}
        if method == "app.bsky.feed.searchPosts":
            return 200, self._search(one, query)
        if method == "app.bsky.feed.getAuthorFeed":
            return self._feed(one)
        if method == "app.bsky.feed.getPosts":
            wanted = set(query["uris"])
            assert len(wanted) <= 25
            return 200, {"posts": [p for p in self.posts if p["uri"] in wanted]}
        if method == "app.bsky.actor.getProfiles":
            assert len(query["actors"]) <= 25
            known = {p["author"]["did"]: p["author"] for p in self.posts}
            known |= {did(by): person(by) for by, _, _ in self.reposts}
            return 200, {
                "profiles": [
                    {
                        **known[actor],
                        "description": "I sew",
                        "followersCount": 321,
                        "followsCount": 12,
                        "postsCount": 99,
                    }
                    for actor in query["actors"]
                    if actor in known
                ]
            }
        if method == "app.bsky.feed.getPostThread":
            found = [p for p in self.posts if p["uri"] == one["uri"]]
            if not found:
                return 400, {"error": "NotFound", "message": "Post not found"}
            return 200, {"thread": self._thread(found[0])}
        return 501, {"error": "MethodNotImplemented", "message": method}

    def _search(self, one: dict[str, str], query: dict[str, list[str]]) -> dict:
        tags = {tag.lower() for tag in query.get("tag", [])}
        words = one["q"].strip('"').lower()
        found = []
        for post in self.posts:
            at = min(post["record"]["createdAt"], post["indexedAt"])
            own = {
                feature["tag"].lower()
                for facet in post["record"]["facets"]
                for feature in facet["features"]
            }
            is_found = tags <= own if tags else words in post["record"]["text"].lower()
            since, until = one.get("since"), one.get("until")
            is_found &= since is None or _ms(since) <= at
            is_found &= until is None or at < _ms(until)
            if is_found:
                found.append((at, post))
        found.sort(key=lambda item: item[0], reverse=True)
        first = int(one.get("cursor", 0))
        last = min(first + int(one["limit"]), self.reach)
        body: dict = {
            "posts": [post for _, post in found[first:last]],
            "hitsTotal": len(found),
        }
        if last < len(found) and last < self.reach:
            body["cursor"] = str(last)
        return body

    def _feed(self, one: dict[str, str]) -> tuple[int, dict]:
        entries = [
            (post["record"]["createdAt"], {"post": post})
            for post in self.posts
            if one["actor"] in (post["author"]["handle"], post["author"]["did"])
        ]
        for by, post, at in self.reposts:
            if one["actor"] == f"{by}.bsky.social":
                reason = {
                    "$type": "app.bsky.feed.defs#reasonRepost",
                    "by": person(by),
                    "uri": f"at://{did(by)}/app.bsky.feed.repost/3lrepost00000",
                    "indexedAt": iso(at),
                }
                entries.append((iso(at), {"post": post, "reason": reason}))
        if not entries:
            return 400, {"error": "InvalidRequest", "message": "Profile not found"}
        entries.sort(key=lambda entry: entry[0], reverse=True)
        inside = [entry for entry in entries if entry[0] < one.get("cursor", "9")]
        page = inside[: int(one["limit"])]
        body: dict = {"feed": [entry for _, entry in page]}
        if len(page) < len(inside):
            body["cursor"] = page[-1][0]
        return 200, body

    def _thread(self, post: dict) -> dict:
        below = [
            self._thread(other)
            for other in self.posts
            if other["record"].get("reply", {}).get("parent", {}).get("uri")
            == post["uri"]
        ]
        return {
            "$type": "app.bsky.feed.defs#threadViewPost",
            "post": post,
            "replies": below,
        }


def _ms(given: str) -> str:
    return iso(datetime.fromisoformat(given))


@contextmanager
def bluesky() -> Iterator[Bluesky]:
    held = Bluesky()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # whole answers at once: Nagle's algorithm would hold back the body
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if sent["password"] != PASSWORD:
                self._send(
                    401,
                    {
                        "error": "AuthenticationRequired",
                        "message": "Invalid identifier or password",
                    },
                )
                return
            token = f"jwt-{len(held.sessions)}"
            held.sessions[token] = held.uses_of_a_session
            self._send(
                200,
                {
                    "accessJwt": token,
                    "refreshJwt": "refresh",
                    "handle": sent["identifier"],
                    "did": did("me"),
                },
            )

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            method = parts.path.rpartition("/")[2]
            held.asked.append(method)
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if token not in held.sessions:
                self._send(403, {"error": "Forbidden", "message": "log in"})
            elif held.sessions[token] <= 0:
                self._send(400, {"error": "ExpiredToken", "message": "has expired"})
            else:
                held.sessions[token] -= 1
                self._send(*held.answer(method, parse_qs(parts.query)))

        def _send(self, status: int, body: dict) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("RateLimit-Limit", "3000")
            self.send_header("RateLimit-Remaining", "2990")
            self.send_header("RateLimit-Reset", "4102444800")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    held.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
