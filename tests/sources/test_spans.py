"""Ranges of time: what is covered, what is missing, how it is cut."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from trendlab.sources.spans import (
    cut,
    is_covered,
    join,
    missing,
    read_spans,
    write_spans,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def hours(*pairs: tuple[int, int]) -> list[tuple[datetime, datetime]]:
    return [
        (START + timedelta(hours=first), START + timedelta(hours=last))
        for first, last in pairs
    ]


def test_spans_that_touch_or_overlap_become_one():
    assert join(hours((5, 7), (0, 2), (2, 3), (6, 9))) == hours((0, 3), (5, 9))


def test_what_lies_between_is_missing():
    (asked,) = hours((0, 10))
    assert missing(*asked, hours((2, 3), (5, 7))) == hours((0, 2), (3, 5), (7, 10))


def test_nothing_covered_leaves_all_missing_and_all_covered_leaves_nothing():
    (asked,) = hours((0, 10))
    assert missing(*asked, []) == [asked]
    assert missing(*asked, hours((0, 10))) == []
    assert missing(START, START, []) == []


def test_a_span_is_cut_into_pieces_that_make_it_up():
    (span,) = hours((0, 10))
    assert cut(span, timedelta(hours=4)) == hours((0, 4), (4, 8), (8, 10))
    assert cut(span, None) == [span]


pairs = st.lists(st.tuples(st.integers(0, 48), st.integers(0, 48)), max_size=8).map(
    lambda given: hours(*given)
)


@given(pairs, st.integers(0, 48), st.integers(0, 48))
def test_covered_and_missing_make_up_what_was_asked(covered, first, last):
    since, until = START + timedelta(hours=first), START + timedelta(hours=last)
    left = missing(since, until, covered)
    assert is_covered(since, until, [*covered, *left])
    at = since
    while at < until:
        inside = any(start <= at < end for start, end in covered)
        assert inside != any(start <= at < end for start, end in left)
        at += timedelta(hours=1)
    assert read_spans(write_spans(left)) == left
