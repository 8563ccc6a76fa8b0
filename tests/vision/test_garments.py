from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.vision.conftest import DAY, media_table, write_photo
from tests.vision.fakes import PlantedDetector
from trendlab.schemas import TABLES
from trendlab.vision.detect import YoloDetector
from trendlab.vision.garments import find_garments
from trendlab.vision.looks import look_vector


def test_one_bad_photo_is_recorded_and_passed_over(tmp_path: Path) -> None:
    good = write_photo(tmp_path / "good.png")
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(good.read_bytes()[:90])
    found = find_garments(
        media_table(bad, good), PlantedDetector(), home=tmp_path, run_id="r1"
    )
    assert found.failures.to_pylist() == [
        {
            "day": DAY,
            "source": "files",
            "post_id": "p0",
            "media_index": 0,
            "reason": "truncated file",
            "run_id": "r1",
        }
    ]
    assert found.garments["post_id"].to_pylist() == ["p1"]
    assert found.looks["post_id"].to_pylist() == ["p1"]


def test_a_garment_row_says_where_it_is_and_who_found_it(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.png")
    found = find_garments(
        media_table(photo), PlantedDetector(), home=tmp_path, run_id="r1"
    )
    assert found.garments.to_pylist() == [
        {
            "day": DAY,
            "source": "files",
            "post_id": "p0",
            "media_index": 0,
            "garment_index": 0,
            "look_index": 0,
            "category_id": 0,
            "category": "bag",
            "score": 0.75,
            "x_px": 0.0,
            "y_px": 0.0,
            "width_px": 40.0,
            "height_px": 60.0,
            "image_width_px": 80,
            "image_height_px": 120,
            "model_name": "planted",
            "model_version": "0",
            "run_id": "r1",
        }
    ]
    look = found.looks.to_pylist()[0]
    assert (look["look_kind"], look["garments_count"], look["vector"]) == (
        "photo",
        1,
        None,
    )


def test_the_same_bytes_again_are_a_duplicate(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.png")
    found = find_garments(
        media_table(photo, photo), PlantedDetector(), home=tmp_path, run_id="r"
    )
    assert found.looks["is_duplicate"].to_pylist() == [False, True]


def test_a_photo_without_garments_has_no_look(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.png", (0, 0, 0))
    found = find_garments(
        media_table(photo), PlantedDetector(), home=tmp_path, run_id="r"
    )
    assert found.garments.num_rows == found.looks.num_rows == 0
    assert found.failures.num_rows == 0


def test_photos_that_are_not_stored_are_left_out(tmp_path: Path) -> None:
    found = find_garments(
        media_table(None, None), PlantedDetector(), home=tmp_path, run_id="r"
    )
    for table in (found.garments, found.looks, found.failures):
        assert table.num_rows == 0


def test_empty_in_gives_typed_empty_out(tmp_path: Path) -> None:
    found = find_garments(
        TABLES["media"].empty(), PlantedDetector(), home=tmp_path, run_id="r"
    )
    assert found.garments.schema == TABLES["garments"].arrow
    assert found.looks.schema == TABLES["looks"].arrow
    assert found.failures.schema == TABLES["vision_failures"].arrow


def test_bytes_that_changed_since_ingest_are_a_failure(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.png")
    found = find_garments(
        media_table(photo, sha256="0" * 64),
        PlantedDetector(),
        home=tmp_path,
        run_id="r",
    )
    assert found.failures["reason"].to_pylist() == ["bytes changed since ingest"]


def test_relative_paths_are_under_the_home(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png")
    found = find_garments(
        media_table(Path("a.png")), PlantedDetector(), home=tmp_path, run_id="r"
    )
    assert found.garments.num_rows == 1


def test_a_vector_has_unit_length_and_needs_features() -> None:
    features = np.random.default_rng(1).normal(size=(3, 448)).astype(np.float32)
    vector = look_vector(features, np.array([0.9, 0.5, 0.2], np.float32))
    assert vector is not None
    assert len(vector) == 128
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert look_vector(features[:, :10], np.ones(3, np.float32)) is None


def generous(detector: YoloDetector) -> YoloDetector:
    """The shipped detector at one low threshold, whatever its card says."""
    card = detector.card.model_copy(update={"thresholds": (0.2,) * 13})
    return YoloDetector(card, detector.runtime)


def test_the_shipped_detector_finds_shoes_and_a_jacket(
    detector: Any, bus: Path, zidane: Path, tmp_path: Path
) -> None:
    detector = generous(detector)
    media = media_table(bus, zidane)
    found = find_garments(media, detector, home=tmp_path, run_id="r")
    told = set(
        zip(
            found.garments["post_id"].to_pylist(),
            found.garments["category"].to_pylist(),
            strict=True,
        )
    )
    assert ("p0", "footwear") in told
    assert ("p1", "outer") in told
    for look in found.looks.to_pylist():
        assert np.linalg.norm(look["vector"]) == pytest.approx(1, abs=1e-5)
    again = find_garments(media, detector, home=tmp_path, run_id="r")
    assert again.garments.equals(found.garments)
    assert again.looks.equals(found.looks)


def test_boxes_are_on_the_upright_photo(
    detector: Any, bus: Path, tmp_path: Path
) -> None:
    turned = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(bus) as image:
        image.rotate(90, expand=True).save(turned, quality=95, exif=exif)
    found = find_garments(
        media_table(bus, turned), generous(detector), home=tmp_path, run_id="r"
    ).garments.to_pandas()
    assert set(found["image_width_px"]) == {810}
    first = found[found["post_id"] == "p0"].iloc[0]
    second = found[(found["post_id"] == "p1")]
    near = (second["x_px"] - first["x_px"]).abs() + (
        second["y_px"] - first["y_px"]
    ).abs()
    assert near.min() < 8
