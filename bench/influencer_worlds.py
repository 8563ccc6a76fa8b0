"""Whether those who drive a peak rank first: simulated worlds, the real steps.

Each world has peaks, each carried by four authors beside the crowd. The night's steps
run over it, from matching to influencers. Asked is, of each peak that was found,
whether its drivers lead the window `high_activity` of its tracker in its week.

Run: ``python -m bench.influencer_worlds [--worlds 60]`` (half a minute a world).
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

from trendlab.settings import Settings
from trendlab.sources.world.truth import PlantedInfluencer, PlantedPeak, Truth
from trendlab.steps.context import open_context
from trendlab.steps.nightly import run_steps
from trendlab.steps.simulate import simulate_world
from trendlab.steps.step import Context

STEPS = ("match", "sentiment", "activity", "author_homes", "signals", "influencers")
# Long enough for a baseline of 28 days before the first peak, and short.
WEEKS = 16
POSTS_PER_DAY = 220.0
BEST = 5


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
    chosen = parser.parse_args()
    tallies = {
        name: Tally(name)
        for name in (
            "planted peaks found",
            "drivers in the top 5 of their found peak",
            "found peaks with a driver first",
            "found peaks with all drivers in the top 5",
            "worlds in which all drivers of found peaks are in the top 5",
            "drivers with a second tracker called multi-tracker",
            "home cities of drivers told right",
            "ranked suspects flagged for copied comments",
            "other ranked authors with comments flagged for copied ones",
        )
    }
    for seed in range(chosen.first_seed, chosen.first_seed + chosen.worlds):
        print(f"world {seed}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="trendlab-worlds-") as folder:
            measure_world(Path(folder), seed, tallies)
    for tally in tallies.values():
        print(tally.line())


def measure_world(home: Path, seed: int, tallies: dict[str, Tally]) -> None:
    """Simulate a world, run the steps, and count."""
    context = open_context(Settings(home=home), need_trackers=False)
    world = simulate_world(
        context.lake, home, weeks=WEEKS, posts_per_day=POSTS_PER_DAY, seed=seed
    ).world
    context = open_context(Settings(home=home))
    run_steps(context, STEPS, None, None)
    truth = world.truth
    ranked = read_all(context, "influencers")
    peaks = [row for row in read_all(context, "peaks") if row["measure"] == "posts"]
    are_all_in = True
    for peak in truth.peaks:
        is_found = any(
            row["tracker"] == peak.tracker
            and row["city"] in ("all", *peak.cities)
            and row["start_on"] <= peak.end_on
            and row["end_on"] >= peak.start_on
            for row in peaks
        )
        tallies["planted peaks found"].add(is_found)
        if is_found:
            are_all_in &= count_drivers(truth, peak, ranked, tallies)
    tallies["worlds in which all drivers of found peaks are in the top 5"].add(
        are_all_in
    )
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
    truth: Truth, peak: PlantedPeak, ranked: list[dict], tallies: dict[str, Tally]
) -> bool:
    """Count a peak's drivers in the week of its last day; tell whether all lead."""
    drivers = {each.author_id for each in truth.influencers if peak.name in each.peaks}
    monday = peak.end_on - timedelta(days=peak.end_on.weekday())
    ranks = {
        row["author_id"]: row["rank"]
        for row in ranked
        if row["day"] == monday
        and row["tracker"] == peak.tracker
        and row["window_kind"] == "high_activity"
    }
    inside = [ranks.get(driver, BEST + 1) <= BEST for driver in drivers]
    for is_in in inside:
        tallies["drivers in the top 5 of their found peak"].add(is_in)
    tallies["found peaks with a driver first"].add(
        any(ranks.get(driver) == 1 for driver in drivers)
    )
    tallies["found peaks with all drivers in the top 5"].add(all(inside))
    return all(inside)


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
        rows = rows.filter(pc.less_equal(rows["rank"], 50))
    return rows.to_pylist()


if __name__ == "__main__":
    main()
