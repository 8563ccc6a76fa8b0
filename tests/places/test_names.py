from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.places.gazetteer import Region, fold_place, read_gazetteer
from trendlab.places.names import read_place_name


def told(name: str) -> tuple[str, str] | None:
    sense = read_place_name(name)
    if sense is None or sense.place is None:
        return None
    return sense.place.name, sense.place.country_code


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Paris", ("Paris", "FR")),
        ("PARIS", ("Paris", "FR")),
        ("📍 Paris 🇫🇷", ("Paris", "FR")),
        ("Paris, Texas", ("Paris", "US")),
        ("Paris, TX, USA", ("Paris", "US")),
        ("Milan, Italy", ("Milan", "IT")),
        ("Milano", ("Milan", "IT")),
        ("Coachella Valley", ("Coachella", "US")),
        ("Florida, Orlando", ("Orlando", "US")),
        ("Ubud，Bali", ("Ubud", "ID")),
        ("Toronto, Ontario", ("Toronto", "CA")),
        ("London, Ontario, Canada", ("London", "CA")),
        ("Sydney, Nova Scotia", ("Sydney", "CA")),
        ("New York, New York", ("New York City", "US")),
        ("new york ny", ("New York City", "US")),
        ("NYC", ("New York City", "US")),
        ("L.A.", ("Los Angeles", "US")),
        ("Williamsburg, Brooklyn", ("Brooklyn", "US")),
        ("Washington, DC", ("Washington", "US")),
        ("São Paulo, Brazil", ("São Paulo", "BR")),
        ("sao-paulo", ("São Paulo", "BR")),
        ("東京", ("Tokyo", "JP")),
        ("Москва", ("Moscow", "RU")),
        ("Singapore", ("Singapore", "SG")),
        ("Atlanta, Georgia", ("Atlanta", "US")),
        ("Bombay", ("Mumbai", "IN")),
    ],
)
def test_a_place_is_told(name: str, place: tuple[str, str]) -> None:
    assert told(name) == place


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\x00",
        "\x00\x01\x7f",
        "Link in Profile",
        "Planet Earth",
        "la",
        "de",
        ",,,,;;;",
        "London | Paris",
        "LA, NYC",
        "Berlin/London",
        "x" * 300,
        "Paris, " * 60,
        "🇫🇷🇮🇹",
        "'; drop table posts; --",
        "../../etc/passwd",
        "\u202eParis\u202c" * 40,
    ],
)
def test_what_is_no_place_or_two_is_not_told(name: str) -> None:
    assert told(name) is None


def test_a_name_between_control_characters_is_read() -> None:
    assert told("Par\x00is") is None
    assert told("\x00Paris\x00") == ("Paris", "FR")


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("Iceland", Region("IS")),
        ("California", Region("US", "CA")),
        ("Mexico", Region("MX")),
        ("Bali, Indonesia", Region("ID", "02")),
        ("Constance Halaveli Resort, Maldives", Region("MV")),
        ("🇺🇸", Region("US")),
    ],
)
def test_a_country_or_state_alone_is_a_region(name: str, region: Region) -> None:
    sense = read_place_name(name)
    assert sense is not None
    assert sense.place is None
    assert region in sense.regions


def test_confidence_falls_with_ambiguity() -> None:
    def confidence(name: str) -> float:
        sense = read_place_name(name)
        assert sense is not None
        return sense.confidence

    assert confidence("Paris, France") > confidence("Paris") > confidence("Birmingham")
    assert read_place_name("Richmond") is None


def test_manhattan_and_new_york_are_one_place() -> None:
    sense = read_place_name("Manhattan, New York")
    assert sense is not None
    assert sense.confidence == 0.95


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("São  Paulo", "sao paulo"),
        ("L.A.", "la"),
        ("St. John's", "st johns"),
        ("NEW_YORK-city", "new york city"),
        ("Ｐａｒｉｓ", "paris"),
        ("Москва́", "москва"),
        ("🧥", ""),
    ],
)
def test_names_are_folded(written: str, folded: str) -> None:
    assert fold_place(written) == folded


def test_the_nearest_place_of_a_position_is_found() -> None:
    place, distance_km = read_gazetteer().nearest(45.4643, 9.1895)
    assert place.country_code == "IT"
    assert distance_km < 3


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_name_gives_a_sense_or_none(name: str) -> None:
    sense = read_place_name(name)
    assert sense is None or 0 < sense.confidence <= 1


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *["Paris", "Texas", "London", "France", "LA", "CA", "New York", "東京"],
                *[",", "|", " - ", " ", "🇫🇷", "Georgia", "Valley", "Downtown", "\x00"],
            ]
        ),
        max_size=10,
    )
)
def test_any_mix_of_place_words_is_survived(parts: list[str]) -> None:
    sense = read_place_name("".join(parts))
    assert sense is None or 0 < sense.confidence <= 1
