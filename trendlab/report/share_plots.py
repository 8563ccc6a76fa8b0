"""Figures of weekly shares: garments, styles and colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from trendlab.report.plots import (
    INK,
    MUTED,
    SERIES_COLOURS,
    TERM_COLOURS,
    clean_axes,
    date_axis,
    is_narrow,
    new_figure,
)


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
            at = pd.to_datetime(line["week_start_on"])
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
