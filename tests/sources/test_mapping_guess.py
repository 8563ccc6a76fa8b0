"""A file that no mapping fits is answered with a mapping to paste."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.sources.files import read_paths, rows_of
from trendlab.errors import UnknownFormat
from trendlab.lake import Lake
from trendlab.sources.columns import ColumnMapping
from trendlab.sources.mapping_guess import UNKNOWN_COLUMN, write_mapping
from trendlab.steps.ingest import ingest_paths
from trendlab.trackers import load_trackers
from trendlab.trackers.model import MappingSpec

TRACKERS = "trackers:\n  - name: streetstyle\n    hashtags: [streetstyle, outfit]\n"
POSTS = (
    "id,date,text,likes,user\n"
    "1,2026-01-05 10:00,A coat for #streetstyle,3,ana\n"
    "2,2026-01-06 11:30,My #outfit,0,ben\n"
)


def told(path: Path, mappings: dict[str, ColumnMapping] | None = None) -> str:
    with pytest.raises(UnknownFormat) as caught:
        read_paths(path, mappings=mappings)
    return str(caught.value)


def pasted(message: str) -> str:
    """Return what a person would copy: all that stands under the empty line."""
    return message.split("\n\n", 1)[1]


def mapping_of(written: str) -> dict[str, Any]:
    (block,) = YAML(typ="safe").load(written)["mappings"].values()
    return block


def test_what_is_told_of_a_plain_csv_can_be_pasted_and_reads_it(tmp_path: Path):
    csv = tmp_path / "posts.csv"
    csv.write_text(POSTS)
    trackers = tmp_path / "trackers.yml"
    trackers.write_text(TRACKERS + pasted(told(csv)))

    lake = Lake(tmp_path / "lake")
    report = ingest_paths(lake, [csv], trackers=load_trackers(trackers))

    assert [(one.accepted_count, one.rejected_count) for one in report.sets] == [(2, 0)]
    posts = lake.read("posts", date(2026, 1, 5)).to_pylist()
    assert [
        (row["source"], row["post_id"], row["author_handle"], row["likes_count"])
        for row in posts
    ] == [("posts_export", "1", "ana", 3)]
    assert posts[0]["created_at"] == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert posts[0]["hashtags"] == ["streetstyle"]


def test_where_the_tracker_file_has_mappings_the_new_one_goes_under_them(
    tmp_path: Path,
):
    csv = tmp_path / "posts.csv"
    csv.write_text(POSTS)
    other = "mappings:\n  posts_export:\n    columns: {created_at: when}\n"
    before = {"posts_export": ColumnMapping("posts_export", {"created_at": "when"})}

    message = told(csv, before)

    trackers = tmp_path / "trackers.yml"
    trackers.write_text(TRACKERS + other + pasted(message))
    assert "under its `mappings:`" in message
    assert list(load_trackers(trackers)[0].mappings) == [
        "posts_export",
        "posts_export_2",
    ]


@pytest.mark.parametrize("shape", ["jsonl", "json", "parquet"])
def test_every_container_is_answered_with_its_own_columns(tmp_path: Path, shape: str):
    record = {
        "uri": "p1",
        "posted": "2026-01-05T10:00:00Z",
        "body": "so nice",
        "mood": "calm",
    }
    path = tmp_path / "from.shop"
    if shape == "parquet":
        pq.write_table(pa.Table.from_pylist([record]), path)
    elif shape == "json":
        path.write_text(json.dumps([record], indent=1))
    else:
        path.write_text(json.dumps(record) + "\n")

    message = told(path)

    assert mapping_of(pasted(message)) == {
        "columns": {"post_id": "uri", "created_at": "posted", "caption": "body"}
    }
    assert "# not mapped: mood" in message
    assert message.startswith(f"{path}: a {shape} file with the columns uri, posted")


def test_objects_are_looked_into(tmp_path: Path):
    record = {
        "id": 7,
        "created": "2026-01-05",
        "user": {"name": "ana", "followers": 12, "a.b": 1},
    }
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(record) + "\n")

    written = pasted(told(path))

    assert mapping_of(written)["columns"] == {
        "post_id": "id",
        "created_at": "created",
        "author_handle": "user.name",
        "author_followers_count": "user.followers",
    }
    spec = MappingSpec.model_validate(mapping_of(written))
    mine = {"x": ColumnMapping("x", **spec.model_dump())}
    (post,) = rows_of(read_paths(path, mappings=mine), "posts")
    assert (post["author_handle"], post["author_followers_count"]) == ("ana", 12)


def test_comments_are_told_from_posts_by_their_two_ids():
    written = write_mapping(
        ["comment_id", "post_id", "date", "text", "likes"], {}, "replies"
    )

    assert mapping_of(written) == {
        "table": "comments",
        "columns": {
            "comment_id": "comment_id",
            "post_id": "post_id",
            "created_at": "date",
            "text": "text",
            "likes_count": "likes",
        },
    }
    MappingSpec.model_validate(mapping_of(written))


def test_a_time_under_another_name_is_found_by_its_value():
    first = {"no": "12", "wann": "2026-01-05 10:00", "was": "hallo"}

    assert mapping_of(write_mapping(list(first), first, "x"))["columns"] == {
        "created_at": "wann"
    }


def test_a_time_that_cannot_be_read_asks_for_its_form():
    written = write_mapping(["date"], {"date": "31.01.2026\n"}, "x")

    assert re.search(r"time_format: auto +# cannot read '31.01.2026", written)
    MappingSpec.model_validate(mapping_of(written))


def test_a_needed_column_that_nothing_tells_is_marked_and_not_invented():
    written = write_mapping(["who", "what"], {"who": "ana", "what": "12"}, "x")

    assert mapping_of(written)["columns"] == {"created_at": UNKNOWN_COLUMN}
    assert "# needed" in written
    assert "# not mapped: who, what" in written


def test_no_column_stands_for_two_of_ours():
    columns = mapping_of(write_mapping(["id", "user", "date", "title"], {}, "x"))

    read = list(columns["columns"].values())
    assert len(read) == len(set(read))


def test_a_mapping_is_named_after_its_file_and_never_after_a_network():
    for stem, name in [
        ("mastodon", "mastodon_export"),
        ("Posts (1) März", "posts_1_m_rz_export"),
        ("日本", "my_export"),
        ("x" * 90, "x" * 30 + "_export"),
    ]:
        assert list(YAML(typ="safe").load(write_mapping(["date"], {}, stem))) == [
            "mappings"
        ]
        assert f"  {name}:\n" in write_mapping(["date"], {}, stem)


@given(
    names=st.lists(st.text(max_size=12), max_size=6),
    value=st.text(max_size=8) | st.integers() | st.none(),
    stem=st.text(max_size=50),
)
def test_any_names_give_a_mapping_that_loads_and_fits(
    names: list[str], value: Any, stem: str
):
    every = [*names, "Created At"]

    written = write_mapping(every, dict.fromkeys(every, value), stem)

    spec = MappingSpec.model_validate(mapping_of(written))
    assert ColumnMapping("x", **spec.model_dump()).fits(every)
