"""Draws the lake of one night over 12 weeks of a large collection, in bulk.

Nothing is computed from posts: 85 days of `activity`, `term_days` and `coverage`, as
many of `tracker_posts`, `author_days` and `garments` as lie behind a peak, the peak's
`posts`, the last day's `comments` and `sentiment`, and the homes of all authors. On the
last day one tracker has three times its posts, and the comments on another are negative
three times as often, so that there are events to explain.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.lake import make_posts
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.signals.event_items import BASELINE_DAYS
from trendlab.signals.origin import HOMES_LAG
from trendlab.steps.engine import week_of
from trendlab.steps.spans import BASELINE

POSTS_A_DAY = 1_000_000
LAST_DAY = date(2026, 3, 1)
TRACKERS = ("all", "t0", "t1", "t2", "t3")
CITIES = tuple(f"city_{number:02d}" for number in range(40))
# Words and hashtags of a tracker and day, at the full size; fewer posts have fewer,
# by a square root.
TERMS_A_DAY = 40_000
# Share of a day's posts that are another author's.
AUTHORS_SHARE = 0.6
# Every post has a comment, on average; they come within a week.
COMMENT_DAYS = 7
# Half of the posts have a photo, with two garments.
PHOTO_SHARE = 0.5
GARMENTS = ("bag", "boots", "coat", "dress", "footwear", "pants", "skirt", "top")
ANGRY_TRACKER = "t1"
SOURCE = "simulated"


def table_of(name: str, day: date, rows: int, **given: object) -> pa.Table:
    """Fill a declared table of one day; what is not given is NULL, 0 or a word."""
    plain = {pa.string(): "x", pa.bool_(): False, pa.int64(): 0, pa.float64(): 0.0}
    columns = []
    for column in TABLES[name].columns:
        value = given.get(column.name)
        if column.name == "day":
            value = day
        elif column.name == "source":
            value = SOURCE
        elif value is None and not column.nullable:
            value = plain[column.type]
        if value is None:
            columns.append(pa.nulls(rows, column.type))
        elif isinstance(value, (pa.Array, pa.ChunkedArray, np.ndarray)):
            filled = pa.array(value) if isinstance(value, np.ndarray) else value
            columns.append(filled.cast(column.type))
        else:
            columns.append(pa.repeat(pa.scalar(value, column.type), rows))
    return pa.Table.from_arrays(columns, schema=TABLES[name].arrow)


def activity_of(
    day: date, posts: int, rng: np.random.Generator, *, is_peak: bool
) -> pa.Table:
    """Give a row a tracker and city; 'all' is more than the sum of 40 cities."""
    names = [(tracker, city) for tracker in TRACKERS for city in ("all", *CITIES)]
    level = np.array(
        [
            (posts if tracker == "all" else posts / 4) / (1 if city == "all" else 50)
            for tracker, city in names
        ]
    )
    if is_peak:
        level[[tracker == "t0" for tracker, _ in names]] *= 3.0
    counts = rng.negative_binomial(50, 50 / (50 + level)) + 1
    bad = rng.binomial(counts, 0.1)
    is_angry = np.array([tracker == ANGRY_TRACKER for tracker, _ in names])
    bad_comments = rng.binomial(
        counts, np.where(is_angry & (day == LAST_DAY), 0.3, 0.1)
    )
    return table_of(
        "activity",
        day,
        len(names),
        tracker=pa.array([tracker for tracker, _ in names]),
        city=pa.array([city for _, city in names]),
        posts_count=counts,
        authors_count=counts,
        like_coverage=np.ones(len(names)),
        likes_per_post=rng.normal(9.0, 0.2, len(names)),
        activity=counts * 3.3,
        scored_count=counts,
        negative_count=bad,
        negative_capped_count=bad,
        scored_capped_count=counts,
        negative_authors_count=bad,
        comment_scored_count=counts,
        comment_negative_count=bad_comments,
        comment_negative_authors_count=bad_comments,
    )


def terms_of(
    day: date, terms: int, item_kind: str, rng: np.random.Generator
) -> pa.Table:
    """Give counts of the same terms a tracker every day."""
    rows = terms * len(TRACKERS)
    items = rng.poisson(20.0, rows) + 1
    bad = rng.binomial(items, 0.1)
    return table_of(
        "term_days",
        day,
        rows,
        tracker=pa.array(np.repeat(TRACKERS, terms)),
        item_kind=item_kind,
        term_kind=pa.array(
            np.tile(np.where(np.arange(terms) % 10, "word", "hashtag"), len(TRACKERS))
        ),
        term=pa.array(np.tile(np.char.mod("term%06d", np.arange(terms)), 5)),
        items_count=items,
        authors_count=items,
        scored_count=items,
        negative_count=bad,
        negative_authors_count=bad,
    )


def author_days_of(day: date, posts: int, rng: np.random.Generator) -> pa.Table:
    """Give a row an author in 'all' and in one tracker."""
    authors = int(posts * AUTHORS_SHARE)
    who = pa.array(rng.permutation(2 * authors)[:authors]).cast(pa.string())
    counts = rng.geometric(AUTHORS_SHARE, authors)
    one = pa.array(TRACKERS[1:]).take(pa.array(rng.integers(0, 4, authors)))
    return table_of(
        "author_days",
        day,
        2 * authors,
        tracker=pa.concat_arrays([pa.repeat("all", authors), one]),
        author_id=pa.concat_arrays([who, who]),
        posts_count=np.concatenate([counts, counts]),
    )


def homes_of(monday: date, posts: int, rng: np.random.Generator) -> pa.Table:
    """Give each author that ever posts a home."""
    authors = 2 * int(posts * AUTHORS_SHARE)
    return table_of(
        "author_homes",
        monday,
        authors,
        author_id=pa.array(np.arange(authors)).cast(pa.string()),
        home_city=pa.array(CITIES).take(
            pa.array(rng.integers(0, len(CITIES), authors))
        ),
        home_source="posts",
    )


def flagged_of(day: date) -> pa.Table:
    """Score a day on which the peak ran in all its cities."""
    cities = ("all", *CITIES)
    return table_of(
        "day_scores",
        day,
        2 * len(cities),
        tracker="t0",
        city=pa.array([*cities, *cities]),
        measure=pa.array(np.repeat(["posts", "activity"], len(cities))),
        value=3.0,
        baseline=1.0,
        z=5.0,
        p_value=1e-6,
        is_candidate=True,
        is_peak=True,
    )


def matched_of(
    day: date, posts: pa.Table, rng: np.random.Generator, *, is_peak: bool
) -> pa.Table:
    """Match every post to 'all' and to one tracker."""
    count = posts.num_rows
    share = [0.4, 0.2, 0.2, 0.2] if is_peak else [0.25] * 4
    one = pa.array(TRACKERS[1:]).take(pa.array(rng.choice(4, count, p=share)))
    city = pa.array(CITIES).take(pa.array(rng.integers(0, len(CITIES), count)))
    ids = posts["post_id"].combine_chunks()
    # who wrote a post is read of a peak's days alone
    who = posts["author_id"].combine_chunks() if is_peak else pa.nulls(count, ids.type)
    return table_of(
        "tracker_posts",
        day,
        2 * count,
        tracker=pa.concat_arrays([pa.repeat("all", count), one]),
        post_id=pa.concat_arrays([ids, ids]),
        author_id=pa.concat_arrays([who, who]),
        city=pa.concat_arrays([city, city]),
        city_source="place_name",
        created_at=pa.scalar(datetime.combine(day, time(), UTC)),
    )


def garments_of(day: date, ids: pa.Array, rng: np.random.Generator) -> pa.Table:
    """Give the garments of the photos of a day's posts."""
    photos = int(len(ids) * PHOTO_SHARE)
    worn = rng.integers(0, len(GARMENTS), 2 * photos)
    if day == LAST_DAY:  # a fifth of the others are the first kind instead
        worn[rng.random(len(worn)) < 0.2] = 0
    return table_of(
        "garments",
        day,
        2 * photos,
        post_id=pc.take(ids, pa.array(np.repeat(np.arange(photos), 2))),
        garment_index=np.tile([0, 1], photos),
        category=pa.array(GARMENTS).take(pa.array(worn)),
    )


