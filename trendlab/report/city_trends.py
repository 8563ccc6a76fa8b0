"""City trends for people: which series to show, and their shares now and before.

Tables are those of the marts of trends; nothing here reads or draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from trendlab.report.trend_wording import name_or_count, tell_change

SERIES = ["city", "kind", "value"]
YEAR_WEEKS = 365.2425 / 7
# A quarter: long enough for thin cities, short enough to be called now.
NOW_WEEKS = 13
# A month: what a forecast starts from.
LATEST_WEEKS = 4
# Two-sided 95 % of a normal law, for weeks in which nobody wore the value.
Z_95 = 1.959964


def sure_change(trends: pd.DataFrame) -> pd.Series:
    """Give the change a year that is sure: the end of the slope's interval nearest 0.

    Parameters
    ----------
    trends : DataFrame
        Rows of marts.city_trends.

    Returns
    -------
    Series of float
        Share a year, signed; 0 where the series is steady.
    """
    nearest = np.where(
        trends["direction"] == "rising", trends["slope_low"], trends["slope_high"]
    )
    return pd.Series(
        np.where(trends["direction"] == "steady", 0.0, nearest), index=trends.index
    ).astype(float)


def choose_series(
    trends: pd.DataFrame, events: pd.DataFrame, *, with_event: int, moving: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Choose the series to draw: those with the most salient events, then movers.

    Parameters
    ----------
    trends : DataFrame
        Rows of marts.city_trends of one tracker and model.
    events : DataFrame
        Rows of marts.trend_events of the same.
    with_event, moving : int
        Most series of each kind.

    Returns
    -------
    with_event, moving : DataFrame
        Rows of `trends`, the most salient first, and of the rest those with the
        greatest sure change. Posts of an unknown place are no city: left out.
    """
    placed = trends[trends["city"] != "unknown"]
    saliency = events.groupby(SERIES)["saliency"].max().rename("saliency")
    ranked = placed.join(saliency, on=SERIES).assign(
        sure=sure_change(placed).abs(), is_moving=placed["direction"] != "steady"
    )
    first = (
        ranked[ranked["saliency"].notna()]
        .sort_values(["saliency", *SERIES], ascending=[False, True, True, True])
        .head(with_event)
    )
    rest = ranked[ranked["is_moving"] & ~ranked.index.isin(first.index)]
    rest = rest.sort_values(["sure", *SERIES], ascending=[False, True, True, True])
    return first.reset_index(drop=True), rest.head(moving).reset_index(drop=True)


def curve_of(trend: pd.Series, weeks: pd.DatetimeIndex) -> npt.NDArray[np.float64]:
    """Give the share that a series' curve has in each week.

    Parameters
    ----------
    trend : Series
        A row of marts.city_trends. Its level and phase are those of its last week.
    weeks : DatetimeIndex
        Mondays.

    Returns
    -------
    (weeks,) float64
        level + slope · t + amplitude · exp(w · sin(f · t + phase) − w), held between
        0 and 1; see docs/trends.md.
    """
    days = (weeks - pd.Timestamp(trend["last_week_on"])).days.to_numpy(float)
    since = days / 7
    curve = trend["level"] + trend["slope_per_year"] * since / YEAR_WEEKS
    if pd.notna(trend["season_amplitude"]):
        turn = 2 * np.pi * since / YEAR_WEEKS + trend["season_phase"]
        sharpness = trend["season_sharpness"]
        curve = curve + trend["season_amplitude"] * np.exp(
            sharpness * np.sin(turn) - sharpness
        )
    return np.asarray(np.clip(curve, 0.0, 1.0))


def weeks_of(weeks: pd.DataFrame, trend: pd.Series) -> pd.DataFrame:
    """Return the weeks of a series, with those in which nobody wore it as share 0.

    The marts have no row of a value that was not seen in a week; that other values
    of its kind were tells that there were looks.

    Parameters
    ----------
    weeks : DataFrame
        city, kind, value, week_start_on, share, share_low, share_high, looks_count,
        is_thin; of all values of the kind.
    trend : Series
        city, kind, value.
    """
    kind = weeks[(weeks["city"] == trend["city"]) & (weeks["kind"] == trend["kind"])]
    seen = kind.drop_duplicates("week_start_on").set_index("week_start_on")
    own = kind[kind["value"] == trend["value"]].set_index("week_start_on")
    shares = own[["share", "share_low", "share_high"]].reindex(seen.index)
    looks = seen["looks_count"].astype(float)
    shares["share_high"] = shares["share_high"].fillna(Z_95**2 / (looks + Z_95**2))
    filled: pd.DataFrame = shares.fillna(0.0).assign(is_thin=seen["is_thin"])
    return filled.sort_index().reset_index()


