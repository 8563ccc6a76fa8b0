"""Merges days that pass the peak rule into peaks, one row a day that a peak ran.

The scoring of days is `day_scores.score_days`, offered here as well: first
`score_days`, then `find_peaks`.

Notes
-----
A peak says that a day is unusual for this series. It does not say why, nor that the
cause lies in fashion; `evidence` lists what was over-represented.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.schemas import TABLES
from trendlab.signals.day_scores import PeakRule, score_days
from trendlab.signals.panels import EPOCH, day_number, hash_id, need_run_ids
from trendlab.signals.runs import clamp_severity, run_starts

__all__ = ["PEAK_MEASURES", "PeakRule", "find_peaks", "peak_severity", "score_days"]

logger = logging.getLogger(__name__)

# Measures whose events are peaks; the events of the negatives are dips.
PEAK_MEASURES = ("posts", "likes_per_post", "activity")
# Least baseline that a ratio is taken against: below half a post a day the ratio
# would only say how empty the series was.
MIN_RATIO_BASELINE = 0.5


def peak_severity(z: float, ratio: float, run_days: int, rule: PeakRule) -> int:
    """Grade a peak from 1 (mild) to 10 (extreme).

    Parameters
    ----------
    z, ratio : float
        At the apex.
    run_days : int
        Flagged days so far.

    Returns
    -------
    int
        1 + ⌊2 log₂(z / peak z) + log₂(ratio / least ratio) + log₂(days)⌋, held
        between 1 and 10: twice the z counts 2, twice the ratio 1, twice the days 1.
    """
    points = (
        2.0 * math.log2(max(z / rule.peak_z, 1.0))
        + math.log2(max(ratio / rule.min_ratio, 1.0))
        + math.log2(max(run_days, 1))
    )
    return clamp_severity(points)


def find_peaks(
    day_scores: pa.Table,
    *,
    first_day: date,
    last_day: date,
    run_ids: Mapping[date, str],
    rule: PeakRule | None = None,
) -> pa.Table:
    """Merge flagged days into peaks.

    Parameters
    ----------
    day_scores : pyarrow.Table[day_scores]
        With the columns of `day_scores.PAST_COLUMNS` or more. Days from
        `first_day` − 84 to `last_day`, so that a peak that began earlier keeps its
        start.
    first_day, last_day : datetime.date
        Days to produce, inclusive.
    run_ids : mapping of date to str
        run_id of each produced day.
    rule : PeakRule, optional
        The rule that `day_scores` was made with.

    Returns
    -------
    pyarrow.Table[peaks]
        One row per peak and day on which it ran, with the state as of that day,
        sorted by peak_id and day. Days flagged with a gap of at most one day are one
        peak; `excess` sums value − baseline over the flagged days.
    """
    rule = rule or PeakRule()
    started = time.monotonic()
    need_run_ids(run_ids, first_day, last_day)
    earliest = first_day - timedelta(rule.window_days)
    wanted = pc.and_(
        day_scores["is_peak"],
        pc.and_(
            pc.is_in(day_scores["measure"], pa.array(PEAK_MEASURES)),
            pc.and_(
                pc.greater_equal(day_scores["day"], pa.scalar(earliest)),
                pc.less_equal(day_scores["day"], pa.scalar(last_day)),
            ),
        ),
    )
    flagged: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    keys = [(name, "ascending") for name in ("tracker", "city", "measure", "day")]
    for row in day_scores.filter(wanted).sort_by(keys).to_pylist():
        series = (row["tracker"], row["city"], row["measure"])
        flagged.setdefault(series, []).append(row)
    rows: list[dict[str, Any]] = []
    for series, days in flagged.items():
        starts = run_starts([day_number(row["day"]) for row in days])
        for i, start in enumerate(starts):
            if days[i]["day"] >= first_day:
                run = days[start : i + 1]
                rows.append(_peak_row(series, run, rule, run_ids))
    rows.sort(key=lambda row: (row["peak_id"], row["day"]))
    peaks = TABLES["peaks"].from_rows(rows)
    logger.info(
        "peaks %s..%s: %d rows in, %d rows out, %.1f s",
        first_day,
        last_day,
        day_scores.num_rows,
        peaks.num_rows,
        time.monotonic() - started,
    )
    return peaks


def _peak_row(
    series: tuple[str, str, str],
    run: list[dict[str, Any]],
    rule: PeakRule,
    run_ids: Mapping[date, str],
) -> dict[str, Any]:
    """State of one peak on the last day of `run`."""
    tracker, city, measure = series
    apex = max(run, key=lambda row: (row["z"], -(row["day"] - EPOCH).days))
    ratio = apex["value"] / max(apex["baseline"], MIN_RATIO_BASELINE)
    return {
        "day": run[-1]["day"],
        "peak_id": hash_id(tracker, city, measure, run[0]["day"]),
        "tracker": tracker,
        "city": city,
        "measure": measure,
        "start_on": run[0]["day"],
        "apex_on": apex["day"],
        "end_on": run[-1]["day"],
        "value": apex["value"],
        "baseline": apex["baseline"],
        "ratio": ratio,
        "z": apex["z"],
        "excess": sum(row["value"] - row["baseline"] for row in run),
        "severity": peak_severity(apex["z"], ratio, len(run), rule),
        "is_cold_start": run[-1]["is_cold_start"],
        "rule_version": rule.version,
        "run_id": run_ids[run[-1]["day"]],
    }
