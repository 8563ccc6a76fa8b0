"""The batched scorer gives vaderSentiment's scores, digit for digit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SENTIMENT_LADEN_IDIOMS,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

from tests.text import shared
from trendlab.text.vader import COLUMNS, load_vader, score_batch

PACKAGE = SentimentIntensityAnalyzer()

LEXICON = sorted(PACKAGE.lexicon)
EMOJI = sorted(PACKAGE.emojis)
PHRASES = sorted([*SPECIAL_CASES, *SENTIMENT_LADEN_IDIOMS, *BOOSTER_DICT])
# every word that a rule names, near the words that it acts on
RULED = sorted(
    {
        *NEGATE,
        *(word for phrase in PHRASES for word in phrase.split()),
        *["but", "no", "or", "nor", "least", "at", "very", "never", "so", "this"],
        *["without", "doubt", "kind", "of", "great", "bad", "shit", "love", "dress"],
    }
)
PUNCTUATION = st.text("!?.,'\"-:;()", max_size=4)
ODD = ["İ", "İa.", "ΑΣ", "ΑΣ'", "ß", "ﬁne", "\x00", "\x1f", "\x85", "\u200b", "\u2028"]
ODD += ["can't", "n't", "N'T", "isn’t", ":D", ":-(", "<3", "a", "I", "&amp;", "e\u0301"]


@st.composite
def shaped_words(draw: st.DrawFn) -> str:
    word = draw(
        st.one_of(
            st.sampled_from(RULED),
            st.sampled_from(RULED),
            st.sampled_from(LEXICON),
            st.sampled_from(PHRASES),
            st.sampled_from(EMOJI),
            st.sampled_from(ODD),
            st.text(max_size=6),
        )
    )
    case = draw(st.sampled_from([str, str, str.upper, str.title]))
    return draw(PUNCTUATION) + case(word) + draw(PUNCTUATION)


SPACES = st.sampled_from([" ", " ", " ", "", "\n", "\t", "  ", "\u00a0", "\x1c"])
TEXTS = st.lists(st.tuples(shaped_words(), SPACES), max_size=12).map(
    lambda parts: "".join(word + space for word, space in parts)
)


def scores(text: str) -> dict[str, float]:
    return dict(zip(COLUMNS, load_vader().score(text), strict=True))


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_any_text_scores_as_in_the_package(text: str) -> None:
    assert scores(text) == PACKAGE.polarity_scores(text)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(RULED), min_size=1, max_size=8))
def test_any_order_of_ruled_words_scores_as_in_the_package(words: list[str]) -> None:
    text = " ".join(words)
    assert scores(text) == PACKAGE.polarity_scores(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_any_characters_score_as_in_the_package(text: str) -> None:
    assert scores(text) == PACKAGE.polarity_scores(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\t",
        "!!!",
        "VADER is VERY SMART, uber handsome, and FRIGGIN FUNNY!!!",
        "The plot was good, but the characters are uncompelling and not great.",
        "Today only kinda sux! But I'll get by, lol",
        "great great great but great great",
        "Not such a badass after all.",
        "Without a doubt, an excellent idea.",
        "Roger Dodger is one of the least compelling variations on this theme.",
        "Roger Dodger is at least compelling as a variation on the theme.",
        "never so good never this bad",
        "this is the shit, the bomb, to die for, yeah right, kiss of death",
        "no good, no really good, no or good",
        "kind of nice, kind people",
        "GOOD",
        "ALL GOOD HERE",
        "love😁love😁😁 💘💋 and 😁",
        "İstanbul GREAT İa. bad",
        "don't can't won't GOOD isn’t bad",
        "good\x00bad \x1c good",
        "?? good ??? bad ????",
    ],
)
def test_known_tricky_texts_score_as_in_the_package(text: str) -> None:
    assert scores(text) == PACKAGE.polarity_scores(text)


def test_every_word_of_the_lexicon_scores_as_in_the_package() -> None:
    words = [*LEXICON, *EMOJI, *PHRASES]
    differing = [
        text for text in words if scores(text) != PACKAGE.polarity_scores(text)
    ]
    assert differing == []


def test_real_tweets_score_as_in_the_package() -> None:
    texts = [text for _, text in shared.rated_tweets()] + shared.brand_tweets()[::6]
    ours = score_batch(texts)
    theirs = np.array(
        [
            [found[name] for name in COLUMNS]
            for found in map(PACKAGE.polarity_scores, texts)
        ]
    )
    assert len(texts) > 10_000
    np.testing.assert_array_equal(ours, theirs)


def test_ratings_by_people_agree_as_the_authors_say() -> None:
    rated = shared.rated_tweets()
    compound = score_batch([text for _, text in rated])[:, 3]
    r = np.corrcoef([rating for rating, _ in rated], compound)[0, 1]
    assert 0.85 < r < 0.9


def test_no_texts_give_an_empty_array() -> None:
    assert score_batch([]).shape == (0, 4)


def test_a_token_memory_that_overflows_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trendlab.text.vader.MAX_TOKENS", 3)
    text = "one two three four good six bad eight!"
    assert scores(text) == PACKAGE.polarity_scores(text)


@pytest.mark.slow
def test_processes_give_the_same_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendlab.text.vader.MIN_TEXTS_PER_PROCESS", 2)
    monkeypatch.setattr("trendlab.text.vader.CHUNK_TEXTS", 3)
    texts = [f"what a {word} dress {n}" for n, word in enumerate(LEXICON[::900])]
    np.testing.assert_array_equal(score_batch(texts, processes=2), score_batch(texts))
