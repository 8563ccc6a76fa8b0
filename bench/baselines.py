"""Trailing weekday median and MAD: against brute force, and against rolling medians.

Run: ``python -m bench.run baselines``, or ``python -m bench.baselines`` for the check
that brute force gives the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bench import Row, measure
from trendlab.signals.baselines import MAD_TO_SIGMA
from trendlab.signals.trailing import TrailingBaselines

SERIES, DAYS, WINDOW, PERIOD = 10_000, 1_050, 84, 7
# The alternatives are timed on this part of the series, and their time multiplied.
PART = 50
TARGET_SECONDS = 2.0


def made_values(series: int, days: int) -> Any:
    """Make counts of 80 a day on average, (series, days) float64."""
    rng = np.random.default_rng(4)
    return rng.negative_binomial(20, 0.2, (series, days)).astype(float)


def move_windows(series: int, days: int, threads: int) -> float:
    """Take every series from day 1 to the last; give the sum of the scales."""
    values = made_values(series, days)
    usable, flagged = np.ones(values.shape, bool), np.zeros(values.shape, bool)
    segments = np.zeros(values.shape, np.int64)
    baselines = TrailingBaselines(values, usable, segments, threads=threads)
    total = 0.0
    for day in range(days):
        total += float(np.nansum(baselines.at(day, flagged).scale))
    return total


def make_only(series: int, days: int) -> float:
    """Make the values and compile: what `move_windows` does beside its work."""
    move_windows(2 * 1024, 2, 2)
    return float(made_values(series, days).sum())


def brute_force(series: int, days: int) -> Any:
    """Give centre and scale from whole windows on, (2, series, days − window)."""
    logs = np.log1p(made_values(series, days))
    windows = np.lib.stride_tricks.sliding_window_view(logs, WINDOW, axis=1)[:, :-1]
    # a window is a whole number of weeks, so its first day has today's weekday
    weeks = windows.reshape(*windows.shape[:2], WINDOW // PERIOD, PERIOD)
    medians = np.median(weeks, axis=2, keepdims=True)
    residuals = np.abs(weeks - medians).reshape(windows.shape)
    scale = MAD_TO_SIGMA * np.median(residuals, axis=2)
    return np.stack([medians[:, :, 0, 0], scale])


def brute_force_total(series: int, days: int) -> float:
    """Time `brute_force`; give the sum of the scales."""
    return float(brute_force(series, days)[1].sum())


def roll_medians(series: int, days: int) -> float:
    """Roll two medians in pandas: no weekdays, and no MAD of one window."""
    logs = pd.DataFrame(np.log1p(made_values(series, days)).T)
    median = logs.rolling(WINDOW).median().shift(1)
    spread = (logs - median).abs().rolling(WINDOW).median()
    return float(np.nansum(spread.to_numpy()))


def check(series: int = 200, days: int = DAYS) -> None:
    """Hold every centre and scale against brute force, bit for bit.

    Raises
    ------
    AssertionError
        One differs.
    """
    expected = brute_force(series, days)
    values = made_values(series, days)
    usable, flagged = np.ones(values.shape, bool), np.zeros(values.shape, bool)
    baselines = TrailingBaselines(values, usable, np.zeros(values.shape, np.int64))
    for day in range(WINDOW, days):
        found = baselines.at(day, flagged)
        at = day - WINDOW
        np.testing.assert_array_equal(found.centre, expected[0, :, at])
        np.testing.assert_array_equal(found.scale, expected[1, :, at])
    print(f"{series * (days - WINDOW):,} centres and scales equal brute force")


def rows(scale: float) -> list[Row]:
    """Give the lines of the table; time to make the values is taken off."""
    series = max(PART, int(SERIES * scale))
    made = measure("bench.baselines:make_only", series, DAYS)
    two = measure("bench.baselines:move_windows", series, DAYS, 2)
    one = measure("bench.baselines:move_windows", series, DAYS, 1)
    part = series // PART
    brute = measure("bench.baselines:brute_force_total", part, DAYS)
    pandas = measure("bench.baselines:roll_medians", part, DAYS)
    seconds = two.seconds - made.seconds
    work = one.cpu_seconds - made.cpu_seconds
    what = f"weekday median and MAD, {series:,} series × {DAYS:,} days"
    return [
        Row(
            f"{what}, {name}",
            f"{seconds:.1f} s on two threads, {work:.1f} s of processor",
            f"{told} {other.cpu_seconds * PART:.0f} s of processor",
            work / (other.cpu_seconds * PART),
            two.peak_mb,
            f"≤ {TARGET_SECONDS:g} s",
            seconds <= TARGET_SECONDS,
        )
        for name, told, other in (
            ("brute force", "numpy medians of all windows", brute),
            ("rolling medians", "two of pandas, without weekdays,", pandas),
        )
    ]


if __name__ == "__main__":
    check()
