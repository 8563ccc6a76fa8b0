"""Gathers the posts and comments of an event, with their scores and words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.item_words import ItemWords
from trendlab.signals.words import Tokenize

Row = dict[str, Any]

# Items whose words are read for one event. A word in one of a hundred of them, where
# one in a thousand is usual, stands out at this size; a list of ten needs no more.
# Drawn by a hash: ids rise with time, and are sorted by source.
MAX_READ_ITEMS = 4_000

ITEM = ["source", "item_id"]
ITEM_COLUMNS = [
    *("source", "item_id", "author_id", "author_handle", "city", "text", "hashtags"),
    *("url", "likes_count", "compound", "label", "garments", "hash_order"),
]
# Days before the event that say what is usual.
BASELINE_DAYS = 28


@dataclass(frozen=True)
class Inputs:
    """Tables that evidence is drawn from.

    Parameters
    ----------
    posts, comments : pyarrow.Table
        Rows of ``sql/lake/explained_posts.sql`` and ``explained_comments.sql``: the
        items of trackers on the days of their events.
    terms : pyarrow.Table
        Rows of ``sql/lake/explained_terms.sql``: words of the day and of the 28 days
        before.
    authors : pyarrow.Table
        Rows of ``sql/lake/explained_authors.sql``: what authors posted in those days.
    home_days : pyarrow.Table
        Rows of ``sql/lake/explained_home_days.sql``: what authors of each home posted
        on each of those days.
    garments : pyarrow.Table
        Rows of ``sql/lake/explained_garments.sql``: what was worn in those days; may be
        empty. Without it there is nothing to compare with and no garment is named.
    activity : pyarrow.Table[activity]
        Of the event days and the 28 days before.
    author_homes : pyarrow.Table
        day (of the event), source, author_id, home_city, home_source: homes of authors
        as of the week before; may be empty.
    city_names : mapping of str to str
        Names of cities by id, for words about homes.
    tokenize : callable
        Text → words, as for `term_days`.
    """

    posts: pa.Table
    comments: pa.Table
    terms: pa.Table
    authors: pa.Table
    home_days: pa.Table
    garments: pa.Table
    activity: pa.Table
    author_homes: pa.Table
    city_names: Mapping[str, str]
    tokenize: Tokenize


def to_frame(table: pa.Table, columns: list[str]) -> pl.DataFrame:
    """Take columns of an Arrow table to polars."""
    return pl.DataFrame(pl.from_arrow(table.select(columns)))


class EventDay:
    """The items of one day, looked up by the events of that day."""

    def __init__(self, inputs: Inputs, day: date) -> None:
        self.day = day
        self.inputs = inputs
        self._rows: dict[tuple[str, str], pa.Table] = {}
        self._frames: dict[tuple[str, ...], pl.DataFrame] = {}
        self._words = {kind: ItemWords(inputs.tokenize) for kind in ("post", "comment")}

    def rows_of(self, tracker: str, table: str) -> pa.Table:
        """Give one tracker's rows of a table of the inputs; each is picked once.

        Those of the day, but for `activity`, whose past is wanted.
        """
        key = (tracker, table)
        if key not in self._rows:
            rows: pa.Table = getattr(self.inputs, table)
            self._rows[key] = rows.filter(self._is_of(rows, tracker, table))
        return self._rows[key]

    def _is_of(self, rows: pa.Table, tracker: str, table: str) -> pa.ChunkedArray:
        wanted = pc.equal(rows["tracker"], tracker)
        if table == "activity":
            return wanted
        return pc.and_(wanted, pc.equal(rows["day"], pa.scalar(self.day)))

    def once(
        self, key: tuple[str, ...], make: Callable[[], pl.DataFrame]
    ) -> pl.DataFrame:
        """Keep what is made for a key: the events of a tracker share its past."""
        if key not in self._frames:
            self._frames[key] = make()
        return self._frames[key]

    def items(self, event: Row, item_kind: str, *, only_negative: bool) -> pl.DataFrame:
        """Items within the event's tracker and city on the day, sorted by id.

        Returns
        -------
        polars.DataFrame
            row (place among all items of the tracker on the day), source, item_id,
            author_id, author_handle, city, text, hashtags, url, likes_count, compound,
            garments, hash_order.
        """
        inside = self.all_items(event["tracker"], item_kind)
        if event["city"] != "all":
            inside = inside.filter(pl.col("city") == event["city"])
        if only_negative:
            inside = inside.filter(pl.col("label") == "negative")
        return inside.drop("label")

    def all_items(self, tracker: str, item_kind: str) -> pl.DataFrame:
        """Give every item of a tracker on the day; columns of `items`, and label."""
        return self.once(
            ("items", tracker, item_kind),
            lambda: self._items_of(tracker, f"{item_kind}s"),
        )

    def _items_of(self, tracker: str, table: str) -> pl.DataFrame:
        # not kept as Arrow rows too: they are most of what is held
        rows: pa.Table = getattr(self.inputs, table)
        picked = rows.select([*ITEM_COLUMNS, "day", "tracker"]).filter(
            self._is_of(rows, tracker, table)
        )
        ordered = to_frame(picked, ITEM_COLUMNS).sort("source", "item_id")
        return ordered.with_row_index("row")

    def count_term_users(self, items: pl.DataFrame, item_kind: str) -> pl.DataFrame:
        """Count who uses each word and hashtag of items; unknown authors are as many.

        At most `MAX_READ_ITEMS` of them are read.

        Returns
        -------
        polars.DataFrame
            term_kind, term, users.
        """
        wanted = items.bottom_k(MAX_READ_ITEMS, by=["hash_order", *ITEM])
        return self._words[item_kind].count_users(wanted)

    def about(self, items: pl.DataFrame, words: Collection[str]) -> pl.DataFrame:
        """Give the items that hold one of some words, as a word or a hashtag."""
        wanted = set(words)
        is_about = [
            not wanted.isdisjoint(tags or ())
            or not wanted.isdisjoint(self.inputs.tokenize(text or ""))
            for text, tags in items.select("text", "hashtags").iter_rows()
        ]
        return items.filter(pl.Series(is_about, dtype=pl.Boolean))
