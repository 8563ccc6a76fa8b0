"""A map of the world with an arc from each leading city to the one that follows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Rectangle
from sklearn.cluster import DBSCAN

from trendlab.report.plots import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    is_narrow,
    new_figure,
)

KIND_COLOURS = {
    "garment": BLUE,
    "colour": RED,
    "fine_category": PURPLE,
    "pattern": ORANGE,
    "sleeve": INK,
    "length": MUTED,
    "style": GREEN,
    "discovered_style": SKY,
}
EARTH_KM = 6371.0
# Cities nearer than this to a neighbour lie on top of each other on a map of the
# world; those that influence each other are shown once more in a close-up.
NEAR_KM = 1_200.0
# Degrees of longitude and latitude around the cities of a view.
WORLD_MARGIN, NEAR_MARGIN = (22.0, 14.0), (3.5, 2.5)
# Line widths in points, for a strength of 0 and of 1.
THIN, THICK = 0.8, 4.0
# Names of more cities than this lie on each other: then those with an edge have one.
MAX_NAMED = 15
# How far arcs bend, as a share of their length; more edges of a pair bend more.
BEND, MORE_BEND = 0.18, 0.14


def influence_map(
    cities: pd.DataFrame, edges: pd.DataFrame, outlines: Any, *, width: float
) -> Figure:
    """Draw edges as arcs from city to city over country outlines.

    Parameters
    ----------
    cities : DataFrame
        city, name, lat, lon: those compared.
    edges : DataFrame
        source_city, target_city, kind, strength.
    outlines : GeoDataFrame
        Country outlines, EPSG:4326.
    width : float
        Inches. On a phone the close-up stands below the world.

    Notes
    -----
    Every city has a point; of many, those with an edge have their name.
    Arcs join places; they are no routes and say nothing of what lies between. The
    plate carrée projection is used: positions are read, not areas.
    """
    narrow = is_narrow(width)
    near = near_cities(cities, edges)
    views = [View.around(cities, *WORLD_MARGIN)]
    if not near.empty:
        views.append(View.around(near, *NEAR_MARGIN))
    if narrow:
        heights = [0.94 * width * view.ratio for view in views]
        figure = new_figure(width, sum(heights) + 0.3 * len(views) + 0.4)
        panels = figure.subplots(len(views), 1, height_ratios=heights, squeeze=False)
    else:
        # side by side, as high as each other
        widths = [1 / view.ratio for view in views]
        figure = new_figure(width, 0.94 * width / sum(widths) + 0.6)
        panels = figure.subplots(1, len(views), width_ratios=widths, squeeze=False)
    for axes, view in zip(panels.flat, views, strict=True):
        _draw_panel(axes, view, cities, edges, outlines)
    named = cities
    if len(cities) > MAX_NAMED:
        ends = set(edges["source_city"]) | set(edges["target_city"])
        named = cities[cities["city"].isin(ends)]
    is_near = named["city"].isin(near["city"])
    _name_cities(panels.flat[0], named[~is_near])
    if not near.empty:
        _name_cities(panels.flat[1], named[is_near])
        panels.flat[1].set_title("close-up", fontsize=9, loc="left", color=MUTED)
        panels.flat[0].add_patch(views[1].frame())
    kinds = [kind for kind in KIND_COLOURS if kind in set(edges["kind"])]
    handles = [
        Line2D(
            [], [], color=KIND_COLOURS[kind], linewidth=2, label=kind.replace("_", " ")
        )
        for kind in kinds
    ]
    if (edges["strength"] < 0).any():
        handles.append(
            Line2D([], [], color=INK, linestyle="--", label="the other way round")
        )
    if handles:
        figure.legend(
            handles=handles,
            loc="outside upper left",
            ncols=3 if narrow else 6,
            fontsize=8.5,
            frameon=False,
        )
    return figure


def near_cities(cities: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """Return the largest group of near cities that has an edge inside, or no rows."""
    if len(cities) < 2 or edges.empty:
        return cities.iloc[:0]
    group = DBSCAN(
        eps=NEAR_KM / EARTH_KM, min_samples=1, metric="haversine"
    ).fit_predict(np.radians(cities[["lat", "lon"]].to_numpy(float)))
    of_city = dict(zip(cities["city"], group, strict=True))
    ends = pd.DataFrame(
        {
            "source": edges["source_city"].map(of_city),
            "target": edges["target_city"].map(of_city),
        }
    )
    inside = set(ends.loc[ends["source"] == ends["target"], "source"])
    sizes = pd.Series(group).value_counts()
    wanted = [one for one in sizes.index if one in inside]
    return cities[group == wanted[0]] if wanted else cities.iloc[:0]


@dataclass(frozen=True)
class View:
    """A part of the map, degrees west, east, south, north."""

    west: float
    east: float
    south: float
    north: float

    @classmethod
    def around(cls, cities: pd.DataFrame, lon_margin: float, lat_margin: float) -> View:
        """Give the view that holds all cities and a margin, or the whole world."""
        if cities.empty:
            return cls(-180, 180, -60, 84)
        return cls(
            max(-180, cities["lon"].min() - lon_margin),
            min(180, cities["lon"].max() + lon_margin),
            max(-60, cities["lat"].min() - lat_margin),
            min(84, cities["lat"].max() + lat_margin),
        )

    @property
    def aspect(self) -> float:
        """Length of a degree of latitude over one of longitude, in its middle."""
        return float(1 / np.cos(np.radians((self.south + self.north) / 2)))

    @property
    def ratio(self) -> float:
        """Height over width."""
        return self.aspect * (self.north - self.south) / (self.east - self.west)

    def frame(self) -> Rectangle:
        """Give the outline of the view, to be drawn on a wider one."""
        return Rectangle(
            (self.west, self.south),
            self.east - self.west,
            self.north - self.south,
            fill=False,
            edgecolor=MUTED,
            linewidth=0.8,
            zorder=2,
        )


def _draw_panel(
    axes: Axes, view: View, cities: pd.DataFrame, edges: pd.DataFrame, outlines: Any
) -> None:
    """Draw outlines, arcs and cities; what leaves the view is cut off."""
    outlines.plot(ax=axes, color="#eef0f3", edgecolor="#c9ccd1", linewidth=0.4)
    axes.set_xlim(view.west, view.east)
    axes.set_ylim(view.south, view.north)
    axes.set_aspect(view.aspect)
    at = {
        city["city"]: (float(city["lon"]), float(city["lat"]))
        for city in cities.to_dict("records")
    }
    drawn: Counter[frozenset[str]] = Counter()
    for edge in edges.to_dict("records"):
        pair = frozenset((edge["source_city"], edge["target_city"]))
        axes.add_patch(
            FancyArrowPatch(
                at[edge["source_city"]],
                at[edge["target_city"]],
                connectionstyle=f"arc3,rad={BEND + MORE_BEND * drawn[pair]}",
                arrowstyle="-|>",
                mutation_scale=11,
                shrinkA=3,
                shrinkB=3,
                color=KIND_COLOURS[edge["kind"]],
                linewidth=THIN + (THICK - THIN) * abs(edge["strength"]),
                linestyle="--" if edge["strength"] < 0 else "-",
                alpha=0.85,
                zorder=3,
                clip_on=True,
            )
        )
        drawn[pair] += 1
    axes.plot(cities["lon"], cities["lat"], "o", color=INK, markersize=4, zorder=4)
    axes.set_axis_off()


def _name_cities(axes: Axes, cities: pd.DataFrame) -> None:
    for city in cities.to_dict("records"):
        axes.annotate(
            city["name"],
            (city["lon"], city["lat"]),
            xytext=(5, 4),
            textcoords="offset points",
            fontsize=8.5,
            color=INK,
            zorder=5,
        )
