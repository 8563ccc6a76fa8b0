"""Words that a day does not list are no new words of an event."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.signals.test_evidence import dip, peak
from tests.signals.test_peak_days import FIRST, START, Post, counts
from tests.signals.test_unknown_authors import explain
from tests.signals.worlds import day, term_row
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.signals.activity import lake_query
from trendlab.steps.event_inputs import event_days
from trendlab.text.terms import MAX_TERMS, MIN_ITEMS

VOCABULARY = [
    f"z{a}{b}{c}"
    for a in string.ascii_lowercase
    for b in string.ascii_lowercase
    for c in string.ascii_lowercase
]


def zipf_posts(
    on: int, count: int, rng: np.random.Generator, also: str = ""
) -> list[Post]:
    """Posts of eight words each, drawn from the same law on every day."""
    weights = 1.0 / np.arange(1, len(VOCABULARY) + 1)
    drawn = rng.choice(len(VOCABULARY), (count, 8), p=weights / weights.sum())
    return [
        Post(on, f"a{on}x{number}", " ".join([*(VOCABULARY[n] for n in words), also]))
        for number, words in enumerate(drawn.tolist())
    ]


def test_a_peak_of_more_of_the_same_has_few_false_words() -> None:
    """Three times the usual posts: the middle of the vocabulary is listed on that day.

    Eight words stand out here where unlisted ones count as unused, and two where each
    is judged as if it were the only one.
    """
    rng = np.random.default_rng(7)
    posts = [each for on in range(FIRST, START) for each in zipf_posts(on, 300, rng)]
    posts += zipf_posts(START, 860, rng) + zipf_posts(START, 40, rng, also="strike")
    on = day(START)
    event = peak(day=on, start_on=on, apex_on=on, end_on=on)

    words = counts(explain(posts, event, "peak"), "word")

    assert words.pop("strike") == (40.0, 0.0)
    assert len(words) <= 1


def test_what_a_day_does_not_list_is_taken_to_be_as_much_as_it_may_be(
    tmp_path: Path,
) -> None:
    """Of two days before, one lists the most it can: three terms, the least with 4."""
    used = {38: {"a": 4, "b": 3}, 39: {"a": 9, "b": 5, "c": 4}, 40: {"a": 10, "d": 8}}
    rows = [
        term_row("shoes", day(on), term, count)
        for on, terms in used.items()
        for term, count in terms.items()
    ]
    on = day(40)
    event = peak(day=on, start_on=on, apex_on=on, end_on=on)

    found = Lake(tmp_path).query(
        lake_query("explained_terms"),
        {
            "event_days": event_days(event, dip().slice(0, 0)),
            "term_days": TABLES["term_days"].from_rows(rows),
        },
        {"past_days": 28, "most_terms": 3},
    )

    told = {row["term"]: row for row in found.to_pylist()}
    assert {term: row["past_users"] for term, row in told.items()} == {
        "a": 13, "b": 8, "c": 4, "d": 0,
    }  # fmt: skip
    assert {term: row["unlisted_users"] for term, row in told.items()} == {
        # d: not listed on either; the day that is open tells nothing of it
        "a": 0.0, "b": 0.0, "c": 0.0, "d": 4.0,
    }  # fmt: skip
    assert set(found["never_listed_users"].to_pylist()) == {4.0}
    assert found.schema.field("unlisted_users").type == pa.float64()


@pytest.mark.parametrize("rate", [0.3, 1.0, 2.0])
def test_the_uses_of_days_that_list_no_single_item_are_recovered(
    tmp_path: Path, rate: float
) -> None:
    """On average over the terms, of 1,000, that some day lists."""
    rng = np.random.default_rng(2)
    used = rng.poisson(rate, (28, 1_000))
    rows = [
        term_row("shoes", day(12 + ago), f"term{number}", int(count))
        for ago, counts_of in enumerate(used)
        for number, count in enumerate(counts_of)
        if count >= MIN_ITEMS
    ]
    on = day(40)
    event = peak(day=on, start_on=on, apex_on=on, end_on=on)

    found = Lake(tmp_path).query(
        lake_query("explained_terms"),
        {
            "event_days": event_days(event, dip().slice(0, 0)),
            "term_days": TABLES["term_days"].from_rows(rows),
        },
        {"past_days": 28, "most_terms": MAX_TERMS},
    )

    listed = np.array(found["past_users"], np.float64)
    told = np.array(found["unlisted_users"])
    names = [int(term.removeprefix("term")) for term in found["term"].to_pylist()]
    unlisted = used.sum(axis=0)[names] - listed
    assert told.mean() == pytest.approx(unlisted.mean(), rel=0.2)
