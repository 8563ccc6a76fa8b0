"""A server in the shape of TikTok's Research API: tokens, queries, comments, quotas.

Shapes are those of https://developers.tiktok.com/doc/research-api-specs-query-videos
and -query-video-comments.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.sources.loopback import Asked, Reply, Service, serve

START = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "tiktok-s3cr3t"


def error(code: str, message: str = "") -> dict:
    return {"code": code, "message": message, "log_id": "20260101"}


def refusal(code: str, message: str = "", status: int = 200) -> Reply:
    return Reply({"data": {}, "error": error(code, message)}, status)


def id_at(moment: datetime, number: int = 0) -> int:
    return (int(moment.timestamp()) << 32) + number


@dataclass
class TikTok:
    """What the server holds, and how it behaves."""

    videos: list[dict] = field(default_factory=list)
    comments: dict[int, list[dict]] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    uses_of_a_token: int = 1_000_000
    searches: dict[str, list[dict]] = field(default_factory=dict)
    # queries that are answered before searches are forgotten
    memory: int = 1_000_000

    def put(self, at: datetime, words: str = "a coat", **more: object) -> dict:
        video: dict = {
            "id": id_at(at, len(self.videos)),
            "video_description": words,
            "create_time": int(at.timestamp()),
            "region_code": "LA",
            "share_count": 1,
            "view_count": 900,
            "like_count": 30,
            "comment_count": 0,
            "hashtag_names": ["coat"],
            "username": "Ana",
            **more,
        }
        self.videos.append(video)
        return video

    def answer(self, asked: Asked) -> Reply:
        assert asked.host == "open.tiktokapis.com"
        if asked.path == "/v2/oauth/token/":
            return self._token(asked)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) <= 0:
            return refusal("access_token_invalid", "Access token is invalid", 401)
        self.tokens[token] -= 1
        body = json.loads(asked.body)
        assert body["max_count"] <= 100
        if asked.path == "/v2/research/video/query/":
            return self._query(body)
        assert asked.path == "/v2/research/video/comment/list/"
        every = self.comments.get(body["video_id"], [])
        first, last = body["cursor"], body["cursor"] + body["max_count"]
        assert last <= 1_000
        data = {
            "comments": every[first:last],
            "cursor": last,
            "has_more": last < len(every),
        }
        return Reply({"data": data, "error": error("ok")})

    def _token(self, asked: Asked) -> Reply:
        if asked.form["client_secret"] != SECRET:
            # as the service does: an error under status 200
            words = "Client key or secret is incorrect."
            return Reply({"error": "invalid_client", "error_description": words})
        assert asked.form["grant_type"] == "client_credentials"
        token = f"clt.{len(self.tokens)}"
        self.tokens[token] = self.uses_of_a_token
        body = {"access_token": token, "expires_in": 7200, "token_type": "Bearer"}
        return Reply(body)

    def _query(self, body: dict) -> Reply:
        first = datetime.strptime(body["start_date"], "%Y%m%d").replace(tzinfo=UTC)
        last = datetime.strptime(body["end_date"], "%Y%m%d").replace(tzinfo=UTC)
        if not timedelta(0) <= last - first <= timedelta(days=30):
            return refusal("invalid_params", "The date range is invalid", 400)
        self.memory -= 1
        if self.memory == 0:
            self.searches.clear()
        if "search_id" in body:
            found = self.searches.get(body["search_id"])
            if found is None:
                words = f"Search Id {body['search_id']} is invalid or expired"
                return refusal("invalid_params", words, 400)
        else:
            (condition,) = body["query"]["and"]
            found = [
                video
                for video in self.videos
                if first.timestamp() <= video["create_time"]
                and video["create_time"] < (last + timedelta(days=1)).timestamp()
                and self._is_met(condition, video)
            ]
        asked = json.dumps([body["query"], body["start_date"], body["end_date"]])
        # the same for the same query, so that runs can be compared
        search_id = body.get("search_id", str(zlib.crc32(asked.encode())))
        self.searches[search_id] = found
        begin = body.get("cursor", 0)
        end = begin + body["max_count"]
        data: dict = {
            "cursor": end,
            "has_more": end < len(found),
            "search_id": search_id,
        }
        if found:
            data["videos"] = found[begin:end]
        return Reply({"data": data, "error": error("ok")})

    def _is_met(self, condition: dict, video: dict) -> bool:
        assert condition["operation"] == "IN"
        name, values = condition["field_name"], condition["field_values"]
        if name == "hashtag_name":
            return bool(set(values) & set(video["hashtag_names"]))
        if name == "keyword":
            return any(value in video["video_description"].lower() for value in values)
        if name == "username":
            return video["username"].lower() in values
        assert name == "video_id"
        return str(video["id"]) in values


def comment(video: dict, number: int, words: str, **more: object) -> dict:
    return {
        "id": 9_000 + number,
        "video_id": video["id"],
        "text": words,
        "like_count": 2,
        "reply_count": 0,
        "parent_comment_id": video["id"],
        "create_time": video["create_time"] + number,
        **more,
    }


@contextmanager
def tiktok() -> Iterator[tuple[TikTok, Service]]:
    held = TikTok()
    with serve(held.answer) as service:
        yield held, service
