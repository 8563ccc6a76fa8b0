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
    AUTHOR_ID,
    GRAPH,
    GRID,
    ITEM,
    POST_ID,
    captured,
    varied,
    write_lines,
)
from trendlab.sources.base import Accepted
from trendlab.sources.files import sniff
from trendlab.sources.zeeschuimer import CapturedItems
from trendlab.steps.ingest_rows import check_records


def parse(*lines: Any) -> list[Any]:
    payload = [json.dumps(line).encode() for line in lines]
    return parse_payload(CapturedItems("zeeschuimer"), payload)


def post_of(node: dict[str, Any], **changes: Any) -> dict[str, Any]:
    (post,) = rows_of(parse(captured({**node, **changes})), "posts")
    return post


def test_an_item_of_the_apps_interface_gives_all_that_it_holds(tmp_path: Path):
    path = write_lines(tmp_path / "export.txt", captured(ITEM))

    records = read_paths(path)

    assert sniff(path).format == "zeeschuimer"
    (post,) = rows_of(records, "posts")
    assert post == {
        "post_id": POST_ID,
        "created_at": datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
        "author_id": AUTHOR_ID,
        "author_handle": "ana.b",
        "author_followers_count": None,
        "caption": "Wool coat, first outing #OOTD @ben",
        "hashtags": ["ootd"],
        "mentions": ["ben", "cleo", "dan"],
        "url": "https://www.instagram.com/p/DTH7-MvhDPb/",
        "media_kind": "album",
        "media_count": 2,
        "likes_count": 120,
        "comments_count": 2,
        "shares_count": 5,
        "views_count": None,
        "lat": 48.85,
        "lon": 2.35,
        "place_name": "Paris",
        "place_id": "77",
        "is_repost": False,
        "is_sponsored": True,
        "observed_at": datetime(2026, 1, 6, 11, 46, 40, tzinfo=UTC),
    }
    assert [
        (row["media_index"], row["media_kind"], row["url"], row["status"])
        for row in rows_of(records, "media")
    ] == [
        (0, "image", "https://x.org/1.jpg", "offered"),
        (1, "cover", "https://x.org/2.jpg", "offered"),
    ]
    (author,) = rows_of(records, "authors")
    assert (author["author_id"], author["name"]) == (AUTHOR_ID, "Ana")


def test_the_three_shapes_give_the_same_post():
    item, graph, grid = (post_of(node) for node in (ITEM, GRAPH, GRID))

    same = ("post_id", "author_id", "author_handle", "caption", "url", "observed_at")
    assert [item[name] for name in same] == [graph[name] for name in same]
    assert [item[name] for name in same] == [grid[name] for name in same]
    differing = {name for name in item if item[name] != graph[name]}
    # only the web named followers and no co-authors, only the app counts shares
    assert differing == {"author_followers_count", "mentions", "shares_count"}


def test_a_grid_has_its_time_from_the_id_and_no_counts_but_views():
    post = post_of(GRID)

    assert post["created_at"] == datetime(2026, 1, 5, 9, 29, 55, tzinfo=UTC)
    assert (post["likes_count"], post["comments_count"]) == (None, None)
    assert (post["media_kind"], post["views_count"]) == ("video", 3100)


@pytest.mark.parametrize(
    ("changes", "likes"),
    [
        ({"like_count": 3, "like_and_view_counts_disabled": True}, None),
        ({"like_count": 80, "like_and_view_counts_disabled": True}, None),
        ({"like_count": -1}, None),
        ({"like_count": None}, None),
        ({"like_count": 3, "like_and_view_counts_disabled": None}, None),
        ({"like_count": 3, "like_and_view_counts_disabled": False}, 3),
        ({"like_count": 0}, 0),
    ],
)
def test_hidden_likes_are_not_given_and_zero_is_zero(
    changes: dict[str, Any], likes: int | None
):
    assert post_of(ITEM, **changes)["likes_count"] == likes


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000])
def test_seconds_milliseconds_and_microseconds_are_told_apart(unit: int):
    created_at = post_of(ITEM, taken_at=1767605400 * unit)["created_at"]

    assert created_at == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def test_comments_and_replies_are_records_of_their_own():
    records = parse(captured(GRAPH), captured(ITEM))

    assert [record.number for record in records] == [1, 100001, 100002, 2]
    assert [
        (row["comment_id"], row["parent_id"], row["author_handle"], row["likes_count"])
        for row in rows_of(records, "comments")
    ] == [("51", None, "ben", 1), ("52", "51", "ana.b", None)]


def test_a_bad_comment_does_not_take_its_post_with_it():
    comment = {"pk": "9", "text": "ok", "created_at": 1767605500}
    item = {**ITEM, "preview_comments": [{**comment, "created_at": 0}, 7, comment]}

    records = parse(captured(item))

    assert len(rows_of(records, "posts")) == len(rows_of(records, "comments")) == 1
    assert reasons_of(records) == [
        "created_at outside 1990 to 2100",
        "comment is not an object",
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (captured(ITEM, source_platform="tiktok.com"), "is not instagram.com"),
        (captured("text"), "data is not an object"),
        (captured({**ITEM, "taken_at": "soon"}), "taken_at cannot be read as a time"),
        (captured({**ITEM, "media_type": 9}), "media_type is not 1, 2 or 8"),
        (captured({**ITEM, "pk": 1.5e18}), "pk is not an Instagram id"),
        (captured({**GRID, "id": None, "code": None}), "code is missing"),
        (captured({**ITEM, "owner": {"username": "eve"}}), "is not that of user"),
        ([], "the record is not an object"),
    ],
)
def test_a_bad_line_is_refused_alone(line: Any, reason: str):
    records = parse(captured(ITEM), line, captured(ITEM))

    (given,) = reasons_of(records)
    assert reason in given
    assert len(rows_of(records, "posts")) == 2


def test_half_an_emoji_is_mended_and_nan_is_not_given():
    line = json.dumps(captured({**ITEM, "caption": {"text": "A\ud83d"}}))
    line = line.replace('"like_count": 120', '"like_count": NaN')

    records = parse_payload(CapturedItems("zeeschuimer"), [line.encode()])

    (post,) = rows_of(records, "posts")
    assert (post["caption"], post["likes_count"]) == ("A\ufffd", None)


def test_a_first_line_longer_than_what_is_looked_at_is_told(tmp_path: Path):
    long = {**ITEM, "caption": {"text": "a" * 300_000}}
    path = write_lines(tmp_path / "x", captured(long), captured(ITEM))

    assert sniff(path).format == "zeeschuimer"
    assert reasons_of(read_paths(path)) == [
        "caption.text is longer than 200000 characters"
    ]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.sampled_from([ITEM, GRAPH, GRID]).flatmap(lambda n: varied(captured(n)))
        | ANYTHING,
        max_size=3,
    )
)
def test_any_line_ends_accepted_or_refused(lines: list[Any]):
    records = parse(*lines)
    accepted = [record for record in records if isinstance(record, Accepted)]
    checked = check_records(accepted, "test")

    assert len(records) >= len(lines)
    assert checked.accepted_count + len(checked.refused) == len(accepted)
    assert len({record.number for record in records}) == len(records)
