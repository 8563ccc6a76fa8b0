"""Scores `trendlab peaks` on NAB's Twitter volumes, by NAB's own scoring.

Run: ``python -m bench.nab --data DIR``, where DIR has ``realTweets/*.csv``,
``windows.json`` (window limits by file) and ``profiles.json``. Prints a row a file,
the total, the sweep of the threshold and the leave-one-file-out choice of it.

References
----------
Lavin and Ahmad (2015), Evaluating real-time anomaly detection algorithms – the Numenta
anomaly benchmark, ICMLA. Written from the paper and checked against the reference
scorer's rules: a window counts its best detection, every other detection costs.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.csv as csv

from trendlab.signals.series import PEAK_SCORE, SeriesRule, detect_series

PROBATION_SHARE = 0.15
PROBATION_MAX_ROWS = 750
# Thresholds (mean −log₁₀ tail) of the sweep: 4 % apart.
SWEEP = tuple(float(t) for t in np.geomspace(1.5, 3.5, 22))
# The threshold is chosen at the top of the sweep smoothed over this many neighbours:
# one file more or less moves a lone maximum by half the range.
SMOOTH_POINTS = 5


@dataclass(frozen=True)
class Labelled:
    """A series with NAB's windows as row numbers, first and last row included."""

    name: str
    moments: npt.NDArray[np.datetime64]
    values: npt.NDArray[np.float64]
    windows: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Outcome:
    """What NAB's scoring gives for one file."""

    name: str
    score: float
    windows: int
    found: int
    false_alarms: int

    @property
    def normalised(self) -> float:
        """0 for no detection, 100 for every window at its first row."""
        return normalise(self.score, self.windows)


def normalise(score: float, windows: int, fn_weight: float = 1.0) -> float:
    """100 · (score − null) / (perfect − null)."""
    null = -fn_weight * windows
    return 100.0 * (score - null) / (windows - null) if windows else math.nan


