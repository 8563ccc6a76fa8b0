"""From tests to marked pairs: many tests at once, and leaders that are shared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendlab.signals.influence.kernels import Bools, Floats
from trendlab.signals.influence.pairs import (
    Leads,
    PairTests,
    StyleDesign,
    delayed,
    f_tail,
    t_tail,
)

# Expected part of false ones among the marked pairs. The promise is 0.05; half of it
# leaves room for shares whose noise is not normal.
FALSE_SHARE = 0.025
# The chance below which a pair's news lets its level be tested. Where the news
# tests hold, no more pairs than that can be marked by chance, however far the levels
# drift: the promised 0.3 %.
NEWS_P = 0.003
# A marked pair must still say something next to the target's stronger leaders: the
# chance of its F there. Those marked through a third city have any p, so one in a
# thousand of them stays.
SHARED_LEADER_P = 0.001
# A leader's news reaches a target over some weeks; so many from its lag on are
# controlled when another leader of the same target is tested.
LEADER_WEEKS = 4
# Two looks at the same pair: the best lag or all jointly, then the news or the level.
WAYS = 2


@dataclass(frozen=True)
class Marked:
    """Pairs of one run, and what was found about all; indices into the panel.

    Parameters
    ----------
    p : (styles, sources, targets) float64
        Chance of so strong a test in a pair without influence; NaN if not tested.
    q : (styles, sources, targets) float64
        p after Benjamini and Hochberg, across all tested pairs.
    lag : (styles, sources, targets) int64
        Weeks of the t that is largest in size.
    is_marked : (styles, sources, targets) bool
    """

    p: Floats
    q: Floats
    lag: npt.NDArray[np.int64]
    is_marked: Bools


def false_discovery_q(p: Floats) -> Floats:
    """Adjust p-values by Benjamini and Hochberg (1995); NaN are not in the family."""
    flat: Floats = p.ravel()
    order = np.argsort(flat, kind="stable")  # NaN last
    count = int((~np.isnan(flat)).sum())
    q = np.full(flat.shape, np.nan)
    ranked = flat[order[:count]] * count / np.arange(1, count + 1)
    q[order[:count]] = np.minimum.accumulate(ranked[::-1])[::-1].clip(max=1.0)
    return q.reshape(p.shape)


def news_p(t: Floats, joint: Floats, free: Floats) -> Floats:
    """Give one p a pair: the best lag alone or all lags jointly, both paid for.

    Parameters
    ----------
    t : (..., lags) float64
        t of each lag alone.
    joint : (...,) float64
        F of all lags together.
    free : (...,) float64
        Weeks less controls.

    Notes
    -----
    One lag alone finds what travels in one step, all lags what spreads. Bonferroni
    over the lags, then over the two ways.
    """
    lags = t.shape[-1]
    better = np.minimum(best_lag_p(t, free), f_tail(joint, lags, free - lags))
    return np.asarray(np.minimum(1.0, WAYS * better))


def best_lag_p(t: Floats, free: Floats) -> Floats:
    """Give the chance of so large a t among all lags, by Bonferroni."""
    lags = t.shape[-1]
    smallest = t_tail(np.abs(t).max(axis=-1), free - 1)
    return np.asarray(np.minimum(1.0, lags * smallest))


def mark_pairs(
    tests: PairTests,
    usable: Bools,
    designs: list[StyleDesign],
    leads: list[Leads],
    *,
    false_share: float = FALSE_SHARE,
) -> Marked:
    """Mark pairs at a false discovery share across all styles and ordered pairs.

    A source's level says more about a target than its news alone, but two levels that
    drift agree by chance; so the level counts only where the news let it in.
    """
    lags = tests.t.shape[-1]
    pair = usable[:, :, None] & usable[:, None, :]
    pair &= ~np.eye(usable.shape[1], dtype=bool) & (tests.free > lags + 1)
    p = np.full(pair.shape, np.nan)
    p[pair] = news_p(
        tests.t[pair], tests.joint[pair][:, -1], tests.free[pair].astype(float)
    )
    is_let_in = pair & (p <= NEWS_P)
    lag = np.abs(tests.t).argmax(axis=-1) + 1
    p[pair & ~is_let_in] = 1.0
    for style, source, target in np.argwhere(is_let_in).tolist():
        course = leads[style].course(designs[style], source, target)
        t, free = level_tests(designs[style], course, source, target, lags)
        at = style, source, target
        level = float(best_lag_p(t, np.asarray(float(free))))
        p[at] = min(1.0, WAYS * min(float(p[at]), level))
    q = false_discovery_q(p)
    return Marked(p, q, lag, pair & (q <= false_share))


def lag_columns(series: Floats, rows: Floats, lags: npt.ArrayLike) -> Floats:
    """Give a series so many weeks before each row, (lags, weeks)."""
    columns = [delayed(series, int(lag)) for lag in np.atleast_1d(lags)]
    return np.asarray(np.array(columns) * rows)


def controls_of(design: StyleDesign, source: int, target: int) -> Floats:
    """Give the orthonormal controls of a target beside a source, (controls, weeks)."""
    own = design.bases[target, : design.ranks[target]]
    world = design.worlds[target, source, : design.world_ranks[target, source]]
    return np.concatenate([own, world])


def partial_tests(
    target: Floats, controls: Floats, columns: Floats, rows_count: int
) -> tuple[Floats, float, int]:
    """Test columns, each alone and all jointly, beyond controls of any kind.

    Returns
    -------
    t : (columns,) float64
    joint : float
        F of all.
    free : int
        Rows less controls.
    """
    basis, _ = np.linalg.qr(controls.T)
    left = target - basis @ (basis.T @ target)
    beyond = columns - (columns @ basis) @ basis.T
    free = rows_count - basis.shape[1]
    whole = float(left @ left)
    lengths = (beyond**2).sum(axis=1)
    shared = beyond @ left
    lengths = np.where(lengths > 1e-10, lengths, np.inf)
    t = shared / np.sqrt(lengths * (whole - shared**2 / lengths) / (free - 1))
    fitted = np.linalg.lstsq(beyond.T, left, rcond=None)[0]
    unexplained = float(((left - fitted @ beyond) ** 2).sum())
    spare = free - len(columns)
    joint = (whole - unexplained) / len(columns) / (unexplained / spare)
    return t, joint, free


def level_tests(
    design: StyleDesign, course: Floats, source: int, target: int, lags: int
) -> tuple[Floats, int]:
    """Give t of a source's level (weeks,) at each lag, and rows less controls."""
    rows = design.rows[target]
    t, _, free = partial_tests(
        design.left[target, source],
        controls_of(design, source, target),
        lag_columns(course, rows, np.arange(1, lags + 1)),
        int(rows.sum()),
    )
    return t, free


