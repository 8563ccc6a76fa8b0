"""Likes and comments of a day: which reading counts, and how many a post."""

import random
from datetime import timedelta
from statistics import fmean, median

import pytest

from tests.signals.activity_rows import D1, D2, activity, at, comment, post


def test_unknown_likes_are_missing_and_not_zero():
    row = activity([post("1", likes=None)])["shoes", "all", D1]
    assert row["likes_count"] is None
    assert row["likes_per_post"] is None
    assert row["likes_per_post_trimmed"] is None
    assert row["like_coverage"] == 0
    assert row["activity"] == 1


def test_the_trimmed_mean_drops_a_tenth_at_either_end():
    made = [
        post(str(i), author=str(i), likes=likes)
        for i, likes in enumerate([0, 1, 2, 3, 4, 5, 6, 7, 8, 10_000])
    ]
    row = activity(made)["shoes", "all", D1]
    assert row["likes_per_post"] == 4.5
    assert row["likes_per_post_trimmed"] == 4.5


def test_likes_and_comments_a_post_equal_those_counted_by_hand():
    """Over posts of any size whose count is known, in each city and in all of them."""
    draw = random.Random(3)
    made, told = [], {}
    for number in range(400):
        tracker, city = draw.choice("ab"), draw.choice(["paris", "rome", "unknown"])
        counts = {
            name: draw.choice([None, 0, draw.randrange(9), draw.randrange(2_000)])
            for name in ("likes", "comments")
        }
        is_excluded = number % 20 == 0
        made.append(
            post(
                str(number),
                tracker=tracker,
                city=city,
                is_excluded=is_excluded,
                **counts,
            )
        )
        for name, count in counts.items():
            if count is not None and not is_excluded:
                for place in (city, "all"):
                    told.setdefault((tracker, place, name), []).append(count)

    rows = activity(made)

    assert len(told) == 16
    for (tracker, place, name), counts in told.items():
        counts.sort()
        cut = len(counts) // 10
        row = rows[tracker, place, D1]
        assert row[f"{name}_count"] == sum(counts)
        assert row[f"{name}_per_post"] == median(counts)
        trimmed = fmean(counts[cut : len(counts) - cut])
        assert row[f"{name}_per_post_trimmed"] == pytest.approx(trimmed, rel=1e-12)


def test_unknown_comments_are_missing_and_not_zero():
    rows = activity(
        [
            post("1", comments=None),
            post("2", comments=0, city="rome"),
            post("3", comments=6, city="rome"),
        ]
    )
    assert rows["shoes", "all", D1]["comments_per_post"] == 3
    assert rows["shoes", "rome", D1]["comments_per_post_trimmed"] == 3
    paris = rows["shoes", "paris", D1]
    assert paris["comments_count"] is None
    assert paris["comments_per_post"] is None
    assert paris["comments_per_post_trimmed"] is None
    assert paris["likes_per_post"] == 10


def test_a_day_of_comments_alone_has_nothing_a_post():
    made = [post("1", day=D1), comment("c1", "1", day=D2)]
    row = activity(made, days=(D2,))["shoes", "all", D2]
    assert (row["posts_count"], row["comments_per_post"]) == (0, None)


def test_likes_are_read_at_the_age_nearest_to_a_day():
    readings = [
        {
            "day": D1,
            "source": "s",
            "post_id": "1",
            "created_at": at(D1),
            "observed_at": at(D1) + timedelta(hours=hours),
            "likes_count": likes,
        }
        for hours, likes in ((2, 5), (26, 50), (200, 500))
    ]
    row = activity([post("1", likes=500, age_hours=200)], engagement=readings)
    assert row["shoes", "all", D1]["likes_count"] == 50


def test_comments_are_read_at_the_age_nearest_to_a_day():
    """Of a post that was not read again, those that it came with count."""
    readings = [
        {
            "day": (at(D1) + timedelta(hours=hours)).date(),
            "source": "s",
            "post_id": "1",
            "created_at": at(D1),
            "observed_at": at(D1) + timedelta(hours=hours),
            "likes_count": likes,
            "comments_count": comments,
        }
        for hours, likes, comments in ((2, 5, 1), (26, 50, None), (36, None, 7))
    ]
    made = [post("1", comments=90, age_hours=200), post("2", comments=3, city="rome")]
    rows = activity(made, engagement=readings)
    assert rows["shoes", "paris", D1]["likes_count"] == 50
    assert rows["shoes", "paris", D1]["comments_count"] == 7
    assert rows["shoes", "all", D1]["comments_per_post"] == 5


def test_young_likes_are_provisional():
    assert activity([post("1", age_hours=2)])["shoes", "all", D1]["is_provisional"]
    assert not activity([post("1")])["shoes", "all", D1]["is_provisional"]


def test_a_reading_of_likes_counts_up_to_two_days_after_the_post():
    """Of a range later readings are at hand: they say no more than of a day alone."""

    def reading(days, likes):
        return {
            "day": D1 + timedelta(days=days),
            "source": "s",
            "post_id": "1",
            "created_at": at(D1),
            "observed_at": at(D1 + timedelta(days=days)),
            "likes_count": likes,
        }

    made = [post("1", likes=900)]
    late, week = reading(3, 70), reading(7, 200)
    row = activity(made, engagement=[late, week])["shoes", "all", D1]
    assert row["likes_count"] == 900
    row = activity(made, engagement=[reading(2, 50), late, week])["shoes", "all", D1]
    assert row["likes_count"] == 50
