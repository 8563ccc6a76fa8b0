"""Who mentions whom: the mention graph and personalised PageRank on it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# The share of walks that follow a mention instead of starting anew; Brin and
# Page's 0.85.
DAMPING = 0.85
# Largest change of the summed ranks at which the iteration ends.
TOLERANCE = 1e-9
# 0.85^150 is below 1e-10, so more rounds cannot change what is shown.
MAX_ROUNDS = 150


def personalised_pagerank(
    sources: Ints,
    targets: Ints,
    weights: Floats,
    teleport: Floats,
    *,
    damping: float = DAMPING,
) -> Floats:
    """Rank nodes of a graph by the walks that reach them.

    Parameters
    ----------
    sources, targets : (m,) int64
        Edges: `sources[i]` mentions `targets[i]`. Repeated edges add up.
    weights : (m,) float64
        Strength of each edge, > 0.
    teleport : (n, t) float64
        Where walks start, one column a question; non-negative, not all zero in
        any column.
    damping : float

    Returns
    -------
    (n, t) float64
        One distribution a column; each sums to 1.

    Notes
    -----
    Power iteration over all columns at once. A node that mentions nobody sends
    its walks back to the start. A high rank says that many walks from the
    tracker's authors end here; it does not say that anybody was persuaded.

    References
    ----------
    Haveliwala (2002), Topic-sensitive PageRank.
    """
    nodes = teleport.shape[0]
    start = teleport / teleport.sum(axis=0)
    out = np.bincount(sources, weights=weights, minlength=nodes)
    steps = sparse.csr_array(
        (weights / out[sources], (targets, sources)), shape=(nodes, nodes)
    )
    is_dangling = out == 0
    ranks = start
    for _ in range(MAX_ROUNDS):
        lost = ranks[is_dangling].sum(axis=0)
        moved = damping * (steps @ ranks + start * lost) + (1 - damping) * start
        change = np.abs(moved - ranks).sum(axis=0).max()
        ranks = moved
        if change < TOLERANCE:
            break
    return np.asarray(ranks, dtype=np.float64)


def rank_mentions(posts: pl.DataFrame, handles: pl.DataFrame) -> pl.DataFrame:
    """Rank authors by who mentions them, seen from each tracker.

    Parameters
    ----------
    posts : polars.DataFrame
        tracker, source, author, mentions; one row per tracker and post. The
        graph is made of the mentions in the posts of tracker 'all'; each
        tracker's walks start at its authors, by their posts.
    handles : polars.DataFrame
        author, source, handle: who is meant by a mention.

    Returns
    -------
    polars.DataFrame
        tracker, author, pagerank; one row per tracker and author. No rows where
        nobody mentions anybody else.

    Notes
    -----
    A handle that nobody is known by is a node too, and takes its part of the
    walks. Mentions of oneself are left out. Edges count posts.
    """
    named = (
        handles.filter(pl.col("handle").is_not_null())
        .group_by("source", "handle")
        .agg(target=pl.col("author").min().cast(pl.Int64))
    )
    mentions = (
        posts.filter(pl.col("tracker") == "all")
        .select("source", "author", handle=pl.col("mentions").list.unique())
        .explode("handle", empty_as_null=False, keep_nulls=False)
        .group_by("source", "author", "handle")
        .agg(weight=pl.len())
        .join(named, on=["source", "handle"], how="left")
        .sort("source", "handle", "author")
    )
    # strangers are numbered below zero, authors from zero
    stranger = -1 - pl.struct("source", "handle").rank("dense").cast(pl.Int64)
    edges = mentions.with_columns(pl.col("target").fill_null(stranger)).filter(
        pl.col("target") != pl.col("author")
    )
    starts = (
        posts.group_by("tracker", "author")
        .agg(posts_count=pl.len())
        .sort("tracker", "author")
    )
    if edges.is_empty():
        return starts.clear().select(
            "tracker", "author", pagerank=pl.lit(0.0, dtype=pl.Float64)
        )
    own = starts["author"].cast(pl.Int64).to_numpy()
    mentioning = edges["author"].cast(pl.Int64).to_numpy()
    everyone = np.concatenate([own, mentioning, edges["target"].to_numpy()])
    nodes, place = np.unique(everyone, return_inverse=True)
    rows, sources, targets = np.split(place, [own.size, own.size + mentioning.size])
    columns = (starts["tracker"].rank("dense") - 1).to_numpy()
    teleport = np.zeros((nodes.size, int(columns.max()) + 1))
    teleport[rows, columns] = starts["posts_count"].to_numpy()
    ranks = personalised_pagerank(
        sources, targets, edges["weight"].to_numpy().astype(np.float64), teleport
    )
    return starts.select("tracker", "author").with_columns(
        pl.Series("pagerank", ranks[rows, columns])
    )
