from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.builders import (
    comment_row,
    post_row,
    sentiment_row,
    table,
    tracker_post_row,
)
from trendlab.schemas import TABLES
from trendlab.text.terms import count_terms
from trendlab.text.words import tokenize

DAY = date(2026, 1, 5)
NEXT = DAY + timedelta(days=1)
RUN_IDS = {DAY: "r5", NEXT: "r6"}
Rows = list[dict[str, Any]]


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def post(post_id: str, caption: str | None, **columns: Any) -> dict[str, Any]:
    columns.setdefault("author_id", f"author of {post_id}")
    return post_row(post_id=post_id, caption=caption, created_at=at(DAY), **columns)


def counted(
    posts: Rows,
    *,
    comments: Rows = (),
    sentiment: Rows = (),
    matched: Rows | None = None,
    run_ids: dict[date, str] = RUN_IDS,
    **options: Any,
) -> Rows:
    if matched is None:
        matched = [{"post_id": each["post_id"], "day": each["day"]} for each in posts]
    found = count_terms(
        table("tracker_posts", [tracker_post_row(**row) for row in matched]),
        table("posts", posts),
        table("comments", [comment_row(**row) for row in comments]),
        table("sentiment", [sentiment_row(**row) for row in sentiment]),
        run_ids=run_ids,
        comment_days=28,
        **options,
    )
    assert found.schema == TABLES["term_days"].arrow
    assert found.equals(
        found.sort_by([(name, "ascending") for name in TABLES["term_days"].key])
    )
    return found.to_pylist()


def shown(rows: Rows) -> dict[str, int]:
    mark = {"word": "", "hashtag": "#"}
    return {mark[r["term_kind"]] + r["term"]: r["items_count"] for r in rows}


def test_a_term_counts_once_an_item_and_needs_two_items() -> None:
    rows = counted(
        [
            post("a", "advent advent calendar #chanel"),
            post("b", "advent of winter #chanel #gift"),
        ]
    )
    assert shown(rows) == {"advent": 2, "#chanel": 2}


def test_moods_and_authors_are_counted_beside_items() -> None:
    posts = [
        post("a", "advent calendar", author_id="ana"),
        post("b", "advent calendar", author_id="ana"),
        post("c", "advent calendar", author_id=None),
        post("d", "advent", author_id="dan"),
    ]
    sentiment = [
        {"item_id": "a", "post_id": "a", "compound": -0.5},
        {"item_id": "b", "post_id": "b", "compound": -0.6},
        {"item_id": "c", "post_id": "c", "compound": -0.7},
        {"item_id": "d", "post_id": "d", "compound": 0.9},
    ]
    rows = {row["term"]: row for row in counted(posts, sentiment=sentiment)}
    advent = rows["advent"]
    assert advent["items_count"] == 4
    assert advent["authors_count"] == 2
    assert advent["scored_count"] == 4
    assert advent["negative_count"] == 3
    assert advent["negative_authors_count"] == 1
    assert advent["unknown_count"] == 1
    assert advent["unknown_negative_count"] == 1
    assert advent["run_id"] == "r5"


def test_what_was_not_scored_is_not_negative() -> None:
    posts = [post("a", "advent"), post("b", "advent")]
    unscored = {"is_scored": False, "compound": None, "label": None}
    sentiment = [{"item_id": "a", "post_id": "a", **unscored}]
    (row,) = counted(posts, sentiment=sentiment)
    assert (row["scored_count"], row["negative_count"]) == (0, 0)


def test_excluded_posts_and_their_comments_are_left_out() -> None:
    posts = [post("a", "advent"), post("b", "advent"), post("c", "advent")]
    matched = [
        {"post_id": "a", "day": DAY},
        {"post_id": "b", "day": DAY},
        {"post_id": "c", "day": DAY, "is_excluded": True, "excluded_by": "spam"},
    ]
    comments = [
        {"comment_id": f"c{n}", "post_id": "c", "text": "advent", "created_at": at(DAY)}
        for n in range(3)
    ]
    assert shown(counted(posts, comments=comments, matched=matched)) == {"advent": 2}


def test_a_post_of_two_trackers_counts_in_both() -> None:
    posts = [post("a", "advent"), post("b", "advent")]
    matched = [
        {"post_id": post_id, "day": DAY, "tracker": tracker}
        for post_id in "ab"
        for tracker in ("all", "chanel")
    ]
    rows = counted(posts, matched=matched)
    assert [(row["tracker"], row["items_count"]) for row in rows] == [
        ("all", 2),
        ("chanel", 2),
    ]


def test_comments_count_on_their_own_day_under_their_posts_trackers() -> None:
    posts = [post("a", "winter")]
    comments = [
        {"comment_id": f"c{n}", "post_id": "a", "text": text, "created_at": at(NEXT)}
        for n, text in enumerate(
            ["too much plastic #fail", "plastic again #FAIL", "ok"]
        )
    ]
    sentiment = [
        {"item_kind": "comment", "item_id": "c0", "post_id": "a", "compound": -0.4}
    ]
    rows = counted(posts, comments=comments, sentiment=sentiment)
    assert {(r["day"], r["item_kind"], r["run_id"]) for r in rows} == {
        (NEXT, "comment", "r6")
    }
    assert shown(rows) == {"plastic": 2, "#fail": 2}
    assert {row["negative_count"] for row in rows} == {1}


