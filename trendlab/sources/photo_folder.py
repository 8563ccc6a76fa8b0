"""A folder of photos, with a list beside it that says what is known of them.

Each photo becomes a post with one photo. Its time is told from, in this order:
the list, EXIF DateTimeOriginal, the file's time of change. Files are looked at by
their first bytes and hashed, never decoded: that is the vision room's work.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
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
from trendlab.sources.members import DamagedFileError, Member
from trendlab.sources.photo_list import LISTED, PhotoList, first_given

PAGE_PHOTOS = 64
# EXIF is among the first segments, each of at most 64 KiB.
EXIF_BYTES = 131_072
# A photo beyond this is no photo of a post.
MAX_PHOTO_BYTES = 268_435_456


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
    # by which a set is known that was read with another list of names
    mapping = LISTED

    def __init__(self, folder: Path, listing: Member | None = None) -> None:
        self._folder = folder
        self._listing = listing
        self._unused: tuple[str, ...] = ()
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
        listed = PhotoList(self._listing)
        self._unused = listed.unused()
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

    def unused_columns(self) -> tuple[str, ...]:
        """Return columns of the list that say something and mean nothing here.

        Once the photos were fetched; in the order of the list.
        """
        return self._unused

    def _look(self, member: Member, listed: PhotoList) -> Photo | Damage:
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
        if first_given(listed, LISTED.columns["lat"]) is None and (
            taken.lat is not None
        ):
            listed.update({"lat": taken.lat, "lon": taken.lon})
        if first_given(listed, LISTED.columns["post_id"]) is None:
            # name and content: a moved folder gives the same ids, and two folders
            # with an IMG_0001.jpg each do not mix
            listed["post_id"] = stable_id(photo.name, photo.sha256)
        reader = self._reader
        if first_given(listed, LISTED.columns["created_at"]) is None:
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
