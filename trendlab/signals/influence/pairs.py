"""Every ordered pair of cities of every style: F-tests, p-values, lags."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from trendlab.signals.influence import kernels
from trendlab.signals.influence.kernels import Floats
from trendlab.signals.influence.panel import Panel

# Weeks in a year: the period of the seasonal terms.
YEAR_WEEKS = 365.2425 / 7
# More waves a year would fit single weeks of a three-year history.
MAX_WAVES = 3
# One wave for every so many weeks: half a year holds one, a year and a half three.
WEEKS_A_WAVE = 26
# A rise that takes longer than two months to travel cannot be told from the season.
MAX_LAG_WEEKS = 8
# Weeks for each lag tested, so that a short history is asked for less.
WEEKS_A_LAG = 10


@dataclass(frozen=True)
class StyleDesign:
    """What one style's regressions share; see `kernels.own_bases` for the arrays.

    `season` is `steady_terms`; `left[x, y]` is what is new in x each week beside y.
    """

    order: int
    season: Floats
    values: Floats
    seen: Floats
    bases: Floats
    ranks: npt.NDArray[np.int64]
    rows: Floats
    left: Floats
    worlds: Floats
    world_ranks: npt.NDArray[np.int64]

    def known_before(self, source: int, target: int) -> Floats:
        """Give what is known of a target the week before, (terms, weeks).

        Trend, season, own past, and the mean of the cities but the two, without its
        present.
        """
        mean = kernels.mean_of_others(self.values, self.seen, source, target)
        past = range(1, self.order + 1)
        terms = [
            *self.season,
            *(delayed(self.values[target], lag) for lag in past),
            *(delayed(mean, lag) for lag in past),
        ]
        return np.asarray(np.array(terms) * self.rows[target])

    def course_of(self, source: int, target: int) -> Floats:
        """Give a source's level each week beyond season and world, 0 where missing."""
        mean = kernels.mean_of_others(self.values, self.seen, source, target)
        terms = [*self.season, *(delayed(mean, lag) for lag in range(self.order + 1))]
        seen = self.seen[source]
        basis, triangle = np.linalg.qr((np.array(terms) * seen).T)
        basis = basis[:, np.abs(np.diag(triangle)) > kernels.DEPENDENT]
        level = self.values[source]
        return np.asarray((level - basis @ (basis.T @ level)) * seen)


@dataclass(frozen=True)
class Leads:
    """What may lead in one style: the cities' own news, or a placebo made of it.

    Parameters
    ----------
    news : (cities, cities, weeks) float64
        ``news[a, b]``: what is new in a each week beside b.
    who : (cities,) int64
        Whose news stands in each city's place.
    shift_weeks : int
        How far it is moved.
    """

    news: Floats
    who: npt.NDArray[np.int64]
    shift_weeks: int

    @classmethod
    def of(cls, design: StyleDesign) -> Leads:
        """Take every city's own news."""
        return cls(design.left, np.arange(len(design.left)), 0)

    @classmethod
    def permuted(cls, design: StyleDesign, rng: np.random.Generator) -> Leads:
        """Put another city's news, moved by half of the time, in each one's place."""
        cities, _, weeks = design.left.shape
        turn = rng.permutation(cities)
        who = np.empty(cities, np.int64)
        who[turn] = np.roll(turn, 1)  # one cycle, so nobody stays in place
        news = np.roll(design.left[who], weeks // 2, axis=2)
        return cls(np.ascontiguousarray(news), who, weeks // 2)

    def course(self, design: StyleDesign, source: int, target: int) -> Floats:
        """Give the level that belongs to the news of a source beside a target."""
        course = design.course_of(int(self.who[source]), target)
        return np.roll(course, self.shift_weeks)


@dataclass(frozen=True)
class PairTests:
    """The tests of all ordered pairs, (styles, sources, targets[, lags]).

    Parameters
    ----------
    t : float64
        t of each lag alone, its sign the direction; t² is the lag's F.
    joint : float64
        F of the lags 1 to k + 1 together.
    free : int64
        Weeks less controls; the denominator has 1 (k + 1) fewer.
    """

    t: Floats
    joint: Floats
    free: npt.NDArray[np.int64]


def delayed(series: Floats, lag: int) -> Floats:
    """Move a series `lag` weeks later; what came before its first week is 0."""
    return np.concatenate([np.zeros(lag), series[: len(series) - lag]])


def season_terms(weeks_count: int) -> Floats:
    """Give the constant, and sines and cosines of the year, (terms, weeks)."""
    waves = max(1, min(MAX_WAVES, weeks_count // WEEKS_A_WAVE))
    angle = 2 * np.pi * np.arange(weeks_count) / YEAR_WEEKS
    terms = [np.ones(weeks_count)]
    for wave in range(1, waves + 1):
        terms += [np.sin(wave * angle), np.cos(wave * angle)]
    return np.array(terms)


def steady_terms(weeks_count: int) -> Floats:
    """Give the season and a straight trend, (terms, weeks): what needs no leader.

    Without the trend two cities that rise for reasons of their own look led by each
    other: neither own past nor the world's mean takes a straight line out whole.
    """
    constant, *waves = season_terms(weeks_count)
    return np.array([constant, np.arange(weeks_count) / YEAR_WEEKS, *waves])


def longest_lag(weeks_count: int) -> int:
    """Give the longest lag tested and the highest order tried, weeks."""
    return min(MAX_LAG_WEEKS, weeks_count // WEEKS_A_LAG)


def design_styles(panel: Panel) -> list[StyleDesign]:
    """Fit trend, season, own past, the world's mean; the order by BIC, one a style."""
    season = steady_terms(panel.weeks_count)
    top = longest_lag(panel.weeks_count)

    def design(style: int) -> StyleDesign:
        values, seen = panel.values[style], panel.seen[style]
        losses = kernels.order_losses(values, seen, season, top)
        order = int(np.argmin(losses)) + 1
        bases, ranks, rows = kernels.own_bases(values, seen, season, order)
        left, worlds, world_ranks = kernels.pair_innovations(
            values, seen, bases, ranks, rows, order
        )
        return StyleDesign(
            order,
            season,
            values,
            seen,
            bases,
            ranks,
            rows,
            left,
            worlds,
            world_ranks,
        )

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(design, range(len(panel.styles))))


def run_pair_tests(
    designs: list[StyleDesign], leads: list[Leads], lags: int
) -> PairTests:
    """Run the F-tests of all styles, pairs, lags and orders.

    Parameters
    ----------
    designs : list of StyleDesign
        One a style.
    leads : list of Leads
        What may lead, one a style.
    lags : int
        Longest lag, weeks.
    """

    def run(at: int) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        each = designs[at]
        found: tuple[Floats, Floats, npt.NDArray[np.int64]] = kernels.pair_tests(
            leads[at].news,
            each.left,
            each.bases,
            each.ranks,
            each.rows,
            each.worlds,
            each.world_ranks,
            lags,
        )
        return found

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        parts = list(threads.map(run, range(len(designs))))
    return PairTests(*(np.stack(column) for column in zip(*parts, strict=True)))


def t_tail(t: Floats, free: Floats) -> Floats:
    """Give the two-sided chance of a t at least as large, by the incomplete beta."""
    return np.asarray(special.betainc(free / 2, 0.5, free / (free + t * t)))


def f_tail(f: Floats, terms: int, free: Floats) -> Floats:
    """Give the chance of an F at least as large."""
    return np.asarray(special.fdtrc(terms, free, f))
