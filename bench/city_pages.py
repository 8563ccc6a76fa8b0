"""The weekly pages on as many cities and values as there may be.

``python -m bench.city_pages --home NEW`` draws three years of weekly shares of 44
cities and 50 values (looks of a city-week between 40 and 4,000, seasons, slopes, ten
planted events and ten planted edges), computes the weekly models from them with the
code of the night, loads the warehouse and renders `city_trends` and `influence`. It
prints how long each takes and how large the pages are, and leaves them in
`NEW/reports`.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench.night_lake import table_of
from trendlab.lake import Lake
from trendlab.places.cities import seed_cities
from trendlab.settings import Settings
from trendlab.signals.trends import COUNTS, LOOKS, share_city_weeks
from trendlab.steps.city_trends import CITY_TRENDS
from trendlab.steps.influence import INFLUENCE
from trendlab.steps.load import load_warehouse, make_marts
from trendlab.steps.report import write_report
from trendlab.steps.spans import split_by_day
from trendlab.steps.step import Context
from trendlab.steps.trend_forecasts import TREND_FORECASTS

LAST_WEEK = date(2026, 2, 23)
WEEKS = 156
VALUES = {
    "garment": 13,
    "fine_category": 17,
    "colour": 12,
    "style": 8,
}
# Words as long as those of real values.
WORDS = ("wide", "cropped", "pleated", "ribbed", "belted", "quilted", "faded")
MODEL, TRACKER = "drawn", "all"
# Looks of a city-week, from the largest city to the smallest.
MOST_LOOKS, FEWEST_LOOKS = 4_000, 40
# Logits: a week's own surprise, and how much of the last one is left.
SURPRISE, MEMORY = 0.12, 0.5
EVENTS, EDGES, LAG, WEIGHT = 10, 10, 3, 0.6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Drawn:
    """Looks (cities, weeks) and those with each value (cities, values, weeks)."""

    cities: list[str]
    values: list[tuple[str, str]]
    looks: npt.NDArray[np.int64]
    hits: npt.NDArray[np.int64]


def draw(seed: int) -> Drawn:
    """Draw shares that drift, have seasons and slopes, jump and lead each other."""
    rng = np.random.default_rng(seed)
    cities = seed_cities()["city"].to_pylist()
    values = [
        (kind, f"{WORDS[at % len(WORDS)]} {kind.replace('_', ' ')} {at + 1}")
        for kind, count in VALUES.items()
        for at in range(count)
    ]
    shape = (len(cities), len(values), WEEKS)
    week = np.arange(WEEKS)
    level = np.zeros(shape)
    surprises = rng.normal(0, SURPRISE, shape)
    pairs = [rng.permutation(len(cities))[:2] for _ in range(EDGES)]
    for at in range(1, WEEKS):
        level[..., at] = MEMORY * level[..., at - 1] + surprises[..., at]
        if at >= LAG:
            for value, (source, target) in enumerate(pairs):
                level[target, value, at] += WEIGHT * level[source, value, at - LAG]
    year = 2 * np.pi * week / 52.18
    season = rng.exponential(0.3, (1, len(values), 1)) * np.cos(
        year + rng.uniform(0, 2 * np.pi, (1, len(values), 1))
    )
    slope = rng.normal(0, 0.12, shape[:2])[..., None] * (week / 52.18)
    usual = rng.uniform(-3.5, -0.8, (1, len(values), 1)) + rng.normal(
        0, 0.3, (*shape[:2], 1)
    )
    share = 1 / (1 + np.exp(-(usual + season + slope + level)))
    for _ in range(EVENTS):
        place = tuple(rng.integers(0, most) for most in shape[:2])
        share[(*place, int(rng.integers(20, WEEKS)))] = rng.uniform(0.5, 0.9)
    size = np.geomspace(MOST_LOOKS, FEWEST_LOOKS, len(cities))
    looks = rng.poisson(rng.permutation(size)[:, None], (len(cities), WEEKS)) + 1
    return Drawn(cities, values, looks, rng.binomial(looks[:, None, :], share))


def counts_of(drawn: Drawn) -> pa.Table:
    """Give the counts as sql/lake/city_weeks.sql does, the city `all` among them."""
    first = np.datetime64(LAST_WEEK - timedelta(weeks=WEEKS - 1))
    names = np.array([*drawn.cities, "all"])
    pairs = [*drawn.values, (LOOKS, "")]
    counted = np.concatenate([drawn.hits, drawn.looks[:, None, :]], axis=1)
    counted = np.concatenate([counted, counted.sum(0, keepdims=True)])
    city, pair, week = np.indices(counted.shape).reshape(3, -1)
    return pa.table(
        [
            pa.array(first + 7 * week),
            pa.repeat(TRACKER, city.size),
            pa.array(names[city]),
            pa.repeat(MODEL, city.size),
            pa.array(np.array([kind for kind, _ in pairs])[pair]),
            pa.array(np.array([value for _, value in pairs])[pair]),
            pa.array(counted.ravel()),
        ],
        schema=COUNTS,
    )


def write_lake(context: Context, seed: int) -> None:
    """Write three years of weekly shares, and the day that the marts end with."""
    weeks = [LAST_WEEK - timedelta(weeks=ago) for ago in range(WEEKS)]
    days = [monday + timedelta(days=day) for monday in weeks for day in range(7)]
    covered = pa.table(
        {
            "tracker": pa.repeat(TRACKER, len(days)),
            "day": pa.array(days, pa.date32()),
            "is_partial": pa.array([False] * len(days)),
        }
    )
    shares = share_city_weeks(
        counts_of(draw(seed)),
        context.cities,
        covered,
        run_ids=dict.fromkeys(weeks, "drawn"),
    )
    context.lake.write_many("city_weeks", split_by_day(shares))
    for day in (min(days), max(days)):
        rows = table_of("activity", day, 1, tracker=TRACKER, city="all")
        context.lake.write("activity", day, rows)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long something took, and the processor time of it and its children."""
    started, worked = time.monotonic(), sum(os.times()[:4])
    yield
    print(
        f"{what}: {time.monotonic() - started:.1f} s, "
        f"{sum(os.times()[:4]) - worked:.1f} s of the processor",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder to make")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.home.exists():
        parser.error(f"--home wants a folder that is not there yet, got {given.home}")
    context = Context(
        settings=Settings(home=given.home),
        lake=Lake(given.home / "lake"),
        trackers=[],
        cities=seed_cities(),
    )
    with timed("drawing"):
        write_lake(context, given.seed)
    for step in (CITY_TRENDS, TREND_FORECASTS, INFLUENCE):
        with timed(step.name):
            parts = step.compute(context, [LAST_WEEK], {LAST_WEEK: "drawn"})
            for table, weeks in parts.items():
                context.lake.write_many(table, weeks)
    with timed("load and marts"):
        load_warehouse(context, None, None)
        make_marts(context, is_prepared=True)
    for notebook in ("city_trends", "influence"):
        with timed(f"page {notebook}"):
            page = write_report(context, None, None, notebook=notebook)
        print(f"  {page.stat().st_size / 1e6:.1f} MB: {page}", flush=True)


if __name__ == "__main__":
    main()
