from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.sources.files import parse_payload, read_paths, reasons_of, rows_of
from trendlab.sources.base import Accepted, Refused
from trendlab.sources.columns import ColumnMapping
from trendlab.sources.known_mappings import KNOWN_MAPPINGS, TWEETS
from trendlab.sources.mapped import MappedSource
from trendlab.steps.ingest_rows import check_records
from trendlab.trackers.model import COMMENT_TARGETS, POST_TARGETS, MappingSpec

HEADER = "author_id,text,geo,created_at,retweets,replies,likes,quote_count\n"
GOOD = '7,"H&amp;M is #Great, @Zara",,2021-12-03 10:00:00+00:00,1,2,3,0\n'
PLACE = (
    "7,at home,\"{'place_id': 'p1', 'coordinates': {'type': 'Point', 'coordinates': "
    '[2.35, 48.85]}}",2021-12-03 10:00:00+00:00,0,0,0,0\n'
)
SHOP = ColumnMapping(
    name="shop",
    columns={
        "post_id": "id",
        "created_at": "when",
        "caption": "title + body",
        "author_handle": ("user", "owner.name"),
        "author_followers_count": "owner.followers",
        "media_urls": "photos",
        "likes_count": "likes",
    },
)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_tweet_becomes_a_post(tmp_path: Path):
    records = read_paths(write(tmp_path, "t.csv", HEADER + GOOD))

    (post,) = rows_of(records, "posts")
    assert post["caption"] == "H&M is #Great, @Zara"
    assert post["hashtags"] == ["great"]
    assert post["mentions"] == ["zara"]
    assert post["created_at"] == datetime(2021, 12, 3, 10, tzinfo=UTC)
    assert (post["shares_count"], post["comments_count"], post["likes_count"]) == (
        1,
        2,
        3,
    )
    assert post["author_id"] == "7"
    assert post["media_kind"] == "none"
    assert len(post["post_id"]) == 32


def test_places_are_read_from_what_python_prints(tmp_path: Path):
    (post,) = rows_of(read_paths(write(tmp_path, "t.csv", HEADER + PLACE)), "posts")

    assert (post["place_id"], post["lat"], post["lon"]) == ("p1", 48.85, 2.35)


def test_the_same_tweet_has_the_same_id_in_every_file(tmp_path: Path):
    escaped = write(tmp_path, "a.csv", HEADER + GOOD)
    plain = write(
        tmp_path,
        "b.csv",
        HEADER + GOOD.replace("&amp;", "&").replace(" 10:00:00+00:00", "T10:00:00Z"),
    )

    first, second = rows_of(read_paths(escaped, plain), "posts")

    assert first["post_id"] == second["post_id"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("7,short\n", "the row has too few columns"),
        (GOOD.replace("0\n", "0,more\n"), "the row has too many columns"),
        ("7,text,,yesterday,1,2,3,0\n", "created_at cannot be read as a time"),
        ("7,text,,0,1,2,3,0\n", "created_at outside 1990 to 2100"),
        ("7,text,,,1,2,3,0\n", "created_at is missing"),
        (GOOD.replace(",3,0", ",-3,0"), "likes_count below 0"),
        (GOOD.replace(",3,0", ",many,0"), "likes_count is not a count"),
        (
            "7,text,{broken,2021-12-03 10:00:00+00:00,1,2,3,0\n",
            "place_id lies in a cell that is not JSON",
        ),
        (
            ",,,2021-12-03 10:00:00+00:00,1,2,3,0\n",
            "post_id cannot be made: no author, text or address",
        ),
    ],
)
def test_a_bad_row_is_refused_alone_and_with_its_reason(
    tmp_path: Path, line: str, reason: str
):
    records = read_paths(write(tmp_path, "t.csv", HEADER + GOOD + line + PLACE))

    assert [type(record) for record in records] == [Accepted, Refused, Accepted]
    assert reasons_of(records) == [reason]
    assert records[1].number == 2
    assert records[1].record


def test_bytes_that_are_not_utf8_refuse_their_row_and_say_what_to_do(tmp_path: Path):
    content = (HEADER + GOOD).encode() + "8,café,,2021-12-03,0,0,0,0\n".encode(
        "latin-1"
    )
    path = write(tmp_path, "t.csv", content)

    records = read_paths(path)
    named = read_paths(
        path,
        mapping="latin",
        mappings={"latin": ColumnMapping("latin", TWEETS.columns, encoding="latin-1")},
    )

    assert reasons_of(records) == ["the record is not UTF-8"]
    assert "encoding" in records[1].detail
    assert rows_of(named, "posts")[1]["caption"] == "café"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str):
    path = write(tmp_path, "t.csv", (HEADER + GOOD).encode(encoding))

    assert rows_of(read_paths(path), "posts")[0]["author_id"] == "7"


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_told_from_the_header(tmp_path: Path, delimiter: str):
    header = HEADER.replace(",", delimiter)
    line = "7,x,,2021-12-03 10:00,1,2,3,0\n".replace(",", delimiter)

    assert (
        len(rows_of(read_paths(write(tmp_path, "t.csv", header + line)), "posts")) == 1
    )


