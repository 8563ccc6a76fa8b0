"""Reads the weekly shares that models of a whole history are made from."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from trendlab.lake import Span
from trendlab.schemas import TABLES
from trendlab.signals.activity import lake_query
from trendlab.steps.step import Context, Input
from trendlab.steps.styles import newest_fit

QUERY = "sql/lake/share_series.sql"
SERIES = ("tracker", "model_name", "city", "kind", "value")
SHARE_SERIES = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in SERIES),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("looks_with_count", pa.int64(), nullable=False),
        pa.field("looks_count", pa.int64(), nullable=False),
        pa.field("share", pa.float64(), nullable=False),
        pa.field("is_complete", pa.bool_(), nullable=False),
    ]
)
"""Output of sql/lake/share_series.sql: one row per series and week with looks of its
city; `day` is the Monday."""


def share_inputs(context: Context, first: date, last: date) -> list[Input]:
    """Name what the series of some weeks are read from.

    Parameters
    ----------
    context : Context
    first, last : date
        Mondays, both included.
    """
    return [
        Input("city_weeks", first, last),
        Input("style_weeks", first, last),
        *(Input("styles", day, day) for day in newest_fit(context)),
    ]


def read_share_series(context: Context, first: date, last: date) -> pa.Table:
    """Read weekly shares of garments, attributes and styles, discovered ones too.

    Parameters
    ----------
    context : Context
    first, last : date
        Mondays, both included.

    Returns
    -------
    pyarrow.Table
        `SHARE_SERIES`, sorted by tracker, model, kind, value, city and week. A value
        that nobody of a city-week wore has a row with 0 looks; a city-week without
        looks has none.
    """
    styles = TABLES["styles"].empty()
    for day in newest_fit(context):
        styles = context.lake.read("styles", day)
    rows = context.lake.query(
        lake_query("share_series"),
        {
            "styles": styles.select(["day", "model_name", "style_id", "name"]),
            **{
                table: Span(table, first, last)
                for table in ("city_weeks", "style_weeks")
            },
        },
    )
    return rows.select(SHARE_SERIES.names).cast(SHARE_SERIES)
