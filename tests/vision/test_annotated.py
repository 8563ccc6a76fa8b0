"""The shipped detector over the photos of a COCO file, and over no others."""

from __future__ import annotations

import shutil

import pytest

from trendlab.errors import VisionError
from trendlab.vision.annotated import detect_annotated
from trendlab.vision.models import load_card


def annotations(*names):
    return {
        "images": [
            {"id": number, "file_name": name, "width": 810, "height": 1080}
            for number, name in enumerate(names)
        ],
        "annotations": [],
        "categories": [
            {"id": i, "name": name} for i, name in enumerate(load_card().classes)
        ],
    }


def test_only_annotated_photos_are_looked_at(tmp_path, bus, zidane, model_cache):
    (tmp_path / "street").mkdir()
    shutil.copy(bus, tmp_path / "street" / "bus.jpg")
    shutil.copy(zidane, tmp_path / "zidane.jpg")
    (tmp_path / "torn.jpg").write_bytes(b"\xff\xd8\xff")
    seen = []
    found = detect_annotated(
        load_card(),
        annotations("street/bus.jpg", "torn.jpg"),
        tmp_path,
        cache=model_cache,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert {one["file_name"] for one in found.results} == {"street/bus.jpg"}
    assert [one["file_name"] for one in found.failures] == ["torn.jpg"]
    assert seen[-1] == (2, 2)


def test_a_photo_that_is_not_there_is_an_error(tmp_path, bus):
    shutil.copy(bus, tmp_path / "bus.jpg")
    with pytest.raises(VisionError, match=r"1 of 2 annotated photos.*gone\.jpg"):
        detect_annotated(load_card(), annotations("bus.jpg", "gone.jpg"), tmp_path)


def test_a_photo_of_another_size_than_annotated_is_an_error(tmp_path, bus):
    shutil.copy(bus, tmp_path / "bus.jpg")
    turned = annotations("bus.jpg")
    turned["images"][0] |= {"width": 1080, "height": 810}
    told = r"bus\.jpg: expected 1080 × 810 pixels, got 810 × 1080"
    with pytest.raises(VisionError, match=told):
        detect_annotated(load_card(), turned, tmp_path)


def test_a_photo_that_would_not_be_looked_at_is_an_error(tmp_path, bus):
    shutil.copy(bus, tmp_path / "bus.jfif")
    with pytest.raises(VisionError, match=r"got bus\.jfif"):
        detect_annotated(load_card(), annotations("bus.jfif"), tmp_path)
