"""Words of a tracker whose authors are known in part are counted alike in both."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.signals.event_worlds import gather
from tests.signals.test_dips import KEY, dips_of
from tests.signals.test_evidence import NO_HOMES, dip, peak
from tests.signals.test_peak_days import FIRST, START, Post, counts, tables_of
from tests.signals.worlds import activity_rows, day, term_row
from trendlab.schemas import TABLES
from trendlab.signals.evidence import Explained, explain_dips, explain_peaks
from trendlab.steps.event_inputs import event_days
from trendlab.text.terms import count_terms


def crowd(on: int, count: int, text: str, **more: object) -> list[Post]:
    """Posts of a day: the authors of three in four are not known."""
    return [
        Post(on, f"k{number}" if number % 4 == 0 else None, text, **more)
        for number in range(count)
    ]


def explain(posts: list[Post], events: pa.Table, kind: str) -> Explained:
    tables = tables_of(posts)
    tables["term_days"] = count_terms(
        tables["tracker_posts"],
        tables["posts"],
        tables["comments"],
        tables["sentiment"],
        run_ids={day(on): "run" for on in range(FIRST, START + 1)},
        comment_days=28,
    )
    empty = TABLES["dips" if kind == "peak" else "peaks"].empty()
    both = (events, empty) if kind == "peak" else (empty, events)
    inputs = gather(event_days(*both), tables, author_homes=NO_HOMES, city_names={})
    explained = explain_peaks if kind == "peak" else explain_dips
    return explained(events, inputs, run_ids={day(START): "run"})


@pytest.mark.parametrize("city", ["all", "milan"])
def test_a_usual_word_of_a_peak_does_not_stand_out(city: str) -> None:
    """Everybody says lovely, on the day of the peak as before it."""
    posts = [
        each for on in range(FIRST, START) for each in crowd(on, 40, "lovely shoes")
    ]
    posts += crowd(START, 80, "lovely shoes", city="milan")
    posts += crowd(START, 20, "strike", city="milan")
    on = day(START)
    event = peak(day=on, start_on=on, apex_on=on, end_on=on, city=city)

    words = counts(explain(posts, event, "peak"), "word")

    # five known authors, and fifteen posts of unknown ones
    assert words == {"strike": (20.0, 0.0)}


def test_a_usual_word_of_a_dip_does_not_stand_out() -> None:
    posts = []
    for on in range(FIRST, START):
        posts += crowd(on, 40, "lovely shoes")
        posts += crowd(on, 8, "late parcel", is_negative=True)
    posts += crowd(START, 80, "late parcel", is_negative=True)
    posts += crowd(START, 20, "strike", is_negative=True)
    on = day(START)
    (row,) = dip().to_pylist()
    event = TABLES["dips"].from_rows(
        [{**row, "day": on, "start_on": on, "apex_on": on, "end_on": on}]
    )

    words = counts(explain(posts, event, "dip"), "word")

    assert words == {"strike": (20.0, 0.0)}


def test_a_topic_is_found_by_the_posts_of_unknown_authors_too() -> None:
    """One in twenty of its authors is known: of the negatives four."""
    days, event = 100, 95
    bad = [150.0] * days
    bad[event] = 230.0
    terms = []
    for on in range(days):
        is_event = on == event
        usual = term_row(KEY[0], day(on), "shoes", 500, negatives=25, authors=25)
        of_shoes = {"negative_authors_count": 1, "unknown_count": 475}
        terms.append({**usual, **of_shoes, "unknown_negative_count": 24})
        topic = term_row(
            KEY[0],
            day(on),
            "advent",
            100 if is_event else 20,
            negatives=80 if is_event else 1,
            authors=5 if is_event else 1,
        )
        of_topic = {
            "negative_authors_count": 4 if is_event else 0,
            "unknown_count": 95 if is_event else 19,
            "unknown_negative_count": 76 if is_event else 1,
        }
        terms.append({**topic, **of_topic})
    activity = activity_rows({KEY: [3000.0] * days}, negatives={KEY: bad})

    found = dips_of(
        activity, 84, days - 1, terms=TABLES["term_days"].from_rows(terms)
    ).to_pylist()

    (row,) = [row for row in found if row["topic"]]
    assert (row["topic"], row["day"]) == ("advent", day(event))
    assert (row["negative_count"], row["scored_count"]) == (80, 100)
    assert row["negative_authors_count"] is None
