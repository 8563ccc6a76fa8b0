from __future__ import annotations

import json
import lzma
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.sources.files import parse_payload, read_paths, reasons_of, rows_of
from tests.sources.instagram_samples import (
    ANYTHING,
    COMMENTS,
    GRAPH,
    POST_ID,
    saved,
    varied,
)
from trendlab.sources.base import Accepted
from trendlab.sources.files import open_sets, sniff
from trendlab.sources.instaloader import Instaloader, Saved
from trendlab.steps.ingest_rows import check_records

STEM = "2026-01-05_09-30-00_UTC"
PROFILE: dict[str, Any] = {
    "id": "4411",
    "username": "Ana.B",
    "full_name": "Ana",
    "biography": "coats",
    "is_verified": True,
    "edge_followed_by": {"count": 900},
    "edge_follow": {"count": 30},
    "edge_owner_to_timeline_media": {"count": 12},
}


def without_comments(**changes: Any) -> dict[str, Any]:
    node = {k: v for k, v in GRAPH.items() if k != "edge_media_to_parent_comment"}
    return saved({**node, **changes})


def write_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    packed = lzma.compress(json.dumps(without_comments()).encode())
    (folder / f"{STEM}.json.xz").write_bytes(packed)
    (folder / f"{STEM}_comments.json").write_text(json.dumps(COMMENTS, indent=4))
    profile = json.dumps(saved(PROFILE, "Profile"), indent=4, sort_keys=True)
    (folder / "ana.b_4411.json").write_text(profile)
    return folder


def parse(content: Any, post: Any = None) -> list[Any]:
    beside = None if post is None else json.dumps(post).encode()
    return parse_payload(Instaloader(), Saved(json.dumps(content).encode(), beside))


def test_a_folder_gives_posts_comments_and_profiles(tmp_path: Path):
    folder = write_folder(tmp_path / "ana.b")

    (one,) = open_sets([folder])
    records = read_paths(folder)

    assert (one.source.format, len(one.members)) == ("instaloader", 3)
    assert reasons_of(records) == []
    (post,) = rows_of(records, "posts")
    assert post["post_id"] == POST_ID
    assert post["created_at"] == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert post["author_followers_count"] == 900
    assert (post["lat"], post["lon"], post["place_name"]) == (48.85, 2.35, "Paris")
    assert (post["media_kind"], post["media_count"]) == ("album", 2)
    assert post["is_sponsored"] is True
    assert [
        (row["comment_id"], row["post_id"], row["parent_id"])
        for row in rows_of(records, "comments")
    ] == [("51", POST_ID, None), ("52", POST_ID, "51")]
    profile = next(row for row in rows_of(records, "authors") if "biography" in row)
    assert profile["followers_count"] == 900
    assert (profile["following_count"], profile["posts_count"]) == (30, 12)


