"""Flickr: photos by tag, words and account, with places, forwards in time.

    range ─▶ how many? ─▶ over 4,000: its halves, the earlier first
                └▶ up to 4,000: 500 a page, oldest first

A search gives its first 4,000 results and then repeats itself, so ranges are halved
until all fits. Photos are asked for by when they were uploaded, for that is when others
could see them; when they were taken may be decades before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from trendlab.errors import UnexpectedAnswer
from trendlab.sources.base import FieldError, Page, Parsed, Plan, Slice
from trendlab.sources.fields import read_count
from trendlab.sources.flickr_api import HOST, KEY, SEARCH, FlickrApi, is_gone
from trendlab.sources.flickr_records import (
    EXTRAS,
    as_listed,
    parse_comments,
    parse_photos,
)
from trendlab.sources.live import Access, LiveSource, Need
from trendlab.sources.rate_limits import Rate
from trendlab.sources.shapes import object_or_empty
from trendlab.sources.web import Answer, WebClient

PAGE_SIZE = 500
MAX_RESULTS = 4_000
# New photos take a while until searches find them.
LATE = timedelta(hours=6)
# Two or three requests a photo, of 3,600 an hour.
AGAIN_REQUESTS = 1_200
# An account's number, which is folded like all names of accounts.
_NSID = re.compile(r"\d{1,20}@n\d{2}", re.ASCII)


class Flickr(LiveSource):
    """Public photos of Flickr.

    Parameters
    ----------
    access : Access
    max_results : int
        How many results of a search can be had.
    """

    name: ClassVar[str] = "flickr"
    format: ClassVar[str] = "flickr_api"
    gives: ClassVar[str] = (
        "photos by hashtag (tag), keyword and account, with coordinates, views, "
        "favourites and comment counts; comments with the later readings"
    )
    lacks: ClassVar[str] = "followers, languages, shares, names of places"
    limits: ClassVar[str] = "3,600 requests an hour; 500 photos a request"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(KEY, "key of an app (flickr.com/services/apps/create)"),
    )
    rates: ClassVar[Mapping[str, tuple[Rate, ...]]] = {
        "": (Rate(10, 1), Rate(3_500, 3_600))
    }
    overlap: ClassVar[timedelta] = LATE
    again_size: ClassVar[int] = 1
    again_requests: ClassVar[int] = AGAIN_REQUESTS

    def __init__(self, access: Access, max_results: int = MAX_RESULTS) -> None:
        super().__init__(access)
        self._max_results = max_results
        self._api = FlickrApi(access)

    def bases(self) -> tuple[str, ...]:
        """Return the address of the API."""
        return (HOST,)

    def check(self, client: WebClient) -> list[str]:
        """Ask for one photo of a tag."""
        _, found = self._api.get(client, SEARCH, "photos", tags="fashion", per_page=1)
        count = len(found["photo"]) if isinstance(found.get("photo"), list) else 0
        return [f"photos can be searched ({count} on a page of 1)"]

    def fetch(self, plan: Plan, client: WebClient) -> Iterator[Page]:
        """Yield the photos of one term in a range, in time; see the module."""
        (part,) = plan.slices
        resume = part.asks["resume"]
        if resume is None:
            assert part.since is not None
            assert part.until is not None
            # both ends count, in whole seconds
            first = math.ceil(part.since.timestamp())
            last = math.ceil(part.until.timestamp()) - 1
            resume = {"spans": [[first, last]] if first <= last else [], "page": 1}
        spans = [list(span) for span in resume["spans"]]
        number = resume["page"]
        term = self._term(part, client) if spans else {}
        while spans:
            first, last = spans[0]
            answer, found = self._search(client, term, first, last, number)
            total = _count(found, "total", answer)
            if total > self._max_results and first < last:
                middle = (first + last) // 2
                spans[:1] = [[first, middle], [middle + 1, last]]
                number = 1
                continue
            yield from self._pages(client, term, spans, number, (answer, found))
            spans, number = spans[1:], 1

    def _pages(
        self,
        client: WebClient,
        term: Mapping[str, Any],
        spans: Sequence[Sequence[int]],
        number: int,
        begun: tuple[Answer, Mapping[str, Any]],
    ) -> Iterator[Page]:
        """Yield the pages of the first of the spans, from a number on."""
        answer, found = begun
        seen: set[str] = set()
        while True:
            photos = found.get("photo")
            if not isinstance(photos, list):
                raise UnexpectedAnswer(f"{answer.origin}: expected a list of photos")
            new = [photo for photo in photos if _id_of(photo) not in seen]
            if photos and not new:
                raise UnexpectedAnswer(
                    f"{answer.origin}: page {number} brings no other photos than those "
                    "before it"
                )
            seen.update(own for photo in photos if (own := _id_of(photo)) is not None)
            total = _count(found, "total", answer)
            most = self._max_results
            if total > most and spans[0][0] < spans[0][1]:
                raise UnexpectedAnswer(
                    f"{answer.origin}: it has over {most:,} photos by now, which the "
                    "next run asks for in halves"
                )
            is_last = number >= math.ceil(min(total, most) / PAGE_SIZE)
            state = (
                {"spans": list(spans[1:]), "page": 1}
                if is_last
                else {"spans": list(spans), "page": number + 1}
            )
            yield Page(
                {"photos": new},
                answer.origin,
                answer.observed_at,
                state=state,
                # of a single second with more than can be had
                left_out_count=max(total - most, 0) if is_last else 0,
            )
            if is_last:
                return
            number += 1
            first, last = spans[0]
            answer, found = self._search(client, term, first, last, number)

    def _term(self, part: Slice, client: WebClient) -> dict[str, str]:
        """Return how a term is asked for; an account's name is looked up first."""
        kind, value = part.asks["kind"], part.asks["value"]
        if kind == "hashtag":
            return {"tags": value}
        if kind == "keyword":
            return {"text": '"' + value.replace('"', " ") + '"'}
        if _NSID.fullmatch(value):
            return {"user_id": value.upper()}
        answer, user = self._api.get(
            client,
            "flickr.urls.lookupUser",
            "user",
            url=f"https://www.flickr.com/photos/{value}/",
        )
        if not isinstance(user.get("id"), str):
            raise UnexpectedAnswer(f"{answer.origin}: expected the id of an account")
        return {"user_id": user["id"]}

    def _search(
        self,
        client: WebClient,
        term: Mapping[str, str],
        first: int,
        last: int,
        number: int,
    ) -> tuple[Answer, dict[str, Any]]:
        return self._api.get(
            client,
            SEARCH,
            "photos",
            **term,
            min_upload_date=first,
            max_upload_date=last,
            sort="date-posted-asc",
            extras=EXTRAS,
            per_page=PAGE_SIZE,
            page=number,
        )

    def fetch_again(self, post_ids: Sequence[str], client: WebClient) -> Iterator[Page]:
        """Yield photos by id with their counts, and their comments."""
        for post_id in post_ids:
            asks = {"photo_id": post_id}
            try:
                answer, photo = self._api.get(
                    client, "flickr.photos.getInfo", "photo", **asks
                )
                _, liked = self._api.get(
                    client, "flickr.photos.getFavorites", "photo", **asks, per_page=1
                )
                listed = as_listed(photo, liked.get("total"))
                comments: Any = []
                if str(listed["count_comments"]) not in ("0", "None", ""):
                    _, told = self._api.get(
                        client, "flickr.photos.comments.getList", "comments", **asks
                    )
                    # where all were taken down the list is left out
                    comments = told.get("comment", [])
            except UnexpectedAnswer as error:
                if is_gone(error):
                    continue
                raise
            if not isinstance(comments, list):
                raise UnexpectedAnswer(f"{answer.origin}: expected a list of comments")
            yield Page(
                {"photos": [listed], "post_id": post_id, "comments": comments},
                answer.origin,
                answer.observed_at,
            )

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn photos into posts with authors and addresses, comments into comments."""
        yield from parse_photos(page)
        if "comments" in page.payload:
            yield from parse_comments(page)


def _count(found: Mapping[str, Any], name: str, answer: Answer) -> int:
    """Return a count of a list, which is a number or text."""
    try:
        count = read_count(found.get(name), name)
    except FieldError:
        count = None
    if count is None:
        raise UnexpectedAnswer(f"{answer.origin}: expected {name} of the photos")
    return count


def _id_of(photo: Any) -> str | None:
    own = object_or_empty(photo).get("id")
    return own if isinstance(own, str) else None
