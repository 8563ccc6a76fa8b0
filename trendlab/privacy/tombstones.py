"""Tombstones: who must not come back, told by hashes that name nobody."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from trendlab.privacy.author import Author
from trendlab.privacy.hashing import KeyedHash
from trendlab.schemas import TABLES
from trendlab.schemas.sources import network_of

PURPOSE = "tombstone"
# Networks that know a person by one kind of id, so that another id is somebody else.
# Instagram's API has numbers of its own (1784…) and archives have others, and what ids
# a mapped file or a sidecar holds is anybody's guess: there a handle bars everybody.
ONE_KIND_OF_ID = frozenset(
    {"bluesky", "flickr", "mastodon", "reddit", "tiktok", "tumblr"}
)


def tombstone_rows(
    keyed: KeyedHash, author: Author, *, moment: datetime, is_id_known: bool
) -> pa.Table:
    """Return the tombstones of one author.

    Parameters
    ----------
    keyed : KeyedHash
    author : Author
    moment : datetime
        When the author was forgotten, UTC.
    is_id_known : bool
        Whether the ids are known to be the author's, rather than a name that may be
        one. If so, whoever takes a handle later with another id is let in.

    Returns
    -------
    pyarrow.Table[tombstones]
        Of ids and handles, and of posts and comments: some services give these
        without their author.
    """
    source = author.source
    names = [("author_id", own) for own in sorted(author.author_ids)]
    names += [("handle", handle) for handle in sorted(author.handles)]
    names += [("post_id", own) for own in sorted({own for _, own in author.posts})]
    names += [("comment_id", o) for o in sorted({o for _, o in author.comments})]
    return TABLES["tombstones"].from_rows(
        [
            {
                "source": source,
                "identity_kind": kind,
                "identity_hash": keyed.of(source, kind, name),
                "key_id": keyed.key_id,
                "forgotten_at": moment,
                "is_id_known": is_id_known if kind == "handle" else None,
            }
            for kind, name in names
        ]
    )


def identity_of(keyed: KeyedHash, author: Author) -> str:
    """Return a hash that stands for an author where they must not be named."""
    for kind, names in (("author_id", author.author_ids), ("handle", author.handles)):
        for name in sorted(names):
            return keyed.of(author.source, kind, name)
    raise ValueError("an author has an id or a handle")


class Forgotten:
    """Who was forgotten of one source; answers are remembered, for authors recur.

    Parameters
    ----------
    keyed : KeyedHash
    tombstones : pyarrow.Table[tombstones]
    source : str
        With or without a tracker.
    """

    # Answers kept at once; a few megabytes.
    MOST_REMEMBERED = 100_000

    def __init__(self, keyed: KeyedHash, tombstones: pa.Table, source: str) -> None:
        self._keyed = keyed
        self._source = network_of(source)
        mine = [row for row in tombstones.to_pylist() if row["source"] == self._source]
        self._hashes = {row["identity_hash"] for row in mine}
        # handles that networks give to somebody else may be told apart by the id
        self._with_id = {
            row["identity_hash"]
            for row in mine
            if row["is_id_known"] and self._source in ONE_KIND_OF_ID
        }
        self._known: dict[tuple[str, str], bool] = {}

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def has_id(self, author_id: str) -> bool:
        """Tell whether an author's id was forgotten."""
        return self._has("author_id", author_id)

    def has_handle(self, handle: str) -> bool:
        """Tell whether a handle, as it is stored, was forgotten."""
        return self._has("handle", handle)

    def is_told_apart(self, handle: str) -> bool:
        """Tell whether a handle was forgotten of an author whose id is known.

        Networks give a handle that is free to somebody else, whom another id tells
        apart. Where only the handle of who was forgotten is known, or the source may
        have ids of several kinds for one person, it bars everybody.
        """
        return self._hash("handle", handle) in self._with_id

    def has_post(self, post_id: str) -> bool:
        """Tell whether a post was erased with its author."""
        return self._has("post_id", post_id)

    def has_comment(self, comment_id: str) -> bool:
        """Tell whether a comment was erased with its author, or with its post."""
        return self._has("comment_id", comment_id)

    def has_name(self, name: str) -> bool:
        """Tell whether a folded word is a forgotten handle or id."""
        return self._has("handle", name) or self._has("author_id", name)

    def _has(self, kind: str, name: str) -> bool:
        key = (kind, name)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self.MOST_REMEMBERED:
                self._known.clear()
            known = self._hash(kind, name) in self._hashes
            self._known[key] = known
        return known

    def _hash(self, kind: str, name: str) -> str:
        return self._keyed.of(self._source, kind, name)
