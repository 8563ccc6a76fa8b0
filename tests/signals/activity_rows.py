"""Posts and comments by hand, and the activity queries run over them."""

from datetime import UTC, date, datetime, timedelta

import duckdb

from trendlab.schemas import TABLES
from trendlab.signals.activity import (
    PARAMS,
    as_declared,
    covered_days,
    lake_query,
    partial_days,
    run_id_rows,
    tracker_zone_rows,
)

D1 = date(2024, 3, 1)
D2 = date(2024, 3, 2)


def at(day, hour=12):
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def post(post_id, *, day=D1, author="a", likes=10, city="paris", label=None, **more):
    excluded = more.pop("is_excluded", False)
    age = more.pop("age_hours", 30)
    comments = more.pop("comments", 2)
    source = more.pop("source", "s")
    return {
        "posts": {
            "day": day,
            "source": source,
            "post_id": post_id,
            "created_at": at(day),
            "author_id": author,
            "author_handle": author,
            "hashtags": [],
            "mentions": [],
            "media_kind": "none",
            "media_count": 0,
            "likes_count": likes,
            "comments_count": comments,
            "is_repost": more.pop("is_repost", False),
            "observed_at": at(day) + timedelta(hours=age),
        },
        "tracker_posts": {
            "day": more.pop("local_day", day),
            "tracker": more.pop("tracker", "shoes"),
            "source": source,
            "post_id": post_id,
            "created_at": at(day),
            "author_id": author,
            "city": city,
            "city_source": "none",
            "city_confidence": 0.0,
            "matched_by": "x",
            "is_excluded": excluded,
            "run_id": "r",
        },
        "sentiment": {
            "day": day,
            "source": source,
            "item_kind": "post",
            "item_id": post_id,
            "post_id": post_id,
            "language": "en",
            "language_confidence": 1.0,
            "is_scored": label is not None,
            "compound": 0.0 if label else None,
            "label": label,
            "model_name": "v",
            "model_version": "1",
            "run_id": "r",
        },
    }


def comment(
    comment_id, post_id, *, day=D1, author="c", label="negative", hour=12, source="s"
):
    return {
        "comments": {
            "day": day,
            "source": source,
            "comment_id": comment_id,
            "post_id": post_id,
            "created_at": at(day, hour),
            "author_id": author,
            "text": "no",
            "observed_at": at(day),
        },
        "sentiment": {
            "day": day,
            "source": source,
            "item_kind": "comment",
            "item_id": comment_id,
            "post_id": post_id,
            "language": "en",
            "language_confidence": 1.0,
            "is_scored": label is not None,
            "compound": -0.5 if label else None,
            "label": label,
            "model_name": "v",
            "model_version": "1",
            "run_id": "r",
        },
    }


def run(name, made, *, days=(D1,), coverage=(), engagement=(), zones=None):
    relations = {
        table: TABLES[table].from_rows([row[table] for row in made if table in row])
        for table in ("posts", "tracker_posts", "comments", "sentiment")
    }
    relations["engagement"] = TABLES["engagement"].from_rows(list(engagement))
    covered = covered_days(TABLES["coverage"].from_rows(list(coverage)), zones)
    relations["partial_days"] = partial_days(covered)
    relations["run_ids"] = run_id_rows({day: f"run-{day}" for day in days})
    relations["tracker_zones"] = tracker_zone_rows(zones or {})
    with duckdb.connect() as connection:
        for relation, rows in relations.items():
            connection.register(relation, rows)
        readings = connection.sql(
            lake_query("post_readings"), params=PARAMS["post_readings"]
        ).to_arrow_table()
        connection.register("post_readings", readings)
        found = connection.sql(lake_query(name), params=PARAMS[name]).to_arrow_table()
    return as_declared(found, name)


def activity(made, **more):
    rows = run("activity", made, **more).to_pylist()
    return {(row["tracker"], row["city"], row["day"]): row for row in rows}
