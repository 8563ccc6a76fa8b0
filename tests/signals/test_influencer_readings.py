"""Influencers: what counts of posts, likes and profiles, and what does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.signals.authors import SUNDAY, post, rank, rows_of, tables_of


def test_unknown_followers_give_likes_per_post_and_the_tier_unknown() -> None:
    known = [{"author_id": "b", "followers_count": 400_000}]
    posts = [post("a", SUNDAY, likes=30), post("b", SUNDAY, likes=30)]

    rows = {row["author_id"]: row for row in rows_of(rank(tables_of(posts, known)))}

    assert (rows["a"]["followers_count"], rows["a"]["tier"]) == (None, "unknown")
    assert rows["a"]["likes_per_post"] == 30
    assert (rows["b"]["followers_count"], rows["b"]["tier"]) == (400_000, "mid")


@pytest.mark.parametrize(
    ("followers", "tier"),
    [(9_999, "nano"), (10_000, "micro"), (100_000, "mid"), (500_000, "macro"),
     (1_000_000, "mega")],
)  # fmt: skip
def test_tiers_start_at_their_lower_end(followers: int, tier: str) -> None:
    posts = [post("a", SUNDAY, followers=followers)]

    assert rows_of(rank(tables_of(posts)))[0]["tier"] == tier


def test_the_newest_reading_up_to_the_week_counts() -> None:
    readings = [
        {"author_id": "a", "followers_count": 5, "day": SUNDAY - timedelta(days=9)},
        {"author_id": "a", "followers_count": 6, "day": SUNDAY},
        {"author_id": "a", "followers_count": 7, "day": SUNDAY + timedelta(days=1)},
    ]

    row = rows_of(rank(tables_of([post("a", SUNDAY)], readings)))[0]

    assert row["followers_count"] == 6


def test_a_profile_first_read_in_the_week_after_counts_and_later_ones_do_not() -> None:
    readings = [
        {"author_id": "a", "followers_count": 8, "day": SUNDAY + timedelta(days=7)},
        {"author_id": "b", "followers_count": 9, "day": SUNDAY + timedelta(days=8)},
        {"author_id": "c", "followers_count": 9, "day": SUNDAY - timedelta(days=180)},
    ]
    posts = [post(author, SUNDAY) for author in "abc"]

    rows = {row["author_id"]: row for row in rows_of(rank(tables_of(posts, readings)))}

    followers = {author: row["followers_count"] for author, row in rows.items()}
    assert followers == {"a": 8, "b": None, "c": None}


def test_hidden_likes_are_unknown_not_zero() -> None:
    posts = [
        post("a", SUNDAY, 0, likes=None),
        post("a", SUNDAY, 1, likes=8),
        post("b", SUNDAY, likes=None),
    ]

    rows = {row["author_id"]: row for row in rows_of(rank(tables_of(posts)))}

    assert (rows["a"]["likes_per_post"], rows["a"]["posts_count"]) == (8.0, 2)
    assert rows["b"]["likes_per_post"] is None
    assert rows["b"]["engagement_shrunk"] is None
    assert rows["b"]["h_index"] == 0


def test_likes_of_a_repost_are_not_the_reposters() -> None:
    posts = [post("a", SUNDAY, likes=90_000, is_repost=True)]

    row = rows_of(rank(tables_of(posts)))[0]

    assert row["likes_per_post"] is None


def test_excluded_posts_and_unknown_authors_are_left_out() -> None:
    posts = [
        post("a", SUNDAY),
        post("spam", SUNDAY, is_excluded=True),
        post(None, SUNDAY, 2),
    ]

    assert [row["author_id"] for row in rows_of(rank(tables_of(posts)))] == ["a"]
