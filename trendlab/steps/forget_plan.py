"""Finds what is an author's, and keeps it in a note until all of it is erased.

A run that is killed has erased part; what is left could not be found again from that
(the garments of a post say nothing of its author). So everything is found first and
noted in the lake's `.pending`, readable by the owner only, and the next `forget` goes
on from the note. The note is the last thing to go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.alerts.inert import make_inert
from trendlab.errors import PrivacyError
from trendlab.lake import Lake, Span
from trendlab.privacy import Author, Forgotten
from trendlab.privacy.author import Key
from trendlab.resources import bundled
from trendlab.signals.event_texts import LABEL_LENGTH, cut_label
from trendlab.steps.ingest_journal import FOLDER
from trendlab.steps.keys import write_privately
from trendlab.steps.pseudonyms import Named

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
    is_id_known : bool
        True where rows of the lake tell the ids; False where there is only the name
        that was given, which may be an id or a handle.
    """

    author: Author
    quotes: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()
    photos: frozenset[str] = frozenset()
    is_known: bool = False
    is_id_known: bool = False


def find_author(
    lake: Lake, source: str, named: Named, forgotten: Forgotten | None
) -> Erasure:
    """Return what the lake holds of an author.

    Parameters
    ----------
    lake : Lake
    source : str
        Without a tracker.
    named : Named
    forgotten : Forgotten or None
        Who was forgotten before.

    Raises
    ------
    PrivacyError
        If a handle was used by several authors, or somebody else has it who was
        forgotten before.
    """
    given, handle = named.ids, named.handle
    rows = _names(lake, source, sorted(given), [handle])
    ids = {row["author_id"] for row in rows if row["author_id"] is not None}
    if ids & given:
        # an id says who is meant; others may have had its digits as a handle
        ids &= given
    elif len(ids) > 1:
        raise PrivacyError(
            f"the handle was used by {len(ids)} authors of {source}, with the ids "
            f"{', '.join(sorted(ids))}: give the id of the one who is meant"
        )
    elif forgotten is not None and forgotten.is_told_apart(handle):
        later = sorted(own for own in ids if not forgotten.has_id(own))
        if later:
            raise PrivacyError(
                f"an author with this handle was forgotten before; who has it now on "
                f"{source} has the id {later[0]}: give the id of the one who is meant"
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
        # nothing tells what the name is, so it is kept out as either
        return _with_items(lake, source, given, {handle})
    erasure = _with_items(lake, source, ids, handles)
    own_ids = ids - handles - ({named.as_id} if handle in handles else set())
    is_id_known = named.as_id is not None and bool(own_ids)
    return replace(erasure, is_id_known=is_id_known)


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


def quotes_of(words: str) -> set[str]:
    """Return how alerts quote a text; none where it is empty.

    A long one also as it was quoted before an ellipsis marked it as cut: words without
    markup and addresses may be short enough to be quoted whole.
    """
    labels = {cut_label(words), " ".join(words.split())[:LABEL_LENGTH]}
    return {make_inert(label) for label in labels if label}


def _with_items(lake: Lake, source: str, ids: Set[str], handles: Set[str]) -> Erasure:
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
        quotes |= quotes_of(row["words"] or "")
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
        "is_id_known": erasure.is_id_known,
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
        # a note of an earlier version does not say
        noted.get("is_id_known", False),
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
        one.is_id_known or other.is_id_known,
    )
