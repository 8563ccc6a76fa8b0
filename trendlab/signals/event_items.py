"""Gathers the posts and comments of an event, with their scores and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.words import Tokenize, item_terms

Row = dict[str, Any]

# Items whose words are read for one event; beyond it more texts change no list. Taken
# in the order of their ids, which says nothing of what they hold.
MAX_READ_ITEMS = 20_000


# Columns of each table that evidence is drawn from; nothing else need be read.
READ_COLUMNS = {
    "tracker_posts": ("day", "tracker", "source", "post_id", "city", "is_excluded"),
    "posts": (
        "source",
        "post_id",
        "author_id",
        "author_handle",
        "caption",
        "hashtags",
        "url",
        "likes_count",
    ),
    "sentiment": ("source", "item_kind", "item_id", "compound", "label"),
    "comments": (
        "day",
        "source",
        "comment_id",
        "post_id",
        "author_id",
        "author_handle",
        "text",
        "likes_count",
    ),
    "author_days": (
        "day",
        "tracker",
        "source",
        "author_id",
        "city",
        "posts_count",
        "negative_count",
    ),
    "author_homes": ("source", "author_id", "home_city", "home_source"),
    "garments": ("source", "post_id", "category"),
}


@dataclass(frozen=True)
class Inputs:
    """Tables that evidence is drawn from, with the columns of `READ_COLUMNS` or more.

    Parameters
    ----------
    tracker_posts, posts, sentiment : pyarrow.Table
        Of the event days (neighbouring UTC days for trackers with a time zone; of
        tracker_posts 28 days more where comments shall find their post).
    comments : pyarrow.Table[comments]
        Of the event days; only dips of comments read it.
    term_days, author_days, activity : pyarrow.Table
        Of the event days and the 28 days before.
    garments : pyarrow.Table[garments]
        Of the event days and, where wanted, the 28 days before; may be empty. Without
        earlier days there is nothing to compare with and no garment is named.
    garment_tracker_posts : pyarrow.Table[tracker_posts]
        tracker_posts of the days that `garments` spans; may be empty.
    author_homes : pyarrow.Table
        Homes of authors as of the week before the event days; may be empty.
    city_names : mapping of str to str
        Names of cities by id, for words about homes.
    tokenize : callable
        Text → words, as for `term_days`.
    """

    tracker_posts: pa.Table
    posts: pa.Table
    sentiment: pa.Table
    comments: pa.Table
    term_days: pa.Table
    author_days: pa.Table
    activity: pa.Table
    garments: pa.Table
    garment_tracker_posts: pa.Table
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
        kept = pc.invert(inputs.tracker_posts["is_excluded"])
        self._matched = to_frame(
            inputs.tracker_posts.filter(kept),
            ["tracker", "day", "source", "post_id", "city"],
        )
        self._scores = to_frame(
            inputs.sentiment, ["source", "item_kind", "item_id", "compound", "label"]
        )
        self._said = {"post": self._posts(), "comment": self._comments()}
        self._rows: dict[tuple[str, str], pa.Table] = {}
        self._frames: dict[tuple[str, ...], pl.DataFrame] = {}

    def rows_of(self, tracker: str, table: str) -> pa.Table:
        """Give one tracker's rows of a table of the inputs; each is picked once."""
        key = (tracker, table)
        if key not in self._rows:
            rows: pa.Table = getattr(self.inputs, table)
            self._rows[key] = rows.filter(pc.equal(rows["tracker"], tracker))
        return self._rows[key]

    def once(
        self, key: tuple[str, ...], make: Callable[[], pl.DataFrame]
    ) -> pl.DataFrame:
        """Keep what is made for a key: the events of a tracker share its past."""
        if key not in self._frames:
            self._frames[key] = make()
        return self._frames[key]

    def _posts(self) -> pl.DataFrame:
        columns = ["source", "post_id", "author_id", "author_handle", "caption"]
        posts = to_frame(
            self.inputs.posts, [*columns, "hashtags", "url", "likes_count"]
        )
        return posts.rename({"caption": "text"}).with_columns(item_id=pl.col("post_id"))

    def _comments(self) -> pl.DataFrame:
        columns = ["source", "post_id", "author_id", "author_handle", "text"]
        today = pc.equal(self.inputs.comments["day"], pa.scalar(self.day))
        comments = to_frame(
            self.inputs.comments.filter(today), [*columns, "comment_id", "likes_count"]
        )
        return comments.rename({"comment_id": "item_id"}).with_columns(
            hashtags=pl.lit(None, pl.List(pl.String)), url=pl.lit(None, pl.String)
        )

    def items(self, event: Row, item_kind: str, *, only_negative: bool) -> pl.DataFrame:
        """Items within the event's tracker and city on the day, sorted by id.

        Returns
        -------
        polars.DataFrame
            source, item_id, author_id, author_handle, city, text, hashtags, url,
            likes_count, compound.
        """
        inside = self._matched.filter(pl.col("tracker") == event["tracker"])
        if event["city"] != "all":
            inside = inside.filter(pl.col("city") == event["city"])
        if item_kind == "post":
            inside = inside.filter(pl.col("day") == self.day)
        scores = self._scores.filter(pl.col("item_kind") == item_kind)
        if only_negative:
            scores = scores.filter(pl.col("label") == "negative")
        return (
            self._said[item_kind]
            .join(inside.select("source", "post_id", "city"), on=["source", "post_id"])
            .join(
                scores.select("source", "item_id", "compound"),
                on=["source", "item_id"],
                how="inner" if only_negative else "left",
            )
            .drop("post_id")
            .sort("source", "item_id")
        )

    def terms(self, items: pl.DataFrame) -> pl.DataFrame:
        """Words and hashtags of items: source, item_id, term_kind, term."""
        read = items.head(MAX_READ_ITEMS).select(
            "source", "item_id", "text", "hashtags"
        )
        said = item_terms(read.to_arrow(), tokenize=self.inputs.tokenize)
        return to_frame(said, said.column_names)
