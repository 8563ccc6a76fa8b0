from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlab.sources.base import FieldError, show
from trendlab.sources.fields import (
    hashtags_in,
    mentions_in,
    read_count,
    read_flag,
    read_id,
    read_list,
    read_moment,
    read_point,
    read_text,
    stable_id,
    unescape,
)

AT_NOON = datetime(2021, 12, 3, 12, 0, tzinfo=UTC)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary(max_size=5)
    | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=4,
)


@pytest.mark.parametrize(
    "written",
    [
        "2021-12-03 12:00:00+00:00",
        "2021-12-03T12:00:00Z",
        "2021-12-03T12:00:00.000Z",
        "2021-12-03 14:00:00+02:00",
        "2021-12-03 12:00:00 UTC",
        "2021-12-03 12:00:00",
        "Fri Dec 03 12:00:00 +0000 2021",
        "Fri, 03 Dec 2021 12:00:00 GMT",
        "1638532800",
        "1638532800.0",
        1638532800,
        1638532800000,
        datetime(2021, 12, 3, 12),
    ],
)
def test_a_time_is_read_however_it_is_written(written: Any):
    assert read_moment(written, "t") == AT_NOON


def test_a_time_without_a_zone_is_of_the_zone_given():
    paris = ZoneInfo("Europe/Paris")

    assert read_moment("2021-12-03 13:00", "t", zone=paris) == AT_NOON
    assert (
        read_moment("03/12/2021 13:00", "t", time_format="%d/%m/%Y %H:%M", zone=paris)
        == AT_NOON
    )


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (None, "t is missing"),
        ("", "t is missing"),
        ("0", "t outside 1990 to 2100"),
        ("1970-01-01T00:00:00.000Z", "t outside 1990 to 2100"),
        ("yesterday", "t cannot be read as a time"),
        ("2021-13-03", "t cannot be read as a time"),
        (True, "t cannot be read as a time"),
        ([], "t cannot be read as a time"),
        (1e300, "t cannot be read as a time"),
        (float("inf"), "t cannot be read as a time"),
        ("9999999999999999", "t outside 1990 to 2100"),
        ("999999999999999999", "t cannot be read as a time"),
    ],
)
def test_a_time_that_is_none_is_refused_with_its_reason(written: Any, reason: str):
    with pytest.raises(FieldError) as caught:
        read_moment(written, "t")

    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0, 0),
        ("12", 12),
        ("12.0", 12),
        (3.0, 3),
        (None, None),
        ("", None),
        (" ", None),
        (-1, None),
        ("-1", None),
        (float("nan"), None),
    ],
)
def test_a_count_is_read_and_hidden_is_not_zero(given: Any, expected: int | None):
    assert read_count(given, "likes") == expected


@pytest.mark.parametrize(
    "given", [-2, "1.5", 1.5, True, "1,234", "1K", [], {}, 10**16, "٣", float("inf")]
)
def test_what_is_no_count_is_refused(given: Any):
    with pytest.raises(FieldError):
        read_count(given, "likes")


def test_entities_are_unescaped_only_where_they_end():
    assert unescape("H&amp;M &lt;3 &#39;x&#39;") == "H&M <3 'x'"
    assert unescape("https://x.org/?a=1&copy=2") == "https://x.org/?a=1&copy=2"


def test_text_is_composed_and_half_emoji_are_mended():
    assert read_text("cafe\u0301", "caption") == "café"
    assert read_text("so \ud83d", "caption") == "so \ufffd"
    assert read_text("", "caption") is None
    with pytest.raises(FieldError):
        read_text({"a": 1}, "caption")


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#OOTD and #Straße", ["ootd", "strasse"]),
        ("＃ootd #ootd", ["ootd"]),
        ("#हिन्दी #着物 #café!", ["हिन्दी", "着物", "café"]),
        ("#2021 #1 nothing", []),
        ("a#b https://x.org/#top &#39;", []),
        ("#ootd😍#love", ["ootd", "love"]),
        (None, []),
    ],
)
def test_hashtags_are_found_in_text(text: str | None, tags: list[str]):
    assert hashtags_in(text) == tags


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@ASOS and @a.b_c.", ["asos", "a.b_c"]),
        ("mail mia@gmail.com now", []),
        ("@me@fashion.social hi", ["me@fashion.social"]),
        (".@chanel @Chanel", ["chanel"]),
        ("@ alone", []),
    ],
)
def test_mentions_are_found_in_text(text: str, handles: list[str]):
    assert mentions_in(text) == handles


def test_a_point_at_zero_zero_is_not_given():
    assert read_point("0.0", 0) == (None, None)
    assert read_point("48.85", "2.35") == (48.85, 2.35)
    assert read_point("48.85", "") == (None, None)


def test_lists_are_read_as_they_are_written():
    assert read_list(["a", "b"], "tags") == ["a", "b"]
    assert read_list("a, b;c d", "tags") == ["a", "b", "c", "d"]
    assert read_list("['a', 'b']", "tags") == ["a", "b"]
    assert read_list("https://x.org/a,b.jpg,https://x.org/c.jpg", "urls") == [
        "https://x.org/a,b.jpg",
        "https://x.org/c.jpg",
    ]


def test_flags_are_read():
    assert read_flag("True", "f") is True
    assert read_flag(0, "f") is False
    assert read_flag("", "f") is None


def test_ids_keep_all_their_digits():
    assert read_id(1326426567690629120, "id") == "1326426567690629120"
    assert read_id("007", "id") == "007"


def test_a_stable_id_keeps_its_parts_apart():
    assert stable_id("ab", "c") != stable_id("a", "bc")
    assert stable_id(None, "a") != stable_id("", "a")
    # the same on every machine and in every version: stored posts are found by it
    assert stable_id("a", "b") == "7849dac940f718f8dbae9896397bf772"


@given(ANYTHING)
def test_any_value_is_read_or_refused(value: Any):
    for read in (read_text, read_id, read_count, read_flag, read_list, read_moment):
        try:
            read(value, "field")
        except FieldError as error:
            error.detail.encode()


@given(st.text())
def test_tags_and_mentions_of_any_text_are_storable(text: str):
    for found in (hashtags_in(text), mentions_in(text)):
        assert all(item and item == item.strip() for item in found)
        "".join(found).encode()


@given(ANYTHING, st.integers(1, 60))
def test_any_value_can_be_shown(value: Any, limit: int):
    shown = show(value, limit)

    assert len(shown) <= limit
    assert "\0" not in shown
    shown.encode()
