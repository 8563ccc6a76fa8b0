"""Does knowing who leads help to forecast? Errors of forecasts, compared and tested.

References
----------
Diebold and Mariano 1995, "Comparing predictive accuracy", JBES 13.
Lazarus, Lewis, Stock and Watson 2018, "HAR inference: recommendations for practice",
JBES 36: the variance of a mean of dependent values, by equal weights on cosines.
Coroneo and Iacone 2020, "Comparing predictive accuracy in small samples using
fixed-smoothing asymptotics", Journal of Applied Econometrics 35.
Hyndman and Koehler 2006, "Another look at measures of forecast accuracy", IJF 22: MASE.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from scipy import stats
from scipy.fft import dct

from trendlab.signals.influence.edges import InfluenceRule
from trendlab.signals.influence.foretell import walk_forecasts
from trendlab.signals.influence.kernels import Floats
from trendlab.signals.influence.marking import false_discovery_q
from trendlab.signals.influence.panel import read_cube

# Half a year of weekly origins, so two searches for edges: from fewer, the variance of
# a mean is a guess.
MIN_ORIGINS = 26
# With one wave, Student's t says next to nothing.
MIN_WAVES = 2
# A verdict takes a chance, after Benjamini and Hochberg, of at most this; the interval
# leaves as much outside.
VERDICT_P = 0.05
# Rows over all series of a run.
ALL = "all"
MEASURES = ("mae_without", "mae_with", "mase_without", "mase_with")
VERDICTS = ("better", "worse", "undecided", "too_few_origins")

FORECASTS = pa.schema(
    [
        pa.field("style", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
        pa.field("sources", pa.list_(pa.string()), nullable=False),
        pa.field("ahead_from", pa.int64(), nullable=False),
        pa.field("ahead_to", pa.int64(), nullable=False),
        pa.field("is_total", pa.bool_(), nullable=False),
        pa.field("series_count", pa.int64(), nullable=False),
        pa.field("origins_count", pa.int64(), nullable=False),
        pa.field("mae_without", pa.float64(), nullable=False),
        pa.field("mae_with", pa.float64(), nullable=False),
        pa.field("mase_without", pa.float64(), nullable=False),
        pa.field("mase_with", pa.float64(), nullable=False),
        pa.field("gain", pa.float64(), nullable=False),
        pa.field("gain_low", pa.float64()),
        pa.field("gain_high", pa.float64()),
        pa.field("p_value", pa.float64()),
        pa.field("q_value", pa.float64()),
        pa.field("verdict", pa.string()),
    ]
)
"""One row per series (or `ALL`, `ALL`: the mean over all forecasts) and weeks ahead
(`ahead_from` to `ahead_to`); `is_total` where these are all that a leader reaches.
`gain`: MASE without less with, > 0 where leaders help, with a 95 % interval.
`q_value` and `verdict` stand where `is_total`, so that a series is judged once."""


def compare_forecasts(
    series: pa.Table, *, rule: InfluenceRule | None = None
) -> pa.Table:
    """Forecast followers with and without their leaders, and compare.

    Parameters
    ----------
    series : SERIES
        Weekly shares by city and style.
    rule : InfluenceRule, optional
        What makes an edge.

    Returns
    -------
    FORECASTS
        Rows of `ALL` first, then by style, target and weeks ahead. No rows where
        nobody was seen to lead in time for a forecast.

    Raises
    ------
    SignalError
        If the weeks do not start on one weekday.
    """
    if series.num_rows == 0:
        return FORECASTS.empty_table()
    return judge_forecasts(walk_forecasts(read_cube(series), rule or InfluenceRule()))


def judge_forecasts(walked: pl.DataFrame) -> pa.Table:
    """Compare the errors of forecasts without and with leaders.

    Parameters
    ----------
    walked : polars.DataFrame
        `WALKED`, as `walk_forecasts` gives it.

    Returns
    -------
    FORECASTS
        As `compare_forecasts`.

    Notes
    -----
    A series takes part at the origins at which an edge to it was known. The test is
    Diebold and Mariano's on the scaled absolute errors, an origin's mean over its weeks
    ahead (and, for `ALL`, over series, so that series that err together count once;
    one with a slow leader is forecast further ahead, and weighs more in the total),
    with a variance that dependence does not fool (`mean_test`).
    """
    if walked.is_empty():
        return FORECASTS.empty_table()
    errors = walked.with_columns(
        mase_without=pl.col("error_without") / pl.col("scale"),
        mase_with=pl.col("error_with") / pl.col("scale"),
        series=pl.struct("style", "target").rank("dense"),
    ).rename({"error_without": "mae_without", "error_with": "mae_with"})
    pooled = errors.with_columns(style=pl.lit(ALL), target=pl.lit(ALL))
    return pa.Table.from_pylist(
        _judged([*_means(pooled), *_means(errors)]), schema=FORECASTS
    )


def _means(errors: pl.DataFrame) -> list[dict[str, Any]]:
    """Give mean errors and the gains by origin: each week ahead, and all together."""
    reach = pl.col("weeks_ahead").max().over("style", "target")
    totals = errors.with_columns(ahead_from=pl.lit(1, pl.Int64), ahead_to=reach)
    weeks = errors.with_columns(ahead_from="weeks_ahead", ahead_to="weeks_ahead")
    # where a leader reaches one week ahead, that week is all of them
    weeks = weeks.filter(reach > 1)
    rows = pl.concat(
        [
            totals.with_columns(is_total=pl.lit(True)),
            weeks.with_columns(is_total=pl.lit(False)),
        ]
    )
    key = ["style", "target", "ahead_from", "ahead_to", "is_total"]
    by_origin = (
        rows.group_by(*key, "origin")
        .agg(pl.col(MEASURES).mean())
        .with_columns(gain=pl.col("mase_without") - pl.col("mase_with"))
        .sort("origin")
        .group_by(key, maintain_order=True)
        .agg(
            pl.col(MEASURES).mean(),
            pl.col("gain").mean(),
            origins_count=pl.len().cast(pl.Int64),
            gains="gain",
        )
    )
    who = rows.group_by(key).agg(
        sources=pl.col("sources").explode().unique().sort(),
        series_count=pl.col("series").n_unique().cast(pl.Int64),
    )
    told: list[dict[str, Any]] = by_origin.join(who, on=key).sort(key).to_dicts()
    return told


def _judged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add interval, chance and, where all weeks stand together, the verdict."""
    for row in rows:
        gains = np.array(row.pop("gains"), float)
        low, high, p = mean_test(gains, row["ahead_to"])
        row |= {"gain_low": low, "gain_high": high, "p_value": p}
        row |= {"q_value": None, "verdict": None}
    totals = [row for row in rows if row["is_total"]]
    for family in (
        [row for row in totals if row["style"] == ALL and row["target"] == ALL],
        [row for row in totals if row["style"] != ALL or row["target"] != ALL],
    ):
        chances = np.array([row["p_value"] for row in family], float)
        for row, q in zip(family, false_discovery_q(chances).tolist(), strict=True):
            row["q_value"] = None if np.isnan(q) else q
            row["verdict"] = _verdict(row["gain"], row["q_value"])
    return rows


