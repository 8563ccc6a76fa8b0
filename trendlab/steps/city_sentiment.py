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
    WINDOW_WEEKS,
    measure_city_sentiment,
)
from trendlab.signals.trends import week_rows
from trendlab.steps.engine import Context, Input, Parts, Step
from trendlab.steps.signals import ONE_DAY, spans_of, split_by_day
from trendlab.steps.weeks import ONE_WEEK, WEEK_END

# weeks before the first one that a result reaches back to
WINDOW_REACH = (WINDOW_WEEKS - 1) * ONE_WEEK
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
        first, last = span[0] - WINDOW_REACH, span[-1] + WEEK_END
        count = (span[-1] - first) // ONE_WEEK + 1
        author_weeks = context.lake.query(
            lake_query("author_weeks"),
            {
                "weeks": week_rows(
                    {first + n * ONE_WEEK: "" for n in range(count)},
                ),
                "tracker_posts": Span("tracker_posts", first, last),
                "sentiment": Span("sentiment", first - ONE_DAY, last + ONE_DAY),
            },
        )
        rows = measure_city_sentiment(
            author_weeks.cast(AUTHOR_WEEKS),
            context.lake.read_range("activity", span[0] - SLOPE_REACH, last),
            run_ids={monday: run_ids[monday] for monday in span},
        )
        found.update(split_by_day(rows))
    return {"city_sentiment": found}


CITY_SENTIMENT = Step(
    name="city_sentiment",
    modules=("trendlab.signals.city_sentiment", "sql/lake/author_weeks.sql"),
    outputs=("city_sentiment",),
    inputs=_inputs,
    compute=_compute,
    is_weekly=True,
    chunk_days=13,
)