def comments_of(posts: int, rng: np.random.Generator) -> pa.Table:
    """Give the comments of the last day, on posts of the week that ends with it."""
    ago = rng.integers(0, COMMENT_DAYS, posts)
    days = [LAST_DAY - timedelta(days=int(n)) for n in range(COMMENT_DAYS)]
    prefix = pa.array([f"{day:%Y%m%d}" for day in days]).take(pa.array(ago))
    number = pa.array(np.char.mod("%08d", rng.integers(0, posts, posts)))
    vocabulary = pa.array(np.char.mod("%xword", np.arange(5_000)))
    words = vocabulary.take(pa.array(rng.integers(0, 5_000, posts * 8)))
    text = pc.binary_join(
        pa.FixedSizeListArray.from_arrays(words, 8).cast(pa.list_(pa.string())), " "
    )
    return table_of(
        "comments",
        LAST_DAY,
        posts,
        comment_id=pa.array(np.char.mod("c%08d", np.arange(posts))),
        post_id=pc.binary_join_element_wise(prefix, number, ""),
        created_at=pa.scalar(datetime.combine(LAST_DAY, time(12), UTC)),
        author_id=pa.array(rng.integers(0, posts, posts)).cast(pa.string()),
        text=text,
        observed_at=pa.scalar(
            datetime.combine(LAST_DAY + timedelta(days=1), time(), UTC)
        ),
    )


