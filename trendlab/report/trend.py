"""What the trend report says in words and chooses to show; its notebook lays it out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import geopandas
import pandas as pd

# Measures as a reader knows them, in the order of reading.
MEASURE_NAMES = {
    "posts": "posts",
    "likes": "likes",
    "likes_per_post": "likes a post, median",
    "likes_per_post_trimmed": "likes a post, trimmed mean",
    "comments": "comments",
    "comments_per_post": "comments a post, median",
    "comments_per_post_trimmed": "comments a post, trimmed mean",
    "activity": "activity",
    "negatives": "negative posts, 3 an author at most",
    "comment_negatives": "negative comments, likewise",
}

# What the shares of positive and negative posts stand on, by what calls them negative.
SCORED_BY = {
    "vader": "VADER scores on English posts only. It is weak on complaints: 49 % of "
    "airline complaints are put in the right of three classes.",
    "complaints": "English posts only. What is negative a classifier says that learnt "
    "from tweets of one week about a few brands, and errs more elsewhere.",
}


def name_measures(rows: pd.DataFrame) -> pd.DataFrame:
    """Name measures in words and put them in the order of reading.

    Parameters
    ----------
    rows : DataFrame
        With `measure`, one row each.

    Returns
    -------
    DataFrame
        With `measure_name`; a measure without a name keeps its own and comes last.
    """
    order = {measure: place for place, measure in enumerate(MEASURE_NAMES)}
    named = rows.assign(
        measure_name=rows["measure"].map(lambda name: MEASURE_NAMES.get(name, name))
    )
    return named.sort_values(
        "measure",
        key=lambda names: names.map(lambda name: order.get(name, len(order))),
        kind="stable",
    )


def name_places(events: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Name the places of events in words.

    Parameters
    ----------
    events : DataFrame
        As `group_events` gives them: city, and also_in with ids, comma-separated.
    names : mapping of str to str
        Id of a city → name to show.

    Returns
    -------
    DataFrame
        With `where`, and with names in `also_in`.
    """
    return events.assign(
        where=events["city"].map(lambda city: names.get(city, city)),
        also_in=events["also_in"].map(
            lambda cities: ", ".join(names.get(c, c) for c in cities.split(", ") if c)
        ),
    )


def name_authors(
    authors: pd.DataFrame, names: Mapping[str, str], unknown: str = "unknown city"
) -> pd.DataFrame:
    """Name authors by their handle, and their homes in words.

    Parameters
    ----------
    authors : DataFrame
        Rows of marts.influencers.
    names : mapping of str to str
        Id of a city → name to show.
    unknown : str
        Shown for a home that is not known.

    Returns
    -------
    DataFrame
        With `label` (the id where there is no handle) and `home`.
    """
    return authors.assign(
        label=authors["author_handle"].fillna(authors["author_id"]),
        home=authors["home_city"].map(
            lambda city: unknown if city == "unknown" else names.get(city, city)
        ),
    )


def count_up(
    days: pd.DataFrame, peaks: Collection[Any], dips: Collection[Any]
) -> dict[str, str]:
    """Return the figures on top of the report: what is counted → how many, in words.

    Parameters
    ----------
    days : DataFrame
        Rows of marts.activity_daily, one city.
    peaks, dips : sized
        Events, each once.
    """
    posts = int(days["posts_count"].fillna(0).sum())
    scored = float(days["scored_count"].fillna(0).sum())
    negative = float(days["negative_count"].fillna(0).sum())
    return {
        "posts": f"{posts:,}",
        "activity peaks": f"{len(peaks):,}",
        "negative peaks": f"{len(dips):,}",
        "of posts scored for sentiment": (
            f"{100 * scored / posts:.0f} %" if posts else "–"
        ),
        "of scored posts negative": (
            f"{100 * negative / scored:.1f} %" if scored else "–"
        ),
    }


def tell_lately(peaks: pd.DataFrame, dips: pd.DataFrame, most: int) -> list[str]:
    """Say the newest events, peaks and negative peaks together, a sentence each.

    Parameters
    ----------
    peaks, dips : DataFrame
        Events with their places named (`name_places`).
    most : int
        Sentences at most.
    """
    told = [(row["apex_on"], tell_peak(row)) for _, row in peaks.iterrows()]
    told += [(row["apex_on"], tell_dip(row)) for _, row in dips.iterrows()]
    told.sort(key=lambda pair: pair[0], reverse=True)
    return [line for _, line in told[:most]]


