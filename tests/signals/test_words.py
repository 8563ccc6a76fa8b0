"""Log-odds with a Dirichlet prior find words used more, not words used."""

import numpy as np
import pyarrow as pa

from trendlab.signals.words import item_terms, log_odds


def test_a_planted_word_leads_and_equal_shares_give_zero():
    z = log_odds([100, 50, 50], [1000, 500, 0])
    assert np.argmax(z) == 2
    assert z[0] < 0
    even = log_odds([10, 20], [100, 200])
    np.testing.assert_allclose(even, 0, atol=0.1)


def test_a_word_seen_twice_does_not_lead():
    z = log_odds([2, 60, 5000], [0, 100, 50_000])
    assert z[1] > z[0]
    assert z[0] < 3


def test_no_words_give_no_scores():
    assert log_odds([], []).shape == (0,)


def test_a_null_of_equal_laws_is_calibrated_enough():
    rng = np.random.default_rng(2)
    share = rng.dirichlet(np.full(300, 2.0))
    z = np.concatenate(
        [
            log_odds(rng.multinomial(2000, share), rng.multinomial(60_000, share))
            for _ in range(50)
        ]
    )
    assert (z > 3).mean() < 0.002


def test_a_group_of_more_items_than_the_baseline_has_few_false_words():
    """As a peak of days that a young tracker has few before."""
    rng = np.random.default_rng(3)
    shares = np.minimum(0.9, np.arange(1, 3_000) ** -0.9)  # of items with each word
    false_words = found = 0
    for _ in range(40):
        seen, past = rng.binomial(3_000, shares), rng.binomial(2_000, shares)
        seen[0] = rng.binomial(3_000, 0.3)
        past[0] = rng.binomial(2_000, 0.2)
        z = log_odds(seen, past, total=3_000, baseline_total=2_000)
        false_words += (z[1:] > 3).sum()
        found += z[0] > 3
    # 0.29 an event over 200 such draws; 5 with the floor of every word
    assert false_words <= 40
    assert found == 40


def test_a_term_counts_once_an_item_and_hashtags_stand_apart():
    items = pa.table(
        {
            "source": ["s", "s"],
            "item_id": ["1", "2"],
            "text": ["red red shoes", None],
            "hashtags": [["ootd"], ["ootd", "ootd"]],
        }
    )
    rows = item_terms(items, tokenize=str.split).to_pylist()
    assert [(r["item_id"], r["term_kind"], r["term"]) for r in rows] == [
        ("1", "word", "red"),
        ("1", "word", "shoes"),
        ("1", "hashtag", "ootd"),
        ("2", "hashtag", "ootd"),
    ]


def test_the_formula_is_that_of_the_paper():
    seen, past = np.array([30.0, 70.0]), np.array([100.0, 900.0])
    prior = 110 * (seen + past) / 1100 + 0.5
    here, there = seen + prior, past + prior
    total_here, total_there = 100 + prior.sum(), 1000 + prior.sum()
    delta = np.log(here / (total_here - here)) - np.log(there / (total_there - there))
    np.testing.assert_allclose(
        log_odds(seen, past), delta / np.sqrt(1 / here + 1 / there)
    )
