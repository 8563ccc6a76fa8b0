"""Which cities lead which, by style, and how often chance alone would say so.

Influence here is lead–lag: what is new in one city helps to predict another some weeks
later, beyond that city's own past, the season and the mean of all other cities. It is
never a cause.

References
----------
Granger 1969, "Investigating causal relations by econometric models", Econometrica 37.
Haugh 1976, "Checking the independence of two covariance-stationary time series",
JASA 71: tests between what is new in each series.
Benjamini and Hochberg 1995, JRSS B 57.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from trendlab.signals.influence.kernels import MIN_OTHERS, Floats
from trendlab.signals.influence.marking import (
    FALSE_SHARE,
    Marked,
    controls_of,
    drop_shared_leaders,
    mark_pairs,
    news_columns,
    resampled_stability,
    walk_forward_change,
)
from trendlab.signals.influence.pairs import (
    PairTests,
    StyleDesign,
    design_styles,
    longest_lag,
    run_pair_tests,
)
from trendlab.signals.influence.panel import MIN_LOOKS, Panel, build_panel

EDGES = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
        pa.field("style", pa.string(), nullable=False),
        pa.field("lag_weeks", pa.int32(), nullable=False),
        pa.field("strength", pa.float64(), nullable=False),
        pa.field("q_value", pa.float64(), nullable=False),
        pa.field("delta_error", pa.float64(), nullable=False),
        pa.field("stability", pa.float64(), nullable=False),
    ]
)
"""One row per edge. `strength`: partial correlation at the lag, negative where the
target moves the other way; `delta_error`: relative change of the squared
walk-forward error (negative: better); `stability`: share of resamples with the same
lag and sign."""

SCORES = pa.schema(
    [
        pa.field("city", pa.string(), nullable=False),
        pa.field("style", pa.string(), nullable=False),
        pa.field("exerted", pa.float64(), nullable=False),
        pa.field("received", pa.float64(), nullable=False),
        pa.field("leads_count", pa.int32(), nullable=False),
        pa.field("follows_count", pa.int32(), nullable=False),
    ]
)
"""One row per city and style, and per city with style 'all'."""

ALL_STYLES = "all"


@dataclass(frozen=True)
class InfluenceRule:
    """What makes an edge; the defaults are the calibrated ones.

    Parameters
    ----------
    min_looks : int
        A city-week with fewer looks counts as missing.
    false_share : float
        Expected part of false ones among the marked pairs.
    """

    min_looks: int = MIN_LOOKS
    false_share: float = FALSE_SHARE


@dataclass(frozen=True)
class Influence:
    """What one run found.

    Parameters
    ----------
    edges : EDGES
        Sorted by style, source and target.
    pairs_count : int
        Ordered pairs tested, all styles.
    left_out_count : int
        Series (city × style) with too little to test.
    orders : dict of str to int
        The lag order of each style.
    is_world_removed : bool
        False where there are too few cities for a mean of the others.
    reversed_count : int
        Placebo: edges when time runs backwards.
    reversed_same_count : int
        How many of them run between the same cities in the same direction as an edge;
        such an edge is not a lead.
    permuted_count : int
        Placebo: edges when each city's news is another's, of another time.
    """

    edges: pa.Table
    pairs_count: int
    left_out_count: int
    orders: dict[str, int]
    is_world_removed: bool
    reversed_count: int
    reversed_same_count: int
    permuted_count: int


def find_edges(
    series: pa.Table,
    *,
    rng: np.random.Generator,
    rule: InfluenceRule | None = None,
    with_placebos: bool = True,
) -> Influence:
    """Find which cities lead which, in every style.

    Parameters
    ----------
    series : SERIES
        Weekly shares by city and style.
    rng : numpy.random.Generator
        For resamples and the permuted placebo.
    rule : InfluenceRule, optional
        What makes an edge.
    with_placebos : bool
        Run the same on time reversed and on cities permuted, and count.

    Returns
    -------
    Influence
        An empty input gives no edges.

    Raises
    ------
    SignalError
        If the history is too short or no two cities can be compared.
    """
    rule = rule or InfluenceRule()
    if series.num_rows == 0:
        return Influence(EDGES.empty_table(), 0, 0, {}, False, 0, 0, 0)
    panel = build_panel(series, min_looks=rule.min_looks)
    designs = design_styles(panel)
    own = [design.left for design in designs]
    marked, tests = _mark(panel, designs, own, rule)
    edges = _describe(panel, designs, own, marked, tests, rng)
    reversed_count = same_count = permuted_count = 0
    if with_placebos:
        backward = _backward(panel, rule)
        reversed_count = len(backward)
        forward = set(
            zip(
                edges["style"].to_pylist(),
                edges["source"].to_pylist(),
                edges["target"].to_pylist(),
                strict=True,
            )
        )
        same_count = len(forward & backward)
        strangers = _permuted(own, rng)
        permuted, _ = _mark(panel, designs, strangers, rule)
        permuted_count = len(_improving(designs, strangers, permuted))
    return Influence(
        edges,
        int((~np.isnan(marked.p)).sum()),
        panel.left_out_count,
        {style: each.order for style, each in zip(panel.styles, designs, strict=True)},
        len(panel.cities) - 2 >= MIN_OTHERS,
        reversed_count,
        same_count,
        permuted_count,
    )


def score_cities(edges: pa.Table, cities: list[str]) -> pa.Table:
    """Add up the strength that each city exerts and receives, by style and in all.

    Parameters
    ----------
    edges : EDGES
    cities : list of str
        Cities to list even if they have no edge, under style 'all'.

    Returns
    -------
    pa.Table
        `SCORES`, sorted by style and city. Sizes of strengths are summed, so leading
        in the opposite direction counts as leading.
    """
    totals: dict[tuple[str, str], list[float]] = {
        (ALL_STYLES, city): [0.0, 0.0, 0.0, 0.0] for city in cities
    }
    for row in edges.to_pylist():
        for style in (ALL_STYLES, row["style"]):
            for side, city in enumerate((row["source"], row["target"])):
                total = totals.setdefault((style, city), [0.0, 0.0, 0.0, 0.0])
                total[side] += abs(row["strength"])
                total[side + 2] += 1
    keys = sorted(totals)
    columns = [
        [city for _, city in keys],
        [style for style, _ in keys],
        *([totals[key][at] for key in keys] for at in range(4)),
    ]
    return pa.table(
        [
            pa.array(column).cast(field.type)
            for column, field in zip(columns, SCORES, strict=True)
        ]
        if keys
        else [pa.array([], field.type) for field in SCORES],
        schema=SCORES,
    )


def _mark(
    panel: Panel, designs: list[StyleDesign], sources: list[Floats], rule: InfluenceRule
) -> tuple[Marked, PairTests]:
    lags = longest_lag(panel.weeks_count)
    tests = run_pair_tests(designs, lags, sources)
    marked = mark_pairs(tests, panel.usable, false_share=rule.false_share)
    return drop_shared_leaders(marked, designs, sources, lags), tests


def _improving(
    designs: list[StyleDesign], sources: list[Floats], marked: Marked
) -> list[tuple[int, int, int, float]]:
    """Give the marked pairs that lower the walk-forward error, with its change."""
    found = []
    for style, source, target in np.argwhere(marked.is_marked).tolist():
        design = designs[style]
        lag = int(marked.lag[style, source, target])
        rows = design.rows[target]
        change = walk_forward_change(
            design.values[target],
            rows,
            design.known_before(source, target),
            news_columns(sources[style][source, target], rows, lag)[0],
        )
        if change < 0:
            found.append((style, source, target, change))
    return found


def _backward(panel: Panel, rule: InfluenceRule) -> set[tuple[str, str, str]]:
    """Give style, source and target of the edges when time runs backwards."""
    mirrored = panel.reversed_in_time()
    designs = design_styles(mirrored)
    own = [design.left for design in designs]
    marked, _ = _mark(mirrored, designs, own, rule)
    return {
        (panel.styles[style], panel.cities[source], panel.cities[target])
        for style, source, target, _ in _improving(designs, own, marked)
    }


def _permuted(own: list[Floats], rng: np.random.Generator) -> list[Floats]:
    """Give every source the news of another city, moved by half of the time."""
    strangers = []
    for left in own:
        cities, _, weeks = left.shape
        turn = rng.permutation(cities)
        other = np.empty(cities, np.int64)
        other[turn] = np.roll(turn, 1)  # one cycle, so nobody stays in place
        strangers.append(np.ascontiguousarray(np.roll(left[other], weeks // 2, axis=2)))
    return strangers


def _describe(
    panel: Panel,
    designs: list[StyleDesign],
    sources: list[Floats],
    marked: Marked,
    tests: PairTests,
    rng: np.random.Generator,
) -> pa.Table:
    lags = tests.t.shape[-1]
    rows = []
    for style, source, target, change in _improving(designs, sources, marked):
        design = designs[style]
        lag = int(marked.lag[style, source, target])
        t = float(tests.t[style, source, target, lag - 1])
        free = int(tests.free[style, source, target]) - 1
        stability = resampled_stability(
            design.left[target, source],
            design.rows[target],
            controls_of(design, source, target),
            news_columns(
                sources[style][source, target],
                design.rows[target],
                np.arange(1, lags + 1),
            ),
            lag,
            rng,
        )
        rows.append(
            {
                "source": panel.cities[source],
                "target": panel.cities[target],
                "style": panel.styles[style],
                "lag_weeks": lag,
                "strength": t / np.sqrt(t * t + free),
                "q_value": float(marked.q[style, source, target]),
                "delta_error": change,
                "stability": stability,
            }
        )
    return pa.Table.from_pylist(rows, schema=EDGES)
