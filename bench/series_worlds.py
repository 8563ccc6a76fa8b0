"""How `trendlab peaks` holds up: NAB's files disturbed, and quiet made-up series.

Run: ``python -m bench.series_worlds [--data DIR]``. Prints NAB's total at the fixed
threshold for copies of its files that were thinned, roughened, cut at the start or
summed to coarser grains, and the false alarms per 100 days in series without events.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench import nab
from bench.nab import Labelled
from trendlab.signals.series import SeriesRule, detect_series

SEED = 1
DAY_SECONDS = 86_400
QUIET_DAYS = 70
QUIET_SERIES = 6
# A series is young at first; alarms are counted after this many days.
SETTLED_DAYS = 14

Disturb = Callable[[Labelled, np.random.Generator], Labelled]
World = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def thinned(share: float) -> Disturb:
    """Keep each tweet with a chance of `share`."""
    return lambda series, rng: replace(
        series, values=rng.binomial(series.values.astype(int), share).astype(float)
    )


def roughened(sigma: float) -> Disturb:
    """Multiply each row by log-normal noise."""
    return lambda series, rng: replace(
        series,
        values=np.round(series.values * rng.lognormal(0.0, sigma, len(series.values))),
    )


def cut(rows: int) -> Disturb:
    """Drop rows at the start, and windows that then lie in the probation."""
    return lambda series, rng: replace(
        series,
        moments=series.moments[rows:],
        values=series.values[rows:],
        windows=tuple(
            (first - rows, last - rows)
            for first, last in series.windows
            if first - rows >= nab.PROBATION_MAX_ROWS
        ),
    )


def summed(width: int) -> Disturb:
    """Sum rows to a grain `width` times as coarse."""

    def disturb(series: Labelled, rng: np.random.Generator) -> Labelled:
        kept = len(series.values) // width * width
        return replace(
            series,
            moments=series.moments[:kept:width],
            values=series.values[:kept].reshape(-1, width).sum(axis=1),
            windows=tuple((a // width, b // width) for a, b in series.windows),
        )

    return disturb


DISTURBED: dict[str, tuple[Disturb, int]] = {
    "as they are": (thinned(1.0), 1),
    "half of the tweets": (thinned(0.5), 1),
    "a quarter": (thinned(0.25), 1),
    "a tenth": (thinned(0.1), 1),
    "noise of 15 % a row": (roughened(0.15), 1),
    "noise of 30 % a row": (roughened(0.3), 1),
    "noise of 50 % a row": (roughened(0.5), 1),
    "without the first 700 rows": (cut(700), 1),
    "without the first 2,000 rows": (cut(2000), 1),
    "10 minutes": (summed(2), 2),
    "15 minutes": (summed(3), 3),
    "30 minutes": (summed(6), 6),
    "60 minutes": (summed(12), 12),
}


def disturbed_lines(folder: Path) -> Iterator[str]:
    """Give NAB's total for each disturbance."""
    files = nab.load(folder)
    profiles = json.loads((folder / "profiles.json").read_text())
    costs = profiles["standard"]["CostMatrix"]
    yield "| files | total |"
    yield "|---|---|"
    for name, (disturb, width) in DISTURBED.items():
        rng = np.random.default_rng(SEED)
        outcomes = []
        for series in files:
            changed = disturb(series, rng)
            probation = nab.PROBATION_MAX_ROWS // width
            is_detected = nab.detections(changed, SeriesRule())
            # the same hours are probation at every grain
            outcomes.append(nab.score_file(changed, is_detected, costs, probation))
        yield f"| {name} | {nab.total_of(outcomes):.1f} |"


def counts(level: float, swing: float, size: float | None, memory: float) -> World:
    """Poisson or negative binomial counts with a daily swing and a slow rate."""

    def draw(days: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        rate = level * np.exp(swing * np.sin(2 * np.pi * days))
        if memory:
            shocks = rng.normal(0.0, 0.3 * np.sqrt(1 - memory**2), len(days))
            state = 0.0
            for at, shock in enumerate(shocks):
                state = memory * state + shock
                rate[at] *= np.exp(state)
        if size is None:
            return rng.poisson(rate).astype(float)
        return rng.negative_binomial(size, size / (size + rate)).astype(float)

    return draw


QUIET: dict[str, World] = {
    "Poisson, 2 a row": counts(2, 0.0, None, 0.0),
    "Poisson, 30 a row": counts(30, 0.0, None, 0.0),
    "Poisson, 30 a row, daily swing": counts(30, 0.8, None, 0.0),
    "negative binomial, 2 a row, daily swing": counts(2, 0.8, 3, 0.0),
    "negative binomial, 30 a row, daily swing": counts(30, 0.8, 10, 0.0),
    "the same, rate wanders by 30 %": counts(30, 0.8, 10, 0.98),
}


def quiet_lines() -> Iterator[str]:
    """Give false alarms per 100 days of series without events."""
    grains = {"5 min": 300, "1 h": 3600, "1 d": DAY_SECONDS}
    yield "| world | " + " | ".join(grains) + " |"
    yield "|---" * (len(grains) + 1) + "|"
    for name, world in QUIET.items():
        cells = []
        for grain in grains.values():
            # a day a row needs more days: the rule of days wants 28 of them
            settled = SETTLED_DAYS if grain < DAY_SECONDS else 28
            length = QUIET_DAYS if grain < DAY_SECONDS else 700
            alarms = 0
            for seed in range(QUIET_SERIES):
                at = np.arange(length * DAY_SECONDS // grain)
                values = world(at * grain / DAY_SECONDS, np.random.default_rng(seed))
                moments = np.datetime64("2026-01-01", "s") + at * grain
                rows = detect_series(moments, values)
                after = settled * DAY_SECONDS // grain
                alarms += int(rows["is_peak"].to_numpy()[after:].sum())
            cells.append(100.0 * alarms / (QUIET_SERIES * (length - settled)))
        yield f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="NAB's folder")
    folder = parser.parse_args().data
    if folder is not None:
        for line in disturbed_lines(folder):
            print(line, flush=True)
    for line in quiet_lines():
        print(line, flush=True)


if __name__ == "__main__":
    main()
