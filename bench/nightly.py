"""The night: memory against the length of history, and what an empty day costs.

Each night is a command in a process of its own, on a simulated world. The alternative
of the long history is the short one: one more day should cost the same after 100 weeks
as after 10.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from bench import Row

LAST_DAY = date(2026, 3, 1)
SHORT_WEEKS, LONG_WEEKS = 10, 100
POSTS_PER_DAY = 220
# Memory of two runs of the same work differs by some per cent.
MAX_MEMORY_RATIO = 1.25
MAX_EMPTY_SECONDS = 10.0


def rows(scale: float) -> Iterator[Row]:
    """Give the lines of the table."""
    long_weeks = max(int(LONG_WEEKS * min(scale, 1.0)), SHORT_WEEKS + 10)
    found = {}
    for weeks in (SHORT_WEEKS, long_weeks):
        with tempfile.TemporaryDirectory(prefix="trendlab-bench-") as folder:
            found[weeks] = nights(Path(folder), weeks)
    short, long = found[SHORT_WEEKS], found[long_weeks]
    for place, name in enumerate(("one day more, with posts", "an empty day")):
        ratio = long[place][1] / short[place][1]
        yield Row(
            f"night after {long_weeks} weeks: {name}",
            f"{long[place][0]:.1f} s, {long[place][1]:,.0f} MB",
            f"after {SHORT_WEEKS} weeks: {short[place][0]:.1f} s, "
            f"{short[place][1]:,.0f} MB",
            long[place][0] / short[place][0],
            long[place][1],
            f"memory ≤ {MAX_MEMORY_RATIO} ×"
            + (f", ≤ {MAX_EMPTY_SECONDS:.0f} s" if place else ""),
            ratio <= MAX_MEMORY_RATIO
            and (not place or long[place][0] <= MAX_EMPTY_SECONDS),
        )


def nights(folder: Path, weeks: int) -> list[tuple[float, float]]:
    """Return seconds and peak MB of a night with posts and of an empty one."""
    home = folder / "home"
    run(
        home,
        *("simulate", "--weeks", str(weeks), "--to", LAST_DAY.isoformat()),
        *("--posts-per-day", str(POSTS_PER_DAY)),
    )
    first = LAST_DAY - timedelta(days=7 * weeks - 1)
    before = LAST_DAY - timedelta(days=1)
    run(
        home,
        *("nightly", "--from", first.isoformat(), "--to", before.isoformat()),
        "--no-report",
    )
    after = LAST_DAY + timedelta(days=3)
    return [
        run(home, "nightly", "--day", LAST_DAY.isoformat(), "--no-report"),
        run(home, "nightly", "--day", after.isoformat(), "--no-report"),
    ]


def run(home: Path, *words: str) -> tuple[float, float]:
    """Run a trendlab command; return its seconds and its greatest memory in MB."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", "from trendlab.cli import main; main()", *words],
        env={**os.environ, "TRENDLAB_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        last = re.sub(r"\s+", " ", told)[-500:]
        raise RuntimeError(f"trendlab {' '.join(words)} failed: {last}")
    return time.monotonic() - started, usage.ru_maxrss / 1024
