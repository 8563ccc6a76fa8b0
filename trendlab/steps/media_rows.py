"""Rows of `media` over time: what a try gave, and what a later reading may change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.sources.base import Row
from trendlab.sources.media import Fetched

_KEY = ("source", "post_id", "media_index")
# What a try decides; the rest of a row is as its post was read.
_TRIED = (
    "url",
    "path",
    "sha256",
    "status",
    "status_reason",
    "observed_at",
    "http_status",
    "tries_count",
    "next_try_at",
)
# Pauses after the first, second, … failed try. Together a week: longer than most
# outages, about as long as signed addresses last.
PAUSES = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=5),
)
# A try after each pause, and the first one.
MOST_TRIES = len(PAUSES) + 1


def row_after(row: Row, fetched: Fetched, now: datetime) -> Row:
    """Return a row of `media` after a try that gave no photo.

    Parameters
    ----------
    row : dict
        As it was.
    fetched : Fetched
        Any outcome but "bytes".
    now : datetime
        UTC.
    """
    after = {
        **row,
        "observed_at": now,
        "status_reason": fetched.reason,
        "http_status": fetched.http_status,
        "next_try_at": None,
    }
    if fetched.outcome == "gone":
        return {**after, "status": "missing"}
    if fetched.outcome == "refused":
        return {**after, "status": "rejected"}
    tries = (row["tries_count"] or 0) + 1
    after["tries_count"] = tries
    if tries >= MOST_TRIES:
        reason = f"given up after {tries} tries: {fetched.reason}"
        return {**after, "status": "missing", "status_reason": reason}
    next_try = now + PAUSES[tries - 1]
    if fetched.try_after is not None:
        next_try = max(next_try, fetched.try_after)
    return {**after, "next_try_at": next_try}


def row_with_photo(
    row: Row, path: str, sha256: str, now: datetime, *, keep_url: bool = True
) -> Row:
    """Return a row of `media` whose photo was downloaded.

    Parameters
    ----------
    row : dict
        As it was.
    path, sha256 : str
    now : datetime
        UTC.
    keep_url : bool
        False where the home keeps pseudonyms: addresses can hold the author's id, as
        Bluesky's do, and this one is not needed any more.
    """
    return {
        **row,
        "url": row["url"] if keep_url else None,
        "observed_at": now,
        "status": "stored",
        "status_reason": None,
        "http_status": None,
        "next_try_at": None,
        "path": path,
        "sha256": sha256,
    }


def take_tries(present: pa.Table, tried: pa.Table) -> tuple[pa.Table, list[str]]:
    """Put what was tried into the rows of a partition.

    Parameters
    ----------
    present : pyarrow.Table
        Schema `media`: one day and source.
    tried : pyarrow.Table
        Schema `media`: what became of photos, of any day and source.

    Returns
    -------
    rows : pyarrow.Table
        As many as were present. A photo that is not offered any more stays as it is,
        and so does one whose address has changed since, unless it was stored.
    stored : list of str
        Paths of photos that `rows` newly names.
    """
    outcomes = {_key_of(row): row for row in tried.to_pylist()}
    rows, stored = [], []
    for row in present.to_pylist():
        after = outcomes.get(_key_of(row))
        if after is not None and row["status"] == "offered":
            if after["status"] == "stored":
                row = {**row, **_told_by(after)}
                stored.append(after["path"])
            elif after["url"] == row["url"]:
                row = {**row, **_told_by(after)}
        rows.append(row)
    return TABLES["media"].from_rows(rows), stored


def keep_tried(present: pa.Table, read: pa.Table) -> pa.Table:
    """Return the photos of a new reading that may replace those present.

    A post that is read again offers its photos again, often at other addresses, for
    networks sign them anew for every reader. A stored photo stays stored; one that was
    tried without success stays as it is, unless its address is another one.

    Parameters
    ----------
    present, read : pyarrow.Table
        Schema `media`, of the same day and source.
    """
    tried: dict[tuple[Any, ...], str | None] = {}
    stored = set()
    for row in present.select([*_KEY, "url", "status", "tries_count"]).to_pylist():
        if row["status"] == "stored":
            stored.add(_key_of(row))
        elif row["status"] != "offered" or row["tries_count"] is not None:
            tried[_key_of(row)] = row["url"]
    if not stored and not tried:
        return read
    is_news = [
        row["status"] != "offered"
        or not (
            _key_of(row) in stored
            or (_key_of(row) in tried and tried[_key_of(row)] == row["url"])
        )
        for row in read.select([*_KEY, "url", "status"]).to_pylist()
    ]
    return read.filter(pa.array(is_news, pa.bool_()))


def _told_by(after: Row) -> Row:
    return {name: after[name] for name in _TRIED}


def _key_of(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)
