"""Influencers: planted authors are found, luck is shown as luck."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from tests.signals.authors import (
    FIRST_WINDOW_DAY,
    MONDAY,
    SUNDAY,
    crowd,
    dip,
    peak,
    post,
    rank,
    rows_of,
    tables_of,
)
from trendlab.errors import SignalError
from trendlab.schemas import TABLES


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
        reach = {"author_days": 84, "tracker_posts": 28, "peaks": 84, "dips": 84}
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


def test_listed_brands_are_brands_whatever_their_profile_says() -> None:
    posts = [post(author, SUNDAY) for author in ("SHOP", "maker", "ana", "silent")]
    profiles = [{"author_id": "SHOP"}, {"author_id": "ana"}]

    ranked = rank(tables_of(posts, authors=profiles), brands=["h_shop", "maker"])

    kinds = {row["author_id"]: row["author_kind"] for row in rows_of(ranked)}
    assert kinds == {
        "SHOP": "brand",  # by its handle, h_SHOP
        "maker": "brand",  # by its id
        "ana": "person",
        "silent": "unknown",
    }


def test_the_home_city_is_that_of_the_week() -> None:
    posts = [post("local", SUNDAY), post("local", SUNDAY - timedelta(days=7), 1)]
    posts.append(post("nobody_knows", SUNDAY))
    tables = tables_of(posts, homes={"local": "oslo", "gone": "lima"})
    week_before = MONDAY - timedelta(days=7)

    ranked = pl.DataFrame(rank(tables, [week_before, MONDAY]))

    homes = ranked.filter(pl.col("tracker") == "denim").sort("day", "author_id")
    assert homes["home_city"].to_list() == ["unknown", "oslo", "unknown"]


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
