"""Gathers the posts and comments of an event, with their scores and words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
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
    "posted_on",
]
# What is known of the posts that a peak had on earlier days.
EARLIER_COLUMNS = [
    *("posted_on", "source", "item_id", "author_id", "text", "hashtags", "url"),
    *("likes_count", "compound", "hash_order"),
]
# Days before the event's start that say what is usual.
BASELINE_DAYS = 28
# A longer event counts as begun so many days before its day: activity is read 84 days
# back, and 28 of them say what is usual. Levels are new after 14, so hardly one is.
MAX_EVENT_DAYS = 56


@dataclass(frozen=True)
class Inputs:
    """Tables that evidence is drawn from.

    Parameters
    ----------
    posts, comments : pyarrow.Table
        Rows of ``sql/lake/explained_posts.sql`` and ``explained_comments.sql``: the
        items of trackers on the days of their events, and the negatives of earlier days
        that a dip was pooled over.
    terms : pyarrow.Table
        Rows of ``sql/lake/explained_terms.sql``: words from an event's start to its
        day, and of the 28 days before the start.
    authors : pyarrow.Table
        Rows of ``sql/lake/explained_authors.sql``: what authors posted in those 28.
    home_days : pyarrow.Table
        Rows of ``sql/lake/explained_home_days.sql``: what authors of each home posted
        on each of those 28.
    garments : pyarrow.Table
        Rows of ``sql/lake/explained_garments.sql``: what was worn in those 28; may be
        empty. Without it there is nothing to compare with and no garment is named.
    peak_posts, peak_authors, peak_garments : pyarrow.Table
        Rows of the queries of these names in ``sql/lake``: of peaks that run for more
        than a day the posts that are shown or read, and counts by author and garment,
        of the days before the one that is computed.
    activity : pyarrow.Table[activity]
        Of the days of the events so far, and the 28 before their starts.
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
    peak_posts: pa.Table
    peak_authors: pa.Table
    peak_garments: pa.Table
    activity: pa.Table
    author_homes: pa.Table
    city_names: Mapping[str, str]
    tokenize: Tokenize


def counted_start(start_on: date, day: date) -> date:
    """Give the day from which an event counts on a day of it."""
    return max(start_on, day - timedelta(MAX_EVENT_DAYS))


def pooled_from(event: Row) -> date:
    """Give the first day whose items an event's row takes one by one.

    Of a dip on its worst day the first that was pooled to have enough scored; else the
    row's own day. Pooled days lie before the row's, so nothing is looked up ahead.
    """
    day: date = event["day"]
    if event.get("pooled_days", 1) > 1 and event["apex_on"] == day:
        return day - timedelta(event["pooled_days"] - 1)
    return day


def to_frame(table: pa.Table, columns: list[str]) -> pl.DataFrame:
    """Take columns of an Arrow table to polars."""
    return pl.DataFrame(pl.from_arrow(table.select(columns)))


class EventDay:
    """The items of one day, looked up by the events of that day.

    With them come the negatives of earlier days that a dip of that day was pooled over.

    What an event is held against is told by the days before its start, which the events
    that began on one day share.
    """

    def __init__(self, inputs: Inputs, day: date) -> None:
        self.day = day
        self.inputs = inputs
        self._rows: dict[tuple[object, ...], pa.Table] = {}
        self._frames: dict[tuple[object, ...], pl.DataFrame] = {}
        self._words = {kind: ItemWords(inputs.tokenize) for kind in ("post", "comment")}

    def start_of(self, event: Row) -> date:
        """Give the day from which an event counts; what is usual lies before it."""
        return min(counted_start(event["start_on"], self.day), pooled_from(event))

    def activity_between(self, tracker: str, first: date, end: date) -> pa.Table:
        """Give the activity of one tracker from a day to the one before another."""
        key = ("activity", tracker, first, end)
        if key not in self._rows:
            rows = self._pick("activity", tracker=tracker)
            self._rows[key] = rows.filter(
                pc.and_(
                    pc.greater_equal(rows["day"], pa.scalar(first)),
                    pc.less(rows["day"], pa.scalar(end)),
                )
            )
        return self._rows[key]

    def past(self, event: Row, table: str) -> pa.Table:
        """Give the rows of a table of the inputs that tell what was before an event."""
        return self._pick(
            table,
            day=self.day,
            tracker=event["tracker"],
            start_on=self.start_of(event),
        )

    def earlier(self, event: Row, table: str) -> pa.Table:
        """Give the rows of a table of the inputs that tell a peak's days before this.

        None on the first day of a peak.
        """
        return self._pick(
            table,
            day=self.day,
            tracker=event["tracker"],
            city=event["city"],
            start_on=self.start_of(event),
        )

    def _pick(self, table: str, **wanted: object) -> pa.Table:
        """Pick the rows that have these values, once."""
        key = (table, *wanted.values())
        if key not in self._rows:
            rows: pa.Table = getattr(self.inputs, table)
            self._rows[key] = rows.filter(_have(rows, wanted))
        return self._rows[key]

    def once(
        self, key: tuple[object, ...], make: Callable[[], pl.DataFrame]
    ) -> pl.DataFrame:
        """Keep what is made for a key: events of a tracker and start share a past."""
        if key not in self._frames:
            self._frames[key] = make()
        return self._frames[key]

    def items(self, event: Row, item_kind: str, *, only_negative: bool) -> pl.DataFrame:
        """Items within the event's tracker and city, sorted by id.

        Those of this day; of a dip that was pooled, which asks for negatives only, of
        all pooled days.

        Returns
        -------
        polars.DataFrame
            row (place among `all_items` of the tracker), source, item_id, author_id,
            author_handle, city, text, hashtags, url, likes_count, compound, garments,
            hash_order, posted_on.
        """
        inside = self.all_items(event["tracker"], item_kind).filter(
            pl.col("posted_on") >= pooled_from(event)
        )
        if event["city"] != "all":
            inside = inside.filter(pl.col("city") == event["city"])
        if only_negative:
            inside = inside.filter(pl.col("label") == "negative")
        return inside.drop("label")

    def all_items(self, tracker: str, item_kind: str) -> pl.DataFrame:
        """Give every item of a tracker on the day, and negatives of pooled days.

        Columns of `items`, and label.
        """
        return self.once(
            ("items", tracker, item_kind),
            lambda: self._items_of(tracker, f"{item_kind}s"),
        )

    def _items_of(self, tracker: str, table: str) -> pl.DataFrame:
        # not kept as Arrow rows too: they are most of what is held
        rows: pa.Table = getattr(self.inputs, table)
        picked = rows.select([*ITEM_COLUMNS, "day", "tracker"]).filter(
            _have(rows, {"day": self.day, "tracker": tracker})
        )
        ordered = to_frame(picked, ITEM_COLUMNS).sort("source", "item_id")
        return ordered.with_row_index("row")

    def count_term_users(self, items: pl.DataFrame, item_kind: str) -> pl.DataFrame:
        """Count who uses each word and hashtag of items; unknown authors are as many.

        An author counts once a day. At most `MAX_READ_ITEMS` items are read.

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


def _have(rows: pa.Table, wanted: Mapping[str, object]) -> pa.ChunkedArray:
    """Tell which rows have some values."""
    masks = [pc.equal(rows[name], pa.scalar(value)) for name, value in wanted.items()]
    return reduce(pc.and_, masks)
