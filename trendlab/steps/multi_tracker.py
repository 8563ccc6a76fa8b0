"""The weekly step that finds authors of several trackers: 28 days of authors in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa

from trendlab.lake import Span
from trendlab.signals.activity import lake_query
from trendlab.signals.multi_tracker import PARAMS, as_week
from trendlab.signals.windows import WINDOW_DAYS
from trendlab.steps.step import Context, Input, Parts, Step
from trendlab.steps.weeks import WEEK_END


def _window(monday: date) -> tuple[date, date]:
    sunday = monday + WEEK_END
    return sunday - timedelta(days=WINDOW_DAYS - 1), sunday


def _inputs(context: Context, monday: date) -> list[Input]:
    return [Input("author_days", *_window(monday))]


def _compute(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    found: dict[date, pa.Table] = {}
    # a week at a time: what DuckDB holds does not grow with the range
    for monday in weeks:
        counted = context.lake.query(
            lake_query("multi_tracker_authors"),
            {"author_days": Span("author_days", *_window(monday))},
            PARAMS,
        )
        found[monday] = as_week(counted, monday, run_ids[monday])
    return {"multi_tracker_authors": found}


MULTI_TRACKER = Step(
    name="multi_tracker",
    modules=(
        "trendlab.signals.multi_tracker",
        "sql/lake/multi_tracker_authors.sql",
    ),
    outputs=("multi_tracker_authors",),
    inputs=_inputs,
    compute=_compute,
    is_weekly=True,
    is_pooled=True,
)
