"""Photos that instaloader left beside its files: they belong to those posts.

2024-01-05_10-00-00_UTC.jpg      of a photo, or the cover of a video
2024-01-05_10-00-00_UTC_2.jpg    second of a carousel
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from trendlab.sources.members import DamagedFileError, Member

ENDINGS = (".json.xz", ".json")
_PHOTO_ENDINGS = (".jpg", ".webp", ".png", ".heic")
_NUMBERED = re.compile(r"_\d{1,3}$")
# A carousel holds 20.
MAX_PHOTOS = 20


@dataclass(frozen=True)
class StoredPhoto:
    """A photo on disk.

    Parameters
    ----------
    index : int
        Position within the post, from 0.
    path : str
        Absolute.
    sha256 : str
        Of its bytes.
    """

    index: int
    path: str
    sha256: str


def stem_of(member: Member) -> str:
    """Return a file's name, with its path, without the ending of instaloader's."""
    name = member.inner or str(member.path)
    for ending in ENDINGS:
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def photos_beside(member: Member) -> tuple[StoredPhoto, ...]:
    """Return the photos of a post, hashed; none of what lies in a zip."""
    if member.inner:
        return ()
    folder = member.path.parent
    names = _photos_in(folder, folder.stat().st_mtime_ns)
    if not names:
        return ()
    stem = Path(stem_of(member)).name
    photos: dict[int, StoredPhoto] = {}
    for index, start in enumerate([stem, *_numbered(stem)]):
        # the one without a number is the first of one; number 1 is the first of many
        place = max(index - 1, 0)
        for name in (f"{start}{ending}" for ending in _PHOTO_ENDINGS):
            if name in names and place not in photos:
                photo = _hashed(folder / name, place)
                if photo is not None:
                    photos[place] = photo
    return tuple(photos.values())


def _numbered(stem: str) -> list[str]:
    return [f"{stem}_{number}" for number in range(1, MAX_PHOTOS + 1)]


# A folder is listed once, not once a post.
@lru_cache(maxsize=1)
def _photos_in(folder: Path, changed_ns: int) -> frozenset[str]:
    with os.scandir(folder) as entries:
        return frozenset(
            entry.name for entry in entries if entry.name.endswith(_PHOTO_ENDINGS)
        )


def _hashed(path: Path, index: int) -> StoredPhoto | None:
    """Return a photo with its hash; None where it is empty or cannot be read."""
    try:
        digest, size = Member(path).sha256()
    except DamagedFileError:
        return None
    return StoredPhoto(index, str(path), digest) if size else None


def split_photos(
    photos: Iterable[Member], saved: Sequence[Member]
) -> tuple[list[Member], list[Member]]:
    """Tell photos that are posts of their own from those beside instaloader's files.

    Parameters
    ----------
    photos : iterable of Member
    saved : sequence of Member
        Files of instaloader.

    Returns
    -------
    own, left : list of Member
        Posts of their own, and photos in a folder of instaloader's that belong to none
        of its posts (portraits). Those that belong to one are in neither.
    """
    stems = {stem_of(member) for member in saved}
    folders = {member.path.parent for member in saved if not member.inner}
    own, left = [], []
    for photo in photos:
        if photo.path.parent not in folders:
            own.append(photo)
            continue
        stem = str(photo.path.with_suffix(""))
        if stem not in stems and _NUMBERED.sub("", stem) not in stems:
            left.append(photo)
    return own, left
