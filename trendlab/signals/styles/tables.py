"""Styles as rows: fits, names, examples, and the weekly shares under a fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.schemas import TABLES
from trendlab.signals.styles.discover import (
    Styles,
    assign_styles,
    find_styles,
    match_styles,
)
from trendlab.signals.styles.looks import NONE_SEEN, Attributes
from trendlab.signals.styles.mixture import Mixture

RULE = "1"
# A year: every season is in it once.
FIT_WEEKS = 52
QUARTER_WEEKS = 13
# Attributes told of a style, and those that name it.
TOLD, NAMED = 4, 2
# Looks shown of a style and week.
EXAMPLES = 3
# Below 100 looks the interval of a share of one in five is wider than 16 points.
THIN_LOOKS = 100
# Two-sided error of the Wilson interval: 95 %.
WILSON_ALPHA = 0.05


def style_rows(
    looks: pa.Table, earlier: pa.Table, *, week: date, run_id: str
) -> pa.Table:
    """Fit the styles of a year, match them to those of the quarter before.

    Parameters
    ----------
    looks, earlier : pyarrow.Table
        `LOOKS` of the `FIT_WEEKS` that end with the week, and of those that end a
        quarter before it.
    week : date
        Monday of the week that ends with the first Sunday of a quarter.
    run_id : str

    Returns
    -------
    pyarrow.Table
        Schema `styles`; no rows for a model in whose looks no styles could be found.

    Notes
    -----
    The fit of the quarter before is made again from the same looks by the same rule,
    so it is the one that was stored then, unless late posts have come since.
    """
    rows: list[dict[str, object]] = []
    for model_name in sorted(set(looks["model_name"].to_pylist())):
        mine = _of_model(looks, model_name)
        found = find_styles(mine)
        if found is None:
            continue
        before = find_styles(_of_model(earlier, model_name))
        common = {"day": week, "model_name": model_name, "run_id": run_id}
        rows += [
            {**common, "style_id": name_fit(week, rank), "rank": rank, **told}
            for rank, told in enumerate(_told(found, before, mine, week), start=1)
        ]
    return TABLES["styles"].from_rows(rows)


def name_fit(week: date, rank: int) -> str:
    """Give the id of a style: the quarter of the fit's Sunday, and its rank."""
    sunday = week + timedelta(days=6)
    return f"{sunday.year}Q{(sunday.month + 2) // 3}-{rank}"


def _of_model(looks: pa.Table, model_name: str) -> pa.Table:
    return looks.filter(pc.equal(looks["model_name"], model_name))


def _told(
    found: Styles, before: Styles | None, looks: pa.Table, week: date
) -> Iterator[dict[str, object]]:
    """Give what is told of each style, in order of rank."""
    count = found.mixture.count
    matched = [None] * count if before is None else match_styles(found, before, looks)
    weights = np.exp(found.mixture.log_weights)
    for at in range(count):
        match = matched[at]
        earlier = week - timedelta(weeks=QUARTER_WEEKS)
        garments, colours = tell_style(found, at)
        yield {
            "name": ", ".join([*colours[:NAMED], *garments[:NAMED]]),
            "share": float(weights[at]),
            "garments": garments,
            "colours": colours,
            "matched_style_id": match and name_fit(earlier, match[0] + 1),
            "likeness": match and match[1],
            "styles_count": count,
            "agreement": found.agreement,
            "gain": found.gain,
            "looks_count": found.looks_count,
            "window_from": week - timedelta(weeks=FIT_WEEKS - 1),
            "window_to": week + timedelta(days=6),
            "attributes": list(found.attributes.names),
            "chances": np.exp(found.mixture.log_chances[at]).tolist(),
            "rule_version": RULE,
        }


def tell_style(styles: Styles, at: int) -> tuple[list[str], list[str]]:
    """Give the garments and colours that tell a style from the average look.

    Returns
    -------
    garments, colours : list of str
        The most telling first: by p · log(p / average), where that is above 0.
    """
    chances = np.exp(styles.mixture.log_chances)
    average = np.exp(styles.mixture.log_weights) @ chances
    telling = chances[at] * np.log(chances[at] / average)
    garments: list[str] = []
    colours: list[str] = []
    for place in np.argsort(-telling, kind="stable").tolist():
        head, _, worn = styles.attributes.names[place].partition(":")
        if telling[place] <= 0 or worn == NONE_SEEN:
            continue
        if head == "colour":
            colours.append(worn)
        else:
            garments.append(head if worn == "worn" else worn)
    return garments[:TOLD], colours[:TOLD]


def read_styles(rows: pa.Table) -> dict[str, tuple[list[str], Styles]]:
    """Restore the fits of a partition of `styles`: ids and styles by model."""
    fits = {}
    for model_name in sorted(set(rows["model_name"].to_pylist())):
        mine = sorted(_of_model(rows, model_name).to_pylist(), key=_rank_of)
        first = mine[0]
        fits[model_name] = (
            [row["style_id"] for row in mine],
            Styles(
                Attributes.of(first["attributes"]),
                Mixture(
                    np.log([row["share"] for row in mine]),
                    np.log([row["chances"] for row in mine]),
                ),
                first["agreement"],
                first["gain"],
                first["looks_count"],
            ),
        )
    return fits


