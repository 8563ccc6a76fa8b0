from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import table
from trendlab.schemas import TABLES
from trendlab.schemas.sources import bound_tracker, network_of, networks
from trendlab.trackers import Exclusion, Tracker, match_posts
from trendlab.trackers.facts import day_bounds
from trendlab.trackers.text import fold, has_term, is_plain, is_word_character

DAY = date(2026, 1, 5)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def nowhere(posts: pa.Table) -> pa.Table:
    count = posts.num_rows
    return pa.table(
        {
            "source": posts["source"],
            "post_id": posts["post_id"],
            "city": pa.repeat("unknown", count),
            "city_source": pa.repeat("none", count),
            "city_confidence": pa.repeat(0.0, count),
        }
    )


def match(
    posts: pa.Table, *trackers: Tracker, day: date = DAY, **more: Any
) -> pa.Table:
    located = more.pop("located", nowhere(posts))
    return match_posts(posts, trackers, located, day=day, run_id="r", **more)


def belongs(tracker: Tracker, **post: Any) -> str | None:
    """Return what matched, None where the post does not belong."""
    matched = match(table("posts", [{"created_at": NOON, **post}]), tracker)
    mine = [row for row in matched.to_pylist() if row["tracker"] == tracker.name]
    return mine[0]["matched_by"] if mine else None


def test_a_hashtag_matches_whatever_its_case_and_width():
    tracker = Tracker(name="t", hashtags=["#ＯＯＴＤ"])

    assert belongs(tracker, hashtags=["ootd"]) == "#ootd"
    assert belongs(tracker, hashtags=["ootdparis"]) is None


def test_an_account_matches_its_posts_and_mentions_of_it():
    tracker = Tracker(name="t", accounts=["@Chanel"])

    assert belongs(tracker, author_handle="chanel") == "by @chanel"
    assert belongs(tracker, author_id="Chanel", author_handle=None) == "by @chanel"
    assert belongs(tracker, mentions=["chanel"]) == "@chanel"
    assert belongs(tracker, author_handle="chanelfan", author_id="x") is None


@pytest.mark.parametrize(
    ("keyword", "caption", "is_found"),
    [
        ("advent calendar", "The ADVENT\n calendar is here", True),
        ("advent calendar", "#advent #calendar", True),
        ("advent calendar", "adventcalendar", False),
        ("coat", "a red coat.", True),
        ("coat", "overcoat and coats", False),
        ("strasse", "Auf der Straße", True),
        ("café", "cafe\u0301 society", True),
        ("h&m", "new at H&M!", True),
        ("h&m", "rh&m", False),
        ("着物", "今日は着物です", True),
        ("😍", "love😍it", True),
        ("हिन्द", "हिन्दी", False),
        ("c++", "c++ and c", True),
    ],
)
def test_a_keyword_matches_whole_words(keyword: str, caption: str, is_found: bool):
    tracker = Tracker(name="t", keywords=[keyword])

    assert (belongs(tracker, caption=caption) is not None) == is_found


def test_a_post_without_caption_author_or_tags_matches_no_term():
    tracker = Tracker(name="t", hashtags=["a"], accounts=["b"], keywords=["c"])

    assert belongs(tracker, caption=None, author_id=None, author_handle=None) is None


def test_sources_limit_where_terms_are_looked_for():
    tracker = Tracker(name="t", hashtags=["a"], sources=["mastodon"])

    assert belongs(tracker, source="mastodon", hashtags=["a"]) == "#a"
    assert belongs(tracker, source="bluesky", hashtags=["a"]) is None
    assert belongs(tracker, source="mastodon", hashtags=["b"]) is None


def test_a_tracker_of_sources_only_takes_all_their_posts():
    tracker = Tracker(name="t", sources=["photos"])

    assert belongs(tracker, source="photos") == "source photos"
    assert belongs(tracker, source="other") is None


def test_posts_collected_for_a_tracker_belong_to_it_whatever_they_say():
    tracker = Tracker(name="coco-c", keywords=["chanel"], sources=["mastodon"])

    assert belongs(tracker, source="tweets__coco_c") == "source tweets__coco_c"
    assert belongs(tracker, source="tweets__other") is None
    assert bound_tracker("tweets__coco_c") == "coco_c"
    assert bound_tracker("tweets") is None


def test_a_tracker_without_terms_and_sources_matches_nothing():
    assert belongs(Tracker(name="t")) is None


def test_all_holds_every_matched_post_once():
    posts = table(
        "posts",
        [
            {"post_id": "both", "hashtags": ["a", "b"], "created_at": NOON},
            {"post_id": "one", "hashtags": ["b"], "created_at": NOON},
            {"post_id": "none", "hashtags": ["c"], "created_at": NOON},
        ],
    )

    matched = match(
        posts, Tracker(name="x", hashtags=["a"]), Tracker(name="y", hashtags=["b"])
    )

    assert matched.schema.equals(TABLES["tracker_posts"].arrow)
    assert [
        (row["tracker"], row["post_id"], row["matched_by"])
        for row in matched.to_pylist()
    ] == [
        ("all", "both", "x: #a"),
        ("all", "one", "y: #b"),
        ("x", "both", "#a"),
        ("y", "both", "#b"),
        ("y", "one", "#b"),
    ]


