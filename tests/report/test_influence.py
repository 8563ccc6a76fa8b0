"""Influence is told in plain words, and drawn once more where cities lie close."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pandas as pd
import pytest
from matplotlib.patches import FancyArrowPatch

from trendlab.places.maps import read_outlines
from trendlab.report.influence import (
    leaders_figure,
    moving_figure,
    tell_edge,
    tell_forecasts,
    tell_placebos,
)
from trendlab.report.influence_map import (
    MAX_NAMED,
    View,
    influence_map,
    near_cities,
)

CITIES = pd.DataFrame(
    {
        "city": ["london", "milan", "new_york_city", "paris", "tokyo"],
        "name": ["London", "Milan", "New York City", "Paris", "Tokyo"],
        "lat": [51.5, 45.5, 40.7, 48.9, 35.7],
        "lon": [-0.1, 9.2, -74.0, 2.3, 139.7],
    }
)
EDGE = {
    "source_city": "london",
    "target_city": "paris",
    "source_name": "London",
    "target_name": "Paris",
    "kind": "fine_category",
    "value": "trench coat",
    "lag_weeks": 2,
    "strength": 0.6,
}
WIDTHS = pytest.mark.parametrize("width", [9.6, 4.1])


def edges(*changes: dict) -> pd.DataFrame:
    return pd.DataFrame([{**EDGE, **change} for change in changes], columns=list(EDGE))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "London leads Paris in trench coat by 2 weeks."),
        ({"lag_weeks": 1}, "London leads Paris in trench coat by 1 week."),
        (
            {"kind": "colour", "value": "red"},
            "London leads Paris in the colour red by 2 weeks.",
        ),
        (
            {"kind": "discovered_style", "value": "black, pants (2026Q1-1)"},
            "London leads Paris in the style of black, pants (2026Q1-1) by 2 weeks.",
        ),
        (
            {"strength": -0.6, "kind": "style", "value": "boho"},
            "When the style boho rises in London, it falls in Paris 2 weeks later.",
        ),
    ],
)
def test_an_edge_is_a_sentence(change, told):
    assert tell_edge(pd.Series({**EDGE, **change})) == told


def test_placebos_are_told_with_what_was_tested():
    told = tell_placebos(
        pd.Series(
            {
                "pairs_count": 1_892,
                "cities_count": 44,
                "weeks_count": 156,
                "edges_count": 12,
                "permuted_count": 1,
                "reversed_count": 9,
                "reversed_same_count": 0,
            }
        )
    )
    assert "of 1,892 ordered pairs tested among 44 cities in 156 weeks, 12" in told
    assert "with the cities permuted 1," in told
    assert "with time reversed 9, of which 0" in told


def test_near_cities_with_an_edge_among_them_get_a_close_up():
    assert list(near_cities(CITIES, edges({}))["city"]) == ["london", "milan", "paris"]


def test_an_edge_across_an_ocean_needs_no_close_up():
    far = edges({"source_city": "tokyo", "target_city": "paris"})
    assert near_cities(CITIES, far).empty
    assert near_cities(CITIES, edges()).empty
    assert near_cities(CITIES.iloc[:1], edges()).empty


def test_a_view_holds_its_cities_and_stays_on_the_map():
    view = View.around(CITIES, 60.0, 14.0)
    assert (view.west, view.east) == (-134.0, 180)
    assert (view.south, view.north) == pytest.approx((21.7, 65.5))
    assert View.around(CITIES.iloc[:0], 60.0, 14.0).east == 180


@WIDTHS
def test_the_map_has_an_arc_an_edge_and_names_every_city_once(width):
    two = edges({}, {"kind": "colour", "value": "red", "strength": -0.4})
    figure = influence_map(CITIES, two, read_outlines(), width=width)
    world, close_up = figure.axes
    for axes in (world, close_up):
        arcs = [one for one in axes.patches if isinstance(one, FancyArrowPatch)]
        assert len(arcs) == 2
        # two edges of one pair bend apart
        assert len({one.get_connectionstyle().rad for one in arcs}) == 2
    named = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert sorted(named) == list(CITIES["name"])
    figure.savefig(io.BytesIO())


@WIDTHS
def test_of_many_cities_the_map_names_those_with_an_edge(width):
    more = pd.DataFrame(
        {
            "city": [f"c{at}" for at in range(MAX_NAMED)],
            "name": [f"City {at}" for at in range(MAX_NAMED)],
            "lat": [-30.0] * MAX_NAMED,
            "lon": [10.0 * at for at in range(MAX_NAMED)],
        }
    )
    many = pd.concat([CITIES, more], ignore_index=True)
    figure = influence_map(many, edges({}), read_outlines(), width=width)
    named = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert sorted(named) == ["London", "Paris"]
    (points,) = figure.axes[0].lines
    assert len(points.get_xdata()) == len(many)


@WIDTHS
def test_without_edges_the_map_shows_the_cities(width):
    figure = influence_map(CITIES, edges(), read_outlines(), width=width)
    (world,) = figure.axes
    assert len(world.texts) == len(CITIES)
    figure.savefig(io.BytesIO())


def test_without_cities_the_map_is_the_world():
    figure = influence_map(CITIES.iloc[:0], edges(), read_outlines(), width=9.6)
    assert figure.axes[0].get_xlim() == (-180, 180)


def test_bars_go_right_for_what_is_exerted_and_left_for_what_is_received():
    scores = pd.DataFrame(
        {"name": ["Paris", "Tokyo"], "exerted": [0.0, 0.5], "received": [0.7, 0.0]}
    )
    figure = leaders_figure(scores, width=9.6)
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    # from bottom to top: the follower, then the leader
    assert widths == [0.0, 0.5, -0.7, -0.0]


@WIDTHS
def test_any_number_of_windows_is_drawn_without_a_warning(width):
    # warnings are errors here; in a notebook they would stand in the page
    for count in range(2, 14):
        rows = [
            {
                "window_to": date(2026, 3, 1) - timedelta(weeks=13 * back),
                "name": "Paris",
                "exerted": 0.5,
                "received": 0.0,
            }
            for back in range(count)
        ]
        moving_figure(pd.DataFrame(rows), width=width).savefig(io.BytesIO())


def test_a_city_without_edges_has_no_line_over_time():
    scores = pd.DataFrame(
        [
            {"window_to": end, "name": name, "exerted": exerted, "received": 0.0}
            for end in ("2026-03-01", "2025-11-30")
            for name, exerted in (("Paris", 0.5), ("Tokyo", 0.0))
        ]
    )
    figure = moving_figure(scores, width=4.1)
    lines = [line.get_label() for line in figure.axes[0].lines]
    assert "Paris" in lines
    assert "Tokyo" not in lines


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "no gain that chance would not give (gain 0.110, 95 % interval -0.035 to"),
        ({"verdict": "better"}, "knowing who leads helps (gain 0.110"),
        ({"verdict": "worse"}, "makes forecasts worse"),
        (
            {"verdict": "too_few_origins", "gain_low": None, "gain_high": None},
            "too few weeks to tell a gain from chance.",
        ),
    ],
)
def test_forecasts_with_leaders_are_told_as_they_came_out(change, told):
    whole = {
        "series_count": 5,
        "origins_count": 53,
        "ahead_to": 3,
        "mase_without": 0.743,
        "mase_with": 0.634,
        "gain": 0.1096,
        "gain_low": -0.035,
        "gain_high": 0.254,
        "verdict": "undecided",
        **change,
    }
    sentence = tell_forecasts(pd.Series(whole))
    assert "5 followers were forecast from 53 weeks of the past, up to 3 weeks" in (
        sentence
    )
    assert "Mean error 0.743 without leaders, 0.634 with them" in sentence
    assert told in sentence
