from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlab.text.clean import drop_marked
from trendlab.text.words import (
    MAX_WORD_CHARACTERS,
    find_hashtags,
    stop_words,
    tokenize,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("The advent calendar is a joke", ["advent", "calendar", "joke"]),
        ("RED Coat red", ["red", "coat", "red"]),
        ("see https://t.co/advent or www.chanel.com/x", ["see"]),
        ("@chanel #advent calendar", ["calendar"]),
        ("CHANEL’s and Chanel's bags", ["chanel", "chanel", "bags"]),
        (
            "t-shirt, v-neck, advent-calendar",
            ["t-shirt", "v-neck", "advent", "calendar"],
        ),
        ("l'été d'une robe", ["été", "robe"]),
        ("90s y2k 2021 501", ["90s", "y2k"]),
        ("don't won't can't", []),
        ("hats for men", ["hats", "men"]),
        ("crème CRÈME cre\u0300me", ["crème", "crème", "crème"]),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", ["full", "width"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("यह साड़ी बहुत सुंदर है", ["साड़ी", "सुंदर"]),
        ("coat &amp; bag", ["coat", "bag"]),
        ("a" * 31 + " coat", ["coat"]),
        ("nul\x00 snake_case", ["nul", "snake", "case"]),
        ("这件裙子很漂亮", ["这件裙子很漂亮"]),
    ],
)
def test_words_are_told(text: str, words: list[str]) -> None:
    assert tokenize(text) == words


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("no tags", []),
        ("#Advent and #ADVENT", ["advent", "advent"]),
        ("#résumé_2 ＃東京", ["résumé_2", "東京"]),
        ("&#39; #1 #2021 a#b", []),
        ("#" + "x" * 101, []),
        ("#सुंदर", ["सुंदर"]),
    ],
)
def test_hashtags_are_told(text: str, tags: list[str]) -> None:
    assert find_hashtags(text) == tags


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_words_of_any_text_are_fit_to_be_counted(text: str) -> None:
    for word in tokenize(text):
        assert 2 <= len(word) <= MAX_WORD_CHARACTERS
        assert word not in stop_words()
        assert "\x00" not in word
        assert not set(word) & set(" \t\n#@/")


def test_words_do_not_depend_on_case() -> None:
    text = "Winter COATS from Milano, très Élégante"
    assert tokenize(text) == tokenize(text.upper()) == tokenize(text.lower())


# All that is no word, in one pattern; the code looks for two kinds where they can be.
MARKED = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|\b[\w.-]+\.(?:com|net|org|co|io|me|ly|gl|tv|shop|uk|de|fr|it)\b(?:/\S*)?"
    r"|[\w.+-]+@\w[\w.-]*"
    r"|[@＠#＃][\w.]+"
    r"|&(?:#\d+|\w+);"
)
PIECES = [*"ab1 .-+@＠#＃&;/é\n", "http://", "www.", ".com", "me", ".shop", "&amp"]


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_links_addresses_and_tags_are_dropped_as_by_one_pattern(text: str) -> None:
    assert drop_marked(text) == MARKED.sub(" ", text)
