"""Takes a forgotten author out of sealed cases, and says so in the chain.

stage new files ─▶ entry in the manifest (one rename) ─▶ move files, remove others
   ▲ a kill before: staged again                 ▲ a kill after: moved by the next run
"""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from trendlab.cases import (
    append_entry,
    files_of,
    hash_file,
    head_of,
    read_entries,
    write_entries,
)
from trendlab.cases.manifest import Entry
from trendlab.cases.verify import REDACTING
from trendlab.errors import CaseError, LakeError
from trendlab.lake.copies import read_copy
from trendlab.privacy import Author, erase, widen
from trendlab.schemas import TABLES
from trendlab.steps.case import (
    COPIED,
    finish_case,
    known_cases,
    partial_of,
    seal_file,
    write_tables,
)
from trendlab.steps.exports import drop_exports, note_export


def redact_cases(
    home: Path, author: Author, tombstone: str, moment: datetime
) -> list[str]:
    """Redact every case that the home knows; return lines to print.

    Parameters
    ----------
    home : Path
    author : Author
    tombstone : str
        Hash that stands for the author in the chain.
    moment : datetime
        UTC.
    """
    lines = []
    for case in known_cases(home):
        folder = home / case.path
        finish_case(folder, case.remark)
        # what a kill left of one that was being made
        shutil.rmtree(partial_of(folder), ignore_errors=True)
        if not case.remark and not folder.exists():
            drop_exports(home, [case.path])
            continue
        if not folder.is_dir():
            lines.append(
                f"case not found, run the same again when it is back: {folder}"
            )
            continue
        try:
            entries = redact_case(folder, author, tombstone, moment)
        except (CaseError, LakeError, OSError) as error:
            lines.append(f"case not redacted: {folder}: {error}")
            continue
        if head_of(entries) != case.remark:
            note_export(home, "case", folder, head_of(entries))
            lines.append(f"case redacted, head {head_of(entries)}: {folder}")
    return lines


def redact_case(
    folder: Path, author: Author, tombstone: str, moment: datetime
) -> list[Entry]:
    """Take an author out of one case; return its chain, longer where they were in it.

    Raises
    ------
    CaseError
        If the chain is broken.
    """
    entries = read_entries(folder)
    _finish(folder, entries)
    tables = {
        name: read_copy(folder / f"{name}.parquet", TABLES[name]) for name in COPIED
    }
    author = widen(author, tables)
    done = {name: erase(TABLES[name], rows, author) for name, rows in tables.items()}
    if not any(one.erased_count or one.changed_count for one in done.values()):
        return entries
    staged = folder / REDACTING
    staged.mkdir()
    opened = entries[0]
    title = f"{opened['tracker']}, {opened['from']} to {opened['to']}"
    write_tables(staged, {name: one.rows for name, one in done.items()}, title)
    wanted = files_of(entries)
    new = []
    for path in sorted(staged.iterdir()):
        if path.name not in wanted or hash_file(path) == wanted[path.name]:
            # not part of this case, or the same as before
            path.unlink()
            continue
        seal_file(path)
        size = path.stat().st_size
        new.append({"path": path.name, "sha256": hash_file(path), "bytes": size})
    entries = append_entry(
        entries,
        "redacted",
        at=moment.replace(microsecond=0).isoformat(),
        tombstone=tombstone,
        rows={name: one.erased_count for name, one in done.items() if one.erased_count},
        changed={n: one.changed_count for n, one in done.items() if one.changed_count},
        files=new,
        removed=_unused(wanted, done["media"].rows),
    )
    write_entries(folder, entries)
    _finish(folder, entries)
    return entries


def _unused(wanted: dict[str, str], media: pa.Table) -> list[str]:
    """Return the photos of a case that no row names any more."""
    used = set(media["path"].to_pylist())
    return sorted(path for path in wanted if "/" in path and path not in used)


def _finish(folder: Path, entries: list[Entry]) -> None:
    """Move what the last redaction staged into its place, or drop what was not told."""
    last = entries[-1]
    staged = folder / REDACTING
    if last["kind"] == "redacted":
        for one in last["files"]:
            if (staged / one["path"]).exists():
                (staged / one["path"]).replace(folder / one["path"])
        for path in last["removed"]:
            (folder / path).unlink(missing_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    shutil.rmtree(staged, ignore_errors=True)
