"""The weekly step that tells where authors are at home: 180 days of counts in.

The posts are counted by author and city when they are matched, a day at a time; here
only those counts are read, which hold a row where an author's post tells a place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from trendlab.lake import Span
from trendlab.signals.activity import as_declared, lake_query, run_id_rows
from trendlab.signals.homes import HOME_DAYS, PARAMS
from trendlab.steps.spans import spans_of, split_by_day
from trendlab.steps.step import Context, Input, Parts, Step
from trendlab.steps.weeks import ONE_WEEK, WEEK_END


def _window(monday: date) -> tuple[date, date]:
    sunday = monday + WEEK_END
    return sunday - timedelta(days=HOME_DAYS - 1), sunday


def _author_homes(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    parts: Parts = {"author_homes": {}}
    # windows overlap: weeks that follow each other read their days once
    for span in spans_of(weeks, apart=ONE_WEEK):
        told = context.lake.query(
            lake_query("author_homes"),
            {
                "weeks": run_id_rows({monday: run_ids[monday] for monday in span}),
                "author_cities": Span(
                    "author_cities", _window(span[0])[0], _window(span[-1])[1]
                ),
            },
            PARAMS,
        )
        rows = as_declared(told, "author_homes")
        parts["author_homes"].update(split_by_day(rows))
    return parts


AUTHOR_HOMES = Step(
    name="author_homes",
    modules=("trendlab.signals.homes", "sql/lake/author_homes.sql"),
    outputs=("author_homes",),
    inputs=lambda context, monday: [Input("author_cities", *_window(monday))],
    compute=_author_homes,
    is_weekly=True,
    is_pooled=True,
    # each week of a chunk holds its authors' counts of half a year
    chunk_days=8,
)