def sigmoid_weight(position: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Weight by place: −1 is a window's left edge, 0 its right, beyond 3 flat."""
    place = np.asarray(position, np.float64)
    return np.where(place >= 3.0, -1.0, 2.0 / (1.0 + np.exp(5.0 * place)) - 1.0)


def row_weights(
    rows: int,
    windows: tuple[tuple[int, int], ...],
    tp_weight: float,
    fp_weight: float,
) -> npt.NDArray[np.float64]:
    """Give what a detection at each row is worth."""
    at = np.arange(rows)
    weights = np.full(rows, -fp_weight)
    for first, last in windows:
        after = at > last
        width = last - first + 1
        past = (at[after] - last) / max(width - 1, 1)
        weights[after] = fp_weight * sigmoid_weight(past)
    best = float(sigmoid_weight(-1.0))
    for first, last in windows:
        width = last - first + 1
        inside = slice(first, last + 1)
        place = -(last - at[inside] + 1) / width
        weights[inside] = tp_weight * sigmoid_weight(place) / best
    return weights


def score_file(
    series: Labelled,
    is_detected: npt.NDArray[np.bool_],
    costs: dict[str, float],
    probation_max_rows: int = PROBATION_MAX_ROWS,
) -> Outcome:
    """Score one file's detections as NAB does."""
    rows = len(series.values)
    weights = row_weights(rows, series.windows, costs["tpWeight"], costs["fpWeight"])
    probation = math.floor(min(PROBATION_SHARE * rows, probation_max_rows))
    counted = is_detected.copy()
    counted[:probation] = False
    is_outside = np.ones(rows, bool)
    total, found = 0.0, 0
    for first, last in series.windows:
        inside = slice(first, last + 1)
        is_outside[inside] = False
        hits = weights[inside][counted[inside]]
        found += len(hits) > 0
        total += float(hits.max()) if len(hits) else -costs["fnWeight"]
    is_false = counted & is_outside
    total += float(weights[is_false].sum())
    return Outcome(series.name, total, len(series.windows), found, int(is_false.sum()))


def load(folder: Path) -> list[Labelled]:
    """Read every CSV that has windows."""
    limits = json.loads((folder / "windows.json").read_text())
    found = []
    for key in sorted(limits):
        path = folder / key
        if not path.exists():
            continue
        rows = csv.read_csv(path)
        moments = rows["timestamp"].to_numpy().astype("datetime64[us]")
        windows = tuple(
            (
                int(np.searchsorted(moments, np.datetime64(first))),
                int(np.searchsorted(moments, np.datetime64(last), side="right")) - 1,
            )
            for first, last in limits[key]
        )
        values = rows["value"].to_numpy().astype(np.float64)
        found.append(Labelled(path.stem, moments, values, windows))
    return found


def detections(series: Labelled, rule: SeriesRule) -> npt.NDArray[np.bool_]:
    """Run the detector and give the rows at or over the fixed threshold."""
    rows = detect_series(series.moments, series.values, rule=rule)
    return np.asarray(rows["score"].to_numpy() >= PEAK_SCORE)


def total_of(outcomes: list[Outcome]) -> float:
    """Normalised score of files together."""
    windows = sum(each.windows for each in outcomes)
    return normalise(sum(each.score for each in outcomes), windows)


def smoothed(curve: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Running mean over `SMOOTH_POINTS`, ends repeated."""
    half = SMOOTH_POINTS // 2
    kernel = np.full(SMOOTH_POINTS, 1.0 / SMOOTH_POINTS)
    return np.convolve(np.pad(curve, half, mode="edge"), kernel, "valid")


def lines(folder: Path) -> list[str]:
    """Give the printed report."""
    files = load(folder)
    profiles = json.loads((folder / "profiles.json").read_text())
    costs = profiles["standard"]["CostMatrix"]
    rule = SeriesRule()
    marked = [detections(series, rule) for series in files]
    outcomes = [
        score_file(series, rows, costs)
        for series, rows in zip(files, marked, strict=True)
    ]
    told = [
        "| file | windows | found | false alarms | score |",
        "|---|---|---|---|---|",
    ]
    told += [
        f"| {each.name} | {each.windows} | {each.found} | {each.false_alarms} "
        f"| {each.normalised:.1f} |"
        for each in outcomes
    ]
    told.append(
        f"| total | {sum(e.windows for e in outcomes)} "
        f"| {sum(e.found for e in outcomes)} "
        f"| {sum(e.false_alarms for e in outcomes)} | {total_of(outcomes):.1f} |"
    )
    for name, profile in profiles.items():
        if name == "standard":
            continue
        weights = profile["CostMatrix"]
        others = [
            score_file(series, rows, weights)
            for series, rows in zip(files, marked, strict=True)
        ]
        score = sum(each.score for each in others)
        windows = sum(each.windows for each in others)
        told.append(
            f"{name}: {normalise(score, windows, weights['fnWeight']):.1f} "
            "at the same threshold"
        )
    sweep = [
        [
            score_file(
                series, detections(series, replace(rule, peak_surprise=level)), costs
            )
            for series in files
        ]
        for level in SWEEP
    ]
    told.append("sweep of the threshold: surprise, total, files")
    for level, row in zip(SWEEP, sweep, strict=True):
        each = " ".join(f"{outcome.normalised:6.1f}" for outcome in row)
        told.append(f"{level:.2f} {total_of(row):6.1f}   {each}")
    if len(files) > 1:
        told += left_out(files, sweep)
    return told


def left_out(files: list[Labelled], sweep: list[list[Outcome]]) -> list[str]:
    """Choose the threshold on all files but one and score that one by it."""
    told = ["leave one file out: file, threshold of the others, score of the file"]
    chosen = []
    for at, series in enumerate(files):
        others = [[each for i, each in enumerate(row) if i != at] for row in sweep]
        best = int(smoothed(np.array([total_of(row) for row in others])).argmax())
        chosen.append(sweep[best][at])
        told.append(f"{series.name} {SWEEP[best]:.2f} {chosen[-1].normalised:.1f}")
    told.append(f"left out together: {total_of(chosen):.1f}")
    return told


def main() -> None:
    """Print the report of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="NAB's folder")
    for line in lines(parser.parse_args().data):
        print(line, flush=True)


if __name__ == "__main__":
    main()
