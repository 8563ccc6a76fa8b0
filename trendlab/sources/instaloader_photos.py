"""Photos that instaloader left beside its files: they belong to those posts.

2024-01-05_10-00-00_UTC.jpg      of a photo, or the cover of a video
2024-01-05_10-00-00_UTC_2.jpg    second of a carousel
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trendlab.sources.members import DamagedFileError, Member

ENDINGS = (".json.xz", ".json")
_PHOTO_ENDINGS = (".jpg", ".webp", ".png", ".heic")
_NUMBERED = re.compile(r"_\d{1,3}$")
# A carousel holds 20.
_MAX_PHOTOS = 100


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
    stem = stem_of(member)
    found = [(0, path) for path in _existing(stem)]
    for number in range(1, _MAX_PHOTOS + 1):
        numbered = _existing(f"{stem}_{number}")
        if not numbered and number > 1:
            break
        found += [(number - 1, path) for path in numbered]
    photos: dict[int, StoredPhoto] = {}
    for index, path in found:
        try:
            digest, size = Member(path).sha256()
        except DamagedFileError:
            # it cannot be read: its address stays offered
            continue
        if size and index not in photos:
            photos[index] = StoredPhoto(index, str(path), digest)
    return tuple(photos.values())


def _existing(stem: str) -> list[Path]:
    candidates = [Path(f"{stem}{ending}") for ending in _PHOTO_ENDINGS]
    return [path for path in candidates if path.is_file()]


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
