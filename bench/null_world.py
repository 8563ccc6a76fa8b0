"""Measures how often the detectors cry wolf in worlds where nothing happens.

Simulates overdispersed series with a weekly and a yearly season and no event, runs the
nightly rules over them as the nightly run would, and prints the false alarms per 100
series-days with a 95 % interval; then plants peaks and tripled shares of negatives and
prints how many are found. ``--only hits`` plants tripled shares of 8 % alone, at the
overdispersion that the rule takes for a prior, eight times as many.

Run: ``python -m bench.null_world [--quick] [--only peaks|dips|cold|hits]`` (about half
an hour on one core; hits alone six minutes).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from scipy import stats

from bench.null_series import START, null_counts, null_negatives, run_dips, run_peaks
from trendlab.signals.dip_events import DipRule
from trendlab.signals.peaks import PeakRule

PEAK_LEVELS = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
# Squared coefficient of variation of a day beyond Poisson and season: 10, 20, 30 %.
PEAK_SIZES = (100.0, 25.0, 11.0)
DIP_LEVELS = (30, 100, 400)
DIP_SHARES = (0.05, 0.08, 0.15, 0.25)
DIP_RHOS = (0.003, 0.01, 0.02, 0.03)
# The share, overdispersion and worlds of hits alone: 1,080 planted days a volume.
HIT_SHARE, HIT_RHO, HIT_WORLDS = 0.08, 0.01, 120
WORLD_DAYS = 449
# One day more than a cold start: the last that is scored in one is the 28th.
COLD_WORLD_DAYS = 29
# Cold worlds are short, so that many of them cost what a long one does.
COLD_WORLDS_A_WORLD = 10


@dataclass(frozen=True)
class Rate:
    """Alarms among series-days, with an exact 95 % interval, per 100 series-days."""

    alarms: int
    days: int

    def __str__(self) -> str:
        low = stats.chi2.ppf(0.025, 2 * self.alarms) / 2 if self.alarms else 0.0
        high = stats.chi2.ppf(0.975, 2 * self.alarms + 2) / 2
        scale = 100 / max(self.days, 1)
        return (
            f"{self.alarms * scale:.3f} ({low * scale:.3f} to {high * scale:.3f}) "
            f"per 100, {self.alarms} in {self.days:,} series-days"
        )


def measure_peaks(rng, worlds, days, rule):
    """False alarms and hits of peaks, by level and by dispersion."""
    false = {}
    cold = [0, 0]
    hits = {}
    for _ in range(worlds):
        for size in PEAK_SIZES:
            for planted in (None, 2.0, 3.0):
                series = {}
                spots = {}
                for level in PEAK_LEVELS:
                    counts = null_counts(rng, days, level, size)
                    tracker = f"c{level:g}"
                    if planted is not None:
                        at = np.arange(120, days - 1, 45) + rng.integers(0, 20)
                        at = at[at < days]
                        mean = counts[at] * planted
                        counts[at] = rng.poisson(np.maximum(mean, 0.01))
                        spots[tracker] = set(at.tolist())
                    series[tracker] = counts
                peaks = run_peaks(series, days, rule)
                of_posts = peaks.filter(pc.equal(peaks["measure"], "posts")).to_pylist()
                flagged = {(r["tracker"], (r["day"] - START).days) for r in of_posts}
                starts = {
                    (r["tracker"], (r["start_on"] - START).days) for r in of_posts
                }
                for level in PEAK_LEVELS:
                    tracker = f"c{level:g}"
                    if planted is None:
                        found = [i for c, i in starts if c == tracker]
                        late = sum(i >= rule.min_valid_days for i in found)
                        entry = false.setdefault((level, size), [0, 0])
                        entry[0] += late
                        entry[1] += days - rule.min_valid_days
                        cold[0] += len(found) - late
                        cold[1] += rule.min_valid_days
                    else:
                        entry = hits.setdefault((planted, level, size), [0, 0])
                        entry[0] += sum((tracker, i) in flagged for i in spots[tracker])
                        entry[1] += len(spots[tracker])
    return false, cold, hits


def draw_dips(rng, days, rho, spots_of, *, shares=DIP_SHARES, is_fixed=False):
    """Draw a world of trackers of each share and level, and plant tripled shares.

    `spots_of`: gives the days of a tracker on which its share is tripled.
    `is_fixed`: as many items on every day, instead of a season and overdispersion.
    """
    series = {}
    negatives = {}
    spots = {}
    for share in shares:
        for level in DIP_LEVELS:
            key = f"{level} {share}"
            scored = (
                np.full(days, level)
                if is_fixed
                else np.maximum(null_counts(rng, days, level, 25.0), 1)
            )
            bad = null_negatives(rng, scored, share, rho)
            at = spots_of(rng)
            bad[at] = null_negatives(rng, scored[at], min(3 * share, 0.95), rho)
            series[key], negatives[key], spots[key] = scored, bad, at
    return series, negatives, spots


def no_spots(rng):
    return np.array([], int)


def plant_dips(rng):
    """Draw the days of a tracker on which its share is tripled."""
    at = np.arange(100, WORLD_DAYS - 1, 40) + rng.integers(0, 20)
    return at[at < WORLD_DAYS]


def count_found(rows, spots, hits, rho):
    """Add the planted days that have a dip to `hits`, by volume, share and rho."""
    for key, at in spots.items():
        level, share = key.split()
        flagged = {(r["day"] - START).days for r in rows if r["tracker"] == key}
        entry = hits.setdefault((int(level), float(share), rho), [0, 0])
        entry[0] += sum(int(i) in flagged for i in at)
        entry[1] += len(at)


def measure_hits(rng, worlds, rule, peak_rule, *, is_fixed=False):
    """Find tripled shares of `HIT_SHARE` and `HIT_RHO`, by volume."""
    hits = {}
    for _ in range(worlds):
        series, negatives, spots = draw_dips(
            rng, WORLD_DAYS, HIT_RHO, plant_dips, shares=(HIT_SHARE,), is_fixed=is_fixed
        )
        rows = run_dips(series, negatives, WORLD_DAYS, rule, peak_rule).to_pylist()
        count_found(rows, spots, hits, HIT_RHO)
    return hits


def measure_dips(rng, worlds, rule, peak_rule, *, is_cold=False, is_fixed=False):
    """False alarms and hits of dips, by volume, share and overdispersion.

    Of a cold start, whose worlds are short, or of all days after it.
    """
    days = COLD_WORLD_DAYS if is_cold else WORLD_DAYS
    first, last = (0, rule.min_valid_days) if is_cold else (rule.min_valid_days, days)

    def plant(rng):
        # three days before it tell a little of the share
        return rng.integers(4, last, 1) if is_cold else plant_dips(rng)

    false = {}
    hits = {}
    for _ in range(worlds * (COLD_WORLDS_A_WORLD if is_cold else 1)):
        for rho in DIP_RHOS:
            for spots_of in (no_spots, plant):
                series, negatives, spots = draw_dips(
                    rng, days, rho, spots_of, is_fixed=is_fixed
                )
                rows = run_dips(series, negatives, days, rule, peak_rule).to_pylist()
                if spots_of is plant:
                    count_found(rows, spots, hits, rho)
                    continue
                for key in series:
                    level, share = key.split()
                    found = {
                        (r["start_on"] - START).days
                        for r in rows
                        if r["tracker"] == key
                    }
                    entry = false.setdefault((int(level), float(share), rho), [0, 0])
                    entry[0] += sum(first <= i < last for i in found)
                    entry[1] += last - first
    return false, hits


def added(cells, keep):
    kept = [value for key, value in cells.items() if keep(key)]
    return sum(v[0] for v in kept), sum(v[1] for v in kept)


def print_peaks(false, cold, hits):
    print("PEAKS, false alarms after the first 28 days")
    print("  all     ", Rate(*added(false, lambda key: True)))
    for level in PEAK_LEVELS:
        print(f"  n={level:<6g}", Rate(*added(false, lambda k, v=level: k[0] == v)))
    for size in PEAK_SIZES:
        print(f"  cv²=1/{size:<4g}", Rate(*added(false, lambda k, v=size: k[1] == v)))
    print("  cold start", Rate(*cold))
    print("hits of planted peaks (columns: variation of a day beyond Poisson)")
    for planted in (2.0, 3.0):
        for level in PEAK_LEVELS:
            cells = []
            for size in PEAK_SIZES:
                found, made = hits[planted, level, size]
                cells.append(f"{1 / np.sqrt(size):.0%}: {found / made:.2f}")
            print(f"  ×{planted:g} n={level:<6g}", "  ".join(cells))


def print_dips(title, false, hits):
    print(f"DIPS, {title}: false alarms")
    print("  all     ", Rate(*added(false, lambda key: True)))
    for level in DIP_LEVELS:
        print(f"  n={level:<6}", Rate(*added(false, lambda k, v=level: k[0] == v)))
    for share in DIP_SHARES:
        print(f"  p={share:<6}", Rate(*added(false, lambda k, v=share: k[1] == v)))
    for rho in DIP_RHOS:
        print(f"  rho={rho:<6}", Rate(*added(false, lambda k, v=rho: k[2] == v)))
    print("hits of a tripled share, one day (columns: overdispersion)")
    for level in DIP_LEVELS:
        found, made = added(hits, lambda k, of=level: k[0] == of)
        print(f"  n={level:<4} all: {found / made:.3f} of {made}")
    for share in DIP_SHARES:
        for level in DIP_LEVELS:
            of_share = (level, share)
            found, made = added(hits, lambda k, of=of_share: k[:2] == of)
            print(f"  p={share} n={level:<4} all: {found / made:.3f} of {made}")
            cells = []
            for rho in DIP_RHOS:
                found, made = hits[level, share, rho]
                cells.append(f"{rho}: {found / made:.2f}")
            print(f"  p={share} n={level:<4}", "  ".join(cells))


def print_hits(title, hits):
    print(
        f"tripled shares of {HIT_SHARE:.0%}, overdispersion {HIT_RHO}, {title}: found"
    )
    for (level, _, _), (found, made) in hits.items():
        low, high = stats.binomtest(found, made).proportion_ci(method="wilson")
        print(f"  n={level:<4} {found / made:.3f} ({low:.3f} to {high:.3f}) of {made}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the worlds")
    parser.add_argument("--only", choices=("peaks", "dips", "cold", "hits"))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    worlds = 3 if options.quick else 15
    started = time.monotonic()
    rules = DipRule(), PeakRule()
    if options.only in (None, "peaks"):
        rng = np.random.default_rng(options.seed)
        print_peaks(*measure_peaks(rng, worlds, WORLD_DAYS, PeakRule()))
    if options.only in (None, "dips"):
        for title, is_fixed in (("varying volume", False), ("fixed volume", True)):
            rng = np.random.default_rng(options.seed + 1)
            print_dips(
                f"{title}, after the first 28 days",
                *measure_dips(rng, worlds, *rules, is_fixed=is_fixed),
            )
    if options.only in (None, "dips", "cold"):
        rng = np.random.default_rng(options.seed + 2)
        print_dips(
            "varying volume, in a cold start",
            *measure_dips(rng, worlds, *rules, is_cold=True),
        )
    if options.only == "hits":
        for title, is_fixed in (("varying volume", False), ("fixed volume", True)):
            rng = np.random.default_rng(options.seed)
            hits = measure_hits(
                rng, HIT_WORLDS * worlds // 15, *rules, is_fixed=is_fixed
            )
            print_hits(title, hits)
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
