"""Photos of a day's posts: offered by address, or real files attached."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from trendlab.sources.world.columns import (
    as_table,
    constant,
    midnight_us,
    moments,
    nulls_of,
    taken,
)
from trendlab.sources.world.config import SOURCE_NAME
from trendlab.sources.world.plan import Plan
from trendlab.sources.world.post_tables import READING_AGE_US, addresses
from trendlab.sources.world.posts import Posts
from trendlab.sources.world.streams import (
    Ints,
    Stream,
    day_rng,
    plan_rng,
    within_group,
)

KINDS = pa.array(["image", "cover"])
# Code of a video among the kinds of media of `Posts`.
VIDEO = 2


def media_table(plan: Plan, day: date, posts: Posts) -> tuple[pa.Table, Ints]:
    """Return `media` of a day, and the post of each photo (no covers of videos)."""
    row = np.repeat(np.arange(len(posts)), posts.media_count)
    index = within_group(row)
    is_cover = posts.media_kind[row] == VIDEO
    count = len(row)
    ids = taken(posts.ids, row)
    observed = midnight_us(day) + posts.seconds[row] + READING_AGE_US
    columns = {
        **nulls_of("media", count),
        "day": constant(day, count, pa.date32()),
        "source": constant(SOURCE_NAME, count),
        "post_id": ids,
        "media_index": index,
        "media_kind": taken(KINDS, is_cover.astype(np.int64)),
        "url": addresses(ids, index),
        "status": constant("offered", count),
        "observed_at": moments(observed),
    }
    photos = np.flatnonzero(~is_cover)
    if plan.config.photos:
        columns |= _attached(plan, day, photos, count)
    return as_table("media", columns), row[photos]


def _attached(plan: Plan, day: date, photos: Ints, count: int) -> dict[str, pa.Array]:
    """Return status, path and hash where the day's share of real photos is attached.

    Photos are dealt to the whole days in a fixed random order, so that each is used
    `photo_uses` times over the world, whichever days are drawn.
    """
    config, truth = plan.config, plan.truth
    gaps = {*truth.missing_days, *truth.partial_days}
    earlier = sum(gap < day for gap in gaps)
    order = np.concatenate(
        [
            plan_rng(config.seed + use, Stream.PHOTOS).permutation(len(config.photos))
            for use in range(config.photo_uses)
        ]
    )
    if day in gaps:
        mine = order[:0]
    else:
        mine = order[plan.day_index(day) - earlier :: config.days_count - len(gaps)]
    rng = day_rng(config.seed, Stream.PHOTOS, day)
    chosen = rng.permutation(photos)[: len(mine)]
    paths: list[str | None] = [None] * count
    hashes: list[str | None] = [None] * count
    # a day with fewer posts than photos leaves the rest out
    for row, number in zip(chosen.tolist(), mine.tolist(), strict=False):
        path = config.photos[number].absolute()
        paths[row], hashes[row] = str(path), _sha256(path)
    status = ["offered" if path is None else "stored" for path in paths]
    return {
        "status": pa.array(status, pa.string()),
        "path": pa.array(paths, pa.string()),
        "sha256": pa.array(hashes, pa.string()),
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
