"""The trend report's sentences and choices."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from trendlab.report import trend
from trendlab.schemas.core import MEASURES

NAMES = {"paris": "Paris", "rome": "Rome", "all": "everywhere", "unknown": "nowhere"}


def peak(**more: Any) -> dict[str, Any]:
    return {
        "apex_on": date(2026, 1, 5), "tracker": "coats", "city": "all", "also_in": "",
        "value": 900.0, "baseline": 300.0, "ratio": 3.0, "severity": 6,
        "days_count": 1, "top_words": "fringe, suede", **more,
    }  # fmt: skip


def dip(**more: Any) -> dict[str, Any]:
    return {
        "apex_on": date(2026, 1, 6), "tracker": "coats", "city": "paris",
        "also_in": "rome", "topic": "calendar", "item_kind": "post",
        "negative_count": 1200, "scored_count": 2400, "negative_share": 0.5,
        "baseline_share": 0.17, "severity": 8, **more,
    }  # fmt: skip


def named(*rows: dict[str, Any]) -> pd.DataFrame:
    return trend.name_places(pd.DataFrame(rows), NAMES)


def test_places_are_named_and_unknown_ids_stay():
    rows = named(dip(also_in="rome, oslo"), dip(city="oslo", also_in=""))

    assert list(rows["where"]) == ["Paris", "oslo"]
    assert list(rows["also_in"]) == ["Rome, oslo", ""]


def test_measures_are_named_in_the_order_of_reading():
    rows = pd.DataFrame({"measure": ["zeal", "comments_per_post", "activity", "posts"]})

    named = trend.name_measures(rows)

    assert list(named["measure_name"]) == [
        "posts",
        "comments a post, median",
        "activity",
        "zeal",
    ]


def test_every_measure_has_a_name():
    assert set(trend.MEASURE_NAMES) == set(MEASURES)


@pytest.mark.parametrize("words", ["", None, float("nan")])
def test_a_peak_is_told_with_its_words_where_it_has_some(words: Any):
    (told,) = trend.tell_lately(named(peak()), pd.DataFrame(), 8)
    (bare,) = trend.tell_lately(named(peak(top_words=words)), pd.DataFrame(), 8)

    assert told == (
        "2026-01-05, coats: peak, 900 posts against 300 expected (3.0 times, severity "
        "6 of 10). Over-represented: fringe, suede."
    )
    assert bare == told.partition(" Over-represented")[0]


def test_words_of_a_peak_of_several_days_are_told_to_be_of_all_of_them():
    (told,) = trend.tell_lately(named(peak(days_count=3)), pd.DataFrame(), 8)

    assert told.endswith(" Over-represented in its 3 days: fringe, suede.")


@pytest.mark.parametrize(
    ("words", "hashtags", "wrote"),
    [
        (
            "parade, <b>avenue",
            "#paradeday",
            " People wrote: #paradeday, parade, <b>avenue.",
        ),
        ("parade", None, " People wrote: parade."),
        (None, float("nan"), ""),
    ],
)
def test_an_event_of_a_share_is_told_with_what_people_wrote(words, hashtags, wrote):
    event = {
        "city_name": "New York City", "value": "green", "top_words": words,
        "top_hashtags": hashtags, "description": "rose to 80 % of looks",
    }  # fmt: skip

    told = trend.tell_trend_event(pd.Series(event))

    assert told == f"New York City, green: rose to 80 % of looks.{wrote}"


def test_a_negative_peak_is_told_with_its_topic_and_places():
    (told,) = trend.tell_lately(pd.DataFrame(), named(dip()), 8)

    assert told == (
        "2026-01-06, coats: negative posts about “calendar” in Paris, also in Rome, "
        "1,200 of 2,400 (50 % against 17 % expected, severity 8 of 10)."
    )


def test_the_newest_events_of_both_kinds_come_first_and_no_more_than_asked():
    peaks = named(*[peak(apex_on=date(2026, 1, day)) for day in (1, 9)])
    dips = named(dip(apex_on=date(2026, 1, 5)))

    told = trend.tell_lately(peaks, dips, 2)

    assert [line[:10] for line in told] == ["2026-01-09", "2026-01-05"]
    assert trend.tell_lately(peaks.head(0), dips.head(0), 8) == []


def test_figures_are_counted_up_and_shares_of_nothing_are_a_dash():
    days = pd.DataFrame(
        {
            "posts_count": [1000, None],
            "scored_count": [400.0, None],
            "negative_count": [50.0, None],
        }
    )

    assert list(trend.count_up(days, [1, 2], [3]).values()) == [
        "1,000", "2", "1", "40 %", "12.5 %",
    ]  # fmt: skip
    assert list(trend.count_up(days.head(0), [], []).values()) == [
        "0", "0", "0", "–", "–",
    ]  # fmt: skip


def test_authors_without_a_handle_are_shown_by_their_id():
    authors = pd.DataFrame(
        {
            "author_id": ["1", "2"],
            "author_handle": ["ana", None],
            "home_city": ["paris", "unknown"],
        }
    )

    named = trend.name_authors(authors, NAMES, unknown="–")

    assert list(named["label"]) == ["ana", "2"]
    assert list(named["home"]) == ["Paris", "–"]


def garments() -> pd.DataFrame:
    rows = [
        {"city": city, "value": value, "share": share, "looks_count": looks}
        for city, looks in (("all", 900), ("paris", 100), ("rome", 300), ("unknown", 9))
        for value, shares in (
            ("steady", (0.5, 0.5)),
            ("moving", (0.2, 0.4)),
            ("rare", (0.001, 0.003)),
        )
        for share in shares
    ]
    return pd.DataFrame(rows)


def test_the_busiest_cities_are_shown_and_the_total_where_there_are_none():
    assert trend.busiest_cities(garments(), 6) == ["rome", "paris"]
    assert trend.busiest_cities(garments(), 1) == ["rome"]
    assert trend.busiest_cities(garments().head(0), 6) == ["all"]


def test_what_moves_most_for_its_size_is_shown_first():
    cities = ["rome", "paris"]

    assert trend.moving_values(garments(), cities, 5) == ["moving", "rare", "steady"]
    assert trend.moving_values(garments(), cities, 1) == ["moving"]
    assert trend.moving_values(garments().head(0), cities, 5) == []


def test_cities_with_coordinates_are_placed_and_the_rest_is_a_share():
    cities = pd.DataFrame(
        {
            "city": ["paris", "unknown"],
            "city_name": ["Paris", None],
            "lat": [48.85, None],
            "lon": [2.35, None],
            "posts_28_days_count": [30, 5],
            "change_ratio": [1.25, None],
            "posts_count": [75, 25],
        }
    )

    (placed,) = trend.place_cities(cities).itertuples()

    assert (placed.name, placed.posts_count, placed.change_share) == ("Paris", 30, 0.25)
    assert (placed.geometry.x, placed.geometry.y) == (2.35, 48.85)
    assert trend.share_elsewhere(cities) == 0.25
    assert trend.share_elsewhere(cities.head(1)) is None
    assert trend.place_cities(cities.tail(1)).empty
