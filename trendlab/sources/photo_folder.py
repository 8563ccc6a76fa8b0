"""A folder of photos, with a list beside it that says what is known of them.

Each photo becomes a post with one photo. Its time is told from, in this order:
the list, EXIF DateTimeOriginal, the file's time of change. Files are looked at by
their first bytes and hashed, never decoded: that is the vision room's work.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from trendlab.sources.base import (
    Accepted,
    Damage,
    FieldError,
    Page,
    Parsed,
    Plan,
    Refused,
    Request,
    Row,
    Slice,
    State,
)
from trendlab.sources.columns import ColumnMapping, RecordReader
from trendlab.sources.exif import read_exif
from trendlab.sources.fields import stable_id
from trendlab.sources.members import DamagedFileError, Head, Member
from trendlab.sources.readers import csv_pages, json_line_pages, json_list_pages

PAGE_PHOTOS = 64
# EXIF is among the first segments, each of at most 64 KiB.
EXIF_BYTES = 131_072
# A photo beyond this is no photo of a post.
MAX_PHOTO_BYTES = 268_435_456
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


@dataclass(frozen=True)
class Photo:
    """A photo's file as it was found.

    Parameters
    ----------
    name : str
        Path within the folder.
    path : str
        Absolute.
    sha256 : str
        Of the whole file.
    size_bytes : int
    modified_at : datetime
    head : bytes
        The first 128 KiB.
    listed : dict or None
        What the list says of it.
    """

    name: str
    path: str
    sha256: str
    size_bytes: int
    modified_at: datetime
    head: bytes
    listed: Row | None


def kind_of_photo(data: bytes) -> str | None:
    """Return the format that the first bytes of a photo name, None for no photo."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data.startswith((b"II*\0", b"MM\0*")):
        return "tiff"
    if data[4:8] == b"ftyp" and data[8:12] in (
        b"heic",
        b"heix",
        b"mif1",
        b"msf1",
        b"avif",
        b"avis",
    ):
        return "heif"
    if data.startswith(b"BM") and data[6:10] == b"\0\0\0\0":
        return "bmp"
    return None


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


class PhotoFolder:
    """Photos on disk, with what a list says of them.

    Parameters
    ----------
    folder : Path
        Names in the list count from here.
    listing : Member or None
        CSV, JSON or JSON lines with a column `file` and any of time, author,
        caption, place, lat, lon, likes, comments, url.
    """

    name = "photos"
    format = "photo_folder"

    def __init__(self, folder: Path, listing: Member | None = None) -> None:
        self._folder = folder
        self._listing = listing
        self._reader = RecordReader(LISTED)
        self._untimed = RecordReader(
            ColumnMapping(
                name=LISTED.name,
                columns={**LISTED.columns, "created_at": "\0created_at"},
            )
        )

    def plan(self, request: Request, state: State) -> Plan:
        """Look at every photo, in order of name; then at what is only listed."""
        slices = [
            Slice(
                f"photos {first}",
                {"members": request.paths[first : first + PAGE_PHOTOS]},
            )
            for first in range(0, len(request.paths), PAGE_PHOTOS)
        ]
        return Plan(request, tuple(slices))

    def fetch(self, plan: Plan, client: Any = None) -> Iterator[Page]:
        """Hash the photos, a page of 64 at a time."""
        listed = _Listed(self._listing)
        number = 1
        for part in plan.slices:
            members = part.asks["members"]
            found = [self._look(member, listed) for member in members]
            yield Page(
                found, str(self._folder), max(m.modified_at for m in members), number
            )
            number += len(found)
        if self._listing is not None and (left := listed.left_over()):
            listing = self._listing
            yield Page(left, listing.origin, listing.modified_at, number)

    def _look(self, member: Member, listed: _Listed) -> Photo | Damage:
        name = os.path.relpath(member.path, self._folder).replace(os.sep, "/")
        try:
            with member.open() as file:
                head = file.read(EXIF_BYTES)
            digest, size = member.sha256()
        except DamagedFileError as damage:
            return Damage(damage.reason, damage.detail, name)
        listed_as = listed.take(name)
        return Photo(
            name, str(member.path), digest, size, member.modified_at, head, listed_as
        )

    def parse(self, page: Page) -> Iterator[Parsed]:
        """Turn each photo into a post with one photo."""
        for number, photo in enumerate(page.payload, start=page.first_number):
            if isinstance(photo, Damage):
                yield Refused(photo.reason, "", photo.detail, number, photo.record)
                continue
            record = {"file": photo.name, **(photo.listed or {})}
            try:
                yield Accepted(self._post(photo), number, record)
            except FieldError as bad:
                yield bad.refused(number, record)

    def _post(self, photo: Photo) -> tuple[tuple[str, Row], ...]:
        if photo.size_bytes == 0:
            raise FieldError("photo", "is empty")
        if photo.size_bytes > MAX_PHOTO_BYTES:
            raise FieldError("photo", "is too large", photo.size_bytes)
        if kind_of_photo(photo.head) is None:
            raise FieldError("photo", "is of no known format", photo.head[:16].hex())
        listed = dict(photo.listed or {})
        taken = read_exif(photo.head)
        if _first_given(listed, LISTED.columns["lat"]) is None and (
            taken.lat is not None
        ):
            listed.update({"lat": taken.lat, "lon": taken.lon})
        if _first_given(listed, LISTED.columns["post_id"]) is None:
            # name and content: a moved folder gives the same ids, and two folders
            # with an IMG_0001.jpg each do not mix
            listed["post_id"] = stable_id(photo.name, photo.sha256)
        reader = self._reader
        if _first_given(listed, LISTED.columns["created_at"]) is None:
            reader = self._untimed
            listed["\0created_at"] = (
                taken.at if taken.at is not None else photo.modified_at
            )
        rows = reader.post(listed, photo.modified_at)
        own = {**rows[0][1], "media_kind": "image", "media_count": 1}
        media = {
            "post_id": own["post_id"],
            "media_index": 0,
            "media_kind": "image",
            "path": photo.path,
            "sha256": photo.sha256,
            "status": "stored",
            "observed_at": photo.modified_at,
        }
        others = [(table, row) for table, row in rows[1:] if table != "media"]
        return (("posts", own), ("media", media), *others)


def _first_given(row: Row, names: str | tuple[str, ...]) -> Any:
    for name in names:
        if row.get(name) not in (None, ""):
            return row[name]
    return None


class _Listed:
    """What a list says, by file name; remembers what was asked for."""

    def __init__(self, listing: Member | None) -> None:
        self._by_name: dict[str, Row] = {}
        self._damaged: list[Damage] = []
        self._taken: set[str] = set()
        if listing is not None:
            for entry in _entries(listing):
                self._add(entry)

    def _add(self, entry: Any) -> None:
        if isinstance(entry, Damage):
            self._damaged.append(entry)
            return
        row = {str(key).strip().lower(): value for key, value in entry.items()}
        name = _first_given(row, FILE_COLUMNS)
        if not isinstance(name, str):
            self._damaged.append(Damage("the list names no file", "", entry))
        elif name in self._by_name:
            self._damaged.append(Damage("the list names a file twice", name, entry))
        elif len(self._by_name) >= MAX_LISTED:
            self._damaged.append(Damage("the list is too long", name, entry))
        else:
            self._by_name[_clean(name)] = row

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
    import json

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
