"""Which words an event has more of than the weeks around it, and which posts show it.

The posts of an event are held against those of the same tracker and city in the weeks
before and after. They are counted a few weeks at a time, so that memory holds no more
texts than those. Nothing here says what caused an event.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa

from trendlab.schemas.sources import networks
from trendlab.signals.words import Tokenize, item_terms, log_odds

Row = dict[str, Any]
Term = tuple[str, str]
"""Kind (word or hashtag) and term."""

RULE_VERSION = "event-words-1"
# Rows of each kind; more than a person reads beside an event.
MAX_TERMS, MAX_POSTS = 10, 5
# Log-odds below this are ordinary among the hundreds of terms that an event has.
MIN_Z = 3.0
# In one week of the event at least so many authors: two friends, or one author with
# two names, are no festival.
MIN_AUTHORS = 3
# With fewer authors to compare with, every word of the event would look new.
MIN_BASELINE_AUTHORS = 30
# A look with the value is what a rise is made of; what is missing cannot be read, so a
# drop is told from all looks.
SIDES = ("same_value", "all_looks")
COUNTED = {
    "week": pl.Date,
    "event_id": pl.String,
    "side": pl.String,
    "term_kind": pl.String,
    "term": pl.String,
    "users": pl.Int64,
}
TOTALS = {
    "week": pl.Date,
    "event_id": pl.String,
    "side": pl.String,
    "users": pl.Int64,
}


@dataclass(frozen=True)
class Written:
    """What was written in some weeks, by week and event.

    Parameters
    ----------
    terms : polars.DataFrame
        week, event_id, side, term_kind, term, users: authors who used the term, each
        once; an unknown author counts once a post.
    totals : polars.DataFrame
        week, event_id, side, users: authors with a post.
    """

    terms: pl.DataFrame
    totals: pl.DataFrame


def foreground(event: Row) -> str:
    """Say which posts of its weeks an event is told from.

    A discovered style is counted from patterns that name no post, so its posts are not
    known: all looks stand in.
    """
    is_known = event["kind"] != "discovered_style"
    return SIDES[0] if event["direction"] == "rise" and is_known else SIDES[1]


def count_terms(
    posts: pa.Table, tokenize: Tokenize, *, only: Collection[Term] | None = None
) -> Written:
    """Count who uses which words and hashtags, by week and event.

    Parameters
    ----------
    posts : pyarrow.Table
        What sql/lake/event_posts.sql gives of some weeks.
    tokenize : callable
        Text → words, as for `term_days`.
    only : collection of (str, str) or None
        Terms to count; all when None.
    """
    items = posts.select(["source", "caption", "hashtags"]).rename_columns(
        {"caption": "text"}
    )
    items = items.append_column("item_id", posts["post_id"])
    found = pl.DataFrame(item_terms(items, tokenize=tokenize))
    if only is not None:
        wanted = pl.DataFrame(
            sorted(only), schema=["term_kind", "term"], orient="row"
        ).cast(pl.String)
        found = found.join(wanted, on=["term_kind", "term"], how="semi")
    users = _members(posts).filter("is_read").select("week", "event_id", "side", *_USER)
    return Written(
        users.join(found, on=["source", "item_id"])
        .group_by("week", "event_id", "side", "term_kind", "term")
        .agg(users=pl.col("user").n_unique().cast(pl.Int64)),
        users.group_by("week", "event_id", "side").agg(
            users=pl.col("user").n_unique().cast(pl.Int64)
        ),
    )


_USER = (
    pl.col("source"),
    pl.col("post_id").alias("item_id"),
    (
        networks() + "\x1f" + pl.col("author_id").fill_null("\x1f" + pl.col("post_id"))
    ).alias("user"),
)


def _members(posts: pa.Table) -> pl.DataFrame:
    """Give one row per week, event, side and post that the event reads."""
    return pl.DataFrame(posts).explode("events").unnest("events")


def choose_posts(posts: pa.Table, event: Row, week: date) -> list[Row]:
    """Choose the posts that show an event: the most liked, of different authors.

    Parameters
    ----------
    posts : pyarrow.Table
        What sql/lake/event_posts.sql gives.
    event : dict
        Row of `trend_events`.
    week : date
        The week whose posts are wanted.

    Returns
    -------
    list of dict
        source and post_id, at most `MAX_POSTS`. Of texts that are the same but for
        white space, case and links, one is shown.
    """
    text = (
        pl.col("caption")
        .str.to_lowercase()
        .str.replace_all(r"https?://\S+", "")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )
    # a post without words is a copy of no other
    own = pl.col("source") + "\x1f" + pl.col("post_id")
    ranked = (
        _members(posts)
        .filter(
            (pl.col("week") == week)
            & (pl.col("event_id") == event["event_id"])
            & (pl.col("side") == foreground(event))
        )
        .sort("likes_place")
        .with_columns(
            _USER[2],
            said=pl.when(text.str.len_chars() > 0).then(text).otherwise(own),
        )
        .unique("said", keep="first", maintain_order=True)
        .unique("user", keep="first", maintain_order=True)
    )
    shown: list[Row] = ranked.select("source", "post_id").head(MAX_POSTS).to_dicts()
    return shown


def candidates(written: Sequence[Written]) -> set[Term]:
    """Return the terms that enough authors used in one week of an event."""
    terms = _joined([part.terms for part in written], COUNTED)
    used = terms.filter(pl.col("users") >= MIN_AUTHORS)
    return set(used.select("term_kind", "term").unique().rows())


def own_words(value: str, tokenize: Tokenize) -> set[str]:
    """Return the words that name a value, with their English plurals.

    They say again what the event's row says: "yellow" of a rise of yellow.
    """
    parts = {*tokenize(value), *tokenize(re.sub(r"[\W_]+", " ", value))}
    parts.add(re.sub(r"[\W_]+", "", value.lower()))
    return parts | {f"{part}{ending}" for part in parts for ending in ("s", "es")}


def rank_terms(
    events: Sequence[Row],
    during: Sequence[Written],
    around: Sequence[Written],
    *,
    skip: Mapping[str, Collection[str]],
    tokenize: Tokenize,
) -> list[Row]:
    """Rank the words and hashtags of each event by log-odds against the weeks around.

    Parameters
    ----------
    events : sequence of dict
        Rows of `trend_events`.
    during, around : sequence of Written
        Of the events' own weeks, and of those before and after; of the latter only
        the `candidates` need be counted.
    skip : mapping of str to collection of str
        Tracker → its own hashtags and words, which are on its posts by definition.
    tokenize : callable

    Returns
    -------
    list of dict
        tracker, event_id, evidence_kind, rank, term, authors_count,
        expected_authors, strength and compared_with; at most `MAX_TERMS` of a kind.

    Notes
    -----
    Counted are authors, each once a week and term, on either side, so that one who
    posts much weighs as much as another, and a long event does not count its authors
    less often than the weeks around it. A term needs `MIN_AUTHORS` of them in one
    week. Words that always go with the value (mustard with yellow) are as frequent
    around the event and so not told, unless fewer than `MIN_BASELINE_AUTHORS` wore it
    then: only then is it held against all looks.
    """
    here = _Counts(during)
    there = _Counts(around)
    rows: list[Row] = []
    for event in events:
        side = foreground(event)
        terms = here.of(event["event_id"], side)
        against = next(
            (
                name
                for name in SIDES[SIDES.index(side) :]
                if there.total(event["event_id"], name) >= MIN_BASELINE_AUTHORS
            ),
            None,
        )
        if against is None or terms.is_empty():
            continue
        own = {*own_words(event["value"], tokenize), *skip.get(event["tracker"], ())}
        both = (
            terms.filter(pl.col("most") >= MIN_AUTHORS)
            .join(
                there.of(event["event_id"], against).select(
                    "term_kind", "term", before="users"
                ),
                on=["term_kind", "term"],
                how="left",
            )
            .with_columns(pl.col("before").fill_null(0))
        )
        total = here.total(event["event_id"], side)
        past_total = there.total(event["event_id"], against)
        for kind in ("word", "hashtag"):
            mine = both.filter(pl.col("term_kind") == kind)
            z = log_odds(
                mine["users"].to_numpy(),
                mine["before"].to_numpy(),
                total=total,
                baseline_total=past_total,
            )
            # left out after the prior is made: it is of all that people wrote
            ranked = (
                mine.with_columns(z=pl.Series(z, dtype=pl.Float64))
                .with_columns(expected=pl.col("before") * total / past_total)
                .filter(
                    (pl.col("z") >= MIN_Z)
                    & (pl.col("users") > pl.col("expected"))
                    & ~pl.col("term").is_in(list(own))
                )
                .sort(["z", "term"], descending=[True, False])
                .head(MAX_TERMS)
            )
            rows += [
                {
                    "tracker": event["tracker"],
                    "event_id": event["event_id"],
                    "evidence_kind": kind,
                    "rank": place,
                    "term": row["term"],
                    "authors_count": row["users"],
                    "expected_authors": row["expected"],
                    "strength": row["z"],
                    "compared_with": against,
                }
                for place, row in enumerate(ranked.to_dicts(), start=1)
            ]
    return rows


class _Counts:
    """Terms and authors of several weeks, summed by event and side."""

    def __init__(self, written: Sequence[Written]) -> None:
        summed = (
            _joined([part.terms for part in written], COUNTED)
            .group_by("event_id", "side", "term_kind", "term")
            .agg(pl.col("users").sum(), most=pl.col("users").max())
        )
        self._none = summed.clear()
        self._terms = summed.partition_by("event_id", "side", as_dict=True)
        totals = _joined([part.totals for part in written], TOTALS)
        self._totals = {
            (event_id, side): float(users)
            for event_id, side, users in totals.group_by("event_id", "side")
            .agg(pl.col("users").sum())
            .rows()
        }

    def of(self, event_id: str, side: str) -> pl.DataFrame:
        """Return term_kind, term, users and most (of one week)."""
        return self._terms.get((event_id, side), self._none)

    def total(self, event_id: str, side: str) -> float:
        """Return the authors of all weeks, each once a week."""
        return self._totals.get((event_id, side), 0.0)


def _joined(frames: Sequence[pl.DataFrame], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.concat(
        [pl.DataFrame(schema=schema), *(frame.select(list(schema)) for frame in frames)]
    )
