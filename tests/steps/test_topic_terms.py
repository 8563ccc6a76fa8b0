"""Words that can be a topic are read, and no others."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from tests.signals.test_dips import KEY, dips_of
from tests.signals.worlds import activity_rows, day, term_row
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.signals.activity import lake_query


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_only_words_that_can_be_a_topic_are_read(lake: Lake) -> None:
    """A dip is the same from all words of the days and from those picked."""
    days, first = 100, 84
    bad = [150.0] * days
    activity = activity_rows({KEY: [3000.0] * days}, negatives={KEY: bad})
    rows = [
        term_row(KEY[0], day(number), word, count, negatives=negatives)
        for number in range(days)
        for word, count, negatives in (
            ("advent", 400 if number == 95 else 20, 300 if number == 95 else 1),
            ("shoes", 500, 25),
            ("rare", 3, 1),
        )
    ]
    every = TABLES["term_days"].from_rows(rows)
    produced = every.filter(
        pa.array([day(first) <= on for on in every["day"].to_pylist()])
    )
    picked = lake.query(
        lake_query("topic_terms"),
        {"term_days": every, "produced_days": produced},
        {"min_scored": 30},
    )

    assert set(picked["term"].to_pylist()) == {"advent", "shoes"}
    assert picked.num_rows == 2 * days
    whole = dips_of(activity, first, days - 1, terms=every)
    assert whole["topic"].to_pylist() == ["advent"]
    assert dips_of(activity, first, days - 1, terms=picked).equals(whole)


def test_a_topic_of_a_day_is_the_same_in_a_range_and_alone(lake: Lake) -> None:
    """Words that another day of the range has enough of change nothing here."""
    last = 95
    activity = activity_rows({KEY: [1000.0] * 97}, negatives={KEY: [50.0] * 97})
    rows = [
        term_row(
            KEY[0],
            day(number),
            "advent",
            40 if number == last else 22,
            negatives=24 if number == last else 1,
        )
        for number in range(last + 1)
    ]
    rows += [
        term_row(KEY[0], day(number), f"word{each}", count)
        for number, count in ((last - 1, 40), (last, 2))
        for each in range(300)
    ]
    every = TABLES["term_days"].from_rows(rows)

    def dips_from(first: int) -> pa.Table:
        produced = [day(first) <= on <= day(last) for on in every["day"].to_pylist()]
        picked = lake.query(
            lake_query("topic_terms"),
            {"term_days": every, "produced_days": every.filter(pa.array(produced))},
            {"min_scored": 30},
        )
        return dips_of(activity, first, last, terms=picked)

    alone = dips_from(last)
    assert alone["topic"].to_pylist() == ["advent"]
    assert dips_from(last - 5).equals(alone)
