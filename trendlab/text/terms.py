"""Words and hashtags of each day by tracker: `term_days`."""

from __future__ import annotations

import logging
import time
from array import array
from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl
import polars.selectors as cs
import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.schemas.sources import networks
from trendlab.text.words import find_hashtags, tokenize

_log = logging.getLogger(__name__)

TABLE = TABLES["term_days"]

# A term of one item is noise, and half of all rows.
MIN_ITEMS = 2
# Terms kept a tracker, day and kind of item, the most used first: a word that is in the
# news is far above the 2,000th.
MAX_TERMS = 2_000

_ROW = pl.UInt32
_KINDS = ("word", "hashtag")
# between network and author: neither holds it
_SEPARATOR = "\x1f"


def count_terms(
    tracker_posts: pa.Table,
    posts: pa.Table,
    comments: pa.Table,
    sentiment: pa.Table,
    *,
    run_ids: Mapping[date, str],
    time_zones: Mapping[str, str] | None = None,
    comment_days: int,
) -> pa.Table:
    """Count who uses which words and hashtags, and how many of them in a bad mood.

    Parameters
    ----------
    tracker_posts : pyarrow.Table
        Schema `tracker_posts`: the produced days, and as many before them as comments
        may come late. Excluded posts, and the comments on them, are left out.
    posts, comments, sentiment : pyarrow.Table
        Of the produced days, and of their neighbours where trackers have time zones.
        A comment that sources of one network hold several times on a UTC day
        (tweets__coats, tweets__boots) counts once, by the first source by name.
    run_ids : mapping of date to str
        The days to produce, each with its run_id.
    time_zones : mapping of str to str, optional
        IANA zone by tracker, where it is not UTC: the day of a comment is its own, in
        its tracker's zone. (The day of a post stands in `tracker_posts`.)
    comment_days : int
        A comment counts up to so many days after its post, however many days of
        `tracker_posts` are at hand.

    Returns
    -------
    pyarrow.Table
        Schema `term_days`, sorted by key: terms used by ≥ 2 items, the 2,000 most used
        a tracker, day and kind of item.

    Notes
    -----
    A term counts once an item. Hashtags of posts are those of `posts.hashtags`; those
    of comments are read from the text. Authors that are unknown count in items and not
    in authors; how many items theirs are is counted too.
    """
    started = time.perf_counter()
    if not run_ids or tracker_posts.num_rows == 0:
        return TABLE.empty()
    wanted = pl.DataFrame(
        {"day": sorted(run_ids), "run_id": [run_ids[day] for day in sorted(run_ids)]},
        schema={"day": pl.Date, "run_id": pl.String},
    )
    matched = _frame(
        tracker_posts, ["day", "tracker", "source", "post_id", "is_excluded"]
    ).filter(~pl.col("is_excluded"))
    moods = _frame(
        sentiment, ["source", "item_kind", "item_id", "is_scored", "label"]
    ).select(
        "source",
        "item_kind",
        "item_id",
        is_scored="is_scored",
        is_negative=pl.col("is_scored") & (pl.col("label") == "negative"),
    )
    said_posts = _frame(
        posts, ["source", "post_id", "author_id", "caption", "hashtags"]
    ).select(
        "source",
        "post_id",
        "author_id",
        "hashtags",
        item_id="post_id",
        text="caption",
    )
    said_comments = _frame(
        comments,
        ["source", "post_id", "comment_id", "author_id", "text", "created_at"],
    ).rename({"comment_id": "item_id"})
    of_posts = matched.join(
        said_posts.select("source", "post_id", row=pl.int_range(pl.len(), dtype=_ROW)),
        on=["source", "post_id"],
    )
    of_comments = (
        matched.rename({"day": "posted_on"})
        .with_columns(networks())
        .join(
            said_comments.select(
                "source",
                "post_id",
                "created_at",
                "item_id",
                row=pl.int_range(pl.len(), dtype=_ROW),
            )
            .sort("source")
            .unique(
                [networks(), "item_id", pl.col("created_at").dt.date()],
                keep="first",
                maintain_order=True,
            )
            .with_columns(networks()),
            on=["source", "post_id"],
        )
    )
    of_comments = of_comments.with_columns(day=_local_day(time_zones or {})).filter(
        (pl.col("day") - pl.col("posted_on"))
        .dt.total_days()
        .is_between(0, comment_days)
    )
    terms = pl.concat(
        [
            _count(of_posts, said_posts, moods, wanted, "post"),
            _count(of_comments, said_comments, moods, wanted, "comment"),
        ]
    )
    terms = terms.join(wanted, on="day").sort(TABLE.key)
    result = terms.select(TABLE.names).to_arrow().cast(TABLE.arrow)
    _log.info(
        "term_days: %d days, %d posts, %d comments in, %d rows out, %.2f s",
        len(run_ids),
        posts.num_rows,
        comments.num_rows,
        result.num_rows,
        time.perf_counter() - started,
    )
    return result


