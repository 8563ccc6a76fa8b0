"""Who leads whom as of the end of a week: in its history, and how that changes.

The history is the trustworthy answer: the more weeks, the more true edges are seen.
Moving windows show how influence changes; each has fewer weeks, sees less, and pays
for its own pairs only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
import pyarrow as pa

from trendlab.errors import SignalError
from trendlab.schemas import TABLES
from trendlab.signals.influence.edges import Influence, find_edges
from trendlab.signals.influence.gains import ALL, compare_forecasts
from trendlab.signals.influence.kernels import MIN_OTHERS
from trendlab.signals.influence.panel import MIN_LOOKS, MIN_WEEKS, SERIES

# 2: a straight trend is taken out of each city beside its season. 3: jumps are cut.
RULE = "3"
# Three years: what the rule was calibrated on. Who led whom before says little of now.
HISTORY_WEEKS = 156
# A year and a half: from less than that a yearly wave can hardly be told from a lead.
MOVING_WEEKS = 78
# A quarter of a year: neighbours share most of their weeks, fewer would hide a change.
MOVING_STEP_WEEKS = 13
# Two cities of a pair, and enough others for the world's mean.
MIN_CITIES = 2 + MIN_OTHERS
# Resamples and the permuted placebo are drawn the same in every run.
SEED = 0

LEAD_SERIES = pa.schema(
    [
        pa.field("tracker", pa.string(), nullable=False),
        pa.field("model_name", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("city", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("share", pa.float64(), nullable=False),
        pa.field("looks_count", pa.int64(), nullable=False),
    ]
)
"""Input, from sql/lake/share_series.sql: one row per tracker, model, kind, value,
monitored city and week (`day`, its Monday)."""

# Kinds hold no slash, values may.
SEPARATOR = "/"


@dataclass(frozen=True)
class Window:
    """Weeks that are tested together, named by their Mondays, both ends included."""

    kind: str
    first: date
    last: date

    @property
    def columns(self) -> dict[str, object]:
        """The window as the tables name it."""
        return {
            "window_kind": self.kind,
            "window_from": self.first,
            "window_to": self.last + timedelta(days=6),
        }


def windows_of(first_week: date, last_week: date) -> Iterator[Window]:
    """Give the history up to a week, then the moving windows, the newest first.

    Parameters
    ----------
    first_week, last_week : date
        Mondays of the first week that is known and of the week that has ended.

    Yields
    ------
    Window
        Of moving windows only whole ones, within the history.
    """
    oldest = last_week - timedelta(weeks=HISTORY_WEEKS - 1)
    begin = max(first_week, oldest)
    yield Window("history", begin, last_week)
    end = last_week
    while (first := end - timedelta(weeks=MOVING_WEEKS - 1)) >= begin:
        yield Window("moving", first, end)
        end -= timedelta(weeks=MOVING_STEP_WEEKS)


def lead_cities(
    series: pa.Table, *, week: date, run_id: str
) -> tuple[pa.Table, pa.Table]:
    """Find who leads whom in every window that ends with or before a week.

    Parameters
    ----------
    series : pyarrow.Table
        `LEAD_SERIES`, weeks up to `week`.
    week : date
        Monday of the week that has ended.
    run_id : str
        Written to every row.

    Returns
    -------
    edges, placebos : pyarrow.Table
        Schemas `influence_edges` and `influence_placebos`, sorted by their keys. A
        window with too little to test has a placebo row that says so, and no edge.
    """
    edges: list[dict[str, object]] = []
    placebos: list[dict[str, object]] = []
    by_run = pl.DataFrame(series).partition_by(
        ["tracker", "model_name"], as_dict=True, maintain_order=True
    )
    for (tracker, model_name), rows in by_run.items():
        common = {
            "day": week,
            "tracker": tracker,
            "model_name": model_name,
            "rule_version": RULE,
            "run_id": run_id,
        }
        first_week = rows["day"].min()
        assert isinstance(first_week, date)
        for window in windows_of(first_week, week):
            named = {**common, **window.columns}
            mine = rows.filter(pl.col("day").is_between(window.first, window.last))
            tested, found = _test_window(mine)
            placebos.append({**named, **tested})
            edges += [{**named, **edge} for edge in _edge_rows(found)]
    return _as_table("influence_edges", edges), _as_table(
        "influence_placebos", placebos
    )


def forecast_followers(series: pa.Table, *, week: date, run_id: str) -> pa.Table:
    """Forecast followers without and with their leaders, through the history.

    Parameters
    ----------
    series : pyarrow.Table
        `LEAD_SERIES`, weeks up to `week`.
    week : date
        Monday of the week that has ended.
    run_id : str
        Written to every row.

    Returns
    -------
    pyarrow.Table
        Schema `influence_forecasts`, sorted by its key. No row for a tracker and model
        in which nobody was seen to lead early enough, or too few cities compare.
    """
    oldest = week - timedelta(weeks=HISTORY_WEEKS - 1)
    newest = pl.DataFrame(series).filter(pl.col("day").is_between(oldest, week))
    forecasts: list[dict[str, object]] = []
    for (tracker, model_name), rows in newest.partition_by(
        ["tracker", "model_name"], as_dict=True, maintain_order=True
    ).items():
        kept = _full_cities(rows)
        if kept["city"].n_unique() < MIN_CITIES:
            continue
        named = {
            "day": week,
            "tracker": tracker,
            "model_name": model_name,
            "rule_version": RULE,
            "run_id": run_id,
        }
        for row in compare_forecasts(_as_series(kept)).to_pylist():
            kind, _, value = row["style"].partition(SEPARATOR)
            forecasts.append(
                {
                    **row,
                    **named,
                    "kind": kind,
                    "value": value or ALL,
                    "target_city": row["target"],
                    "source_cities": row["sources"],
                }
            )
    return _as_table("influence_forecasts", forecasts)


def _full_cities(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep cities with enough weeks of enough looks."""
    full_weeks = (
        rows.filter(pl.col("looks_count") >= MIN_LOOKS)
        .group_by("city")
        .agg(weeks=pl.col("day").n_unique())
        .filter(pl.col("weeks") >= MIN_WEEKS)
    )
    return rows.join(full_weeks, on="city", how="semi", maintain_order="left")


