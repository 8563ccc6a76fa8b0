"""Steps of styles: patterns and shares by week, fits by quarter, examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa

from trendlab.lake import Span
from trendlab.schemas import TABLES
from trendlab.signals.activity import lake_query
from trendlab.signals.styles.discover import FIT_LOOKS
from trendlab.signals.styles.looks import LOOKS
from trendlab.signals.styles.tables import (
    FIT_WEEKS,
    QUARTER_WEEKS,
    example_rows,
    read_styles,
    share_style_weeks,
    style_rows,
)
from trendlab.signals.trends import week_rows
from trendlab.steps.spans import ONE_DAY, spans_of, split_by_day
from trendlab.steps.step import BySource, Context, Input, Parts, Step
from trendlab.steps.weeks import ONE_WEEK, WEEK_END

SEEN = ("looks", "garments", "garment_tags")


def _seen_inputs(context: Context, monday: date) -> list[Input]:
    # a tracker's local day reads its neighbours
    near = (monday - ONE_DAY, monday + WEEK_END + ONE_DAY)
    return [Input(table, *near) for table in (*SEEN, "tracker_posts")]


def _read_attributes(context: Context, first: date, last: date) -> pa.Table:
    near = (first - ONE_DAY, last + ONE_DAY)
    return context.lake.query(
        lake_query("look_attributes"),
        {name: Span(name, *near) for name in (*SEEN, "tracker_posts")},
    )


def _look_patterns(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    declared = TABLES["look_patterns"]
    patterns: dict[date, pa.Table] = {}
    for span in spans_of(weeks, apart=ONE_WEEK):
        first, last = span[0], span[-1] + WEEK_END
        counts = context.lake.query(
            lake_query("look_patterns"),
            {
                "weeks": week_rows({monday: run_ids[monday] for monday in span}),
                "tracker_posts": Span("tracker_posts", first, last),
                "attributes": _read_attributes(context, first, last),
            },
        )
        for monday, rows in split_by_day(counts).items():
            run = pa.array([run_ids[monday]] * rows.num_rows, pa.string())
            patterns[monday] = rows.append_column("run_id", run).cast(declared.arrow)
    return {"look_patterns": patterns}


LOOK_PATTERNS = Step(
    name="look_patterns",
    modules=("sql/lake/look_attributes.sql", "sql/lake/look_patterns.sql"),
    outputs=("look_patterns",),
    inputs=_seen_inputs,
    compute=_look_patterns,
    is_weekly=True,
    is_pooled=True,
    chunk_days=13,
)


def _style_inputs(context: Context, monday: date) -> list[Input]:
    first = monday - timedelta(weeks=FIT_WEEKS + QUARTER_WEEKS - 1)
    return [Input("look_patterns", first, monday)]


def _sample(context: Context, last: date) -> pa.Table:
    """Return the looks that a fit uses: a year of weeks up to one."""
    first = last - timedelta(weeks=FIT_WEEKS - 1)
    return context.lake.query(
        lake_query("sampled_looks"),
        {
            "wanted": pa.table({"looks_count": pa.array([FIT_LOOKS], pa.int64())}),
            "look_patterns": Span("look_patterns", first, last),
        },
    ).cast(LOOKS)


def _styles(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    found: dict[date, pa.Table | BySource] = {
        monday: style_rows(
            _sample(context, monday),
            _sample(context, monday - timedelta(weeks=QUARTER_WEEKS)),
            week=monday,
            run_id=run_ids[monday],
        )
        for monday in weeks
    }
    return {"styles": found}


STYLES = Step(
    name="styles",
    modules=("trendlab.signals.styles.tables", "sql/lake/sampled_looks.sql"),
    outputs=("styles",),
    inputs=_style_inputs,
    compute=_styles,
    is_weekly=True,
    only_last_week=True,
    is_quarterly=True,
)


def newest_fit(context: Context) -> list[date]:
    """Return the day of the newest fit in the lake, or none."""
    return context.lake.days("styles")[-1:]


def _style_week_inputs(context: Context, monday: date) -> list[Input]:
    return [
        Input("look_patterns", monday, monday),
        *(Input("styles", day, day) for day in newest_fit(context)),
    ]


def _style_weeks(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    shares: dict[date, pa.Table] = {}
    for day in newest_fit(context):
        fits = read_styles(context.lake.read("styles", day))
        for span in spans_of(weeks, apart=ONE_WEEK):
            patterns = context.lake.read_range("look_patterns", span[0], span[-1])
            rows = share_style_weeks(patterns, fits, fitted_on=day, run_ids=run_ids)
            shares.update(split_by_day(rows))
    return {"style_weeks": shares}


STYLE_WEEKS = Step(
    name="style_weeks",
    modules=("trendlab.signals.styles.tables",),
    outputs=("style_weeks",),
    inputs=_style_week_inputs,
    compute=_style_weeks,
    is_weekly=True,
    is_pooled=True,
    chunk_days=13,
)


def _example_inputs(context: Context, monday: date) -> list[Input]:
    return [
        *_seen_inputs(context, monday),
        *(Input("styles", day, day) for day in newest_fit(context)),
    ]


def _style_examples(
    context: Context, weeks: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    examples: dict[date, pa.Table | BySource] = {}
    for day in newest_fit(context):
        fits = read_styles(context.lake.read("styles", day))
        for monday in weeks:
            examples[monday] = example_rows(
                _read_attributes(context, monday, monday + WEEK_END),
                fits,
                week=monday,
                fitted_on=day,
                run_id=run_ids[monday],
            )
    return {"style_examples": examples}


STYLE_EXAMPLES = Step(
    name="style_examples",
    modules=("trendlab.signals.styles.tables", "sql/lake/look_attributes.sql"),
    outputs=("style_examples",),
    inputs=_example_inputs,
    compute=_style_examples,
    is_weekly=True,
    only_last_week=True,
)
