"""Comments that several people write word for word under several posts."""

from __future__ import annotations

import polars as pl
from scipy.stats import binom

# Anybody writes "love this so much"; nobody else finds these 25 letters and 5 words.
MIN_LETTERS = 25
MIN_WORDS = 5
# A text is copied from this many writers and posts on: two may quote each other.
MIN_WRITERS = 3
MIN_POSTS = 3
# Flagged are authors with so many copied comments, half of all that they got, and so
# unlikely at the share that is usual among all (stock phrases, other languages).
MIN_COPIED = 5
MIN_COPIED_SHARE = 0.5
MAX_P = 0.001

# Links, handles and hashtags; then all that is no letter: emoji, digits, marks.
_NO_WORDS = r"(?:https?://|www\.)\S+|[@#]\S+"
_NO_LETTERS = r"[^\p{L}\p{M}]+"


def text_key(text: str) -> pl.Expr:
    """Return a hash of a column of texts as they are compared; NULL of short ones.

    NFKC, lower case, without links, handles, hashtags, emoji, digits and marks.
    """
    words = (
        pl.col(text)
        .str.normalize("NFKC")
        .str.to_lowercase()
        .str.replace_all(_NO_WORDS, " ")
        .str.replace_all(_NO_LETTERS, " ")
        .str.strip_chars()
    )
    gaps = words.str.count_matches(" ", literal=True)
    is_long = (gaps + 1 >= MIN_WORDS) & (words.str.len_chars() - gaps >= MIN_LETTERS)
    return pl.when(is_long).then(words.hash())


def count_copied(comments: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Count the comments that each author got, and the copied ones among them.

    Parameters
    ----------
    comments : polars.DataFrame
        source, post_id, writer (id of who wrote it, NULL where unknown), key (from
        `text_key`), of the 28 days.
    posts : polars.DataFrame
        source, post_id, author, author_id: the posts of those days, each once.

    Returns
    -------
    polars.DataFrame
        author, got_count, copied_count; one row per author with comments by known
        others. An author's own answers do not count.
    """
    got = comments.filter(pl.col("writer").is_not_null()).join(
        posts, on=["source", "post_id"]
    )
    got = got.filter(pl.col("writer") != pl.col("author_id"))
    copied = (
        got.filter(pl.col("key").is_not_null())
        .group_by("source", "key")
        .agg(pl.col("writer", "post_id").n_unique())
        .filter(pl.col("writer") >= MIN_WRITERS, pl.col("post_id") >= MIN_POSTS)
        .select("source", "key", is_copied=pl.lit(True))
    )
    return (
        got.join(copied, on=["source", "key"], how="left")
        .group_by("author")
        .agg(
            got_count=pl.len(),
            copied_count=pl.col("is_copied").fill_null(False).sum(),
        )
        .sort("author")
    )


def flag_copied(counts: pl.DataFrame) -> pl.DataFrame:
    """Return the authors, of `count_copied`, most of whose comments are copied.

    Notes
    -----
    A binomial tail at the share of copied comments among all authors: people have
    stock phrases, and those of a language with few comments look alike.
    """
    total = int(counts["got_count"].sum())
    if total == 0:
        return counts.select("author")
    usual = int(counts["copied_count"].sum()) / total
    p_value = binom.sf(
        counts["copied_count"].to_numpy() - 1, counts["got_count"].to_numpy(), usual
    )
    return (
        counts.with_columns(p_value=pl.Series(p_value, dtype=pl.Float64))
        .filter(
            pl.col("copied_count") >= MIN_COPIED,
            pl.col("copied_count") >= MIN_COPIED_SHARE * pl.col("got_count"),
            pl.col("p_value") <= MAX_P,
        )
        .select("author")
    )
