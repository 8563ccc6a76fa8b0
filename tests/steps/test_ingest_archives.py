"""Archives into the lake: one post through several formats, books that add up."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.sources.instagram_samples import (
    COMMENTS,
    GRAPH,
    ITEM,
    POST_ID,
    captured,
    saved,
    write_lines,
)
from trendlab.lake import Lake
from trendlab.steps.ingest import ingest_paths

COLLECTED = 1767700000
"""When Zeeschuimer saw the post: 2026-01-06 11:46:40 UTC."""


def now() -> datetime:
    return datetime(2026, 1, 10, 3, tzinfo=UTC)


def write_saved(path: Path, likes: int, changed: int) -> Path:
    post = saved({**GRAPH, "edge_media_preview_like": {"count": likes}})
    path.write_text(json.dumps(post))
    os.utime(path, (changed, changed))
    return path


def everything(lake: Lake, table: str) -> list[dict[str, object]]:
    return [
        row for day in lake.days(table) for row in lake.read(table, day).to_pylist()
    ]


@pytest.mark.parametrize("is_saved_first", [True, False])
@pytest.mark.parametrize(("changed", "likes"), [(-60, 120), (60, 95)])
def test_a_post_through_two_formats_is_one_and_its_newest_reading_wins(
    lake: Lake, tmp_path: Path, is_saved_first: bool, changed: int, likes: int
):
    paths = [
        write_saved(tmp_path / "a.json", 95, COLLECTED + changed),
        write_lines(tmp_path / "b.ndjson", captured(ITEM)),
    ]

    for path in paths if is_saved_first else reversed(paths):
        ingest_paths(lake, [path], clock=now)

    (post,) = everything(lake, "posts")
    assert (post["source"], post["post_id"]) == ("instagram", POST_ID)
    assert post["likes_count"] == likes
    assert sorted(row["likes_count"] for row in everything(lake, "engagement")) == [
        95,
        120,
    ]


def test_read_is_accepted_and_rejected_and_what_was_refused_is_kept(
    lake: Lake, tmp_path: Path
):
    bad = {"pk": "9", "text": "", "created_at": 1767605500}
    lines = [captured({**ITEM, "pk": str(number + 10**18)}) for number in range(20)]
    path = write_lines(
        tmp_path / "x.ndjson",
        *lines,
        captured({**ITEM, "preview_comments": [bad, {**bad, "text": "fine"}, bad]}),
        captured({**ITEM, "taken_at": "soon"}),
    )

    report = ingest_paths(lake, [path], clock=now)

    (book,) = everything(lake, "ingests")
    counts = ("read_count", "accepted_count", "rejected_count")
    assert [book[name] for name in counts] == [25, 22, 3]
    assert report.sets[0].format == "zeeschuimer"
    quarantined = everything(lake, "quarantine")
    assert sorted((q["table_name"], q["row_number"]) for q in quarantined) == [
        ("comments", 2_100_001),
        ("comments", 2_100_003),
        ("posts", 22),
    ]
    assert "soon" in next(
        str(q["payload"]) for q in quarantined if q["table_name"] == "posts"
    )


def test_comments_of_a_saved_post_lie_under_it(lake: Lake, tmp_path: Path):
    folder = tmp_path / "ana"
    folder.mkdir()
    write_saved(folder / "p.json", 5, COLLECTED)
    (folder / "p_comments.json").write_text(json.dumps(COMMENTS))

    ingest_paths(lake, [folder], clock=now)

    comments = everything(lake, "comments")
    assert {row["post_id"] for row in comments} == {POST_ID}
    assert {row["comment_id"]: row["parent_id"] for row in comments} == {
        "51": None,
        "52": "51",
    }
