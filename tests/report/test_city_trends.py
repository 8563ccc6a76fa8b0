"""City trends of a report: what is shown, pooled, compared and said."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from trendlab.report import city_ranks, trend_wording
from trendlab.report import city_trends as trends_of
from trendlab.signals.city_trends import build_panel, find_trends

LAST = date(2026, 1, 5)
NAMES = {"paris": "Paris", "rome": "Rome", "all": "all places"}


def trend(**more: Any) -> dict[str, Any]:
    return {
        "city": "paris", "kind": "colour", "value": "red", "direction": "steady",
        "slope_per_year": 0.0, "slope_low": -0.01, "slope_high": 0.01,
        "description": "steady", "overdispersion": 0.0, "weeks_count": 104, **more,
    }  # fmt: skip


RISING = {"direction": "rising", "slope_per_year": 0.05, "slope_low": 0.02,
          "slope_high": 0.08}  # fmt: skip
FALLING = {"direction": "falling", "slope_per_year": -0.05, "slope_low": -0.07,
           "slope_high": -0.03}  # fmt: skip


def week(ago: int = 0, hits: int = 10, looks: int = 100, **more: Any) -> dict[str, Any]:
    return {
        "city": "paris", "kind": "colour", "value": "red",
        "week_start_on": LAST - timedelta(weeks=ago), "looks_with_count": hits,
        "looks_count": looks, "share": hits / looks, "share_low": 0.05,
        "share_high": 0.2, "is_thin": looks < 100, **more,
    }  # fmt: skip


def forecast(*rows: tuple[int, float, float, float]) -> pd.DataFrame:
    columns = ["weeks_ahead", "share_q10", "share_q50", "share_q90"]
    return pd.DataFrame(rows, columns=columns)


def test_what_is_sure_of_a_change_is_the_end_of_its_interval_nearest_zero():
    rows = pd.DataFrame([trend(**RISING), trend(**FALLING), trend()])
    assert list(trends_of.sure_change(rows)) == [0.02, -0.03, 0.0]


def test_series_with_events_come_first_then_the_surest_movers_and_no_unknown_place():
    rows = pd.DataFrame(
        [
            trend(value="red", **RISING),
            trend(value="blue", **FALLING),
            trend(value="green"),
            trend(value="grey"),
            trend(city="unknown", **FALLING),
        ]
    )
    events = pd.DataFrame(
        {
            "city": ["paris", "paris", "unknown"],
            "kind": "colour",
            "value": ["grey", "red", "red"],
            "saliency": [4.0, 9.0, 30.0],
        }
    )
    drawn, moving = trends_of.choose_series(rows, events, with_event=2, moving=2)
    assert list(drawn["value"]) == ["red", "grey"]
    assert list(moving["value"]) == ["blue"]
    none, all_moving = trends_of.choose_series(
        rows, events.iloc[:0], with_event=2, moving=2
    )
    assert none.empty
    assert list(all_moving["value"]) == ["blue", "red"]


def test_the_curve_drawn_is_the_curve_that_was_fitted():
    weeks = [LAST - timedelta(weeks=ago) for ago in reversed(range(156))]
    turn = 2 * np.pi * np.arange(156) / trends_of.YEAR_WEEKS
    planted = 0.3 + 0.0004 * np.arange(156) + 0.1 * np.sin(turn)
    shares = pa.Table.from_pylist(
        [
            {"city": "paris", "kind": "colour", "value": "red", "day": day,
             "looks_count": 10_000, "looks_with_count": round(10_000 * share)}
            for day, share in zip(weeks, planted, strict=True)
        ]
    )  # fmt: skip
    names = ("city", "kind", "value")
    found = find_trends(build_panel(shares, names), names)
    row = pd.Series(found.curves[0])
    assert row["season_kind"] is not None
    drawn = trends_of.curve_of(row, pd.DatetimeIndex(weeks))
    assert drawn == pytest.approx(planted, abs=0.01)


def test_a_curve_without_a_season_is_a_line_held_between_0_and_1():
    row = pd.Series(
        {"last_week_on": LAST, "level": 0.1, "slope_per_year": 0.2,
         "season_amplitude": None}
    )  # fmt: skip
    at = pd.DatetimeIndex([LAST - timedelta(days=730), LAST])
    assert list(trends_of.curve_of(row, at)) == pytest.approx([0.0, 0.1])


def test_a_week_in_which_only_others_were_worn_has_the_share_0_and_a_missing_one_none():
    weeks = pd.DataFrame(
        [week(0), week(1, value="blue"), week(3), week(2, city="rome")]
    )
    shown = trends_of.weeks_of(weeks, pd.Series(trend()))
    assert list(shown["week_start_on"]) == [
        LAST - timedelta(weeks=ago) for ago in (3, 1, 0)
    ]
    assert list(shown["share"]) == [0.1, 0.0, 0.1]
    # Wilson's upper end of 0 in 100
    assert shown["share_high"].iloc[1] == pytest.approx(0.037, abs=1e-4)


def test_pooled_shares_count_the_looks_of_weeks_in_which_nobody_wore_it():
    weeks = pd.DataFrame([week(0, 20), week(1, 5, value="blue"), week(9, 90)])
    rows = pd.DataFrame([trend(), trend(value="blue"), trend(city="rome")])
    pooled = trends_of.pool_shares(weeks, rows, LAST - timedelta(weeks=1), LAST)
    assert list(pooled["share"][:2]) == [0.1, 0.025]
    assert list(pooled["looks"][:2]) == [200, 200]
    assert np.isnan(pooled["share"][2])
    assert pooled["share_low"][0] < 0.1 < pooled["share_high"][0]


def test_looks_that_go_together_make_the_interval_wider():
    weeks = pd.DataFrame([week(0, 20)])
    widths = []
    for rho in (0.0, 0.05):
        rows = pd.DataFrame([trend(overdispersion=rho)])
        pooled = trends_of.pool_shares(weeks, rows, LAST, LAST)
        widths.append(pooled["share_high"][0] - pooled["share_low"][0])
    assert widths[1] > 1.5 * widths[0]


def test_values_that_move_somewhere_are_listed_with_where():
    rows = pd.DataFrame(
        [
            trend(city="all"),
            trend(city="paris", **RISING),
            trend(city="rome", **FALLING),
            trend(city="all", value="blue", **RISING),
            trend(city="all", value="green"),
            trend(city="paris", value="green"),
        ]
    )
    moved = trends_of.movers_of(rows, "colour", NAMES)
    assert list(moved["value"]) == ["blue", "red"]
    assert list(moved["moves_in"]) == ["–", "rising in Paris; falling in Rome"]
    assert trends_of.movers_of(rows, "garment", NAMES).empty


def test_the_value_with_the_widest_gap_between_cities_comes_first():
    columns = ["city", "kind", "value", "share", "share_low", "share_high"]
    rows = pd.DataFrame(
        [
            ("paris", "colour", "red", 0.2, 0.15, 0.25),
            ("rome", "colour", "red", 0.18, 0.1, 0.22),
            ("paris", "colour", "blue", 0.4, 0.35, 0.45),
            ("rome", "colour", "blue", 0.1, 0.05, 0.15),
            ("paris", "colour", "grey", 0.9, 0.85, 0.95),
        ],
        columns=columns,
    )
    assert city_ranks.widest_gaps(rows, 5) == [("colour", "blue"), ("colour", "red")]
    assert city_ranks.widest_gaps(rows.iloc[:0], 5) == []


def test_of_many_cities_the_first_and_the_last_are_drawn_beside_all_places():
    shares = {"a": 0.5, "all": 0.35, "b": 0.4, "c": 0.3, "d": 0.2, "e": 0.1}
    rows = pd.DataFrame(
        [
            {"city": city, "kind": "colour", "value": value, "share": share}
            for value in ("red", "blue")
            for city, share in shares.items()
        ]
    )
    kept = city_ranks.keep_ends(rows, 4)
    for value in ("red", "blue"):
        drawn = kept.loc[kept["value"] == value, "city"]
        assert list(drawn) == ["a", "all", "b", "d", "e"]
    assert city_ranks.keep_ends(rows, 6).equals(rows)


def test_a_city_is_counted_by_its_kind_with_the_fewest_looks():
    weeks = pd.DataFrame([week(0), week(0, looks=60, kind="style"), week(1)])
    counted = trends_of.count_cities(pd.DataFrame([trend(), trend(city="rome")]), weeks)
    assert list(counted["city"]) == ["paris", "rome"]
    assert counted.loc[0, "looks_a_week"] == 80
    assert counted.loc[0, "thin_share"] == 0.5


def test_a_forecast_is_told_with_where_it_starts_and_its_interval():
    rows = forecast((12, 0.032, 0.05, 0.069), (1, 0.03, 0.042, 0.05))
    assert (
        trend_wording.tell_forecast(0.041, rows)
        == "4.1 % → 5.0 % in 12 weeks (80 %: 3.2–6.9 %)"
    )
    assert trend_wording.tell_forecast(np.nan, rows).startswith("5.0 % in 12 weeks")
    assert trend_wording.tell_end(rows).split() == ["5.0", "%", "(3.2–6.9)"]
    assert trend_wording.tell_forecast(0.041, forecast()) == "–"
    assert trend_wording.tell_end(forecast()) == "–"


def test_a_change_is_told_in_points_with_its_interval_on_one_line():
    told = trend_wording.tell_change(pd.Series(trend(**FALLING)))
    assert " " not in told
    assert told.split() == ["-5.0", "(-7.0", "to", "-3.0)"]


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ([("Rome", 0.2, 0.02)], "red: one city only, nothing to compare."),
        (
            [("Rome", 0.2, 0.05), ("Paris", 0.19, 0.05)],
            "red: no city is clearly ahead of another.",
        ),
        (
            [("Rome", 0.4, 0.02), ("Oslo", 0.2, 0.02), ("Paris", 0.1, 0.02)],
            "red: ahead Rome (40.0 %); last Paris (10.0 %).",
        ),
        (
            [("A", 0.4, 0.1), ("B", 0.41, 0.1), ("C", 0.42, 0.1), ("D", 0.43, 0.1),
             ("E", 0.1, 0.02)],
            "red: ahead D (43.0 %), C (42.0 %), B (41.0 %) and 1 more; "
            "last E (10.0 %).",
        ),
    ],
)  # fmt: skip
def test_who_is_ahead_is_told_only_beyond_the_intervals(shares, told):
    rows = pd.DataFrame(
        [
            {"where": where, "share": share, "share_low": share - reach,
             "share_high": share + reach}
            for where, share, reach in shares
        ]
    )  # fmt: skip
    assert trend_wording.tell_who_leads("red", rows) == told


def test_of_many_names_the_first_are_listed():
    assert trend_wording.name_or_count(list("dbca")) == "a, b, c, d"
    assert trend_wording.name_or_count(list("fedcba")) == "6 cities"


def test_what_forecasts_rest_on_and_leave_out_is_said():
    rows = pd.DataFrame(
        [{"weeks_ahead": 12, "is_backtested": True, "backtest_mase": 0.76}]
    )
    first, judged, *rest = trend_wording.tell_trust(rows, 3, 1)
    assert first.startswith("1 of 3 series have a forecast of 12 weeks")
    assert "erred 0.76 times" in judged
    assert "Which city leads which is in no forecast either" in rest[-1]
    (none,) = trend_wording.tell_trust(rows.iloc[:0], 3, 0)
    assert none.startswith("No series has a forecast")
