"""Reads when and where a JPEG was taken from its EXIF header, without decoding it.

Every offset is checked against the bytes at hand: a header that lies gives nothing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime

_EXIF_POINTER = 0x8769
_GPS_POINTER = 0x8825
_DATE_TIME_ORIGINAL = 0x9003
_OFFSET_TIME_ORIGINAL = 0x9011
_GPS_TAGS = (1, 2, 3, 4)
# Directories of cameras hold some 60 entries.
_MAX_ENTRIES = 500
_MAX_SEGMENTS = 100
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}


@dataclass(frozen=True)
class Taken:
    """When (UTC) and where a photo was taken; None where the header does not say."""

    at: datetime | None = None
    lat: float | None = None
    lon: float | None = None


def read_exif(head: bytes) -> Taken:
    """Return what the EXIF header of a JPEG says.

    Parameters
    ----------
    head : bytes
        The first bytes of the file; 64 KiB hold any EXIF segment.

    Notes
    -----
    A time without OffsetTimeOriginal is taken as UTC, for the camera's zone is not
    known.
    """
    block = _exif_block(head)
    if block is None:
        return Taken()
    try:
        return _read_block(block)
    except (struct.error, ValueError, IndexError, OverflowError, ZeroDivisionError):
        return Taken()


def _exif_block(head: bytes) -> bytes | None:
    if head[:2] != b"\xff\xd8":
        return None
    position = 2
    for _ in range(_MAX_SEGMENTS):
        if position + 4 > len(head) or head[position] != 0xFF:
            return None
        marker = head[position + 1]
        size = int.from_bytes(head[position + 2 : position + 4], "big")
        if marker == 0xE1 and head[position + 4 : position + 10] == b"Exif\0\0":
            return head[position + 10 : position + 2 + size]
        if marker in (0xD9, 0xDA) or size < 2:
            return None
        position += 2 + size
    return None


def _read_block(block: bytes) -> Taken:
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return Taken()
    main = _directory(block, order, struct.unpack_from(order + "I", block, 4)[0])
    taken_at = None
    if _EXIF_POINTER in main:
        details = _directory(block, order, _number(block, order, main[_EXIF_POINTER]))
        taken_at = _taken_at(block, order, details)
    lat = lon = None
    if _GPS_POINTER in main:
        gps = _directory(block, order, _number(block, order, main[_GPS_POINTER]))
        if all(tag in gps for tag in _GPS_TAGS):
            lat = _degrees(block, order, gps[2], gps[1], b"S")
            lon = _degrees(block, order, gps[4], gps[3], b"W")
            if not (abs(lat) <= 90 and abs(lon) <= 180) or (lat == 0 and lon == 0):
                lat = lon = None
    return Taken(taken_at, lat, lon)


def _directory(block: bytes, order: str, offset: int) -> dict[int, tuple[int, int]]:
    """Return tag → (position of the value, bytes of the value)."""
    count = struct.unpack_from(order + "H", block, offset)[0]
    entries = {}
    for index in range(min(count, _MAX_ENTRIES)):
        at = offset + 2 + 12 * index
        tag, kind, length = struct.unpack_from(order + "HHI", block, at)
        size = _SIZES.get(kind, 1) * length
        value_at = at + 8
        if size > 4:
            value_at = struct.unpack_from(order + "I", block, at + 8)[0]
        if value_at + size <= len(block):
            entries[tag] = (value_at, size)
    return entries


def _number(block: bytes, order: str, entry: tuple[int, int]) -> int:
    return int(struct.unpack_from(order + "I", block, entry[0])[0])


def _text(block: bytes, entry: tuple[int, int]) -> str:
    raw = block[entry[0] : entry[0] + entry[1]]
    return raw.split(b"\0")[0].decode("ascii", errors="replace").strip()


def _taken_at(
    block: bytes, order: str, details: dict[int, tuple[int, int]]
) -> datetime | None:
    if _DATE_TIME_ORIGINAL not in details:
        return None
    written = _text(block, details[_DATE_TIME_ORIGINAL])
    offset = ""
    if _OFFSET_TIME_ORIGINAL in details:
        offset = _text(block, details[_OFFSET_TIME_ORIGINAL])
    try:
        return datetime.strptime(
            f"{written} {offset}", "%Y:%m:%d %H:%M:%S %z"
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        naive = datetime.strptime(written, "%Y:%m:%d %H:%M:%S")
        return naive.replace(tzinfo=UTC)


def _degrees(
    block: bytes,
    order: str,
    entry: tuple[int, int],
    side: tuple[int, int],
    negative: bytes,
) -> float:
    parts = struct.unpack_from(order + "6I", block, entry[0])
    degrees = (
        parts[0] / parts[1] + parts[2] / parts[3] / 60 + parts[4] / parts[5] / 3600
    )
    is_negative = block[side[0] : side[0] + 1] == negative
    return float(-degrees if is_negative else degrees)
