"""Finds topics of a day whose negatives are up: words new or swollen, and said badly.

A scandal inside a large brand barely moves the brand's whole share, so the words that
are over-represented that day are tested on their own. Words are picked by how much
more often they are used, never by their sentiment, so the test stays honest.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.panels import day_numbers, floats
from trendlab.signals.tails import beta_binomial_upper_tail
from trendlab.signals.words import log_odds

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Words tested a tracker and day, the most over-represented first: the fewer tests, the
# less the correction for many tests costs.
MAX_TOPIC_WORDS = 10
# Over-representation (log-odds z) from which a word can be a topic.
MIN_TOPIC_Z = 3.0
# Subjects differ in tone more than days do. A prior, stated: the over-represented
# words of five brands in December 2021 have a robust 0.01 to 0.12 where giveaways
# and disputes are left in, and their ordinary subjects about 0.02.
TOPIC_OVERDISPERSION = 0.02
# A word's own past share is mixed with the tracker's, as if that had been this many
# items of the word: a word seen four times before has no share of its own.
SHARE_PRIOR_ITEMS = 100.0
# Words that name a topic.
LABEL_WORDS = 5


@dataclass(frozen=True)
class Topic:
    """A group of words whose negatives are up on one day.

    Parameters
    ----------
    words : tuple of str
        Found words, most over-represented first.
    negatives, scored : int
        Items with the leading word.
    authors : int or None
        Authors of those negatives; None where most are unknown.
    expected_share, p_value, rho : float
        Of the leading word, the one with the least p; p is corrected for the words
        tested (Bonferroni). Authors are tested, each once, and items of unknown ones.
    coverage : float
        Scored items with the leading word / items with it.
    """

    words: tuple[str, ...]
    negatives: int
    scored: int
    authors: int | None
    expected_share: float
    p_value: float
    rho: float
    coverage: float


@dataclass(frozen=True)
class TopicRule:
    """Thresholds of the topic test; the share rule's own where they are the same."""

    p_value: float
    min_negatives: int
    min_authors: int
    min_scored: int
    min_lift: float


def _count_users(words: pa.Table) -> tuple[Floats, Floats, Floats]:
    """Count who uses each word: an author once, an unknown one once an item.

    Gives users, users whose items are negative, and known authors of negatives (−1
    where most negatives have none).
    """
    authors = floats(words["authors_count"])
    bad_authors = floats(words["negative_authors_count"])
    negatives = floats(words["negative_count"])
    unknown = floats(words["unknown_count"])
    bad_unknown = floats(words["unknown_negative_count"])
    # rows of before these were counted tell them of words without a known author alone
    is_counted, is_known = ~np.isnan(unknown), authors > 0
    items = np.where(is_known, 0.0, floats(words["items_count"]))
    unknown = np.where(is_counted, unknown, items)
    bad_unknown = np.where(is_counted, bad_unknown, np.where(is_known, 0.0, negatives))
    told = np.where(2.0 * bad_unknown > negatives, -1.0, bad_authors)
    return authors + unknown, bad_authors + bad_unknown, told


