"""Finds what is an author's, and keeps it in a note until all of it is erased.

A run that is killed has erased part; what is left could not be found again from that
(the garments of a post say nothing of its author). So everything is found first and
noted in the lake's `.pending`, readable by the owner only, and the next `forget` goes
on from the note. The note is the last thing to go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.alerts.inert import make_inert
from trendlab.errors import PrivacyError
from trendlab.lake import Lake, Span
from trendlab.privacy import Author, Forgotten, fold_name
from trendlab.privacy.author import Key
from trendlab.privacy.pseudonyms import Pseudonyms, is_pseudonym
from trendlab.resources import bundled
from trendlab.signals.drivers import LABEL_LENGTH
from trendlab.steps.ingest_journal import FOLDER
from trendlab.steps.keys import write_privately

_PREFIX = "forget-"


@dataclass(frozen=True)
class Erasure:
    """What is to be erased.

    Parameters
    ----------
    author : Author
    quotes : frozenset of str
        Beginnings of their texts, as alerts quote them.
    urls : frozenset of str
        Addresses of their posts.
    photos : frozenset of str
        `path` of the stored photos of their posts.
    is_known : bool
        True where they were forgotten before and nothing of them is left.
    """

    author: Author
    quotes: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()
    photos: frozenset[str] = frozenset()
    is_known: bool = False


def stored_names(name: str, pseudonyms: Pseudonyms | None) -> tuple[list[str], str]:
    """Return the ids and the handle that a name can be in the lake.

    Parameters
    ----------
    name : str
        Id at the source, or handle; one that begins with @ is a handle.
    pseudonyms : Pseudonyms or None
        Of a home that keeps these; a name that has the form of one is taken for it.
    """
    handle = fold_name(name)
    ids = [] if name.startswith("@") else [name]
    if pseudonyms is None or is_pseudonym(handle):
        return ids, handle
    return [pseudonyms.of_id(own) for own in ids], pseudonyms.of_handle(handle)


def find_author(
    lake: Lake,
    source: str,
    given: list[str],
    handle: str,
    forgotten: Forgotten | None,
) -> Erasure:
    """Return what the lake holds of an author.

    Parameters
    ----------
    lake : Lake
    source : str
        Without a tracker.
    given : list of str
        Ids, as stored; one or none.
    handle : str
        As stored.
    forgotten : Forgotten or None
        Who was forgotten before.

    Raises
    ------
    PrivacyError
        If a handle was used by several authors.
    """
    rows = _names(lake, source, given, [handle])
    ids = {row["author_id"] for row in rows if row["author_id"] is not None}
    if ids & set(given):
        # an id says who is meant; others may have had its digits as a handle
        ids &= set(given)
    elif len(ids) > 1:
        raise PrivacyError(
            f"the handle was used by {len(ids)} authors of {source}, with the ids "
            f"{', '.join(sorted(ids))}: give the id of the one who is meant"
        )
    handles = {
        row["handle"]
        for row in rows
        if row["handle"] is not None and row["author_id"] in (None, *ids)
    }
    if ids:
        # other handles that the same author has had
        more = _names(lake, source, sorted(ids), [])
        handles |= {row["handle"] for row in more if row["handle"] is not None}
    if not ids and not handles:
        if forgotten is not None and (
            forgotten.has_handle(handle) or any(map(forgotten.has_id, given))
        ):
            # a case, or a list, that was out of reach then may be back
            ids = {one for one in given if forgotten.has_id(one)}
            handles = {handle} if forgotten.has_handle(handle) else set()
            known = Author(source, frozenset(ids), frozenset(handles))
            return Erasure(known, is_known=True)
        ids, handles = set(given), {handle}
    return _with_items(lake, source, ids, handles)


def _names(
    lake: Lake, source: str, ids: list[str], handles: list[str]
) -> list[dict[str, Any]]:
    tables = ("posts", "comments", "authors", "author_days")
    return list(_ask(lake, "author_names", source, ids, handles, tables))


def _ask(
    lake: Lake,
    query: str,
    source: str,
    ids: list[str],
    handles: list[str],
    tables: tuple[str, ...],
) -> Iterator[dict[str, Any]]:
    texts = pa.list_(pa.string())
    asked = pa.table(
        {
            "source": pa.array([source]),
            "author_ids": pa.array([ids], texts),
            "handles": pa.array([handles], texts),
        }
    )
    found = lake.query(
        (bundled("sql") / "lake" / f"{query}.sql").read_text(),
        {"asked": asked, **{name: Span(name) for name in tables}},
    )
    yield from found.to_pylist()


def _with_items(lake: Lake, source: str, ids: set[str], handles: set[str]) -> Erasure:
    posts: set[Key] = set()
    comments: set[Key] = set()
    quotes: set[str] = set()
    urls: set[str] = set()
    for row in _ask(
        lake,
        "author_items",
        source,
        sorted(ids),
        sorted(handles),
        ("posts", "comments"),
    ):
        own = (row["source"], row["item_id"])
        (posts if row["kind"] == "post" else comments).add(own)
        label = " ".join((row["words"] or "").split())[:LABEL_LENGTH]
        if label:
            quotes.add(make_inert(label))
        if row["url"] is not None:
            urls.add(row["url"])
    return Erasure(
        Author(
            source,
            frozenset(ids),
            frozenset(handles),
            frozenset(posts),
            frozenset(comments),
        ),
        frozenset(quotes),
        frozenset(urls),
        frozenset(_photos_of(lake, posts)),
    )


def _photos_of(lake: Lake, posts: set[tuple[str, str]]) -> Iterator[str]:
    for day in lake.days("media"):
        media = lake.read("media", day, columns=["source", "post_id", "path"])
        for row in media.filter(pc.is_valid(media["path"])).to_pylist():
            if (row["source"], row["post_id"]) in posts:
                yield row["path"]


def note_path(lake: Lake, name_hash: str) -> Path:
    """Return where the note of an erasure is kept."""
    return lake.root / FOLDER / f"{_PREFIX}{name_hash}.json"


def write_note(path: Path, erasure: Erasure) -> None:
    """Keep an erasure until it is done; durable on return, mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    author = erasure.author
    noted = {
        "source": author.source,
        "author_ids": sorted(author.author_ids),
        "handles": sorted(author.handles),
        "posts": sorted(author.posts),
        "comments": sorted(author.comments),
        "quotes": sorted(erasure.quotes),
        "urls": sorted(erasure.urls),
        "photos": sorted(erasure.photos),
        "is_known": erasure.is_known,
    }
    write_privately(path, json.dumps(noted, ensure_ascii=False))


