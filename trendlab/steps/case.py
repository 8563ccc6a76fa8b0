"""Lake → a sealed folder: what a tracker held in a period, for an investigation.

The folder is made beside its place and renamed there when it is sealed, so that it is
there whole or not at all.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.cases import (
    Verdict,
    append_entry,
    hash_file,
    head_of,
    read_entries,
    verify_case,
    write_entries,
    write_pages,
)
from trendlab.cases.manifest import READ_ONLY, Entry
from trendlab.cases.signing import read_private_key, read_public_key, sign_entries
from trendlab.errors import CaseError
from trendlab.lake import Lake, Span
from trendlab.lake.copies import write_copy
from trendlab.resources import bundled
from trendlab.review.texts import inert
from trendlab.schemas import TABLES
from trendlab.steps.context import check_tracker
from trendlab.steps.exports import Export, known_exports, note_export
from trendlab.steps.step import Context

# `tracker_posts` says where each post is from, and by which term it is here.
COPIED = (
    "posts",
    "comments",
    "authors",
    "sentiment",
    "media",
    "engagement",
    "tracker_posts",
)
MEDIA_FOLDER = "media"
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CaseReport:
    """What was copied."""

    folder: Path
    rows: dict[str, int]
    files_count: int
    lost_photos_count: int
    head: str

    def lines(self) -> list[str]:
        """Return the lines that the command prints."""
        told = ", ".join(f"{count:,} {name}" for name, count in self.rows.items())
        lines = [f"case: {self.folder}", f"{told}; {self.files_count:,} files"]
        if self.lost_photos_count:
            lines.append(
                f"{self.lost_photos_count:,} photos are not where the lake says, or "
                "have changed since: they are not in the case"
            )
        lines.append(f"head, to be noted elsewhere: {self.head}")
        return lines


def create_case(
    context: Context,
    tracker: str,
    first_day: date,
    last_day: date,
    out_folder: Path | None = None,
    *,
    sign_with: Path | None = None,
) -> CaseReport:
    """Copy what a tracker held in a period into a sealed folder.

    Parameters
    ----------
    context : Context
    tracker : str
        Of the tracker file, or `all`.
    first_day, last_day : date
        Days of the tracker, inclusive. Posts that a rule excludes are copied too.
    out_folder : Path or None
        `cases/<tracker>_<first>_<last>` in the home by default.
    sign_with : Path or None
        File with an Ed25519 private key, PEM.

    Raises
    ------
    CaseError
        If the folder is there, or there is nothing to copy.
    SettingsError
        If there is no such tracker.
    """
    check_tracker(tracker, ["all", *(one.name for one in context.trackers)])
    name = f"{tracker}_{first_day}_{last_day}"
    key = None if sign_with is None else read_private_key(sign_with)
    folder = (out_folder or context.home / "cases" / name).absolute()
    if folder.exists():
        raise CaseError(f"{folder} is there already: a case is never written over")
    # the lock: an author who is forgotten meanwhile cannot be half in a new case
    with context.lake.lock():
        tables = _rows_of(context.lake, tracker, first_day, last_day)
        if not tables["posts"].num_rows:
            raise CaseError(
                f"tracker {tracker} holds no posts from {first_day} to {last_day}: "
                "has `trendlab match` run?"
            )
        # known before it is there, so that what a kill leaves of it is found
        note_export(context.home, "case", folder)
        partial = partial_of(folder)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        tables["media"], lost = _copy_photos(context.home, partial, tables["media"])
        title = f"{tracker}, {first_day} to {last_day}"
        write_tables(partial, tables, title)
        opened = {
            "tracker": tracker,
            "from": first_day.isoformat(),
            "to": last_day.isoformat(),
        }
        entries = _seal(partial, opened, tables, context.clock())
        if key is not None:
            entries = sign_entries(entries, key)
        write_entries(partial, entries)
        note_export(context.home, "case", folder, head_of(entries))
        partial.rename(folder)
    return CaseReport(
        folder,
        {name: rows.num_rows for name, rows in tables.items()},
        sum(1 for entry in entries if entry["kind"] == "file"),
        lost,
        head_of(entries),
    )


def partial_of(folder: Path) -> Path:
    """Return where a case is while it is made."""
    return folder.with_name(f".{folder.name}.partial")


def finish_case(folder: Path, head: str) -> None:
    """Put a case in its place whose making was cut off when it was sealed and noted.

    Call with the lake's lock held: whoever holds it is making none.

    Parameters
    ----------
    folder : Path
        Its place.
    head : str
        As the home noted it, which is the last thing before the rename; "" where that
        was not reached.
    """
    partial = partial_of(folder)
    if not head or folder.exists() or not partial.is_dir():
        return
    try:
        is_sealed = head_of(read_entries(partial)) == head
    except CaseError:
        return
    if is_sealed:
        partial.rename(folder)


def write_tables(folder: Path, tables: dict[str, pa.Table], title: str) -> None:
    """Write the tables of a case, and what a person opens."""
    for name, rows in tables.items():
        write_copy(folder / f"{name}.parquet", TABLES[name], rows)
    write_pages(folder, tables, title, inert=inert)


def _rows_of(
    lake: Lake, tracker: str, first_day: date, last_day: date
) -> dict[str, pa.Table]:
    matched = lake.read_range("tracker_posts", first_day, last_day)
    chosen = matched.filter(pc.equal(matched["tracker"], tracker))
    # a day of the tracker's zone reaches into the neighbouring UTC days
    near = (first_day - _ONE_DAY, last_day + _ONE_DAY)
    spans = {
        "posts": Span("posts", *near),
        "media": Span("media", *near),
        "comments": Span("comments", *near),
        "sentiment": Span("sentiment", *near),
        "engagement": Span("engagement", near[0], None),
    }
    keys = chosen.select(["source", "post_id"])
    of_posts = (bundled("sql") / "lake" / "of_posts.sql").read_text()
    tables = {
        name: lake.query(of_posts, {"given": span, "chosen": keys})
        for name, span in spans.items()
    }
    tables["authors"] = lake.query(
        (bundled("sql") / "lake" / "authors_of.sql").read_text(),
        {
            "posts": tables["posts"],
            "comments": tables["comments"],
            "authors": Span("authors"),
        },
        {"last_day": last_day},
    )
    tables["tracker_posts"] = chosen
    return {name: tables[name] for name in COPIED}


def _copy_photos(home: Path, folder: Path, media: pa.Table) -> tuple[pa.Table, int]:
    """Copy stored photos under their hash; return rows that say where, and the lost."""
    (folder / MEDIA_FOLDER).mkdir()
    rows, lost = [], 0
    for row in media.to_pylist():
        source = None if row["path"] is None else home / row["path"]
        row["path"] = None
        if row["status"] == "stored" and source is not None:
            sha256 = hash_file(source) if source.is_file() else None
            if sha256 is None or row["sha256"] not in (None, sha256):
                lost += 1
            else:
                row["path"] = f"{MEDIA_FOLDER}/{sha256}{source.suffix.lower()}"
                if not (folder / row["path"]).exists():
                    shutil.copyfile(source, folder / row["path"])
        rows.append(row)
    return TABLES["media"].from_rows(rows), lost


def _seal(
    folder: Path, opened: dict[str, str], tables: dict[str, pa.Table], moment: datetime
) -> list[Entry]:
    """Make every file read-only and durable; return the chain that names them."""
    at = moment.replace(microsecond=0).isoformat()
    entries = append_entry([], "opened", at=at, trendlab=version("trendlab"), **opened)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in paths:
        seal_file(path)
        entries = append_entry(
            entries,
            "file",
            path=path.relative_to(folder).as_posix(),
            sha256=hash_file(path),
            bytes=path.stat().st_size,
        )
    rows = {name: table.num_rows for name, table in tables.items()}
    return append_entry(entries, "sealed", at=at, files=len(paths), rows=rows)


def seal_file(path: Path) -> None:
    """Make a file durable and read-only."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.chmod(READ_ONLY)


def known_cases(home: Path) -> list[Export]:
    """Return the cases of a home, with the head of each as it was last written."""
    return [one for one in known_exports(home) if one.kind == "case"]


def check_case(
    home: Path, folder: Path, head: str | None, signed_by: Path | None = None
) -> Verdict:
    """Verify a case against its manifest, and against what was noted of it.

    Parameters
    ----------
    home : Path
        Whose register may know the case.
    folder : Path
    head : str or None
        A head that was noted elsewhere.
    signed_by : Path or None
        File with the public key, PEM, that must have signed it.
    """
    place = folder.absolute()
    heads = [
        one.remark
        for one in known_cases(home)
        if home / one.path == place and one.remark
    ]
    return verify_case(
        place,
        [*heads, *([] if head is None else [head])],
        None if signed_by is None else read_public_key(signed_by),
    )
