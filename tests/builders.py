"""Small rows and tables with sane defaults: a test names only what it is about.

    posts = table("posts", [post_row(post_id="a"), post_row(likes_count=5)])

`row(name, **columns)` builds a row of any table: columns that are not given take the
table's default, else NULL where that is allowed, else the least value of their type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from trendlab.schemas import TABLES, Column

DAY = date(2026, 1, 5)
"""The day of every row that names none: a Monday."""
NOON = datetime.combine(DAY, time(12), UTC)
ONE_DAY = timedelta(days=1)

# What a column holds where neither the test nor DEFAULTS says.
COMMON: dict[str, Any] = {
    "source": "test",
    "tracker": "brand",
    "city": "paris",
    "post_id": "p1",
    "run_id": "run-1",
    "rule_version": "1",
    "model_name": "test-model",
    "model_version": "1",
}

DEFAULTS: dict[str, dict[str, Any]] = {
    "posts": {
        "author_id": "a1",
        "author_handle": "ana",
        "caption": "Walking to the studio in a red coat",
        "hashtags": [],
        "mentions": [],
        "media_kind": "image",
        "media_count": 1,
        "likes_count": 10,
        "comments_count": 1,
    },
    "comments": {
        "comment_id": "c1",
        "author_id": "a2",
        "author_handle": "ben",
        "text": "What size is the coat?",
    },
    "media": {"media_kind": "image", "status": "offered"},
    "engagement": {"likes_count": 10, "comments_count": 1},
    "authors": {
        "author_id": "a1",
        "handle": "ana",
        "author_kind": "person",
        "followers_count": 1000,
    },
    "coverage": {"status": "complete", "tracker_version": "v1"},
    "quarantine": {"ingest_id": "i1", "table_name": "posts", "path": "posts.csv"},
    "ingests": {"ingest_id": "i1", "path": "posts.csv", "format": "csv"},
    "tracker_posts": {
        "author_id": "a1",
        "city_source": "coordinates",
        "city_confidence": 1.0,
        "matched_by": "#brand",
    },
    "sentiment": {
        "item_kind": "post",
        "item_id": "p1",
        "language": "en",
        "language_confidence": 1.0,
        "is_scored": True,
        "compound": 0.0,
        "positive": 0.0,
        "negative": 0.0,
        "neutral": 1.0,
        "label": "neutral",
    },
    "garments": {
        "category": "skirt",
        "category_id": 10,
        "score": 0.9,
        "x_px": 100.0,
        "y_px": 200.0,
        "width_px": 120.0,
        "height_px": 160.0,
        "image_width_px": 640,
        "image_height_px": 853,
    },
    "garment_tags": {
        "category": "skirt",
        "attribute": "colour",
        "value": "red",
        "value_share": 0.8,
    },
    "looks": {"look_kind": "person", "garments_count": 1},
    "reviews": {
        "category": "skirt",
        "verdict": "correct",
        "score": 0.9,
        "selected_by": "random",
        "reviewer": "rita",
    },
    "activity": {"city": "all", "like_coverage": 1.0},
    "term_days": {"item_kind": "post", "term_kind": "word", "term": "coat"},
    "author_days": {"author_id": "a1", "author_handle": "ana"},
    "day_scores": {"city": "all", "measure": "posts", "is_peak": False},
    "cities": {
        "name": "Paris",
        "country_code": "FR",
        "region": "Europe",
        "lat": 48.8534,
        "lon": 2.3488,
        "radius_km": 50.0,
        "time_zone": "Europe/Paris",
    },
    "runs": {"step": "match", "status": "done"},
}

# Columns that follow another one of the row, unless they are given.
FOLLOWS = {
    "apex_on": "day",
    "end_on": "day",
    "start_on": "day",
    "window_from": "day",
    "window_to": "day",
}


def row(table_name: str, **columns: Any) -> dict[str, Any]:
    """Build one row of a table.

    Raises
    ------
    KeyError
        If the table has no such column: a test must not set what is not there.
    """
    declared = TABLES[table_name]
    unknown = set(columns) - set(declared.names)
    if unknown:
        raise KeyError(f"table {table_name} has no columns {sorted(unknown)}")
    known = DEFAULTS.get(table_name, {})
    day = columns.get("day", _day_of(columns))
    built = {}
    for column in declared.columns:
        if column.name in columns:
            built[column.name] = columns[column.name]
        elif column.name == "day" or column.name in FOLLOWS:
            built[column.name] = day
        elif column.name in known:
            built[column.name] = known[column.name]
        elif column.name in COMMON:
            built[column.name] = COMMON[column.name]
        else:
            built[column.name] = _least(column, day)
    if (
        "observed_at" in built
        and "created_at" in built
        and "observed_at" not in columns
    ):
        built["observed_at"] = built["created_at"] + ONE_DAY
    return built


def table(table_name: str, rows: Iterable[Mapping[str, Any]] = ()) -> pa.Table:
    """Build a table with the declared schema; rows lacking columns take defaults."""
    return TABLES[table_name].from_rows([row(table_name, **given) for given in rows])


def _day_of(columns: Mapping[str, Any]) -> date:
    for name in ("created_at", "observed_at"):
        if isinstance(columns.get(name), datetime):
            return columns[name].astimezone(UTC).date()
    return DAY


def _least(column: Column, day: date) -> Any:
    if pa.types.is_timestamp(column.type):
        return datetime.combine(day, time(12), UTC) if not column.nullable else None
    if column.nullable:
        return None
    if column.allowed:
        return column.allowed[0]
    if pa.types.is_string(column.type):
        return f"{column.name}-1"
    if pa.types.is_boolean(column.type):
        return False
    if pa.types.is_date(column.type):
        return day
    if pa.types.is_list(column.type):
        return []
    least = column.minimum if column.minimum is not None else 0
    return int(least) if pa.types.is_integer(column.type) else float(least)


def post_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `posts`; hashtags are read from the caption if only it is given.

    `day` follows `created_at`, and `observed_at` is a day later.
    """
    if "caption" in columns and columns["caption"] is not None:
        words = columns["caption"].split()
        for name, mark in (("hashtags", "#"), ("mentions", "@")):
            found = [word[1:].casefold() for word in words if word[:1] == mark]
            columns.setdefault(name, list(dict.fromkeys(found)))
    return row("posts", **columns)


