"""Events are explained in batches that memory holds."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.signals.test_evidence import dip, peak
from tests.signals.worlds import activity_rows, day
from tests.steps.event_rows import days_of
from trendlab.steps import event_batches
from trendlab.steps.event_batches import batches_of
from trendlab.steps.event_inputs import event_days


def without_authors(activity: pa.Table) -> pa.Table:
    """The same with posts of unknown authors only."""
    at = activity.schema.get_field_index("authors_count")
    none = pa.array([0] * activity.num_rows)
    return activity.set_column(at, activity.schema.field(at), none)


def test_earlier_days_of_a_running_peak_fill_a_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 100 posts of a day before as many are kept, and their authors count 20."""
    monkeypatch.setattr(event_batches, "MAX_ITEMS", 450)
    activity = without_authors(activity_rows({("shoes", "all"): [100.0] * 60}))
    no_dips = dip().slice(0, 0)
    single = [peak(day=day(n), start_on=day(n)) for n in range(40, 44)]
    running = [peak(day=day(n), start_on=day(40)) for n in range(40, 44)]

    batches = [
        [len(batch) for batch in batches_of(event_days(peaks, no_dips), activity)]
        for peaks in map(pa.concat_tables, (single, running))
    ]

    # a batch takes days on while less than 450 are read after its first
    assert batches == [[4], [2, 1, 1]]


def test_batches_hold_every_event_day_once_and_few_posts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_batches, "MAX_ITEMS", 250)
    activity = without_authors(activity_rows({("shoes", "all"): [100.0] * 12}))
    # a day without posts, as of a peak that runs on over a gap
    on = [0, 1, 2, 5, 9, 13]
    events = pa.concat_tables([peak(day=day(number)) for number in on])

    batches = batches_of(event_days(events, dip().slice(0, 0)), activity)

    assert [batch["day"].to_pylist() for batch in batches] == [
        [day(0), day(1), day(2)],
        [day(5)],
        [day(9), day(13)],
    ]
    assert batches_of(days_of(), activity) == []


def test_comments_fill_a_batch_where_an_event_is_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_batches, "MAX_ITEMS", 250)
    activity = without_authors(activity_rows({("shoes", "all"): [100.0] * 6}))
    said = activity.schema.get_field_index("comment_scored_count")
    activity = activity.set_column(
        said, activity.schema.field(said), pa.array([200] * 6)
    )
    peaks = pa.concat_tables([peak(day=day(number)) for number in range(3)])
    of_comments = dip(item_kind="comment")

    of_posts = event_days(peaks, of_comments.slice(0, 0))
    assert len(batches_of(of_posts, activity)) == 1
    batches = batches_of(event_days(peaks, of_comments), activity)
    on = [batch["day"].to_pylist() for batch in batches]
    assert on[:3] == [[day(0)], [day(1)], [day(2)]]


def test_authors_of_the_days_before_fill_a_batch_where_an_event_is_of_posts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """28 days of 100 authors are 2,800 rows of the past, which count as 560 items."""
    monkeypatch.setattr(event_batches, "MAX_ITEMS", 1_500)
    activity = activity_rows({("shoes", "all"): [100.0] * 60})
    on = list(range(40, 46))
    peaks = pa.concat_tables(
        [peak(day=day(number), start_on=day(number)) for number in on]
    )
    no_dips = dip().slice(0, 0)

    # two days more are 200 posts and 1,120 of the past
    of_posts = batches_of(event_days(peaks, no_dips), activity)
    assert [len(batch) for batch in of_posts] == [3, 3]
    unknown = batches_of(event_days(peaks, no_dips), without_authors(activity))
    assert [len(batch) for batch in unknown] == [6]
    dips = pa.concat_tables([dip(item_kind="comment")] * len(on))
    dips = dips.set_column(0, dips.schema.field("day"), peaks["day"])
    of_comments = batches_of(event_days(peaks.slice(0, 0), dips), activity)
    assert [len(batch) for batch in of_comments] == [6]


def test_events_of_a_day_stay_in_one_batch_however_many_authors_they_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_batches, "MAX_ITEMS", 1)
    series = {(tracker, "all"): [100.0] * 40 for tracker in ("bags", "shoes")}
    peaks = pa.concat_tables(
        [
            peak(day=day(number), tracker=tracker)
            for number in (35, 36)
            for tracker in ("bags", "shoes")
        ]
    )
    batches = batches_of(event_days(peaks, dip().slice(0, 0)), activity_rows(series))

    assert [batch["day"].to_pylist() for batch in batches] == [
        [day(35)] * 2,
        [day(36)] * 2,
    ]
