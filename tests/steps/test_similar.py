"""`trendlab similar`: the looks of the lake that are nearest to a photo."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.vision.conftest import DAY, media_table, write_photo
from tests.vision.fakes import PlantedDetector
from trendlab.errors import (
    ImageRejected,
    MissingPartition,
    SettingsError,
    VisionError,
)
from trendlab.lake import Lake
from trendlab.settings import read_settings
from trendlab.steps.context import open_context
from trendlab.steps.doctor import examine
from trendlab.steps.load import load_warehouse
from trendlab.steps.similar import find_similar, find_similar_loaded, similar_lines
from trendlab.vision.garments import find_garments
from trendlab.warehouse.server import EmbeddedPostgres

RED, DARK_RED, BLUE = (220, 20, 20), (180, 20, 20), (20, 20, 220)


class ColourDetector(PlantedDetector):
    """Finds the planted bag; what it looks like is the photo's mean colour."""

    def _find(self, canvas):
        found = super()._find(canvas)
        colour = canvas.pixels[canvas.shape[0] // 2, canvas.shape[1] // 2] / 255
        features = np.zeros((len(found), 448), np.float32)
        features[:, 64:67] = colour
        return dataclasses.replace(found, features=features)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Looks of a red photo (p0), a blue one (p1) and the red one again (p2)."""
    photos = [
        write_photo(tmp_path / "red.png", RED),
        write_photo(tmp_path / "blue.png", BLUE),
        write_photo(tmp_path / "again.png", RED),
    ]
    media = media_table(*photos)
    lake = Lake(tmp_path / "lake")
    found = find_garments(media, ColourDetector(), home=tmp_path, run_id="r")
    with lake.lock():
        lake.write("media", DAY, media, source="files")
        lake.write("looks", DAY, found.looks, source="files")
    return lake


def test_the_nearest_looks_come_first_with_their_cosine(lake, tmp_path):
    asked = write_photo(tmp_path / "asked.png", DARK_RED)
    found = find_similar(lake, ColourDetector(), asked, count=10).to_pylist()
    assert [row["post_id"] for row in found] == ["p0", "p2", "p1"]
    assert [row["is_duplicate"] for row in found] == [False, True, False]
    assert [row["score"] for row in found] == sorted(
        (row["score"] for row in found), reverse=True
    )
    a, b = np.array(DARK_RED, float), np.array(BLUE, float)
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert found[2]["score"] == pytest.approx(cosine, abs=1e-4)
    assert found[0]["path"].endswith("red.png")


def test_the_warehouse_finds_what_the_lake_finds(lake, tmp_path):
    settings = read_settings(tmp_path)
    with EmbeddedPostgres(tmp_path / "postgres").running():
        load_warehouse(open_context(settings, need_trackers=False), None, None)
        asked = write_photo(tmp_path / "asked.png", DARK_RED)
        loaded = find_similar_loaded(settings, ColourDetector(), asked, count=2)
        checks = {check.name: check for check in examine(settings)}
    stored = find_similar(lake, ColourDetector(), asked, count=2).to_pylist()
    for mine, theirs in zip(stored, loaded, strict=True):
        assert theirs["score"] == pytest.approx(mine.pop("score"), abs=1e-6)
        del mine["path"]
        assert {name: theirs[name] for name in mine} == mine
    assert checks["warehouse"].told.endswith("an analyst can log in, compares looks")


def test_without_a_warehouse_none_is_made(lake, tmp_path):
    asked = write_photo(tmp_path / "asked.png", DARK_RED)
    with pytest.raises(MissingPartition, match="there is no warehouse"):
        list(similar_lines(read_settings(tmp_path), asked, count=2, in_warehouse=True))
    assert not (tmp_path / "postgres").exists()


def test_the_same_photo_scores_one(lake, tmp_path):
    [row] = find_similar(
        lake, ColourDetector(), tmp_path / "blue.png", count=1
    ).to_pylist()
    assert row["post_id"] == "p1"
    assert row["score"] == pytest.approx(1, abs=1e-6)


def test_looks_of_another_model_are_not_compared(lake, tmp_path):
    other = ColourDetector()
    other.card = other.card.model_copy(update={"version": "1"})
    assert find_similar(lake, other, tmp_path / "red.png", count=5).num_rows == 0


def test_an_empty_lake_has_nothing_similar(tmp_path):
    photo = write_photo(tmp_path / "red.png", RED)
    found = find_similar(Lake(tmp_path / "lake"), ColourDetector(), photo, count=5)
    assert found.num_rows == 0
    assert "score" in found.schema.names


def test_a_photo_without_garments_is_an_error(lake, tmp_path):
    black = write_photo(tmp_path / "black.png", (0, 0, 0))
    with pytest.raises(VisionError, match=r"black\.png: no garment found"):
        find_similar(lake, ColourDetector(), black, count=5)


def test_what_is_no_photo_is_refused(lake, tmp_path):
    (tmp_path / "note.txt").write_text("not a photo")
    with pytest.raises(ImageRejected, match="not JPEG, PNG or WebP"):
        find_similar(lake, ColourDetector(), tmp_path / "note.txt", count=5)
    with pytest.raises(SettingsError, match="no such file"):
        list(similar_lines(read_settings(tmp_path), tmp_path / "no.jpg", count=5))
