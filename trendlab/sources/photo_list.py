"""The list beside a folder of photos: CSV, JSON or JSON lines, an entry a photo."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from trendlab.sources.base import Damage, Row
from trendlab.sources.columns import ColumnMapping
from trendlab.sources.members import Head, Member
from trendlab.sources.readers import csv_pages, json_line_pages, json_list_pages

# The list is held in memory, some hundred bytes a photo.
MAX_LISTED = 2_000_000

FILE_COLUMNS = (
    "file",
    "file_name",
    "filename",
    "photo",
    "image",
    "image_name",
    "path",
    "name",
)
_PHOTO_SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".png",
    ".webp",
    ".gif",
    ".bmp",
    ".tif",
    ".tiff",
    ".heic",
    ".heif",
    ".avif",
)
LISTED = ColumnMapping(
    name="photo_list",
    columns={
        "post_id": ("post_id", "id"),
        "created_at": (
            "time",
            "created_at",
            "posted_at",
            "published_at",
            "taken_at",
            "datetime",
            "timestamp",
            "date",
        ),
        "author_id": ("author_id", "user_id", "author", "username", "handle", "user"),
        "author_handle": (
            "author_handle",
            "author",
            "username",
            "handle",
            "user",
            "owner",
        ),
        "author_followers_count": ("followers", "author_followers_count"),
        "caption": ("caption", "text", "description", "title"),
        "place_name": ("place", "place_name", "location", "city"),
        "place_id": ("place_id", "location_id"),
        "lat": ("lat", "latitude"),
        "lon": ("lon", "lng", "longitude"),
        "likes_count": ("likes", "likes_count", "like_count"),
        "comments_count": ("comments", "comments_count", "comment_count"),
        "language_given": ("language", "lang"),
        "url": ("url", "permalink", "link"),
    },
)

# Of each, the first name that an entry gives is read.
_READ_NAMES = (FILE_COLUMNS, *map(tuple, LISTED.columns.values()))


def is_photo_name(name: str) -> bool:
    """Tell whether a file's name ends as photos' names do."""
    return name.lower().endswith(_PHOTO_SUFFIXES)


def is_photo_list(head: Head) -> bool:
    """Tell whether a file lists photos: a column or key that names a file."""
    if any(name.lower() in FILE_COLUMNS for name in head.header):
        return True
    first = head.first_value
    if not isinstance(first, dict):
        return False
    if any(str(key).lower() in FILE_COLUMNS for key in first):
        return True
    return bool(first) and all(is_photo_name(str(key)) for key in first)


def first_given(row: Row, names: str | tuple[str, ...]) -> Any:
    """Return what an entry gives under the first of the names that it gives."""
    for name in names:
        if row.get(name) not in (None, ""):
            return row[name]
    return None


class PhotoList:
    """What a list says, by file name; remembers what was asked for."""

    def __init__(self, listing: Member | None) -> None:
        self._by_name: dict[str, Row] = {}
        self._damaged: list[Damage] = []
        self._taken: set[str] = set()
        self._is_used: dict[str, bool] = {}
        if listing is not None:
            for entry in _entries(listing):
                self._add(entry)

    def _add(self, entry: Any) -> None:
        if isinstance(entry, Damage):
            self._damaged.append(entry)
            return
        row = {str(key).strip().lower(): value for key, value in entry.items()}
        self._note_use(row)
        name = first_given(row, FILE_COLUMNS)
        if not isinstance(name, str):
            self._damaged.append(Damage("the list names no file", "", entry))
        elif (listed := _clean(name)) in self._by_name:
            self._damaged.append(Damage("the list names a file twice", name, entry))
        elif len(self._by_name) >= MAX_LISTED:
            self._damaged.append(Damage("the list is too long", name, entry))
        else:
            self._by_name[listed] = row

    def _note_use(self, row: Row) -> None:
        """Note which columns are given, and which of them are read in some entry."""
        given = [key for key, value in row.items() if key and value not in (None, "")]
        for key in given:
            self._is_used.setdefault(key, False)
        for names in _READ_NAMES:
            read = next((name for name in names if name in given), None)
            if read is not None:
                self._is_used[read] = True

    def unused(self) -> tuple[str, ...]:
        """Return the columns that are given somewhere and read nowhere."""
        return tuple(key for key, is_used in self._is_used.items() if not is_used)

    def take(self, name: str) -> Row | None:
        """Return what is listed of a photo: by its path, its name or its stem."""
        base = name.rsplit("/", 1)[-1]
        for key in (name, base, base.rsplit(".", 1)[0]):
            if key in self._by_name:
                self._taken.add(key)
                return self._by_name[key]
        return None

    def left_over(self) -> list[Damage]:
        """Return what is wrong in the list, and entries whose photo is not there."""
        lost = [
            Damage("the photo that is listed is not there", name, row)
            for name, row in self._by_name.items()
            if name not in self._taken
        ]
        return [*self._damaged, *lost]


def _clean(name: str) -> str:
    return name.strip().replace("\\", "/").removeprefix("./")


def _entries(listing: Member) -> Iterator[Any]:
    head = Head(listing)
    if head.header:
        pages = csv_pages(listing, head)
    elif head.is_json_list:
        pages = json_list_pages(listing, head)
    elif isinstance(head.first_value, dict) and all(
        isinstance(value, Mapping) for value in head.first_value.values()
    ):
        for name, about in head.first_value.items():
            yield {"file": name, **about}
        return
    else:
        pages = json_line_pages(listing, head)
    for _, records in pages:
        for record in records:
            entry = record
            if isinstance(record, bytes):
                try:
                    entry = json.loads(record)
                except (ValueError, RecursionError) as error:
                    entry = Damage("the line is not JSON", str(error), record)
            if isinstance(entry, dict | Damage):
                yield entry
            else:
                yield Damage("the record is not an object", str(entry)[:100], entry)
