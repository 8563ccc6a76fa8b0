"""What every record passes on its way into the lake: who was forgotten stays out.

Files and live sources go through the same door. It knows forgotten authors by keyed
hashes only, so it asks of each author and each mention whether it is one of them. Where
a home keeps pseudonyms, they are given here, and records as received are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from trendlab.errors import PrivacyError
from trendlab.lake import Lake
from trendlab.privacy import Forgotten, KeyedHash, holds_name, replace_names
from trendlab.privacy.pseudonyms import Pseudonyms
from trendlab.privacy.tombstones import PURPOSE
from trendlab.sources.base import (
    EXPIRED,
    FORGOTTEN,
    Accepted,
    Parsed,
    Refused,
    Row,
    show,
)
from trendlab.steps.ingest_rows import moment_of
from trendlab.steps.keys import FOLDER, draw_key, keeps_pseudonyms, read_key

_TEXTS = {
    "posts": ("caption",),
    "comments": ("text",),
    "authors": ("biography",),
    "media": ("alt_text",),
}


def tombstone_hash(lake: Lake, *, is_new_allowed: bool = False) -> KeyedHash:
    """Return the keyed hash of tombstones; the key lies beside the lake.

    Parameters
    ----------
    lake : Lake
        `<home>/lake`; the key is in `<home>/keys`, so that a copy of the lake alone
        does not let names be tried.
    is_new_allowed : bool
        Draw a key where there is none.

    Raises
    ------
    PrivacyError
        If the key is missing, or is not the one that the tombstones were made with.
    """
    path = lake.root.parent / FOLDER / "tombstones.key"
    tombstones = lake.read_flat("tombstones")
    is_first = is_new_allowed and not tombstones.num_rows
    keyed = KeyedHash(draw_key(path) if is_first else read_key(path), PURPOSE)
    made_with = set(tombstones["key_id"].to_pylist())
    if made_with - {keyed.key_id}:
        raise PrivacyError(
            f"{path} is not the key that the tombstones were made with "
            f"({', '.join(sorted(made_with))}; this one is {keyed.key_id}): restore "
            "it, or authors who were forgotten would come back"
        )
    return keyed


class Door:
    """Lets records in, or refuses them without keeping what they say.

    Parameters
    ----------
    forgotten : Forgotten or None
        Of the source; None where nobody was forgotten.
    pseudonyms : Pseudonyms or None
        None where the home keeps names.
    first_kept : mapping of str to date
        Table → first day of it that is kept, where there is a period.
    """

    def __init__(
        self,
        forgotten: Forgotten | None = None,
        pseudonyms: Pseudonyms | None = None,
        first_kept: Mapping[str, date] = MappingProxyType({}),
    ) -> None:
        self._forgotten = forgotten if forgotten else None
        self._pseudonyms = pseudonyms
        self._first_kept = first_kept

    def admit(self, records: Iterable[Parsed]) -> Iterator[Parsed]:
        """Yield records as they may be stored; refused ones have no payload."""
        is_open = self._forgotten is None and self._pseudonyms is None
        if is_open and not self._first_kept:
            yield from records
            return
        for record in records:
            # named before it is asked about: tombstones are of what is stored
            named = self._named(record)
            if self._forgotten is not None:
                named = self._past(named, record)
            if self._first_kept and isinstance(named, Accepted):
                named = self._young(named)
            yield named

    def _young(self, record: Accepted) -> Parsed:
        """Refuse a record of a day that is not kept any more.

        What rides with one that is kept (photos, its author as read then) is left out
        where its own table keeps nothing of its day.
        """
        (table, own), *riding = record.rows
        if self._is_expired(table, own, own):
            return Refused(EXPIRED, "", "", record.number, "", table)
        kept = [
            (name, row) for name, row in riding if not self._is_expired(name, row, own)
        ]
        if len(kept) == len(riding):
            return record
        return replace(record, rows=((table, own), *kept))

    def _is_expired(self, table: str, row: Row, own: Row) -> bool:
        """Tell whether a row, of the record that `own` begins, is not kept any more."""
        moment = moment_of(table, row, own)
        first = self._first_kept.get(table)
        # what is no moment is refused where rows are checked
        if first is None or not isinstance(moment, datetime):
            return False
        return moment.date() < first

    def _named(self, record: Parsed) -> Parsed:
        """Return a record with pseudonyms, and without what was received."""
        pseudonyms = self._pseudonyms
        if pseudonyms is None:
            return record
        if isinstance(record, Refused):
            return replace(record, field="", detail="", record="")
        rows = tuple(
            (table, pseudonyms.in_row(table, row)) for table, row in record.rows
        )
        return replace(record, rows=rows, record="")

    def _past(self, named: Parsed, received: Parsed) -> Parsed:
        forgotten = self._forgotten
        assert forgotten is not None
        if isinstance(named, Refused):
            return _refused(named) if self._is_in(received) else named
        assert isinstance(received, Accepted)
        pairs = zip(named.rows, received.rows, strict=True)
        is_theirs = any(
            _is_by(row, forgotten) or _has_handle_of(row, given, forgotten)
            for (_, row), (_, given) in pairs
        )
        # what is repeated is the other's text, and the row does not say whose
        is_repost = bool(named.rows[0][1].get("is_repost"))
        if is_theirs or (is_repost and self._is_in(received, named.rows[0][1])):
            return _refused(named)
        rows = tuple(
            (table, _without_names(table, row, forgotten)) for table, row in named.rows
        )
        return replace(named, rows=rows)

    def _is_in(self, received: Parsed, row: Row | None = None) -> bool:
        """Tell whether a record as received names somebody who was forgotten.

        Parameters
        ----------
        received : Parsed
        row : Row or None
            Of a record whose author is let in: their own handle, which somebody who
            was forgotten had before them, does not count.
        """
        forgotten, pseudonyms = self._forgotten, self._pseudonyms
        assert forgotten is not None
        own = None if row is None else row.get("author_handle")

        def is_named(name: str) -> bool:
            if pseudonyms is None:
                return name != own and forgotten.has_name(name)
            handle = pseudonyms.of_handle(name)
            return (handle != own and forgotten.has_handle(handle)) or (
                forgotten.has_id(pseudonyms.of_id(name))
            )

        return holds_name(show(received.record), is_named)


def open_door(lake: Lake, source: str, pseudonyms: Pseudonyms | None) -> Door:
    """Return the door for a source; call with the lake's lock held.

    Raises
    ------
    PrivacyError
        If the key of the tombstones is missing, or not theirs; or the home keeps
        pseudonyms and none are given.
    """
    if pseudonyms is None and keeps_pseudonyms(lake.root.parent):
        raise PrivacyError(
            f"{lake.root.parent} keeps pseudonyms: set TRENDLAB_PSEUDONYMS=keyed"
        )
    first_kept = {
        row["table_name"]: row["before_day"]
        for row in lake.read_flat("expirations").to_pylist()
    }
    tombstones = lake.read_flat("tombstones")
    forgotten = None
    if tombstones.num_rows:
        forgotten = Forgotten(tombstone_hash(lake), tombstones, source)
    return Door(forgotten, pseudonyms, first_kept)


def _refused(record: Parsed) -> Refused:
    table = record.table if isinstance(record, Refused) else record.rows[0][0]
    return Refused(FORGOTTEN, "", "", record.number, "", table)


def _is_by(row: Row, forgotten: Forgotten) -> bool:
    """Tell whether a row is by who was forgotten, or of what was erased with them."""
    asked = (
        ("author_id", forgotten.has_id),
        ("post_id", forgotten.has_post),
        ("repost_of_id", forgotten.has_post),
        ("comment_id", forgotten.has_comment),
    )
    return any(
        row.get(name) is not None and is_gone(str(row[name])) for name, is_gone in asked
    )


def _has_handle_of(row: Row, received: Row, forgotten: Forgotten) -> bool:
    """Tell whether a row has the handle of who was forgotten, and is not another's.

    Parameters
    ----------
    row, received : dict
        As it may be stored, and as it came: sources without ids repeat the handle as
        the id, which pseudonyms hide and which tells nobody apart.
    forgotten : Forgotten
    """
    handle = _handle_in(row)
    if handle is None or not forgotten.has_handle(str(handle)):
        return False
    has_id = received.get("author_id") not in (None, _handle_in(received))
    return not (has_id and forgotten.is_told_apart(str(handle)))


def _handle_in(row: Row) -> Any:
    return row.get("author_handle", row.get("handle"))


def _without_names(table: str, row: Row, forgotten: Forgotten) -> Row:
    """Return the row without mentions of who was forgotten."""
    names = row.get("mentions") or ()
    gone = {name for name in names if forgotten.has_handle(name)}
    short = {name.partition("@")[0] for name in gone}

    def is_named(name: str) -> bool:
        # an id of digits alone may be any number of an address
        is_id = not name.isdigit() and forgotten.has_id(name)
        return is_id or name in short or forgotten.has_handle(name)

    changed: Row = {}
    if gone:
        changed["mentions"] = [name for name in names if name not in gone]
    for column in _TEXTS.get(table, ()):
        text = row.get(column)
        if text is not None:
            changed[column] = replace_names(text, is_named)
    return {**row, **changed} if changed else row


def add_tombstones(lake: Lake, rows: pa.Table) -> None:
    """Add tombstones to those that are there; the older of two stays."""
    known = lake.read_flat("tombstones")
    names = ("source", "identity_kind", "identity_hash")
    held = set(zip(*(known[name].to_pylist() for name in names), strict=True))
    new = [
        row
        for row in rows.to_pylist()
        if tuple(row[name] for name in names) not in held
    ]
    if new:
        lake.write_flat(
            "tombstones", pa.concat_tables([known, rows.from_pylist(new, known.schema)])
        )
