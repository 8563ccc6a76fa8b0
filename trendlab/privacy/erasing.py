"""Takes one author out of a table of any schema.

Their rows go. In what is left, their handles are replaced in every text, and pointers
to what was theirs become NULL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.privacy.author import Author, among, of_source, theirs
from trendlab.privacy.names import PLACEHOLDER, replace_names
from trendlab.schemas import Table

# Column → whether it points at a post or at a comment.
_POINTERS = {"reply_to_id": "posts", "repost_of_id": "posts", "parent_id": "comments"}
# A record as it was received is kept for a person to look at; theirs is not.
_RAW_COLUMNS = ("payload", "detail")
ERASED = "[erased]"


@dataclass(frozen=True)
class Erased:
    """A table without an author.

    Parameters
    ----------
    rows : pyarrow.Table
        The same object as was given where nothing of it was the author's.
    erased_count : int
        Rows that went.
    changed_count : int
        Rows of others that named the author, or pointed at something of theirs.
    """

    rows: pa.Table
    erased_count: int = 0
    changed_count: int = 0


def erase(table: Table, rows: pa.Table, author: Author) -> Erased:
    """Take an author out of a table.

    Parameters
    ----------
    table : Table
    rows : pyarrow.Table
        With the declared schema.
    author : Author
    """
    gone = theirs(table, rows, author)
    erased_count = int(pc.sum(gone, min_count=0).as_py())
    kept = rows.filter(pc.invert(gone)) if erased_count else rows
    changed = _without_traces(table, kept, author)
    return Erased(changed, erased_count, differing_count(kept, changed))


def differing_count(one: pa.Table, other: pa.Table) -> int:
    """Return how many rows of two tables of the same length differ."""
    if one is other:
        return 0
    pairs = zip(one.to_pylist(), other.to_pylist(), strict=True)
    return sum(before != after for before, after in pairs)


def _without_traces(table: Table, rows: pa.Table, author: Author) -> pa.Table:
    for column in table.columns:
        name = column.name
        if name in _POINTERS:
            rows = _without_pointers(rows, name, author)
        elif name == "payload":
            rows = _without_records(table, rows, author)
        elif name == "path" and "ingest_id" in table.names:
            rows = _without_paths(rows, author)
        elif name == "mentions":
            rows = _without_mentions(rows, author)
        elif pa.types.is_string(column.type) and name not in table.key:
            rows = _without_names(rows, name, author)
    return rows


def _without_pointers(rows: pa.Table, name: str, author: Author) -> pa.Table:
    keys = author.posts if _POINTERS[name] == "posts" else author.comments
    points = among(rows, name, keys)
    if not pc.any(points, min_count=0).as_py():
        return rows
    nothing = pa.scalar(None, rows.schema.field(name).type)
    return _replaced(rows, name, pc.if_else(points, nothing, rows[name]))


def _without_records(table: Table, rows: pa.Table, author: Author) -> pa.Table:
    """Empty records as they were received where they name the author."""
    columns = [name for name in _RAW_COLUMNS if name in table.names]
    texts = zip(*(rows[name].to_pylist() for name in columns), strict=True)
    mine = of_source(rows, author.source).to_pylist()
    holds = [
        is_mine and any(text is not None and author.holds(text) for text in given)
        for is_mine, given in zip(mine, texts, strict=True)
    ]
    for name in columns if any(holds) else ():
        nothing = None if table.column(name).nullable else ERASED
        kind = rows.schema.field(name).type
        emptied = pc.if_else(pa.array(holds), pa.scalar(nothing, kind), rows[name])
        rows = _replaced(rows, name, emptied)
    return rows


def _without_paths(rows: pa.Table, author: Author) -> pa.Table:
    """Take handles out of paths; different paths stay different, for they are keys."""
    if not author.handles:
        return rows
    named = "|".join(re.escape(handle) for handle in sorted(author.handles))
    pattern = re.compile(rf"(?<![^\W_])(?:{named})(?![^\W_])", re.IGNORECASE)
    values = sorted({v for v in rows["path"].to_pylist() if v is not None})
    given = {value: pattern.sub(PLACEHOLDER, value) for value in values}
    # paths that stay as they are keep their names; an earlier one may be among them
    taken = {value for value, hidden in given.items() if hidden == value}
    for value in values:
        hidden = given[value]
        if hidden == value:
            continue
        numbered = (f"{hidden} {number}" for number in count(1))
        given[value] = next(
            one for one in chain([hidden], numbered) if one not in taken
        )
        taken.add(given[value])
    return _mapped(rows, "path", lambda at, value: given[value])


def _without_mentions(rows: pa.Table, author: Author) -> pa.Table:
    """Take handles out of lists of mentions, and their short forms out of captions.

    Mastodon lists `ana@server.example` and writes `@ana`.
    """
    lists = rows["mentions"].to_pylist()
    kept = [
        None if one is None else [name for name in one if name not in author.handles]
        for one in lists
    ]
    if kept == lists:
        return rows
    if "caption" in rows.column_names:

        def shortened(at: int, value: str) -> str:
            short = {
                name.partition("@")[0]
                for name in lists[at] or ()
                if name in author.handles
            }
            return replace_names(value, short.__contains__) if short else value

        rows = _mapped(rows, "caption", shortened)
    return _replaced(
        rows, "mentions", pa.array(kept, rows.schema.field("mentions").type)
    )


def _without_names(rows: pa.Table, name: str, author: Author) -> pa.Table:
    looked_for = sorted(
        {part for own in author.handles for part in (own, own.partition("@")[0])}
        | author.telling_ids
    )
    may_hold = pa.chunked_array([pa.repeat(False, rows.num_rows)])
    for word in looked_for:
        hit = pc.match_substring(rows[name], word, ignore_case=True)
        may_hold = pc.or_(may_hold, pc.fill_null(hit, False))
    if not pc.any(may_hold, min_count=0).as_py():
        return rows
    hits = may_hold.to_pylist()
    return _mapped(
        rows,
        name,
        lambda at, value: replace_names(value, author.is_named) if hits[at] else value,
    )


def count_bare_names(texts: Iterable[str | None], author: Author) -> int:
    """Return how many texts hold a handle as a bare word, which is not replaced."""
    named = [re.escape(handle) for handle in sorted(author.handles)]
    if not named:
        return 0
    pattern = re.compile(
        rf"(?<![\w@＠/.-])(?:{'|'.join(named)})(?![\w])", re.IGNORECASE
    )
    return sum(1 for text in texts if text is not None and pattern.search(text))


def _mapped(
    rows: pa.Table, name: str, change: Callable[[int, str], str | None]
) -> pa.Table:
    values = rows[name].to_pylist()
    changed: list[Any] = [
        None if value is None else change(at, value) for at, value in enumerate(values)
    ]
    if changed == values:
        return rows
    return _replaced(rows, name, pa.array(changed, rows.schema.field(name).type))


def _replaced(rows: pa.Table, name: str, values: Any) -> pa.Table:
    at = rows.schema.get_field_index(name)
    return rows.set_column(at, rows.schema.field(name), values)
