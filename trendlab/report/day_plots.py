"""Figures of days: activity, sentiment, what was collected."""

from __future__ import annotations

from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from trendlab.report.plots import (
    BLUE,
    GREEN,
    ORANGE,
    RED,
    SKY,
    clean_axes,
    date_axis,
    is_narrow,
    new_figure,
    shorten,
)


def _days(column: pd.Series[Any]) -> pd.Series[Any]:
    return pd.to_datetime(column)


def _thousands(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))


def activity_figure(
    days: pd.DataFrame, peaks: pd.DataFrame, dips: pd.DataFrame, *, width: float
) -> Figure:
    """Draw posts a day against what was expected, with peaks and dips marked.

    Parameters
    ----------
    days : DataFrame
        day, posts_count, baseline, expected_low, expected_high; missing days are
        missing rows and break the line.
    peaks, dips : DataFrame
        apex_on of each.
    width : float
        Inches.
    """
    narrow = is_narrow(width)
    figure = new_figure(width, 3.2 if narrow else 3.6)
    axes = figure.add_subplot()
    clean_axes(axes)
    columns = ["posts_count", "baseline", "expected_low", "expected_high"]
    days = days.assign(day=_days(days["day"])).set_index("day").sort_index()
    numbers = days[columns].astype(float)
    if len(numbers):
        numbers = numbers.reindex(pd.date_range(numbers.index[0], numbers.index[-1]))
    axes.fill_between(
        numbers.index,
        numbers["expected_low"],
        numbers["expected_high"],
        color=SKY,
        alpha=0.28,
        linewidth=0,
        label="expected (90 %)",
    )
    axes.plot(
        numbers.index,
        numbers["posts_count"],
        color=BLUE,
        linewidth=1.0,
        label="posts a day",
    )
    for events, marker, colour, name in (
        (peaks, "^", GREEN, "peak"),
        (dips, "v", RED, "negative peak"),
    ):
        at = _days(events["apex_on"]).drop_duplicates()
        at = at[at.isin(numbers.index)]
        if len(at):
            axes.plot(
                at,
                numbers.loc[at, "posts_count"],
                marker,
                color=colour,
                markersize=9,
                markeredgecolor="white",
                label=name,
                linestyle="none",
            )
    axes.set_ylim(bottom=0)
    axes.set_ylabel("posts a day", fontsize=9)
    _thousands(axes)
    date_axis(axes, narrow)
    figure.legend(
        loc="outside upper left", ncols=2 if narrow else 4, fontsize=8.5, frameon=False
    )
    return figure


def sentiment_figure(
    days: pd.DataFrame, dips: pd.DataFrame, *, width: float, window_days: int = 7
) -> Figure:
    """Draw the share of positive and negative posts as trailing means.

    Parameters
    ----------
    days : DataFrame
        day, scored_count, positive_count, negative_count.
    dips : DataFrame
        start_on, end_on; shaded.
    width : float
        Inches.
    window_days : int
        Days averaged, weighted by what was scored.
    """
    narrow = is_narrow(width)
    figure = new_figure(width, 2.9 if narrow else 3.0)
    axes = figure.add_subplot()
    clean_axes(axes)
    days = days.assign(day=_days(days["day"])).set_index("day").sort_index()
    counts = days[["scored_count", "positive_count", "negative_count"]].astype(float)
    if len(counts):
        counts = counts.reindex(pd.date_range(counts.index[0], counts.index[-1]))
    sums = counts.rolling(window_days, min_periods=1).sum()
    for name, colour, style in (
        ("positive_count", BLUE, "-"),
        ("negative_count", RED, "--"),
    ):
        axes.plot(
            sums.index,
            sums[name] / sums["scored_count"].replace(0, np.nan),
            style,
            color=colour,
            linewidth=1.5,
            label=f"{name.removesuffix('_count')} share",
        )
    starts = mdates.date2num(_days(dips["start_on"]))
    ends = mdates.date2num(_days(dips["end_on"]))
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        axes.axvspan(
            start,
            end + 1,
            color=RED,
            alpha=0.18,
            linewidth=0,
            label="negative peak" if number == 0 else None,
        )
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_ylabel(f"share of scored posts,\n{window_days}-day mean", fontsize=9)
    date_axis(axes, narrow)
    figure.legend(
        loc="outside upper left",
        ncols=2 if narrow else 3,
        fontsize=8.5,
        frameon=False,
        columnspacing=1.0,
    )
    return figure


def coverage_figure(days: pd.DataFrame, *, width: float) -> Figure:
    """Draw which days were covered: a row a tracker and source, a cell a day.

    Parameters
    ----------
    days : DataFrame
        label, day, status (complete, partial, none or missing).
    width : float
        Inches.
    """
    labels = list(dict.fromkeys(days["label"]))
    figure = new_figure(width, 1.1 + 0.32 * max(len(labels), 1))
    axes = figure.add_subplot()
    clean_axes(axes)
    axes.grid(visible=False)
    shades = {
        "complete": (SKY, "covered"),
        "partial": (ORANGE, "in part"),
        "missing": (RED, "missing"),
        "none": (RED, "missing"),
    }
    named: set[str] = set()
    for place, label in enumerate(labels):
        mine = days[days["label"] == label]
        for status, (colour, name) in shades.items():
            at = _days(mine.loc[mine["status"] == status, "day"])
            if len(at):
                axes.bar(
                    at,
                    0.7,
                    bottom=place - 0.35,
                    width=1.0,
                    color=colour,
                    align="edge",
                    linewidth=0,
                    label=None if name in named else name,
                )
                named.add(name)
    axes.set_yticks(range(len(labels)), [shorten(label, 26) for label in labels])
    axes.invert_yaxis()
    date_axis(axes, is_narrow(width))
    figure.legend(loc="outside upper left", ncols=3, fontsize=8.5, frameon=False)
    return figure
