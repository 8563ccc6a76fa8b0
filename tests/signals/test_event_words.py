"""Terms of an event: counted by author, ranked against the weeks around it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from tests.builders import row
from trendlab.signals.city_trends.event_words import (
    COUNTED,
    MAX_TERMS,
    TOTALS,
    Written,
    candidates,
    own_words,
    rank_terms,
)
from trendlab.text.words import tokenize

WEEK = date(2026, 1, 5)


def written(users: dict[str, int], total: int, *, week: date = WEEK, **more: Any):
    own = {"week": week, "event_id": "e1", "side": "same_value", **more}
    terms = [
        {**own, "term_kind": "word", "term": term, "users": count}
        for term, count in users.items()
    ]
    totals = pl.DataFrame([{**own, "users": total}], schema=TOTALS)
    return Written(pl.DataFrame(terms, schema=COUNTED), totals)


def ranked(during: list[Written], around: list[Written], **event: Any):
    given = {"event_id": "e1", "value": "yellow", "direction": "rise", **event}
    return rank_terms(
        [row("trend_events", **given)],
        during,
        around,
        skip={"brand": {"velmora"}},
        tokenize=tokenize,
    )


def test_the_words_more_authors_used_come_first():
    during = written({"carnival": 50, "walking": 60, "float": 20}, 100)
    around = written({"carnival": 4, "walking": 600, "float": 2}, 1_000)
    rows = ranked([during], [around])
    assert [row["term"] for row in rows] == ["carnival", "float"]
    assert [row["rank"] for row in rows] == [1, 2]
    assert (rows[0]["authors_count"], rows[0]["expected_authors"]) == (50, 0.4)


def test_the_values_and_the_trackers_own_names_are_left_out():
    during = written({"yellow": 90, "yellows": 30, "velmora": 70, "parade": 40}, 100)
    rows = ranked([during], [written({}, 1_000)])
    assert [row["term"] for row in rows] == ["parade"]
    assert ranked([during], [written({}, 1_000)], tracker="other")[0]["term"] == (
        "velmora"
    )


def test_two_authors_name_no_event_however_many_weeks_they_write():
    weeks = [
        written({"discount": 2}, 2, week=WEEK + timedelta(weeks=n)) for n in range(9)
    ]
    assert candidates(weeks) == set()
    assert ranked(weeks, [written({}, 1_000)]) == []
    three = [*weeks, written({"discount": 3}, 3, week=WEEK - timedelta(weeks=1))]
    assert candidates(three) == {("word", "discount")}
    assert [row["authors_count"] for row in ranked(three, [written({}, 1_000)])] == [21]


def test_no_more_terms_are_told_than_a_person_reads():
    during = written({f"word{n}": 50 for n in range(3 * MAX_TERMS)}, 100)
    assert len(ranked([during], [written({}, 1_000)])) == MAX_TERMS


def test_too_few_authors_around_tell_nothing():
    during = written({"carnival": 50}, 100)
    assert ranked([during], [written({}, 29)]) == []
    (told,) = ranked([during], [written({}, 29), written({}, 500, side="all_looks")])
    assert told["compared_with"] == "all_looks"


def test_nothing_written_is_no_term():
    assert candidates([]) == set()
    assert ranked([], []) == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("yellow", {"yellow", "yellows"}),
        ("scarf/tie", {"scarf", "tie", "ties", "scarftie"}),
        ("t-shirt", {"t-shirt", "t-shirts", "tshirt", "tshirts"}),
        ("long_sleeve", {"long", "sleeve", "longsleeve"}),
    ],
)
def test_a_value_is_named_by_its_parts_and_plurals(value, words):
    assert words <= own_words(value, tokenize)