def test_all_leaves_out_a_post_only_where_every_tracker_leaves_it_out():
    rule = Exclusion(reason="spam", hashtags=["ad"])
    posts = table(
        "posts",
        [
            {"post_id": "both", "hashtags": ["a", "b", "ad"], "created_at": NOON},
            {"post_id": "one", "hashtags": ["a", "ad"], "created_at": NOON},
        ],
    )

    matched = match(
        posts,
        Tracker(name="x", hashtags=["a"], exclusions=[rule]),
        Tracker(name="y", hashtags=["b"]),
    )

    shown = {
        (row["tracker"], row["post_id"]): row["excluded_by"]
        for row in matched.to_pylist()
    }
    assert shown == {
        ("all", "both"): None,
        ("all", "one"): "x: spam",
        ("x", "both"): "spam",
        ("x", "one"): "spam",
        ("y", "both"): None,
    }


def copies_of(post_id: str, *stored_for: str, **columns: Any) -> list[dict[str, Any]]:
    """Give rows of one post, stored for several trackers."""
    return [
        {
            "source": f"tweets__{tracker}",
            "post_id": post_id,
            "created_at": NOON,
            **columns,
        }
        for tracker in stored_for
    ]


def test_a_post_in_the_files_of_two_trackers_is_one_post():
    posts = table(
        "posts", [*copies_of("both", "y", "x"), *copies_of("one", "y"), {"source": "t"}]
    )

    matched = match(posts, Tracker(name="y"), Tracker(name="x")).to_pylist()

    assert [
        (row["tracker"], row["source"], row["post_id"], row["matched_by"])
        for row in matched
    ] == [
        # the first by name stands for it everywhere, and each tracker says its reason
        ("all", "tweets__x", "both", "y: source tweets__y"),
        ("all", "tweets__y", "one", "y: source tweets__y"),
        ("x", "tweets__x", "both", "source tweets__x"),
        ("y", "tweets__x", "both", "source tweets__y"),
        ("y", "tweets__y", "one", "source tweets__y"),
    ]


def test_a_tracker_that_finds_both_copies_of_a_post_has_it_once():
    posts = table("posts", copies_of("both", "x", "y", hashtags=["coat"]))
    finds = Tracker(name="x", hashtags=["coat"])

    matched = match(posts, finds).to_pylist()

    assert [(row["tracker"], row["matched_by"]) for row in matched] == [
        ("all", "x: #coat"),
        ("x", "#coat"),
    ]


def test_equal_ids_of_other_networks_and_days_are_other_posts():
    posts = table(
        "posts",
        [
            {"source": "tweets__x", "created_at": NOON},
            {"source": "photos__x", "created_at": NOON},
            {"source": "tweets__y", "created_at": NOON - timedelta(days=1)},
        ],
    )
    abroad = Tracker(name="x", time_zone="Asia/Tokyo")

    matched = match(posts, abroad, Tracker(name="y"))

    shown = {(row["tracker"], row["source"]) for row in matched.to_pylist()}
    assert shown == {
        (tracker, source)
        for tracker in ("all", "x")
        for source in ("photos__x", "tweets__x")
    }


def test_all_keeps_a_post_of_two_files_that_one_tracker_keeps():
    posts = table("posts", copies_of("both", "x", "y", hashtags=["ad"]))
    rule = Exclusion(reason="spam", hashtags=["ad"])
    strict, other = Tracker(name="x", exclusions=[rule]), Tracker(name="y")

    by_one = match(posts, strict, other).to_pylist()
    by_both = match(posts, strict, Tracker(name="y", exclusions=[rule])).to_pylist()

    assert [row["excluded_by"] for row in by_one] == [None, "spam", None]
    assert [row["excluded_by"] for row in by_both] == ["x: spam", "spam", "spam"]


@pytest.mark.parametrize("source", ["tweets", "tweets__coco_c", "a__b__c", "__", ""])
def test_a_column_of_sources_has_the_networks_of_its_sources(source: str):
    column = pl.DataFrame({"source": [source]}).select(networks())

    assert column["source"].to_list() == [network_of(source)]
    in_sql = duckdb.execute("select split_part(?, '__', 1)", [source]).fetchall()
    assert in_sql == [(network_of(source),)]


def test_days_are_those_of_the_trackers_zone_and_of_utc_for_all():
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)  # the 6th in Paris
    posts = table("posts", [{"hashtags": ["a"], "created_at": late}])
    tracker = Tracker(name="p", hashtags=["a"], time_zone="Europe/Paris")

    on_5th = match(posts, tracker, day=date(2026, 1, 5))
    on_6th = match(posts, tracker, day=date(2026, 1, 6))

    assert on_5th["tracker"].to_pylist() == ["all"]
    assert on_6th["tracker"].to_pylist() == ["p"]
    assert on_6th["day"].to_pylist() == [date(2026, 1, 6)]


