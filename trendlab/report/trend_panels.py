"""Figures of city trends: small multiples with forecasts, movers, cities compared.

As in `plots`: a pandas table and a width in inches in, a matplotlib figure out, with
colours of Okabe and Ito and marks that differ in shape as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from trendlab.report.plots import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    RED,
    SKY,
    clean_axes,
    date_axis,
    is_narrow,
    name_rows,
    new_figure,
    shorten,
)

PANEL_COLUMNS = 3
# Height of a panel in inches, with its title and the labels of its axis.
PANEL_HEIGHT = 2.15
MARKS = {"rise": ("^", GREEN), "drop": ("v", RED)}
NO_FORECAST = pd.DataFrame(columns=["week_on", "share_q10", "share_q50", "share_q90"])
NO_EVENTS = pd.DataFrame(columns=["week_on", "share", "number", "direction"])


@dataclass(frozen=True)
class Panel:
    """What one panel of small multiples shows.

    Parameters
    ----------
    title : str
    weeks : DataFrame
        week_start_on, share, share_low, share_high, is_thin; missing weeks have no
        row.
    curve : (weeks,) float64
        Share of the trend curve in each row of `weeks`.
    forecast : DataFrame
        week_on, share_q10, share_q50, share_q90.
    events : DataFrame
        week_on, share, number (as in the legend in words), direction.
    """

    title: str
    weeks: pd.DataFrame
    curve: npt.NDArray[np.float64]
    forecast: pd.DataFrame = field(default_factory=lambda: NO_FORECAST)
    events: pd.DataFrame = field(default_factory=lambda: NO_EVENTS)


def panels_figure(panels: Sequence[Panel], *, width: float, source: str) -> Figure:
    """Draw series as small multiples: weeks, curve, forecast, numbered events.

    Parameters
    ----------
    panels : sequence of Panel
    width : float
        Inches; a phone gets one column.
    source : str
        What found the looks; written under the panels.
    """
    columns = 1 if is_narrow(width) else min(PANEL_COLUMNS, max(len(panels), 1))
    rows = max(1, -(-len(panels) // columns))
    figure = new_figure(width, 0.9 + rows * PANEL_HEIGHT)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, panel in zip(grid.flat, panels, strict=False):
        _draw_panel(axes, panel)
    handles: dict[str, Any] = {}
    for axes in grid.flat[: len(panels)]:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside upper left",
        ncols=2 if is_narrow(width) else 4,
        fontsize=8.5,
        frameon=False,
    )
    figure.supylabel("share of looks", fontsize=9)
    figure.supxlabel(source, fontsize=8, color=MUTED)
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    clean_axes(axes)
    weeks = panel.weeks
    at = pd.to_datetime(weeks["week_start_on"]).to_numpy()
    share = weeks["share"].to_numpy(float)
    axes.vlines(
        at,
        weeks["share_low"].to_numpy(float),
        weeks["share_high"].to_numpy(float),
        color=SKY,
        alpha=0.4,
        linewidth=1.0,
        label="95 % interval of a week",
    )
    is_thin = weeks["is_thin"].to_numpy(bool)
    for chosen, face, label in (
        (~is_thin, BLUE, "week"),
        (is_thin, "white", "week of under 100 looks"),
    ):
        if chosen.any():
            axes.plot(
                at[chosen],
                share[chosen],
                "o",
                markersize=2.8,
                color=BLUE,
                markerfacecolor=face,
                markeredgewidth=0.7,
                label=label,
            )
    axes.plot(at, panel.curve, color=INK, linewidth=1.3, label="trend curve")
    if len(panel.forecast):
        _draw_forecast(axes, panel.forecast)
    for kind, (marker, colour) in MARKS.items():
        mine = panel.events[panel.events["direction"] == kind]
        if len(mine):
            axes.plot(
                pd.to_datetime(mine["week_on"]).to_numpy(),
                mine["share"].to_numpy(float),
                marker,
                color=colour,
                markersize=6.5,
                markeredgecolor="white",
                markeredgewidth=0.6,
                label=f"event: {kind}",
            )
        for _, event in mine.iterrows():
            axes.annotate(
                str(event["number"]),
                (pd.Timestamp(event["week_on"]), float(event["share"])),
                xytext=(-9, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=8.5,
                fontweight="bold",
                color=INK,
            )
    axes.set_title(shorten(panel.title, 38), fontsize=9.5, loc="left", color=INK)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.set_ylim(bottom=0)
    date_axis(axes, True)


def _draw_forecast(axes: Axes, forecast: pd.DataFrame) -> None:
    coming = forecast.sort_values("week_on")
    at = pd.to_datetime(coming["week_on"]).to_numpy()
    axes.fill_between(
        at,
        coming["share_q10"].to_numpy(float),
        coming["share_q90"].to_numpy(float),
        color=ORANGE,
        alpha=0.4,
        linewidth=0,
        label="forecast, 80 % interval",
    )
    axes.plot(
        at,
        coming["share_q50"].to_numpy(float),
        "--",
        color=RED,
        linewidth=1.4,
        label="forecast, median",
    )
    axes.axvline(at[0], color=MUTED, linewidth=0.6, linestyle=":")


def movers_figure(movers: pd.DataFrame, *, width: float, source: str) -> Figure:
    """Draw slopes with their 95 % interval, the most rising on top.

    Parameters
    ----------
    movers : DataFrame
        label, slope_per_year, slope_low, slope_high.
    width : float
        Inches.
    source : str
        What found the looks.
    """
    ordered = movers.sort_values("slope_per_year", ascending=False)
    figure = new_figure(width, 1.2 + 0.29 * max(len(ordered), 1))
    axes = figure.add_subplot()
    clean_axes(axes)
    places = np.arange(len(ordered))
    slope = ordered["slope_per_year"].to_numpy(float)
    axes.hlines(
        places,
        ordered["slope_low"].to_numpy(float),
        ordered["slope_high"].to_numpy(float),
        color=SKY,
        linewidth=5,
        label="95 % interval",
    )
    for chosen, marker, colour, label in (
        (slope > 0, "^", GREEN, "rising"),
        (slope <= 0, "v", RED, "falling"),
    ):
        axes.plot(
            slope[chosen],
            places[chosen],
            marker,
            color=colour,
            markersize=7,
            linestyle="none",
            label=label,
        )
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(places, [shorten(str(one), 40) for one in ordered["label"]])
    if is_narrow(width):
        axes.tick_params(axis="y", labelsize=7.5)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color="#eceef1", linewidth=0.8)
    axes.xaxis.set_major_locator(
        MaxNLocator(nbins=4 if is_narrow(width) else 9, steps=[1, 2, 5, 10])
    )
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:+.3g}")
    axes.set_xlabel("points of share a year", fontsize=9)
    figure.legend(loc="outside upper left", ncols=3, fontsize=8.5, frameon=False)
    figure.supxlabel(source, fontsize=8, color=MUTED)
    return figure


def cities_figure(compared: pd.DataFrame, *, width: float, source: str) -> Figure:
    """Draw the share of a value in each city, now and a year ago: a panel a value.

    Parameters
    ----------
    compared : DataFrame
        told (names the panel), where, share, share_low, share_high, share_before.
    width : float
        Inches.
    source : str
        What found the looks.
    """
    panels = list(dict.fromkeys(compared["told"]))
    columns = 1 if is_narrow(width) else min(2, max(len(panels), 1))
    rows = max(1, -(-len(panels) // columns))
    most = int(compared.groupby("told").size().max()) if panels else 1
    figure = new_figure(width, 0.9 + rows * (0.75 + 0.22 * most))
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, told in zip(grid.flat, panels, strict=False):
        clean_axes(axes)
        mine = compared[compared["told"] == told].sort_values("share", ascending=False)
        places = np.arange(len(mine))
        axes.hlines(
            places,
            mine["share_low"].to_numpy(float),
            mine["share_high"].to_numpy(float),
            color=SKY,
            linewidth=4.5,
            label="95 % interval",
        )
        axes.plot(
            mine["share_before"].to_numpy(float),
            places,
            "|",
            color=INK,
            markersize=11,
            markeredgewidth=1.8,
            linestyle="none",
            label="a year before",
        )
        axes.plot(
            mine["share"].to_numpy(float),
            places,
            "o",
            color=BLUE,
            markersize=5.5,
            linestyle="none",
            label="now",
        )
        name_rows(axes, [shorten(str(name), 20) for name in mine["where"]])
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
        axes.margins(x=0.08)
        axes.set_title(shorten(str(told), 38), fontsize=9.5, loc="left", color=INK)
    if panels:
        figure.legend(
            *grid.flat[0].get_legend_handles_labels(),
            loc="outside upper left",
            ncols=3,
            fontsize=8.5,
            frameon=False,
        )
    figure.supxlabel(f"share of looks · {source}", fontsize=8, color=MUTED)
    return figure
