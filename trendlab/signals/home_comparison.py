"""A G-test of homes whose counts vary more than by chance: by author, and by day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import chi2_contingency
from scipy.stats import f as f_distribution

# Homes outside the monitored cities, and those with too few posts for a cell.
OTHER = "other"
# Below five expected posts in a cell the chi-squared tail is no longer near.
MIN_EXPECTED = 5.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """A G-test of where the posts of an event and those of the days before are from.

    Parameters
    ----------
    statistic : float
        G, not yet divided by the dispersion.
    degrees : int
        Homes compared less one.
    dispersion : float
        How many times as much as independent posts the shares vary.
    p_value : float
        Upper tail of F at statistic / degrees / dispersion.
    """

    statistic: float
    degrees: int
    dispersion: float
    p_value: float


def pool_homes(authors: pl.DataFrame) -> list[str]:
    """Return the homes with `MIN_EXPECTED` posts expected in the event and before.

    Parameters
    ----------
    authors : polars.DataFrame
        home, observed, before.

    Returns
    -------
    list of str
        All others are to be pooled as `OTHER`. Where that pool is too small itself,
        the smallest home joins it and is not among these.
    """
    homes = (
        authors.group_by("home")
        .agg(
            pl.col("observed").sum(),
            pl.col("before").sum(),
            both=pl.col("observed").sum() + pl.col("before").sum(),
        )
        .sort("both", "home")
    )
    everything = float(homes["both"].sum())
    if everything == 0:
        return []
    # expected on the smaller side, if shares are the same on both
    part = min(homes["observed"].sum(), homes["before"].sum()) / everything
    pool = part * float(homes.filter(pl.col("home") == OTHER)["both"].sum())
    kept = []
    for home, both in homes.select("home", "both").iter_rows():
        if home == OTHER:
            continue
        if part * both < MIN_EXPECTED or 0 < pool < MIN_EXPECTED:
            pool += part * both
        else:
            kept.append(home)
    return kept


def compare_homes(authors: pl.DataFrame, days: pl.DataFrame) -> Comparison | None:
    """Test whether shares of homes are the same in an event and before it.

    Parameters
    ----------
    authors : polars.DataFrame
        home, observed (posts in the event), before (posts in the days before); one
        row per author, in a fixed order; float64 counts. Homes have been pooled.
    days : polars.DataFrame
        home, day, before; the same posts before by day.

    Returns
    -------
    Comparison or None
        None with fewer than two homes that have `MIN_EXPECTED` expected posts.

    Notes
    -----
    The likelihood-ratio (G) test of a 2 × homes table takes posts for independent.
    They are not: an author's have one home, and a city has its busy days. So G is
    divided by a dispersion, the greater of two that are measured:

    - of authors: with w = observed / n − before / m of an author and p the pooled
      share of a home, the difference of its shares varies by Σ w² (1[home] − p)²
      over authors, against what that sum would be if every post were an author's
      only one; added up over homes, weighed by 1 / p. The first-order correction of
      Rao and Scott [1]_; one author's hundred posts are no origin.
    - of days: Pearson's X² of each day before against all of them, by degrees of
      freedom. What exceeds 1 grows with the posts of a day, because a busy city adds
      a share and not a count.

    The dispersion is estimated, so the tail is that of F and not of chi-squared [2]_.
    It is at least 1: authors who post every day make shares vary less than chance,
    but the days are too few to rely on it.

    References
    ----------
    .. [1] J. N. K. Rao and A. J. Scott, "On chi-squared tests for multiway
       contingency tables with cell proportions estimated from survey data", Annals
       of Statistics 12 (1984), 46-60.
    .. [2] P. McCullagh and J. A. Nelder, "Generalized Linear Models", 2nd ed. (1989),
       section 4.5 (overdispersion).
    """
    of_event = authors["observed"].to_numpy()
    of_past = authors["before"].to_numpy()
    n, m = float(of_event.sum()), float(of_past.sum())
    if n == 0 or m == 0:
        return None
    # added up in the order of the rows, so that equal rows give equal bits
    names = authors["home"].unique().sort()
    at = authors["home"].cast(pl.Enum(names)).to_physical().to_numpy()
    table = np.array([np.bincount(at, of_event), np.bincount(at, of_past)])
    pooled = table.sum(axis=0) / (n + m)
    if len(pooled) < 2 or min(n, m) * pooled.min() < MIN_EXPECTED:
        return None
    by_author = _dispersion_by_author(of_event / n, of_past / m, at, table)
    day_counts = _day_counts(days, names.to_list())
    by_day = _dispersion_by_day(day_counts)
    if len(day_counts):
        by_day = 1.0 + (by_day - 1.0) * n * len(day_counts) / day_counts.sum()
    dispersion = max(1.0, by_author, by_day)
    degrees = len(pooled) - 1
    # rounding may leave a hair below 0 where the shares are the same
    statistic = max(
        0.0,
        float(
            chi2_contingency(
                table, correction=False, lambda_="log-likelihood"
            ).statistic
        ),
    )
    # the days that the dispersion was seen on; without two of them it is a guess of 1
    seen = degrees * max(len(day_counts) - 1, 1)
    p_value = float(f_distribution.sf(statistic / degrees / dispersion, degrees, seen))
    return Comparison(statistic, degrees, dispersion, p_value)


def _dispersion_by_author(
    event_part: Floats, past_part: Floats, at: npt.NDArray[np.intp], table: Floats
) -> float:
    """Return the design effect of authors as clusters.

    Parameters
    ----------
    event_part, past_part : (authors,) float64
        Each author's part of the posts of the event, and of those before.
    at : (authors,) int
        Home of each author.
    table : (2, homes) float64
        Posts of the event, and before.
    """
    n, m = table.sum(axis=1)
    pooled = table.sum(axis=0) / table.sum()
    square = np.bincount(at, (event_part - past_part) ** 2)
    single = table[0] / n**2 + table[1] / m**2
    varies, by_chance = (
        np.sum(((1 - pooled) ** 2 * own + pooled**2 * (own.sum() - own)) / pooled)
        for own in (square, single)
    )
    return float(varies / by_chance)


def _day_counts(days: pl.DataFrame, names: list[str]) -> Floats:
    """Return posts of each day with any, (days, homes) float64."""
    rank = {name: number for number, name in enumerate(names)}
    ordered = days["day"].unique().sort()
    counts = np.zeros((len(ordered), len(names)))
    row = ordered.search_sorted(days["day"]).to_numpy()
    column = np.array([rank[name] for name in days["home"].to_list()], dtype=np.intp)
    np.add.at(counts, (row, column), days["before"].to_numpy())
    has_posts = counts.sum(axis=1) > 0
    with_posts: Floats = counts[has_posts]
    return with_posts


def _dispersion_by_day(counts: Floats) -> float:
    """Return Pearson's X² of days by degrees of freedom; 1 with fewer than two days."""
    counts = counts[:, counts.sum(axis=0) > 0]
    rows, columns = counts.shape
    if rows < 2 or columns < 2:
        return 1.0
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    return float(
        np.sum((counts - expected) ** 2 / expected) / (rows - 1) / (columns - 1)
    )
