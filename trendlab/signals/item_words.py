"""Remembers the words of items: the events of a day share items, and read each once."""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt
import polars as pl

from trendlab.signals.words import Tokenize

ITEM = ["source", "item_id"]


class _Numbers(dict[str, int]):
    """Numbers of the terms of one kind; a new term is added to the terms of all."""

    def __init__(self, kind: str, terms: list[tuple[str, str]]) -> None:
        super().__init__()
        self._kind = kind
        self._of_all = terms

    def __missing__(self, term: str) -> int:
        number = self[term] = len(self._of_all)
        self._of_all.append((self._kind, term))
        return number


class ItemWords:
    """Words and hashtags of the items read so far, as numbers."""

    def __init__(self, tokenize: Tokenize) -> None:
        self._tokenize = tokenize
        self._terms: list[tuple[str, str]] = []
        self._words = _Numbers("word", self._terms)
        self._hashtags = _Numbers("hashtag", self._terms)
        # the place of each item read; from and to where its terms lie in `_said`
        self._place_of: dict[tuple[str, str], int] = {}
        self._starts = array("q", [0])
        self._said = array("q")

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
        places = self._read(items)
        starts = np.asarray(self._starts)
        first, sizes = starts[places], starts[places + 1] - starts[places]
        # of each term said: its item's first, and how many come before it
        before = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        terms = np.asarray(self._said)[np.repeat(first, sizes) + before]
        author = pl.col("source") + "\x1f"
        author += pl.col("author_id").fill_null("\x1f" + pl.col("item_id"))
        user = pl.struct("posted_on", author.alias("author"))
        users = items.select(user.rank("dense")).to_series().to_numpy()
        # one number a pair of term and user; np.unique hashes, at ten times the cost
        pairs = np.sort(terms * (items.height + 1) + np.repeat(users, sizes))
        is_first = np.diff(pairs, prepend=-1) > 0
        counts = np.bincount(pairs[is_first] // (items.height + 1))
        found = [(*self._terms[at], int(counts[at])) for at in np.flatnonzero(counts)]
        return pl.DataFrame(
            found,
            {"term_kind": pl.String, "term": pl.String, "users": pl.Int64},
            orient="row",
        )

    def _read(self, items: pl.DataFrame) -> npt.NDArray[np.int64]:
        """Read the items that are new; give the place of each."""
        place_of = self._place_of
        keys = items.select(ITEM).rows()
        is_new = pl.Series([key not in place_of for key in keys], dtype=pl.Boolean)
        new = items.filter(is_new)
        for source, item_id, text, tags in new.select(
            *ITEM, "text", "hashtags"
        ).iter_rows():
            words = self._tokenize(text) if text else ()
            said = set(map(self._words.__getitem__, words))
            said.update(map(self._hashtags.__getitem__, tags or ()))
            place_of[source, item_id] = len(place_of)
            self._said.extend(said)
            self._starts.append(len(self._said))
        return np.array([place_of[key] for key in keys], np.int64)
