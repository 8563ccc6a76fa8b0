from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.files import parse_payload, read_paths, reasons_of, rows_of
from trendlab.sources.base import Accepted, Refused
from trendlab.sources.instagram_profiles import InstagramProfiles
from trendlab.steps.ingest_rows import check_records

POST: dict[str, Any] = {
    "url": "https://www.instagram.com/p/BTgub_7-AEs/?taken-by=ana",
    "urlImage": "https://cdn.example/a.jpg",
    "isVideo": False,
    "multipleImage": False,
    "tags": ["#OOTD", "#Straße"],
    "mentions": ["@Ben", "@Ben"],
    "description": "Henningsvær 😍",
    "localization": "Paris, France",
    "date": "2017-04-30T05:00:00.000Z",
    "numberLikes": 356,
    "filename": "a.jpg",
}
PROFILE: dict[str, Any] = {
    "alias": "Ana.B",
    "username": "Ana | Style",
    "descriptionProfile": ["whole text", "whole", "text"],
    "numberPosts": 6009,
    "numberFollowers": 1454,
    "numberFollowing": 433,
    "private": False,
    "posts": [POST],
}


def profile(*posts: Any, **fields: Any) -> dict[str, Any]:
    return {**PROFILE, "posts": list(posts), **fields}


def parse(content: Any) -> list[Any]:
    return parse_payload(InstagramProfiles(), json.dumps(content).encode())


def test_a_profile_gives_its_author_and_its_posts(tmp_path: Path):
    path = tmp_path / "ana.txt"
    path.write_text(json.dumps(PROFILE, indent=2))

    records = read_paths(path)

    (author,) = rows_of(records, "authors")
    (post,) = rows_of(records, "posts")
    (photo,) = rows_of(records, "media")
    assert author["author_id"] == "ana.b"
    assert author["biography"] == "whole text"
    assert author["followers_count"] == 1454
    assert author["author_kind"] == "unknown"
    assert post["post_id"] == "1504406509758972204"
    assert post["url"] == "https://www.instagram.com/p/BTgub_7-AEs/"
    assert post["created_at"] == datetime(2017, 4, 30, 5, tzinfo=UTC)
    assert post["hashtags"] == ["ootd", "strasse"]
    assert post["mentions"] == ["ben"]
    assert post["place_name"] == "Paris, France"
    assert post["author_followers_count"] == 1454
    assert post["media_kind"] == "image"
    assert post["likes_count"] == 356
    assert (photo["status"], photo["media_kind"]) == ("offered", "image")


def test_albums_and_videos_are_told_apart():
    album = {**POST, "urlImage": ["https://cdn.example/a.jpg", "https://x.org/b.jpg"]}
    video = {**POST, "isVideo": True, "urlImage": "https://cdn.example/cover.jpg"}

    records = parse(profile(album, video))

    assert [post["media_kind"] for post in rows_of(records, "posts")] == [
        "album",
        "video",
    ]
    assert [
        (row["media_index"], row["media_kind"]) for row in rows_of(records, "media")
    ] == [(0, "image"), (1, "image"), (0, "cover")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"date": "1970-01-01T00:00:00.000Z"}, "date outside 1990 to 2100"),
        ({"date": None}, "date is missing"),
        ({"url": "https://www.instagram.com/ana/"}, "url names no post"),
        ({"numberLikes": "many"}, "numberLikes is not a count"),
        ({"tags": "#a"}, "tags is not a list of texts"),
        ({"urlImage": [["a"]]}, "urlImage is not text"),
    ],
)
def test_a_bad_post_is_refused_alone(change: dict[str, Any], reason: str):
    records = parse(profile(POST, {**POST, **change}, POST))

    assert reasons_of(records) == [reason]
    assert len(rows_of(records, "posts")) == 2
    assert [record.number for record in records] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        ([], ["the profile is not an object"]),
        (profile(alias=None), ["alias is missing"]),
        (profile(posts={"a": 1}), ["posts is not a list"]),
        (profile("text"), ["the post is not an object"]),
        (
            profile(POST, alias=[]),
            ["alias is not an id", "alias is missing, so the author is not known"],
        ),
    ],
)
def test_a_profile_that_is_none_is_refused(content: Any, reasons: list[str]):
    assert [reason.strip() for reason in reasons_of(parse(content))] == reasons


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"alias": 1e999}']
)
def test_broken_files_are_refused_as_one_record(content: bytes):
    records = parse_payload(InstagramProfiles(), content)

    assert [type(record) for record in records] == [Refused]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)
POSTS = st.fixed_dictionaries(
    {},
    optional={name: st.just(value) | VALUES for name, value in POST.items()},
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.fixed_dictionaries(
        {},
        optional={
            **{name: st.just(v) | VALUES for name, v in PROFILE.items()},
            "posts": st.lists(POSTS | VALUES, max_size=4) | VALUES,
        },
    )
)
def test_any_profile_ends_accepted_or_refused(content: dict[str, Any]):
    records = parse(content)
    accepted = [record for record in records if isinstance(record, Accepted)]
    checked = check_records(accepted, "test")

    assert records
    assert checked.accepted_count + len(checked.refused) == len(accepted)
    assert len({record.number for record in records}) == len(records)
