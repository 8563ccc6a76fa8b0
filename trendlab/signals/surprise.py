"""How surprising each row of a series is, from the rows before it only.

Social activity has a heavy tail: the hundredth busiest hour of a fortnight says more
about the next burst than mean and standard deviation do. The logs of the largest
values of a trailing window fall off like an exponential law (the values like a Pareto
law), and how far a new value lies out on that law is its surprise.

References
----------
Hill (1975), Ann. Statist. 3, 1163–1174. The estimator says nothing about values below
its threshold, and takes rows as exchangeable, which neighbours in time are not: a
surprise of 2 is not one false alarm in 100 rows.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Least number of values that a tail is fitted to.
MIN_TAIL_ROWS = 5
# Mean distance of a normal law's top 1 % from its 99 % quantile, in σ; a count varies
# by Poisson's σ at least, so its tail cannot be steeper than this times it.
NORMAL_TAIL_SIGMA = 0.34
LN_10 = math.log(10.0)
# Fewer values in a slot than this say nothing about it; the window's median does.
MIN_SLOT_ROWS = 3


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _smooth(values: Floats, places: Ints, width: int, out: Floats) -> None:
    first = 0
    total = 0.0
    count = 0
    since = 0
    for i in range(len(values)):
        if not np.isnan(values[i]):
            total += values[i]
            count += 1
        while places[first] <= places[i] - width:
            if not np.isnan(values[first]):
                total -= values[first]
                count -= 1
            first += 1
        since += 1
        if since >= width:  # a running sum drifts: add up anew once a width
            since = 0
            total = 0.0
            for j in range(first, i + 1):
                if not np.isnan(values[j]):
                    total += values[j]
        known = count > 0 and not np.isnan(values[i])
        out[i] = max(0.0, total / count) if known else np.nan


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _surprise(
    logs: Floats,
    places: Ints,
    window: int,
    min_rows: int,
    tail_share: float,
    width: int,
    surprise: Floats,
    median: Floats,
    size: int,
) -> None:
    kept = np.empty(size, np.float64)
    count = 0
    first = 0
    for i in range(len(logs)):
        while places[first] < places[i] - window:
            if not np.isnan(logs[first]):
                at = np.searchsorted(kept[:count], logs[first])
                for j in range(at, count - 1):
                    kept[j] = kept[j + 1]
                count -= 1
            first += 1
        surprise[i] = np.nan
        median[i] = np.nan
        if count > 0:
            half = count // 2
            median[i] = kept[half]
            if count % 2 == 0:
                median[i] = 0.5 * (kept[half - 1] + kept[half])
        if np.isnan(logs[i]):
            continue
        tail = max(MIN_TAIL_ROWS, int(tail_share * count))
        if count >= min_rows and count > tail:
            start = kept[count - tail - 1]
            scale = 0.0
            for j in range(count - tail, count):
                scale += kept[j] - start
            mean = max(math.expm1(start), 1.0)
            floor = NORMAL_TAIL_SIGMA * math.sqrt(mean / width) / (1.0 + mean)
            scale = max(scale / tail, floor)
            surprise[i] = 0.0
            if logs[i] > start:
                further = (logs[i] - start) / scale / LN_10
                surprise[i] = math.log10(count / tail) + further
        at = np.searchsorted(kept[:count], logs[i])
        for j in range(count, at, -1):
            kept[j] = kept[j - 1]
        kept[at] = logs[i]
        count += 1


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _slot_medians(
    logs: Floats, places: Ints, period: int, periods: int, fallback: Floats, out: Floats
) -> None:
    found = np.empty(periods, np.float64)
    starts = np.zeros(periods, np.int64)
    for i in range(len(logs)):
        count = 0
        for back in range(periods):
            wanted = places[i] - (back + 1) * period
            at = starts[back]
            while places[at] < wanted:
                at += 1
            starts[back] = at
            if places[at] == wanted and not np.isnan(logs[at]):
                found[count] = logs[at]
                count += 1
        out[i] = fallback[i]
        if count >= MIN_SLOT_ROWS:
            out[i] = np.median(found[:count])


def smooth(values: Floats, places: Ints, width: int) -> Floats:
    """Mean of each row and the rows of the `width` − 1 steps before it.

    Parameters
    ----------
    values : (n,) float64
        Values ≥ 0; NaN is missing, and gives NaN.
    places : (n,) int64
        Step of each row on the grid, not descending.
    width : int
        Steps.
    """
    out = np.empty(len(values), np.float64)
    _smooth(values, places, width, out)
    return out


def trailing_surprise(
    logs: Floats,
    places: Ints,
    *,
    window: int,
    min_rows: int,
    tail_share: float,
    width: int = 1,
) -> tuple[Floats, Floats]:
    """Place each value on the Pareto tail of the window before it.

    Parameters
    ----------
    logs : (n,) float64
        log1p of values; NaN is missing.
    places : (n,) int64
        Step of each row on the grid, not descending.
    window : int
        Steps of history.
    min_rows : int
        With fewer values in the window the surprise is NaN.
    tail_share : float
        Share of the window that the tail is fitted to, at least `MIN_TAIL_ROWS`.
    width : int
        How many steps each value is a mean of; Poisson's variance is divided by it.

    Returns
    -------
    surprise, median : (n,) float64
        −log₁₀ of the fitted chance of such a value, 0 below the tail's start; median
        of the window, NaN where it is empty.
    """
    surprise = np.empty(len(logs), np.float64)
    median = np.empty(len(logs), np.float64)
    first = np.searchsorted(places, places - window)
    size = int((np.arange(len(logs)) - first).max(initial=0)) + 1
    _surprise(logs, places, window, min_rows, tail_share, width, surprise, median, size)
    return surprise, median


def slot_medians(
    logs: Floats, places: Ints, *, period: int, periods: int, fallback: Floats
) -> Floats:
    """Give the median at the same step of earlier periods (the same time of day).

    Parameters
    ----------
    logs, places : (n,)
        As in `trailing_surprise`.
    period, periods : int
        Steps of a season, and how many seasons back to look.
    fallback : (n,) float64
        What to give where fewer than `MIN_SLOT_ROWS` values are known.
    """
    out = np.empty(len(logs), np.float64)
    _slot_medians(logs, places, period, periods, fallback, out)
    return out
