"""The activity queries count what a person would count by hand."""

import random
from datetime import UTC, date, datetime, timedelta
from statistics import fmean, median

import duckdb
import pyarrow as pa
import pytest

from trendlab.errors import SignalError
from trendlab.schemas import TABLES
from trendlab.signals.activity import (
    PARAMS,
    as_declared,
    covered_days,
    lake_query,
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
    return {
        "posts": {
            "day": day,
            "source": "s",
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
            "source": "s",
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
            "source": "s",
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


def comment(comment_id, post_id, *, day=D1, author="c", label="negative", hour=12):
    return {
        "comments": {
            "day": day,
            "source": "s",
            "comment_id": comment_id,
            "post_id": post_id,
            "created_at": at(day, hour),
            "author_id": author,
            "text": "no",
            "observed_at": at(day),
        },
        "sentiment": {
            "day": day,
            "source": "s",
            "item_kind": "comment",
            "item_id": comment_id,
            "post_id": post_id,
            "language": "en",
            "language_confidence": 1.0,
            "is_scored": True,
            "compound": -0.5,
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
    relations["coverage"] = TABLES["coverage"].from_rows(list(coverage))
    relations["engagement"] = TABLES["engagement"].from_rows(list(engagement))
    relations["run_ids"] = run_id_rows({day: f"run-{day}" for day in days})
    relations["tracker_zones"] = tracker_zone_rows(zones or {})
    with duckdb.connect() as connection:
        for relation, rows in relations.items():
            connection.register(relation, rows)
        found = connection.sql(lake_query(name), params=PARAMS[name]).to_arrow_table()
    return as_declared(found, name)


def activity(made, **more):
    rows = run("activity", made, **more).to_pylist()
    return {(row["tracker"], row["city"], row["day"]): row for row in rows}


def test_each_city_and_all_of_them_are_counted():
    rows = activity(
        [
            post("1", author="a", likes=4, city="paris", label="negative"),
            post("2", author="b", likes=None, city="paris", label="positive"),
            post("3", author="b", likes=8, city="unknown", is_repost=True),
            post("4", likes=1000, is_excluded=True),
        ]
    )
    assert set(rows) == {("shoes", c, D1) for c in ("all", "paris", "unknown")}
    total = rows["shoes", "all", D1]
    assert total["posts_count"] == 3
    assert total["authors_count"] == 2
    assert total["reposts_count"] == 1
    assert total["likes_count"] == 12
    assert total["like_coverage"] == pytest.approx(2 / 3)
    assert total["likes_per_post"] == 6
    assert total["activity_raw"] == 15
    assert total["sentiment_index"] == 0
    assert total["scored_count"] == 2
    assert total["negative_authors_count"] == 1
    assert total["run_id"] == "run-2024-03-01"
    assert rows["shoes", "paris", D1]["likes_count"] == 4


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


def test_an_author_weighs_at_most_three_posts():
    made = [post(f"x{i}", author="loud", label="negative") for i in range(10)]
    made += [post(f"y{i}", author="even", label="negative") for i in range(3)]
    made += [post(f"z{i}", author="even", label="positive") for i in range(3)]
    row = activity(made)["shoes", "all", D1]
    assert (row["negative_count"], row["scored_count"]) == (13, 16)
    assert row["scored_capped_count"] == 6
    assert row["negative_capped_count"] == 5  # 3 + 1.5, rounded
    assert row["negative_authors_count"] == 2


def test_unknown_authors_are_not_capped_and_make_authors_unknown():
    made = [post(f"x{i}", author=None, label="negative") for i in range(10)]
    row = activity(made)["shoes", "all", D1]
    assert row["authors_count"] is None
    assert row["negative_authors_count"] is None
    assert row["negative_capped_count"] == 10


def test_one_author_in_two_cities_is_capped_in_each_and_in_all():
    made = [
        post(f"{city}{i}", author="loud", city=city, label="negative")
        for city in ("paris", "milan")
        for i in range(4)
    ]
    rows = activity(made)
    assert rows["shoes", "paris", D1]["negative_capped_count"] == 3
    assert rows["shoes", "all", D1]["negative_capped_count"] == 3
    assert rows["shoes", "all", D1]["authors_count"] == 1


def test_a_post_counts_on_the_local_day_of_its_tracker():
    rows = activity([post("1", day=D1, local_day=D2)], days=(D1, D2))
    assert set(rows) == {("shoes", "all", D2), ("shoes", "paris", D2)}


def test_comments_count_on_their_own_day_under_their_posts_city():
    made = [
        post("1", day=D1, city="milan"),
        comment("c1", "1", day=D2),
        comment("c2", "1", day=D2, author="d", label="positive"),
        comment("c3", "elsewhere", day=D2),
    ]
    rows = activity(made, days=(D2,))
    assert set(rows) == {("shoes", "all", D2), ("shoes", "milan", D2)}
    row = rows["shoes", "milan", D2]
    assert row["posts_count"] == 0
    assert (row["comment_scored_count"], row["comment_negative_count"]) == (2, 1)
    assert row["comment_negative_authors_count"] == 1


def test_a_comments_day_follows_the_trackers_time_zone():
    made = [post("1", day=D1), comment("c1", "1", day=D1, hour=20)]
    rows = activity(made, days=(D1, D2), zones={"shoes": "Asia/Tokyo"})
    assert rows["shoes", "all", D2]["comment_scored_count"] == 1


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


def test_a_day_covered_in_part_is_flagged():
    coverage = [
        {
            "day": D1,
            "tracker": "shoes",
            "source": "s",
            "status": "partial",
            "tracker_version": "v",
            "observed_at": at(D1),
        }
    ]
    made = [post("1"), post("2", tracker="bags")]
    rows = activity(made, coverage=coverage)
    assert rows["shoes", "all", D1]["is_partial"]
    assert not rows["bags", "all", D1]["is_partial"]


def test_a_range_equals_its_days():
    made = [
        post("1", day=D1, label="negative"),
        post("2", day=D2, author="b", likes=None),
        comment("c1", "1", day=D2),
    ]
    both = run("activity", made, days=(D1, D2))
    single = pa.concat_tables(run("activity", made, days=(d,)) for d in (D1, D2))
    key = [("tracker", "ascending"), ("city", "ascending"), ("day", "ascending")]
    assert both.equals(single.sort_by(key))


def test_a_comment_counts_up_to_28_days_after_its_post():
    """However far back posts are at hand: a day of a range is the day alone."""
    days = [D1 + timedelta(days=number) for number in range(31)]
    late, too_late = days[28], days[29]
    made = [
        post("1", day=D1),
        comment("c1", "1", day=late),
        comment("c2", "1", day=too_late),
    ]
    rows = activity(made, days=days)
    assert rows["shoes", "all", late]["comment_scored_count"] == 1
    assert ("shoes", "all", too_late) not in rows


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


def test_nothing_in_gives_typed_nothing():
    assert run("activity", []).num_rows == 0
    assert run("author_days", []).schema.equals(TABLES["author_days"].arrow)


def test_author_days_give_the_main_city_and_newest_handle():
    made = [
        post("1", city="paris", label="negative"),
        post("2", city="milan", likes=None),
        post("3", city="milan", likes=7),
        post("4", author=None),
        post("5", is_excluded=True),
    ]
    rows = run("author_days", made).to_pylist()
    assert len(rows) == 1
    row = rows[0]
    assert (row["author_id"], row["city"], row["author_handle"]) == ("a", "milan", "a")
    assert (row["posts_count"], row["likes_known_count"], row["likes_count"]) == (
        3,
        2,
        17,
    )
    assert (row["negative_count"], row["scored_count"]) == (1, 1)


def test_authors_have_the_likes_and_comments_that_their_day_has():
    """Both are of the reading nearest to 24 hours, and of none that is late."""

    def reading(post_id, hours, likes, comments):
        read_at = at(D1) + timedelta(hours=hours)
        return {
            "day": read_at.date(),
            "source": "s",
            "post_id": post_id,
            "created_at": at(D1),
            "observed_at": read_at,
            "likes_count": likes,
            "comments_count": comments,
        }

    made = [post("1", likes=900, comments=90), post("2", likes=5, comments=3)]
    readings = [
        reading("1", 2, 4, 1),
        reading("1", 26, 50, None),
        reading("1", 36, None, 7),
        reading("2", 7 * 24, 600, 60),
    ]
    (author,) = run("author_days", made, engagement=readings).to_pylist()
    day = activity(made, engagement=readings)["shoes", "all", D1]
    assert (author["likes_count"], author["comments_count"]) == (55, 10)
    assert (day["likes_count"], day["comments_count"]) == (55, 10)


def test_coverage_says_which_days_were_seen():
    def row(day, status, tracker="shoes", version="v1"):
        return {
            "day": day,
            "tracker": tracker,
            "source": "s",
            "status": status,
            "tracker_version": version,
            "observed_at": at(day),
        }

    third, fourth = date(2024, 3, 3), date(2024, 3, 4)
    coverage = TABLES["coverage"].from_rows(
        [
            row(D1, "complete"),
            row(D2, "partial", version="v2"),
            row(third, "none"),
            row(fourth, "complete", tracker="all", version=""),
        ]
    )
    rows = covered_days(coverage).to_pylist()
    shoes = [r for r in rows if r["tracker"] == "shoes"]
    assert [r["day"] for r in shoes] == [D1, D2, fourth]
    assert [r["is_partial"] for r in shoes] == [False, True, False]
    assert [r["tracker_version"] for r in shoes] == ["v1", "v2", ""]
    everyone = [r for r in rows if r["tracker"] == "all"]
    assert [r["day"] for r in everyone] == [D1, D2, fourth]
    assert len({r["tracker_version"] for r in everyone}) == 3
    assert [r["day"] for r in rows if r["tracker"] == "*"] == [fourth]


def test_an_unknown_query_is_an_error():
    with pytest.raises(SignalError, match=r"nothing\.sql"):
        lake_query("nothing")