def _frame(table: pa.Table, columns: list[str]) -> pl.DataFrame:
    frame = pl.from_arrow(table.select(columns))
    assert isinstance(frame, pl.DataFrame)
    return frame


def _local_day(time_zones: Mapping[str, str]) -> pl.Expr:
    """Give the calendar day of `created_at` in the zone of the row's tracker."""
    day = pl.col("created_at").dt.date()
    for zone in sorted(set(time_zones.values()) - {"UTC"}):
        trackers = sorted(name for name, its in time_zones.items() if its == zone)
        day = (
            pl.when(pl.col("tracker").is_in(trackers))
            .then(pl.col("created_at").dt.convert_time_zone(zone).dt.date())
            .otherwise(day)
        )
    return day


def _count(
    uses: pl.DataFrame,
    said: pl.DataFrame,
    moods: pl.DataFrame,
    wanted: pl.DataFrame,
    item_kind: str,
) -> pl.DataFrame:
    """Count the terms of one kind of item.

    Parameters
    ----------
    uses : polars.DataFrame
        day, tracker and row (position in `said`) of each item of a tracker.
    said : polars.DataFrame
        source, item_id, author_id, text and, for posts, hashtags.
    moods : polars.DataFrame
        source, item_kind, item_id, is_scored, is_negative.
    wanted : polars.DataFrame
        The days to produce.
    """
    uses = uses.select("day", "tracker", "row").join(wanted, on="day", how="semi")
    rows = uses["row"].unique().sort()
    said = said.with_columns(row=pl.int_range(pl.len(), dtype=_ROW))[rows]
    terms, names = _item_terms(said)
    author = pl.concat_str(networks(), "author_id", separator=_SEPARATOR)
    items = said.join(
        moods.filter(pl.col("item_kind") == item_kind),
        on=["source", "item_id"],
        how="left",
        maintain_order="left",
    ).select(
        "row",
        author=author.rank("dense"),
        is_scored=pl.col("is_scored").fill_null(False),
        is_negative=pl.col("is_negative").fill_null(False),
    )
    is_bad = pl.col("is_negative")
    counted = (
        uses.join(items, on="row")
        .join(terms, on="row")
        .filter(pl.len().over("day", "tracker", "code") >= MIN_ITEMS)
        .group_by("day", "tracker", "code")
        .agg(
            items_count=pl.len(),
            authors_count=pl.col("author").drop_nulls().n_unique(),
            scored_count=pl.col("is_scored").sum(),
            negative_count=is_bad.sum(),
            negative_authors_count=pl.col("author")
            .filter(is_bad)
            .drop_nulls()
            .n_unique(),
            unknown_count=pl.col("author").null_count(),
            unknown_negative_count=(pl.col("author").is_null() & is_bad).sum(),
        )
        .join(names, on="code")
        .sort(
            ["day", "tracker", "items_count", "term_kind", "term"],
            descending=[False, False, True, False, False],
        )
    )
    place = pl.int_range(pl.len()).over("day", "tracker")
    return counted.filter(place < MAX_TERMS).select(
        "day",
        "tracker",
        "term_kind",
        "term",
        cs.ends_with("_count"),
        item_kind=pl.lit(item_kind),
    )


def _item_terms(said: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """List the terms of each row, each once, and their names.

    Returns
    -------
    terms : polars.DataFrame
        row, code.
    names : polars.DataFrame
        code, term_kind, term; even codes are words, odd ones hashtags.
    """
    known: tuple[dict[str, int], dict[str, int]] = ({}, {})
    words_of: dict[str, list[int]] = {}
    rows = array("I")
    codes = array("I")
    texts = said["text"].to_list()
    if "hashtags" in said.columns:
        tags_of = said["hashtags"].to_list()
    else:
        tags_of = [find_hashtags(text or "") for text in texts]
    for row, text, tags in zip(said["row"].to_list(), texts, tags_of, strict=True):
        mine = words_of.get(text or "")
        if mine is None:
            mine = _codes(tokenize(text or ""), known, 0)
            words_of[text or ""] = mine
        if tags:
            mine = [*mine, *_codes(tags, known, 1)]
        codes.extend(mine)
        rows.extend([row] * len(mine))
    terms = pl.DataFrame(
        {
            "row": np.frombuffer(rows, np.uint32),
            "code": np.frombuffer(codes, np.uint32),
        },
        schema={"row": _ROW, "code": _ROW},
    )
    names = pl.concat(
        pl.DataFrame(
            {
                "code": range(kind, 2 * len(known[kind]) + kind, 2),
                "term_kind": [_KINDS[kind]] * len(known[kind]),
                "term": list(known[kind]),
            },
            schema={"code": _ROW, "term_kind": pl.String, "term": pl.String},
        )
        for kind in (0, 1)
    )
    return terms, names


def _codes(
    names: list[str], known: tuple[dict[str, int], dict[str, int]], kind: int
) -> list[int]:
    """Return the code of each distinct name; new names get the next."""
    mine = known[kind]
    return [
        2 * mine.setdefault(name, len(mine)) + kind for name in dict.fromkeys(names)
    ]
