"""Whether homes are told right, and how often a usual day is called unusual.

Simulated worlds, where everyone's home is known. Homes: as of the last week, of every
author whose home is told. Origin: the test of homes on the days of planted peaks, of
one city and of everywhere; and on every day of worlds in which nothing is planted. A
third table draws counts of authors who post in bursts, which the worlds have not, and
tests them with and without the correction for authors.

Run: ``python -m bench.origin_worlds [--worlds 10]`` (half a minute a world).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from scipy.stats import chi2

from bench.influencer_worlds import Tally
from trendlab.settings import Settings
from trendlab.signals.activity import tracker_zone_rows
from trendlab.signals.event_items import BASELINE_DAYS, EventDay
from trendlab.signals.evidence import Inputs
from trendlab.signals.home_comparison import compare_homes
from trendlab.signals.origin import ALPHA, origins_of
from trendlab.sources.world import World
from trendlab.steps.context import open_context
from trendlab.steps.engine import week_of
from trendlab.steps.event_inputs import EVENT_DAYS, gather_items
from trendlab.steps.order import run_steps
from trendlab.steps.signals import homes_of
from trendlab.steps.simulate import simulate_world
from trendlab.steps.step import Context
from trendlab.text.words import tokenize

STEPS = ("match", "sentiment", "activity", "author_homes")
WEEKS = 20
POSTS_PER_DAY = 220.0
# Homes are known of most authors after so long, and a baseline lies behind each day.
FIRST_EVENT_DAY = 91
# Counts of authors who post in bursts: authors, homes, and how many draws.
BURST_AUTHORS, BURST_HOMES, BURST_DRAWS = 300, 5, 4_000
MEAN_BURST = 3.0

NAMES = (
    "homes told by posts right",
    "homes told by a profile right",
    "authors from elsewhere not placed in a city",
    "authors of the last 28 days whose home is told",
    "peaks of one city: assessed",
    "peaks of one city: its authors named first (p ≤ 0.05)",
    "peaks of one city: verdict one_city",
    "peaks everywhere: called unusual",
    "null days of trackers: called unusual",
    "null days of 'all': called unusual",
    "null days of trackers: called unusual without the correction",
    "bursts: called unusual",
    "bursts: called unusual without the correction",
)


def main() -> None:
    """Run the worlds and print the tallies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=3_000)
    chosen = parser.parse_args()
    tallies = {name: Tally(name) for name in NAMES}
    for seed in range(chosen.first_seed, chosen.first_seed + chosen.worlds):
        for is_null in (False, True):
            print(f"world {seed}, null: {is_null}", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(prefix="trendlab-worlds-") as folder:
                measure_world(Path(folder), seed, tallies, is_null=is_null)
    measure_bursts(np.random.default_rng(chosen.first_seed), tallies)
    for tally in tallies.values():
        print(tally.line())


def measure_world(
    home: Path, seed: int, tallies: dict[str, Tally], *, is_null: bool
) -> None:
    """Simulate a world, run the steps, and count."""
    context = open_context(Settings(home=home), need_trackers=False)
    world = simulate_world(
        context.lake,
        home,
        weeks=WEEKS,
        posts_per_day=POSTS_PER_DAY,
        seed=seed,
        is_null=is_null,
    ).world
    context = open_context(Settings(home=home))
    run_steps(context, STEPS, None, None)
    if is_null:
        measure_null(context, world, tallies)
        return
    measure_homes(context, world, tallies)
    for peak in world.truth.peaks:
        rows = origins_on(context, peak.tracker, peak.apex_on)
        told = rows[0]
        if peak.cities:
            is_named = named_first(rows) in peak.cities and told["p_value"] is not None
            is_unusual = told["verdict"] in ("one_city", "shifted")
            tallies["peaks of one city: assessed"].add(told["p_value"] is not None)
            tallies["peaks of one city: its authors named first (p ≤ 0.05)"].add(
                is_unusual and is_named
            )
            tallies["peaks of one city: verdict one_city"].add(
                told["verdict"] == "one_city" and is_named
            )
        elif told["p_value"] is not None:
            tallies["peaks everywhere: called unusual"].add(told["p_value"] <= ALPHA)


def named_first(rows: list[dict[str, Any]]) -> str:
    """Return the home with most beyond its usual part."""
    known = [row for row in rows if row.get("usual_share") is not None]
    total = sum(row["observed"] for row in known)

    def beyond(row: dict[str, Any]) -> float:
        part = row["excess_share"]
        part = row["observed"] / total if part is None else part
        return float(part - row["usual_share"])

    return str(max(known, key=beyond)["home_city"]) if total else ""


def measure_homes(context: Context, world: World, tallies: dict[str, Tally]) -> None:
    """Compare the homes of the last week with those of the world's plan."""
    homes = world.author_homes
    last = world.truth.last_day
    told = {
        row["author_id"]: row
        for row in context.lake.read("author_homes", week_of(last)).to_pylist()
        if row["home_source"] != "unknown"
    }
    for author, row in told.items():
        home = homes[author]
        if home is None:
            tallies["authors from elsewhere not placed in a city"].add(
                row["home_city"] == "unknown"
            )
        else:
            by = "posts" if row["home_source"] == "posts" else "a profile"
            tallies[f"homes told by {by} right"].add(row["home_city"] == home)
    recent = context.lake.read_range(
        "author_days", last - timedelta(days=27), last, columns=["author_id"]
    )
    for author in set(recent["author_id"].to_pylist()):
        tallies["authors of the last 28 days whose home is told"].add(author in told)


def measure_null(context: Context, world: World, tallies: dict[str, Tally]) -> None:
    """Test every day of every tracker as if it were a peak."""
    day = world.truth.first_day + timedelta(days=FIRST_EVENT_DAY)
    while day <= world.truth.last_day:
        for tracker in (*world.truth.trackers, "all"):
            told = next(iter(origins_on(context, tracker, day)), None)
            if told is None or told["p_value"] is None:
                continue
            kind = "of 'all'" if tracker == "all" else "of trackers"
            tallies[f"null days {kind}: called unusual"].add(told["p_value"] <= ALPHA)
            if tracker != "all":
                plain = chi2.sf(told["g_statistic"], told["degrees_of_freedom"])
                tallies[
                    "null days of trackers: called unusual without the correction"
                ].add(plain <= ALPHA)
        day += timedelta(days=1)


def origins_on(context: Context, tracker: str, day: date) -> list[dict[str, Any]]:
    """Compare homes of a tracker's posts of a day, whether or not it is a peak."""
    here = inputs_of(context, day)
    event = event_of(tracker, day)
    items = here.items(event, "post", only_negative=False)
    return origins_of(event, "peak", items, here)


def event_of(tracker: str, day: date) -> dict[str, Any]:
    """Give an event of a tracker that began on a day, as of that day."""
    return {"tracker": tracker, "city": "all", "day": day, "start_on": day}


_HELD: dict[tuple[Path, date], EventDay] = {}


def inputs_of(context: Context, day: date) -> EventDay:
    """Read what a day's events are explained from; the last day asked for is kept."""
    key = (context.home, day)
    if key not in _HELD:
        _HELD.clear()
        lake = context.lake
        past = day - timedelta(BASELINE_DAYS)
        trackers = sorted({"all", *(tracker.name for tracker in context.trackers)})
        events = [
            event_of(tracker, day) | {"item_kind": "post"} for tracker in trackers
        ]
        asked = pa.Table.from_pylist(
            [event | {"event_kind": "peak"} for event in events], schema=EVENT_DAYS
        )
        _HELD[key] = EventDay(
            Inputs(
                **gather_items(
                    lake.query, asked, homes_of(lake, [day]), tracker_zone_rows({})
                ),
                activity=lake.read_range("activity", past, day),
                city_names={},
                tokenize=tokenize,
            ),
            day,
        )
    return _HELD[key]


def measure_bursts(rng: np.random.Generator, tallies: dict[str, Tally]) -> None:
    """Test draws of authors who post several times in a day, and then not for long."""
    for authors, days in burst_draws(rng):
        found = compare_homes(authors, days)
        if found is None:
            continue
        plain = chi2.sf(found.statistic, found.degrees)
        tallies["bursts: called unusual"].add(found.p_value <= ALPHA)
        tallies["bursts: called unusual without the correction"].add(plain <= ALPHA)


def burst_draws(
    rng: np.random.Generator,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Draw counts of a day and of the 28 before, for `compare_homes`."""
    for _ in range(BURST_DRAWS):
        home = [f"h{n}" for n in rng.integers(0, BURST_HOMES, BURST_AUTHORS)]
        zeal = np.minimum(rng.lognormal(-1.5, 1.0, BURST_AUTHORS), 1.0)
        shape = (BURST_AUTHORS, 29)
        posts = (rng.random(shape) < zeal[:, None]) * rng.geometric(
            1 / MEAN_BURST, shape
        )
        authors = pl.DataFrame(
            {
                "home": home,
                "observed": posts[:, -1].astype(float),
                "before": posts[:, :-1].sum(axis=1).astype(float),
            }
        )
        days = (
            pl.DataFrame(posts[:, :-1], schema=[str(day) for day in range(28)])
            .with_columns(home=pl.Series(home))
            .group_by("home")
            .sum()
            .unpivot(index="home", variable_name="day", value_name="before")
        )
        yield authors, days


if __name__ == "__main__":
    main()