def pool_shares(
    weeks: pd.DataFrame, trends: pd.DataFrame, first: date, last: date
) -> pd.DataFrame:
    """Pool the weekly shares of every series over a span of weeks.

    Parameters
    ----------
    weeks : DataFrame
        city, kind, value, week_start_on, looks_with_count, looks_count.
    trends : DataFrame
        Rows of marts.city_trends; `overdispersion` says how much less the looks of a
        week tell than as many independent ones.
    first, last : date
        Mondays of the first and last week.

    Returns
    -------
    DataFrame
        SERIES, looks, share, share_low, share_high (95 %, Jeffreys' interval of
        looks / (1 + (looks − 1) · overdispersion) a week); a row for each series of
        `trends`, NaN where there are no looks.

    References
    ----------
    Brown, Cai and DasGupta (2001), "Interval estimation for a binomial proportion",
    Statistical Science 16(2).
    """
    on = pd.to_datetime(weeks["week_start_on"])
    span = weeks[on.between(pd.Timestamp(first), pd.Timestamp(last))]
    hits = span.groupby(SERIES)["looks_with_count"].sum().rename("hits")
    # a week's looks count for every value of the kind, also one that nobody wore
    seen = span.drop_duplicates(["city", "kind", "week_start_on"])
    pairs = trends[[*SERIES, "overdispersion"]].merge(
        seen[["city", "kind", "looks_count"]], on=["city", "kind"], how="left"
    )
    n = pairs["looks_count"].astype(float)
    pairs["telling"] = n / (1.0 + (n - 1.0) * pairs["overdispersion"])
    sums = pairs.groupby(SERIES)[["looks_count", "telling"]].sum()
    pooled = trends[SERIES].join(sums, on=SERIES).join(hits, on=SERIES)
    looks = pooled["looks_count"].astype(float).replace(0.0, np.nan)
    share = pooled["hits"].fillna(0.0).astype(float) / looks
    telling = pooled["telling"].astype(float)
    low = stats.beta.ppf(0.025, share * telling + 0.5, (1 - share) * telling + 0.5)
    high = stats.beta.ppf(0.975, share * telling + 0.5, (1 - share) * telling + 0.5)
    return pooled[SERIES].assign(
        looks=looks, share=share, share_low=low, share_high=high
    )


def movers_of(
    trends: pd.DataFrame, kind: str, names: Mapping[str, str]
) -> pd.DataFrame:
    """Return the values of a kind that rise or fall somewhere, with where.

    Parameters
    ----------
    trends : DataFrame
        Rows of marts.city_trends of one tracker and model.
    kind : str
    names : mapping
        City → name to show.

    Returns
    -------
    DataFrame
        value, change (of all places, in words), description, moves_in (in which
        cities it rises and falls, or in how many), slope; the most rising first.
    """
    mine = trends[trends["kind"] == kind]
    rows = []
    for value, group in mine.groupby("value"):
        cities = group[~group["city"].isin(["all", "unknown"])]
        moved = {
            direction: [
                names.get(city, city)
                for city in cities.loc[cities["direction"] == direction, "city"]
            ]
            for direction in ("rising", "falling")
        }
        total = group[group["city"] == "all"]
        is_moving = not total.empty and total.iloc[0]["direction"] != "steady"
        if not (is_moving or moved["rising"] or moved["falling"]):
            continue
        rows.append(
            {
                "value": value,
                "change": "–" if total.empty else tell_change(total.iloc[0]),
                "description": "–" if total.empty else total.iloc[0]["description"],
                "moves_in": "; ".join(
                    f"{direction} in {name_or_count(where)}"
                    for direction, where in moved.items()
                    if where
                )
                or "–",
                "slope": 0.0 if total.empty else float(total.iloc[0]["slope_per_year"]),
            }
        )
    columns = ["value", "change", "description", "moves_in", "slope"]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("slope", ascending=False).reset_index(drop=True)


def count_cities(trends: pd.DataFrame, weeks: pd.DataFrame) -> pd.DataFrame:
    """Say of each city how much its shares rest on.

    Parameters
    ----------
    trends : DataFrame
        Rows of marts.city_trends of one tracker and model.
    weeks : DataFrame
        city, kind, week_start_on, looks_count, is_thin: the newest quarter.

    Returns
    -------
    DataFrame
        city, weeks_count (of the history), looks_a_week and thin_share (of the
        newest quarter); the busiest first.
    """
    history = trends.groupby("city")["weeks_count"].max()
    # garments, colours and styles of a city stand on different looks: the fewest tell
    fewest = weeks.groupby(["city", "week_start_on"]).agg(
        looks=("looks_count", "min"), is_thin=("is_thin", "max")
    )
    by_city = fewest.groupby("city").agg(
        looks_a_week=("looks", "mean"), thin_share=("is_thin", "mean")
    )
    counted = history.to_frame("weeks_count").join(by_city)
    return counted.sort_values("looks_a_week", ascending=False).reset_index()
