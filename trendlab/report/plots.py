"""Tables → figures: labelled, legible, safe for colour-blind readers.

Every function takes a pandas table as the marts give it and a width in inches, and
returns a matplotlib figure. Colours are those of Okabe and Ito (2008), "Color
universal design", which stay apart under the common kinds of colour blindness;
marks differ in shape as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, INK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#222222",
)
SERIES_COLOURS = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY)
MUTED = "#8a8f98"

# what the eleven basic colour terms look like, for swatches
TERM_COLOURS = {
    "black": "#1c1c1c",
    "white": "#ffffff",
    "grey": "#8c8c8c",
    "red": "#c62828",
    "orange": "#ef6c00",
    "yellow": "#f6d32d",
    "green": "#2e7d32",
    "blue": "#1565c0",
    "purple": "#7b3fa0",
    "pink": "#f06292",
    "brown": "#6d4c41",
}
# below this a figure is drawn for a phone: fewer ticks, one column of panels
NARROW_INCHES = 6.0


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure with the report's type sizes."""
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def is_narrow(width: float) -> bool:
    """Tell whether a figure is drawn for a phone."""
    return width < NARROW_INCHES


def clean_axes(axes: Axes) -> None:
    """Give axes the report's spines, ticks and grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#c9ccd1")
    axes.tick_params(colors=INK, labelsize=9, length=3)
    axes.grid(axis="y", color="#eceef1", linewidth=0.8)
    axes.set_axisbelow(True)


def date_axis(axes: Axes, narrow: bool) -> None:
    """Label the days of an axis concisely, with fewer ticks on a phone."""
    locator = mdates.AutoDateLocator(minticks=2, maxticks=4 if narrow else 8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))


def _thousands(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))


def _days(column: pd.Series[Any]) -> pd.Series[Any]:
    return pd.to_datetime(column)


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


def influencers_figure(ranked: pd.DataFrame, *, width: float) -> Figure:
    """Draw ranks with their bootstrap interval, the strongest on top.

    Parameters
    ----------
    ranked : DataFrame
        label, rank, rank_low, rank_high; at most some 15 rows.
    width : float
        Inches.
    """
    ranked = ranked.sort_values("rank")
    figure = new_figure(width, 0.9 + 0.3 * max(len(ranked), 1))
    axes = figure.add_subplot()
    clean_axes(axes)
    places = np.arange(len(ranked))
    axes.hlines(
        places,
        ranked["rank_low"].astype(float),
        ranked["rank_high"].astype(float),
        color=SKY,
        linewidth=5,
        label="90 % of bootstrap ranks",
    )
    axes.plot(
        ranked["rank"].astype(float),
        places,
        "o",
        color=BLUE,
        markersize=6,
        label="rank",
    )
    axes.set_yticks(places, [shorten(str(label), 24) for label in ranked["label"]])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color="#eceef1", linewidth=0.8)
    # an author with one lucky post may rank anywhere: such intervals are long
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    axes.set_xlim(left=0.9)
    axes.set_xlabel("rank (1 is the strongest; log scale)", fontsize=9)
    figure.legend(loc="outside upper left", ncols=2, fontsize=8.5, frameon=False)
    return figure


def shares_figure(
    weeks: pd.DataFrame, values: Sequence[str], *, width: float, panel_by: str = "city"
) -> Figure:
    """Draw weekly shares as small multiples: a panel a city, a line a value.

    Parameters
    ----------
    weeks : DataFrame
        week_start_on, value, share, share_low, share_high, and the panel's column.
    values : sequence of str
        At most six values, each with its own colour and line style.
    width : float
        Inches.
    panel_by : str
        Column that names the panel.
    """
    panels = list(dict.fromkeys(weeks[panel_by]))
    columns = 1 if is_narrow(width) else min(3, max(len(panels), 1))
    rows = max(1, -(-len(panels) // columns))
    figure = new_figure(width, 0.7 + rows * (1.9 if is_narrow(width) else 2.1))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    styles = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, panel in zip(grid.flat, panels, strict=False):
        clean_axes(axes)
        mine = weeks[weeks[panel_by] == panel]
        for value, colour, style in zip(values, SERIES_COLOURS, styles, strict=False):
            line = mine[mine["value"] == value].sort_values("week_start_on")
            if line.empty:
                continue
            at = _days(line["week_start_on"])
            smooth = line["share"].astype(float).rolling(4, min_periods=1).mean()
            axes.plot(
                at, smooth, linestyle=style, color=colour, linewidth=1.5, label=value
            )
            axes.plot(
                at,
                line["share"].astype(float),
                ".",
                color=colour,
                alpha=0.25,
                markersize=2.5,
            )
        axes.set_title(str(panel), fontsize=9.5, loc="left", color=INK)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_ylim(bottom=0)
        date_axis(axes, True)
    handles: dict[str, Any] = {}
    for axes in grid.flat[: len(panels)]:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside upper left",
        ncols=_legend_columns(list(handles), width),
        fontsize=8.5,
        frameon=False,
    )
    figure.supylabel("share of looks", fontsize=9)
    return figure


def _legend_columns(labels: Sequence[str], width: float) -> int:
    """Return how many columns of a legend fit into a figure, 1 to 6."""
    longest = max((len(label) for label in labels), default=1)
    # an inch holds about 11 letters; a line's sample takes as much room as four
    return int(np.clip(11 * width // (longest + 4), 1, 6))


def colours_figure(weeks: pd.DataFrame, *, width: float) -> Figure:
    """Draw the share of looks by main colour, newest four weeks, a bar a colour.

    Parameters
    ----------
    weeks : DataFrame
        value (a basic colour term), share_now, share_before.
    width : float
        Inches.
    """
    weeks = weeks.sort_values("share_now")
    figure = new_figure(width, 0.8 + 0.3 * max(len(weeks), 1))
    axes = figure.add_subplot()
    clean_axes(axes)
    places = np.arange(len(weeks))
    axes.barh(
        places,
        weeks["share_now"].astype(float),
        color=[TERM_COLOURS.get(value, MUTED) for value in weeks["value"]],
        edgecolor="#9aa0a6",
        linewidth=0.8,
        height=0.68,
    )
    axes.plot(
        weeks["share_before"].astype(float),
        places,
        "|",
        color=INK,
        markersize=13,
        markeredgewidth=2,
        label="the same four weeks a year before, or the first four",
        linestyle="none",
    )
    axes.set_yticks(places, list(weeks["value"]))
    axes.grid(axis="y", visible=False)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("share of looks with a garment of that main colour", fontsize=9)
    figure.legend(loc="outside upper left", fontsize=8.5, frameon=False)
    return figure


def city_map(cities: Any, outlines: Any, *, width: float) -> Figure:
    """Draw cities as circles: area for posts, colour for the change.

    Parameters
    ----------
    cities : GeoDataFrame
        geometry (points), name, posts_count, change_share (−1 to +∞; NaN unknown).
    outlines : GeoDataFrame
        Country outlines.
    width : float
        Inches.
    """
    narrow = is_narrow(width)
    figure = new_figure(width, width * (0.62 if narrow else 0.5))
    axes = figure.add_subplot()
    outlines.plot(ax=axes, color="#eef0f3", edgecolor="#c9ccd1", linewidth=0.4)
    if len(cities):
        posts = cities["posts_count"].astype(float).to_numpy()
        change = cities["change_share"].astype(float).clip(-0.5, 0.5)
        points = axes.scatter(
            cities.geometry.x,
            cities.geometry.y,
            s=40 + 260 * posts / max(posts.max(), 1.0),
            c=change,
            cmap="PuOr_r",
            vmin=-0.5,
            vmax=0.5,
            edgecolor=INK,
            linewidth=0.6,
            zorder=3,
        )
        for city in cities.itertuples():
            axes.annotate(
                f"{city.name}\n{int(city.posts_count):,}",
                (city.geometry.x, city.geometry.y),
                xytext=(6, 4),
                textcoords="offset points",
                fontsize=7.5 if narrow else 8.5,
                color=INK,
            )
        bar = figure.colorbar(
            points, ax=axes, shrink=0.6, orientation="horizontal", pad=0.02, aspect=40
        )
        bar.ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        bar.set_label("change of posts against the 28 days before", fontsize=8.5)
        bar.ax.tick_params(labelsize=8)
        xs, ys = cities.geometry.x, cities.geometry.y
        axes.set_xlim(max(-180, xs.min() - 25), min(180, xs.max() + 25))
        axes.set_ylim(max(-60, ys.min() - 18), min(84, ys.max() + 15))
    axes.set_axis_off()
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


def shorten(text: str, length: int) -> str:
    """Cut a text to a length, with an ellipsis where something was cut."""
    return text if len(text) <= length else text[: length - 1] + "…"
