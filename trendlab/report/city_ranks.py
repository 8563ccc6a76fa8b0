"""Cities compared: in which values they differ most, and which of them are drawn."""

from __future__ import annotations

import pandas as pd


def widest_gaps(compared: pd.DataFrame, most: int) -> list[tuple[str, str]]:
    """Return the values in which cities differ most surely.

    Parameters
    ----------
    compared : DataFrame
        city, kind, value, share, share_low, share_high; cities only.
    most : int

    Returns
    -------
    list of (kind, value)
        By the gap between the intervals of the first and the last city, widest
        first; values seen in one city only are left out.
    """
    known = compared.dropna(subset=["share"])
    values = known.groupby(["kind", "value"]).agg(
        cities=("city", "nunique"),
        first=("share_low", "max"),
        last=("share_high", "min"),
    )
    values = values[values["cities"] > 1]
    gap = (values["first"] - values["last"]).sort_values(ascending=False, kind="stable")
    return list(gap.index[:most])


def keep_ends(compared: pd.DataFrame, most: int) -> pd.DataFrame:
    """Keep the first and the last cities of each value, where there are many.

    Parameters
    ----------
    compared : DataFrame
        city, kind, value, share; 'all' is kept beside them.
    most : int
        Cities of a value that are kept, even.

    Returns
    -------
    DataFrame
        Rows of `compared`, in its order.
    """
    places = compared[compared["city"] != "all"]
    by_value = places.groupby(["kind", "value"])["share"]
    rank = by_value.rank(method="first", ascending=False)
    is_end = (rank <= most // 2) | (rank > by_value.transform("size") - most // 2)
    is_kept = is_end.reindex(compared.index, fill_value=True)
    kept: pd.DataFrame = compared[is_kept]
    return kept
