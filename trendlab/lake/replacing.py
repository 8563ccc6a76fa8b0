"""Replaces partitions so that a kill, a full disk or a power cut does no harm."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from trendlab.errors import LakeError
from trendlab.lake.files import PART_NAME, Part, folders, names_in, newest_part
from trendlab.lake.verify import checksum_of, matches

# Beside the tables, on the same file system, so that a rename is atomic.
TEMPORARY = ".tmp"
# The disk is full, the quota is, or the file may not grow that large.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Waits for the disk overlap: one fsync takes 4 ms, 16 at a time 0.25 ms each.
SYNC_THREADS = 16
# From here on the files of a batch are synced side by side.
MANY_FILES = 4

_numbers = itertools.count()
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Replacement:
    """New bytes for a partition folder."""

    folder: Path
    content: pa.Buffer


@contextmanager
def disk_errors(root: Path, doing: str) -> Iterator[None]:
    """Turn what the operating system refuses into a `LakeError` that says what to do.

    Raises
    ------
    LakeError
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise LakeError(f"{doing}: {error}; the old content is intact") from error
        free = shutil.disk_usage(root).free if root.exists() else 0
        raise LakeError(
            f"{doing}: no room on the disk ({error.strerror}; {free:,} bytes free at "
            f"{root}); the old content is intact: free some space and run it again"
        ) from error


def replace_parts(root: Path, replacements: Sequence[Replacement]) -> list[Path]:
    """Replace partitions, each atomically, and make all of them durable.

    Parameters
    ----------
    root : Path
        The lake; files are staged in its `.tmp`.
    replacements : sequence of Replacement
        At most one for a folder.

    Returns
    -------
    list of Path
        The file of each, in order; the one already there where its bytes are equal.

    Notes
    -----
    Order is what makes a kill or a power cut harmless: bytes durable, then the
    renames, then the folders durable, and only then the older files are removed.
    Until a rename, its partition is the old one.
    """
    with (
        disk_errors(root, "writing to the lake"),
        temporary_folder(root, "write") as staging,
    ):
        staging.mkdir(parents=True)
        return _replace(root, staging, replacements)


def _replace(
    root: Path, staging: Path, replacements: Sequence[Replacement]
) -> list[Path]:
    targets: list[Path] = []
    staged: list[tuple[Path, pa.Buffer, Path]] = []
    for number, new in enumerate(replacements):
        present = newest_part(new.folder)
        checksum = checksum_of(new.content)
        if present is not None and _is_same(present, checksum):
            targets.append(present.path)
            continue
        sequence = 1 if present is None else present.sequence + 1
        target = new.folder / f"part-{sequence:06d}-{checksum}.parquet"
        targets.append(target)
        staged.append((staging / str(number), new.content, target))
    _side_by_side(lambda item: _write_durably(item[0], item[1]), staged)
    changed = _make_folders(root, [target.parent for _, _, target in staged])
    for temporary, _, target in staged:
        temporary.rename(target)
    _side_by_side(_sync_folder, sorted(changed))
    for _, _, target in staged:
        _remove_older(target)
    return targets


def _is_same(present: Part, checksum: str) -> bool:
    """Tell whether the stored file is what would be written, and not damaged."""
    if present.checksum != checksum:
        return False
    with present.path.open("rb", buffering=0) as file:
        return matches(file, checksum)


def _side_by_side(act: Callable[[_Item], None], items: Sequence[_Item]) -> None:
    """Apply a function that waits for the disk to all items, in threads if many."""
    if len(items) < MANY_FILES:
        for item in items:
            act(item)
        return
    with ThreadPoolExecutor(SYNC_THREADS) as pool:
        list(pool.map(act, items))


def _write_durably(path: Path, content: pa.Buffer) -> None:
    with path.open("wb", buffering=0) as file:
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]
        os.fsync(file.fileno())


def _make_folders(root: Path, wanted: Iterable[Path]) -> set[Path]:
    """Create folders; return all whose entries change, new parents included."""
    changed: set[Path] = set()
    for folder in wanted:
        changed.add(folder)
        missing = folder
        while missing != root and not missing.exists():
            missing = missing.parent
            changed.add(missing)
        folder.mkdir(parents=True, exist_ok=True)
    return changed


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_older(newest: Path) -> None:
    for name in names_in(newest.parent):
        if PART_NAME.fullmatch(name) and name != newest.name:
            with suppress(FileNotFoundError):
                (newest.parent / name).unlink()


def pin(parts: Iterable[Part], folder: Path) -> list[Part]:
    """Link files into a folder, where no writer removes them.

    Raises
    ------
    FileNotFoundError
        If a writer has just replaced a file; list the folder again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pinned = []
    for part in parts:
        path = folder / f"{next(_numbers)}.parquet"
        try:
            path.hardlink_to(part.path)
        except FileNotFoundError:
            raise
        except OSError:
            # a file system without links
            shutil.copyfile(part.path, path)
        pinned.append(replace(part, path=path))
    return pinned


@contextmanager
def temporary_folder(root: Path, purpose: str) -> Iterator[Path]:
    """Name a folder in `.tmp`; what a kill leaves of it, the next writer removes."""
    folder = root / TEMPORARY / f"{purpose}-{os.getpid()}-{next(_numbers)}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_temporary(root: Path) -> None:
    """Remove what killed processes left in `.tmp`; call with the lock held."""
    for name in folders(root / TEMPORARY, ""):
        owner = name.split("-")[1] if name.count("-") >= 2 else ""
        if not owner.isdigit() or not _is_alive(int(owner)):
            shutil.rmtree(root / TEMPORARY / name, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
