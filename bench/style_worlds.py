"""Looks of the simulated world with the styles that they were drawn from."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pyarrow as pa

from trendlab.signals.styles.looks import JOINED_BY, LOOKS
from trendlab.sources.world import WorldConfig, default_cities
from trendlab.sources.world.looks import draw_worn, seen_tables
from trendlab.sources.world.plan import plan_world
from trendlab.sources.world.truth import Truth

KEY = ["source", "post_id", "media_index", "look_index", "model_name"]


def draw_days(
    last_day: date, *, weeks: int, looks_count: int, seed: int = 1
) -> tuple[dict[date, dict[str, pa.Table]], Truth]:
    """Draw looks, garments and garment_tags of one day a week, with their truth."""
    plan = plan_world(
        WorldConfig(seed=seed, last_day=last_day, weeks=weeks), default_cities()
    )
    rng = np.random.default_rng(seed)
    days = {}
    for week in range(weeks):
        day = plan.config.first_day + timedelta(days=7 * week + 2)
        place = rng.integers(0, len(plan.truth.cities), looks_count)
        worn = draw_worn(rng, plan, day, place)
        ids = pa.array([f"{day}-{n:04d}" for n in range(looks_count)])
        days[day] = seen_tables(
            rng,
            worn,
            ids,
            np.zeros(looks_count, np.int64),
            day=day,
            run_id="drawn",
        )
    return days, plan.truth


def looks_of(days: dict[date, dict[str, pa.Table]]) -> tuple[pa.Table, list[str]]:
    """Give the looks as `LOOKS`, and the style that each was drawn from."""

    def whole(name: str) -> pl.DataFrame:
        return pl.DataFrame(pa.concat_tables([one[name] for one in days.values()]))

    garments = whole("garments")
    colours = whole("garment_tags").join(
        garments.select(*KEY, "garment_index"),
        on=["source", "post_id", "media_index", "garment_index", "model_name"],
    )
    worn = garments.group_by(KEY).agg(
        garments=pl.col("category").unique().sort().str.join(JOINED_BY)
    )
    main = colours.group_by(KEY).agg(colours=pl.col("value").sort().str.join(JOINED_BY))
    rows = (
        whole("looks").select(*KEY, "style").join(worn, on=KEY).join(main, on=KEY)
    ).sort(KEY)
    return rows.select(LOOKS.names).to_arrow().cast(LOOKS), rows["style"].to_list()
