"""The peak rule on one day: thresholds, scores, and the rows that come of them.

`day_scores` walks over the days; this module says what is done on each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import special, stats

from trendlab.schemas import TABLES
from trendlab.signals.baselines import (
    Baseline,
    cold_start_size,
    cold_start_tail,
    count_floor,
)
from trendlab.signals.panels import EPOCH, Panel, hash_id, strings
from trendlab.signals.tails import benjamini_hochberg, student_upper_tail

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NEGATIVE_MEASURES = ("negatives", "comment_negatives")
PER_POST_MEASURES = (
    "likes_per_post",
    "likes_per_post_trimmed",
    "comments_per_post",
    "comments_per_post_trimmed",
)
# Told average or not, and never a peak: one viral post moves likes and their trimmed
# mean (simulated, posts + likes found .21 of planted peaks, posts + Σ log1p(likes)
# .61), and comments are what a few posts of many ask for.
AVERAGE_MEASURES = (
    "likes",
    "likes_per_post_trimmed",
    "comments",
    "comments_per_post",
    "comments_per_post_trimmed",
)
Z_90 = 1.6449  # 5 % lie above this many standard deviations


@dataclass(frozen=True)
class PeakRule:
    """Thresholds of the peak rule.

    Parameters
    ----------
    window_days, period_days : int
        Trailing baseline and its season.
    min_valid_days : int
        Fewer valid days than this is a cold start.
    min_cold_days : int
        Fewer than this says nothing: two days cannot tell a level.
    candidate_z, peak_z : float
        Robust z of a candidate and of a peak.
    peak_p : float
        Upper tail that a peak must pass as well, as fitted to the z that the rule
        really gave: under a yearly season or a trend the z of quiet days swing wider
        than 1, and z ≥ 3.5 alone gave up to 0.46 false alarms per 100 days (null
        worlds, mean 1,000 a day, ± 25 % over the year).
    negative_p : float
        The same for the counts of negatives, which raise an alarm beside their share:
        the two split the false alarms that are allowed.
    min_posts : int
        Posts of the day; below it a ratio is an accident.
    min_negatives : int
        The same floor for counts of negatives.
    min_ratio : float
        Value / baseline; a small but certain rise is no news.
    false_discovery_rate : float
        Benjamini–Hochberg level over the series of a night.
    likes_scale_floor : float
        Least scale of log1p likes per post and of activity: 5 %.
    tail_freedom : float
        Degrees of freedom of the t tail of z: in the null worlds its 99 % and 99.9 %
        quantiles are 1.4 and 1.9 times the 95 % one, as of a t with 30.
    tail_prior_scale, tail_prior_count : float
        Prior scale of that tail (null worlds without a yearly season), and how many
        z it weighs as.
    width_prior_count : float
        How many days the pooled tail weighs as in the width of a series' interval.
    cold_variation : float
        Prior squared coefficient of variation of a young series' days; ± 32 %.
    cold_negative_variation : float
        The same of its negatives, which swing with their share besides: an
        overdispersion of 0.01 around a share of 8 % adds 0.01 · 0.92 / 0.08 ≈ 0.12.
    """

    window_days: int = 84
    period_days: int = 7
    min_valid_days: int = 28
    min_cold_days: int = 3
    candidate_z: float = 2.8
    peak_z: float = 3.5
    peak_p: float = 0.002
    negative_p: float = 0.0004
    min_posts: int = 10
    min_negatives: int = 5
    min_ratio: float = 1.5
    false_discovery_rate: float = 0.1
    likes_scale_floor: float = 0.05
    tail_freedom: float = 30.0
    tail_prior_scale: float = 1.12
    tail_prior_count: float = 200.0
    width_prior_count: float = 14.0
    cold_variation: float = 0.1
    cold_negative_variation: float = 0.22

    @property
    def version(self) -> str:
        """Name of the rule with a hash of its thresholds."""
        return f"peaks-1-{hash_id(*astuple(self))[:8]}"


@dataclass
class Scores:
    """Scores of one measure, filled day by day; (series, days) arrays."""

    value: Floats
    baseline: Floats
    low: Floats
    high: Floats
    z: Floats
    p: Floats
    valid: npt.NDArray[np.int64]
    is_candidate: Bools
    is_peak: Bools
    is_cold: Bools


def empty_scores(value: Floats) -> Scores:
    """Make room for the scores of one measure, all unknown."""
    shape = value.shape
    return Scores(
        value=value,
        baseline=np.full(shape, np.nan),
        low=np.full(shape, np.nan),
        high=np.full(shape, np.nan),
        z=np.full(shape, np.nan),
        p=np.full(shape, np.nan),
        valid=np.zeros(shape, np.int64),
        is_candidate=np.zeros(shape, bool),
        is_peak=np.zeros(shape, bool),
        is_cold=np.zeros(shape, bool),
    )


def score_day(
    scores: Scores,
    baseline: Baseline,
    t: int,
    tested: Bools,
    enough: Bools,
    measure: str,
    tail_scale: float,
    width: Floats,
    rule: PeakRule,
) -> None:
    """Fill column `t` of the scores; `width` is half the 90 % interval, in scales."""
    value = scores.value[:, t]
    cold = baseline.valid < rule.min_valid_days
    silent = ~tested | (baseline.valid < rule.min_cold_days)
    floor = (
        np.full(len(value), rule.likes_scale_floor)
        if measure in PER_POST_MEASURES
        else count_floor(baseline.centre)
    )
    scale = np.maximum(baseline.scale, floor)
    z = (np.log1p(value) - baseline.centre) / scale
    p = student_upper_tail(z, tail_scale, rule.tail_freedom)
    centre = np.expm1(baseline.centre)
    low = np.expm1(baseline.centre - width * scale)
    high = np.expm1(baseline.centre + width * scale)
    if cold.any():
        young = _score_young(value[cold], _series_of(baseline, cold), measure, rule)
        for one, other in zip(young, (z, p, centre, low, high), strict=True):
            other[cold] = one
    for target, column in (
        (scores.z, z),
        (scores.p, p),
        (scores.baseline, centre),
        (scores.low, np.maximum(low, 0.0)),
        (scores.high, high),
    ):
        target[:, t] = np.where(silent, np.nan, column)
    scores.valid[:, t] = baseline.valid
    scores.is_cold[:, t] = cold
    with np.errstate(invalid="ignore"):
        rises = value >= rule.min_ratio * centre
        if measure in AVERAGE_MEASURES:
            return
        scores.is_candidate[:, t] = ~silent & (z >= rule.candidate_z)
        passed = benjamini_hochberg(scores.p[:, t], rule.false_discovery_rate)
        least = rule.negative_p if measure in NEGATIVE_MEASURES else rule.peak_p
        passed &= scores.p[:, t] <= least
        scores.is_peak[:, t] = ~silent & (z >= rule.peak_z) & enough & rises & passed


def _series_of(baseline: Baseline, kept: Bools) -> Baseline:
    """Give the baselines of some series."""
    return Baseline(
        centre=baseline.centre[kept],
        scale=baseline.scale[kept],
        valid=baseline.valid[kept],
        mean=baseline.mean[kept],
        spread=baseline.spread[kept],
    )


# log1p likes per post of a young series: day-to-day scale until it is known.
YOUNG_LIKES_SCALE = 0.5


def _score_young(
    value: Floats, baseline: Baseline, measure: str, rule: PeakRule
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Score a cold start: z, p, centre, low, high.

    Counts use the Gamma–Poisson tail; z is the normal score of its p, so that the
    same thresholds apply. Likes per post use a t with few degrees of freedom.
    """
    if measure in PER_POST_MEASURES:
        days = np.maximum(baseline.valid, 1)
        scale = YOUNG_LIKES_SCALE * np.sqrt(1.0 + 1.0 / days)
        z = (np.log1p(value) - baseline.centre) / scale
        p = student_upper_tail(z, 1.0, 4.0)
        centre = np.expm1(baseline.centre)
        low = np.expm1(baseline.centre - Z_90 * scale)
        high = np.expm1(baseline.centre + Z_90 * scale)
        return -special.ndtri(np.clip(p, 1e-300, 1 - 1e-16)), p, centre, low, high
    value = np.nan_to_num(value)
    variation = (
        rule.cold_negative_variation
        if measure in NEGATIVE_MEASURES
        else rule.cold_variation
    )
    p = cold_start_tail(value, baseline, variation)
    mean, size = cold_start_size(baseline, variation)
    low = stats.nbinom.ppf(0.05, size, size / (size + mean))
    high = stats.nbinom.ppf(0.95, size, size / (size + mean))
    return -special.ndtri(np.clip(p, 1e-300, 1 - 1e-16)), p, mean, low, high