def test_cities_that_a_tracker_does_not_monitor_are_unknown_to_it_only():
    posts = table("posts", [{"hashtags": ["a"], "created_at": NOON}])
    located = pa.table(
        {
            "source": ["test"],
            "post_id": ["p1"],
            "city": ["tokyo"],
            "city_source": ["coordinates"],
            "city_confidence": [0.9],
        }
    )

    matched = match(
        posts,
        Tracker(name="t", hashtags=["a"], cities=["paris"]),
        Tracker(name="u", hashtags=["a"]),
        located=located,
    ).to_pylist()

    assert [(r["tracker"], r["city"], r["city_source"]) for r in matched] == [
        ("all", "tokyo", "coordinates"),
        ("t", "unknown", "none"),
        ("u", "tokyo", "coordinates"),
    ]


def test_a_post_that_was_not_located_is_unknown():
    posts = table("posts", [{"hashtags": ["a"], "created_at": NOON}])

    matched = match(
        posts, Tracker(name="t", hashtags=["a"]), located=nowhere(posts.slice(0, 0))
    )

    assert matched["city"].to_pylist() == ["unknown", "unknown"]


@pytest.mark.parametrize("trackers", [[], [Tracker(name="t", hashtags=["a"])]])
def test_no_posts_give_a_typed_empty_table(trackers: list[Tracker]):
    matched = match(table("posts"), *trackers)

    assert matched.num_rows == 0
    assert matched.schema.equals(TABLES["tracker_posts"].arrow)


ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Paris",
        "America/Sao_Paulo",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Africa/Casablanca",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Asia/Gaza",
    ]
)


@given(
    zone=ZONES,
    at=st.datetimes(min_value=datetime(1995, 1, 1), max_value=datetime(2035, 1, 1)).map(
        lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
    ),
)
def test_every_moment_lies_in_its_local_day_and_in_no_other(zone: str, at: datetime):
    local = at.astimezone(ZoneInfo(zone)).date()
    instant = int(at.timestamp() * 1_000_000)

    holding = []
    for shift in (-1, 0, 1):
        day = local + timedelta(days=shift)
        start, end = day_bounds(day, day, zone)
        if start <= instant < end:
            holding.append(day)

    assert holding == [local]


WORDS = st.lists(
    st.sampled_from(
        ["red", "coat", "strasse", "naïve", "a", "é", "h&m", "😍", "着", "_x"]
    ),
    min_size=1,
    max_size=6,
)


def is_in_words(text: str, term: str) -> bool:
    """Say it plainly: the keyword's words follow each other among the text's."""
    if not is_plain(term):
        return has_term(text, term)
    apart = "".join(c if is_word_character(c) else " " for c in text).split()
    wanted = term.split()
    return any(apart[at : at + len(wanted)] == wanted for at in range(len(apart)))


@settings(max_examples=60)
@given(captions=st.lists(WORDS.map(" ".join), min_size=1, max_size=8), keyword=WORDS)
def test_bulk_matching_finds_what_looking_at_each_post_finds(
    captions: list[str], keyword: list[str]
):
    term = fold(" ".join(keyword[:2]))
    tracker = Tracker(name="t", keywords=[term])
    posts = table(
        "posts",
        [
            {"post_id": f"{index:02d}", "caption": caption, "created_at": NOON}
            for index, caption in enumerate(captions)
        ],
    )

    matched = match(posts, tracker)

    found = {
        int(row["post_id"]) for row in matched.to_pylist() if row["tracker"] == "t"
    }
    expected = {
        index for index, text in enumerate(captions) if is_in_words(fold(text), term)
    }
    assert found == expected


def test_matching_a_day_of_many_posts_is_fast_enough_to_be_vectorised():
    count = 20_000
    rng = np.random.default_rng(1)
    words = np.array(["red", "coat", "chanel", "zara", "look", "paris"])
    posts = table("posts", [{"created_at": NOON}]).take(
        pa.array(np.zeros(count, dtype=np.int64))
    )
    captions = [" ".join(words[row]) for row in rng.integers(0, 6, (count, 15))]
    posts = posts.set_column(
        posts.schema.get_field_index("caption"), "caption", pa.array(captions)
    ).set_column(
        posts.schema.get_field_index("post_id"),
        "post_id",
        pa.array([str(number) for number in range(count)]),
    )
    trackers = [
        Tracker(name=f"t{n}", keywords=["chanel", "red coat"]) for n in range(3)
    ]

    matched = match(posts, *trackers)

    expected = sum("chanel" in text.split() or "red coat" in text for text in captions)
    assert matched.num_rows == 4 * expected
