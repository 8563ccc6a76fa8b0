"""How unusual a share of negatives is against its own trailing days.

The expected share is the trailing days' own, their spread beyond the binomial is
estimated robustly, and the test is the upper tail of the beta-binomial law that the
two give. A plain binomial test would take the ordinary day-to-day swing of sentiment
for news: 8 false alarms per 100 days at 400 scored posts a day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt
from scipy import stats

from trendlab.signals.baselines import window_start
from trendlab.signals.tails import beta_binomial_upper_tail

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Days that the overdispersion is estimated from: it is harder to tell than the share
# and slower to change, so it takes as many days as the peaks' baseline.
SPREAD_DAYS = 84
# The largest fiftieth of the squared residuals is left out of the overdispersion, so
# that an unnoticed bad day does not hide the next. More would be safer still, and
# takes the estimate 20 % too low where negatives are few.
TRIMMED_SHARE = 0.02


def _trimmed_means() -> tuple[Ints, Floats]:
    """Kept residuals of m, and the mean of a χ²(1) below that quantile."""
    days = np.arange(SPREAD_DAYS + 1)
    kept = days - np.rint(days * TRIMMED_SHARE).astype(np.int64)
    part = np.where(days > 0, kept / np.maximum(days, 1), 1.0)
    return kept.astype(np.int64), stats.chi2.cdf(stats.chi2.ppf(part, 1), 3) / part


KEPT, KEPT_MEAN = _trimmed_means()
# Days with fewer scored items say nothing of the spread between days.
MIN_SPREAD_SCORED = 5


@dataclass(frozen=True)
class ShareBaseline:
    """Today's counts and their trailing baseline, one entry a series.

    Parameters
    ----------
    negatives, scored, authors : (series,) int64
        Of the day, or of the pooled days; authors −1 where unknown. Of pooled days
        authors are the sum, the most that they can be: one may be on several.
    pooled_days : (series,) int64
        Days pooled to reach the floor of scored items; 1 is none.
    clustering : (series,) float64
        Σ nᵢ(nᵢ − 1) / (N(N − 1)) over the pooled days: the part of the pairs of items
        that share a day, and so its swing.
    past_negatives, past_scored, valid_days : (series,) int64
        Sums over the baseline.
    rho : (series,) float64
        Overdispersion of the baseline days, unshrunk; NaN where it cannot be told.
    """

    negatives: Ints
    scored: Ints
    authors: Ints
    pooled_days: Ints
    clustering: Floats
    past_negatives: Ints
    past_scored: Ints
    valid_days: Ints
    rho: Floats


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _trailing_shares(
    negatives: npt.NDArray[np.int64],
    scored: npt.NDArray[np.int64],
    authors: npt.NDArray[np.int64],
    usable: npt.NDArray[np.bool_],
    flagged: npt.NDArray[np.bool_],
    segments: npt.NDArray[np.int64],
    step: int,
    window: int,
    pool: int,
    floor: int,
    spread_window: int,
    kept_of: npt.NDArray[np.int64],
    kept_mean: Floats,
    whole: npt.NDArray[np.int64],
    real: Floats,
) -> None:
    first = max(0, step - window)
    spread_first = max(0, step - spread_window)
    residuals = np.empty(spread_window + 1, np.float64)
    for s in range(negatives.shape[0]):
        # pool backwards until the floor is reached; a flagged day is spent
        k = 0
        n = 0
        known = 0
        unknown = False
        pairs = 0.0
        days = 0
        i = step
        while i >= max(0, step - pool + 1):
            if i < step and (flagged[s, i] or segments[s, i] != segments[s, step]):
                break
            days += 1
            if scored[s, i] > 0:
                k += negatives[s, i]
                n += scored[s, i]
                pairs += scored[s, i] * (scored[s, i] - 1.0)
                if authors[s, i] < 0:
                    unknown = True
                else:
                    known += authors[s, i]
            if n >= floor:
                break
            i -= 1
        whole[s, 0] = k
        whole[s, 1] = n
        whole[s, 2] = -1 if unknown else known
        whole[s, 3] = days
        real[s, 0] = pairs / (n * (n - 1.0)) if n > 1 else 1.0
        last = step - days + 1  # the baseline ends where the pooled days begin
        restart = window_start(flagged[s], spread_first, step)
        has_shift = restart > spread_first
        start = max(first, restart)
        past_k = 0
        past_n = 0
        valid = 0
        for i in range(start, last):
            if not usable[s, i] or scored[s, i] == 0:
                continue
            if segments[s, i] != segments[s, step]:
                continue
            if flagged[s, i] and not has_shift:
                continue
            past_k += negatives[s, i]
            past_n += scored[s, i]
            valid += 1
        whole[s, 4] = past_k
        whole[s, 5] = past_n
        whole[s, 6] = valid
        real[s, 1] = np.nan
        # half a negative more on either side keeps the share off 0 and 1
        share = (past_k + 0.5) / (past_n + 1.0)
        spread_days = 0
        items = 0.0
        for i in range(restart, last):
            if not usable[s, i] or scored[s, i] < MIN_SPREAD_SCORED:
                continue
            if segments[s, i] != segments[s, step]:
                continue
            if flagged[s, i] and not has_shift:
                continue
            expected = scored[s, i] * share
            excess = negatives[s, i] - expected
            residuals[spread_days] = excess * excess / (expected * (1.0 - share))
            items += scored[s, i]
            spread_days += 1
        if spread_days < 3:
            continue
        ordered = np.sort(residuals[:spread_days])
        kept = kept_of[spread_days]
        spread = ordered[:kept].mean() / kept_mean[spread_days]
        mean_items = items / spread_days
        rho = (spread - 1.0) / max(mean_items - 1.0, 1.0)
        real[s, 1] = min(max(rho, 0.0), 0.5)


def trailing_shares(
    negatives: Ints,
    scored: Ints,
    authors: Ints,
    usable: Bools,
    flagged: Bools,
    segments: Ints,
    step: int,
    *,
    window: int = 56,
    pool: int = 7,
    floor: int = 30,
) -> ShareBaseline:
    """Compute the trailing baseline of every series' share at one day.

    Parameters
    ----------
    negatives, scored : (series, days) int64
        Counts, an author's weight capped.
    authors : (series, days) int64
        Authors of the negatives; −1 where unknown.
    usable : (series, days) bool
        Days that may enter a baseline.
    flagged : (series, days) bool
        Days whose share was found up; they stay out of the baseline.
    segments : (series, days) int64
        Version of the tracker's query.
    step : int
        The day to test; later columns are not read.
    window, pool, floor : int
        Days of the baseline, most days to pool, scored items to reach.
    """
    count = negatives.shape[0]
    whole = np.zeros((count, 7), np.int64)
    real = np.zeros((count, 2), np.float64)
    _trailing_shares(
        negatives,
        scored,
        authors,
        usable,
        flagged,
        segments,
        step,
        window,
        pool,
        floor,
        SPREAD_DAYS,
        KEPT,
        KEPT_MEAN,
        whole,
        real,
    )
    return ShareBaseline(
        negatives=whole[:, 0],
        scored=whole[:, 1],
        authors=whole[:, 2],
        pooled_days=whole[:, 3],
        clustering=real[:, 0],
        past_negatives=whole[:, 4],
        past_scored=whole[:, 5],
        valid_days=whole[:, 6],
        rho=real[:, 1],
    )


def predictive_tail(
    base: ShareBaseline, share: Floats, rho: Floats
) -> tuple[Floats, Floats]:
    """Give the upper tail of today's negatives and the overdispersion it takes.

    The estimated share errs too: with m baseline days of n̄ items its variance adds
    (rho + 1 / n̄) / m to the overdispersion.

    Returns
    -------
    upper, used_rho : (series,) float64
        ``P(K ≥ negatives)`` and the overdispersion that it was taken with.
    """
    days = np.maximum(base.valid_days, 1).astype(np.float64)
    items = np.maximum(base.past_scored / days, 1.0)
    used = np.minimum(rho * base.clustering + (rho + 1.0 / items) / days, 0.9)
    return beta_binomial_upper_tail(base.negatives, base.scored, share, used), used