def test_a_nul_is_refused_at_the_door_with_its_row(tmp_path: Path):
    path = write(tmp_path, "t.csv", HEADER + GOOD + GOOD.replace("Great", "Gr\0eat"))

    records = read_paths(path)
    checked = check_records([r for r in records if isinstance(r, Accepted)], "test")

    assert checked.accepted_count == 1
    assert [(at, r.reason) for at, r in checked.refused] == [
        (1, "caption holds a NUL character")
    ]


def test_a_forgotten_quote_costs_its_row_not_the_file(tmp_path: Path):
    lost = '7,"never closed,,2021-12-03,0,0,0,0\n'
    filler = "8,x,,2021-12-03,0,0,0,0\n" * 60_000
    path = write(tmp_path, "t.csv", HEADER + GOOD + lost + filler)

    records = read_paths(path)

    assert reasons_of(records) == ["the row cannot be read"]
    assert len(rows_of(records, "posts")) > 10_000


def test_a_cut_gzip_gives_what_came_and_says_that_it_is_cut(tmp_path: Path):
    # what a packer cannot shorten much, so that half of the file holds many rows
    draw = Random(1)
    rows = "".join(
        f"{number},text {draw.randbytes(12).hex()},,2021-12-03,0,0,0,0\n"
        for number in range(5_000)
    )
    packed = gzip.compress((HEADER + rows).encode())
    path = write(tmp_path, "t.csv.gz", packed[: len(packed) // 2])

    records = read_paths(path)

    assert len(rows_of(records, "posts")) > 1_000
    assert reasons_of(records)[-1] == "the file is cut or damaged"


@pytest.mark.parametrize("kind", ["gz", "xz", "zip"])
def test_packed_files_are_read_as_they_are(tmp_path: Path, kind: str):
    content = (HEADER + GOOD).encode()
    if kind == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("../../t.csv", content)
            archive.writestr("__MACOSX/._t.csv", b"junk")
        packed = buffer.getvalue()
    else:
        packed = {"gz": gzip, "xz": lzma}[kind].compress(content)

    records = read_paths(write(tmp_path, f"t.{kind}", packed))

    assert len(rows_of(records, "posts")) == 1
    assert [path.name for path in tmp_path.iterdir()] == [f"t.{kind}"]


OBJECT: dict[str, Any] = {
    "id": 12345678901234567890,
    "when": 1638525600,
    "title": "Red coat",
    "body": "on #sale",
    "owner": {"name": "@Ana", "followers": 10},
    "photos": ["https://x.org/a.jpg?w=1", "https://x.org/page.html"],
    "likes": -1,
}


@pytest.mark.parametrize("shape", ["jsonl", "json", "parquet"])
def test_the_same_records_come_out_of_every_container(tmp_path: Path, shape: str):
    objects = [OBJECT, {**OBJECT, "id": "2", "user": "ben"}]
    if shape == "parquet":
        path = tmp_path / "x.bin"
        flat = [{**o, "id": str(o["id"]), "user": o.get("user")} for o in objects]
        pq.write_table(pa.Table.from_pylist(flat), path)
    elif shape == "json":
        path = write(tmp_path, "x.bin", json.dumps(objects, indent=1))
    else:
        path = write(tmp_path, "x.bin", "\n".join(map(json.dumps, objects)))

    records = read_paths(path, mappings={"shop": SHOP})

    first, second = rows_of(records, "posts")
    assert first["post_id"] == "12345678901234567890"
    assert first["caption"] == "Red coat\n\non #sale"
    assert first["hashtags"] == ["sale"]
    assert first["likes_count"] is None
    assert first["media_kind"] == "image"
    assert first["author_handle"] == "ana"
    assert second["author_handle"] == "ben"
    assert [row["url"] for row in rows_of(records, "media")] == [
        "https://x.org/a.jpg?w=1"
    ] * 2
    assert [row["followers_count"] for row in rows_of(records, "authors")] == [10, 10]


def test_broken_lines_of_json_are_refused_one_by_one(tmp_path: Path):
    deep = "[" * 100_000
    lines = [
        json.dumps(OBJECT),
        '{"id": 1',
        "[1]",
        deep,
        '{"id": "\\ud800"}',
        '{"id": 1e400, "when": NaN}',
        "",
        json.dumps(OBJECT),
    ]
    path = write(tmp_path, "x.jsonl", "\n".join(lines))

    records = read_paths(path, mapping="shop", mappings={"shop": SHOP})

    assert len(rows_of(records, "posts")) == 2
    assert reasons_of(records) == [
        "the line is not JSON",
        "the record is not an object",
        "the line is not JSON",
        "created_at is missing",
        "created_at is missing",
    ]


def test_a_cut_json_list_gives_what_came(tmp_path: Path):
    text = json.dumps([OBJECT] * 3)[:-40]

    records = read_paths(
        write(tmp_path, "x.json", text), mapping="shop", mappings={"shop": SHOP}
    )

    assert len(rows_of(records, "posts")) == 2
    assert reasons_of(records) == ["the list is cut or not JSON"]


def test_a_cut_parquet_is_refused_as_one_record(tmp_path: Path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"id": ["1"], "when": [1638525600]}), path)
    path.write_bytes(path.read_bytes()[:-20])

    records = read_paths(path, mapping="shop", mappings={"shop": SHOP})

    assert reasons_of(records) == ["the file is cut or damaged"]


