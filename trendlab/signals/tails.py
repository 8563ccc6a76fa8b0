"""How unlikely a value is: tails of counts and shares, and tests of many at once.

Notes
-----
The tails are exact sums or incomplete beta functions, never normal
approximations: counts here are often below ten.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Terms smaller than this part of the largest no longer change a double.
NEGLIGIBLE = 1e-17


def negative_binomial_upper_tail(value: Floats, mean: Floats, size: Floats) -> Floats:
    """Give the chance of at least `value` under a Gamma–Poisson law.

    Parameters
    ----------
    value, mean, size : (n,) float64
        Observed count, expected count (> 0), and the shape of the Gamma law of the
        rate; variance = mean + mean² / size.

    Returns
    -------
    (n,) float64
        ``P(Y ≥ value)``; 1 where `value` is 0.
    """
    positive = np.maximum(value, 1e-9)
    tail = special.betainc(positive, size, mean / (mean + size))
    return np.where(value <= 0, 1.0, tail)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _tail_sum(k: int, n: int, a: float, b: float, is_binomial: bool) -> float:
    """Sum the mass at and above `k`, walking away from the mean."""
    log_choose = math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)
    if is_binomial:  # a holds the share
        log_mass = log_choose + k * math.log(a) + (n - k) * math.log1p(-a)
    else:
        log_mass = log_choose + _log_beta(k + a, n - k + b) - _log_beta(a, b)
    total = 1.0
    term = 1.0
    for i in range(k, n):
        if is_binomial:
            term *= (n - i) / (i + 1.0) * a / (1.0 - a)
        else:
            term *= (n - i) / (i + 1.0) * (i + a) / (n - i - 1.0 + b)
        total += term
        if term < NEGLIGIBLE * total and i > n * 0.5:
            break
    return math.exp(log_mass) * total


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _upper_tails(
    k: npt.NDArray[np.int64],
    n: npt.NDArray[np.int64],
    share: Floats,
    rho: Floats,
    out: Floats,
) -> None:
    for i in range(len(k)):
        p = share[i]
        if k[i] <= 0:
            out[i] = 1.0
            continue
        if k[i] > n[i] or p <= 0.0:
            out[i] = 0.0
            continue
        if p >= 1.0:
            out[i] = 1.0
            continue
        if rho[i] < 1e-9:  # the beta-binomial's limit is the binomial
            out[i] = min(1.0, _tail_sum(k[i], n[i], p, 0.0, True))
        else:
            strength = 1.0 / rho[i] - 1.0
            a = p * strength
            b = (1.0 - p) * strength
            out[i] = min(1.0, _tail_sum(k[i], n[i], a, b, False))


def beta_binomial_upper_tail(
    count: npt.ArrayLike, total: npt.ArrayLike, share: npt.ArrayLike, rho: npt.ArrayLike
) -> Floats:
    """Give the chance of at least `count` of `total` under a beta-binomial law.

    Parameters
    ----------
    count, total : (n,) int
        Observed count among `total`.
    share : (n,) float
        Expected share, 0 to 1.
    rho : (n,) float
        Overdispersion, 0 (binomial) to below 1: variance =
        total · share · (1 − share) · (1 + (total − 1) · rho).

    Returns
    -------
    (n,) float64
        ``P(K ≥ count)``.
    """
    k, n, p, r = np.broadcast_arrays(
        np.asarray(count, np.int64),
        np.asarray(total, np.int64),
        np.asarray(share, np.float64),
        np.asarray(rho, np.float64),
    )
    out = np.empty(k.size, np.float64)
    _upper_tails(
        np.ascontiguousarray(k.ravel()),
        np.ascontiguousarray(n.ravel()),
        np.ascontiguousarray(p.ravel()),
        np.ascontiguousarray(r.ravel()),
        out,
    )
    return out.reshape(k.shape)


def student_upper_tail(z: Floats, scale: float, freedom: float) -> Floats:
    """Give the chance of at least `z` under a scaled Student t law.

    NaN in, NaN out.
    """
    return np.asarray(special.stdtr(freedom, -np.asarray(z) / scale), np.float64)


def benjamini_hochberg(p_values: Floats, level: float) -> Bools:
    """Mark the discoveries among `p_values` at a false discovery rate of `level`.

    Parameters
    ----------
    p_values : (n,) float64
        NaN where a series was not tested; those neither count nor pass.
    level : float
        Share of false discoveries among the marked that is allowed.

    References
    ----------
    Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57, 289–300.
    """
    tested = ~np.isnan(p_values)
    marked = np.zeros(len(p_values), bool)
    tests = int(tested.sum())
    if tests == 0:
        return marked
    ordered = np.sort(p_values[tested])
    passed = np.flatnonzero(ordered <= level * np.arange(1, tests + 1) / tests)
    if len(passed) == 0:
        return marked
    marked[tested] = p_values[tested] <= ordered[passed[-1]]
    return marked