def read_note(path: Path) -> Erasure:
    """Return the erasure of a run that did not end."""
    noted = json.loads(path.read_text(encoding="utf-8"))
    return Erasure(
        Author(
            noted["source"],
            frozenset(noted["author_ids"]),
            frozenset(noted["handles"]),
            frozenset((source, own) for source, own in noted["posts"]),
            frozenset((source, own) for source, own in noted["comments"]),
        ),
        frozenset(noted["quotes"]),
        frozenset(noted["urls"]),
        frozenset(noted["photos"]),
        noted["is_known"],
    )


def unfinished_notes(lake: Lake) -> list[Path]:
    """Return the notes of runs that did not end."""
    return sorted((lake.root / FOLDER).glob(f"{_PREFIX}*.json"))


def remove_half_notes(lake: Lake) -> None:
    """Remove notes that a kill cut; call with the lake's lock held."""
    for partial in (lake.root / FOLDER).glob(f".{_PREFIX}*"):
        partial.unlink()


def joined(one: Erasure, other: Erasure) -> Erasure:
    """Return what either of two erasures of the same author names."""
    a, b = one.author, other.author
    return Erasure(
        Author(
            a.source,
            a.author_ids | b.author_ids,
            a.handles | b.handles,
            a.posts | b.posts,
            a.comments | b.comments,
        ),
        one.quotes | other.quotes,
        one.urls | other.urls,
        one.photos | other.photos,
        one.is_known and other.is_known,
    )