def tell_peak(peak: pd.Series[Any]) -> str:
    """Say a peak in one sentence."""
    # no word stands out in some peaks
    has_words = pd.notna(peak["top_words"]) and peak["top_words"]
    # the figures are of the apex, the words of all days
    days = f" in its {peak['days_count']} days" if peak["days_count"] > 1 else ""
    words = f" Over-represented{days}: {peak['top_words']}." if has_words else ""
    return (
        f"{peak['apex_on']}, {peak['tracker']}: peak{_tell_where(peak)}, "
        f"{peak['value']:,.0f} posts against {peak['baseline']:,.0f} expected "
        f"({peak['ratio']:.1f} times, severity {peak['severity']} of 10).{words}"
    )


def tell_dip(dip: pd.Series[Any]) -> str:
    """Say a negative peak in one sentence."""
    about = f" about “{dip['topic']}”" if dip["topic"] else ""
    return (
        f"{dip['apex_on']}, {dip['tracker']}: negative {dip['item_kind']}s{about}"
        f"{_tell_where(dip)}, {dip['negative_count']:,.0f} of "
        f"{dip['scored_count']:,.0f} ({100 * dip['negative_share']:.0f} % against "
        f"{100 * dip['baseline_share']:.0f} % expected, severity "
        f"{dip['severity']} of 10)."
    )


def tell_trend_event(event: pd.Series[Any]) -> str:
    """Say when a share of a city stood out, and what people wrote then.

    Parameters
    ----------
    event : Series
        Row of marts.trend_events.
    """
    said = [
        words
        for words in (event["top_hashtags"], event["top_words"])
        if pd.notna(words) and words
    ]
    wrote = f" People wrote: {', '.join(said)}." if said else ""
    return f"{event['city_name']}, {event['value']}: {event['description']}.{wrote}"


def _tell_where(event: pd.Series[Any]) -> str:
    also = f", also in {event['also_in']}" if event["also_in"] else ""
    return f"{'' if event['city'] == 'all' else ' in ' + event['where']}{also}"


def busiest_cities(garments: pd.DataFrame, most: int) -> list[str]:
    """Return the cities with most looks; the total where there is no city.

    Parameters
    ----------
    garments : DataFrame
        Rows of marts.garment_trends.
    most : int
        Cities at most.
    """
    cities = garments[~garments["city"].isin(["all", "unknown"])]
    looks = cities.groupby("city")["looks_count"].sum()
    return list(looks.sort_values(ascending=False).head(most).index) or ["all"]


def moving_values(
    garments: pd.DataFrame, cities: Sequence[str], most: int
) -> list[str]:
    """Return the garments whose weekly share moves most in the given cities.

    Notes
    -----
    By standard deviation × √mean of the share: the deviation alone would leave out the
    rare, the relative deviation the common ones.
    """
    shares = garments[garments["city"].isin(cities)].groupby("value")["share"]
    moves = shares.agg(lambda share: share.std() * share.mean() ** 0.5)
    return list(moves.sort_values(ascending=False).head(most).index)


def place_cities(cities: pd.DataFrame) -> geopandas.GeoDataFrame:
    """Return the cities of marts.city_activity that have coordinates, for the map.

    Returns
    -------
    GeoDataFrame
        name, posts_count of the newest 28 days and change_share against the 28 days
        before (0 is no change); points in EPSG:4326.
    """
    placed = cities.dropna(subset=["lat", "lon"])
    points = geopandas.points_from_xy(placed["lon"], placed["lat"], crs="EPSG:4326")
    return geopandas.GeoDataFrame(
        {
            "name": placed["city_name"],
            "posts_count": placed["posts_28_days_count"],
            "change_share": placed["change_ratio"].astype(float) - 1,
        },
        geometry=points,
    )


def share_elsewhere(cities: pd.DataFrame) -> float | None:
    """Return the share of posts that name no monitored city; None where all do."""
    elsewhere = cities[cities["city"] == "unknown"]
    if elsewhere.empty:
        return None
    return float(elsewhere["posts_count"].sum() / max(cities["posts_count"].sum(), 1))
