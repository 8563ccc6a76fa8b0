"""PageRank against its definition, and the mention graph."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.signals.graph import DAMPING, personalised_pagerank, rank_mentions

EDGES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 4)), max_size=15
)


def solved(edges: list[tuple[int, int, int]], teleport: np.ndarray) -> np.ndarray:
    """Solve the ranks' linear equations directly."""
    size = teleport.size
    start = teleport / teleport.sum()
    moves = np.zeros((size, size))
    for source, target, weight in edges:
        moves[target, source] += weight
    for node in range(size):
        total = moves[:, node].sum()
        moves[:, node] = moves[:, node] / total if total else start
    return np.linalg.solve(np.eye(size) - DAMPING * moves, (1 - DAMPING) * start)


@settings(max_examples=60, deadline=None)
@given(EDGES, st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_ranks_solve_the_defining_equations(
    edges: list[tuple[int, int, int]], start: list[int]
) -> None:
    teleport = np.array(start, dtype=float)
    teleport[0] += 1
    sources, targets, weights = (
        np.array([edge[i] for edge in edges], dtype=np.int64) for i in range(3)
    )

    ranks = personalised_pagerank(
        sources, targets, weights.astype(float), teleport[:, None]
    )

    assert np.allclose(ranks[:, 0], solved(edges, teleport), atol=1e-7)
    assert np.isclose(ranks.sum(), 1)


def test_columns_are_ranked_apart() -> None:
    sources, targets = np.array([0, 2]), np.array([1, 3])

    ranks = personalised_pagerank(
        sources, targets, np.ones(2), np.array([[1.0, 0], [0, 0], [0, 1], [0, 0]])
    )

    assert ranks[1, 0] > 0 == ranks[1, 1]
    assert ranks[3, 1] > 0 == ranks[3, 0]


def posts(*rows: tuple[str, int, list[str]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"tracker": tracker, "source": "net", "author": author, "mentions": names}
            for tracker, author, names in rows
        ],
        schema={
            "tracker": pl.String,
            "source": pl.String,
            "author": pl.UInt32,
            "mentions": pl.List(pl.String),
        },
    )


HANDLES = pl.DataFrame(
    {
        "author": pl.Series([0, 1, 2], dtype=pl.UInt32),
        "source": ["net"] * 3,
        "handle": ["zoe", "yan", None],
    }
)


def test_nobody_mentioned_gives_no_rows() -> None:
    assert rank_mentions(posts(("all", 0, [])), HANDLES).is_empty()
    assert rank_mentions(posts(), HANDLES).is_empty()


def test_a_mention_of_oneself_counts_for_nothing() -> None:
    assert rank_mentions(posts(("all", 0, ["zoe"])), HANDLES).is_empty()


def test_the_tracker_sees_the_graph_from_its_own_authors() -> None:
    ranked = rank_mentions(
        posts(
            ("all", 0, ["yan"]),
            ("all", 1, []),
            ("all", 2, ["nobody_known"]),
            ("denim", 0, ["yan"]),
            ("denim", 1, []),
            ("boots", 1, []),
            ("boots", 2, ["nobody_known"]),
        ),
        HANDLES,
    )

    rank = {(t, a): r for t, a, r in ranked.iter_rows()}
    assert rank["denim", 1] > rank["boots", 1]
    assert rank["denim", 0] > 0
    assert set(rank) == {
        ("all", 0), ("all", 1), ("all", 2), ("denim", 0), ("denim", 1),
        ("boots", 1), ("boots", 2),
    }  # fmt: skip
