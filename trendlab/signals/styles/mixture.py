"""Latent classes of looks: each style has its own chances of every attribute.

References
----------
Lazarsfeld and Henry 1968, "Latent structure analysis". Dempster, Laird and Rubin 1977,
"Maximum likelihood from incomplete data via the EM algorithm", JRSS B 39.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trendlab.signals.styles.looks import Attributes, Floats

# Looks that each style is given beforehand, worn as the average look is: a garment
# that none of its looks had is rare there, not impossible.
PRIOR_LOOKS = 1.0
# EM finds the nearest summit: several short climbs from random starts, then the best
# one to the top.
STARTS, SHORT_CLIMB, LONG_CLIMB = 6, 20, 300
# Relative gain of the likelihood below which the top is reached.
FLAT = 1e-7
# Concentration of the random starts: most looks lean to one style.
START_SPREAD = 0.3


@dataclass(frozen=True)
class Mixture:
    """Styles as chances.

    Parameters
    ----------
    log_weights : (styles,) float64
        Log share of each style.
    log_chances : (styles, attributes) float64
        Log probability of each attribute, by block.
    """

    log_weights: Floats
    log_chances: Floats

    @property
    def count(self) -> int:
        """Number of styles."""
        return len(self.log_weights)


def weigh(mixture: Mixture, vectors: Floats) -> tuple[Floats, float]:
    """Tell how likely each look is of each style.

    Parameters
    ----------
    mixture : Mixture
    vectors : (n, attributes) float64

    Returns
    -------
    shares : (n, styles) float64
        Sum to 1 over styles.
    log_likelihood : float
        Sum over looks, nats.
    """
    logs = vectors @ mixture.log_chances.T + mixture.log_weights
    top = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - top)
    total = weights.sum(axis=1, keepdims=True)
    return weights / total, float((top + np.log(total)).sum())


def fit_mixture(
    vectors: Floats, attributes: Attributes, count: int, rng: np.random.Generator
) -> Mixture:
    """Fit `count` styles by EM.

    Parameters
    ----------
    vectors : (n, attributes) float64
        n ≥ 1.
    attributes : Attributes
    count : int
        1 or more.
    rng : numpy.random.Generator
        For the starts.
    """
    prior = _prior(vectors, attributes)
    tops = []
    for _ in range(STARTS if count > 1 else 1):
        shares = rng.dirichlet(np.full(count, START_SPREAD), len(vectors))
        tops.append(_climb(shares, vectors, attributes, prior, SHORT_CLIMB))
    best = max(tops, key=lambda top: top[1])[0]
    return refine_mixture(best, vectors, attributes)


def refine_mixture(start: Mixture, vectors: Floats, attributes: Attributes) -> Mixture:
    """Climb to the top from a mixture, with these looks."""
    shares, _ = weigh(start, vectors)
    prior = _prior(vectors, attributes)
    return _climb(shares, vectors, attributes, prior, LONG_CLIMB)[0]


def sorted_by_size(mixture: Mixture) -> Mixture:
    """Give the same mixture with its commonest style first."""
    order = np.argsort(-mixture.log_weights, kind="stable")
    return Mixture(mixture.log_weights[order], mixture.log_chances[order])


def _prior(vectors: Floats, attributes: Attributes) -> Floats:
    """Give the looks that each style is given beforehand: the average one."""
    worn = vectors.sum(axis=0)
    # what nobody wore keeps a chance
    average = np.full(len(worn), 1.0 / len(vectors))
    for first, end in attributes.blocks:
        average[first:end] += worn[first:end] / max(worn[first:end].sum(), 1.0)
    return PRIOR_LOOKS * average


def _climb(
    shares: Floats, vectors: Floats, attributes: Attributes, prior: Floats, steps: int
) -> tuple[Mixture, float]:
    before = -np.inf
    mixture = _most_likely(shares, vectors, attributes, prior)
    for _ in range(steps):
        shares, reached = weigh(mixture, vectors)
        mixture = _most_likely(shares, vectors, attributes, prior)
        if reached - before <= FLAT * abs(reached):
            break
        before = reached
    return mixture, reached


def maximise(shares: Floats, vectors: Floats, attributes: Attributes) -> Mixture:
    """Give the likeliest mixture when the style of every look is known.

    Parameters
    ----------
    shares : (n, styles) float64
        How much each look is of each style; sum to 1 over styles.
    vectors : (n, attributes) float64
    attributes : Attributes
    """
    return _most_likely(shares, vectors, attributes, _prior(vectors, attributes))


def _most_likely(
    shares: Floats, vectors: Floats, attributes: Attributes, prior: Floats
) -> Mixture:
    worn = shares.T @ vectors + prior
    chances = np.empty_like(worn)
    for first, end in attributes.blocks:
        block = worn[:, first:end]
        chances[:, first:end] = np.log(block / block.sum(axis=1, keepdims=True))
    size = shares.sum(axis=0) + PRIOR_LOOKS
    return Mixture(np.log(size / size.sum()), chances)
