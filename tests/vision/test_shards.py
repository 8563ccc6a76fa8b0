"""A look at many photos that is killed goes on, and ends in the same rows."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import trendlab.steps.describe as describe
from tests.vision.conftest import DAY, media_table
from tests.vision.fakes import PlantedDetector
from tests.vision.test_pipeline import photos_of_many_shapes
from trendlab.errors import ImageRejected
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.engine import run_step
from trendlab.steps.step import Context
from trendlab.vision import shards as module
from trendlab.vision.boxes import Canvas, Detections, Suppression
from trendlab.vision.folders import detect_folder
from trendlab.vision.pipeline import Wanted
from trendlab.vision.shards import Shards, find_in_shards


class Killed(BaseException):
    """What stands for a kill: nothing catches it on its way."""


class Looking(PlantedDetector):
    """Finds the planted bag, with an appearance; counts photos, and dies at one."""

    def __init__(self, dies_at: int | None = None) -> None:
        super().__init__(lanes_count=1, batch_count=1)
        self._dies_at = dies_at
        self.looked = 0

    def find(
        self,
        canvases: Sequence[Canvas],
        keep: Suppression | None = None,
        *,
        with_features: bool = False,
    ) -> list[Detections]:
        self.looked += len(canvases)
        if self._dies_at is not None and self.looked > self._dies_at:
            raise Killed
        found = super().find(canvases, keep, with_features=with_features)
        people = np.array([[0, 0, 9, 9]], np.float32)
        return [
            dataclasses.replace(
                one,
                features=np.full((len(one), 128), canvas.width_px / 3, np.float32),
                people=people,
                people_scores=np.array([0.9], np.float32),
                people_model="people 1",
            )
            for one, canvas in zip(found, canvases, strict=True)
        ]


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARD_PHOTOS", 5)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    (tmp_path / "photos").mkdir()
    paths = photos_of_many_shapes(tmp_path / "photos", 23)
    paths[3].write_bytes(b"not a photo")
    paths[17].unlink()
    return paths


def look(
    paths: Sequence[Path], detector: Looking, shards: Shards | None
) -> Iterator[tuple[str, Detections | ImageRejected]]:
    wanted = [Wanted(path.name, path) for path in paths]
    return find_in_shards(wanted, detector, shards=shards, with_features=True)


def plain(found: Iterator[tuple[str, Detections | ImageRejected]]) -> list[object]:
    """Outcomes as values that compare."""
    return [
        (key, str(one))
        if isinstance(one, ImageRejected)
        else (
            key,
            {
                name: (str(v.dtype), v.shape, v.tolist())
                if isinstance(v, np.ndarray)
                else v
                for name, v in vars(one).items()
            },
        )
        for key, one in found
    ]


def test_a_killed_run_goes_on_and_looks_at_no_finished_photo_again(
    paths: list[Path], tmp_path: Path
) -> None:
    shards = Shards(tmp_path / "kept", "m1")
    with pytest.raises(Killed):
        list(look(paths, Looking(dies_at=16), shards))
    again = Looking()
    resumed = plain(look(paths, again, shards))
    # 21 of 23 can be looked at; shards of five end at the 5th, 10th and 15th photo,
    # of which one is refused
    assert again.looked == 21 - 14
    assert resumed == plain(look(paths, Looking(), None))
    third = Looking()
    assert plain(look(paths, third, shards)) == resumed
    assert third.looked == 0
    shards.remove()
    assert not shards.folder.exists()


def test_another_model_or_other_photos_find_no_shard(
    paths: list[Path], tmp_path: Path
) -> None:
    shards = Shards(tmp_path / "kept", "m1")
    list(look(paths, Looking(), shards))
    other_model, other_photos, touched = Looking(), Looking(), Looking()
    list(look(paths, other_model, Shards(shards.folder, "m2")))
    assert other_model.looked == 21
    list(look(paths[1:], other_photos, shards))
    assert other_photos.looked == 20
    os.utime(paths[12], ns=(1, 1))
    list(look(paths, touched, shards))
    assert touched.looked == 21 - 9, "the shards before the touched photo hold"


def test_a_damaged_shard_is_looked_at_again(paths: list[Path], tmp_path: Path) -> None:
    shards = Shards(tmp_path / "kept", "m1")
    whole = plain(look(paths, Looking(), shards))
    for file in shards.folder.iterdir():
        file.write_bytes(file.read_bytes()[:100])
    again = Looking()
    assert plain(look(paths, again, shards)) == whole
    assert again.looked == 21


def test_a_folder_goes_on_in_the_same_results(
    paths: list[Path], tmp_path: Path
) -> None:
    shards = Shards(tmp_path / "kept", "m1")
    folder = tmp_path / "photos"
    with pytest.raises(Killed):
        list(detect_folder(folder, Looking(dies_at=12), shards=shards))
    again = Looking()
    run = detect_folder(folder, again, shards=shards)
    undisturbed = detect_folder(folder, Looking())
    assert json.dumps(run.results) == json.dumps(undisturbed.results)
    assert run.failures == undisturbed.failures
    assert again.looked < undisturbed.images_count - 8


def test_the_night_goes_on_within_a_day_and_leaves_no_shards(
    paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path / "lake")
    with lake.lock():
        lake.write("media", DAY, media_table(*paths), source="files")

    def context() -> Context:
        return Context(
            settings=Settings(home=tmp_path),
            lake=lake,
            trackers=[],
            cities=TABLES["cities"].empty(),
            clock=lambda: datetime(2026, 2, 1, tzinfo=UTC),
        )

    detectors = [Looking(dies_at=12), Looking()]
    monkeypatch.setattr(describe, "open_detector", lambda settings: detectors[0])
    kept = tmp_path / "state" / "shards"
    with lake.lock(), pytest.raises(Killed):
        run_step(context(), describe.DETECT, [DAY])
    assert len(list(kept.glob("*.parquet"))) == 2
    detectors.pop(0)
    with lake.lock():
        report = run_step(context(), describe.DETECT, [DAY])
    assert report.computed_count == 1
    assert detectors[0].looked == 21 - 9
    assert not kept.exists()
    reasons = lake.read("vision_failures", DAY)["reason"].to_pylist()
    assert sorted(reasons) == ["file missing", "not JPEG, PNG or WebP"]
    assert lake.read("looks", DAY).num_rows == 21


def test_photos_given_as_bytes_are_told_by_their_content(tmp_path: Path) -> None:
    paths = photos_of_many_shapes(tmp_path, 6)
    wanted = [Wanted(n, path.read_bytes()) for n, path in enumerate(paths)]
    shards = Shards(tmp_path / "kept", "m1")
    first, again = Looking(), Looking()
    list(find_in_shards(wanted, first, shards=shards))
    list(find_in_shards(wanted, again, shards=shards))
    assert (first.looked, again.looked) == (6, 0)


def test_a_photo_without_garments_comes_back_as_one(tmp_path: Path) -> None:
    dark = [Wanted(0, tmp_path / "dark.png")]
    Image.new("RGB", (40, 30)).save(tmp_path / "dark.png")
    shards = Shards(tmp_path / "kept", "m1")
    first = list(find_in_shards(dark, Looking(), shards=shards))
    ((_, again),) = find_in_shards(dark, Looking(), shards=shards)
    assert len(first[0][1]) == len(again) == 0
    assert (again.width_px, again.height_px) == (40, 30)