def test_a_zip_of_such_a_folder_gives_the_same(tmp_path: Path):
    folder = write_folder(tmp_path / "ana.b")
    with zipfile.ZipFile(tmp_path / "ana.zip", "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"ana.b/{path.name}")

    from_zip, from_folder = read_paths(tmp_path / "ana.zip"), read_paths(folder)

    for table in ("posts", "comments", "authors"):
        moment = {"observed_at": None}
        assert [row | moment for row in rows_of(from_zip, table)] == [
            row | moment for row in rows_of(from_folder, table)
        ]


def test_photos_beside_a_post_are_its_own_and_no_posts(tmp_path: Path):
    folder = write_folder(tmp_path / "ana.b")
    for name in (f"{STEM}_1", f"{STEM}_2", "2020-01-01_UTC_profile_pic"):
        Image.new("RGB", (4, 4)).save(folder / f"{name}.jpg")

    sets = open_sets([folder])
    records = read_paths(folder)

    assert [one.source.format for one in sets] == ["instaloader"]
    assert [Path(path).name for path, _ in sets[0].skipped] == [
        "2020-01-01_UTC_profile_pic.jpg"
    ]
    first, second = rows_of(records, "media")
    assert first["path"] == str(folder / f"{STEM}_1.jpg")
    assert (first["status"], first["url"]) == ("stored", "https://x.org/1.jpg")
    assert len(first["sha256"]) == 64
    assert (second["media_kind"], second["media_index"]) == ("cover", 1)


def test_photos_of_another_folder_stay_posts(tmp_path: Path):
    write_folder(tmp_path / "ana.b")
    Image.new("RGB", (4, 4)).save(tmp_path / "street.jpg")

    assert [one.source.format for one in open_sets([tmp_path])] == [
        "instaloader",
        "photo_folder",
    ]


def test_comments_without_their_post_are_refused_with_what_to_do(tmp_path: Path):
    path = tmp_path / f"{STEM}_comments.json"
    path.write_text(json.dumps(COMMENTS))

    records = read_paths(path)

    assert sniff(path).format == "instaloader"
    assert reasons_of(records) == [
        "post is missing: its file must lie beside the comments"
    ]
    assert records[0].record == COMMENTS


def test_older_and_logged_in_files_are_read():
    older = {
        "__typename": "GraphVideo",
        "code": "BTgub_7-AEs",
        "date": 1493558767,
        "caption": "hi",
        "comments": 4,
        "display_src": "https://x.org/a.jpg",
        "is_video": True,
        "video_view_count": 70,
        "owner": {"id": "7"},
        "iphone_struct": {"location": {"pk": 5, "name": "Rome", "lat": 41, "lng": 12}},
    }

    records = parse(saved(older))

    (post,) = rows_of(records, "posts")
    assert post["post_id"] == "1504406509758972204"
    assert (post["caption"], post["comments_count"]) == ("hi", 4)
    assert (post["media_kind"], post["views_count"]) == ("video", 70)
    assert (post["place_name"], post["lat"]) == ("Rome", 41)
    assert [row["media_kind"] for row in rows_of(records, "media")] == ["cover"]
    assert rows_of(records, "authors") == []


@pytest.mark.parametrize(
    ("count", "likes"), [(-1, None), (3, None), (0, 0), (4, 4), (None, None)]
)
def test_hidden_likes_are_not_given(count: int | None, likes: int | None):
    records = parse(without_comments(edge_media_preview_like={"count": count}))

    assert rows_of(records, "posts")[0]["likes_count"] == likes


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (saved(GRAPH, "Hashtag"), "node_type is not Post, StoryItem or Profile"),
        (saved("x"), "node is not an object"),
        (saved({**PROFILE, "id": None}, "Profile"), "id is missing"),
        (without_comments(id=None, shortcode="?"), "shortcode is not a shortcode"),
        (without_comments(taken_at_timestamp=0), "outside 1990 to 2100"),
        ("text", "file is not an object"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(content: Any, reason: str):
    (record,) = parse(content)

    assert reason in reasons_of([record])[0]
    assert record.record == content


def test_a_cut_file_is_refused_alone(tmp_path: Path):
    folder = write_folder(tmp_path / "ana.b")
    packed = (folder / f"{STEM}.json.xz").read_bytes()
    (folder / f"{STEM}_cut.json.xz").write_bytes(packed[: len(packed) - 40])
    text = json.dumps(without_comments())
    (folder / "cut.json").write_text(text[: len(text) // 2])

    records = read_paths(folder)

    assert sorted(reasons_of(records)) == [
        "the file is cut or damaged",
        "the file is cut or not JSON",
    ]
    assert len(rows_of(records, "posts")) == 1


def test_a_post_with_too_many_comments_says_so():
    comment = {"id": 1, "created_at": 1767605500, "text": "x"}

    records = parse([comment, *[7] * 99_999], without_comments())

    assert len(records) == 99_999
    assert len(rows_of(records, "comments")) == 1
    assert reasons_of(records)[-1] == "a post may hold 99998 comments"


def test_replies_to_replies_hang_under_the_same_comment():
    def comment(number: int, *answers: Any) -> dict[str, Any]:
        return {
            "id": number,
            "created_at": 1767605500,
            "text": "x",
            "answers": list(answers),
        }

    nested = [comment(1, comment(2, comment(3)), comment(4)), comment(5)]

    rows = rows_of(parse(nested, without_comments()), "comments")
    assert [(row["comment_id"], row["parent_id"]) for row in rows] == [
        ("1", None),
        ("2", "1"),
        ("3", "1"),
        ("4", "1"),
        ("5", None),
    ]


FILES = (
    st.sampled_from([saved(GRAPH), saved(PROFILE, "Profile")]).flatmap(varied)
    | varied(COMMENTS)
    | ANYTHING
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=FILES, post=st.none() | st.just(saved(GRAPH)) | varied(saved(GRAPH)))
def test_any_file_ends_accepted_or_refused(content: Any, post: Any):
    records = parse(content, post)
    accepted = [record for record in records if isinstance(record, Accepted)]
    checked = check_records(accepted, "test")

    assert records or content == []
    assert checked.accepted_count + len(checked.refused) == len(accepted)
    assert len({record.number for record in records}) == len(records)
