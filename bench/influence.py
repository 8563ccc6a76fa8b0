"""Influence: the F-tests of all ordered pairs of 44 cities, 50 styles and 8 lags.

Ours starts from logit shares and ends with every F; the alternative is a pair of
regressions by statsmodels for each test, timed on a sample. See also
`bench.influence_calibration`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from bench import Row
from trendlab.signals.influence.pairs import (
    Leads,
    design_styles,
    longest_lag,
    run_pair_tests,
    steady_terms,
)
from trendlab.signals.influence.panel import Panel

CITIES, STYLES, WEEKS = 44, 50, 156
SAMPLE = 60
REPEATS = 5
MAX_SECONDS = 1.5
MAX_DIFFERENCE = 1e-8


def made_panel(
    styles=STYLES, cities=CITIES, weeks=WEEKS, missing=0.0, seed=0, memory=0.6
) -> Panel:
    """Draw standardised series that remember, with a share of weeks missing."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(styles, cities, weeks))
    for week in range(1, weeks):
        values[:, :, week] += memory * values[:, :, week - 1]
    seen = (rng.random(values.shape) >= missing).astype(float)
    mean = (values * seen).sum(axis=2, keepdims=True) / seen.sum(axis=2, keepdims=True)
    values = (values - mean) * seen
    values /= np.sqrt(
        (values**2).sum(axis=2, keepdims=True) / seen.sum(axis=2, keepdims=True)
    )
    return Panel(
        tuple(f"style-{at:02d}" for at in range(styles)),
        tuple(f"city-{at:02d}" for at in range(cities)),
        np.datetime64("2020-01-06"),
        values,
        seen,
        0,
    )


def reference_tests(values, seen, order, lags, source, target):
    """Give F of each lag alone, and of lags 1 to k, by statsmodels, from the words.

    Values and seen are (cities, weeks), of one style.
    """
    import statsmodels.api as sm

    season = steady_terms(values.shape[1])
    others = [at for at in range(len(values)) if at not in (source, target)]
    # fewer than three others are no world: their mean is not removed
    has_world = seen[others].sum(axis=0).max() >= 3
    count = seen[others].sum(axis=0)
    mean = np.where(count >= 3, values[others].sum(axis=0) / np.maximum(count, 1), 0)

    def back(series, weeks):
        return np.concatenate([np.zeros(weeks), series[: len(series) - weeks]])

    def controls(city):
        own = [back(values[city], lag) for lag in range(1, order + 1)]
        world = [back(mean, lag) for lag in range(order + 1)] if has_world else []
        rows = np.array(
            [
                week >= order and seen[city, week - order : week + 1].all()
                for week in range(values.shape[1])
            ]
        )
        return np.array([*season, *own, *world]).T, rows

    design, rows = controls(source)
    news = np.zeros(values.shape[1])
    news[rows] = sm.OLS(values[source][rows], design[rows]).fit().resid
    led = np.array([back(news, lag) for lag in range(1, lags + 1)]).T
    design, rows = controls(target)
    base = sm.OLS(values[target][rows], design[rows]).fit()
    alone, joint = [], []
    for lag in range(lags):
        for chosen, into in (([lag], alone), (list(range(lag + 1)), joint)):
            whole = np.column_stack([design, led[:, chosen]])[rows]
            fitted = sm.OLS(values[target][rows], whole).fit()
            into.append(float(fitted.compare_f_test(base)[0]))
    return np.array(alone), np.array(joint)


def run_all(panel):
    """From the panel to all F-tests."""
    designs = design_styles(panel)
    leads = [Leads.of(design) for design in designs]
    return designs, run_pair_tests(designs, leads, longest_lag(panel.weeks_count))


def rows(scale: float = 1.0) -> Iterator[Row]:
    """Time ours, warm, and the alternative on a sample; compare their F."""
    panel = made_panel(max(1, round(STYLES * scale)))
    run_all(made_panel(1))
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        designs, tests = run_all(panel)
        seconds.append(time.perf_counter() - started)
    lags = tests.t.shape[-1]
    tests_count = len(panel.styles) * CITIES * (CITIES - 1) * lags
    rng = np.random.default_rng(1)
    difference = 0.0
    started = time.perf_counter()
    for _ in range(SAMPLE):
        style = int(rng.integers(len(panel.styles)))
        source, target = (int(at) for at in rng.permutation(CITIES)[:2])
        alone, joint = reference_tests(
            panel.values[style],
            panel.seen[style],
            designs[style].order,
            lags,
            source,
            target,
        )
        for ours, theirs in (
            (tests.t[style, source, target] ** 2, alone),
            (tests.joint[style, source, target], joint),
        ):
            gap = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1.0)
            difference = max(difference, float(gap.max()))
    # the sample ran each lag alone and jointly, as ours did
    apart = (time.perf_counter() - started) / SAMPLE * tests_count / lags
    best = min(seconds)
    yield Row(
        f"influence: {tests_count:,} F-tests of one lag, and as many of lags 1 to k",
        f"{best:.2f} s (median {np.median(seconds):.2f})",
        f"statsmodels OLS {apart:,.0f} s, from {SAMPLE} pairs",
        best / apart,
        None,
        f"≤ {MAX_SECONDS} s on 2 cores",
        best <= MAX_SECONDS,
    )
    yield Row(
        f"influence: F against statsmodels, {SAMPLE * lags * 2} tests",
        f"largest difference {difference:.1e}",
        "",
        None,
        None,
        f"≤ {MAX_DIFFERENCE:g}",
        difference <= MAX_DIFFERENCE,
    )
