"""Map of the monitored cities."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from trendlab.report.plots import (
    INK,
    is_narrow,
    new_figure,
)


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