class TermHistory:
    """Trailing counts of the words of one tracker and kind of item.

    Holds one sum a word over the window; moving on by a day costs that day's rows and
    the rows of the day that leaves.
    """

    def __init__(
        self, terms: pa.Table, *, window: int, skip_terms: Collection[str]
    ) -> None:
        words = terms.filter(pc.equal(terms["term_kind"], "word"))
        if skip_terms:
            skip = pc.is_in(words["term"], pa.array(sorted(skip_terms), pa.string()))
            words = words.filter(pc.invert(skip))
        coded = words["term"].combine_chunks().dictionary_encode()
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.combine_chunks()
        self._names = np.array(coded.dictionary.to_pylist(), object)
        self._place = {name: i for i, name in enumerate(self._names)}
        codes = np.asarray(coded.indices.to_numpy(), np.int64)
        days = day_numbers(words["day"])
        order = np.lexsort((codes, days))
        items = floats(words["items_count"])
        scored = floats(words["scored_count"])
        negatives = floats(words["negative_count"])
        users, bad_users, known = _count_users(words)
        table = np.column_stack(
            [
                users,
                np.minimum(users, scored),
                bad_users,
                known,
                negatives,
                scored,
                items,
            ]
        ).reshape(len(codes), 7)
        self._codes = codes[order]
        self._counts = table[order]
        days = days[order]
        self._starts: dict[int, tuple[int, int]] = {}
        if len(days):
            cuts = np.flatnonzero(np.diff(days)) + 1
            edges = [0, *cuts.tolist(), len(days)]
            for left, right in itertools.pairwise(edges):
                self._starts[int(days[left])] = (left, right)
        self._window = window
        self._sums = np.zeros((len(self._names), 3))
        self._added: dict[int, tuple[Ints, npt.NDArray[np.float64]]] = {}

    def add(self, day: int, masked: Collection[str] = ()) -> None:
        """Take a day into the baseline, without the words of topics found in it."""
        left, right = self._starts.get(day, (0, 0))
        if right == left:
            return
        codes = self._codes[left:right]
        counts = self._counts[left:right, :3]
        hidden = [self._place[word] for word in masked if word in self._place]
        if hidden:
            kept = ~np.isin(codes, hidden)
            codes, counts = codes[kept], counts[kept]
        self._sums[codes] += counts  # a word has one row a day
        self._added[day] = (codes, counts)

    def move_to(self, day: int) -> None:
        """Drop the days that are no longer within the window before `day`."""
        for old in [d for d in self._added if d < day - self._window]:
            codes, counts = self._added.pop(old)
            self._sums[codes] -= counts

    def find(
        self,
        day: int,
        *,
        items: float,
        past_items: float,
        tracker_share: float,
        rho: float,
        rule: TopicRule,
    ) -> Topic | None:
        """Test the day's over-represented words; give the topic they make, if any.

        Parameters
        ----------
        day : int
            Day number; not yet added.
        items, past_items : float
            Items of the tracker on the day, and over the baseline days.
        tracker_share : float
            Expected share of negatives of the whole tracker.
        rho : float
            Overdispersion of the whole tracker's days.
        rule : TopicRule
        """
        left, right = self._starts.get(day, (0, 0))
        # z hangs on how many words are compared: those that can be tested, whatever
        # others are at hand because another day of the range has more of them
        enough = self._counts[left:right, 1] >= rule.min_scored
        if not enough.any() or past_items <= 0:
            return None
        codes = self._codes[left:right][enough]
        counts = self._counts[left:right][enough]
        past = self._sums[codes]
        z = log_odds(counts[:, 0], past[:, 0], total=items, baseline_total=past_items)
        picked = np.flatnonzero(z >= MIN_TOPIC_Z)
        if len(picked) == 0:
            return None
        names = self._names[codes[picked]]
        picked = picked[np.lexsort((names, -z[picked]))][:MAX_TOPIC_WORDS]
        return self._strongest(
            codes[picked], counts[picked], tracker_share=tracker_share, rho=rho,
            rule=rule,
        )  # fmt: skip

    def hold(
        self,
        day: int,
        words: Collection[str],
        *,
        tracker_share: float,
        rho: float,
        rule: TopicRule,
    ) -> Topic | None:
        """Test the word of a running topic that most use, however many still do.

        One word, since those of a topic stand in the same posts: one test, which needs
        no correction.

        Parameters
        ----------
        day : int
            Day number; not yet added.
        words : collection of str
            Of the topic.
        tracker_share, rho : float
            As for `find`.
        rule : TopicRule
            What is enough to go on.
        """
        left, right = self._starts.get(day, (0, 0))
        wanted = [self._place[word] for word in words if word in self._place]
        mine = left + np.flatnonzero(
            np.isin(self._codes[left:right], wanted)
            & (self._counts[left:right, 1] >= rule.min_scored)
        )
        if len(mine) == 0:
            return None
        # of equals the first of the alphabet, whatever other days are at hand
        names = self._names[self._codes[mine]]
        most = mine[np.lexsort((names, -self._counts[mine, 1]))][:1]
        return self._strongest(
            self._codes[most], self._counts[most],
            tracker_share=tracker_share, rho=rho, rule=rule,
        )  # fmt: skip

    def _strongest(
        self,
        codes: Ints,
        counts: npt.NDArray[np.float64],
        *,
        tracker_share: float,
        rho: float,
        rule: TopicRule,
    ) -> Topic | None:
        """Test words of a day; give those that pass, led by the least p."""
        past = self._sums[codes]
        k = np.rint(counts[:, 2]).astype(np.int64)
        n = np.rint(counts[:, 1]).astype(np.int64)
        k = np.minimum(k, n)
        expected = (past[:, 2] + SHARE_PRIOR_ITEMS * tracker_share) / (
            past[:, 1] + SHARE_PRIOR_ITEMS
        )
        used = np.full(len(codes), max(rho, TOPIC_OVERDISPERSION))
        p = np.minimum(beta_binomial_upper_tail(k, n, expected, used) * len(codes), 1.0)
        authors = counts[:, 3]
        known = authors >= 0
        found = (
            (p <= rule.p_value)
            & (k >= rule.min_negatives)
            & (~known | (authors >= rule.min_authors))
            & (k >= rule.min_lift * expected * n)
            & (counts[:, 4] >= rule.min_lift * expected * counts[:, 5])
        )
        if not found.any():
            return None
        # of equal p the first leads: more over-represented, or earlier in the alphabet
        lead = int(np.flatnonzero(found)[np.argmin(p[found])])
        row = counts[lead]
        words = self._names[codes[found]][:LABEL_WORDS]
        return Topic(
            words=tuple(str(word) for word in words),
            negatives=int(row[4]),
            scored=int(row[5]),
            authors=int(authors[lead]) if known[lead] else None,
            expected_share=float(expected[lead]),
            p_value=float(p[lead]),
            rho=float(used[lead]),
            coverage=float(min(1.0, row[5] / max(row[6], 1.0))),
        )
