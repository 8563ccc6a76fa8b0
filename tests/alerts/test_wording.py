"""What strangers wrote does nothing in a message."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlab.alerts.inert import make_inert, web_address
from trendlab.alerts.wording import describe_dip, describe_peak
from trendlab.schemas import TABLES


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain words", "plain words"),
        ("hi @everyone", "hi ＠everyone"),
        ("<!channel> <script>x</script>", "!channel script x /script"),
        ("**bold** _it_ snake_case `x`", "bold it snake_case x"),
        ("[click](https://evil.example/a?b)", "click (link)"),
        ("see www.evil.example now", "see (link) now"),
        ("javascript://x", "(link)"),
        ("mailto:eve@evil.example now", "(link) now"),
        ("go to evil.example/login", "go to evil. example/login"),
        ("costs 4.50 at 10.30", "costs 4.50 at 10.30"),
        ("a\r\nBcc: eve@evil.example", "a Bcc: eve＠evil. example"),
        ("two\nlines\ttab\x00nul\x1b[31m", "two lines tab nul 31m"),
        ("abc\u202edef\u200bghi", "abc def ghi"),
        ("naïve 草 👗", "naïve 草 👗"),
        ("", ""),
    ],
)
def test_markup_mentions_links_and_controls_are_taken_out(
    written: str, shown: str
) -> None:
    assert make_inert(written) == shown


@given(st.text(max_size=400))
def test_no_text_keeps_what_could_act(text: str) -> None:
    shown = make_inert(text)

    assert len(shown) <= 160
    assert "@" not in shown
    assert "://" not in shown
    assert not set(shown.replace("(link)", "")) & set("<>[](){}*`~|\\^")
    assert all(unicodedata.category(mark)[0] != "C" for mark in shown)
    assert shown == " ".join(shown.split(" "))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://example.org/p/1?a=b", "https://example.org/p/1?a=b"),
        ("javascript:alert(1)", ""),
        ("https://example.org/ x", ""),
        ("https://example.org/\u202ex", ""),
        ("https://example.org/" + "a" * 400, ""),
        (None, ""),
    ],
)
def test_only_web_addresses_are_shown(given: str | None, shown: str) -> None:
    assert web_address(given) == shown


DIP = {
    column.name: {"int64": 3, "double": 0.5, "bool": True}.get(str(column.type), "x")
    for column in TABLES["dips"].columns
} | dict.fromkeys(("day", "start_on"), date(2026, 1, 5))


@pytest.mark.parametrize(
    ("city", "expected", "said"),
    [
        ("new_york_city", 2.0, "Cities above their usual: new york city 50%."),
        ("new_york_city", None, "Cities, with their part: new york city 50%."),
        ("unknown", None, "Where it comes from cannot be told"),
    ],
)
def test_cities_are_said_by_what_is_known_of_them(
    city: str, expected: float | None, said: str
) -> None:
    row = {"evidence_kind": "city", "rank": 1, "item": city, "label": city, "url": None}
    _, body = describe_dip(DIP, [{**row, "expected": expected, "strength": 0.5}], "ab")

    assert said in body
    assert "unknown" not in body


def test_a_dip_says_what_called_its_texts_negative() -> None:
    _, by_lexicon = describe_dip(DIP, [], "ab")
    _, by_classifier = describe_dip(DIP, [], "ab", "complaints")

    assert "English and scored, by VADER" in by_lexicon
    assert "VADER" not in by_classifier
    assert "a classifier that learnt from tweets" in by_classifier


PEAK = {
    column.name: {"int64": 3, "double": 0.5, "bool": True}.get(str(column.type), "x")
    for column in TABLES["peaks"].columns
} | dict.fromkeys(("day", "start_on", "apex_on"), date(2026, 1, 5))
EVIDENCE = [
    {
        "evidence_kind": kind, "rank": 1, "item": "i", "label": "w", "url": None,
        "expected": 1.0, "strength": 0.5,
    }
    for kind in ("author", "city", "hashtag", "word", "garment")
]  # fmt: skip


@pytest.mark.parametrize(
    ("describe", "event", "when"),
    [
        (describe_peak, PEAK, " since 2026-01-05"),
        (describe_dip, DIP, " on 2026-01-07"),
    ],
)
def test_an_event_of_several_days_says_on_which_its_evidence_was_counted(
    describe: Callable[..., tuple[str, str]], event: dict[str, object], when: str
) -> None:
    """A peak's is of all its days so far, a dip's of the one day."""
    later = event | {"day": date(2026, 1, 7)}
    _, first = describe(event, EVIDENCE, "ab")
    _, third = describe(later, EVIDENCE, "ab")

    for said in (
        "Words more common than usual{}: w.",
        "Hashtags{}: w.",
        "Garments{}: w.",
        "Above their usual{}, with their part of the excess: w 50%.",
        "Cities above their usual{}: w 50%.",
    ):
        assert said.format("") in first
        assert said.format(when) in third


def test_the_evidence_of_pooled_days_is_said_to_be_of_all_of_them() -> None:
    """On the worst day it is; a later day counts itself alone."""
    pooled = DIP | {"pooled_days": 3, "apex_on": DIP["day"]}
    _, worst = describe_dip(pooled, EVIDENCE, "ab")
    _, later = describe_dip(pooled | {"day": date(2026, 1, 7)}, EVIDENCE, "ab")

    for said in ("Words more common than usual{}: w.", "Cities above their usual{}: w"):
        assert said.format(" in the 3 days to 2026-01-05") in worst
        assert said.format(" on 2026-01-07") in later


def test_the_longest_message_fits_a_channel() -> None:
    dip = DIP | {"topic": "word " * 80, "pooled_days": 7, "day": date(2026, 1, 7)}
    evidence = [
        {
            "evidence_kind": kind, "rank": rank, "item": "i", "label": "w" * 999,
            "url": "https://example.org/" + "a" * 270, "strength": 0.5,
        }
        for kind in ("post", "comment", "author", "city", "hashtag", "word", "garment")
        for rank in range(9)
    ]  # fmt: skip

    title, body = describe_dip(dip, evidence, "abcdef0123456789")

    assert len(title) <= 160
    assert len(body) <= 4_000
    assert body.endswith("--by YOUR_NAME")
