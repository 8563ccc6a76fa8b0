"""Which column mapping fits a file; where none does, a first one to correct."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from trendlab.errors import UnknownFormat
from trendlab.sources.base import Row
from trendlab.sources.columns import ColumnMapping
from trendlab.sources.known_mappings import KNOWN_MAPPINGS
from trendlab.sources.mapping_guess import write_mapping
from trendlab.sources.members import Head
from trendlab.sources.photo_list import is_photo_list

# Column names that a message lists; the rest of a wide file tells nobody more.
MAX_NAMES_TOLD = 30


def find_mapping(
    head: Head, kind: str, mappings: Mapping[str, ColumnMapping]
) -> ColumnMapping | None:
    """Return the mapping that names most of a file's columns; the user's come first.

    Parameters
    ----------
    head : Head
    kind : {"csv", "jsonl", "json", "parquet"}
    mappings : mapping
        Of the tracker file; `KNOWN_MAPPINGS` are tried after them.

    Returns
    -------
    ColumnMapping or None
        None for a list of photos, which is read without one.

    Raises
    ------
    UnknownFormat
        If several fit equally well, or none: the message then holds a mapping of
        the file's own columns to paste and correct.
    """
    names = _names_of(head, kind)
    origin = head.member.origin
    for candidates in (mappings, KNOWN_MAPPINGS):
        fitting = [m for m in candidates.values() if m.fits(names)]
        if not fitting:
            continue
        most = max(len(m.needed_columns()) for m in fitting)
        best = [m for m in fitting if len(m.needed_columns()) == most]
        if len(best) > 1:
            raise UnknownFormat(
                f"{origin}: the mappings {', '.join(m.name for m in best)} all "
                "fit: name one with --mapping"
            )
        return best[0]
    if is_photo_list(head):
        return None
    told = f"{', '.join(names[:MAX_NAMES_TOLD])}" + (
        f" and {len(names) - MAX_NAMES_TOLD} more"
        if len(names) > MAX_NAMES_TOLD
        else ""
    )
    raise UnknownFormat(
        f"{origin}: a {kind} file with the columns {told}; no mapping fits (tried "
        f"{', '.join([*mappings, *KNOWN_MAPPINGS])}). {_advice(head, kind, mappings)}"
    )


def _advice(head: Head, kind: str, mappings: Mapping[str, ColumnMapping]) -> str:
    where = "under its `mappings:`" if mappings else "at its end"
    stem = head.member.name.split(".")[0]
    written = write_mapping(
        _names_of(head, kind), _first_record(head, kind), stem, taken=mappings
    )
    # a second `mappings:` would be refused as a key that stands twice
    shown = written.removeprefix("mappings:\n") if mappings else written
    return (
        f"Paste this into the tracker file, {where}, check every line, and ingest "
        f"again (docs/sources.md tells what else a mapping can say):\n\n{shown}"
    )


def _names_of(head: Head, kind: str) -> list[str]:
    if kind == "csv":
        return head.header
    if kind == "parquet":
        return _parquet_names(head.member.path)
    first = head.first_value
    return [str(key) for key in first] if isinstance(first, dict) else []


def _parquet_names(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError):
        return []


def _first_record(head: Head, kind: str) -> Row:
    """Return the first record as far as the head of the file shows it.

    Parquet shows none: its first bytes hold no rows that could be read alone.
    """
    if kind == "csv":
        lines = csv.reader(io.StringIO(head.text or ""), delimiter=head.delimiter)
        try:
            next(lines)
            return dict(zip(head.header, next(lines), strict=False))
        except (csv.Error, StopIteration):
            return {}
    first = head.first_value
    return first if isinstance(first, dict) else {}
