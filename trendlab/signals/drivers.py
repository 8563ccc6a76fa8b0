"""Ranks what drives an event: items, words, authors, cities, garments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.signals.event_items import EventDay
from trendlab.signals.words import log_odds

Row = dict[str, Any]

# Days before the event that say what is usual.
BASELINE_DAYS = 28
# Rows of each kind an event shows; more than a person reads in an alert.
MAX_ROWS = 10
# Over-representation below this is ordinary for one word in ten thousand.
MIN_WORD_Z = 3.0
# An author's or city's excess below this many posts is no driver.
MIN_EXCESS = 2.0
# Length of a quoted caption, characters.
LABEL_LENGTH = 200


def top_items(items: list[Row], event_kind: str) -> list[Row]:
    """Rank posts by likes; negative items by compound × (1 + log1p(likes))."""

    def weight(item: Row) -> float:
        likes = float(np.log1p(item["likes"] or 0))
        if event_kind == "peak":
            return likes
        return -float(item["compound"]) * (1.0 + likes)

    ordered = sorted(
        items, key=lambda item: (-weight(item), item["source"], item["item_id"])
    )
    seen: set[str] = set()
    found: list[Row] = []
    for item in ordered:
        text = " ".join((item["text"] or "").split())
        if text in seen:  # copies of one text say one thing
            continue
        seen.add(text)
        found.append(
            {
                "item": item["item_id"],
                "label": text[:LABEL_LENGTH],
                "url": item["url"],
                "observed": None if item["likes"] is None else float(item["likes"]),
                "strength": item["compound"],
            }
        )
        if len(found) == MAX_ROWS:
            break
    return found


def top_terms(
    event: Row, event_kind: str, item_kind: str, items: list[Row], day: EventDay
) -> dict[str, list[Row]]:
    """Rank words and hashtags of the event's items against the tracker's past days."""
    past = _before(day.inputs.term_days, day.day)
    past = past.filter(
        pc.and_(
            pc.equal(past["tracker"], event["tracker"]),
            pc.equal(past["item_kind"], item_kind),
        )
    )
    column = "items_count" if event_kind == "peak" else "negative_count"
    usual: dict[tuple[str, str], float] = {}
    for kind, term, number in zip(
        past["term_kind"].to_pylist(),
        past["term"].to_pylist(),
        past[column].to_pylist(),
        strict=True,
    ):
        usual[kind, term] = usual.get((kind, term), 0.0) + number
    # an author counts once a term: one spammer is no over-representation
    users: dict[tuple[str, str], set[str]] = {}
    for item, terms in zip(items, day.terms(items), strict=True):
        who = f"{item['source']}\x1f{item['author_id'] or item['item_id']}"
        for pair in terms:
            users.setdefault(pair, set()).add(who)
    past_total = _past_items(event, event_kind, item_kind, day)
    found: dict[str, list[Row]] = {}
    for kind in ("word", "hashtag"):
        pairs = sorted(pair for pair in users if pair[0] == kind)
        counts = np.array([float(len(users[pair])) for pair in pairs])
        before = np.array([usual.get(pair, 0.0) for pair in pairs])
        z = log_odds(counts, before, total=float(len(items)), baseline_total=past_total)
        scale = len(items) / past_total if past_total > 0 else 0.0
        order = sorted(range(len(pairs)), key=lambda i: (-z[i], pairs[i]))
        found[kind] = [
            {
                "item": pairs[i][1],
                "label": f"#{pairs[i][1]}" if kind == "hashtag" else pairs[i][1],
                "observed": float(counts[i]),
                "expected": float(before[i] * scale),
                "strength": float(z[i]),
            }
            for i in order
            if z[i] >= MIN_WORD_Z
        ]
    return found


def _past_items(event: Row, event_kind: str, item_kind: str, day: EventDay) -> float:
    """Items (of a dip: negatives) of the tracker in the days before."""
    columns = {
        ("peak", "post"): "posts_count",
        ("dip", "post"): "negative_count",
        ("dip", "comment"): "comment_negative_count",
    }
    past = _before(day.inputs.activity, day.day)
    past = past.filter(
        pc.and_(
            pc.equal(past["tracker"], event["tracker"]), pc.equal(past["city"], "all")
        )
    )
    total = pc.sum(past[columns[event_kind, item_kind]]).as_py()
    return float(total or 0)


def _before(table: pa.Table, day: date) -> pa.Table:
    """Rows of the 28 days before a day."""
    return table.filter(
        pc.and_(
            pc.greater_equal(table["day"], pa.scalar(day - timedelta(BASELINE_DAYS))),
            pc.less(table["day"], pa.scalar(day)),
        )
    )


def _days_before(event: Row, day: EventDay) -> int:
    """Days with activity of the tracker among the 28 before."""
    past = _before(day.inputs.activity, day.day)
    past = past.filter(pc.equal(past["tracker"], event["tracker"]))
    return len(pc.unique(past["day"]))


def top_excess(
    observed: dict[str, float],
    expected: dict[str, float],
    label: Callable[[str], str | None],
) -> list[Row]:
    """Rank by observed − expected; strength is the share of all positive excess."""
    excess = {key: value - expected.get(key, 0.0) for key, value in observed.items()}
    total = sum(value for value in excess.values() if value > 0)
    ordered = sorted(excess, key=lambda key: (-excess[key], key))
    return [
        {
            "item": key,
            "label": label(key),
            "observed": observed[key],
            "expected": expected.get(key, 0.0),
            "strength": excess[key] / total,
        }
        for key in ordered[:MAX_ROWS]
        if excess[key] >= MIN_EXCESS
    ]


def top_authors(
    event: Row, event_kind: str, items: list[Row], day: EventDay
) -> list[Row]:
    """Rank known authors by their own excess over their own past days."""
    observed: dict[str, float] = {}
    handles: dict[str, str | None] = {}
    for item in items:
        if item["author_id"] is not None:
            key = f"{item['source']}:{item['author_id']}"
            observed[key] = observed.get(key, 0.0) + 1.0
            handles[key] = item["author_handle"]
    past = _before(day.inputs.author_days, day.day)
    past = past.filter(pc.equal(past["tracker"], event["tracker"]))
    column = "posts_count" if event_kind == "peak" else "negative_count"
    days = max(1, _days_before(event, day))
    expected: dict[str, float] = {}
    for source, author, number in zip(
        past["source"].to_pylist(),
        past["author_id"].to_pylist(),
        past[column].to_pylist(),
        strict=True,
    ):
        key = f"{source}:{author}"
        if key in observed:
            expected[key] = expected.get(key, 0.0) + number / days
    return top_excess(observed, expected, handles.get)


def top_cities(
    event: Row, event_kind: str, items: list[Row], day: EventDay
) -> list[Row]:
    """Rank cities by their excess over their own past days."""
    observed: dict[str, float] = {}
    for item in items:
        observed[item["city"]] = observed.get(item["city"], 0.0) + 1.0
    past = _before(day.inputs.activity, day.day)
    past = past.filter(pc.equal(past["tracker"], event["tracker"]))
    column = "posts_count" if event_kind == "peak" else "negative_count"
    days = max(1, _days_before(event, day))
    expected: dict[str, float] = {}
    for city, number in zip(
        past["city"].to_pylist(), past[column].to_pylist(), strict=True
    ):
        expected[city] = expected.get(city, 0.0) + number / days
    return top_excess(observed, expected, lambda city: city)


def top_garments(event: Row, items: list[Row], day: EventDay) -> list[Row]:
    """Rank garment classes of the event's posts against the tracker's past days."""
    garments = day.inputs.garments
    matched = day.inputs.garment_tracker_posts
    if garments.num_rows == 0 or matched.num_rows == 0:
        return []
    mine = matched.filter(
        pc.and_(
            pc.equal(matched["tracker"], event["tracker"]),
            pc.invert(matched["is_excluded"]),
        )
    ).select(["source", "post_id", "day"])
    joined = garments.select(["source", "post_id", "category"]).join(
        mine, keys=["source", "post_id"], join_type="inner"
    )
    inside = {(item["source"], item["item_id"]) for item in items}
    earliest = day.day - timedelta(BASELINE_DAYS)
    here: dict[str, float] = {}
    there: dict[str, float] = {}
    for row in joined.to_pylist():
        if row["day"] == day.day:
            if (row["source"], row["post_id"]) in inside:
                here[row["category"]] = here.get(row["category"], 0.0) + 1.0
        elif earliest <= row["day"] < day.day:
            there[row["category"]] = there.get(row["category"], 0.0) + 1.0
    if not there:
        return []
    names = sorted(here)
    counts = np.array([here[name] for name in names])
    before = np.array([there.get(name, 0.0) for name in names])
    past_total = sum(there.values())
    z = log_odds(counts, before, baseline_total=past_total)
    scale = float(counts.sum()) / past_total
    order = sorted(range(len(names)), key=lambda i: (-z[i], names[i]))
    return [
        {
            "item": names[i],
            "label": names[i],
            "observed": float(counts[i]),
            "expected": float(before[i] * scale),
            "strength": float(z[i]),
        }
        for i in order
        if z[i] >= MIN_WORD_Z
    ]
