"""A server in the shape of Flickr's REST API: searches, single photos, comments.

Shapes are those of https://www.flickr.com/services/api/: everything under one address,
errors with status 200, the first 4,000 results of a search, then the last page again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.sources.loopback import Asked, Reply, Service, serve

START = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "flickr-k3y"
ANA = "47058503995@N01"


def fail(code: int, message: str = "no") -> dict:
    return {"stat": "fail", "code": code, "message": message}


@dataclass
class Flickr:
    """What the server holds, and how much of a search it gives."""

    photos: list[dict] = field(default_factory=list)
    comments: dict[str, list[dict]] = field(default_factory=dict)
    faves: dict[str, int] = field(default_factory=dict)
    most: int = 4_000

    def put(
        self, at: datetime, title: str = "a coat", tags: str = "coat", **more: object
    ) -> dict:
        own = str(54_000_000_000 + len(self.photos))
        photo: dict = {
            "id": own,
            "owner": ANA,
            "secret": "a123456",
            "server": "65535",
            "farm": 66,
            "title": title,
            "ispublic": 1,
            "isfriend": 0,
            "isfamily": 0,
            "license": "4",
            "description": {"_content": "by <a href='x'>me</a> &amp; you"},
            "dateupload": str(int(at.timestamp())),
            "ownername": "Ana B",
            "pathalias": "ana-b",
            "tags": tags,
            "latitude": "48.8566",
            "longitude": "2.3522",
            "accuracy": "16",
            "views": "120",
            "count_faves": "7",
            "count_comments": "0",
            "media": "photo",
            "url_m": f"https://live.staticflickr.com/65535/{own}.jpg",
            "url_l": f"https://live.staticflickr.com/65535/{own}_b.jpg",
            **more,
        }
        self.photos.append(photo)
        return photo

    def answer(self, asked: Asked) -> Reply:
        assert asked.host == "api.flickr.com"
        assert asked.path == "/services/rest/"
        query = asked.query
        assert (query["format"], query["nojsoncallback"]) == ("json", "1")
        if query["api_key"] != KEY:
            return Reply(fail(100, "Invalid API Key (Key has invalid format)"))
        return Reply(self._answer(query))

    def _answer(self, query: dict[str, str]) -> dict:
        method = query["method"]
        if method == "flickr.photos.search":
            return self._search(query)
        if method == "flickr.urls.lookupUser":
            if query["url"] != "https://www.flickr.com/photos/ana-b/":
                return fail(1, "User not found")
            return {"user": {"id": ANA, "username": {"_content": "Ana"}}, "stat": "ok"}
        found = [one for one in self.photos if one["id"] == query["photo_id"]]
        if not found:
            return fail(1, "Photo not found")
        own = found[0]["id"]
        said = self.comments.get(own, [])
        if method == "flickr.photos.getInfo":
            return {"photo": info(found[0], len(said)), "stat": "ok"}
        if method == "flickr.photos.getFavorites":
            liked = {"id": own, "page": 1, "total": self.faves.get(own, 7)}
            return {"photo": liked, "stat": "ok"}
        assert method == "flickr.photos.comments.getList"
        return {"comments": {"photo_id": own, "comment": said}, "stat": "ok"}

    def _search(self, query: dict[str, str]) -> dict:
        first = int(query.get("min_upload_date", 0))
        last = int(query.get("max_upload_date", 2**40))
        found = [p for p in self.photos if first <= int(p["dateupload"]) <= last]
        if "tags" in query:
            found = [p for p in found if query["tags"] in p["tags"].split()]
        if "text" in query:
            found = [p for p in found if query["text"].strip('"') in p["title"]]
        if "user_id" in query:
            found = [p for p in found if p["owner"] == query["user_id"]]
        found.sort(key=lambda p: (int(p["dateupload"]), p["id"]))
        size = int(query["per_page"])
        assert size <= 500
        page = int(query.get("page", 1))
        page = min(page, max(1, -(-min(len(found), self.most) // size)))
        part = found[(page - 1) * size : page * size]
        pages = -(-len(found) // size)
        photos = {"page": page, "pages": pages, "perpage": size, "total": len(found)}
        return {"photos": {**photos, "photo": part}, "stat": "ok"}


def info(photo: dict, comments: int) -> dict:
    """Return a photo as it is given alone."""
    return {
        "id": photo["id"],
        "owner": {
            "nsid": photo["owner"],
            "username": photo["ownername"],
            "path_alias": photo["pathalias"],
        },
        "title": {"_content": photo["title"]},
        "description": photo["description"],
        "dates": {"posted": photo["dateupload"], "taken": "2025-12-31 10:00:00"},
        "views": "500",
        "comments": {"_content": str(comments)},
        "tags": {"tag": [{"raw": t, "_content": t} for t in photo["tags"].split()]},
        "location": {
            name: photo[name] for name in ("latitude", "longitude", "accuracy")
        },
        "media": photo["media"],
        "license": photo["license"],
    }


def comment(number: int, words: str) -> dict:
    return {
        "id": f"1-2-{number}",
        "author": "1@N02",
        "authorname": "Bob",
        "datecreate": str(int(START.timestamp()) + number),
        "path_alias": "",
        "_content": words,
    }


@contextmanager
def flickr() -> Iterator[tuple[Flickr, Service]]:
    held = Flickr()
    with serve(held.answer) as service:
        yield held, service
