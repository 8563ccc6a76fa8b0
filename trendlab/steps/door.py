"""What every record passes on its way into the lake: who was forgotten stays out.

Files and live sources go through the same door. It knows forgotten authors by keyed
hashes only, so it asks of each author and each mention whether it is one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pyarrow as pa

from trendlab.errors import PrivacyError
from trendlab.lake import Lake
from trendlab.privacy import Forgotten, KeyedHash, holds_name, replace_names
from trendlab.privacy.tombstones import PURPOSE
from trendlab.sources.base import FORGOTTEN, Parsed, Refused, Row, show
from trendlab.steps.keys import FOLDER, draw_key, read_key

_TEXTS = {"posts": ("caption",), "comments": ("text",), "authors": ("biography",)}


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
    """

    def __init__(self, forgotten: Forgotten | None = None) -> None:
        self._forgotten = forgotten if forgotten else None

    def admit(self, records: Iterable[Parsed]) -> Iterator[Parsed]:
        """Yield records as they may be stored; refused ones have no payload."""
        forgotten = self._forgotten
        if forgotten is None:
            yield from records
            return
        for record in records:
            yield _past(record, forgotten)


def open_door(lake: Lake, source: str) -> Door:
    """Return the door for a source; call with the lake's lock held."""
    tombstones = lake.read_flat("tombstones")
    if not tombstones.num_rows:
        return Door()
    return Door(Forgotten(tombstone_hash(lake), tombstones, source))


def _past(record: Parsed, forgotten: Forgotten) -> Parsed:
    if isinstance(record, Refused):
        if holds_name(show(record.record), forgotten.has_name):
            return _refused(record.number, record.table)
        return record
    if any(_is_by(row, forgotten) for _, row in record.rows) or (
        # what is repeated is the other's text, and the row does not say whose
        record.rows[0][1].get("is_repost")
        and holds_name(show(record.record), forgotten.has_name)
    ):
        return _refused(record.number, record.rows[0][0])
    rows = tuple(
        (table, _without_names(table, row, forgotten)) for table, row in record.rows
    )
    return replace(record, rows=rows)


def _refused(number: int, table: str) -> Refused:
    return Refused(FORGOTTEN, "", "", number, "", table)


def _is_by(row: Row, forgotten: Forgotten) -> bool:
    """Tell whether a row is by who was forgotten, or of what was erased with them."""
    asked = (
        ("author_id", forgotten.has_id),
        ("author_handle", forgotten.has_handle),
        ("handle", forgotten.has_handle),
        ("post_id", forgotten.has_post),
        ("repost_of_id", forgotten.has_post),
        ("comment_id", forgotten.has_comment),
    )
    return any(
        row.get(name) is not None and is_gone(row[name]) for name, is_gone in asked
    )


def _without_names(table: str, row: Row, forgotten: Forgotten) -> Row:
    """Return the row without mentions of who was forgotten."""
    names = row.get("mentions") or ()
    gone = {name for name in names if forgotten.has_handle(name)}
    short = {name.partition("@")[0] for name in gone}

    def is_named(name: str) -> bool:
        return name in short or forgotten.has_handle(name)

    changed: Row = {}
    if gone:
        changed["mentions"] = [name for name in names if name not in gone]
    for column in _TEXTS.get(table, ()):
        text = row.get(column)
        if text is not None:
            changed[column] = replace_names(text, is_named)
    return {**row, **changed} if changed else row


def is_forgotten(record: Parsed) -> bool:
    """Tell whether a record was refused because its author was forgotten."""
    return isinstance(record, Refused) and record.reason == FORGOTTEN


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
