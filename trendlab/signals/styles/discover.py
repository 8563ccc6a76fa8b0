"""How many styles there are, which they are, and which they were a quarter before.

The number is the one under which looks that were not used to fit are most likely, if
two fits on different looks agree on it. Styles of two quarters are matched one to one
by their chances of every attribute (Hungarian assignment).

References
----------
Smyth 2000, "Model selection for probabilistic clustering using cross-validated
likelihood", Statistics and Computing 10. Lange, Roth, Braun and Buhmann 2004,
"Stability-based validation of clustering solutions", Neural Computation 16.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.optimize import linear_sum_assignment
from threadpoolctl import threadpool_limits

from trendlab.signals.styles.looks import (
    Attributes,
    Floats,
    describe_looks,
    name_attributes,
)
from trendlab.signals.styles.mixture import (
    Mixture,
    fit_mixture,
    refine_mixture,
    sorted_by_size,
    weigh,
)

Ints = npt.NDArray[np.int64]

# Looks taken for a fit at the most: half fit and half test, and the other way round.
# More made no difference on the simulated world, and cost in proportion.
FIT_LOOKS = 12_000
# With fewer, a style of a tenth of the looks is fitted on a hundred.
MIN_LOOKS = 2_000
MAX_STYLES = 15
# The search ends when so many numbers in a row were no better than the best.
PATIENCE = 2
# Share of looks that two fits on different looks must put together alike. Found on
# the simulated world: 0.94 at the true number, 0.82 and falling one above it.
MIN_AGREEMENT = 0.8
# Styles of two quarters that share fewer looks than they have apart are not the same.
MIN_LIKENESS = 0.5
# Starts and halves are drawn the same in every run.
SEED = 0


@dataclass(frozen=True)
class Styles:
    """Styles found in looks, the commonest first.

    Parameters
    ----------
    attributes : Attributes
    mixture : Mixture
    agreement : float
        Share of looks on which the two halves' fits agree.
    gain : float
        Nats a look, on looks not used to fit, over a single style.
    looks_count : int
        Looks used.
    """

    attributes: Attributes
    mixture: Mixture
    agreement: float
    gain: float
    looks_count: int


def find_styles(looks: pa.Table) -> Styles | None:
    """Find the styles of looks.

    Parameters
    ----------
    looks : pyarrow.Table
        `LOOKS` of one model.

    Returns
    -------
    Styles or None
        None where there are too few looks, or one style tells as much as several,
        or no number of styles comes out alike twice.
    """
    if looks.num_rows < MIN_LOOKS:
        return None
    attributes = name_attributes(looks)
    vectors = describe_looks(looks, attributes)
    rng = np.random.default_rng(SEED)
    order = rng.permutation(len(vectors))
    halves = vectors[order[::2]], vectors[order[1::2]]
    # sums of dot products must not depend on the number of cores
    with threadpool_limits(1):
        found = _choose_number(halves, attributes, rng)
        if found is None:
            return None
        start, agreement, gain = found
        whole = sorted_by_size(refine_mixture(start, vectors, attributes))
    return Styles(attributes, whole, agreement, gain, len(vectors))


def _choose_number(
    halves: tuple[Floats, Floats], attributes: Attributes, rng: np.random.Generator
) -> tuple[Mixture, float, float] | None:
    """Return the mixture of the chosen number, its agreement and its gain."""
    one, other = halves
    looks_count = len(one) + len(other)
    single = best = -np.inf
    chosen: tuple[Mixture, float, float] | None = None
    worse_count = 0
    for count in range(1, MAX_STYLES + 1):
        fits = [fit_mixture(half, attributes, count, rng) for half in halves]
        # each is asked of the half that it did not see
        unseen = weigh(fits[0], other)[1] + weigh(fits[1], one)[1]
        if count == 1:
            single = best = unseen
        elif unseen <= best:
            worse_count += 1
            if worse_count == PATIENCE:
                break
        else:
            best, worse_count = unseen, 0
            agreement = _agree(fits[0], fits[1], np.concatenate(halves))
            if agreement >= MIN_AGREEMENT:
                chosen = (fits[0], agreement, (unseen - single) / looks_count)
    return chosen


def _agree(first: Mixture, second: Mixture, vectors: Floats) -> float:
    """Return the share of looks that two fits put together alike."""
    both = _overlap(
        weigh(first, vectors)[0].argmax(axis=1),
        weigh(second, vectors)[0].argmax(axis=1),
        (first.count, second.count),
    )
    rows, columns = linear_sum_assignment(-both)
    return float(both[rows, columns].sum() / len(vectors))


def _overlap(first: Ints, second: Ints, shape: tuple[int, int]) -> Floats:
    both = np.zeros(shape)
    np.add.at(both, (first, second), 1)
    return both


def assign_styles(styles: Styles, looks: pa.Table) -> tuple[Ints, Floats]:
    """Give each look the style that it is most likely of, and how likely that is.

    Parameters
    ----------
    styles : Styles
    looks : pyarrow.Table
        `LOOKS`, n rows.

    Returns
    -------
    style : (n,) int64
    chance : (n,) float64
    """
    vectors = describe_looks(looks, styles.attributes)
    with threadpool_limits(1):
        shares, _ = weigh(styles.mixture, vectors)
    best = shares.argmax(axis=1)
    return best, shares[np.arange(len(best)), best]


def match_styles(
    now: Styles, before: Styles, looks: pa.Table
) -> list[tuple[int, float] | None]:
    """Match styles to those of an earlier fit, one to one.

    Parameters
    ----------
    now, before : Styles
    looks : pyarrow.Table
        Looks on which the two are compared.

    Returns
    -------
    list of (style, likeness), or None
        For each style of `now`. Likeness: looks given to both of all given to either
        (Jaccard); below `MIN_LIKENESS` a style is new.
    """
    both = _overlap(
        assign_styles(now, looks)[0],
        assign_styles(before, looks)[0],
        (now.mixture.count, before.mixture.count),
    )
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    likeness = both / np.maximum(either, 1.0)
    matched: list[tuple[int, float] | None] = [None] * now.mixture.count
    for row, column in zip(*linear_sum_assignment(-likeness), strict=True):
        if likeness[row, column] >= MIN_LIKENESS:
            matched[row] = (int(column), float(likeness[row, column]))
    return matched