def drop_shared_leaders(
    marked: Marked, designs: list[StyleDesign], leads: list[Leads], lags: int
) -> Marked:
    """Unmark pairs that only pass on what a stronger leader of the target tells.

    If A leads B and B leads C, or A leads both, then A and C, or B and C, look like a
    pair as well. Leaders of one target are taken strongest first, each tested beside
    those before it, and at the end each beside all others.
    """
    kept = marked.is_marked.copy()
    lag = marked.lag.copy()
    styles, _, targets = kept.shape
    for style in range(styles):
        design = designs[style]
        for target in range(targets):
            leaders = np.flatnonzero(kept[style, :, target])
            if len(leaders) < 2:
                continue
            by_strength = np.argsort(marked.p[style, leaders, target], kind="stable")
            chosen: list[int] = []
            rows = design.rows[target]

            def beside(
                source: int,
                others: list[int],
                style: int = style,
                target: int = target,
                design: StyleDesign = design,
                rows: Floats = rows,
            ) -> tuple[float, int]:
                blocks = [controls_of(design, source, target)]
                for other in others:
                    first = int(lag[style, other, target])
                    weeks = np.arange(first, min(first + LEADER_WEEKS, lags + 1))
                    blocks.append(
                        lag_columns(leads[style].news[other, target], rows, weeks)
                    )
                controls = np.concatenate(blocks)
                if rows.sum() - len(controls) <= 2 * lags:
                    return 1.0, 1
                own = lag_columns(
                    leads[style].news[source, target], rows, np.arange(1, lags + 1)
                )
                t, joint, free = partial_tests(
                    design.left[target, source], controls, own, int(rows.sum())
                )
                p = news_p(t, np.asarray(joint), np.asarray(float(free)))
                return float(p), int(np.abs(t).argmax()) + 1

            for source in leaders[by_strength].tolist():
                p, best = beside(source, chosen)
                if p <= SHARED_LEADER_P:
                    chosen.append(source)
                    lag[style, source, target] = best
            for source in list(chosen):
                others = [other for other in chosen if other != source]
                if others and beside(source, others)[0] > SHARED_LEADER_P:
                    chosen.remove(source)
            kept[style, :, target] = False
            kept[style, chosen, target] = True
    return Marked(marked.p, marked.q, lag, kept)
