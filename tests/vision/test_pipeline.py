from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.vision.conftest import write_photo
from tests.vision.fakes import PlantedDetector
from trendlab.errors import ImageRejected, VisionError
from trendlab.vision.boxes import Detections
from trendlab.vision.folders import detect_folder, list_photos, write_coco_results
from trendlab.vision.pipeline import AHEAD, Wanted, find_in_photos
from trendlab.vision.shards import Shards


def photos_of_many_shapes(folder: Path, count: int) -> list[Path]:
    rng = np.random.default_rng(5)
    paths = []
    for number in range(count):
        height, width = rng.integers(20, 90, 2)
        path = folder / f"{number:03}.png"
        pixels = np.full((height, width, 3), 90, np.uint8)
        Image.fromarray(pixels).save(path)
        paths.append(path)
    return paths


def test_results_come_in_the_order_of_the_photos(tmp_path: Path) -> None:
    paths = photos_of_many_shapes(tmp_path, 60)
    paths[7].write_bytes(b"not a photo")
    paths[41].unlink()
    detector = PlantedDetector()
    outcomes = list(
        find_in_photos([Wanted(path.name, path) for path in paths], detector)
    )
    assert [key for key, _ in outcomes] == [path.name for path in paths]
    refused = {key: str(one) for key, one in outcomes if isinstance(one, ImageRejected)}
    assert refused == {"007.png": "not JPEG, PNG or WebP", "041.png": "file missing"}
    assert sum(detector.batches) == 58
    for path, (_, outcome) in zip(paths, outcomes, strict=True):
        if not isinstance(outcome, ImageRejected):
            with Image.open(path) as image:
                assert (outcome.width_px, outcome.height_px) == image.size


def test_photos_of_one_shape_share_a_batch(tmp_path: Path) -> None:
    paths = photos_of_many_shapes(tmp_path, 1) * 9
    detector = PlantedDetector()
    list(find_in_photos([Wanted(n, path) for n, path in enumerate(paths)], detector))
    assert sorted(detector.batches) == [3, 3, 3]


def test_no_more_photos_are_in_flight_than_the_window(tmp_path: Path) -> None:
    path = photos_of_many_shapes(tmp_path, 1)[0]
    detector = PlantedDetector()
    window = AHEAD * detector.lanes_count * detector.batch_count
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield Wanted(taken, path)

    results = find_in_photos(endless(), detector)
    for _ in range(200):
        next(results)
    results.close()
    assert taken <= 200 + window


def test_a_detector_of_two_lanes_looks_at_two_photos_at_once(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=20)

    class Met(PlantedDetector):
        def find(self, *args: Any, **more: Any) -> list[Detections]:
            # broken where the other lane does not come
            both.wait()
            return super().find(*args, **more)

    paths = photos_of_many_shapes(tmp_path, 12)
    detector = Met(lanes_count=2, batch_count=1)
    found = find_in_photos([Wanted(path.name, path) for path in paths], detector)
    assert [key for key, _ in found] == [path.name for path in paths]


def test_no_photos_give_no_results() -> None:
    assert list(find_in_photos([], PlantedDetector())) == []


def test_a_fault_in_the_detector_is_not_taken_for_a_bad_photo(tmp_path: Path) -> None:
    class Broken(PlantedDetector):
        def find(self, *args: object, **more: object) -> list:
            raise RuntimeError("out of memory")

    path = photos_of_many_shapes(tmp_path, 1)[0]
    with pytest.raises(RuntimeError, match="out of memory"):
        list(find_in_photos([Wanted(1, path)], Broken()))


def test_a_folder_becomes_coco_results(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    Image.new("RGB", (60, 100), (99, 99, 99)).save(tmp_path / "below" / "a.JPG", "JPEG")
    (tmp_path / "b.png").write_bytes(b"\x89PNG")
    (tmp_path / "notes.txt").write_text("not looked at")
    run = detect_folder(
        tmp_path, PlantedDetector(), image_ids={"below/a.JPG": 7}, workers=1
    )
    out = tmp_path / "out" / "results.json"
    assert write_coco_results(run, out) == 1
    assert json.loads(out.read_text()) == [
        {
            "file_name": "below/a.JPG",
            "category_id": 0,
            "category": "bag",
            "bbox": [0.0, 0.0, 30.0, 50.0],
            "score": 0.75,
            "image_id": 7,
        }
    ]
    assert run.images_count == 2
    assert run.failures == [{"file_name": "b.png", "reason": "not JPEG, PNG or WebP"}]
    assert [path.name for path in out.parent.iterdir()] == ["results.json"]


def test_a_name_that_is_no_text_is_refused_and_the_others_are_looked_at(
    tmp_path: Path,
) -> None:
    write_photo(tmp_path / "a.png")
    (tmp_path / "a.png").rename(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.png"))
    write_photo(tmp_path / "c.png")
    done: list[tuple[int, int]] = []
    run = detect_folder(
        tmp_path,
        PlantedDetector(),
        shards=Shards(tmp_path / "shards", "planted"),
        progress=lambda *counts: done.append(counts),
    )
    assert [one["file_name"] for one in run] == ["c.png"]
    assert run.failures == [{"file_name": r"b\xff.png", "reason": "name is not UTF-8"}]
    assert done == [(2, 2)]


def test_an_empty_folder_becomes_an_empty_list(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    assert write_coco_results(detect_folder(tmp_path, PlantedDetector()), out) == 0
    assert json.loads(out.read_text()) == []


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(VisionError, match="no folder of photos"):
        list_photos(tmp_path / "nowhere")


def test_progress_counts_every_photo(tmp_path: Path) -> None:
    photos_of_many_shapes(tmp_path, 5)
    seen: list[tuple[int, int]] = []
    run = detect_folder(
        tmp_path, PlantedDetector(), progress=lambda *one: seen.append(one)
    )
    list(run)
    assert seen == [(number, 5) for number in range(1, 6)]
