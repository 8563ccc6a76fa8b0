"""How often influence is found where there is none, and where it was planted.

Run: ``python -m bench.influence_calibration [--seeds 100] [--first-seed 0]``. Each
line is so many worlds of 44 cities and 156 weeks (see `bench.influence_worlds`), one
style each, with 95 % intervals over the worlds.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from scipy import stats

from bench.influence_worlds import NULLS, World, null_world, planted_world
from trendlab.signals.influence import find_edges

# Runs of white noise for the share of runs with any edge, whatever --seeds says.
MIN_WHITE_RUNS = 200
MAX_MARKED = 0.003
MAX_ANY = 0.05
MIN_FOUND, MIN_RIGHT_LAG, MAX_FALSE = 0.80, 0.85, 0.10
PLANTED = {
    "planted, 10,000 looks a week": {},
    "planted, 3,000 looks": {"looks": 3_000},
    "planted, 1,000 looks": {"looks": 1_000},
    "planted, weight 0.35": {"weight": 0.35},
    "planted, memory 0.8": {"memory": 0.8},
    "planted, 104 weeks": {"weeks": 104},
    "planted, 208 weeks": {"weeks": 208},
    "planted, 12 cities, 6 edges": {"cities": 12, "edges": 6},
}


@dataclass(frozen=True)
class Counted:
    """What one world gave."""

    pairs: int
    marked: int
    planted: int
    found: int
    right_lag: int
    permuted: int
    reversed: int
    reversed_same: int


def count(world: World) -> Counted:
    """Find edges and compare them with the planted ones."""
    result = find_edges(world.series(), rng=np.random.default_rng(0))
    lags = {
        (row["source"], row["target"]): row["lag_weeks"]
        for row in result.edges.to_pylist()
    }
    hits = lags.keys() & world.planted.keys()
    return Counted(
        result.pairs_count,
        len(lags),
        len(world.planted),
        len(hits),
        sum(lags[pair] == world.planted[pair] for pair in hits),
        result.permuted_count,
        result.reversed_count,
        len(result.reversed_same),
    )


def ratio(runs, above, below):
    """Give a ratio of sums and its interval, from resamples of whole worlds."""
    top = np.array([above(run) for run in runs], float)
    bottom = np.array([below(run) for run in runs], float)
    value = top.sum() / max(bottom.sum(), 1)
    if top.sum() == 0:  # the rule of three
        return value, 0.0, min(1.0, 3 / max(bottom.sum(), 1))
    drawn = np.random.default_rng(0).integers(0, len(runs), (2_000, len(runs)))
    many = top[drawn].sum(axis=1) / np.maximum(bottom[drawn].sum(axis=1), 1)
    return value, *np.quantile(many, [0.025, 0.975])


def percent(value, low, high, digits=1):
    return f"{value:.{digits}%} ({low:.{digits}%}–{high:.{digits}%})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument(
        "--first-seed", type=int, default=0, help="so that fresh worlds can be drawn"
    )
    options = parser.parse_args()
    seeds, first = options.seeds, options.first_seed
    is_kept = True
    print("| world | runs | pairs marked | runs with an edge | permuted |")
    print("|---|---|---|---|---|")
    for at, kind in enumerate(NULLS):
        runs_count = max(seeds, MIN_WHITE_RUNS) if at == 0 else seeds
        runs = [
            count(null_world(kind, np.random.default_rng([at, seed])))
            for seed in range(first, first + runs_count)
        ]
        marked = ratio(runs, lambda run: run.marked, lambda run: run.pairs)
        any_count = sum(run.marked > 0 for run in runs)
        exact = stats.binomtest(any_count, runs_count).proportion_ci(method="exact")
        permuted = ratio(runs, lambda run: run.permuted, lambda run: run.pairs)
        is_kept &= marked[0] <= MAX_MARKED
        is_kept &= at > 0 or any_count <= MAX_ANY * runs_count
        print(
            f"| {kind} | {runs_count} | {percent(*marked, 4)} | "
            f"{percent(any_count / runs_count, exact.low, exact.high)} | "
            f"{permuted[0]:.4%} |",
            flush=True,
        )
    print("\n| world | found | right lag | false among marked | permuted, reversed |")
    print("|---|---|---|---|---|")
    for at, (name, given) in enumerate(PLANTED.items()):
        runs = [
            count(planted_world(np.random.default_rng([9, seed]), **given))
            for seed in range(first, first + seeds)
        ]
        found = ratio(runs, lambda run: run.found, lambda run: run.planted)
        lag = ratio(runs, lambda run: run.right_lag, lambda run: run.found)
        false = ratio(runs, lambda run: run.marked - run.found, lambda run: run.marked)
        if at == 0:
            is_kept &= found[0] >= MIN_FOUND and lag[0] >= MIN_RIGHT_LAG
            is_kept &= false[0] <= MAX_FALSE
        marked = max(sum(run.marked for run in runs), 1)
        permuted = sum(run.permuted for run in runs) / marked
        same = sum(run.reversed_same for run in runs) / marked
        print(
            f"| {name} | {percent(*found)} | {percent(*lag)} | {percent(*false)} | "
            f"{permuted:.1%}, {same:.1%} of the marked |",
            flush=True,
        )
    sys.exit(0 if is_kept else 1)


if __name__ == "__main__":
    main()
