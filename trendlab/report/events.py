"""Groups peaks or dips that are one event seen in several series.

A scandal shows in a tracker's total, in its cities, in its topics, in posts and in
comments, and again in the tracker `all`. A reader wants it once, with where else it
was seen.
"""

from __future__ import annotations

import pandas as pd

# Runs of one tracker that lie this close are told as one event.
NEAR_DAYS = 3


def group_events(events: pd.DataFrame) -> pd.DataFrame:
    """Keep the strongest row of each event and say where else it showed.

    Parameters
    ----------
    events : DataFrame
        Rows of marts.peaks or marts.dips: tracker, city, start_on, end_on, severity.

    Returns
    -------
    DataFrame
        The strongest rows, newest first, with `also_in`: cities other than the row's
        own, comma-separated. Rows of the tracker `all` are left out where a tracker
        has the same days.

    Notes
    -----
    A row of the whole tracker (city `all`) goes before one of a city, a topic before
    the total, then the more severe one. The severity told is the greatest of the
    group, since the event is as severe as wherever it was worst; all other figures are
    the row's own.
    """
    if events.empty:
        return events.assign(also_in=pd.Series(dtype="str"))
    rows = events.assign(
        _start=pd.to_datetime(events["start_on"]),
        _end=pd.to_datetime(events["end_on"]),
        _is_total=events["city"] == "all",
        _has_topic=(events["topic"] != "") if "topic" in events else False,
    )
    own = rows[rows["tracker"] != "all"]
    kept = [_strongest(group) for group in _clusters(own)]
    shared = rows[rows["tracker"] == "all"]
    near = pd.Timedelta(days=NEAR_DAYS)
    for group in _clusters(shared):
        first, last = group["_start"].min() - near, group["_end"].max() + near
        if not ((own["_end"] >= first) & (own["_start"] <= last)).any():
            kept.append(_strongest(group))
    told = pd.DataFrame(kept).sort_values(["_end", "severity"], ascending=False)
    return told[[*events.columns, "also_in"]].reset_index(drop=True)


def _clusters(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Split rows into runs of one tracker that lie near each other."""
    found = []
    for _, mine in rows.groupby("tracker"):
        ordered = mine.sort_values("_start")
        reached = ordered["_end"].cummax().shift()
        is_new = ordered["_start"] > reached + pd.Timedelta(days=NEAR_DAYS)
        found += [group for _, group in ordered.groupby(is_new.cumsum())]
    return found


def _strongest(group: pd.DataFrame) -> pd.Series:
    ordered = group.sort_values(
        ["_is_total", "_has_topic", "severity"], ascending=False, kind="stable"
    )
    best = ordered.iloc[0].copy()
    elsewhere = [
        city
        for city in dict.fromkeys(ordered["city"])
        if city not in ("all", best["city"])
    ]
    best["severity"] = group["severity"].max()
    best["also_in"] = ", ".join(elsewhere)
    return best