def scores_of(
    item_kind: str, items: pa.Table, name: str, bad: float, rng: np.random.Generator
) -> pa.Table:
    """Score items of the last day, a part of them negative."""
    is_bad = rng.random(items.num_rows) < bad
    return table_of(
        "sentiment",
        LAST_DAY,
        items.num_rows,
        item_kind=item_kind,
        item_id=items[name],
        post_id=items["post_id"],
        is_scored=True,
        compound=np.where(is_bad, -0.5, 0.5),
        label=np.where(is_bad, "negative", "positive"),
    )


def write_lake(root: str, posts_a_day: int, peak_days: int) -> None:
    """Write the tables that the step reads."""
    lake = Lake(Path(root) / "lake")
    rng = np.random.default_rng(1)
    terms = int(TERMS_A_DAY * (posts_a_day / POSTS_A_DAY) ** 0.5)
    week = week_of(LAST_DAY) - HOMES_LAG
    lake.write("author_homes", week, homes_of(week, posts_a_day, rng))
    for ago in range(BASELINE.days, -1, -1):
        day = LAST_DAY - timedelta(days=ago)
        read = datetime.combine(day + timedelta(days=1), time(), UTC)
        is_peak = ago < peak_days
        found = activity_of(day, posts_a_day, rng, is_peak=is_peak)
        lake.write("activity", day, found)
        words = [terms_of(day, terms, kind, rng) for kind in ("post", "comment")]
        lake.write("term_days", day, pa.concat_tables(words))
        lake.write(
            "coverage",
            day,
            table_of(
                "coverage",
                day,
                len(TRACKERS),
                tracker=pa.array(TRACKERS),
                status="complete",
                observed_at=read,
            ),
            source=SOURCE,
        )
        if ago >= BASELINE_DAYS + peak_days:
            continue
        lake.write("author_days", day, author_days_of(day, posts_a_day, rng))
        ids = pc.binary_join_element_wise(
            pa.scalar(f"{day:%Y%m%d}"),
            pa.array(np.char.mod("%08d", np.arange(posts_a_day))),
            "",
        )
        posts = pa.table({"post_id": ids})
        if is_peak:
            posts = make_posts(day, posts_a_day, rng)
            lake.write("posts", day, posts, source=SOURCE)
        if is_peak and ago > 0:
            lake.write("day_scores", day, flagged_of(day))
        if ago == 0:
            comments = comments_of(posts_a_day, rng)
            lake.write("comments", day, comments, source=SOURCE)
            scores = [
                scores_of("post", posts, "post_id", 0.1, rng),
                scores_of("comment", comments, "comment_id", 0.15, rng),
            ]
            lake.write("sentiment", day, pa.concat_tables(scores))
        garments = garments_of(day, posts["post_id"].combine_chunks(), rng)
        lake.write("garments", day, garments, source=SOURCE)
        matched = matched_of(day, posts, rng, is_peak=is_peak)
        lake.write("tracker_posts", day, matched)
