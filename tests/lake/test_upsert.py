from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lake.rows import DAY, NOON, POSTS, files_of, post, posts
from trendlab.errors import SchemaMismatch
from trendlab.lake import Upserted
from trendlab.lake.merge import merge
from trendlab.schemas import TABLES


def likes(lake):
    rows = lake.read("posts", DAY).to_pylist()
    return {row["post_id"]: row["likes_count"] for row in rows}


def test_new_rows_are_added(lake):
    done = lake.upsert("posts", DAY, posts(post("a"), post("b")), source="x")

    assert done == Upserted(added=2, updated=0, unchanged=0)
    assert sorted(likes(lake)) == ["a", "b"]


def test_the_newest_reading_wins_whichever_comes_first(lake):
    lake.upsert("posts", DAY, posts(post("a", likes_count=1)), source="x")

    newer = posts(post("a", likes_count=9, hours_later=5))
    assert lake.upsert("posts", DAY, newer, source="x") == Upserted(0, 1, 0)
    older = posts(post("a", likes_count=4, hours_later=2))
    assert lake.upsert("posts", DAY, older, source="x") == Upserted(0, 0, 1)

    assert likes(lake) == {"a": 9}


def test_a_reading_of_the_same_time_leaves_the_old_one(lake):
    lake.upsert("posts", DAY, posts(post("a", likes_count=1)), source="x")
    before = files_of(lake.root)[0].stat().st_mtime_ns

    done = lake.upsert("posts", DAY, posts(post("a", likes_count=2)), source="x")

    assert done == Upserted(0, 0, 1)
    assert likes(lake) == {"a": 1}
    assert files_of(lake.root)[0].stat().st_mtime_ns == before


KNOWN = {"author_id": "7", "author_handle": "ana", "lat": 48.9, "lon": 2.4}


@pytest.mark.parametrize("is_known_first", [True, False])
def test_who_and_where_stay_known_when_a_newer_reading_does_not_tell(
    lake, is_known_first
):
    readings = [
        posts(post("a", likes_count=1, **KNOWN)),
        posts(post("a", likes_count=9, hours_later=5), post("b", hours_later=5)),
    ]
    done = [
        lake.upsert("posts", DAY, rows, source="x")
        for rows in (readings if is_known_first else readings[::-1])
    ]

    assert done[1] == (Upserted(1, 1, 0) if is_known_first else Upserted(0, 1, 0))
    a, b = lake.read("posts", DAY).to_pylist()
    assert a["likes_count"] == 9
    assert {name: a[name] for name in KNOWN} == KNOWN
    assert all(b[name] is None for name in KNOWN)
    # nothing is left to add: the same again changes nothing
    assert lake.upsert("posts", DAY, readings[0], source="x") == Upserted(0, 0, 1)


def test_a_newer_author_replaces_an_older_one(lake):
    lake.upsert("posts", DAY, posts(post("a", **KNOWN)), source="x")
    newer = posts(post("a", author_id="8", hours_later=1))
    lake.upsert("posts", DAY, newer, source="x")
    (row,) = lake.read("posts", DAY).to_pylist()
    assert (row["author_id"], row["lat"]) == ("8", 48.9)


def test_a_key_given_twice_counts_once(lake):
    rows = posts(
        post("a", likes_count=1),
        post("a", likes_count=2, hours_later=1),
        post("a", likes_count=3, hours_later=1),
    )

    assert lake.upsert("posts", DAY, rows, source="x") == Upserted(1, 0, 2)
    assert likes(lake) == {"a": 2}


def test_a_reading_in_the_key_adds_a_row(lake):
    table = TABLES["engagement"]
    row = {
        "day": DAY,
        "source": "x",
        "post_id": "a",
        "observed_at": NOON,
        "created_at": NOON,
        "likes_count": 1,
    }
    later = row | {"observed_at": NOON + timedelta(hours=1), "likes_count": 2}

    first = lake.upsert("engagement", DAY, table.from_rows([row]), source="x")
    second = lake.upsert("engagement", DAY, table.from_rows([row, later]), source="x")

    assert (first, second) == (Upserted(1, 0, 0), Upserted(1, 0, 1))
    assert lake.read("engagement", DAY)["likes_count"].to_pylist() == [1, 2]


def test_a_key_with_null_is_merged_like_any_other(lake):
    table = TABLES["quarantine"]
    row = {
        "day": DAY,
        "source": "x",
        "ingest_id": "i",
        "table_name": "posts",
        "path": "f",
        "row_number": None,
        "reason": "r",
        "payload": "p",
        "observed_at": NOON,
    }
    rows = table.from_rows([row, row | {"row_number": 1}])

    assert lake.upsert("quarantine", DAY, rows, source="x") == Upserted(2, 0, 0)
    assert lake.upsert("quarantine", DAY, rows, source="x") == Upserted(0, 0, 2)


def test_without_a_time_of_observation_the_last_row_given_wins(lake):
    table = TABLES["reviews"]
    row = {
        "day": DAY,
        "source": "x",
        "post_id": "a",
        "media_index": 0,
        "garment_index": 0,
        "category": "coat",
        "verdict": "correct",
        "score": 0.5,
        "selected_by": "random",
        "reviewer": "r",
        "reviewed_at": NOON,
        "model_name": "m",
        "model_version": "1",
    }
    lake.upsert("reviews", DAY, table.from_rows([row]))
    done = lake.upsert(
        "reviews", DAY, table.from_rows([row | {"verdict": "wrong_box"}])
    )

    assert done == Upserted(0, 1, 0)
    assert lake.read("reviews", DAY)["verdict"].to_pylist() == ["wrong_box"]


def test_an_empty_upsert_makes_a_partition_and_changes_none(lake):
    assert lake.upsert("posts", DAY, POSTS.empty(), source="x") == Upserted(0, 0, 0)
    assert lake.sources("posts", DAY) == ["x"]
    lake.upsert("posts", DAY, posts(post("a")), source="x")
    assert lake.upsert("posts", DAY, POSTS.empty(), source="x") == Upserted(0, 0, 0)
    assert sorted(likes(lake)) == ["a"]


def test_a_row_of_another_day_is_refused(lake):
    with pytest.raises(SchemaMismatch, match="every row must have day"):
        lake.upsert("posts", DAY, posts(post(day=DAY + timedelta(days=1))), source="x")


readings = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 5)), unique=True, max_size=12
)


@settings(max_examples=60, deadline=None)
@given(readings, st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_history_of_arrivals_ends_in_the_same_rows(given, random, size):
    """Merged in any order and any batches, the newest reading of each post is left."""
    rows = [post(name, hours_later=hour, likes_count=hour) for name, hour in given]
    random.shuffle(rows)
    kept = POSTS.empty()
    counted = 0
    for start in range(0, len(rows), size):
        batch = posts(*rows[start : start + size])
        kept, done = merge(POSTS, kept, batch)
        counted += done.added + done.updated + done.unchanged

    newest = {}
    for name, hour in given:
        newest[name] = max(hour, newest.get(name, 0))
    found = {row["post_id"]: row["likes_count"] for row in kept.to_pylist()}
    assert found == newest
    assert counted == len(rows)