def to_rows(
    scores: Scores,
    panel: Panel,
    active: Bools,
    measure: str,
    run_ids: Mapping[date, str],
    rule: PeakRule,
) -> pa.Table:
    """Turn the produced columns into rows."""
    shown = active.copy()
    shown[:, : rule.window_days] = False
    series, columns = np.nonzero(shown)

    def numbers(filled: Floats) -> pa.Array:
        taken = filled[series, columns]
        return pa.array(taken, pa.float64(), mask=np.isnan(taken))

    value = scores.value[series, columns]
    low = scores.low[series, columns]
    high = scores.high[series, columns]
    side = np.where(value < low, 0, np.where(value > high, 2, 1)).astype(np.int64)
    average = strings(["below", "average", "above"], side)
    unknown = np.isnan(value) | np.isnan(low)
    days = sorted(run_ids)
    offset = panel.first + columns
    place = {(day - EPOCH).days: i for i, day in enumerate(days)}
    codes = np.array([place[number] for number in offset.tolist()], np.int64)
    names = sorted(set(panel.trackers))
    towns = sorted(set(panel.cities))
    by_tracker = np.array([names.index(n) for n in panel.trackers], np.int64)
    by_city = np.array([towns.index(n) for n in panel.cities], np.int64)
    filled = {
        "day": pa.array(offset.astype(np.int32), pa.int32()).cast(pa.date32()),
        "tracker": strings(names, by_tracker[series]),
        "city": strings(towns, by_city[series]),
        "measure": strings([measure], np.zeros(len(series), np.int64)),
        "value": numbers(scores.value),
        "baseline": numbers(scores.baseline),
        "expected_low": numbers(scores.low),
        "expected_high": numbers(scores.high),
        "z": numbers(scores.z),
        "p_value": numbers(scores.p),
        "valid_days": pa.array(scores.valid[series, columns], pa.int64()),
        "is_candidate": pa.array(scores.is_candidate[series, columns]),
        "is_peak": pa.array(scores.is_peak[series, columns]),
        "is_cold_start": pa.array(scores.is_cold[series, columns]),
        "average": pc.if_else(pa.array(unknown), pa.scalar(None, pa.string()), average),
        "rule_version": strings([rule.version], np.zeros(len(series), np.int64)),
        "run_id": strings([run_ids[day] for day in days], codes),
    }
    return pa.table(filled, schema=TABLES["day_scores"].arrow)
