"""The weekly step that measures what each place feels, and how that changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa

from trendlab.lake import Span
from trendlab.signals.activity import lake_query
from trendlab.signals.city_sentiment import (
    AUTHOR_WEEKS,
    SLOPE_WEEKS,
    SUMS,
    WINDOW_WEEKS,
    measure_city_sentiment,
)
from trendlab.signals.trends import week_rows
from trendlab.steps.spans import ONE_DAY, spans_of, split_by_day
from trendlab.steps.step import Context, Input, Parts, Step
from trendlab.steps.weeks import ONE_WEEK, WEEK_END

# weeks before the first one that a result reaches back to
WINDOW_REACH = (WINDOW_WEEKS - 1) * ONE_WEEK
# Weeks of single posts looked at together; bounds memory.
WEEKS_AT_ONCE = 13
SLOPE_REACH = (SLOPE_WEEKS - 1) * ONE_WEEK


def _inputs(context: Context, monday: date) -> list[Input]:
    first, sunday = monday - WINDOW_REACH, monday + WEEK_END
    return [
        Input("activity", monday - SLOPE_REACH, sunday),
        Input("tracker_posts", first, sunday),
        Input("sentiment", first - ONE_DAY, sunday + ONE_DAY),
    ]


def _compute(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    found: dict[date, pa.Table] = {}
    for span in spans_of(weeks, apart=ONE_WEEK):
        activity = context.lake.read_range(
            "activity",
            span[0] - SLOPE_REACH,
            span[-1] + WEEK_END,
            columns=["day", "tracker", "city", *SUMS],
        )
        for at in range(0, len(span), WEEKS_AT_ONCE):
            part = span[at : at + WEEKS_AT_ONCE]
            rows = measure_city_sentiment(
                _author_weeks(context, part[0] - WINDOW_REACH, part[-1]),
                activity,
                run_ids={monday: run_ids[monday] for monday in part},
            )
            found.update(split_by_day(rows))
    return {"city_sentiment": found}


def _author_weeks(context: Context, first: date, last: date) -> pa.Table:
    """What authors' posts felt like, from one Monday's week to another's."""
    mondays = [first + n * ONE_WEEK for n in range((last - first) // ONE_WEEK + 1)]
    sunday = last + WEEK_END
    rows = context.lake.query(
        lake_query("author_weeks"),
        {
            "weeks": week_rows(dict.fromkeys(mondays, "")),
            "tracker_posts": Span("tracker_posts", first, sunday),
            "sentiment": Span("sentiment", first - ONE_DAY, sunday + ONE_DAY),
        },
    )
    return rows.cast(AUTHOR_WEEKS)


CITY_SENTIMENT = Step(
    name="city_sentiment",
    modules=("trendlab.signals.city_sentiment", "sql/lake/author_weeks.sql"),
    outputs=("city_sentiment",),
    inputs=_inputs,
    compute=_compute,
    is_weekly=True,
    is_pooled=True,
    # the 12 weeks before are read again by each chunk
    chunk_days=27,
)
