from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.files import parse_payload, read_paths, reasons_of, rows_of
from tests.sources.instagram_samples import (
    ANYTHING,
    COLLECTED_AT_MS,
    FOURCAT,
    ITEM,
    captured,
    write_lines,
    write_table,
)
from trendlab.sources.base import Accepted
from trendlab.sources.files import sniff
from trendlab.sources.fourcat import FourcatTable
from trendlab.steps.ingest_rows import check_records


def post_of(**changes: str) -> dict[str, Any]:
    (post,) = rows_of(parse_payload(FourcatTable(), [FOURCAT | changes]), "posts")
    return post


def test_a_table_gives_the_post_that_zeeschuimer_saw(tmp_path: Path):
    table = write_table(tmp_path / "export.txt", FOURCAT)
    lines = write_lines(tmp_path / "export.ndjson", captured(ITEM))

    (post,) = rows_of(read_paths(table), "posts")
    (seen,) = rows_of(read_paths(lines), "posts")

    assert sniff(table).format == "4cat_csv"
    # a table knows neither shares, nor sponsors, nor when it was collected
    unknown = {"shares_count": None, "is_sponsored": None, "observed_at": None}
    assert post | unknown == seen | {"mentions": ["ben", "cleo", "dan"]} | unknown
    assert [
        (row["media_kind"], row["url"]) for row in rows_of(read_paths(table), "media")
    ] == [("image", "https://x.org/1.jpg"), ("cover", "https://x.org/2.jpg")]


def test_ndjson_is_read_as_zeeschuimers_with_its_moment(tmp_path: Path):
    line = {
        **ITEM,
        "__import_meta": {
            "source_platform": "instagram.com",
            "timestamp_collected": COLLECTED_AT_MS,
        },
    }
    path = write_lines(tmp_path / "x", line, {**line, "__import_meta": 7})

    records = read_paths(path)

    assert sniff(path).format == "4cat_ndjson"
    (post,) = rows_of(records, "posts")
    assert post["observed_at"] == datetime(2026, 1, 6, 11, 46, 40, tzinfo=UTC)
    assert reasons_of(records) == ["__import_meta is not an object"]


@pytest.mark.parametrize(
    ("changes", "likes"),
    [
        ({"likes_hidden": "yes", "num_likes": "3"}, None),
        ({"likes_hidden": "yes", "num_likes": "0"}, None),
        ({"likes_hidden": "", "num_likes": "3"}, None),
        ({"likes_hidden": "", "num_likes": "-1"}, None),
        ({"likes_hidden": "no", "num_likes": "3"}, 3),
        ({"likes_hidden": "no", "num_likes": "0"}, 0),
        ({"likes_hidden": "no", "num_likes": ""}, None),
    ],
)
def test_hidden_likes_are_not_given(changes: dict[str, str], likes: int | None):
    assert post_of(**changes)["likes_count"] == likes


def test_the_time_is_utc_and_not_that_of_the_machine():
    nine = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)

    assert post_of()["created_at"] == nine
    assert post_of(unix_timestamp=f"{1767605400_000}")["created_at"] == nine
    by_machine = post_of(unix_timestamp="")["created_at"]
    assert by_machine == datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
    by_number = post_of(unix_timestamp="0", timestamp="0")["created_at"]
    assert by_number == datetime(2026, 1, 5, 9, 29, 55, tzinfo=UTC)


def test_videos_and_photos_are_told_apart():
    video = post_of(media_type="video", num_media="1", play_count="70")
    photo = post_of(media_type="photo", num_media="1", location_latlong="")

    assert (video["media_kind"], video["views_count"]) == ("video", 70)
    assert (photo["media_kind"], photo["lat"], photo["place_name"]) == (
        "image",
        None,
        "Paris",
    )


def test_older_exports_hold_comments(tmp_path: Path):
    names = ("id", "thread_id", "parent_id", "body", "author", "timestamp", "type")
    names = (*names, "image_url", "num_likes", "num_comments")
    thread = FOURCAT["id"]
    rows = [
        (thread, thread, thread, "hi", "ana", "1767605400", "photo", "", "5", "2"),
        ("51", thread, thread, "lovely", "ben", "1767605460", "comment", "", "2", "1"),
        ("52", thread, "51", "thanks", "ana", "1767605490", "comment", "", "0", "0"),
    ]
    path = write_table(
        tmp_path / "x.csv", *(dict(zip(names, row, strict=True)) for row in rows)
    )

    records = read_paths(path)

    assert len(rows_of(records, "posts")) == 1
    assert [
        (row["comment_id"], row["parent_id"], row["likes_count"])
        for row in rows_of(records, "comments")
    ] == [("51", None, 2), ("52", "51", None)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": "no code"}, "id is not a shortcode"),
        ({"id": ""}, "id is missing"),
        ({"num_likes": "many"}, "num_likes is not a count"),
        ({"location_latlong": "north,1"}, "location_latlong is not a number"),
        ({"likes_hidden": "perhaps"}, "likes_hidden is neither true nor false"),
        ({"unix_timestamp": "4"}, "unix_timestamp outside 1990 to 2100"),
    ],
)
def test_a_bad_row_is_refused_alone(changes: dict[str, str], reason: str):
    records = parse_payload(FourcatTable(), [FOURCAT, FOURCAT | changes, FOURCAT])

    assert reasons_of(records) == [reason]
    assert records[1].record == FOURCAT | changes


def test_bytes_that_are_not_utf_8_cost_their_row_only(tmp_path: Path):
    path = write_table(tmp_path / "x.csv", FOURCAT, FOURCAT)
    content = path.read_bytes()
    at = content.rindex(b"Wool")
    path.write_bytes(content[:at] + b"\xff" + content[at:])

    records = read_paths(path)

    assert reasons_of(records) == ["the record is not UTF-8"]
    assert len(rows_of(records, "posts")) == 1


CELLS = st.text(max_size=12) | st.sampled_from(["-1", "0", "1e3", "yes", "a,b", "3"])
ROWS = st.fixed_dictionaries(
    {}, optional={name: st.just(value) | CELLS for name, value in FOURCAT.items()}
)
COMMENT_ROWS = ROWS.map(lambda row: {**row, "type": "comment"})


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ROWS | COMMENT_ROWS | ANYTHING, max_size=4))
def test_any_row_ends_accepted_or_refused(rows: list[Any]):
    records = parse_payload(FourcatTable(), rows)
    accepted = [record for record in records if isinstance(record, Accepted)]
    checked = check_records(accepted, "test")

    assert len(records) == len(rows)
    assert checked.accepted_count + len(checked.refused) == len(accepted)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(start=st.binary(max_size=60))
def test_any_bytes_behind_the_header_end_accepted_or_refused(
    tmp_path: Path, start: bytes
):
    path = write_table(tmp_path / "x.csv", FOURCAT)
    path.write_bytes(
        path.read_bytes() + start + b"\n" + json.dumps(start.hex()).encode()
    )

    records = read_paths(path)

    assert len(rows_of(records, "posts")) == 1
    assert len(records) > 1
