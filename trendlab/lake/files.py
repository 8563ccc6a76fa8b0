"""Names of files and folders of the lake, and which file counts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from trendlab.errors import LakeError

# Short and plain on every file system; anything else could leave the folder.
SOURCE_NAME = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)
PART_NAME = re.compile(r"part-(\d{6,})-([0-9a-f]{32}-[0-9a-f]{8})\.parquet", re.ASCII)
# Outside lies a wrong unit or a hostile value, not a post (networks began later).
FIRST_YEAR, LAST_YEAR = 1990, 2100


@dataclass(frozen=True)
class Part:
    """One stored partition.

    Parameters
    ----------
    path : Path
    sequence : int
        Grows with each replacement; the greatest in a folder counts.
    checksum : str
        32 hex digits that name the content and 8 that verify it, see
        `trendlab.lake.verify`.
    day : date or None
        None for tables that are not partitioned.
    source : str or None
    """

    path: Path
    sequence: int
    checksum: str
    day: date | None = None
    source: str | None = None


def check_day(day: date) -> date:
    """Return the day if it can name a partition.

    Raises
    ------
    LakeError
        If it is no plain date or lies outside 1990 to 2100.
    """
    if type(day) is not date or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise LakeError(
            f"a partition's day must be a date from {FIRST_YEAR} to {LAST_YEAR}, "
            f"got {day!r}"
        )
    return day


def check_source(source: str) -> str:
    """Return the source's name if it can be part of a path.

    Raises
    ------
    LakeError
        If it does not match `SOURCE_NAME`.
    """
    if not SOURCE_NAME.fullmatch(source):
        raise LakeError(
            "a source's name must be 1 to 40 of a-z, 0-9 and _, "
            f"got {source[:60]!r} ({len(source)} characters)"
        )
    return source


def newest_part(
    folder: Path | str, day: date | None = None, source: str | None = None
) -> Part | None:
    """Return the file that counts in a partition folder; None when there is none."""
    # a listing taken while a writer swaps files may miss both: look again
    return newest_of(names_in(folder) or names_in(folder), folder, day, source)


def newest_of(
    names: Iterable[str],
    folder: Path | str,
    day: date | None = None,
    source: str | None = None,
) -> Part | None:
    """Return the file that counts among the names in a partition folder."""
    best: tuple[int, str, str] | None = None
    for name in names:
        found = PART_NAME.fullmatch(name)
        if found and (best is None or int(found[1]) > best[0]):
            best = (int(found[1]), found[2], name)
    if best is None:
        return None
    return Part(Path(folder, best[2]), best[0], best[1], day, source)


def names_in(folder: Path | str) -> list[str]:
    """Return the names in a folder; none when there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        return []


def folders(parent: Path, prefix: str) -> list[str]:
    """Return what follows `prefix` in the names of the folders in `parent`, sorted."""
    try:
        with os.scandir(parent) as entries:
            return sorted(
                entry.name.removeprefix(prefix)
                for entry in entries
                if entry.name.startswith(prefix)
            )
    except (FileNotFoundError, NotADirectoryError):
        return []


def days_in(parent: Path) -> list[date]:
    """Return the days that `parent` has folders of, rising."""
    days = []
    for name in folders(parent, "day="):
        with suppress(ValueError):
            day = date.fromisoformat(name)
            # fromisoformat takes other spellings too, which name no partition
            if day.isoformat() == name:
                days.append(day)
    return days
