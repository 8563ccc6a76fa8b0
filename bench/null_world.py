"""Measures how often the detectors cry wolf in worlds where nothing happens.

Simulates overdispersed series with a weekly and a yearly season and no event, runs the
nightly rules over them as the nightly run would, and prints the false alarms per 100
series-days with a 95 % interval; then plants peaks and tripled shares of negatives and
prints how many are found.

Run: ``python bench/null_world.py [--quick]`` (about half an hour on one core).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

from trendlab.schemas import TABLES
from trendlab.signals.dips import DipRule, find_dips
from trendlab.signals.panels import COVERED_DAYS
from trendlab.signals.peaks import PeakRule, find_peaks, score_days

START = date(2022, 1, 3)
WEEK = np.array([0.9, 0.9, 0.95, 1.0, 1.05, 1.15, 1.05])
PEAK_LEVELS = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
# Squared coefficient of variation of a day beyond Poisson and season: 10, 20, 30 %.
PEAK_SIZES = (100.0, 25.0, 11.0)
DIP_LEVELS = (30, 100, 400)
DIP_SHARES = (0.05, 0.08, 0.15, 0.25)
DIP_RHOS = (0.003, 0.01, 0.02, 0.03)


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


def season(rng, days, yearly):
    """Weekly pattern × a sine over the year with a random phase."""
    at = np.arange(days)
    return WEEK[(at + rng.integers(7)) % 7] * np.exp(
        yearly * np.sin(2 * np.pi * (at / 365.25 + rng.random()))
    )


def null_counts(rng, days, level, size, yearly=0.25):
    """Negative binomial counts around a seasonal mean."""
    mean = level * season(rng, days, yearly)
    return rng.negative_binomial(size, size / (size + mean))


def null_negatives(rng, scored, share, rho):
    """Beta-binomial negatives."""
    strength = 1 / rho - 1
    daily = rng.beta(share * strength, (1 - share) * strength, len(scored))
    return rng.binomial(scored, daily)


def activity_table(series, negatives=None):
    """Build activity from {city: posts per day} of one tracker."""
    columns = {name: [] for name in TABLES["activity"].names}
    for city in sorted(series):
        posts = np.asarray(series[city], np.int64)
        bad = np.zeros_like(posts) if negatives is None else negatives[city]
        kept = np.flatnonzero(posts > 0)
        n = posts[kept]
        k = np.asarray(bad, np.int64)[kept]
        number = {
            "posts_count": n,
            "authors_count": n,
            "scored_count": n,
            "scored_capped_count": n,
            "negative_count": k,
            "negative_capped_count": k,
            "negative_authors_count": k,
            "activity_raw": n.astype(float),
            "activity": n.astype(float),
            "like_coverage": np.zeros(len(n)),
        }
        text = {"tracker": "null", "city": city, "run_id": "bench"}
        nothing = (
            "likes_count",
            "comments_count",
            "likes_per_post",
            "likes_per_post_trimmed",
            "sentiment_index",
        )
        for name in columns:
            if name == "day":
                columns[name] += [START + timedelta(int(i)) for i in kept]
            elif name in number:
                columns[name] += number[name].tolist()
            elif name in text:
                columns[name] += [text[name]] * len(n)
            elif name.startswith("is_"):
                columns[name] += [False] * len(n)
            elif name in nothing:
                columns[name] += [None] * len(n)
            else:
                columns[name] += [0] * len(n)
    return pa.table(columns, schema=TABLES["activity"].arrow)


def covered(days):
    return pa.table(
        {
            "tracker": ["null"] * days,
            "day": [START + timedelta(i) for i in range(days)],
            "is_partial": [False] * days,
            "tracker_version": ["v"] * days,
        },
        schema=COVERED_DAYS,
    )


def run_peaks(series, days, rule):
    """Scores and peaks of all days, as the nightly run gives them."""
    last = START + timedelta(days - 1)
    ids = {START + timedelta(i): "bench" for i in range(days)}
    scores = score_days(
        activity_table(series),
        covered(days),
        first_day=START,
        last_day=last,
        past_scores=TABLES["day_scores"].empty(),
        run_ids=ids,
        rule=rule,
    )
    peaks = find_peaks(scores, first_day=START, last_day=last, run_ids=ids, rule=rule)
    return scores, peaks


def run_dips(series, negatives, days, rule, peak_rule):
    last = START + timedelta(days - 1)
    ids = {START + timedelta(i): "bench" for i in range(days)}
    activity = activity_table(series, negatives)
    scores = score_days(
        activity,
        covered(days),
        first_day=START,
        last_day=last,
        past_scores=TABLES["day_scores"].empty(),
        run_ids=ids,
        rule=peak_rule,
    )
    return find_dips(
        activity,
        TABLES["term_days"].empty(),
        scores,
        TABLES["dips"].empty(),
        first_day=START,
        last_day=last,
        run_ids=ids,
        covered_days=covered(days),
        rule=rule,
    )


def day_index(table, name="day"):
    return np.array([(d - START).days for d in table[name].to_pylist()], int)


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
                    city = f"c{level:g}"
                    if planted is not None:
                        at = np.arange(120, days - 1, 45) + rng.integers(0, 20)
                        at = at[at < days]
                        mean = counts[at] * planted
                        counts[at] = rng.poisson(np.maximum(mean, 0.01))
                        spots[city] = set(at.tolist())
                    series[city] = counts
                _, peaks = run_peaks(series, days, rule)
                of_posts = peaks.filter(pc.equal(peaks["measure"], "posts")).to_pylist()
                flagged = {(r["city"], (r["day"] - START).days) for r in of_posts}
                starts = {(r["city"], (r["start_on"] - START).days) for r in of_posts}
                for level in PEAK_LEVELS:
                    city = f"c{level:g}"
                    if planted is None:
                        found = [i for c, i in starts if c == city]
                        late = sum(i >= rule.min_valid_days for i in found)
                        entry = false.setdefault((level, size), [0, 0])
                        entry[0] += late
                        entry[1] += days - rule.min_valid_days
                        cold[0] += len(found) - late
                        cold[1] += rule.min_valid_days
                    else:
                        entry = hits.setdefault((planted, level, size), [0, 0])
                        entry[0] += sum((city, i) in flagged for i in spots[city])
                        entry[1] += len(spots[city])
    return false, cold, hits


def measure_dips(rng, worlds, days, rule, peak_rule, *, is_fixed=False):
    """False alarms and hits of dips, by volume, share and overdispersion.

    `is_fixed`: as many items on every day, instead of a season and overdispersion.
    """
    false = {}
    cold = [0, 0]
    hits = {}
    for _ in range(worlds):
        for share in DIP_SHARES:
            for rho in DIP_RHOS:
                for planted in (False, True):
                    series = {}
                    negatives = {}
                    spots = {}
                    for level in DIP_LEVELS:
                        city = f"n{level}"
                        scored = (
                            np.full(days, level)
                            if is_fixed
                            else np.maximum(null_counts(rng, days, level, 25.0), 1)
                        )
                        bad = null_negatives(rng, scored, share, rho)
                        if planted:
                            at = np.arange(100, days - 1, 40) + rng.integers(0, 20)
                            at = at[at < days]
                            tripled = min(3 * share, 0.95)
                            bad[at] = null_negatives(rng, scored[at], tripled, rho)
                            spots[city] = at
                        series[city] = scored
                        negatives[city] = bad
                    dips = run_dips(series, negatives, days, rule, peak_rule)
                    rows = dips.to_pylist()
                    for level in DIP_LEVELS:
                        city = f"n{level}"
                        mine = [r for r in rows if r["city"] == city]
                        key = (level, share, rho)
                        if planted:
                            flagged = {(r["day"] - START).days for r in mine}
                            entry = hits.setdefault(key, [0, 0])
                            entry[0] += sum(int(i) in flagged for i in spots[city])
                            entry[1] += len(spots[city])
                        else:
                            found = {(r["start_on"] - START).days for r in mine}
                            late = sum(i >= rule.min_valid_days for i in found)
                            entry = false.setdefault(key, [0, 0])
                            entry[0] += late
                            entry[1] += days - rule.min_valid_days
                            cold[0] += len(found) - late
                            cold[1] += rule.min_valid_days
    return false, cold, hits


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


def print_dips(title, false, cold, hits):
    print(f"DIPS, {title}: false alarms after the first 28 days")
    print("  all     ", Rate(*added(false, lambda key: True)))
    for level in DIP_LEVELS:
        print(f"  n={level:<6}", Rate(*added(false, lambda k, v=level: k[0] == v)))
    for share in DIP_SHARES:
        print(f"  p={share:<6}", Rate(*added(false, lambda k, v=share: k[1] == v)))
    for rho in DIP_RHOS:
        print(f"  rho={rho:<6}", Rate(*added(false, lambda k, v=rho: k[2] == v)))
    print("  cold start", Rate(*cold))
    print("hits of a tripled share, one day (columns: overdispersion)")
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the worlds")
    parser.add_argument("--only", choices=("peaks", "dips"))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    worlds = 3 if options.quick else 15
    days = 449
    started = time.monotonic()
    if options.only != "dips":
        rng = np.random.default_rng(options.seed)
        print_peaks(*measure_peaks(rng, worlds, days, PeakRule()))
    if options.only != "peaks":
        for title, is_fixed in (("varying volume", False), ("fixed volume", True)):
            rng = np.random.default_rng(options.seed + 1)
            found = measure_dips(
                rng, worlds, days, DipRule(), PeakRule(), is_fixed=is_fixed
            )
            print_dips(title, *found)
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
