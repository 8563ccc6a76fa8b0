"""Comments of a day, under its own posts and under those of the day before."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from trendlab.sources.world.columns import (
    as_table,
    constant,
    item_ids,
    midnight_us,
    moments,
    nulls_of,
    taken,
)
from trendlab.sources.world.config import SOURCE_NAME
from trendlab.sources.world.plan import Plan
from trendlab.sources.world.post_tables import DAY_US, READING_AGE_US
from trendlab.sources.world.posts import (
    Posts,
    draw_counted,
    draw_languages,
    draw_tones,
)
from trendlab.sources.world.streams import Ints, Stream, day_rng, plan_rng
from trendlab.sources.world.texts import Writer
from trendlab.sources.world.vocabulary import BOUGHT_COMMENTS

LATE_COMMENT_SHARE = 0.3
# Bought comments under a post, on average, and how many strangers write them all.
BOUGHT_PER_POST = 3.0
BOUGHT_WRITERS = 12
COMMENT_LIKES = 1.5


def comments_table(
    plan: Plan, writer: Writer, day: date, posts: Posts
) -> tuple[pa.Table, Ints]:
    """Return `comments` of a day, and how many of them each post of the day has."""
    authors = plan.authors
    rng = day_rng(plan.config.seed, Stream.COMMENTS, day)
    count = int(rng.poisson(plan.config.comments_per_post * len(posts)))
    before = day - timedelta(days=1)
    earlier = draw_counted(plan, before)
    is_late = (rng.random(count) < LATE_COMMENT_SHARE) & (len(earlier) > 0)
    sizes = np.where(is_late, len(earlier), len(posts))
    target = (rng.random(count) * sizes).astype(np.int64)
    # posts of the day, then those of the day before
    row = np.where(is_late, len(posts) + target, target)
    tracker = np.concatenate([posts.counted.tracker, earlier.tracker])[row]
    place = np.concatenate([posts.counted.place, earlier.place])[row]
    author = authors.draw(rng, tracker * plan.place_count + place)
    topic = _topics(rng, plan, day, tracker)
    tone = draw_tones(rng, plan, tracker, topic)
    language = draw_languages(rng, plan, place)
    # under a post of the day a comment comes after it
    began = np.zeros(len(earlier), dtype=np.int64)
    since = np.concatenate([posts.seconds, began])[row]
    moment = since + (rng.random(count) * (DAY_US - since)).astype(np.int64)
    created = midnight_us(day) + np.minimum(moment, DAY_US - 1)
    targets = pa.concat_arrays([posts.ids, item_ids(before, len(earlier))])
    table = as_table(
        "comments",
        {
            **nulls_of("comments", count),
            "day": constant(day, count, pa.date32()),
            "source": constant(SOURCE_NAME, count),
            "comment_id": item_ids(day, count, "-c"),
            "post_id": taken(targets, row),
            "created_at": moments(created),
            "author_id": taken(authors.ids, author),
            "author_handle": taken(authors.handles, author),
            "text": writer.write_comments(rng, tone, language, topic),
            "likes_count": rng.poisson(COMMENT_LIKES, count),
            "observed_at": moments(created + READING_AGE_US),
        },
    )
    commented = np.bincount(row[~is_late], minlength=len(posts))
    bought, bought_row = _bought(plan, day, posts)
    whole = pa.concat_tables([table, bought]).sort_by("comment_id").combine_chunks()
    return whole, commented + np.bincount(bought_row, minlength=len(posts))


def _bought(plan: Plan, day: date, posts: Posts) -> tuple[pa.Table, Ints]:
    """Return bought comments of a day, and which of the day's posts each is under.

    Drawn by generators of their own, so that nothing else of a world depends on them.
    """
    since = [each.copies_from_on for each in plan.truth.suspects]
    mine = np.zeros(0, dtype=np.int64)
    is_on = any(start is not None and day >= start for start in since)
    if is_on and plan.config.comments_per_post > 0:
        mine = np.flatnonzero(np.isin(posts.author, plan.drivers.suspects))
    rng = day_rng(plan.config.seed, Stream.COPIES, day)
    row = np.repeat(mine, rng.poisson(BOUGHT_PER_POST, len(mine)))
    count = len(row)
    helpers = plan_rng(plan.config.seed, Stream.COPIES).integers(
        0, len(plan.authors), BOUGHT_WRITERS
    )
    writer = rng.choice(helpers, count)
    moment = posts.seconds[row] + (
        rng.random(count) * (DAY_US - posts.seconds[row])
    ).astype(np.int64)
    created = midnight_us(day) + np.minimum(moment, DAY_US - 1)
    table = as_table(
        "comments",
        {
            **nulls_of("comments", count),
            "day": constant(day, count, pa.date32()),
            "source": constant(SOURCE_NAME, count),
            "comment_id": item_ids(day, count, "-b"),
            "post_id": taken(posts.ids, row),
            "created_at": moments(created),
            "author_id": taken(plan.authors.ids, writer),
            "author_handle": taken(plan.authors.handles, writer),
            "text": taken(
                pa.array(BOUGHT_COMMENTS), rng.integers(0, len(BOUGHT_COMMENTS), count)
            ),
            "likes_count": np.zeros(count, dtype=np.int64),
            "observed_at": moments(created + READING_AGE_US),
        },
    )
    return table, row


def _topics(rng: np.random.Generator, plan: Plan, day: date, tracker: Ints) -> Ints:
    """Choose the comments that are about a dip's topic, −1 for the others."""
    topic = np.full(len(tracker), -1, dtype=np.int64)
    draw = rng.random(len(tracker))
    for number, dip in enumerate(plan.truth.dips):
        if dip.start_on <= day <= dip.end_on:
            is_own = tracker == plan.truth.trackers.index(dip.tracker)
            topic[is_own & (draw < dip.topic_share)] = number
    return topic
