"""Forecasts of counted shares: which series can be told, and how far they may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from trendlab.signals.city_trends import Panel, build_panel
from trendlab.signals.forecast.forecast import forecast_series
from trendlab.signals.forecast.members import MIN_SEASON_WEEKS

RULE_VERSION = "trend-forecasts-1"
# A quarter: what is bought and planned next, and not yet a season away.
HORIZON_WEEKS = 12
# Two seasons, so that what comes every year is told from what came once.
MIN_WEEKS = MIN_SEASON_WEEKS
# Holes are filled along a straight line; with more of them the line is the series.
MAX_MISSING_SHARE = 0.1
# Below it a week's count is mostly the noise of counting: a Poisson count of 5 has a
# standard deviation of 45 % of itself.
MIN_MEAN_HITS = 5.0
# A month: what was not seen since then has no level to go on from.
MAX_SILENT_WEEKS = 4
QUANTILES = {0.1: "share_q10", 0.5: "share_q50", 0.9: "share_q90"}


@dataclass(frozen=True)
class ShareForecasts:
    """Rows of forecasts, and how many series have none, by reason.

    Parameters
    ----------
    rows : list of dict
        One row a series and coming week: the keys, week_on, weeks_ahead, share_q10,
        share_q50, share_q90 (0 to 1, ascending), weeks_count, is_backtested and
        backtest_mase (None where not backtested).
    left_out : dict of str to int
        Reason → series without a forecast.
    """

    rows: list[dict[str, Any]]
    left_out: dict[str, int]


def forecast_shares(
    shares: pa.Table, keys: Sequence[str], *, last_week: date
) -> ShareForecasts:
    """Forecast the weekly shares that are counted often and long enough.

    Parameters
    ----------
    shares : pyarrow.Table
        Columns day (Monday), looks_count, looks_with_count and those of `keys`, one
        row per series and week; none after `last_week`.
    keys : sequence of str
        Columns that name a series.
    last_week : date
        Monday of the week as of whose end the forecast is made.

    Returns
    -------
    ShareForecasts
        Of the `HORIZON_WEEKS` weeks after the last week that the shares hold.

    Notes
    -----
    The light setting of `forecast_series`, all series together. A share ends at 1,
    which a series in general does not: quantiles are cut there. `is_backtested` is
    false below 117 weeks, where no past forecast can be held against a quarter that
    came: members then weigh the same, and the interval is an assumption.
    """
    panel = build_panel(shares, keys)
    if not panel.keys:
        short_count = panel.left_out_count
        reason = f"shorter than {MIN_WEEKS} weeks"
        return ShareForecasts([], {reason: short_count} if short_count else {})
    starts, ends = panel.spans
    lengths = ends - starts + 1
    seen_count = panel.seen.sum(axis=1)
    short = lengths < MIN_WEEKS
    holed = ~short & (seen_count < (1 - MAX_MISSING_SHARE) * lengths)
    silent = np.array(
        [(last_week - panel.week_at(end)).days > 7 * MAX_SILENT_WEEKS for end in ends],
        dtype=bool,
    )
    silent &= ~(short | holed)
    rare = panel.hits.sum(axis=1) < MIN_MEAN_HITS * seen_count
    rare &= ~(short | holed | silent)
    counts = {
        f"shorter than {MIN_WEEKS} weeks": panel.left_out_count + int(short.sum()),
        f"with over {MAX_MISSING_SHARE:.0%} of weeks missing": int(holed.sum()),
        f"not seen for {MAX_SILENT_WEEKS} weeks": int(silent.sum()),
        f"with fewer than {MIN_MEAN_HITS:g} looks a week": int(rare.sum()),
    }
    left_out = {reason: count for reason, count in counts.items() if count}
    chosen = np.flatnonzero(~(short | holed | silent | rare))
    if not chosen.size:
        return ShareForecasts([], left_out)
    return ShareForecasts(_forecast_panel(panel, chosen, keys), left_out)


def _forecast_panel(
    panel: Panel, chosen: np.ndarray[Any, Any], keys: Sequence[str]
) -> list[dict[str, Any]]:
    """Forecast the series at `chosen`; rows series by series, week by week."""
    share = np.where(panel.seen, panel.share, np.nan)[chosen]
    weeks = [panel.week_at(place) for place in range(panel.weeks_count)]
    # positions as names: a value may hold any character
    names = [str(place) for place in range(len(chosen))]
    wide = pa.Table.from_arrays(
        [
            pa.array(weeks, pa.date32()),
            *(pa.array(series, pa.float64(), from_pandas=True) for series in share),
        ],
        names=["week", *names],
    )
    told = forecast_series(
        wide, horizon=HORIZON_WEEKS, setting="light", levels=list(QUANTILES)
    )
    # rows of the long table go week by week, series by series, quantile by quantile
    values = told.quantiles["value"].to_numpy()
    cut = np.minimum(values.reshape(HORIZON_WEEKS, len(chosen), len(QUANTILES)), 1.0)
    coming = told.points.column(0).to_pylist()
    mase = told.mean_mase()
    own = {
        "is_backtested": bool(told.backtest.num_rows),
        "backtest_mase": mase if np.isfinite(mase) else None,
    }
    seen_count = panel.seen.sum(axis=1)
    return [
        {
            **dict(zip(keys, panel.keys[series], strict=True)),
            "week_on": coming[ahead],
            "weeks_ahead": ahead + 1,
            **dict(zip(QUANTILES.values(), cut[ahead, place].tolist(), strict=True)),
            "weeks_count": int(seen_count[series]),
            **own,
        }
        for place, series in enumerate(chosen.tolist())
        for ahead in range(HORIZON_WEEKS)
    ]
