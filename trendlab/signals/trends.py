"""Weekly shares of looks by city: what people in a city wear, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

import polars as pl
import pyarrow as pa

from trendlab.schemas import TABLES

# Below 100 looks the interval of a share of one in five is wider than 16 points.
THIN_LOOKS = 100
# Two-sided error of the Wilson interval: 95 %.
WILSON_ALPHA = 0.05
DAYS_OF_WEEK = 7

# A thin city is pulled to its parent as if by M more looks, M = 1/rho − 1, where rho
# is how much cities differ. Between 1 look and 1,000 looks.
MIN_RHO, MAX_RHO = 1 / 1_001, 1 / 2
# With fewer city-values than this the spread between cities is guesswork; then the
# parent weighs as much as a city that is just not thin.
MIN_SPREAD_CELLS = 10
DEFAULT_RHO = 1 / (THIN_LOOKS + 1)

LOOKS = "look"
COUNTS = pa.schema(
    [
        ("day", pa.date32()),
        ("tracker", pa.string()),
        ("city", pa.string()),
        ("model_name", pa.string()),
        ("kind", pa.string()),
        ("value", pa.string()),
        ("looks_count", pa.int64()),
    ]
)
GROUP = ["day", "tracker", "model_name", "kind"]


def week_rows(run_ids: Mapping[date, str]) -> pa.Table:
    """Give the relation `weeks` of city_weeks.sql: the Mondays to produce."""
    return pa.table({"day": pa.array(sorted(run_ids), pa.date32())})


def share_city_weeks(
    counts: pa.Table,
    cities: pa.Table,
    covered_days: pa.Table,
    *,
    run_ids: Mapping[date, str],
    vocabulary: Mapping[tuple[str, str], Collection[str]] | None = None,
) -> pa.Table:
    """Turn counted looks into shares with intervals.

    Parameters
    ----------
    counts : pyarrow.Table
        What sql/lake/city_weeks.sql gives, schema `COUNTS`: looks with a value,
        and under the kind 'look' the looks seen.
    cities : pyarrow.Table
        Schema `cities`; `region` is the parent of a thin city.
    covered_days : pyarrow.Table
        tracker, day, is_partial, from `activity.covered_days`. A tracker without
        rows takes those of 'all'.
    run_ids : mapping of date to str
        Run of each Monday to produce; counts of other weeks are left out.
    vocabulary : mapping of (model_name, kind) to values, or None
        Values that a model can tell, so that one which nobody wore in a week is
        0 rather than absent. Values seen anywhere in the week are always known.

    Returns
    -------
    pyarrow.Table
        Schema `city_weeks`, sorted by its key; one row per tracker, city (and
        'all'), week, kind and value.

    Notes
    -----
    Share = looks with it / looks seen, with the Wilson (1927) interval, which
    takes looks as independent: photos of one author are not, so it is a lower
    bound of the doubt. A city-week with looks has a row for every known value,
    0 where nobody wore it; a city-week without looks has no rows: it is missing.
    Values of a kind are known only in weeks in which the model told one.

    Cities with fewer than 100 looks are shrunk to the rest of their region (to
    the rest of the world where that has fewer than 100 looks too, or where the
    region is not known). The prior is a beta with the parent's mean and a
    strength from the method of moments over all values and cities of the same
    week, tracker, model and kind (Kleinman 1973).
    """
    declared = TABLES["city_weeks"]
    wanted = pl.DataFrame(
        {"day": list(run_ids), "run_id": list(run_ids.values())},
        schema={"day": pl.Date, "run_id": pl.String},
    )
    counted = pl.DataFrame(counts.select(COUNTS.names)).join(
        wanted, on="day", how="semi"
    )
    if counted.is_empty():
        return declared.empty()
    # a third of a second to import, which a night without looks need not wait for
    from statsmodels.stats.proportion import proportion_confint

    rows = _shrink(_fill_zeros(counted, vocabulary or {}), pl.DataFrame(cities))
    low, high = proportion_confint(
        rows["looks_with_count"].to_numpy(),
        rows["looks_count"].to_numpy(),
        alpha=WILSON_ALPHA,
        method="wilson",
    )
    return (
        rows.with_columns(
            share=_share(),
            share_low=pl.Series(low).clip(0.0, 1.0),
            share_high=pl.Series(high).clip(0.0, 1.0),
            iso_year=pl.col("day").dt.iso_year().cast(pl.Int64),
            iso_week=pl.col("day").dt.week().cast(pl.Int64),
        )
        .join(_complete_weeks(rows, pl.DataFrame(covered_days)), on=["day", "tracker"])
        .join(wanted, on="day")
        .sort(list(declared.key))
        .select(declared.names)
        .to_arrow()
        .cast(declared.arrow)
    )


def _share() -> pl.Expr:
    return pl.col("looks_with_count") / pl.col("looks_count")


def _fill_zeros(
    counted: pl.DataFrame, vocabulary: Mapping[tuple[str, str], Collection[str]]
) -> pl.DataFrame:
    """Give every city-week with looks a row for every value known that week."""
    place = ["day", "tracker", "city", "model_name"]
    is_total = pl.col("kind") == LOOKS
    totals = counted.filter(is_total).select(*place, "looks_count")
    values = counted.filter(~is_total).rename({"looks_count": "looks_with_count"})
    words = pl.DataFrame(
        [
            {"model_name": model, "kind": kind, "value": value}
            for (model, kind), known in vocabulary.items()
            for value in known
        ],
        schema={"model_name": pl.String, "kind": pl.String, "value": pl.String},
    )
    told = values.select("day", "model_name", "kind").unique()
    known = pl.concat(
        [
            values.select("day", "model_name", "kind", "value"),
            told.join(words, on=["model_name", "kind"]),
        ]
    ).unique()
    return (
        totals.join(known, on=["day", "model_name"])
        .join(values, on=[*place, "kind", "value"], how="left")
        .with_columns(pl.col("looks_with_count").fill_null(0))
        # sums of floats below depend on the order of rows: equal inputs, equal bytes
        .sort(*place, "kind", "value")
    )


def _shrink(rows: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """Add is_thin and share_shrunk."""
    value = [*GROUP, "value"]
    k, n = pl.col("looks_with_count"), pl.col("looks_count")
    is_city = pl.col("city") != "all"
    # sums over the cities but this one: of its region, and of the world
    in_region = [*value, "region"]
    placed = rows.join(
        cities.select("city", "region"), on="city", how="left"
    ).with_columns(
        region_k=k.filter(is_city).sum().over(in_region) - k,
        region_n=n.filter(is_city).sum().over(in_region) - n,
        world_k=k.filter(is_city).sum().over(value) - k,
        world_n=n.filter(is_city).sum().over(value) - n,
    )
    has_region = pl.col("region").is_not_null() & (pl.col("region_n") >= THIN_LOOKS)
    has_parent = is_city & (has_region | (pl.col("world_n") > 0))
    parented = placed.with_columns(
        parent_n=pl.when(has_region).then("region_n").otherwise("world_n"),
        parent_k=pl.when(has_region).then("region_k").otherwise("world_k"),
        is_thin=n < THIN_LOOKS,
    ).with_columns(
        mean=pl.when(has_parent).then(pl.col("parent_k") / pl.col("parent_n"))
    )
    binomial = pl.col("mean") * (1 - pl.col("mean"))
    beyond = n * (_share() - pl.col("mean")) ** 2 - binomial * (
        1 + n / pl.col("parent_n")
    )
    room = binomial * (n - 1)
    cells = (pl.col("mean").is_not_null() & (room > 0)).sum()
    rho = (
        pl.when(cells >= MIN_SPREAD_CELLS)
        .then((beyond.sum() / room.sum()).clip(MIN_RHO, MAX_RHO))
        .otherwise(DEFAULT_RHO)
        .over(GROUP)
    )
    strength = pl.col("strength")
    shrunk = (k + strength * pl.col("mean")) / (n + strength)
    return parented.with_columns(strength=1 / rho - 1).with_columns(
        share_shrunk=pl.when(pl.col("is_thin") & pl.col("mean").is_not_null())
        .then(shrunk)
        .otherwise(_share())
    )


def _complete_weeks(rows: pl.DataFrame, covered_days: pl.DataFrame) -> pl.DataFrame:
    """Return day (Monday), tracker and is_complete: all seven days in full."""
    weeks = rows.select("day", "tracker").unique()
    has_own = pl.col("tracker").is_in(covered_days["tracker"].unique().to_list())
    full = (
        covered_days.filter(~pl.col("is_partial"))
        .select(pl.col("tracker").alias("covered_by"), "day")
        .unique()
        .group_by("covered_by", pl.col("day").dt.truncate("1w"))
        .agg(full_days=pl.len())
    )
    return (
        weeks.with_columns(
            covered_by=pl.when(has_own).then("tracker").otherwise(pl.lit("all"))
        )
        .join(full, on=["covered_by", "day"], how="left")
        .select(
            "day",
            "tracker",
            is_complete=pl.col("full_days").fill_null(0) == DAYS_OF_WEEK,
        )
    )
