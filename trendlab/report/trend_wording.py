"""City trends in plain words, as sentences and as cells of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trendlab.report.influence import tell_value


def tell_series(kind: str, value: str) -> str:
    """Name a value for a table: "skirt", "colour red"."""
    return tell_value(kind, value).removeprefix("the ")


def tell_change(trend: pd.Series) -> str:
    """Say a slope with its 95 % interval, in points of a hundred looks a year."""
    slope, low, high = (
        100 * float(trend[name])
        for name in ("slope_per_year", "slope_low", "slope_high")
    )
    return _unbroken(f"{slope:+.1f} ({low:+.1f} to {high:+.1f})")


def tell_end(forecast: pd.DataFrame) -> str:
    """Say the last week of a forecast shortly: "5.0 % (3.2–6.9)", without breaks.

    Parameters
    ----------
    forecast : DataFrame
        Rows of marts.trend_forecasts of one series; without rows the answer is "–".
    """
    if forecast.empty:
        return "–"
    end = forecast.sort_values("weeks_ahead").iloc[-1]
    low, middle, high = (
        100 * float(end[name]) for name in ("share_q10", "share_q50", "share_q90")
    )
    return _unbroken(f"{middle:.1f} % ({low:.1f}–{high:.1f})")


def tell_forecast(latest: float, forecast: pd.DataFrame) -> str:
    """Say a forecast: "4.1 % → 5.0 % in 12 weeks (80 %: 3.2–6.9 %)".

    Parameters
    ----------
    latest : float
        Share of the newest weeks; NaN is left unsaid.
    forecast : DataFrame
        Rows of marts.trend_forecasts of one series; without rows the answer is "–".
    """
    if forecast.empty:
        return "–"
    end = forecast.sort_values("weeks_ahead").iloc[-1]
    start = "" if np.isnan(latest) else f"{100 * latest:.1f} % → "
    return (
        f"{start}{100 * end['share_q50']:.1f} % in {int(end['weeks_ahead'])} weeks "
        f"(80 %: {100 * end['share_q10']:.1f}–{100 * end['share_q90']:.1f} %)"
    )


def tell_who_leads(name: str, compared: pd.DataFrame) -> str:
    """Say which cities are ahead in a value, beyond what chance explains.

    Parameters
    ----------
    name : str
        Of the value.
    compared : DataFrame
        where, share, share_low, share_high: a row for each city.
    """
    ordered = compared.dropna(subset=["share"]).sort_values("share", ascending=False)
    if len(ordered) < 2:
        return f"{name}: one city only, nothing to compare."
    best, last = ordered.iloc[0], ordered.iloc[-1]
    ahead = ordered[ordered["share_low"] > last["share_high"]]
    if ahead.empty:
        return f"{name}: no city is clearly ahead of another."
    # as good as the first: their intervals reach into its own
    front = ahead[ahead["share_high"] >= best["share_low"]]
    listed = ", ".join(
        f"{row.where} ({100 * row.share:.1f} %)" for row in front.head(3).itertuples()
    )
    more = f" and {len(front) - 3} more" if len(front) > 3 else ""
    return (
        f"{name}: ahead {listed}{more}; last {last['where']} "
        f"({100 * last['share']:.1f} %)."
    )


def tell_trust(
    forecasts: pd.DataFrame, series_count: int, forecast_count: int
) -> list[str]:
    """Say which series are forecast, and how past forecasts fared.

    Parameters
    ----------
    forecasts : DataFrame
        Rows of marts.trend_forecasts of one tracker and model.
    series_count, forecast_count : int
        Series that have a trend, and of them those with a forecast.
    """
    takes = (
        "two years of weeks, at most a tenth of them missing, and 5 looks a week or "
        "more"
    )
    if forecasts.empty:
        return [f"No series has a forecast: it takes {takes}."]
    lines = [
        f"{forecast_count:,} of {series_count:,} series have a forecast of "
        f"{int(forecasts['weeks_ahead'].max())} weeks. It takes {takes}."
    ]
    judged = forecasts[forecasts["is_backtested"]]
    if judged.empty:
        lines.append(
            "Not backtested: the history is too short (117 weeks are needed) to hold "
            "past forecasts against a quarter that came. The 80 % interval is an "
            "assumption whose coverage is not measured."
        )
    else:
        lines.append(
            f"Backtested: past forecasts erred {judged['backtest_mase'].iloc[0]:.2f} "
            "times as much as repeating last year's week (MASE; below 1 is better)."
        )
    return [
        *lines,
        "An event that was never seen before is in no forecast; one that comes every "
        "year is, in part.",
        "Which city leads which is in no forecast either; whether it would help is in "
        "the report of influence.",
    ]


def name_or_count(cities: Sequence[str], most: int = 4) -> str:
    """List cities in order, or tell how many where a cell of names would be tall."""
    if len(cities) > most:
        return f"{len(cities)} cities"
    return ", ".join(sorted(cities))


def _unbroken(text: str) -> str:
    """Keep a cell on one line, so that rows stay low on a phone."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")