def _as_table(name: str, rows: list[dict[str, object]]) -> pa.Table:
    table = TABLES[name]
    return table.from_rows(rows).sort_by(
        [(column, "ascending") for column in table.key]
    )


def _test_window(rows: pl.DataFrame) -> tuple[dict[str, object], Influence | None]:
    """Test one window; give what a placebo row tells of it, and what was found."""
    series_count = rows.select("kind", "value", "city").n_unique()
    kept = _full_cities(rows)
    cities_count = kept["city"].n_unique()
    told: dict[str, object] = {
        "status": "not_assessable",
        "reason": None,
        "weeks_count": rows["day"].n_unique(),
        "cities": [],
        "series_count": series_count,
        "left_out_count": series_count,
        "pairs_count": 0,
        "edges_count": 0,
        "reversed_count": 0,
        "reversed_same_count": 0,
        "permuted_count": 0,
    }
    if cities_count < MIN_CITIES:
        told["reason"] = (
            f"{cities_count} cities have {MIN_WEEKS} weeks of {MIN_LOOKS} looks "
            f"or more; {MIN_CITIES} are needed, two and three others for the world's "
            "mean"
        )
        return told, None
    try:
        found = find_edges(_as_series(kept), rng=np.random.default_rng(SEED))
    except SignalError as error:
        told["reason"] = str(error)
        return told, None
    thin_count = series_count - kept.select("kind", "value", "city").n_unique()
    told |= {
        "status": "tested",
        "cities": list(found.cities),
        "left_out_count": thin_count + found.left_out_count,
        "pairs_count": found.pairs_count,
        "edges_count": found.edges.num_rows,
        "reversed_count": found.reversed_count,
        "reversed_same_count": len(found.reversed_same),
        "permuted_count": found.permuted_count,
    }
    return told, found


def _as_series(rows: pl.DataFrame) -> pa.Table:
    """Give the rows as a `SERIES` table: one style per kind and value."""
    return (
        rows.select(
            "city",
            style=pl.concat_str("kind", "value", separator=SEPARATOR),
            week_start_on="day",
            share="share",
            looks_count=pl.col("looks_count").cast(pl.Float64),
        )
        .to_arrow()
        .cast(SERIES)
    )


def _edge_rows(found: Influence | None) -> Iterator[dict[str, object]]:
    if found is None:
        return
    for edge in found.edges.to_pylist():
        kind, _, value = edge["style"].partition(SEPARATOR)
        names = (edge["style"], edge["source"], edge["target"])
        yield {
            "kind": kind,
            "value": value,
            "source_city": edge["source"],
            "target_city": edge["target"],
            "lag_weeks": edge["lag_weeks"],
            "strength": edge["strength"],
            "q_value": edge["q_value"],
            "delta_error": edge["delta_error"],
            "stability": edge["stability"],
            "is_same_reversed": names in found.reversed_same,
        }
