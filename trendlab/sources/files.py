"""Finds files and tells their format from their content.

Paths may be files, folders and globs; gzip, xz and zip are looked into. What is
found is grouped into sets of one format and mapping, each read by one source.
"""

from __future__ import annotations

import glob
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trendlab.errors import SettingsError, SourceError, UnknownFormat
from trendlab.sources.archives import ARCHIVES
from trendlab.sources.base import Source
from trendlab.sources.columns import ColumnMapping
from trendlab.sources.fitting import find_mapping
from trendlab.sources.instaloader_photos import split_photos
from trendlab.sources.known_mappings import KNOWN_MAPPINGS
from trendlab.sources.mapped import MappedSource
from trendlab.sources.members import (
    EXPANSION_CHECKED_FROM,
    MAX_EXPANSION,
    MAX_ZIP_MEMBERS,
    Head,
    Member,
    open_zip,
    packing_of,
)
from trendlab.sources.photo_folder import PhotoFolder, kind_of_photo
from trendlab.sources.photo_list import is_photo_list, is_photo_name

FORMATS = {
    "csv": "a CSV whose columns a mapping names",
    "jsonl": "JSON lines whose keys a mapping names",
    "json": "a JSON list of objects whose keys a mapping names",
    "parquet": "Parquet whose columns a mapping names",
    **{name: archive.title for name, archive in ARCHIVES.items()},
    "photo": "a photo (JPEG, PNG, WebP, GIF, TIFF, HEIF, BMP)",
    "photo_list": "a CSV or JSON with a column `file`, beside photos",
}
_MAPPED = ("csv", "jsonl", "json", "parquet")


@dataclass(frozen=True)
class Sniffed:
    """What a file is.

    Parameters
    ----------
    format : str
        A key of `FORMATS`.
    mapping : ColumnMapping or None
        For the formats that are read through one.
    """

    format: str
    mapping: ColumnMapping | None = None

    @property
    def label(self) -> str:
        """Format and mapping, as booked."""
        if self.mapping is None:
            return self.format
        return f"{self.format}:{self.mapping.name}"


