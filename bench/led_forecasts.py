"""What leaders would bring the weekly forecasts, in the weeks that a leader reaches.

Run: ``python -m bench.led_forecasts``. In worlds with planted edges every follower
known then is forecast from weeks of the last quarter of the history, up to its leader's
lag: by the light setting, as `trend_forecasts` does, and by least squares without and
with the leader, as `influence_forecasts` does. Errors are means over the same
forecasts, in units of the share's mean weekly change.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from bench.influence_worlds import FIRST_WEEK, World, planted_world
from trendlab.signals.forecast import forecast_series
from trendlab.signals.influence import InfluenceRule
from trendlab.signals.influence.foretell import walk_forecasts
from trendlab.signals.influence.pairs import MAX_LAG_WEEKS
from trendlab.signals.influence.panel import read_cube

PLANTED = {
    "planted, 10,000 looks a week": {},
    "planted, 1,000 looks": {"looks": 1_000},
    "planted, weight 0.35": {"weight": 0.35},
    "planted, memory 0.8": {"memory": 0.8},
}
# Weeks forecast from, of 156; every one has eight weeks to come.
ORIGINS = (120, 126, 132, 138, 144, 148)

Floats = npt.NDArray[np.float64]


def light_forecast(shares: Floats, origin: int) -> Floats:
    """Forecast all cities from the weeks before the origin, (cities, weeks ahead)."""
    weeks = FIRST_WEEK + 7 * np.arange(origin)
    names = [str(city) for city in range(len(shares))]
    known = [pa.array(weeks), *(pa.array(each[:origin]) for each in shares)]
    told = forecast_series(
        pa.Table.from_arrays(known, names=["week", *names]),
        horizon=MAX_LAG_WEEKS,
        setting="light",
        levels=[0.5],
    )
    return np.array([told.points[name].to_numpy() for name in names])


def errors_of(world: World) -> Floats:
    """Give the scaled errors, (forecasts, 3): light, without leaders, with them."""
    cube = read_cube(world.series())
    walked = walk_forecasts(cube, InfluenceRule())
    rows = []
    for origin in ORIGINS:
        mine = walked.filter(pl.col("origin") == origin)
        if mine.is_empty():
            continue
        light = light_forecast(cube.share[0], origin)
        for row in mine.iter_rows(named=True):
            city, ahead = cube.cities.index(row["target"]), row["weeks_ahead"]
            came = cube.share[0, city, origin + ahead - 1]
            error = abs(light[city, ahead - 1] - came)
            given = (error, row["error_without"], row["error_with"])
            rows.append([each / row["scale"] for each in given])
    return np.array(rows).reshape(-1, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=40_000)
    given = parser.parse_args()
    print("| world | forecasts | light | without leaders | with | with less light |")
    print("|---|---|---|---|---|---|")
    for name, options in PLANTED.items():
        worlds = [
            errors_of(planted_world(np.random.default_rng([9, seed]), **options))
            for seed in range(given.first_seed, given.first_seed + given.seeds)
        ]
        light, without, led = np.concatenate(worlds).mean(axis=0)
        gaps = [world[:, 2].mean() - world[:, 0].mean() for world in worlds]
        print(
            f"| {name} | {sum(map(len, worlds)):,} | {light:.3f} | {without:.3f} "
            f"| {led:.3f} | {min(gaps):.3f} to {max(gaps):.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
