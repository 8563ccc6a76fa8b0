"""Whether those who drive a peak rank first: simulated worlds, the real steps.

Each world has peaks, each carried by four authors beside the crowd. The night's steps
run over it, from matching to influencers. Asked is, of each peak that was found,
whether its drivers lead the window `high_activity` of its tracker in its week, and
whether `peak_drivers` names them. Chance gives some drivers few posts: so drivers are
counted again who wrote at least two above their usual in the peak, as `peak_drivers`
asks. Each driver outside the top 5 is told on stderr.

Run: ``python -m bench.influencer_worlds [--worlds 60] [--posts-per-day 880]``
(half a minute a world of 220 posts a day).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow.compute as pc
from statsmodels.stats.proportion import proportion_confint

from bench.peak_authors import PeakTables
from trendlab.settings import Settings
from trendlab.signals.drivers import MIN_EXCESS
from trendlab.signals.influencers import KEEP
from trendlab.sources.world.truth import PlantedInfluencer, PlantedPeak, Truth
from trendlab.steps.context import open_context
from trendlab.steps.order import run_steps
from trendlab.steps.simulate import simulate_world
from trendlab.steps.step import Context

STEPS = ("match", "sentiment", "activity", "author_homes", "signals", "influencers")
# Long enough for a baseline of 28 days before the first peak, and short.
WEEKS = 16
POSTS_PER_DAY = 220.0
BEST = 5

DRIVERS = "drivers in the top 5 of their found peak"
REACHING = "drivers whose interval of ranks reaches the top 5"
CARRIERS = "drivers with two posts above their usual in the found peak"
MOST = "drivers among the 5 authors with most posts above their usual in the peak"
NAMED = "drivers in the first 5 authors of peak_drivers"
CARRIERS_NAMED = "these in the first 5 authors of peak_drivers"
ALL_DRIVERS = "worlds in which all drivers of found peaks are in the top 5"
ALL_CARRIERS = "worlds in which all of these are in the top 5"
NAMES = (
    "planted peaks found",
    DRIVERS,
    "the same, peaks of one city",
    "the same, peaks of all cities",
    "found peaks with a driver first",
    "found peaks with all drivers in the top 5",
    ALL_DRIVERS,
    REACHING,
    CARRIERS,
    "these in the top 5",
    "found peaks with all of these in the top 5",
    ALL_CARRIERS,
    MOST,
    NAMED,
    CARRIERS_NAMED,
    f"{CARRIERS_NAMED}, peaks of one city",
    f"{CARRIERS_NAMED}, peaks of all cities",
    "drivers with a second tracker called multi-tracker",
    "home cities of drivers told right",
    "ranked suspects flagged for copied comments",
    "other ranked authors with comments flagged for copied ones",
)


@dataclass
class Tally:
    """Successes among trials, with Wilson's 95 % interval."""

    name: str
    hits: int = 0
    trials: int = 0

    def add(self, is_hit: bool) -> None:
        self.trials += 1
        self.hits += is_hit

    def line(self) -> str:
        low, high = proportion_confint(self.hits, max(self.trials, 1), method="wilson")
        share = self.hits / max(self.trials, 1)
        return (
            f"{self.name}: {self.hits} of {self.trials}, {100 * share:.1f} % "
            f"({100 * low:.1f} to {100 * high:.1f})"
        )