def test_a_comment_and_an_author_of_two_files_count_once() -> None:
    """The post is that of the file of boots; its comments were read with both."""
    posts = [
        post("a", "winter", source="net__boots", author_id="one"),
        post("b", "winter", source="net__coats", author_id="one"),
    ]
    matched = [
        {"post_id": each["post_id"], "day": DAY, "source": each["source"]}
        for each in posts
    ]
    comments = [
        {
            "comment_id": f"c{number}",
            "post_id": "a",
            "text": "plastic",
            "source": source,
            "author_id": f"by {number}",
            "created_at": at(DAY),
        }
        for number, source in enumerate(["net__boots", "net__coats", "other"])
    ]
    comments += [{**comments[0], "source": "net__coats"}]
    # under another day it is another comment, whichever days are at hand
    later = at(DAY + timedelta(days=3))
    comments += [{**comments[1], "source": "net__boots", "created_at": later}]

    rows = counted(posts, comments=comments, matched=matched)

    assert {
        row["term"]: (row["items_count"], row["authors_count"]) for row in rows
    } == {
        "winter": (2, 1),
        "plastic": (2, 2),
    }


def test_a_comment_falls_on_the_day_of_its_trackers_clock() -> None:
    posts = [post("a", "winter")]
    # 20:00 UTC is the next morning in Tokyo
    comments = [
        {
            "comment_id": f"c{n}",
            "post_id": "a",
            "text": "plastic",
            "created_at": at(DAY, 20),
        }
        for n in range(2)
    ]
    (utc,) = counted(posts, comments=comments)
    (tokyo,) = counted(posts, comments=comments, time_zones={"brand": "Asia/Tokyo"})
    assert (utc["day"], tokyo["day"]) == (DAY, NEXT)


def test_posts_of_days_that_are_not_wanted_are_left_out() -> None:
    posts = [post("a", "advent"), post("b", "advent")]
    assert counted(posts, run_ids={NEXT: "r6"}) == []
    assert counted(posts, run_ids={}) == []


def test_only_the_most_used_terms_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendlab.text.terms.MAX_TERMS", 2)
    posts = [post("a", "xx yy zz"), post("b", "xx yy zz"), post("c", "zz")]
    assert shown(counted(posts)) == {"zz": 3, "xx": 2}


def test_nothing_in_gives_a_typed_nothing() -> None:
    assert counted([]) == []
    empty = [TABLES[n].empty() for n in ("tracker_posts", "posts", "comments")]
    empty += [TABLES["sentiment"].empty()]
    found = count_terms(*empty, run_ids=RUN_IDS, comment_days=28)
    assert found.equals(TABLES["term_days"].empty())


def test_one_post_without_caption_gives_nothing() -> None:
    assert counted([post("a", None)]) == []


def test_hostile_texts_are_counted() -> None:
    posts = [post("a", "ad\x00vent " + "x" * 5000 + " coat"), post("b", "coat 🧥\x00")]
    assert shown(counted(posts)) == {"coat": 2}


def test_a_comment_counts_up_to_28_days_after_its_post() -> None:
    """However far back posts are at hand: a day of a range is the day alone."""
    late, too_late = (DAY + timedelta(days=days) for days in (28, 29))
    comments = [
        {
            "comment_id": f"{on}{n}",
            "post_id": "a",
            "created_at": at(on),
            "text": "advent",
        }
        for on in (late, too_late)
        for n in range(2)
    ]
    run_ids = {late: "r28", too_late: "r29"}
    rows = counted([post("a", "coat")], comments=comments, run_ids=run_ids)
    assert [(row["day"], row["term"]) for row in rows] == [(late, "advent")]


def _many(size: int) -> tuple[Rows, pa.Table, pa.Table]:
    words = ["coat", "hat", "bag", "red", "blue", "plastic", "advent", "wool", "silk"]
    posts = [
        post_row(
            post_id=f"p{n}",
            author_id=f"a{n % 7}",
            caption=" ".join(words[(n * k) % 9] for k in range(1, 5)),
            created_at=at(DAY + timedelta(days=n % 3)),
        )
        for n in range(size)
    ]
    matched = table(
        "tracker_posts",
        [tracker_post_row(post_id=p["post_id"], day=p["day"]) for p in posts],
    )
    return posts, table("posts", posts), matched


def test_counts_equal_a_plain_count() -> None:
    posts, rows, matched = _many(120)
    run_ids = {DAY + timedelta(days=n): f"r{n}" for n in range(3)}
    empty = TABLES["comments"].empty(), TABLES["sentiment"].empty()
    found = count_terms(matched, rows, *empty, run_ids=run_ids, comment_days=28)
    plain = Counter(
        (each["day"], word) for each in posts for word in set(tokenize(each["caption"]))
    )
    assert {(r["day"], r["term"]): r["items_count"] for r in found.to_pylist()} == {
        key: count for key, count in plain.items() if count >= 2
    }


def test_a_range_gives_the_rows_of_its_days() -> None:
    _, rows, matched = _many(120)
    run_ids = {DAY + timedelta(days=n): f"r{n}" for n in range(3)}
    empty = TABLES["comments"].empty(), TABLES["sentiment"].empty()
    whole = count_terms(matched, rows, *empty, run_ids=run_ids, comment_days=28)
    for day, run_id in run_ids.items():
        alone = count_terms(
            matched, rows, *empty, run_ids={day: run_id}, comment_days=28
        )
        of_day = whole.filter(pc.equal(whole["day"], pa.scalar(day)))
        assert alone.equals(of_day)
