"""A photo's row over later readings of its post: what was stored stays stored."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.steps.photos import DAY, NOON, NOW, offer
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.steps.ingest import ingest_paths
from trendlab.steps.live_batch import upsert_rows
from trendlab.steps.media_rows import keep_tried, row_with_photo, take_tries

OLD, NEW = "https://cdn.example/a.jpg?oe=1", "https://cdn.example/a.jpg?oe=2"
MEDIA = TABLES["media"]


@pytest.mark.parametrize(
    ("present", "address", "is_taken"),
    [
        ({"status": "stored", "path": "media/a.jpg"}, OLD, False),
        # networks sign addresses anew for every reading
        ({"status": "stored", "path": "media/a.jpg"}, NEW, False),
        ({"status": "missing"}, OLD, False),
        ({"status": "missing"}, NEW, True),
        ({"status": "rejected"}, OLD, False),
        ({"status": "rejected"}, NEW, True),
        ({"status": "offered", "tries_count": 2}, OLD, False),
        ({"status": "offered", "tries_count": 2}, NEW, True),
        ({"status": "offered"}, OLD, True),
        ({"status": "offered"}, NEW, True),
    ],
)
def test_a_new_offer_replaces_only_what_it_can_better(present, address, is_taken):
    old = MEDIA.from_rows([offer(OLD, "1", **present)])
    new = MEDIA.from_rows([offer(address, "1", observed_at=NOW)])
    assert keep_tried(old, new).num_rows == is_taken


def test_a_photo_that_comes_with_its_file_replaces_any():
    old = MEDIA.from_rows([offer(OLD, "1", path="media/a.jpg")])
    new = MEDIA.from_rows([offer(NEW, "1", path="/photos/b.jpg", observed_at=NOW)])
    assert keep_tried(old, new).equals(new)


def test_of_an_empty_partition_every_offer_is_taken():
    new = MEDIA.from_rows([offer(NEW, "1")])
    assert keep_tried(MEDIA.empty(), new).equals(new)
    assert keep_tried(new, MEDIA.empty()).num_rows == 0


def test_a_try_whose_address_has_changed_counts_only_if_it_gave_the_photo():
    present = MEDIA.from_rows([offer(NEW, "1"), offer(NEW, "2")])
    tried = MEDIA.from_rows(
        [
            offer(OLD, "1", status="missing"),
            offer(OLD, "2", status="stored", path="media/a.jpg"),
        ]
    )
    rows, stored = take_tries(present, tried)
    assert rows["status"].to_pylist() == ["offered", "stored"]
    assert stored == ["media/a.jpg"]


def test_a_try_changes_nothing_that_was_read_of_the_photo():
    present = MEDIA.from_rows(
        [offer(OLD, str(n), alt_text="a coat on a chair") for n in range(2)]
    )
    tried = MEDIA.from_rows(
        [
            offer(OLD, "0", tries_count=1, status_reason="timed out"),
            offer(OLD, "1", status="stored", path="media/a.jpg"),
        ]
    )
    rows, _ = take_tries(present, tried)
    assert rows["alt_text"].to_pylist() == ["a coat on a chair"] * 2
    assert rows["tries_count"].to_pylist() == [1, None]


def test_a_stored_photo_without_its_address_is_not_offered_again(tmp_path):
    lake = Lake(tmp_path / "lake")
    row = row_with_photo(offer(OLD, "1"), "media/a.jpg", "ab" * 32, NOW, keep_url=False)
    stored = MEDIA.from_rows([row])
    with lake.lock():
        lake.write("media", DAY, stored, source="shop")
        upsert_rows(lake, "media", MEDIA.from_rows([offer(OLD, "1")]), "shop")
    assert lake.read("media", DAY).equals(stored)
    assert row["url"] is None


def profiles(path: Path, photo: str, likes: int, changed: int) -> Path:
    post = {
        "url": "https://www.instagram.com/p/abc/",
        "date": "2026-03-01",
        "numberLikes": likes,
        "urlImage": photo,
        "description": "#coat",
    }
    path.write_text(json.dumps({"alias": "ana", "numberFollowers": 7, "posts": [post]}))
    os.utime(path, (changed, changed))
    return path


def test_a_file_that_is_read_later_does_not_offer_a_stored_photo_again(tmp_path):
    lake = Lake(tmp_path / "lake")
    first = profiles(tmp_path / "first.json", OLD, 3, int(NOON.timestamp()))
    ingest_paths(lake, [first], clock=lambda: NOW)
    (row,) = lake.read("media", DAY).to_pylist()
    stored = {**row, "status": "stored", "path": "media/a.jpg", "observed_at": NOW}
    lake.write("media", DAY, MEDIA.from_rows([stored]), source=row["source"])
    later = int((NOW + timedelta(days=7)).timestamp())
    second = profiles(tmp_path / "second.json", NEW, 9, later)
    ingest_paths(lake, [second], clock=lambda: NOW + timedelta(days=8))
    assert lake.read("posts", DAY)["likes_count"].to_pylist() == [9]
    assert lake.read("media", DAY).to_pylist() == [stored]


def test_a_network_that_is_read_later_does_not_offer_a_stored_photo_again(tmp_path):
    lake = Lake(tmp_path / "lake")
    stored = MEDIA.from_rows([offer(OLD, "1", path="media/a.jpg")])
    again = MEDIA.from_rows([offer(NEW, "1", observed_at=NOW)])
    with lake.lock():
        lake.write("media", DAY, stored, source="shop")
        upsert_rows(lake, "media", again, "shop")
    assert lake.read("media", DAY).equals(stored)
