"""The classifier of negative texts: what it sees, and what it must not change."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text.test_sentiment import items
from trendlab.text.fit_negative import fit, measure, read_labels, save
from trendlab.text.negative import (
    load_model,
    negative_probability,
    number_terms,
    split_words,
)
from trendlab.text.sentiment import score_texts
from trendlab.text.slang import read_slang
from trendlab.text.vader import score_batch

DAY = date(2026, 1, 5)


def chances(*texts: str) -> np.ndarray:
    return negative_probability(texts, score_batch(texts))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("words,label\nx,negative\n", "columns text and label, got words, label"),
        ("text,label\nx,bad\ny,neutral\n", "under label, got bad"),
        ("text,label\nx,\n", "under label, got nan"),
    ],
)
def test_labels_that_cannot_be_learnt_from_are_refused_in_words(
    tmp_path, content, told
):
    path = tmp_path / "mine.csv"
    path.write_text(content)
    with pytest.raises(SystemExit, match=told):
        read_labels(path)


def test_complaints_without_a_word_of_feeling_are_seen():
    complaints = ("still waiting for my refund", "why is my parcel not here yet?")
    assert (np.abs(score_batch(complaints)[:, 3]) < 0.05).all()
    assert (chances(*complaints) > load_model().threshold).all()


def test_praise_is_less_likely_negative_than_blame():
    praise, blame = chances("I love it, so cute", "this is the worst, so disappointed")
    assert praise < 0.1 < blame


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("those killer heels", "those great heels"),
        ("that fit is sick", "that fit is great"),
        ("makes me sick", "makes me sick"),
        ("this coat is sick of me", "this coat is sick of me"),
        ("a killer on the loose", "a killer on the loose"),
        ("OBSESSED with this", "in love with this"),
        ("nothing here", "nothing here"),
    ],
)
def test_slang_is_read_as_fashion_means_it(written, read):
    assert read_slang(written) == read


def test_slang_moves_the_chance_the_right_way():
    slang, plain = chances("those killer heels", "those great heels")
    assert slang == plain


def test_no_text_gives_no_chance():
    assert negative_probability([], np.empty((0, 4))).shape == (0,)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_any_text_has_a_chance_that_does_not_depend_on_its_neighbours(texts):
    together = chances(*texts)
    assert ((together >= 0) & (together <= 1)).all()
    alone = [chances(text)[0] for text in texts]
    np.testing.assert_allclose(together, alone, rtol=1e-9)


def test_terms_do_not_cross_from_one_text_to_the_next():
    words = pa.array(["bad", "bag"])
    split = split_words(pa.array(["bad bag bag", "bag", "", "bad"]))
    owners, terms, counts = number_terms(split, words)
    # numbers: bad 1, bag 2; base 3
    assert list(zip(owners.tolist(), terms.tolist(), counts.tolist(), strict=True)) == [
        (0, 3, 1),
        (0, 5, 1),
        (0, 6, 2),
        (0, 8, 1),
        (1, 6, 1),
        (3, 3, 1),
    ]


def test_links_handles_and_amounts_are_no_words():
    split = split_words(pa.array(["@shop paid 25 for http://x.y/z!"]))
    assert split.to_pylist() == [["paid", "0", "for"]]


def test_vader_labels_by_default_and_the_classifier_when_asked():
    texts = items("still waiting for my refund, order is late", given="en")
    plain = score_texts(texts, day=DAY, run_id="r").to_pylist()[0]
    asked = score_texts(
        texts, day=DAY, run_id="r", negative_by="complaints"
    ).to_pylist()[0]
    assert (plain["label"], plain["model_name"]) == ("neutral", "vader")
    assert (asked["label"], asked["model_name"]) == ("negative", "complaints")
    assert plain["compound"] == asked["compound"]
    assert plain["negative_probability"] == asked["negative_probability"]


def test_a_fit_learns_a_planted_complaint_and_is_written_whole(tmp_path):
    draws = np.random.default_rng(0)
    fillers = [f"word{chr(97 + n)}" for n in range(20)]

    def text(is_negative: bool) -> str:
        words = list(draws.choice(fillers, 6))
        return " ".join([*words, "refund missing" if is_negative else "new arrivals"])

    truth = [bool(n % 3 == 0) for n in range(300)]
    labelled = pd.DataFrame(
        {
            "text": [text(is_negative) for is_negative in truth],
            "label": ["negative" if n else "neutral" for n in truth],
        }
    )
    model = fit(labelled, labelled["text"].tolist(), dimensions=10)
    texts = ["worda refund missing", "worda new arrivals"]
    low_high = negative_probability(texts, score_batch(texts), model)
    assert low_high[0] > 0.9
    assert low_high[1] < 0.1
    save(model, tmp_path, {"version": "0"})
    assert {path.name for path in tmp_path.iterdir()} == {
        "complaints.json",
        "complaints.npz",
    }


def test_measures_are_as_by_hand():
    found = measure(np.array([1, 1, 1, 0], bool), np.array([1, 1, 0, 1], bool))
    assert (found.precision, found.recall) == (2 / 3, 2 / 3)
    assert measure(np.zeros(2, bool), np.zeros(2, bool)).f1 == 0
