"""What is an author's goes from every table by the names of its columns."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.builders import row
from trendlab.privacy import Author, erase, widen
from trendlab.schemas import TABLES

ANA = Author(
    "photos",
    frozenset({"a7"}),
    frozenset({"ana"}),
    frozenset({("photos", "p1"), ("photos__coats", "p2")}),
    frozenset({("photos", "c1")}),
)
# how a row can be theirs, by the columns that a table has
THEIRS = {
    "author_id": "a7",
    "post_id": "p1",
    "comment_id": "c1",
    "item_id": "p1",
    "item_kind": "post",
}
IDS = ("author_id", "post_id", "comment_id", "item_id")
OF_PEOPLE = [
    name
    for name, declared in TABLES.items()
    if "source" in declared.names and set(IDS) & set(declared.names)
]


def rows_of(name: str, *rows: dict) -> pa.Table:
    return TABLES[name].from_rows([row(name, **one) for one in rows])


def theirs_in(name: str) -> dict:
    return {key: told for key, told in THEIRS.items() if key in TABLES[name].names}


def test_the_tables_of_people_are_found():
    assert {"posts", "comments", "media", "authors", "looks", "influencers"} <= set(
        OF_PEOPLE
    )


@pytest.mark.parametrize("name", OF_PEOPLE)
def test_a_row_of_theirs_goes_and_one_of_another_stays(name):
    mine = {**theirs_in(name), "source": "photos"}
    others = {key: f"other {told}" for key, told in mine.items() if key in IDS}
    kept = {**mine, **others}

    done = erase(TABLES[name], rows_of(name, mine, kept), ANA)

    assert done.erased_count == 1
    assert done.rows.to_pylist() == [row(name, **kept)]


@pytest.mark.parametrize("name", OF_PEOPLE)
def test_the_same_ids_at_another_source_are_somebody_else(name):
    rows = rows_of(name, {**theirs_in(name), "source": "photos_too"})

    done = erase(TABLES[name], rows, ANA)

    assert (done.erased_count, done.changed_count) == (0, 0)
    assert done.rows is rows


@pytest.mark.parametrize("name", sorted(TABLES))
def test_an_empty_table_stays_one(name):
    empty = TABLES[name].empty()

    assert erase(TABLES[name], empty, ANA).rows.equals(empty)


def test_a_row_without_an_id_is_theirs_by_its_handle():
    rows = rows_of(
        "posts",
        {"source": "photos", "post_id": "1", "author_id": None, "author_handle": "ana"},
        {"source": "photos", "post_id": "2", "author_id": "b", "author_handle": "ana"},
    )

    assert erase(TABLES["posts"], rows, ANA).rows["post_id"].to_pylist() == ["2"]


def test_a_source_bound_to_a_tracker_belongs_to_its_source():
    rows = rows_of("posts", {"source": "photos__coats", "author_id": "a7"})

    assert erase(TABLES["posts"], rows, ANA).erased_count == 1


def test_a_short_mention_goes_where_the_post_lists_the_whole_handle():
    far = Author("photos", frozenset({"a8"}), frozenset({"eva@far.example"}))
    listed = {
        "source": "photos",
        "post_id": "1",
        "author_id": "b",
        "author_handle": "b",
        "caption": "hi @eva",
        "mentions": ["eva@far.example"],
    }
    other = {**listed, "post_id": "2", "mentions": ["eva"]}

    done = erase(TABLES["posts"], rows_of("posts", listed, other), far)

    assert done.rows["caption"].to_pylist() == ["hi @[forgotten]", "hi @eva"]
    assert done.rows["mentions"].to_pylist() == [[], ["eva"]]
    assert (done.erased_count, done.changed_count) == (0, 1)


def test_paths_that_were_apart_stay_apart():
    shared = {"source": "photos", "row_number": 1, "payload": "-"}
    paths = ["in/ana/1.csv", "in/ANA/1.csv", "in/banana.csv"]
    rows = rows_of("quarantine", *({**shared, "path": path} for path in paths))

    hidden = erase(TABLES["quarantine"], rows, ANA).rows["path"].to_pylist()

    assert len(set(hidden)) == 3
    assert hidden[2] == "in/banana.csv"
    assert not any("ana/" in path.casefold() for path in hidden)


def test_a_path_that_was_hidden_before_keeps_its_name():
    shared = {"source": "photos", "row_number": 1, "payload": "-"}
    paths = ["in/[forgotten].csv", "in/Ana.csv"]
    rows = rows_of("quarantine", *({**shared, "path": path} for path in paths))

    hidden = erase(TABLES["quarantine"], rows, ANA).rows["path"].to_pylist()

    assert hidden == ["in/[forgotten].csv", "in/[forgotten].csv 1"]


@pytest.mark.parametrize("source", ["photos", "photos__hats"])
def test_a_copy_elsewhere_tells_what_else_is_theirs(source):
    tables = {
        "posts": rows_of(
            "posts",
            {"source": "photos", "post_id": "9", "author_id": "a7",
             "author_handle": "ana.old"},
            {"source": source, "post_id": "10", "author_id": "b",
             "is_repost": True, "repost_of_id": "9"},
        ),
        "comments": rows_of(
            "comments",
            {"source": source, "comment_id": "5", "post_id": "9", "author_id": "b"},
        ),
        "authors": rows_of("authors"),
    }  # fmt: skip

    known = widen(Author("photos", frozenset(), frozenset({"ana.old"})), tables)

    assert known.author_ids == {"a7"}
    assert known.posts == {("photos", "9"), (source, "10")}
    assert known.comments == {(source, "5")}
