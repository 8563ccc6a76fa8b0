"""Makes rows of every warehouse table from the few columns that a test is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from trendlab.schemas import TABLES, Column

MONDAY = date(2026, 1, 5)


def at(day: date, hour: int = 12) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def rows_of(table: str, *rows: dict[str, Any], day: date = MONDAY) -> pa.Table:
    """Fill the columns that are not given with the least value they may hold."""
    declared = TABLES[table]
    return declared.from_rows(
        [
            {
                column.name: row.get(column.name, _least(column, row.get("day", day)))
                for column in declared.columns
            }
            for row in rows
        ]
    )


def _least(column: Column, day: date) -> Any:
    if column.name == "day":
        return day
    if column.nullable:
        return None
    if column.allowed:
        return column.allowed[0]
    if pa.types.is_string(column.type):
        return {"tracker": "outfits", "city": "paris", "source": "files"}.get(
            column.name, column.name
        )
    if pa.types.is_boolean(column.type):
        return False
    if pa.types.is_date(column.type):
        return day
    if pa.types.is_timestamp(column.type):
        return at(day)
    if pa.types.is_list(column.type):
        return []
    return 0 if column.minimum is None else max(0, int(column.minimum))


def world(first_day: date = MONDAY, days_count: int = 14) -> dict[str, pa.Table]:
    """A small consistent world that breaks no rule: two trackers, two cities.

    Every day has 4 posts of `outfits` (3 in Paris, 1 unknown) and 2 of `shoes` (in
    Rome), one excluded post beside them, a peak on the sixth day, a dip on the
    seventh.
    """
    days = [first_day + timedelta(days=n) for n in range(days_count)]
    posts, matched, activity, scores = [], [], [], []
    for day in days:
        plan = [("outfits", "paris")] * 3 + [("outfits", "unknown")]
        plan += [("shoes", "rome")] * 2
        for n, (tracker, city) in enumerate(plan):
            post = {
                "day": day,
                "post_id": f"{day}-{n}",
                "created_at": at(day),
                "author_id": f"a{n}",
                "caption": f"look {n}",
                "hashtags": ["outfit", "ootd"],
                "likes_count": None if n == 0 else 10 * n,
            }
            posts.append(post)
            matched += [
                {**post, "tracker": name, "city": city} for name in (tracker, "all")
            ]
        spam = {"day": day, "post_id": f"{day}-spam", "caption": "buy now"}
        posts.append(spam)
        matched.append(
            {**spam, "tracker": "outfits", "is_excluded": True, "excluded_by": "spam"}
        )
        counts = {
            ("outfits", "paris"): 3,
            ("outfits", "unknown"): 1,
            ("outfits", "all"): 4,
            ("shoes", "rome"): 2,
            ("shoes", "all"): 2,
            ("all", "paris"): 3,
            ("all", "unknown"): 1,
            ("all", "rome"): 2,
            ("all", "all"): 6,
        }
        for (tracker, city), posts_count in counts.items():
            series = {"day": day, "tracker": tracker, "city": city}
            activity.append(
                {
                    **series,
                    "posts_count": posts_count,
                    "scored_count": posts_count,
                    "negative_count": 1,
                    "like_coverage": 0.5,
                    "likes_count": 10 * posts_count,
                }
            )
            scores.append(
                {
                    **series,
                    "measure": "posts",
                    "value": posts_count,
                    "baseline": 3.0,
                    "expected_low": 1.0,
                    "expected_high": 5.0,
                    "average": "average",
                    "p_value": 0.5,
                }
            )
    peak_on, dip_on = days[5], days[6]
    event = {"tracker": "outfits", "city": "paris"}
    peak = {**event, "peak_id": "peak1", "start_on": peak_on, "apex_on": peak_on}
    dip = {**event, "dip_id": "dip1", "start_on": dip_on, "apex_on": dip_on}
    evidence = {"event_kind": "peak", "event_id": "peak1", "day": dip_on}
    return {
        "posts": rows_of("posts", *posts),
        "tracker_posts": rows_of("tracker_posts", *matched),
        "activity": rows_of("activity", *activity),
        "day_scores": rows_of("day_scores", *scores),
        "coverage": rows_of("coverage", *[{"day": d, "tracker": "all"} for d in days]),
        "peaks": rows_of(
            "peaks",
            {**peak, "day": peak_on, "end_on": peak_on, "severity": 3},
            {**peak, "day": dip_on, "end_on": dip_on, "severity": 5},
        ),
        "dips": rows_of(
            "dips",
            {
                **dip,
                "day": dip_on,
                "end_on": dip_on,
                "negative_count": 5,
                "scored_count": 30,
                "is_share_up": True,
                "topic": "",
            },
        ),
        "evidence": rows_of(
            "evidence",
            {**evidence, "day": peak_on, "evidence_kind": "hashtag", "rank": 1,
             "item": "apex"},
            {**evidence, "evidence_kind": "hashtag", "rank": 1, "item": "coachella"},
            {**evidence, "evidence_kind": "hashtag", "rank": 2, "item": "festival"},
            {**evidence, "evidence_kind": "author", "rank": 1,
             "item": "a1", "label": "@anna"},
            {**evidence, "day": dip_on, "event_kind": "dip", "event_id": "dip1",
             "evidence_kind": "word", "rank": 1, "item": "calendar"},
        ),
        "cities": rows_of(
            "cities",
            {"city": "paris", "name": "Paris", "lat": 48.9, "lon": 2.4},
            {"city": "rome", "name": "Rome", "lat": 41.9, "lon": 12.5},
        ),
        "models": rows_of(
            "models", {"model_name": "simulated", "is_simulated": True}
        ),
    }  # fmt: skip