def _verdict(gain: float, q: float | None) -> str:
    if q is None:
        return "too_few_origins"
    if q > VERDICT_P:
        return "undecided"
    return "better" if gain > 0 else "worse"


def mean_test(
    gains: Floats, reach: int
) -> tuple[float | None, float | None, float | None]:
    """Test whether the mean of gains, one an origin in order of time, is 0.

    Parameters
    ----------
    gains : (origins,) float64
    reach : int
        Weeks ahead of the farthest forecast. Forecasts whose weeks overlap err
        together, so only waves longer than twice that many weeks are used.

    Returns
    -------
    low, high : float or None
        95 % interval of the mean; None with fewer than `MIN_ORIGINS` origins.
    p : float or None
        Two-sided chance of a mean so far from 0.

    Notes
    -----
    The long-run variance is the mean square of the first cosine transforms, with as
    many degrees of freedom. On moving averages of 8 weeks, 26 to 78 long, it rejects
    a true 0 in 5.5 to 6.5 % of runs, Newey and West's variance in 16 to 28 %.
    """
    count = len(gains)
    if count < MIN_ORIGINS:
        return None, None, None
    mean = float(gains.mean())
    waves = max(MIN_WAVES, int(min(count / (2 * reach), 0.41 * count ** (2 / 3))))
    long_run = float(np.mean(dct(gains, norm="ortho")[1 : waves + 1] ** 2))
    error = float(np.sqrt(long_run / count))
    if error <= abs(mean) * 1e-12:  # nothing varies, so chance cannot be told
        return mean, mean, 1.0
    known = stats.t(waves)
    away = float(known.ppf(1 - VERDICT_P / 2)) * error
    return mean - away, mean + away, float(2 * known.sf(abs(mean) / error))
