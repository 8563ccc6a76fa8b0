"""The batched linear algebra of influence: every ordered pair of cities at once.

All functions work on one style. Weeks that a regression cannot use are rows of zeros,
which is the same as leaving them out, so that every city shares one array shape. They
are compiled, release the interpreter's lock and take no clock or randomness.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

# A column that keeps less than this part of its length after projection tells nothing
# new; it is dropped and costs no degree of freedom.
DEPENDENT = 1e-7
# The mean of fewer cities than this is mostly their own noise; it is not removed.
MIN_OTHERS = 3
# The sums of dot products may be reordered (and so vectorised); nothing else.
FAST = {"reassoc", "contract"}


@numba.njit(cache=True, nogil=True, fastmath=FAST)  # type: ignore[untyped-decorator]
def _dot(one: Floats, other: Floats) -> float:
    total = 0.0
    for t in range(len(one)):
        total += one[t] * other[t]
    return total


@numba.njit(cache=True, nogil=True, fastmath=FAST)  # type: ignore[untyped-decorator]
def _take_out(column: Floats, basis: Floats, rank: int) -> None:
    """Remove from a column, in place, what `rank` orthonormal rows explain."""
    for _ in range(2):  # twice is enough (Kahan), where columns nearly agree
        for j in range(rank):
            part = 0.0
            for t in range(len(column)):
                part += basis[j, t] * column[t]
            for t in range(len(column)):
                column[t] -= part * basis[j, t]


@numba.njit(cache=True, nogil=True, fastmath=FAST)  # type: ignore[untyped-decorator]
def _append(basis: Floats, rank: int, column: Floats) -> int:
    """Add a column to an orthonormal basis unless it depends on it; give the rank."""
    before = np.sqrt(_dot(column, column))
    _take_out(column, basis, rank)
    length = np.sqrt(_dot(column, column))
    if length <= DEPENDENT * before or length == 0.0:
        return rank
    for t in range(len(column)):
        basis[rank, t] = column[t] / length
    return rank + 1


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def mean_of_others(values: Floats, seen: Floats, first: int, second: int) -> Floats:
    """Average the cities but two (or one, if they are the same), 0 if too few."""
    cities, weeks = values.shape
    out = np.empty(weeks)
    for t in range(weeks):
        total = 0.0
        count = 0.0
        for city in range(cities):
            total += values[city, t]
            count += seen[city, t]
        total -= values[first, t]
        count -= seen[first, t]
        if second != first:
            total -= values[second, t]
            count -= seen[second, t]
        out[t] = total / count if count >= MIN_OTHERS else 0.0
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _lagged(series: Floats, lag: int, rows: Floats, out: Floats) -> None:
    for t in range(len(series)):
        out[t] = series[t - lag] * rows[t] if t >= lag else 0.0


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def usable_rows(seen: Floats, city: int, order: int) -> Floats:
    """Mark (1.0) the weeks whose value and `order` values before it are observed."""
    weeks = seen.shape[1]
    rows = np.zeros(weeks)
    for t in range(order, weeks):
        is_whole = 1.0
        for lag in range(order + 1):
            is_whole *= seen[city, t - lag]
        rows[t] = is_whole
    return rows


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def order_losses(values: Floats, seen: Floats, season: Floats, top: int) -> Floats:
    """Give n·log(RSS/n) + k·log(n), summed over cities, for orders 1 to `top`.

    Each city is explained by trend, season, the mean of the others in weeks 0 to p
    back and its own p weeks before; sources take no part. All orders share their rows.

    Parameters
    ----------
    values : (cities, weeks) float64
        Standardised series, 0 where not observed.
    seen : (cities, weeks) float64
        1 where observed, else 0.
    season : (terms, weeks) float64
        The constant, the trend and the seasonal terms.
    top : int
        The highest order.
    """
    cities, weeks = values.shape
    losses = np.zeros(top)
    column = np.empty(weeks)
    basis = np.empty((season.shape[0] + 2 * top + 1, weeks))
    for city in range(cities):
        rows = usable_rows(seen, city, top)
        count = rows.sum()
        if count <= basis.shape[0] + top:
            continue
        rank = 0
        for term in range(season.shape[0]):
            column[:] = season[term] * rows
            rank = _append(basis, rank, column)
        mean = mean_of_others(values, seen, city, city)
        column[:] = mean * rows
        rank = _append(basis, rank, column)
        left = values[city] * rows
        for order in range(1, top + 1):
            _lagged(values[city], order, rows, column)
            rank = _append(basis, rank, column)
            _lagged(mean, order, rows, column)
            rank = _append(basis, rank, column)
            _take_out(left, basis, rank)
            losses[order - 1] += count * np.log(_dot(left, left) / count)
            losses[order - 1] += rank * np.log(count)
    return losses


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def own_bases(
    values: Floats, seen: Floats, season: Floats, order: int
) -> tuple[Floats, Counts, Floats]:
    """Give each city's orthonormal basis of season and own past, its rank, its rows.

    The constant and the trend count as season.
    """
    cities, weeks = values.shape
    bases = np.zeros((cities, season.shape[0] + order, weeks))
    ranks = np.zeros(cities, np.int64)
    rows = np.zeros((cities, weeks))
    column = np.empty(weeks)
    for city in range(cities):
        rows[city] = usable_rows(seen, city, order)
        rank = 0
        for term in range(season.shape[0]):
            column[:] = season[term] * rows[city]
            rank = _append(bases[city], rank, column)
        for lag in range(1, order + 1):
            _lagged(values[city], lag, rows[city], column)
            rank = _append(bases[city], rank, column)
        ranks[city] = rank
    return bases, ranks, rows


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def pair_innovations(
    values: Floats,
    seen: Floats,
    bases: Floats,
    ranks: Counts,
    rows: Floats,
    order: int,
) -> tuple[Floats, Floats, Counts]:
    """Give what is new in a city each week, beside each other city.

    Returns
    -------
    left : (cities, cities, weeks) float64
        ``left[x, y]``: x after its season, its own past and the mean of all cities but
        x and y in weeks 0 to `order` back.
    worlds : (cities, cities, order + 1, weeks) float64
        Orthonormal rows that span that mean, beyond x's season and past.
    world_ranks : (cities, cities) int64
        How many of them there are.
    """
    cities, weeks = values.shape
    left = np.zeros((cities, cities, weeks))
    worlds = np.zeros((cities, cities, order + 1, weeks))
    world_ranks = np.zeros((cities, cities), np.int64)
    column = np.empty(weeks)
    own = np.empty((cities, weeks))
    for city in range(cities):
        own[city] = values[city] * rows[city]
        _take_out(own[city], bases[city], ranks[city])
    for one in range(cities):
        for other in range(one + 1, cities):
            mean = mean_of_others(values, seen, one, other)
            for x, y in ((one, other), (other, one)):
                rank = 0
                for lag in range(order + 1):
                    _lagged(mean, lag, rows[x], column)
                    before = _dot(column, column)
                    _take_out(column, bases[x], ranks[x])
                    if _dot(column, column) > DEPENDENT**2 * before:
                        rank = _append(worlds[x, y], rank, column)
                world_ranks[x, y] = rank
                left[x, y] = own[x]
                _take_out(left[x, y], worlds[x, y], rank)
    return left, worlds, world_ranks


@numba.njit(cache=True, nogil=True, fastmath=FAST)  # type: ignore[untyped-decorator]
def pair_tests(
    sources: Floats,
    left: Floats,
    bases: Floats,
    ranks: Counts,
    rows: Floats,
    worlds: Floats,
    world_ranks: Counts,
    lags: int,
) -> tuple[Floats, Floats, Counts]:
    """Test every ordered pair at every lag alone, and at every order jointly.

    Parameters
    ----------
    sources : (cities, cities, weeks) float64
        What leads: ``sources[a, b]`` is what is new in a, beside b. It is `left`
        itself, or a placebo made from it.
    left, worlds, world_ranks
        As `pair_innovations` gives them.
    bases, ranks, rows
        As `own_bases` gives them.
    lags : int
        The longest lag, weeks.

    Returns
    -------
    signed : (cities, cities, lags) float64
        ``signed[a, b, k]``: t of a's news k + 1 weeks ago in b's regression, the only
        term of a in it; its square is the F-test of that lag.
    joint : (cities, cities, lags) float64
        ``joint[a, b, k]``: F of a's news 1 to k + 1 weeks ago together.
    free : (cities, cities) int64
        Weeks less controls; less 1 (k + 1) they are the denominator's degrees of
        freedom.
    """
    cities, _, weeks = left.shape
    signed = np.zeros((cities, cities, lags))
    joint = np.zeros((cities, cities, lags))
    free = np.zeros((cities, cities), np.int64)
    news = np.empty((lags, weeks))
    shadows = np.empty((lags, bases.shape[1] + worlds.shape[2]))
    gram = np.empty((lags, lags))
    along = np.empty(lags)
    for b in range(cities):
        count = 0
        for t in range(weeks):
            count += 1 if rows[b, t] > 0.0 else 0
        for a in range(cities):
            if a == b:
                continue
            controls = ranks[b] + world_ranks[b, a]
            free[a, b] = count - controls
            if free[a, b] <= lags + 1:
                continue
            target = left[b, a]
            whole = _dot(target, target)
            if whole <= 0.0:
                continue
            for k in range(lags):
                _lagged(sources[a, b], k + 1, rows[b], news[k])
                for j in range(ranks[b]):
                    shadows[k, j] = _dot(news[k], bases[b, j])
                for j in range(world_ranks[b, a]):
                    shadows[k, ranks[b] + j] = _dot(news[k], worlds[b, a, j])
                for i in range(k + 1):
                    gram[k, i] = _dot(news[k], news[i])
                    for j in range(controls):
                        gram[k, i] -= shadows[k, j] * shadows[i, j]
            unexplained = whole
            for k in range(lags):
                scale = gram[k, k]
                shared = _dot(news[k], target)
                explained = shared * shared / scale if scale > 0.0 else 0.0
                if scale > DEPENDENT and explained < whole:
                    error = (whole - explained) / (free[a, b] - 1)
                    signed[a, b, k] = shared / np.sqrt(scale * error)
                # row k of the Cholesky factor, then the target's coordinate along it
                for i in range(k):
                    for j in range(i):
                        gram[k, i] -= gram[k, j] * gram[i, j]
                    gram[k, i] /= gram[i, i]
                    gram[k, k] -= gram[k, i] * gram[k, i]
                    shared -= gram[k, i] * along[i]
                if gram[k, k] > DEPENDENT * max(scale, DEPENDENT):
                    gram[k, k] = np.sqrt(gram[k, k])
                    along[k] = shared / gram[k, k]
                else:  # says nothing new: later rows divide by infinity, so get 0
                    gram[k, k] = np.inf
                    along[k] = 0.0
                unexplained -= along[k] ** 2
                spare = free[a, b] - k - 1
                if unexplained > 0.0:
                    joint[a, b, k] = (
                        (whole - unexplained) / (k + 1) / (unexplained / spare)
                    )
    return signed, joint, free
