"""Who leads whom, for people: plain words, bars of leaders and followers.

Figures take pandas tables as the marts give them and a width in inches, as those of
`plots` do; the map is in `influence_map`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from trendlab.report.plots import (
    BLUE,
    INK,
    ORANGE,
    SERIES_COLOURS,
    clean_axes,
    date_axis,
    is_narrow,
    new_figure,
    shorten,
)


def tell_value(kind: str, value: str) -> str:
    """Say what is led: "skirt", "the colour red", "the style minimal"."""
    if kind == "discovered_style":
        return f"the style of {value}"
    named = kind in ("colour", "pattern", "sleeve", "length", "style")
    return f"the {kind} {value}" if named else value


def tell_edge(edge: pd.Series) -> str:
    """Say an edge in one sentence.

    Parameters
    ----------
    edge : Series
        source_name, target_name, kind, value, lag_weeks, strength.
    """
    weeks = f"{edge['lag_weeks']} week{'' if edge['lag_weeks'] == 1 else 's'}"
    what = tell_value(edge["kind"], edge["value"])
    if edge["strength"] < 0:
        return (
            f"When {what} rises in {edge['source_name']}, it falls in "
            f"{edge['target_name']} {weeks} later."
        )
    return f"{edge['source_name']} leads {edge['target_name']} in {what} by {weeks}."


def tell_placebos(run: pd.Series) -> str:
    """Say what a run tested and what its placebos found.

    Parameters
    ----------
    run : Series
        A row of marts.influence_placebos with status "tested".
    """
    return (
        f"Placebos: of {run['pairs_count']:,} ordered pairs tested among "
        f"{run['cities_count']} cities in {run['weeks_count']} weeks, "
        f"{run['edges_count']} came out as edges; with the cities permuted "
        f"{run['permuted_count']}, which is what chance gives; with time reversed "
        f"{run['reversed_count']}, of which {run['reversed_same_count']} in the "
        "direction of an edge. A true lead turns round when time does."
    )


def tell_forecasts(whole: pd.Series) -> str:
    """Say whether knowing who leads helped to forecast, over all followers.

    Parameters
    ----------
    whole : Series
        The row of marts.influence_forecasts over all series and weeks ahead.
    """
    measured = (
        f"{whole['series_count']} followers were forecast from "
        f"{whole['origins_count']} weeks of the past, up to {whole['ahead_to']} "
        f"week{'' if whole['ahead_to'] == 1 else 's'} ahead, each time from the weeks "
        f"before alone. Mean error {whole['mase_without']:.3f} without leaders, "
        f"{whole['mase_with']:.3f} with them (1 is the share's mean weekly change)"
    )
    if whole["verdict"] == "too_few_origins":
        return f"{measured}: too few weeks to tell a gain from chance."
    told = {
        "better": "knowing who leads helps",
        "worse": "knowing who leads makes forecasts worse",
        "undecided": "no gain that chance would not give",
    }[whole["verdict"]]
    return (
        f"{measured}: {told} (gain {whole['gain']:.3f}, 95 % interval "
        f"{whole['gain_low']:.3f} to {whole['gain_high']:.3f})."
    )


def leaders_figure(scores: pd.DataFrame, *, width: float) -> Figure:
    """Draw what each city exerts to the right and what it receives to the left.

    Parameters
    ----------
    scores : DataFrame
        name, exerted, received, leads_count, follows_count; one row per city.
    width : float
        Inches.
    """
    scores = scores.assign(net=scores["exerted"] - scores["received"])
    scores = scores.sort_values(["net", "name"], ascending=[True, False])
    figure = new_figure(width, 1.1 + 0.3 * max(len(scores), 1))
    axes = figure.add_subplot()
    clean_axes(axes)
    places = np.arange(len(scores))
    axes.barh(
        places, scores["exerted"], color=BLUE, height=0.66, label="exerted: leads"
    )
    axes.barh(
        places,
        -scores["received"],
        color=ORANGE,
        height=0.66,
        label="received: follows",
    )
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(places, [shorten(str(name), 22) for name in scores["name"]])
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color="#eceef1", linewidth=0.8)
    reach = max(1.0, float(scores[["exerted", "received"]].to_numpy().max(initial=0)))
    axes.set_xlim(-1.08 * reach, 1.08 * reach)
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axes.set_xlabel("sum of the strengths of edges", fontsize=9)
    figure.legend(loc="outside upper left", ncols=2, fontsize=8.5, frameon=False)
    return figure


def moving_figure(scores: pd.DataFrame, *, width: float) -> Figure:
    """Draw exerted minus received by the end of each moving window, a line a city.

    Parameters
    ----------
    scores : DataFrame
        window_to, name, exerted, received; of cities with an edge, the six furthest
        from zero are drawn.
    width : float
        Inches.
    """
    narrow = is_narrow(width)
    net = (
        scores.assign(net=scores["exerted"] - scores["received"])
        .pivot_table(index="window_to", columns="name", values="net")
        .sort_index()
    )
    most = net.abs().max().sort_values(ascending=False, kind="stable")
    most = most[most > 0]
    figure = new_figure(width, 3.0 if narrow else 2.8)
    axes = figure.add_subplot()
    clean_axes(axes)
    markers = ("o", "s", "^", "D", "v", "P")
    for name, colour, marker in zip(
        most.index[: len(SERIES_COLOURS)], SERIES_COLOURS, markers, strict=False
    ):
        at: npt.NDArray[np.datetime64] = pd.to_datetime(net.index).to_numpy()
        axes.plot(
            at, net[name], marker=marker, color=colour, linewidth=1.4, label=str(name)
        )
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_ylabel("exerted − received", fontsize=9)
    date_axis(axes, narrow)
    axes.set_xlabel("last day of the 78 weeks", fontsize=9)
    figure.legend(
        loc="outside upper left", ncols=3 if narrow else 6, fontsize=8.5, frameon=False
    )
    return figure
