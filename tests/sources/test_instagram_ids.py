from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlab.sources.base import FieldError
from trendlab.sources.instagram_ids import (
    id_of_shortcode,
    moment_of,
    read_number,
    shortcode_in,
)

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def write_in_base_64(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 64)
        digits = DIGITS[digit] + digits
    return digits or "A"


@given(st.integers(0, 2**64 - 1))
def test_a_shortcode_is_the_number_in_base_64(number: int):
    assert id_of_shortcode(write_in_base_64(number), "code") == str(number)


def test_the_key_of_a_private_post_is_left_out():
    assert id_of_shortcode("BTgub_7-AEs" + "x" * 28, "code") == "1504406509758972204"


@pytest.mark.parametrize("code", ["", "BTgub_7-AEs1", "a b", "ä", None, 7, "_" * 11])
def test_what_is_no_shortcode_is_refused(code: Any):
    with pytest.raises(FieldError, match="code is not a shortcode"):
        id_of_shortcode(code, "code")


@pytest.mark.parametrize(
    ("given", "number"),
    [(314, "314"), ("314", "314"), ("314_15", "314"), (None, None), ("", None)],
)
def test_a_number_is_read_without_its_author(given: Any, number: str | None):
    assert read_number(given, "id") == number


@pytest.mark.parametrize("given", [3.14e18, True, -1, 2**64, "x", "1_", [], "9" * 20])
def test_what_is_no_number_is_refused(given: Any):
    with pytest.raises(FieldError, match="id is not an Instagram id"):
        read_number(given, "id")


def test_an_id_holds_the_moment_of_its_upload():
    # the post BTgub_7-AEs, which its profile dates 30 April 2017
    assert moment_of("1504406509758972204") == datetime(
        2017, 4, 30, 13, 34, 12, tzinfo=UTC
    )
    with pytest.raises(FieldError, match="holds no time"):
        moment_of("8388607")


def test_the_shortcode_stands_in_the_address_of_posts_and_reels():
    assert shortcode_in("https://www.instagram.com/reel/BTgub_7-AEs/?x=1") == (
        "BTgub_7-AEs"
    )
    assert shortcode_in("https://www.instagram.com/ana/p/BTgub_7-AEs/") == "BTgub_7-AEs"
    assert shortcode_in("https://www.instagram.com/ana/") is None
    assert shortcode_in(None) is None
