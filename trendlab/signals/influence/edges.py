"""Which cities lead which, by style, and how often chance alone would say so.

Influence here is lead–lag: what is new in one city helps to predict another some weeks
later, beyond that city's own past, trend and season and the mean of all other cities.
It is never a cause.

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

from trendlab.signals.influence.kernels import MIN_OTHERS
from trendlab.signals.influence.marking import (
    FALSE_SHARE,
    Marked,
    controls_of,
    drop_shared_leaders,
    lag_columns,
    mark_pairs,
)
from trendlab.signals.influence.pairs import (
    Leads,
    StyleDesign,
    design_styles,
    longest_lag,
    run_pair_tests,
)
from trendlab.signals.influence.panel import MIN_LOOKS, Panel, build_panel
from trendlab.signals.influence.timing import (
    resampled_stability,
    time_pair,
    walk_forward_change,
)

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

Names = tuple[str, str, str]
"""Style, source and target of an edge."""


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
    cities : tuple of str
        Those with a series that could be tested.
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
    reversed_same : frozenset of (style, source, target)
        Those of them that run between the same cities in the same direction as an
        edge; such an edge is not a lead.
    permuted_count : int
        Placebo: edges when each city's news is another's, of another time.
    """

    edges: pa.Table
    cities: tuple[str, ...]
    pairs_count: int
    left_out_count: int
    orders: dict[str, int]
    is_world_removed: bool
    reversed_count: int
    reversed_same: frozenset[Names]
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
        return Influence(EDGES.empty_table(), (), 0, 0, {}, False, 0, frozenset(), 0)
    panel = build_panel(series, min_looks=rule.min_looks)
    designs = design_styles(panel)
    own = [Leads.of(design) for design in designs]
    marked, found = _kept(panel, designs, own, rule)
    edges = _described(panel, designs, own, marked, found, rng)
    backward: set[Names] = set()
    permuted: list[Kept] = []
    if with_placebos:
        backward = _backward(panel, rule)
        strangers = [Leads.permuted(design, rng) for design in designs]
        _, permuted = _kept(panel, designs, strangers, rule)
    forward = {_names(panel, each) for each in found}
    return Influence(
        edges,
        tuple(np.array(panel.cities)[panel.usable.any(axis=0)].tolist()),
        int((~np.isnan(marked.p)).sum()),
        panel.left_out_count,
        {style: each.order for style, each in zip(panel.styles, designs, strict=True)},
        len(panel.cities) - 2 >= MIN_OTHERS,
        len(backward),
        frozenset(forward & backward),
        len(permuted),
    )


@dataclass(frozen=True)
class Kept:
    """An edge by indices into the panel."""

    style: int
    source: int
    target: int
    lag: int
    strength: float
    change: float


def mark_edges(
    panel: Panel, rule: InfluenceRule
) -> tuple[list[Kept], list[StyleDesign]]:
    """Give the edges of a panel without placebos or resamples, and the designs."""
    designs = design_styles(panel)
    leads = [Leads.of(each) for each in designs]
    return _kept(panel, designs, leads, rule)[1], designs


def _kept(
    panel: Panel, designs: list[StyleDesign], leads: list[Leads], rule: InfluenceRule
) -> tuple[Marked, list[Kept]]:
    """Mark pairs and keep those that lower the walk-forward error."""
    lags = longest_lag(panel.weeks_count)
    tests = run_pair_tests(designs, leads, lags)
    marked = mark_pairs(
        tests, panel.usable, designs, leads, false_share=rule.false_share
    )
    marked = drop_shared_leaders(marked, designs, leads, lags)
    kept = []
    for style, source, target in np.argwhere(marked.is_marked).tolist():
        design = designs[style]
        rows = design.rows[target]
        course = leads[style].course(design, source, target)
        lag, strength = time_pair(design, course, source, target, lags)
        change = walk_forward_change(
            design.values[target],
            rows,
            design.known_before(source, target),
            lag_columns(course, rows, lag)[0],
        )
        if change < 0:
            kept.append(Kept(style, source, target, lag, strength, change))
    return marked, kept


def _names(panel: Panel, edge: Kept) -> Names:
    return (
        panel.styles[edge.style],
        panel.cities[edge.source],
        panel.cities[edge.target],
    )


def _backward(panel: Panel, rule: InfluenceRule) -> set[Names]:
    """Give style, source and target of the edges when time runs backwards."""
    mirrored = panel.reversed_in_time()
    return {_names(panel, each) for each in mark_edges(mirrored, rule)[0]}


def _described(
    panel: Panel,
    designs: list[StyleDesign],
    leads: list[Leads],
    marked: Marked,
    kept: list[Kept],
    rng: np.random.Generator,
) -> pa.Table:
    lags = longest_lag(panel.weeks_count)
    rows = []
    for edge in kept:
        design = designs[edge.style]
        course = leads[edge.style].course(design, edge.source, edge.target)
        stability = resampled_stability(
            design.left[edge.target, edge.source],
            design.rows[edge.target],
            controls_of(design, edge.source, edge.target),
            lag_columns(course, design.rows[edge.target], np.arange(1, lags + 1)),
            edge.lag,
            rng,
        )
        style, source, target = _names(panel, edge)
        rows.append(
            {
                "source": source,
                "target": target,
                "style": style,
                "lag_weeks": edge.lag,
                "strength": edge.strength,
                "q_value": float(marked.q[edge.style, edge.source, edge.target]),
                "delta_error": edge.change,
                "stability": stability,
            }
        )
    return pa.Table.from_pylist(rows, schema=EDGES)