def _rank_of(row: dict[str, int]) -> int:
    return row["rank"]


def example_rows(
    looks: pa.Table,
    fits: Mapping[str, tuple[list[str], Styles]],
    *,
    week: date,
    fitted_on: date,
    run_id: str,
) -> pa.Table:
    """Choose the looks of a week that are most surely of each style.

    Parameters
    ----------
    looks : pyarrow.Table
        `LOOKS` with source, post_id, media_index and look_index, in a fixed order.
    fits : mapping
        As `read_styles` gives them.
    week, fitted_on : date
    run_id : str

    Returns
    -------
    pyarrow.Table
        Schema `style_examples`.
    """
    rows: list[dict[str, object]] = []
    for model_name, (ids, styles) in fits.items():
        mine = _of_model(looks, model_name)
        style, chance = assign_styles(styles, mine)
        for at, style_id in enumerate(ids):
            of_style = np.flatnonzero(style == at)
            surest = of_style[np.argsort(-chance[of_style], kind="stable")][:EXAMPLES]
            rows += [
                {
                    **look,
                    "day": week,
                    "style_id": style_id,
                    "fitted_on": fitted_on,
                    "rank": rank,
                    # a sum of rounded parts can pass 1 by a hair
                    "chance": min(float(chance[surest[rank - 1]]), 1.0),
                    "run_id": run_id,
                }
                for rank, look in enumerate(mine.take(surest).to_pylist(), start=1)
            ]
    return TABLES["style_examples"].from_rows(rows)


def share_style_weeks(
    patterns: pa.Table,
    fits: Mapping[str, tuple[list[str], Styles]],
    *,
    fitted_on: date,
    run_ids: Mapping[date, str],
) -> pa.Table:
    """Share the looks of weeks out among styles.

    Parameters
    ----------
    patterns : pyarrow.Table
        Schema `look_patterns`; models without a fit are left out.
    fits : mapping
        As `read_styles` gives them.
    fitted_on : date
    run_ids : mapping of date to str
        Run of each Monday.

    Returns
    -------
    pyarrow.Table
        Schema `style_weeks`, sorted by its key: every style in every city-week with
        looks, 0 where nobody wore it.

    Notes
    -----
    A look counts for the style that it is most likely of. That is right for about
    three looks in four on the simulated world, so shares of similar styles are drawn
    towards each other. The Wilson interval is of the counting, not of this.
    """
    declared = TABLES["style_weeks"]
    parts = [
        _count_looks(_of_model(patterns, model_name), ids, styles)
        for model_name, (ids, styles) in fits.items()
    ]
    counts = pl.concat(parts) if parts else pl.DataFrame()
    if counts.is_empty():
        return declared.empty()
    # as in `trends`: slow to import, and a night without looks does without
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(
        counts["looks_with_count"].to_numpy(),
        counts["looks_count"].to_numpy(),
        alpha=WILSON_ALPHA,
        method="wilson",
    )
    return (
        counts.with_columns(
            fitted_on=pl.lit(fitted_on),
            share=pl.col("looks_with_count") / pl.col("looks_count"),
            share_low=pl.Series(low).clip(0.0, 1.0),
            share_high=pl.Series(high).clip(0.0, 1.0),
            is_thin=pl.col("looks_count") < THIN_LOOKS,
            run_id=pl.col("day").replace_strict(run_ids, return_dtype=pl.String),
        )
        .sort(list(declared.key))
        .select(declared.names)
        .to_arrow()
        .cast(declared.arrow)
    )


def _count_looks(patterns: pa.Table, ids: list[str], styles: Styles) -> pl.DataFrame:
    """Count the looks of one model by week, tracker, city, 'all' too, and style."""
    place = ["day", "tracker", "city", "model_name"]
    combination = ["model_name", "garments", "colours"]
    rows = pl.DataFrame(patterns)
    # the same combination comes in many weeks and cities; it is weighed once
    known = rows.select(combination).unique(maintain_order=True)
    style, _ = assign_styles(styles, known.to_arrow())
    known = known.with_columns(
        style_id=pl.Series([ids[at] for at in style], dtype=pl.String)
    )
    counted = rows.join(known, on=combination).select(*place, "style_id", "looks_count")
    counted = pl.concat([counted, counted.with_columns(city=pl.lit("all"))])
    worn = counted.group_by(*place, "style_id").agg(
        looks_with_count=pl.col("looks_count").sum()
    )
    return (
        counted.group_by(place)
        .agg(pl.col("looks_count").sum())
        .join(pl.DataFrame({"style_id": ids}), how="cross")
        .join(worn, on=[*place, "style_id"], how="left")
        .with_columns(pl.col("looks_with_count").fill_null(0))
    )
