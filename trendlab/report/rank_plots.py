"""Figure of ranks: the strongest authors, with the interval of their rank."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from trendlab.report.plots import (
    BLUE,
    SKY,
    clean_axes,
    name_rows,
    new_figure,
    shorten,
)


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
    name_rows(axes, [shorten(str(label), 24) for label in ranked["label"]])
    # an author with one lucky post may rank anywhere: such intervals are long
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    axes.set_xlim(left=0.9)
    axes.set_xlabel("rank (1 is the strongest; log scale)", fontsize=9)
    figure.legend(loc="outside upper left", ncols=2, fontsize=8.5, frameon=False)
    return figure
