"""Which words stand out: log-odds with an informative Dirichlet prior.

One implementation of the log-odds serves the topics of dips, the evidence of peaks and
dips, and anything else that asks "what is said here more than elsewhere".

References
----------
Monroe, Colaresi and Quinn (2008), "Fightin' Words", Political Analysis 16, 372–403.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Tokenize = Callable[[str], list[str]]

# The prior weighs as much as this many items, or a tenth of all where they are fewer:
# enough to keep a term seen twice from leading a list, little enough to let a term
# seen 20 times.
PRIOR_ITEMS = 500.0
PRIOR_SHARE = 0.1
# Added to every term of the prior, so that a term new today has one.
PRIOR_FLOOR = 0.5

# One row per item (post or comment) and term in it.
ITEM_TERMS = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("term_kind", pa.string(), nullable=False),
        pa.field("term", pa.string(), nullable=False),
    ]
)


def log_odds(
    counts: npt.ArrayLike,
    baseline: npt.ArrayLike,
    *,
    total: float | None = None,
    baseline_total: float | None = None,
    prior_items: float = PRIOR_ITEMS,
) -> Floats:
    """Give the z of each term's log-odds in a group against a baseline.

    Parameters
    ----------
    counts, baseline : (terms,) array
        How often each term occurs in the group and in the baseline; the two do not
        overlap.
    total, baseline_total : float, optional
        All terms counted in either, where `counts` holds only some of them; or all
        items, where an item counts once for each of its terms.
    prior_items : float
        Most weight of the prior, which has the terms' shares in both taken together.

    Returns
    -------
    (terms,) float64
        δ / σ(δ): above 1.96 the term is over-represented at the usual level, if it
        were the only one looked at. Repeats by one author count as often as they
        occur: give counts of items or authors where that matters.

    Notes
    -----
    δ = log((y + a) / (n + A − y − a)) − log((y′ + a) / (n′ + A − y′ − a)) with
    variance 1 / (y + a) + 1 / (y′ + a); a is the term's share of the prior, A its sum
    (Monroe et al. 2008, equations 16, 19 and 22). Where `total` counts items, and the
    group has more than the baseline, A is the prior of one term and of its absence.
    """
    seen = np.asarray(counts, np.float64)
    past = np.asarray(baseline, np.float64)
    if seen.size == 0:
        return np.zeros(0)
    seen_total = float(seen.sum()) if total is None else float(total)
    past_total = float(past.sum()) if baseline_total is None else float(baseline_total)
    all_items = max(seen_total + past_total, 1.0)
    weight = min(prior_items, PRIOR_SHARE * all_items)
    prior = weight * (seen + past) / all_items + PRIOR_FLOOR
    # Items hold many terms, and the floor of all of them may outweigh the items. Under
    # a longer past that makes z cautious; where the group outnumbers the baseline it
    # would compare counts instead of shares (5 false words of 2,900 in 3,000 items
    # against 2,000, and 0.3 this way). There a term is one of two: in an item, or not.
    is_of_items = total is not None and seen_total > past_total
    prior_total = weight + PRIOR_FLOOR * (2 if is_of_items else seen.size)
    here = seen + prior
    there = past + prior
    # A term cannot outnumber the total; held at 1 so that the odds stay finite.
    rest_here = np.maximum(seen_total + prior_total - here, 1.0)
    rest_there = np.maximum(past_total + prior_total - there, 1.0)
    delta = np.log(here / rest_here) - np.log(there / rest_there)
    return np.asarray(delta / np.sqrt(1.0 / here + 1.0 / there), np.float64)


def item_terms(items: pa.Table, *, tokenize: Tokenize) -> pa.Table:
    """List the words and hashtags of items, each once an item.

    Parameters
    ----------
    items : pyarrow.Table
        Columns source, item_id, text (nullable) and hashtags (list of text, may be
        absent: comments have none of their own).
    tokenize : callable
        Text → words, casefolded, stop words and hashtags left out.

    Returns
    -------
    pyarrow.Table
        Columns of `ITEM_TERMS`.
    """
    names = items.column_names
    hashtags = (
        items["hashtags"].to_pylist()
        if "hashtags" in names
        else [None] * items.num_rows
    )
    source: list[str] = []
    item: list[str] = []
    kind: list[str] = []
    term: list[str] = []
    rows = zip(
        items["source"].to_pylist(),
        items["item_id"].to_pylist(),
        items["text"].to_pylist(),
        hashtags,
        strict=True,
    )
    for source_name, item_id, text, tags in rows:
        words = sorted(set(tokenize(text))) if text is not None else []
        marks = sorted(set(tags)) if tags is not None else []
        size = len(words) + len(marks)
        source.extend([source_name] * size)
        item.extend([item_id] * size)
        kind.extend(["word"] * len(words) + ["hashtag"] * len(marks))
        term.extend(words)
        term.extend(marks)
    return pa.table([source, item, kind, term], schema=ITEM_TERMS)
