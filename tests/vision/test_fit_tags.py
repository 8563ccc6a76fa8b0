"""What fine categories are learned from: photos with tags and no masks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from trendlab.errors import VisionError
from trendlab.vision.ccp import ClothingCoParsing
from trendlab.vision.fit_tags import read_tagged

CLASSES = ("outer", "footwear")
TAGS = ("null", "coat", "vest", "heels", "sneakers")


@pytest.fixture
def data(tmp_path: Path) -> ClothingCoParsing:
    """Give a data set whose photos 7 and 8 have tags and no masks."""
    told = {
        "tags": TAGS,
        "class_of_tag": {
            "coat": "outer",
            "vest": "outer",
            "heels": "footwear",
            "sneakers": "footwear",
        },
        "image_tags": {"7": ["coat", "vest", "heels"], "8": ["coat"]},
    }
    (tmp_path / "tags.json").write_text(json.dumps(told))
    classes = [{"id": number, "name": name} for number, name in enumerate(CLASSES)]
    (tmp_path / "train.coco.json").write_text(json.dumps({"categories": classes}))
    (tmp_path / "unlabelled").mkdir()
    for stem in ("7", "8"):
        pixels = np.random.default_rng(int(stem)).integers(0, 255, (120, 80, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(
            tmp_path / "unlabelled" / f"{stem}.jpg"
        )
    return ClothingCoParsing(tmp_path)


def boxes_file(folder: Path, *boxes: tuple[str, int, list[float]]) -> Path:
    """Write COCO annotations: file name, class and box of each garment."""
    names = sorted({name for name, _, _ in boxes})
    path = folder / "boxes.json"
    path.write_text(
        json.dumps(
            {
                "images": [
                    {"id": 40 + number, "file_name": name}
                    for number, name in enumerate(names)
                ],
                "annotations": [
                    {
                        "image_id": 40 + names.index(name),
                        "category_id": category_id,
                        "bbox": box,
                    }
                    for name, category_id, box in boxes
                ],
            }
        )
    )
    return path


def test_garments_of_tagged_photos_have_the_only_tag_of_their_class(
    data: ClothingCoParsing, detector: Any
) -> None:
    boxes = boxes_file(
        data.folder,
        ("images/7.jpg", 1, [0, 0, 9, 9]),
        ("unlabelled/7.jpg", 0, [5, 5, 60, 50]),
        ("unlabelled/7.jpg", 1, [10, 90, 20, 20]),
        ("unlabelled/7.jpg", 1, [40, 90, 20, 20]),
        ("unlabelled/8.jpg", 0, [5, 5, 60, 50]),
        ("unlabelled/8.jpg", 1, [10, 90, 20, 20]),
    )
    found = read_tagged(data, boxes, detector)
    assert [TAGS[tag] for tag in found.tags] == ["heels", "heels", "coat"]
    assert [CLASSES[one] for one in found.category_ids] == [
        "footwear",
        "footwear",
        "outer",
    ]
    assert found.photos.tolist() == [41, 41, 42]
    assert found.boxes.shape == (3, 6)
    assert len(np.unique(found.features, axis=0)) == 3
    both = found.joined(found)
    assert both.tags.tolist() == 2 * found.tags.tolist()
    assert both.features.shape == (6, found.features.shape[1])


def test_boxes_without_such_photos_are_refused(
    data: ClothingCoParsing, detector: Any
) -> None:
    boxes = boxes_file(data.folder, ("images/7.jpg", 1, [0, 0, 9, 9]))
    with pytest.raises(VisionError, match=r"boxes\.json: no box in unlabelled"):
        read_tagged(data, boxes, detector)
