"""The step `signals` of one night, over 12 weeks of a large collection.

The tables that the step reads are those of `night_lake`. Once the peak of the last day
began on it, and once two days before, since a peak is counted on all its days.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench import Row, measure
from bench.night_lake import LAST_DAY, POSTS_A_DAY
from trendlab.lake import Lake
from trendlab.places.cities import seed_cities
from trendlab.settings import Settings
from trendlab.steps.signals import SIGNALS
from trendlab.steps.spans import BASELINE
from trendlab.steps.step import Context

# Days of the peak, of two nights.
PEAK_DAYS = (1, 3)
MAX_SECONDS, MAX_MB = 60.0, 4_096.0


def compute_night(root: str) -> dict[str, int]:
    """Compute the step for the last day; give its rows by table, and by evidence."""
    context = Context(
        settings=Settings(home=Path(root)),
        lake=Lake(Path(root) / "lake"),
        trackers=[],
        cities=seed_cities(),
    )
    parts = SIGNALS.compute(context, [LAST_DAY], {LAST_DAY: "run"})
    kinds = Counter(parts["evidence"][LAST_DAY]["evidence_kind"].to_pylist())
    return kinds | {
        table: sum(rows.num_rows for rows in days.values())  # type: ignore[union-attr]
        for table, days in parts.items()
    }


def read_terms(root: str) -> int:
    """Read the largest table that the step reads whole, and nothing else."""
    lake = Lake(Path(root) / "lake")
    return lake.read_range("term_days", LAST_DAY - BASELINE, LAST_DAY).num_rows


def rows(scale: float) -> Iterator[Row]:
    """Give a line for each length of the peak."""
    for peak_days in PEAK_DAYS:
        yield measure_night(int(POSTS_A_DAY * scale), peak_days, scale)


def measure_night(posts_a_day: int, peak_days: int, scale: float) -> Row:
    """Measure the night on which a peak has run for so many days."""
    with tempfile.TemporaryDirectory(prefix="trendlab-bench-") as folder:
        measure("bench.night_lake:write_lake", folder, posts_a_day, peak_days)
        read = measure("bench.signals_night:read_terms", folder)
        night = measure("bench.signals_night:compute_night", folder)
    missing = {"post", "comment", "garment"} - night.value.keys()
    if missing:
        raise RuntimeError(f"a planted event was not found: no evidence of {missing}")
    return Row(
        f"signals of a night, {posts_a_day:,} posts and comments a day, 12 weeks, "
        f"day {peak_days} of a peak",
        f"{night.seconds:.1f} s ({night.cpu_seconds:.1f} s of processor time), "
        f"{night.value['evidence']} rows of evidence",
        f"reading its {read.value:,} term_days alone {read.seconds:.1f} s",
        night.seconds / read.seconds,
        night.peak_mb,
        f"≤ {MAX_SECONDS:.0f} s, ≤ {MAX_MB / 1024:.0f} GB",
        # fewer posts prove nothing for the full size
        None if scale < 1 else night.seconds <= MAX_SECONDS and night.peak_mb <= MAX_MB,
    )