def test_comments_are_read_through_a_mapping(tmp_path: Path):
    mapping = ColumnMapping(
        name="replies",
        table="comments",
        columns={"post_id": "post", "created_at": "at", "text": "words"},
    )
    path = write(tmp_path, "c.csv", "post,at,words\np1,2026-01-05,so nice\n,2026,x\n")

    records = read_paths(path, mappings={"replies": mapping})

    (comment,) = rows_of(records, "comments")
    assert (comment["post_id"], comment["text"]) == ("p1", "so nice")
    assert len(comment["comment_id"]) == 32
    assert len(reasons_of(records)) == 1


def test_what_a_mapping_declares_as_collected_at_is_when_rows_were_read(tmp_path: Path):
    at = datetime(2021, 12, 9, tzinfo=UTC)
    path = write(tmp_path, "t.csv", HEADER + GOOD)
    os.utime(path, (1_700_000_000, 1_700_000_000))

    plain = rows_of(read_paths(path), "posts")
    declared = rows_of(
        read_paths(
            path,
            mapping="m",
            mappings={"m": ColumnMapping("m", TWEETS.columns, collected_at=at)},
        ),
        "posts",
    )

    assert plain[0]["observed_at"] == datetime.fromtimestamp(1_700_000_000, UTC)
    assert declared[0]["observed_at"] == at


def test_what_the_tracker_file_can_map_is_what_the_reader_reads():
    fields = set(MappingSpec.model_fields) | {"name"}
    assert fields == set(ColumnMapping.__dataclass_fields__)

    for table, targets in (("posts", POST_TARGETS), ("comments", COMMENT_TARGETS)):
        record = dict.fromkeys(targets)
        record |= {
            "created_at": "2026-01-05",
            "post_id": "p",
            "text": "t",
            "comment_id": "c",
            "author_id": "a",
        }
        mapping = ColumnMapping("every", {n: n for n in targets}, table=table)
        parsed = parse_payload(MappedSource(mapping, "jsonl"), [record])
        checked = check_records([r for r in parsed if isinstance(r, Accepted)], "test")
        assert checked.accepted_count == 1


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "2021-12-03 10:00:00+00:00",
            "1638525600",
            "-1",
            "{'place_id': 1}",
            '{"coordinates": {"coordinates": [999, "x"]}}',
            "\0",
            "\ud800",
            "#a @b",
        ]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
NAMES = sorted(
    {
        name.split(".")[0]
        for mapping in (*KNOWN_MAPPINGS.values(), SHOP)
        for given in mapping.columns.values()
        for one in ([given] if isinstance(given, str) else given)
        for name in one.split(" + ")
    }
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    records=st.lists(
        st.dictionaries(st.sampled_from(NAMES), VALUES) | VALUES, max_size=4
    ),
    mapping=st.sampled_from([*KNOWN_MAPPINGS.values(), SHOP]),
)
def test_any_objects_end_accepted_or_refused(
    records: list[Any], mapping: ColumnMapping
):
    parsed = parse_payload(MappedSource(mapping, "jsonl"), records)
    accepted = [record for record in parsed if isinstance(record, Accepted)]
    checked = check_records(accepted, "test")

    assert len(parsed) == len(records)
    assert checked.accepted_count + len(checked.refused) == len(accepted)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.binary(max_size=300))
def test_any_bytes_after_a_good_header_end_accepted_or_refused(
    tmp_path: Path, body: bytes
):
    path = write(tmp_path, "t.csv", HEADER.encode() + GOOD.encode() + body)

    records = read_paths(path)
    accepted = [record for record in records if isinstance(record, Accepted)]
    checked = check_records(accepted, "test")

    assert len(accepted) >= 1
    assert checked.accepted_count + len(checked.refused) == len(accepted)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    body=st.binary(max_size=200), shape=st.sampled_from(["jsonl", "json", "parquet"])
)
def test_any_bytes_as_any_container_end_accepted_or_refused(
    tmp_path: Path, body: bytes, shape: str
):
    assume(not body.startswith((b"\x1f\x8b", b"PK\x03\x04", b"\xfd7zXZ")))
    path = write(tmp_path, "x", body)

    records = read_paths(
        path, format_name=shape, mapping="shop", mappings={"shop": SHOP}
    )

    assert all(isinstance(record, Accepted | Refused) for record in records)
