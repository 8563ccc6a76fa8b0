"""Posts and profiles of authors, and events, as influencers are ranked from them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.signals.influencer_tables import read_tables
from trendlab.signals.influencers import rank_influencers

MONDAY = date(2026, 3, 2)
SUNDAY = date(2026, 3, 8)
FIRST_WINDOW_DAY = date(2026, 2, 9)


def post(
    author: str,
    day: date,
    number: int = 0,
    *,
    likes: int | None = 10,
    tracker: str = "denim",
    city: str = "rome",
    **more: Any,
) -> dict[str, Any]:
    return {
        "day": day,
        "tracker": tracker,
        "author_id": author,
        "post_id": f"{author}-{day}-{number}",
        "likes_count": likes,
        "city": city,
        "city_source": "coordinates",
        "is_negative": False,
        "is_repost": False,
        "is_excluded": False,
        "mentions": [],
        "followers": None,
        **more,
    }


def tables_of(
    posts: list[dict[str, Any]],
    authors: list[dict[str, Any]] | None = None,
    peaks: list[dict[str, Any]] | None = None,
    dips: list[dict[str, Any]] | None = None,
    homes: dict[str, str] | None = None,
    comments: list[dict[str, Any]] | None = None,
) -> dict[str, pa.Table]:
    """Turn posts into the tables that the rule reads, with the tracker 'all'."""
    matched, days, plain = [], {}, {}
    for row in posts:
        created_at = datetime.combine(row["day"], datetime.min.time(), UTC)
        plain[row["post_id"]] = {
            "day": row["day"],
            "source": "net",
            "post_id": row["post_id"],
            "likes_count": row["likes_count"],
            "is_repost": row["is_repost"],
            "mentions": row["mentions"],
            "author_followers_count": row["followers"],
        }
        for tracker in (row["tracker"], "all"):
            matched.append(
                {
                    **{k: row[k] for k in ("day", "author_id", "post_id", "city")},
                    "city_source": row["city_source"],
                    "is_excluded": row["is_excluded"],
                    "tracker": tracker,
                    "source": "net",
                    "created_at": created_at,
                }
            )
            if row["author_id"] is None or row["is_excluded"]:
                continue
            key = (row["day"], tracker, row["author_id"])
            if key not in days:
                days[key] = {
                    "day": row["day"],
                    "tracker": tracker,
                    "source": "net",
                    "author_id": row["author_id"],
                    "author_handle": f"h_{row['author_id']}",
                    "city": row["city"],
                    "posts_count": 0,
                    "scored_count": 0,
                    "negative_count": 0,
                }
            days[key]["posts_count"] += 1
            days[key]["scored_count"] += 1
            days[key]["negative_count"] += int(row["is_negative"])
    readings = [
        {
            "day": FIRST_WINDOW_DAY,
            "source": "net",
            "author_kind": "person",
            "handle": f"h_{row['author_id']}",
            **row,
        }
        for row in authors or []
    ]
    return {
        "author_days": TABLES["author_days"].from_rows(list(days.values())),
        "tracker_posts": TABLES["tracker_posts"].from_rows(matched),
        "posts": TABLES["posts"].from_rows(list(plain.values())),
        "authors": TABLES["authors"].from_rows(readings),
        "peaks": TABLES["peaks"].from_rows(peaks or []),
        "dips": TABLES["dips"].from_rows(dips or []),
        "comments": TABLES["comments"].from_rows(comments or []),
        "author_homes": TABLES["author_homes"].from_rows(
            [
                {
                    "day": MONDAY,
                    "source": "net",
                    "author_id": author,
                    "home_city": city,
                    "home_source": "posts",
                }
                for author, city in (homes or {}).items()
            ]
        ),
    }


def rank(
    tables: dict[str, pa.Table],
    weeks: list[date] | None = None,
    covered_days: pa.Table | None = None,
    **more: Any,
):
    weeks = weeks or [MONDAY]
    return rank_influencers(
        read_tables(**tables, covered_days=covered_days),
        weeks=weeks,
        run_ids={week: f"run-{week}" for week in weeks},
        **more,
    )


def rows_of(ranked: pa.Table, tracker: str = "denim", kind: str = "all") -> list[dict]:
    frame = pl.DataFrame(ranked).filter(
        pl.col("tracker") == tracker, pl.col("window_kind") == kind
    )
    return frame.sort("rank").to_dicts()


def crowd(
    rng: np.random.Generator, authors: int = 60, days: int = 84
) -> list[dict[str, Any]]:
    """Authors alike in all: one post each three days, likes of one distribution."""
    first = SUNDAY - timedelta(days=days - 1)
    posts = []
    for author in range(authors):
        for day in range(days):
            if rng.random() < 1 / 3:
                likes = int(rng.lognormal(3.0, 0.8))
                posts.append(
                    post(f"a{author:02}", first + timedelta(days=day), likes=likes)
                )
    return posts


def peak(day: date, *, city: str = "all", **more: Any) -> dict[str, Any]:
    return {
        "day": day, "peak_id": f"peak-{city}-{day}", "tracker": "denim",
        "city": city, "measure": "posts", "start_on": day, "apex_on": day,
        "end_on": day, **more,
    }  # fmt: skip


def dip(day: date, **more: Any) -> dict[str, Any]:
    return {
        "day": day, "dip_id": f"dip-{day}", "tracker": "denim", "city": "all",
        "topic": "", "item_kind": "post", "start_on": day, "apex_on": day,
        "end_on": day, **more,
    }  # fmt: skip
