"""Does knowing who leads help to forecast, where it is planted and where it is not?

Run: ``python -m bench.influence_forecasts [--seeds 50] [--first-seed 20000]``. Each
line is so many worlds of 44 cities and 156 weeks (see `bench.influence_worlds`), one
style each. In the last line, every edge found in a planted world is given to a city
that leads nobody: what a useless leader costs, and how often it is called a gain.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from scipy import stats

from bench.influence_worlds import NULLS, World, null_world, planted_world
from trendlab.signals.influence import InfluenceRule
from trendlab.signals.influence.edges import mark_edges
from trendlab.signals.influence.foretell import Marker, walk_forecasts
from trendlab.signals.influence.gains import ALL, judge_forecasts
from trendlab.signals.influence.panel import read_cube

PLANTED = {
    "planted, 10,000 looks a week": {},
    "planted, 1,000 looks": {"looks": 1_000},
    "planted, weight 0.35": {"weight": 0.35},
    "planted, memory 0.8": {"memory": 0.8},
    "planted, 104 weeks": {"weeks": 104},
}


@dataclass(frozen=True)
class Told:
    """What one world gave: the row over all its series, and series by verdict."""

    whole: dict[str, object] | None
    series: tuple[str, ...]


def tell(world: World, mark: Marker = mark_edges) -> Told:
    """Forecast with and without leaders."""
    rows = pa.Table.to_pylist(
        judge_forecasts(
            walk_forecasts(read_cube(world.series()), InfluenceRule(), mark=mark)
        )
    )
    totals = [row for row in rows if row["is_total"]]
    whole = next((row for row in totals if row["target"] == ALL), None)
    return Told(whole, tuple(row["verdict"] for row in totals if row["target"] != ALL))


def strangers_of(world: World) -> Marker:
    """Give every edge found to a city that neither leads nor follows."""
    taken = {name for pair in world.planted for name in pair}

    def mark(panel, rule):
        edges, designs = mark_edges(panel, rule)
        others = [at for at, name in enumerate(panel.cities) if name not in taken]
        given = [
            replace(edge, source=others[at % len(others)])
            for at, edge in enumerate(edges)
        ]
        return given, designs

    return mark


def line(name: str, draw: Callable[[int], Told], seeds: range) -> str:
    """Give one line of the table."""
    worlds = [draw(seed) for seed in seeds]
    asked = [world.whole for world in worlds if world.whole is not None]
    better = sum(whole["verdict"] == "better" for whole in asked)
    worse = sum(whole["verdict"] == "worse" for whole in asked)
    low, high = stats.binomtest(better, len(worlds)).proportion_ci(method="exact")
    verdicts = [verdict for world in worlds for verdict in world.series]
    cells = [
        name,
        str(len(worlds)),
        str(len(asked)),
        f"{better / len(worlds):.0%} ({low:.1%}–{high:.1%})",
        f"{worse / len(worlds):.0%}",
        f"{verdicts.count('better')}, {verdicts.count('worse')} of {len(verdicts)}",
        *_errors(asked),
    ]
    return f"| {' | '.join(cells)} |"


def _errors(asked: list[dict]) -> tuple[str, str]:
    """Give the mean MASE without and with, and the gain with its interval."""
    if len(asked) < 2:
        return "", ""
    without, with_leaders, gains = (
        np.array([whole[name] for whole in asked], float)
        for name in ("mase_without", "mase_with", "gain")
    )
    mean, error = gains.mean(), stats.sem(gains)
    low, high = stats.t.interval(0.95, len(gains) - 1, mean, error)
    return (
        f"{without.mean():.3f}, {with_leaders.mean():.3f}",
        f"{mean:.3f} ({low:.3f} to {high:.3f})",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=20_000)
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    print(
        "| world | worlds | with a forecast | called better | called worse | "
        "series better, worse | MASE without, with | gain |\n" + "|---" * 8 + "|"
    )
    for at, kind in enumerate(NULLS):

        def null(seed: int, at: int = at, kind: str = kind) -> Told:
            return tell(null_world(kind, np.random.default_rng([at, seed])))

        print(line(kind, null, seeds), flush=True)
    for name, given in PLANTED.items():

        def planted(seed: int, given: dict = given) -> Told:
            return tell(planted_world(np.random.default_rng([9, seed]), **given))

        print(line(name, planted, seeds), flush=True)

    def useless(seed: int) -> Told:
        # few edges, so that some cities neither lead nor follow
        world = planted_world(np.random.default_rng([9, seed]), edges=10)
        return tell(world, strangers_of(world))

    print(line("leaders replaced by strangers", useless, seeds), flush=True)


if __name__ == "__main__":
    main()