@dataclass(frozen=True)
class FileSet:
    """Files that one source reads together.

    Parameters
    ----------
    origin : str
        The path as given; what the book of ingests names.
    source : Source
    members : tuple of Member
    skipped : tuple of (str, str)
        Files of the same path that no format recognises, and why.
    """

    origin: str
    source: Source
    members: tuple[Member, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    listing: Member | None = None


def find_members(path: Path) -> Iterator[Member]:
    """Yield the files at a path, in order of name; hidden ones are passed over.

    Raises
    ------
    SourceError
        If a zip cannot be opened or holds too much.
    """
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith("."):
                    yield from _unpack(Path(folder) / name)
    else:
        yield from _unpack(path)


def _unpack(path: Path) -> Iterator[Member]:
    path = path.absolute()
    if not path.is_file():
        # sockets and pipes would block; broken links have nothing
        return
    with path.open("rb") as file:
        start = file.read(8)
    packing = packing_of(start)
    if packing != "zip":
        yield Member(path, packing=packing)
        return
    try:
        files = [
            info
            for info in open_zip(path).infolist()
            if not info.is_dir()
            and not Path(info.filename).name.startswith(".")
            and not info.filename.startswith("__MACOSX/")
        ]
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(
            f"{path}: expected a zip, got a damaged one: {error}. If it was cut, its "
            "directory is lost: get it again, or mend it by "
            "`zip -FF cut.zip --out mended.zip`, and read that"
        ) from None
    if len(files) > MAX_ZIP_MEMBERS:
        raise SourceError(
            f"{path}: a zip may hold {MAX_ZIP_MEMBERS:,} files, this one {len(files):,}"
        )
    # what a member declares is all that is read of it
    unpacked = sum(info.file_size for info in files)
    packed = path.stat().st_size
    if unpacked > max(EXPANSION_CHECKED_FROM, MAX_EXPANSION * packed):
        raise SourceError(
            f"{path}: expected at most {MAX_EXPANSION} times its {packed:,} bytes, "
            f"unpacks to {unpacked:,}: not read"
        )
    for name in sorted(info.filename for info in files):
        yield Member(path, name, "zip")


def sniff(
    path: Path | Member,
    *,
    mappings: Mapping[str, ColumnMapping] | None = None,
    format_name: str | None = None,
    mapping: str | None = None,
) -> Sniffed:
    """Tell a file's format from its content.

    Parameters
    ----------
    path : Path or Member
    mappings : mapping
        Column mappings of the tracker file; the known ones are tried after them.
    format_name, mapping : str or None
        Override what the content says.

    Raises
    ------
    UnknownFormat
        Says what was looked for and what was found.
    SettingsError
        If the named format or mapping does not exist.
    """
    member = path if isinstance(path, Member) else next(_unpack(path), None)
    if member is None:
        raise UnknownFormat(f"{path}: expected a file, found none")
    every = {**KNOWN_MAPPINGS, **(mappings or {})}
    _check_overrides(format_name, mapping, every)
    named = every[mapping] if mapping is not None else None
    head = Head(
        member,
        named.encoding if named is not None else None,
        named.delimiter if named is not None else None,
    )
    kind = format_name if format_name is not None else _kind_of(head)
    if named is not None and (kind == "photo_list" or kind in ARCHIVES):
        kind = _container_of(head)
    if kind == "photo" and member.inner:
        raise UnknownFormat(
            f"{member.origin}: photos inside a zip have no path of their own: unpack "
            "the zip and ingest the folder"
        )
    if kind not in _MAPPED:
        if kind is None:
            raise UnknownFormat(_unknown(head))
        return Sniffed(kind)
    if kind == "parquet" and member.packing:
        raise UnknownFormat(f"{member.origin}: unpack Parquet before ingesting it")
    if named is not None:
        return Sniffed(kind, named)
    return Sniffed(kind, find_mapping(head, kind, mappings or {}))


def _check_overrides(
    format_name: str | None, mapping: str | None, every: Mapping[str, ColumnMapping]
) -> None:
    if format_name is not None and format_name not in FORMATS:
        raise SettingsError(
            f"--format: expected one of {', '.join(FORMATS)}, got {format_name!r}"
        )
    if mapping is not None and mapping not in every:
        raise SettingsError(
            f"--mapping: expected one of {', '.join(sorted(every))}, got {mapping!r}; "
            "mappings are named in the tracker file"
        )


def _kind_of(head: Head) -> str | None:
    if kind_of_photo(head.data) is not None:
        return "photo"
    for name, archive in ARCHIVES.items():
        if archive.recognise(head):
            return name
    container = _container_of(head)
    if container is None and is_photo_name(head.member.name):
        # named as a photo and none: its refusal is recorded
        return "photo"
    return container


def _container_of(head: Head) -> str | None:
    if head.data.startswith(b"PAR1"):
        return "parquet"
    if head.is_json_list:
        return "json"
    if head.is_json_lines:
        return "jsonl"
    if is_photo_name(head.member.name):
        return None
    if len(head.header) > 1:
        return "csv"
    if is_photo_list(head):
        return "photo_list"
    return None


def _unknown(head: Head) -> str:
    start = head.data[:24]
    found = f"begins {start!r}" if start else "the file is empty"
    if head.damage is not None:
        found = head.damage
    return (
        f"{head.member.origin}: {found}; looked for {'; '.join(FORMATS.values())}; "
        "also inside gzip, xz and zip. Name it with --format, or map its columns in "
        "the tracker file"
    )


@dataclass
class _Found:
    """What one path holds, by format."""

    groups: dict[str, tuple[Sniffed, list[Member]]] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def add(self, sniffed: Sniffed, member: Member) -> None:
        kind = sniffed
        if sniffed.mapping is None and sniffed.format in _MAPPED:
            kind = Sniffed("photo_list")
        self.groups.setdefault(kind.label, (kind, []))[1].append(member)

    def leave_photos_to_their_posts(self) -> None:
        """Take out photos that lie beside instaloader's files: they are its posts'."""
        saved = self.groups.get("instaloader")
        photos = self.groups.get("photo")
        if saved is None or photos is None:
            return
        own, left = split_photos(photos[1], saved[1])
        why = "a photo beside instaloader's files that is of none of its posts"
        self.skipped += [(member.origin, why) for member in left]
        del self.groups["photo"]
        if own:
            self.groups["photo"] = (photos[0], own)


def open_sets(
    paths: Sequence[str | Path],
    *,
    mappings: Mapping[str, ColumnMapping] | None = None,
    format_name: str | None = None,
    mapping: str | None = None,
    listing: Path | None = None,
) -> list[FileSet]:
    """Find, recognise and group files; nothing is read beyond their first bytes.

    Parameters
    ----------
    paths : sequence of str or Path
        Files, folders and globs.
    mappings : mapping
        Column mappings of the tracker file.
    format_name, mapping : str or None
        Override what the content says, for every file.
    listing : Path or None
        List beside a folder of photos; found by itself where it lies in the folder.

    Returns
    -------
    list of FileSet
        In the order given; a folder gives one set for each format in it.

    Raises
    ------
    UnknownFormat
        If a file given by name, or everything under a path, is of no known format.
    SourceError
        If a folder holds no files.
    SettingsError
        If there is nothing at a path.
    """
    sets = []
    for given in paths:
        for path in _expand(given):
            found = _look(path, mappings, format_name, mapping)
            sets += _group(given, path, found, listing)
    return sets


def _expand(given: str | Path) -> list[Path]:
    path = Path(given).expanduser()
    if path.exists():
        return [path]
    matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - absolute
    if not matches:
        raise SettingsError(f"{given}: expected a file, folder or glob, found nothing")
    return [Path(match) for match in matches]


def _look(
    path: Path,
    mappings: Mapping[str, ColumnMapping] | None,
    format_name: str | None,
    mapping: str | None,
) -> _Found:
    found = _Found()
    failure: UnknownFormat | None = None
    is_alone = path.is_file()
    for member in find_members(path):
        try:
            sniffed = sniff(
                member, mappings=mappings, format_name=format_name, mapping=mapping
            )
        except UnknownFormat as error:
            if is_alone and not member.inner:
                raise
            failure = error
            why = str(error).removeprefix(f"{member.origin}: ").split(";")[0]
            found.skipped.append((member.origin, why))
        else:
            found.add(sniffed, member)
    found.leave_photos_to_their_posts()
    if not found.groups:
        if failure is not None:
            raise failure
        raise SourceError(f"{path}: expected files, found none")
    return found


def _group(
    given: str | Path, path: Path, found: _Found, listing: Path | None
) -> list[FileSet]:
    groups = dict(found.groups)
    lists = groups.pop("photo_list", (None, []))[1]
    if lists and "photo" not in groups:
        raise UnknownFormat(
            f"{lists[0].origin}: lists files, but there are no photos at {given}, and "
            "no mapping fits: ingest the folder of photos with --sidecar, or map the "
            "columns in the tracker file"
        )
    skipped = tuple(found.skipped)
    sets = []
    for label, (sniffed, members) in groups.items():
        source: Source
        listed: Member | None = None
        if label == "photo":
            folder = (path if path.is_dir() else path.parent).absolute()
            listed = _one_list(given, lists, listing)
            source = PhotoFolder(folder, listed)
        elif sniffed.mapping is not None:
            source = MappedSource(sniffed.mapping, sniffed.format)
        else:
            source = ARCHIVES[label].open()
        sets.append(FileSet(str(path), source, tuple(members), skipped, listed))
        skipped = ()
    return sets


def _one_list(
    given: str | Path, lists: list[Member], listing: Path | None
) -> Member | None:
    if listing is not None:
        member = next(_unpack(listing), None)
        if member is None:
            raise SettingsError(f"--sidecar: expected a file, found none at {listing}")
        return member
    if len(lists) > 1:
        names = ", ".join(member.name for member in lists[:5])
        raise SettingsError(
            f"{given}: several files list photos ({names}): name one with --sidecar"
        )
    return lists[0] if lists else None
