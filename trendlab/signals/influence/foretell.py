"""Forecasts of followers with and without their leaders, walked through the history.

Edges, scales and weights of a forecast come from the weeks before it alone: nothing
that happened later can have chosen whom to believe.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import special

from trendlab.errors import SignalError
from trendlab.signals.influence import kernels
from trendlab.signals.influence.edges import InfluenceRule, Kept, mark_edges
from trendlab.signals.influence.kernels import Bools, Floats
from trendlab.signals.influence.pairs import StyleDesign, season_terms
from trendlab.signals.influence.panel import Cube, Panel, mean_and_spread, standardise
from trendlab.signals.influence.timing import RIDGE

# A year: from less, a yearly wave can hardly be told from a lead.
FIRST_FIT_WEEKS = 52
# A quarter between searches for edges: the search is what costs, and one quarter more
# of two or three years changes few edges.
REFIT_WEEKS = 13
# Fewer weeks a term than this, and a fit says more of its noise than of the series.
WEEKS_A_TERM = 2

Counts = npt.NDArray[np.int64]
Row = TypeVar("Row", Floats, Bools)

WALKED = pl.Schema(
    {
        "style": pl.String(),
        "target": pl.String(),
        "sources": pl.List(pl.String()),
        "origin": pl.Int64(),
        "weeks_ahead": pl.Int64(),
        "error_without": pl.Float64(),
        "error_with": pl.Float64(),
        "scale": pl.Float64(),
    }
)
"""One row per series, origin (number of weeks known) and week ahead that a leader
reaches. Errors: absolute, of the share. `scale`: mean absolute change of the share from
week to week before the first origin of the fit."""


Marker = Callable[[Panel, InfluenceRule], tuple[list[Kept], list[StyleDesign]]]
"""Gives the edges of a panel and the designs of its styles."""


def walk_forecasts(
    cube: Cube, rule: InfluenceRule, *, mark: Marker = mark_edges
) -> pl.DataFrame:
    """Forecast every series with a leader, as could have been done week by week.

    Parameters
    ----------
    cube : Cube
        Shares; the last week is the last that can be forecast.
    rule : InfluenceRule
        What makes an edge.
    mark : Marker
        Whom to believe; another one than the default is for trials.

    Returns
    -------
    polars.DataFrame
        `WALKED`; no rows where nobody was seen to lead, or the history is shorter than
        a year.

    Notes
    -----
    From the middle of the history on (not before a year), edges are searched and
    weights fitted every `REFIT_WEEKS`; forecasts start every week. The forecast of
    week t, h weeks ahead, is direct: least squares of the standardised logit on the
    yearly waves, the target's own weeks t − h, …, t − h − p + 1 and the mean of all
    other cities in these weeks; *with* leaders, also on each leader's week t − L, L the
    edge's lag. Beyond the lag a leader's week is itself not known yet. Its forecast
    would be made of the leader's season and past, and brings no news: the term is left
    out there, both forecasts are the same, and there is nothing to compare.
    """
    weeks_count = cube.share.shape[2]
    first = max(FIRST_FIT_WEEKS, weeks_count // 2)
    logits, seen = cube.logits(rule.min_looks)
    parts = [WALKED.to_frame()]
    for fit in range(first, weeks_count, REFIT_WEEKS):
        try:
            panel = standardise(cube.until(fit), min_looks=rule.min_looks)
        except SignalError:  # too little was known by then to look for edges
            continue
        edges, designs = mark(panel, rule)
        if edges:
            known = _Known.at(fit, cube, panel, logits, seen)
            parts += _forecast_quarter(known, edges, designs)
    return pl.concat(parts)


@dataclass(frozen=True)
class _Known:
    """All weeks on the scale of those before a fit.

    Parameters
    ----------
    fit : int
        Number of weeks that edges, scales and weights may know.
    cube : Cube
        Shares of all weeks.
    values : (styles, cities, weeks) float64
        Standardised logits, 0 where not observed.
    seen : (styles, cities, weeks) float64
        1 where observed and testable at the fit.
    mean, spread : (styles, cities) float64
        Of the logits before the fit.
    """

    fit: int
    cube: Cube
    values: Floats
    seen: Floats
    mean: Floats
    spread: Floats

    @classmethod
    def at(
        cls, fit: int, cube: Cube, panel: Panel, logits: Floats, seen: Bools
    ) -> _Known:
        usable = panel.usable
        mean, spread = mean_and_spread(logits[:, :, :fit], seen[:, :, :fit])
        spread = np.where(usable, spread, 1.0)
        kept = seen & usable[:, :, None]
        values = (logits - mean[:, :, None]) / spread[:, :, None]
        return cls(
            fit, cube, np.where(kept, values, 0.0), kept.astype(float), mean, spread
        )


@dataclass(frozen=True)
class _Followers:
    """Series with a leader at one fit; leaders are padded to the most of any.

    Parameters
    ----------
    style, target, order : (series,) int64
    leader, lag : (series, leaders) int64
        Lag 0: no such leader.
    world : (series, weeks) float64
        Mean of all other cities.
    """

    style: Counts
    target: Counts
    order: Counts
    leader: Counts
    lag: Counts
    world: Floats

    @classmethod
    def of(
        cls, known: _Known, edges: list[Kept], designs: list[StyleDesign]
    ) -> _Followers:
        led: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for edge in edges:
            led[edge.style, edge.target].append((edge.source, edge.lag))
        most = max(map(len, led.values()))
        pairs = np.zeros((len(led), most, 2), np.int64)
        for at, leaders in enumerate(led.values()):
            pairs[at, : len(leaders)] = leaders
        style, target = np.array(list(led), np.int64).T
        worlds = [
            kernels.mean_of_others(known.values[s], known.seen[s], t, t) for s, t in led
        ]
        order = np.array([designs[each].order for each in style])
        return cls(style, target, order, pairs[..., 0], pairs[..., 1], np.stack(worlds))


def _forecast_quarter(
    known: _Known, edges: list[Kept], designs: list[StyleDesign]
) -> list[pl.DataFrame]:
    """Forecast from every week until the next search, all weeks ahead within lags."""
    followers = _Followers.of(known, edges, designs)
    # no trend: a straight line fits the past and carries on too far
    waves = len(season_terms(known.fit))
    scale = _week_change(known, followers)
    parts = []
    for ahead in range(1, int(followers.lag.max()) + 1):
        terms, rows = _terms(known, followers, waves, ahead)
        used = followers.lag >= ahead
        is_trained = rows.copy()
        is_trained[:, known.fit :] = False
        needed = WEEKS_A_TERM * (waves + 2 * followers.order + used.sum(axis=1))
        is_asked = (is_trained.sum(axis=1) > needed) & used.any(axis=1) & (scale > 0)
        end = min(known.fit + REFIT_WEEKS + ahead - 1, rows.shape[1])
        is_told = rows & is_asked[:, None]
        is_told[:, : known.fit + ahead - 1] = False
        is_told[:, end:] = False
        bare = terms.copy()
        bare[:, terms.shape[1] - used.shape[1] :] = 0.0
        errors = [_errors(known, followers, each, is_trained) for each in (bare, terms)]
        series, week = np.nonzero(is_told)
        parts.append(
            pl.DataFrame(
                {
                    "style": np.array(known.cube.styles)[followers.style[series]],
                    "target": np.array(known.cube.cities)[followers.target[series]],
                    "sources": [
                        _sources(known, followers, each, used)
                        for each in series.tolist()
                    ],
                    "origin": week - ahead + 1,
                    "weeks_ahead": np.full(len(series), ahead),
                    "error_without": errors[0][series, week],
                    "error_with": errors[1][series, week],
                    "scale": scale[series],
                },
                schema=WALKED,
            )
        )
    return parts


def _terms(
    known: _Known, followers: _Followers, waves: int, ahead: int
) -> tuple[Floats, Bools]:
    """Give what is known `ahead` weeks before each week, and the weeks it is whole.

    Returns
    -------
    terms : (series, terms, weeks) float64
        Waves, own past, world's past, leaders; 0 where a series has no such term.
    rows : (series, weeks) bool
        The week and the own past that its forecast needs are observed.
    """
    own = known.values[followers.style, followers.target]
    seen = known.seen[followers.style, followers.target] > 0
    count, weeks = own.shape
    season = np.broadcast_to(season_terms(weeks)[:waves], (count, waves, weeks))
    rows = seen.copy()
    pasts = []
    for back in range(int(followers.order.max())):
        is_term = (followers.order > back)[:, None]
        pasts += [
            _later(each, ahead + back) * is_term for each in (own, followers.world)
        ]
        rows &= _later(seen, ahead + back) | ~is_term
    led = known.values[followers.style[:, None], followers.leader]
    since = np.arange(weeks) - followers.lag[:, :, None]
    led = np.take_along_axis(led, np.maximum(since, 0), axis=2)
    led = led * (since >= 0) * (followers.lag >= ahead)[:, :, None]
    return np.concatenate([season, np.stack(pasts, axis=1), led], axis=1), rows


def _later(series: Row, weeks: int) -> Row:
    """Move each row `weeks` later; what came before its first week is 0 or false."""
    moved = np.zeros_like(series)
    moved[:, weeks:] = series[:, : series.shape[1] - weeks]
    return moved


def _errors(
    known: _Known, followers: _Followers, terms: Floats, is_trained: Bools
) -> Floats:
    """Fit on the weeks before the fit; give |share − forecast| of all, series × weeks.

    The forecast is the share at the expected logit, its median; the mean of a share
    would lie a little nearer to one half.
    """
    own = known.values[followers.style, followers.target]
    trained = terms * is_trained[:, None, :]
    gram = trained @ trained.transpose(0, 2, 1)
    # also what a series has no term for (a column of zeros) can be solved, to 0
    gram += RIDGE * known.fit * np.eye(gram.shape[1])
    weights = np.linalg.solve(gram, trained @ own[:, :, None])
    told = (weights * terms).sum(axis=1)
    place = followers.style, followers.target
    logit = known.mean[place][:, None] + told * known.spread[place][:, None]
    return np.asarray(np.abs(known.cube.share[place] - special.expit(logit)))


def _week_change(known: _Known, followers: _Followers) -> Floats:
    """Give the mean absolute change from week to week before the fit, 0 if unknown."""
    place = followers.style, followers.target
    share = np.where(known.seen[place] > 0, known.cube.share[place], np.nan)
    change = np.abs(np.diff(share[:, : known.fit], axis=1))
    count = (~np.isnan(change)).sum(axis=1)
    return np.asarray(np.nansum(change, axis=1) / np.maximum(count, 1))


def _sources(
    known: _Known, followers: _Followers, series: int, used: Bools
) -> list[str]:
    places = followers.leader[series, used[series]].tolist()
    return [known.cube.cities[place] for place in places]
