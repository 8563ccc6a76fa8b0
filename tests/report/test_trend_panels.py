"""Figures of city trends draw what they are given, at both widths."""

from __future__ import annotations

import io
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from trendlab.report.trend_panels import (
    Panel,
    cities_figure,
    movers_figure,
    panels_figure,
)

WIDTHS = pytest.mark.parametrize("width", [9.6, 4.1])
FIRST = date(2026, 1, 5)
WEEKS = pd.DataFrame(
    {
        "week_start_on": [FIRST + timedelta(weeks=n) for n in (0, 1, 3)],
        "share": [0.1, 0.5, 0.1],
        "share_low": [0.05, 0.4, 0.05],
        "share_high": [0.2, 0.6, 0.2],
        "is_thin": [False, False, True],
    }
)
FORECAST = pd.DataFrame(
    {
        "week_on": [FIRST + timedelta(weeks=n) for n in (5, 4)],
        "share_q10": [0.08, 0.09],
        "share_q50": [0.12, 0.11],
        "share_q90": [0.2, 0.15],
    }
)
EVENTS = pd.DataFrame(
    {
        "week_on": [FIRST + timedelta(weeks=1)],
        "share": [0.5],
        "number": [7],
        "direction": ["rise"],
    }
)
CURVE = np.array([0.1, 0.1, 0.1])


def labels(figure) -> set[str]:
    return {text.get_text() for text in figure.legends[0].get_texts()}


@WIDTHS
def test_a_panel_shows_weeks_curve_forecast_and_the_number_of_its_event(width):
    panel = Panel("Paris: colour red", WEEKS, CURVE, FORECAST, EVENTS)
    figure = panels_figure([panel], width=width, source="model: simulated")
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "Paris: colour red"
    assert [text.get_text() for text in axes.texts] == ["7"]
    assert labels(figure) == {
        "95 % interval of a week", "week", "week of under 100 looks", "trend curve",
        "forecast, 80 % interval", "forecast, median", "event: rise",
    }  # fmt: skip
    assert figure.get_supxlabel() == "model: simulated"
    figure.savefig(io.BytesIO())


def test_a_phone_gets_one_column_of_panels():
    panels = [Panel(f"city {n}", WEEKS, CURVE) for n in range(4)]
    wide, narrow = (panels_figure(panels, width=w, source="") for w in (9.6, 4.1))
    columns = [
        {axes.get_subplotspec().colspan.start for axes in figure.axes}
        for figure in (wide, narrow)
    ]
    assert columns == [{0, 1, 2}, {0}]
    # what is not drawn is not in the legend
    assert "forecast, median" not in labels(wide)


def test_a_series_without_weeks_leaves_an_empty_panel():
    figure = panels_figure(
        [Panel("Paris", WEEKS.iloc[:0], CURVE[:0])], width=4.1, source=""
    )
    figure.savefig(io.BytesIO())
    assert figure.axes[0].get_title(loc="left") == "Paris"


@WIDTHS
def test_movers_stand_from_the_most_rising_to_the_most_falling(width):
    movers = pd.DataFrame(
        {
            "label": ["down", "up"],
            "slope_per_year": [-0.04, 0.02],
            "slope_low": [-0.05, 0.01],
            "slope_high": [-0.03, 0.03],
        }
    )
    figure = movers_figure(movers, width=width, source="model: simulated")
    (axes,) = figure.axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["up", "down"]
    assert {"rising", "falling"} < labels(figure)
    figure.savefig(io.BytesIO())


@WIDTHS
def test_cities_are_compared_in_a_panel_a_value_the_first_on_top(width):
    compared = pd.DataFrame(
        {
            "told": ["red", "red", "blue"],
            "where": ["Rome", "Paris", "Rome"],
            "share": [0.1, 0.3, 0.2],
            "share_low": [0.05, 0.2, 0.1],
            "share_high": [0.2, 0.4, 0.3],
            "share_before": [0.1, np.nan, 0.2],
        }
    )
    figure = cities_figure(compared, width=width, source="model: simulated")
    red, blue = figure.axes
    assert [tick.get_text() for tick in red.get_yticklabels()] == ["Paris", "Rome"]
    assert blue.get_title(loc="left") == "blue"
    assert labels(figure) == {"now", "a year before", "95 % interval"}
    figure.savefig(io.BytesIO())


def test_nothing_to_compare_is_an_empty_figure():
    columns = ["told", "where", "share", "share_low", "share_high", "share_before"]
    figure = cities_figure(pd.DataFrame(columns=columns), width=9.6, source="")
    assert not figure.legends
    figure.savefig(io.BytesIO())
