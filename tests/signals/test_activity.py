"""The activity queries count what a person would count by hand."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from tests.signals.activity_rows import D1, D2, activity, at, comment, post, run
from trendlab.errors import SignalError
from trendlab.schemas import TABLES
from trendlab.signals.activity import (
    covered_days,
    lake_query,
)


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


def test_an_author_of_many_comments_weighs_three():
    made = [post("1"), comment("c1", "1"), comment("c2", "1", label="positive")]
    made += [comment(f"d{n}", "1", author="d") for n in range(6)]
    made += [comment(f"u{n}", "1", author=None) for n in range(5)]
    row = activity(made)["shoes", "all", D1]
    assert (row["comment_scored_count"], row["comment_negative_count"]) == (13, 12)
    assert row["comment_scored_capped_count"] == 2 + 3 + 5
    assert row["comment_negative_capped_count"] == 1 + 3 + 5


def test_comments_in_other_languages_are_counted_as_read():
    made = [
        post("1", day=D1, city="milan"),
        comment("c1", "1"),
        comment("c2", "1", author="d", label=None),
        comment("c3", "1", day=D2, label=None),
    ]
    rows = activity(made, days=(D1, D2))
    row = rows["shoes", "milan", D1]
    assert (row["comment_read_count"], row["comment_scored_count"]) == (2, 1)
    assert ("shoes", "milan", D2) not in rows  # no post, and nothing scored


def test_a_comments_day_follows_the_trackers_time_zone():
    made = [post("1", day=D1), comment("c1", "1", day=D1, hour=20)]
    rows = activity(made, days=(D1, D2), zones={"shoes": "Asia/Tokyo"})
    assert rows["shoes", "all", D2]["comment_scored_count"] == 1


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


def test_nothing_in_gives_typed_nothing():
    assert run("activity", []).num_rows == 0
    assert run("author_days", []).schema.equals(TABLES["author_days"].arrow)


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


def coverage_of(*told):
    return TABLES["coverage"].from_rows(
        [
            {
                "day": day,
                "tracker": tracker,
                "source": "s",
                "status": status,
                "tracker_version": "v",
                "observed_at": at(day),
            }
            for day, tracker, status in told
        ]
    )


@pytest.mark.parametrize("owner", ["shoes", "all"])
@pytest.mark.parametrize(
    ("zone", "partial"),
    [
        ("America/New_York", [False, True]),  # the last evening is not known yet
        ("Asia/Tokyo", [True, False]),  # the first day began nine hours sooner
        ("Europe/Paris", [False, False]),  # but for an hour
    ],
)
def test_a_local_day_is_whole_where_its_utc_days_were_ingested(zone, partial, owner):
    """A day of which less than half is known is missing, and not a quiet one."""
    coverage = coverage_of((D1, owner, "complete"), (D2, owner, "complete"))
    rows = covered_days(coverage, {"shoes": zone}).to_pylist()

    def told(tracker):
        return [(r["day"], r["is_partial"]) for r in rows if r["tracker"] == tracker]

    assert told("shoes") == list(zip((D1, D2), partial, strict=True))
    assert told("all") == [(D1, False), (D2, False)]


def test_a_day_of_25_hours_lies_on_two_utc_days():
    autumn = date(2024, 11, 3)  # New York puts its clocks back
    near = [autumn + timedelta(days=n) for n in (-1, 0, 1)]
    coverage = coverage_of(*((day, "shoes", "complete") for day in near))
    rows = covered_days(coverage, {"shoes": "America/New_York"}).to_pylist()
    shoes = {r["day"]: r["is_partial"] for r in rows if r["tracker"] == "shoes"}
    assert shoes == {near[0]: False, autumn: False, near[2]: True}


def test_a_day_in_new_york_lacks_its_evening_until_the_next_utc_day_is_ingested():
    made = [post("1", day=D1), post("2", day=D1, tracker="bags")]
    zones = {"shoes": "America/New_York"}
    both = [(D1, "all", "complete"), (D2, "all", "complete")]
    for known, is_partial in ((both[:1], True), (both, False)):
        coverage = coverage_of(*known).to_pylist()
        rows = activity(made, coverage=coverage, zones=zones)
        assert rows["shoes", "all", D1]["is_partial"] == is_partial
        assert not rows["bags", "all", D1]["is_partial"]


def test_an_unknown_query_is_an_error():
    with pytest.raises(SignalError, match=r"nothing\.sql"):
        lake_query("nothing")
