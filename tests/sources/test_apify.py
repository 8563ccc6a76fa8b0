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
    APIFY,
    AUTHOR_ID,
    ITEM,
    POST_ID,
    captured,
    varied,
    write_lines,
)
from trendlab.sources.apify import Apify
from trendlab.sources.base import Accepted
from trendlab.sources.files import sniff
from trendlab.steps.ingest_rows import check_records

COMMENT: dict[str, Any] = {
    "postUrl": APIFY["url"],
    "id": "61",
    "text": "so warm",
    "ownerUsername": "Eve",
    "timestamp": "2026-01-05T10:00:00.000Z",
    "likesCount": 2,
    "repliesCount": 1,
    "replies": [
        {"id": "62", "text": "yes", "timestamp": "2026-01-05T10:01:00.000Z"},
        {"id": "63", "text": "no time"},
    ],
}
PROFILE: dict[str, Any] = {
    "id": AUTHOR_ID,
    "username": "Ana.B",
    "fullName": "Ana",
    "biography": "coats",
    "followersCount": 900,
    "followsCount": 30,
    "postsCount": 12,
    "verified": True,
    "latestPosts": [APIFY, {**APIFY, "id": None, "shortCode": "?"}, 7],
}


def parse(*items: Any) -> list[Any]:
    return parse_payload(Apify(), list(items))


def test_a_list_and_lines_give_the_post_that_zeeschuimer_saw(tmp_path: Path):
    listed, lines = tmp_path / "list", tmp_path / "lines"
    listed.write_text(json.dumps([APIFY], indent=2))
    write_lines(lines, APIFY)
    (seen,) = rows_of(read_paths(write_lines(tmp_path / "z", captured(ITEM))), "posts")

    assert sniff(listed).format == sniff(lines).format == "apify"
    for path in (listed, lines):
        (post,) = rows_of(read_paths(path), "posts")
        # Apify knows neither coordinates, nor shares, nor when it collected
        unknown = dict.fromkeys(("lat", "lon", "shares_count", "observed_at"))
        assert post | unknown == seen | unknown


def test_photos_covers_and_comments_come_with_the_post():
    records = parse(APIFY)

    assert [(row["media_kind"], row["url"]) for row in rows_of(records, "media")] == [
        ("image", "https://x.org/1.jpg"),
        ("cover", "https://x.org/2.jpg"),
    ]
    assert [
        (row["comment_id"], row["parent_id"], row["author_handle"], row["created_at"])
        for row in rows_of(records, "comments")
    ] == [
        ("51", None, "ben", datetime(2026, 1, 5, 9, 31, tzinfo=UTC)),
        ("52", "51", "ana.b", datetime(2026, 1, 5, 9, 31, 30, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    ("likes", "expected"), [(-1, None), (None, None), (0, 0), (3, 3)]
)
def test_hidden_likes_are_not_given(likes: int | None, expected: int | None):
    (post,) = rows_of(parse({**APIFY, "likesCount": likes}), "posts")

    assert post["likes_count"] == expected


def test_comments_asked_for_alone_belong_to_the_post_of_their_address(tmp_path: Path):
    path = tmp_path / "comments.json"
    path.write_text(json.dumps([COMMENT]))

    records = read_paths(path)

    assert sniff(path).format == "apify"
    assert [
        (row["post_id"], row["comment_id"], row["parent_id"])
        for row in rows_of(records, "comments")
    ] == [(POST_ID, "61", None), (POST_ID, "62", "61")]
    assert reasons_of(records) == ["created_at is missing"]


def test_a_profile_gives_its_author_and_newest_posts(tmp_path: Path):
    path = tmp_path / "profile.json"
    path.write_text(json.dumps([PROFILE]))

    records = read_paths(path)

    author = rows_of(records, "authors")[0]
    assert (author["author_id"], author["handle"]) == (AUTHOR_ID, "ana.b")
    assert (author["followers_count"], author["posts_count"]) == (900, 12)
    assert [row["post_id"] for row in rows_of(records, "posts")] == [POST_ID]
    assert reasons_of(records) == [
        "shortCode is not a shortcode",
        "latestPosts is not a list of objects",
    ]


def test_quoted_comments_without_id_and_time_are_no_records():
    records = parse({**APIFY, "latestComments": [{"ownerUsername": "a", "text": "b"}]})

    assert len(records) == 1
    assert reasons_of(records) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "Story"}, "type is not Image, Video or Sidecar"),
        ({"id": None, "shortCode": None}, "shortCode is missing"),
        ({"timestamp": "soon"}, "timestamp cannot be read as a time"),
        ({"likesCount": "many"}, "likesCount is not a count"),
        ({"error": "no_items"}, "error stands in place of an item"),
        ({"childPosts": [{"displayUrl": []}]}, "childPosts.displayUrl is not text"),
    ],
)
def test_a_bad_item_is_refused_alone(change: dict[str, Any], reason: str):
    bare = {**APIFY, "latestComments": []}

    records = parse(bare, {**bare, **change}, bare)

    assert reasons_of(records) == [reason]
    assert len(rows_of(records, "posts")) == 2


def test_of_a_cut_list_what_was_whole_is_read(tmp_path: Path):
    path = tmp_path / "x.json"
    text = json.dumps([{**APIFY, "latestComments": []}] * 50)
    path.write_text(text[: len(text) * 3 // 4])

    records = read_paths(path)

    assert len(rows_of(records, "posts")) == 37
    assert reasons_of(records) == ["the list is cut or not JSON"]


def test_a_file_that_begins_with_an_error_is_told_by_the_items_behind(tmp_path: Path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"error": "not_found", "url": "x"}, APIFY]))

    assert sniff(path).format == "apify"
    assert reasons_of(read_paths(path)) == ["error stands in place of an item"]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.sampled_from([APIFY, COMMENT, PROFILE]).flatmap(varied) | ANYTHING,
        max_size=3,
    )
)
def test_any_item_ends_accepted_or_refused(items: list[Any]):
    records = parse(*items)
    accepted = [record for record in records if isinstance(record, Accepted)]
    checked = check_records(accepted, "test")

    assert len(records) >= len(items)
    assert checked.accepted_count + len(checked.refused) == len(accepted)
    assert len({record.number for record in records}) == len(records)
