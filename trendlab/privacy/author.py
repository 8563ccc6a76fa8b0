"""Who an author is, and which rows of any table are theirs.

What is theirs is told by the names of columns, the same in every table, so a table
that is added later is covered by what its columns are called: `author_id`, `post_id`,
`comment_id`, `item_id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.privacy.names import fold_name, holds_name
from trendlab.schemas import Table
from trendlab.schemas.sources import BINDING, network_of

Key = tuple[str, str]
"""Source, as stored, and id."""

_HANDLE_COLUMNS = ("author_handle", "handle")


@dataclass(frozen=True)
class Author:
    """An author and what is theirs.

    Parameters
    ----------
    source : str
        Without a tracker; sources bound to trackers belong to it.
    author_ids, handles : frozenset of str
        Handles are folded.
    posts : frozenset of (str, str)
        Source and post_id of their posts and of what repeats these.
    comments : frozenset of (str, str)
        Source and comment_id of their comments and of those on these posts.
    """

    source: str
    author_ids: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()
    posts: frozenset[Key] = frozenset()
    comments: frozenset[Key] = frozenset()

    @cached_property
    def telling_ids(self) -> frozenset[str]:
        """Ids that can stand in an address for nobody else, folded: not numbers."""
        folded = {fold_name(own) for own in self.author_ids}
        return frozenset(own for own in folded if not own.isdigit())

    def is_named(self, name: str) -> bool:
        """Tell whether a folded name is one of the handles, or a telling id."""
        return name in self.handles or name in self.telling_ids

    @cached_property
    def _traces(self) -> frozenset[str]:
        items = {fold_name(own) for _, own in (*self.posts, *self.comments)}
        return self.handles | items | {fold_name(own) for own in self.author_ids}

    def holds(self, text: str) -> bool:
        """Tell whether a raw record names the author or something of theirs."""
        return holds_name(text, self._traces.__contains__)


def theirs(table: Table, rows: pa.Table, author: Author) -> pa.ChunkedArray:
    """Tell of each row whether it is the author's."""
    names = table.names
    found = pa.chunked_array([pa.repeat(False, rows.num_rows)])
    if table.name == "evidence":
        return _evidence_of(rows, author)
    if "source" not in names:
        return found
    if "author_id" in names:
        found = pc.or_(found, _own(rows, author))
    if "slice_key" in names:
        terms = pa.array([f"@{handle}" for handle in sorted(author.handles)])
        is_term = pc.is_in(rows["slice_key"], value_set=terms.cast(pa.string()))
        found = pc.or_(found, pc.and_(is_term, of_source(rows, author.source)))
    if "post_id" in names:
        found = pc.or_(found, among(rows, "post_id", author.posts))
    if "comment_id" in names:
        found = pc.or_(found, among(rows, "comment_id", author.comments))
    if "item_id" in names:
        posts = among(rows, "item_id", author.posts)
        if "item_kind" not in names:
            return pc.or_(found, posts)
        is_post = pc.equal(rows["item_kind"], "post")
        comments = among(rows, "item_id", author.comments)
        found = pc.or_(found, pc.if_else(is_post, posts, comments))
    return found


def _own(rows: pa.Table, author: Author) -> pa.ChunkedArray:
    """Rows by the author: by id, and by handle where the row has no id."""
    ids = pa.array(sorted(author.author_ids), pa.string())
    mine = pc.is_in(rows["author_id"], value_set=ids)
    for name in _HANDLE_COLUMNS:
        if name in rows.column_names:
            handles = pa.array(sorted(author.handles), pa.string())
            by_handle = pc.is_in(rows[name], value_set=handles)
            mine = pc.or_(mine, pc.and_(pc.is_null(rows["author_id"]), by_handle))
    return pc.and_(mine, of_source(rows, author.source))


def among(rows: pa.Table, column: str, keys: frozenset[Key]) -> pa.ChunkedArray:
    """Tell of each row whether its network and the id in a column are among keys.

    What was collected for one tracker may point at what was collected for another.
    """
    found = pa.chunked_array([pa.repeat(False, rows.num_rows)])
    by_network: dict[str, list[str]] = {}
    for source, own in keys:
        by_network.setdefault(network_of(source), []).append(own)
    for network, ids in by_network.items():
        mine = pc.is_in(rows[column], value_set=pa.array(ids, pa.string()))
        found = pc.or_(found, pc.and_(mine, of_source(rows, network)))
    return pc.fill_null(found, False)


def _evidence_of(rows: pa.Table, author: Author) -> pa.ChunkedArray:
    """Evidence names no source: an item of that id, whatever its source, goes."""
    items = {
        "post": {own for _, own in author.posts},
        "comment": {own for _, own in author.comments},
    }

    def is_theirs(kind: str, item: str) -> bool:
        if kind == "author":
            source, _, own = item.partition(":")
            return own in author.author_ids and (network_of(source) == author.source)
        return item in items.get(kind, ())

    told = [
        is_theirs(kind, item)
        for kind, item in zip(
            rows["evidence_kind"].to_pylist(), rows["item"].to_pylist(), strict=True
        )
    ]
    return pa.chunked_array([pa.array(told, pa.bool_())])


def widen(author: Author, tables: Mapping[str, pa.Table]) -> Author:
    """Return the author with what tables elsewhere know of them, and theirs in these.

    Parameters
    ----------
    author : Author
    tables : mapping of str to pyarrow.Table
        `posts`, `comments` and `authors` of a copy.
    """
    posts, comments, authors = tables["posts"], tables["comments"], tables["authors"]
    ids, handles = set(author.author_ids), set(author.handles)
    pairs = [
        (row["author_id"], row[name])
        for rows, name in (
            (posts, "author_handle"),
            (comments, "author_handle"),
            (authors, "handle"),
        )
        for row in rows.filter(of_source(rows, author.source)).to_pylist()
    ]
    if not ids:
        ids = {own for own, handle in pairs if handle in handles and own is not None}
    handles |= {handle for own, handle in pairs if own in ids and handle is not None}
    named = replace(author, author_ids=frozenset(ids), handles=frozenset(handles))
    own_posts = _keys(posts.filter(_own(posts, named)), "post_id") | author.posts
    repeats = pc.and_(posts["is_repost"], among(posts, "repost_of_id", own_posts))
    own_posts |= _keys(posts.filter(repeats), "post_id")
    on_these = among(comments, "post_id", own_posts)
    mine = pc.or_(_own(comments, named), on_these)
    own_comments = _keys(comments.filter(mine), "comment_id") | author.comments
    return replace(named, posts=own_posts, comments=own_comments)


def _keys(rows: pa.Table, column: str) -> frozenset[Key]:
    return frozenset(
        zip(rows["source"].to_pylist(), rows[column].to_pylist(), strict=True)
    )


def of_source(rows: pa.Table, base: str) -> pa.ChunkedArray:
    """Tell of each row whether it is of a source, bound to a tracker or not."""
    return pc.or_(
        pc.equal(rows["source"], base),
        pc.starts_with(rows["source"], base + BINDING),
    )
