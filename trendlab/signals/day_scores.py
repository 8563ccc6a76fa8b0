"""Says how unusual each day of each series is against the series' own past.

A nightly rule: no value after a day enters what is said of it, so a range computed in
bulk equals the same days computed one by one. `peaks.find_peaks` merges the days that
pass into events; `dips.find_dips` reads the rows of the negatives.

Notes
-----
The rule is that of a robust z on the log1p scale against the trailing weekday median.
Its p-value comes from a Student t tail whose scale is fitted to the z of all series of
the measure in the trailing window (walk-forward, so it is what the rule really did),
because an empirical p from one series' 84 days cannot be below 1/85. The p-values of a
night go through Benjamini–Hochberg, which only bites where there are many series.

A peak says that a day is unusual for this series. It does not say why, nor that the
cause lies in fashion.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

from trendlab.signals.activity import counted_or_before
from trendlab.signals.panels import Panel, build_panel, floats, need_run_ids
from trendlab.signals.scoring import (
    NEGATIVE_MEASURES,
    PER_POST_MEASURES,
    Z_90,
    PeakRule,
    Scores,
    empty_scores,
    score_day,
    to_rows,
)
from trendlab.signals.trailing import TrailingBaselines

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

__all__ = ["PAST_COLUMNS", "PeakRule", "score_days"]

logger = logging.getLogger(__name__)

# Column of the activity table that each measure reads.
MEASURE_COLUMNS = {
    "posts": "posts_count",
    "likes": "likes_count",
    "likes_per_post": "likes_per_post",
    "likes_per_post_trimmed": "likes_per_post_trimmed",
    "comments": "comments_count",
    "comments_per_post": "comments_per_post",
    "comments_per_post_trimmed": "comments_per_post_trimmed",
    "activity": "activity",
    # an author's at most 3, as in dips: who writes eighty is no crowd
    "negatives": "negative_capped_count",
    "comment_negatives": "comment_negative_capped_count",
}
# Of readings of posts, and provisional as long as the likes among these are young.
LIKE_MEASURES = (*PER_POST_MEASURES, "likes", "comments", "activity")

# What this rule, and the peaks that days are merged into, read of earlier days.
PAST_COLUMNS = [
    "day",
    "tracker",
    "city",
    "measure",
    "value",
    "baseline",
    "z",
    "is_peak",
    "is_cold_start",
]
# Upper quantile of z that the tail's scale is fitted at: far enough out to speak of
# the tail, and still 4 days of a series' 84.
TAIL_QUANTILE = 0.95
# z are counted in bins of this width, so that a trailing quantile over 10,000 series
# costs one sum; its error of half a bin is far below its sampling error.
Z_BIN = 0.02
Z_LIMIT = 12.0
# What the interval of an average day is to hold.
INTERVAL_SHARE = 0.9
# A series that repeats itself exactly still gets an interval.
LEAST_WIDTH = 0.1
Z_BINS = int(2 * Z_LIMIT / Z_BIN) + 2


def score_days(
    activity: pa.Table,
    covered_days: pa.Table,
    *,
    first_day: date,
    last_day: date,
    past_scores: pa.Table,
    run_ids: Mapping[date, str],
    rule: PeakRule | None = None,
) -> pa.Table:
    """Score every day of every series against the series' own past.

    Parameters
    ----------
    activity : pyarrow.Table[activity]
        Days from `first_day` − 84 to `last_day`; more is not read.
    covered_days : pyarrow.Table
        From `activity.covered_days`; a day without a row is missing, never quiet.
    first_day, last_day : datetime.date
        Days to produce, inclusive.
    past_scores : pyarrow.Table[day_scores]
        With the columns of `PAST_COLUMNS` or more. The 84 days before `first_day`:
        their peaks are masked out of the baselines and their z fit the tail. Empty
        at the start of history.
    run_ids : mapping of date to str
        run_id of each produced day.
    rule : PeakRule, optional

    Returns
    -------
    pyarrow.Table[day_scores]
        Sorted by tracker, city, measure, day. A series has a row on each day on
        which it had a post within the 84 days up to it; on days that were not
        covered, and for likes or comments on days without a known one, the value is
        NULL.

    Notes
    -----
    Provisional likes (readings younger than 24 hours), and comments read with them, are
    shown and never scored.
    Days covered in part are scored, for a peak in half a day is a peak, and stay out
    of the baselines and of the width of the interval.
    """
    rule = rule or PeakRule()
    started = time.monotonic()
    need_run_ids(run_ids, first_day, last_day)
    panel = build_panel(
        activity, covered_days, first_day - timedelta(rule.window_days), last_day
    )
    active = panel.active(rule.window_days)
    past = past_scores.select(PAST_COLUMNS).combine_chunks()
    parts = [
        to_rows(
            _score_measure(panel, activity, active, measure, past, rule),
            panel,
            active,
            measure,
            run_ids,
            rule,
        )
        for measure in MEASURE_COLUMNS
    ]
    scores = pa.concat_tables(parts).sort_by(
        [(name, "ascending") for name in ("tracker", "city", "measure", "day")]
    )
    logger.info(
        "day_scores %s..%s: %d rows in, %d rows out, %.1f s",
        first_day,
        last_day,
        activity.num_rows,
        scores.num_rows,
        time.monotonic() - started,
    )
    return scores.combine_chunks()


def _score_measure(
    panel: Panel,
    activity: pa.Table,
    active: Bools,
    measure: str,
    past_scores: pa.Table,
    rule: PeakRule,
) -> Scores:
    """Run the rule over the days of one measure, in order."""
    value = _measure_values(panel, activity, measure)
    posts = panel.counts(activity["posts_count"])
    known = ~np.isnan(value) & panel.covered
    scorable = known.copy()
    if measure in LIKE_MEASURES:
        scorable &= panel.values(activity["is_provisional"], 0.0) == 0.0
    partial = panel.partial | (panel.values(activity["is_partial"], 0.0) == 1.0)
    usable = scorable & ~partial
    scores = empty_scores(value)
    past = _read_past(panel, measure, past_scores, rule, scores)
    baselines = TrailingBaselines(
        np.where(usable, value, 0.0),
        usable,
        panel.segments,
        window=rule.window_days,
        period=rule.period_days,
        young_steps=rule.min_valid_days,
    )
    # The floor on items keeps tiny counts from being called peaks.
    if measure in NEGATIVE_MEASURES:
        enough = np.nan_to_num(value) >= rule.min_negatives
    else:
        enough = np.nan_to_num(posts) >= rule.min_posts
    for t in range(rule.window_days, panel.days):
        baseline = baselines.at(t, scores.is_peak)
        tested = scorable[:, t] & active[:, t]
        scale = _tail_scale(past[:, t - rule.window_days : t].sum(axis=1), rule)
        width = _interval_width(scores, usable, t, scale, rule)
        score_day(
            scores, baseline, t, tested, enough[:, t], measure, scale, width, rule
        )
        past[:, t : t + 1] = _bin_z(scores, t, t + 1, measure, rule)
    return scores


def _measure_values(panel: Panel, activity: pa.Table, measure: str) -> Floats:
    column = counted_or_before(activity, MEASURE_COLUMNS[measure])
    if measure in PER_POST_MEASURES:  # no posts, nothing per post
        return panel.values(column, np.nan)
    return panel.counts(column)


def _read_past(
    panel: Panel, measure: str, past_scores: pa.Table, rule: PeakRule, scores: Scores
) -> npt.NDArray[np.int64]:
    """Take over the flags and z of earlier days; give binned z a day."""
    bins = np.zeros((Z_BINS, panel.days), np.int64)
    mine = past_scores.filter(pc.equal(past_scores["measure"], measure))
    rows, series, columns = panel.slots(mine)
    before = columns < rule.window_days
    rows, series, columns = rows[before], series[before], columns[before]
    scores.z[series, columns] = floats(mine["z"])[rows]
    scores.baseline[series, columns] = floats(mine["baseline"])[rows]
    scores.is_peak[series, columns] = floats(mine["is_peak"])[rows] == 1.0
    scores.is_cold[series, columns] = floats(mine["is_cold_start"])[rows] == 1.0
    bins[:, : rule.window_days] = _bin_z(scores, 0, rule.window_days, measure, rule)
    return bins


def _bin_z(
    scores: Scores, first: int, last: int, measure: str, rule: PeakRule
) -> npt.NDArray[np.int64]:
    """Count the z of the days from `first` to before `last` by size: (bins, days).

    Cold starts and peaks do not speak of the tail, nor do series too small to have
    a peak: their z are held down by the floor of the scale.
    """
    span = slice(first, last)
    z = scores.z[:, span]
    kept = ~np.isnan(z) & ~scores.is_cold[:, span] & ~scores.is_peak[:, span]
    if measure not in PER_POST_MEASURES:
        kept &= np.nan_to_num(scores.baseline[:, span]) >= rule.min_posts
    _, columns = np.nonzero(kept)
    clipped = np.clip(z[kept], -Z_LIMIT, Z_LIMIT)
    places = ((clipped + Z_LIMIT) / Z_BIN).astype(np.int64)
    days = last - first
    counted = np.bincount(places * days + columns, minlength=Z_BINS * days)
    return counted.reshape(Z_BINS, days)


def _interval_width(
    scores: Scores, usable: Bools, t: int, tail_scale: float, rule: PeakRule
) -> Floats:
    """Fit the half-width of each series' 90 % interval, in scales: (series,).

    A season or a trend moves the large series further from their trailing days than
    their scale says, and the floor of the scale is more than the small ones need: so
    the width is the 90 % quantile of the series' own |z| of the trailing window, mixed
    on the log scale with the width of the pooled tail by the number of days. What half
    a day lacks says nothing of whole days: only usable ones count.
    """
    window = slice(t - rule.window_days, t)
    z = scores.z[:, window]
    kept = usable[:, window] & ~np.isnan(z)
    kept &= ~scores.is_cold[:, window] & ~scores.is_peak[:, window]
    sizes = np.sort(np.where(kept, np.abs(z), np.inf), axis=1)
    count = kept.sum(axis=1)
    # the next day's size is below the k-th of n with a chance of k / (n + 1)
    place = np.ceil(INTERVAL_SHARE * (count + 1)).astype(np.int64) - 1
    place = np.clip(place, 0, np.maximum(count - 1, 0))
    own = sizes[np.arange(len(sizes)), place]
    own = np.where(count > 0, np.maximum(own, LEAST_WIDTH), 1.0)
    weight = count / (count + rule.width_prior_count)
    pooled = np.log(Z_90 * tail_scale)
    return np.asarray(np.exp(weight * np.log(own) + (1.0 - weight) * pooled))


def _tail_scale(bins: npt.NDArray[np.int64], rule: PeakRule) -> float:
    """Fit the scale of the t tail to the z of the trailing window.

    The estimate is the ratio of the 95 % quantile seen to the one expected, mixed
    with the prior on the log scale by the number of z. It never goes below 1:
    quieter series than normal earn no extra alarms.
    """
    total = int(bins.sum())
    if total == 0:
        return max(1.0, rule.tail_prior_scale)
    place = int(np.searchsorted(np.cumsum(bins), TAIL_QUANTILE * total))
    seen = (place + 0.5) * Z_BIN - Z_LIMIT
    expected = stats.t.ppf(TAIL_QUANTILE, rule.tail_freedom)
    ratio = max(seen, 0.1) / expected
    weight = total / (total + rule.tail_prior_count)
    mixed = weight * np.log(ratio) + (1.0 - weight) * np.log(rule.tail_prior_scale)
    return max(1.0, float(np.exp(mixed)))
