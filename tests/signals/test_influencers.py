"""Influencers: planted authors are found, luck is shown as luck."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from trendlab.errors import SignalError
from trendlab.schemas import TABLES
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
    }


def rank(tables: dict[str, pa.Table], weeks: list[date] | None = None, **more: Any):
    weeks = weeks or [MONDAY]
    return rank_influencers(
        **tables, weeks=weeks, run_ids={week: f"run-{week}" for week in weeks}, **more
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


def test_planted_influencers_rank_first() -> None:
    rng = np.random.default_rng(1)
    posts = crowd(rng)
    for planted in ("star1", "star2"):
        for day in range(12):
            posts.append(
                post(
                    planted,
                    SUNDAY - timedelta(days=2 * day),
                    likes=int(rng.lognormal(5.5, 0.8)),
                )
            )
    for row in posts[::7]:
        row["mentions"] = ["h_star1", "h_star2"]

    ranked = rank(tables_of(posts))

    best = rows_of(ranked)[:2]
    assert {row["author_id"] for row in best} == {"star1", "star2"}
    assert all(row["rank_high"] <= 4 for row in best)
    assert ranked.schema.equals(TABLES["influencers"].arrow)


def test_among_equal_authors_the_ranks_are_shown_to_be_luck() -> None:
    rows = rows_of(rank(tables_of(crowd(np.random.default_rng(2)))))

    widths = [row["rank_high"] - row["rank_low"] for row in rows]
    assert len(rows) == 50  # of 60: all are ranked, the best 50 are kept
    assert np.median(widths) > 20
    assert all(row["rank_low"] <= row["rank"] <= row["rank_high"] for row in rows)


def test_a_single_viral_post_does_not_beat_a_steady_author() -> None:
    posts = crowd(np.random.default_rng(3), authors=40)
    posts += [post("lucky", SUNDAY, likes=900)]
    posts += [
        post("steady", SUNDAY - timedelta(days=d), likes=600) for d in range(0, 28, 2)
    ]

    by_author = {row["author_id"]: row for row in rows_of(rank(tables_of(posts)))}

    assert by_author["steady"]["rank"] == 1
    assert by_author["lucky"]["likes_per_post"] == 900
    assert (
        by_author["lucky"]["engagement_shrunk"]
        < by_author["steady"]["engagement_shrunk"]
    )


def test_empty_input_gives_a_typed_empty_table() -> None:
    ranked = rank(tables_of([]))

    assert ranked.equals(TABLES["influencers"].empty())


def test_one_post_gives_one_author_per_tracker_with_rank_one() -> None:
    ranked = rank(tables_of([post("only", SUNDAY, likes=5)]))

    assert ranked.num_rows == 2  # its tracker and 'all'
    row = rows_of(ranked)[0]
    assert (row["rank"], row["rank_low"], row["rank_high"]) == (1, 1, 1)
    assert (row["h_index"], row["likes_per_post"], row["score"]) == (1, 5.0, 0.0)
    assert row["contribution_share"] is None  # nothing is known of the usual
    assert row["pagerank"] is None  # nobody mentions anybody
    assert (row["window_from"], row["window_to"]) == (FIRST_WINDOW_DAY, SUNDAY)


def test_a_week_must_be_named_by_its_monday() -> None:
    with pytest.raises(SignalError, match="2026-03-03"):
        rank(tables_of([]), [date(2026, 3, 3)])


def test_many_weeks_at_once_equal_week_by_week() -> None:
    rng = np.random.default_rng(4)
    posts = crowd(rng, authors=12, days=100)
    gone = SUNDAY - timedelta(days=185)
    posts += [post("gone", gone, likes=9), post("zz", gone, likes=9)]
    for row in posts:
        row["mentions"] = [f"h_a{rng.integers(12):02}", "h_gone", "h_zz", "nobody"]
    event = SUNDAY - timedelta(days=9)
    readings = [{"author_id": a, "followers_count": 9} for a in ("a03", "gone", "zz")]
    tables = tables_of(posts, readings, [peak(event)], [dip(event)])
    weeks = [MONDAY - timedelta(days=7 * back) for back in (2, 1, 0)]

    together = rank(tables, weeks)
    apart = []
    for week in weeks:
        # what a night reads for this week alone
        reach = {"author_days": 180, "tracker_posts": 28, "peaks": 84, "dips": 84}
        near = {
            name: table.filter(
                pa.array(
                    [
                        week + timedelta(days=6) - day
                        < timedelta(days=reach.get(name, 400))
                        and day <= week + timedelta(days=13)
                        for day in table["day"].to_pylist()
                    ],
                    pa.bool_(),
                )
            )
            for name, table in tables.items()
        }
        apart.append(rank(near, [week]))

    assert together.combine_chunks().equals(pa.concat_tables(apart).combine_chunks())


def test_the_same_input_gives_the_same_rows() -> None:
    tables = tables_of(crowd(np.random.default_rng(5), authors=10))
    shuffled = {
        name: table.take(np.random.default_rng(6).permutation(table.num_rows))
        for name, table in tables.items()
    }

    assert rank(tables).equals(rank(shuffled))


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


def test_a_planted_driver_leads_the_window_of_high_activity() -> None:
    posts = crowd(np.random.default_rng(7), authors=30)
    event = SUNDAY - timedelta(days=3)
    posts += [post("driver", event, number, likes=20) for number in range(40)]
    posts += [post("driver", event - timedelta(days=40), likes=20)]

    ranked = rank(tables_of(posts, peaks=[peak(event)]))

    top = rows_of(ranked, kind="high_activity")[0]
    assert top["author_id"] == "driver"
    assert top["window_days"] == 1
    assert top["contribution_share"] > 0.5
    assert rows_of(ranked, kind="low_sentiment") == []
    assert rows_of(ranked, kind="both") == []
    # the peak is the tracker's own: the tracker 'all' had none
    assert rows_of(ranked, "all", "high_activity") == []


def test_a_planted_critic_leads_the_window_of_low_sentiment() -> None:
    posts = crowd(np.random.default_rng(8), authors=30)
    event = SUNDAY - timedelta(days=2)
    posts += [
        post("critic", event, number, likes=20, is_negative=True)
        for number in range(12)
    ]
    posts += [post("fan", event, number, likes=20) for number in range(12)]

    ranked = rank(tables_of(posts, dips=[dip(event)], peaks=[peak(event)]))

    rows = {row["author_id"]: row for row in rows_of(ranked, kind="low_sentiment")}
    assert rows["critic"]["rank"] == 1
    assert rows["critic"]["negative_excess"] > 8
    assert rows["fan"]["negative_excess"] <= 0
    assert rows_of(ranked, kind="both")[0]["author_id"] == "critic"


def test_a_peak_of_one_city_counts_for_the_posts_from_it() -> None:
    event = SUNDAY - timedelta(days=1)
    posts = [post("roman", event, city="rome"), post("parisian", event, city="paris")]

    ranked = rank(tables_of(posts, peaks=[peak(event, city="rome")]))

    kept = rows_of(ranked, kind="high_activity")
    assert [row["author_id"] for row in kept] == ["roman"]


def test_an_event_is_taken_as_it_was_known_at_the_end_of_the_week() -> None:
    event = SUNDAY - timedelta(days=1)
    grown = peak(
        SUNDAY + timedelta(days=2),
        peak_id=f"peak-all-{event}",
        start_on=event - timedelta(days=5),
    )
    posts = [post("early", event - timedelta(days=5)), post("now", event)]

    ranked = rank(tables_of(posts, peaks=[peak(event), grown]))

    kept = rows_of(ranked, kind="high_activity")
    assert [row["author_id"] for row in kept] == ["now"]


def test_uncovered_days_are_missing_from_the_usual() -> None:
    first = SUNDAY - timedelta(days=83)
    posts = [post("a", first + timedelta(days=day)) for day in range(84)]
    posts += [post("b", first + timedelta(days=day)) for day in range(84)]
    ten_days = [first + timedelta(days=day) for day in range(10)]
    window = [FIRST_WINDOW_DAY + timedelta(days=day) for day in range(28)]
    few = pa.table(
        {"tracker": ["denim"] * 38, "day": pa.array(ten_days + window, pa.date32())}
    )

    with_all = rows_of(rank(tables_of(posts)))
    with_few = rows_of(rank(tables_of(posts), covered_days=few))

    assert with_all[0]["contribution_share"] == 0.0  # at the usual, no excess
    assert with_few[0]["contribution_share"] is None  # ten days are no usual


def test_two_posts_in_each_of_two_trackers_make_a_multi_tracker_influencer() -> None:
    posts = [
        *(post("both", SUNDAY, n, tracker="denim") for n in range(2)),
        *(post("both", SUNDAY, n + 2, tracker="boots") for n in range(2)),
        *(post("once", SUNDAY, n, tracker="denim") for n in range(2)),
        post("once", SUNDAY, 2, tracker="boots"),
    ]

    rows = {row["author_id"]: row for row in rows_of(rank(tables_of(posts)))}

    assert (rows["both"]["trackers_count"], rows["both"]["is_multi_tracker"]) == (
        2,
        True,
    )
    assert (rows["once"]["trackers_count"], rows["once"]["is_multi_tracker"]) == (
        1,
        False,
    )


def test_home_city_is_the_mode_of_five_located_posts() -> None:
    back = SUNDAY - timedelta(days=170)
    posts = [
        *(post("local", back + timedelta(days=n), city="rome") for n in range(5)),
        post("local", SUNDAY, city="unknown"),
        *(post("rare", back + timedelta(days=n), city="rome") for n in range(3)),
        post("rare", SUNDAY, city="unknown"),
        *(
            post("nomad", back + timedelta(days=n), city=city)
            for n, city in enumerate(["rome", "oslo", "lima", "bonn", "rome"])
        ),
        post("nomad", SUNDAY, city="unknown"),
        post("profiled", SUNDAY, city="oslo", city_source="profile"),
    ]

    rows = {r["author_id"]: r["home_city"] for r in rows_of(rank(tables_of(posts)))}

    assert rows == {
        "local": "rome",
        "rare": "unknown",
        "nomad": "unknown",
        "profiled": "oslo",
    }


def test_the_mentioned_author_has_the_greater_pagerank() -> None:
    posts = [post(f"fan{n}", SUNDAY, mentions=["h_star", "stranger"]) for n in range(9)]
    posts += [post("star", SUNDAY), post("loner", SUNDAY)]

    rows = {row["author_id"]: row for row in rows_of(rank(tables_of(posts)))}

    assert rows["star"]["pagerank"] > 3 * rows["loner"]["pagerank"]
    assert 0 < sum(row["pagerank"] for row in rows.values()) < 1  # the stranger's part


def test_authors_out_of_line_are_flagged_and_only_those() -> None:
    rng = np.random.default_rng(9)
    posts, readings = [], []
    for author in range(60):
        followers = int(rng.lognormal(9, 1.5))
        readings.append({"author_id": f"a{author:02}", "followers_count": followers})
        for number in range(5):
            likes = int(0.02 * followers * rng.lognormal(0, 0.3)) + 1
            day = SUNDAY - timedelta(days=number)
            posts.append(post(f"a{author:02}", day, likes=likes))
    for number in range(5):
        day = SUNDAY - timedelta(days=number)
        posts.append(post("bought_likes", day, likes=50_000))
        posts.append(post("bought_followers", day, likes=3))
    posts += [post("bot", SUNDAY, n, likes=1) for n in range(40)]
    posts += [post("bot", SUNDAY - timedelta(days=9), 0, likes=1)]
    for author in ("bought_likes", "bought_followers"):
        count = 5_000 if author == "bought_likes" else 900_000
        readings.append({"author_id": author, "followers_count": count})
    readings += [
        {
            "author_id": "a00",
            "followers_count": count,
            "day": SUNDAY - timedelta(days=d),
        }
        for d, count in ((6, 10_000), (3, 19_000))
    ]

    rows = rows_of(rank(tables_of(posts, readings), keep=100))

    flagged = {row["author_id"]: row["flags"] for row in rows if row["flags"]}
    assert flagged.pop("bought_likes") == "engagement_high"
    assert flagged.pop("bought_followers") == "engagement_low"
    assert flagged.pop("bot") == "posting_burst"
    assert "follower_jump" in flagged.pop("a00")
    assert len(flagged) <= 2
