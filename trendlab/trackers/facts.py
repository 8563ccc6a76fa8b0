"""What is asked of posts, computed once for all trackers: folded text, users, tags."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.schemas.sources import networks
from trendlab.trackers.text import fold, has_term, is_plain

MICROSECONDS_A_DAY = 86_400_000_000
Rows = np.ndarray[Any, Any]
"""Row numbers or one value per row, int64 or bool."""


def day_bounds(first_day: date, last_day: date, time_zone: str) -> tuple[int, int]:
    """Return the UTC microseconds in which local days begin and end.

    Notes
    -----
    The end of a day is the beginning of the next, so every instant lies in one
    day, on days of 23 and 25 hours too.
    """
    zone = ZoneInfo(time_zone)
    start = datetime(first_day.year, first_day.month, first_day.day, tzinfo=zone)
    after = last_day + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=zone)
    return (int(start.timestamp() * 1_000_000), int(end.timestamp() * 1_000_000))


class Facts:
    """Posts as arrays; everything costly is computed once, when first asked for.

    Parameters
    ----------
    posts : pa.Table
        Schema `posts`.
    languages : list of str or None
        ISO 639-1 code of each post.
    """

    def __init__(self, posts: pa.Table, languages: list[str] | None = None) -> None:
        if languages is not None and len(languages) != posts.num_rows:
            raise ValueError(
                f"languages must name one per post: expected {posts.num_rows}, got "
                f"{len(languages)}"
            )
        self.posts = posts.combine_chunks()
        self.count = posts.num_rows
        self.languages = languages

    def column(self, name: str) -> pa.Array:
        """Return a column as one array."""
        column = self.posts[name]
        if column.num_chunks == 1:
            return column.chunk(0)
        return (
            pa.concat_arrays(column.chunks)
            if column.num_chunks
            else pa.array([], column.type)
        )

    @cached_property
    def created_us(self) -> Rows:
        """UTC microseconds of each post."""
        return np.asarray(self.column("created_at").cast(pa.int64()), dtype=np.int64)

    @cached_property
    def captions(self) -> list[str]:
        """Folded captions, white space single."""
        return [
            "" if text is None else " ".join(fold(text).split())
            for text in self.column("caption").to_pylist()
        ]

    @cached_property
    def caption_series(self) -> pl.Series:
        """The folded captions for polars."""
        return pl.Series(self.captions, dtype=pl.String)

    @cached_property
    def standing(self) -> Rows:
        """Row that stands for each row's post: (posts,) int64, mostly the row itself.

        Files that were collected for several trackers hold copies of a post: the same
        id at the same network on the same UTC day. The one whose source comes first
        by name stands for it, whatever is read again later.
        """
        own = np.arange(self.count)
        sources = pl.Series(self.column("source"), dtype=pl.String)
        named = sources.unique()
        if named.to_frame("source").select(networks()).n_unique() == len(named):
            # no network has a second source, and a source holds a post once
            return own
        keyed = pl.DataFrame(
            {
                "source": sources,
                "post_id": pl.Series(self.column("post_id"), dtype=pl.String),
                "day": self.created_us // MICROSECONDS_A_DAY,
            }
        ).with_row_index("row")
        first = pl.col("row").get(pl.col("source").arg_min())
        standing: Rows = (
            keyed.select(first.over(networks(), "post_id", "day"))
            .to_series()
            .to_numpy()
            .astype(np.int64)
        )
        return standing

    def within(self, first_day: date, last_day: date, time_zone: str) -> Rows:
        """Return a mask of the posts made on local days."""
        start, end = day_bounds(first_day, last_day, time_zone)
        return (self.created_us >= start) & (self.created_us < end)

    def of_sources(self, sources: tuple[str, ...]) -> Rows:
        """Return a mask of the posts of any of the sources."""
        return _mask(pc.is_in(self.column("source"), pa.array(sources, pa.string())))

    @cached_property
    def _tags(self) -> tuple[pa.Array, Rows]:
        return _flatten(self.column("hashtags"))

    @cached_property
    def _mentions(self) -> tuple[pa.Array, Rows]:
        return _flatten(self.column("mentions"))

    def tag_hits(self, tags: tuple[str, ...]) -> tuple[Rows, Rows]:
        """Return (rows, positions in `tags`) of every hashtag found."""
        return _hits(*self._tags, tags)

    def mention_hits(self, accounts: tuple[str, ...]) -> tuple[Rows, Rows]:
        """Return (rows, positions in `accounts`) of every mention found."""
        return _hits(*self._mentions, accounts)

    def author_hits(self, accounts: tuple[str, ...]) -> tuple[Rows, Rows]:
        """Return (rows, positions in `accounts`) of posts by an account."""
        every = np.arange(self.count)
        by_handle = _hits(self.column("author_handle"), every, accounts)
        by_id = _hits(pc.utf8_lower(self.column("author_id")), every, accounts)
        return (
            np.concatenate([by_handle[0], by_id[0]]),
            np.concatenate([by_handle[1], by_id[1]]),
        )

    def tag_counts(self) -> Rows:
        """Return how many hashtags each post has."""
        return np.bincount(self._tags[1], minlength=self.count)

    def user_counts(self) -> Rows:
        """Return how many users (author, mentioned) each post has."""
        mentioned = np.bincount(self._mentions[1], minlength=self.count)
        known = pc.or_(
            pc.is_valid(self.column("author_handle")),
            pc.is_valid(self.column("author_id")),
        )
        return mentioned + _mask(known)

    @cached_property
    def _words(self) -> pl.Series:
        """Folded captions with one space around and between words, nothing else."""
        spaced = self.caption_series.str.replace_all(r"\W+", " ")
        return " " + spaced + " "

    def keyword_hits(self, keyword: str) -> Rows:
        """Return the rows in which a keyword stands as whole words.

        Notes
        -----
        A keyword of plain words is found whatever stands between its words
        (`advent calendar` in `#advent #calendar`). One with punctuation or in a
        script without spaces is found as it is written.
        """
        if is_plain(keyword):
            found = self._words.str.contains(f" {keyword} ", literal=True)
            return np.flatnonzero(found.to_numpy())
        found = self.caption_series.str.contains(keyword, literal=True)
        captions = self.captions
        rows = [
            row
            for row in np.flatnonzero(found.to_numpy()).tolist()
            if has_term(captions[row], keyword)
        ]
        return np.array(rows, dtype=np.int64)


def _mask(values: pa.Array | pa.ChunkedArray) -> Rows:
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), bool)


def _flatten(lists: pa.Array) -> tuple[pa.Array, Rows]:
    return pc.list_flatten(lists), np.asarray(pc.list_parent_indices(lists), np.int64)


def _hits(values: pa.Array, rows: Rows, terms: tuple[str, ...]) -> tuple[Rows, Rows]:
    positions = pc.index_in(values, pa.array(terms, pa.string()))
    valid = _mask(pc.is_valid(positions))
    return rows[valid], np.asarray(pc.fill_null(positions, -1), np.int64)[valid]
