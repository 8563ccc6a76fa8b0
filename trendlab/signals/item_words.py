"""Remembers the words of items: the events of a day share items, and read each once."""

from __future__ import annotations

from itertools import chain

import numpy as np
import polars as pl

from trendlab.signals.words import Tokenize

ITEM = ["source", "item_id"]
KINDS = ("word", "hashtag")


class ItemWords:
    """Words and hashtags of the items read so far, as numbers."""

    def __init__(self, tokenize: Tokenize) -> None:
        self._tokenize = tokenize
        self._terms: dict[tuple[str, str], int] = {}
        self._of_item: dict[tuple[str, str], tuple[int, ...]] = {}

    def count_users(self, items: pl.DataFrame) -> pl.DataFrame:
        """Count the authors that use each term, each once a day.

        An unknown author counts once an item.

        Parameters
        ----------
        items : polars.DataFrame
            posted_on, source, item_id, author_id, text, hashtags.

        Returns
        -------
        polars.DataFrame
            term_kind, term, users; in the order in which terms were first read.
        """
        keys = items.select(ITEM).rows()
        self._read(items, keys)
        used = [self._of_item[key] for key in keys]
        terms = np.fromiter(chain.from_iterable(used), np.int64)
        author = pl.col("source") + "\x1f"
        author += pl.col("author_id").fill_null("\x1f" + pl.col("item_id"))
        user = pl.struct("posted_on", author.alias("author"))
        users = items.select(user.rank("dense")).to_series().to_numpy()
        # one number a pair of term and user
        sizes = np.array([len(each) for each in used], np.int64)
        pairs = np.unique(terms * (len(keys) + 1) + np.repeat(users, sizes))
        counts = np.bincount(pairs // (len(keys) + 1))
        names = list(self._terms)
        found = [(*names[at], int(counts[at])) for at in np.flatnonzero(counts)]
        return pl.DataFrame(
            found,
            {"term_kind": pl.String, "term": pl.String, "users": pl.Int64},
            orient="row",
        )

    def _read(self, items: pl.DataFrame, keys: list[tuple[str, str]]) -> None:
        is_new = pl.Series([key not in self._of_item for key in keys], dtype=pl.Boolean)
        new = items.filter(is_new)
        number = self._terms
        for source, item_id, text, tags in new.select(
            *ITEM, "text", "hashtags"
        ).iter_rows():
            said = {("word", word) for word in self._tokenize(text)} if text else set()
            said |= {("hashtag", tag) for tag in tags or ()}
            self._of_item[source, item_id] = tuple(
                number.setdefault(term, len(number)) for term in said
            )