def main() -> None:
    """Run the worlds and print the tallies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--first-seed", type=int, default=1_000)
    parser.add_argument("--posts-per-day", type=float, default=POSTS_PER_DAY)
    chosen = parser.parse_args()
    tallies = {name: Tally(name) for name in NAMES}
    for seed in range(chosen.first_seed, chosen.first_seed + chosen.worlds):
        print(f"world {seed}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="trendlab-worlds-") as folder:
            measure_world(Path(folder), seed, chosen.posts_per_day, tallies)
    for tally in tallies.values():
        print(tally.line())


def measure_world(
    home: Path, seed: int, posts_per_day: float, tallies: dict[str, Tally]
) -> None:
    """Simulate a world, run the steps, and count."""
    context = open_context(Settings(home=home), need_trackers=False)
    world = simulate_world(
        context.lake, home, weeks=WEEKS, posts_per_day=posts_per_day, seed=seed
    ).world
    context = open_context(Settings(home=home))
    run_steps(context, STEPS, None, None)
    truth = world.truth
    ranked = read_all(context, "influencers")
    tables = PeakTables.of(context)
    found = []
    for peak in truth.peaks:
        event = tables.found(peak)
        tallies["planted peaks found"].add(event is not None)
        if event is not None:
            found.append(count_drivers(truth, peak, event, ranked, tables, tallies))
    tallies[ALL_DRIVERS].add(all(drivers for drivers, _ in found))
    tallies[ALL_CARRIERS].add(all(carriers for _, carriers in found))
    newest = max((row["day"] for row in ranked), default=None)
    for each in truth.influencers:
        count_author(each, ranked, newest, tallies)
    suspects = {each.author_id for each in truth.suspects}
    flags = {
        row["author_id"]: row["flags"]
        for row in ranked
        if row["day"] == newest and row["copied_comments_share"] is not None
    }
    for author, told in flags.items():
        name = "ranked suspects flagged for copied comments"
        if author not in suspects:
            name = "other ranked authors with comments flagged for copied ones"
        tallies[name].add("copied_comments" in told.split(","))


def count_drivers(
    truth: Truth,
    peak: PlantedPeak,
    event: dict,
    ranked: list[dict],
    tables: PeakTables,
    tallies: dict[str, Tally],
) -> tuple[bool, bool]:
    """Count a peak's drivers in the week of its last day.

    Tells whether all lead, and whether all do who wrote two posts above their usual.
    """
    monday = peak.end_on - timedelta(days=peak.end_on.weekday())
    rows = {
        row["author_id"]: row
        for row in ranked
        if row["day"] == monday
        and row["tracker"] == peak.tracker
        and row["window_kind"] == "high_activity"
    }
    drivers = tables.standings(
        event,
        rows,
        [each.author_id for each in truth.influencers if peak.name in each.peaks],
    )
    carriers = [each for each in drivers if each.excess >= MIN_EXCESS]
    for each in drivers:
        if each.rank > BEST:
            print(f"  {peak.name}, {each.line(event)}", file=sys.stderr, flush=True)
    where = "one city" if peak.cities else "all cities"
    is_first = [each.rank <= BEST for each in drivers]
    are_first = [each.rank <= BEST for each in carriers]
    for name, are_hits in (
        (DRIVERS, is_first),
        (f"the same, peaks of {where}", is_first),
        (REACHING, [each.rank_low <= BEST for each in drivers]),
        ("found peaks with a driver first", [any(each.rank == 1 for each in drivers)]),
        ("found peaks with all drivers in the top 5", [all(is_first)]),
        (CARRIERS, [each.excess >= MIN_EXCESS for each in drivers]),
        ("these in the top 5", are_first),
        ("found peaks with all of these in the top 5", [all(are_first)]),
        (MOST, [each.place <= BEST for each in drivers]),
        (NAMED, [each.named_rank <= BEST for each in drivers]),
        (CARRIERS_NAMED, [each.named_rank <= BEST for each in carriers]),
        (
            f"{CARRIERS_NAMED}, peaks of {where}",
            [each.named_rank <= BEST for each in carriers],
        ),
    ):
        for is_hit in are_hits:
            tallies[name].add(is_hit)
    return all(is_first), all(are_first)


def count_author(
    each: PlantedInfluencer,
    ranked: list[dict],
    newest: date | None,
    tallies: dict[str, Tally],
) -> None:
    """Count whether a driver's home and second tracker are told."""
    rows = [row for row in ranked if row["author_id"] == each.author_id]
    told = [row for row in rows if row["day"] == newest]
    if told:
        tallies["home cities of drivers told right"].add(
            told[0]["home_city"] == each.home_city
        )
    if told and len(each.trackers) > 1:
        tallies["drivers with a second tracker called multi-tracker"].add(
            any(row["is_multi_tracker"] for row in told)
        )


def read_all(context: Context, table: str) -> list[dict]:
    """Return every row of a table."""
    days = context.lake.days(table)
    if not days:
        return []
    rows = context.lake.read_range(table, days[0], days[-1])
    if table == "influencers":
        rows = rows.filter(pc.less_equal(rows["rank"], KEEP))
    return rows.to_pylist()


if __name__ == "__main__":
    main()