def comment_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `comments`."""
    return row("comments", **columns)


def media_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `media`; one with a path is stored."""
    if columns.get("path") is not None:
        columns.setdefault("status", "stored")
    return row("media", **columns)


def engagement_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `engagement`; `day` follows `observed_at`."""
    if "created_at" in columns:
        columns.setdefault("observed_at", columns["created_at"] + ONE_DAY)
    if "observed_at" in columns:
        columns.setdefault("day", columns["observed_at"].astimezone(UTC).date())
        columns.setdefault("created_at", columns["observed_at"] - ONE_DAY)
    return row("engagement", **columns)


def author_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `authors`."""
    return row("authors", **columns)


def coverage_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `coverage`."""
    return row("coverage", **columns)


def tracker_post_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `tracker_posts`."""
    return row("tracker_posts", **columns)


def sentiment_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `sentiment`; the label follows the compound."""
    compound = columns.get("compound")
    if compound is not None and "label" not in columns:
        columns["label"] = (
            "negative"
            if compound <= -0.05
            else "positive"
            if compound >= 0.05
            else "neutral"
        )
    return row("sentiment", **columns)


def garment_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `garments`."""
    return row("garments", **columns)


def garment_tag_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `garment_tags`."""
    return row("garment_tags", **columns)


def look_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `looks`."""
    return row("looks", **columns)


def activity_row(**columns: Any) -> dict[str, Any]:
    """Build a row of `activity`."""
    return row("activity", **columns)
