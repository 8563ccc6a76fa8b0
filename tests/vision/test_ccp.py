"""The CCP reader, over the photos where they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trendlab.errors import VisionError
from trendlab.vision.ccp import ClothingCoParsing, only_tags


def test_a_folder_without_the_data_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(VisionError, match="no Clothing Co-Parsing data"):
        ClothingCoParsing(tmp_path)


def test_masks_lie_within_the_boxes_of_their_class(ccp: Path) -> None:
    data = ClothingCoParsing(ccp)
    inside = seen = 0
    for number, masked in enumerate(data.photos("val")):
        assert masked.mask.shape == (masked.photo.height_px, masked.photo.width_px)
        for index in range(len(masked.boxes)):
            seen += 1
            inside += data.tag_pixels(masked, index) is not None
        if number == 9:
            break
    assert seen > 20
    assert inside / seen > 0.9


def test_a_tag_counts_where_it_is_the_only_one_of_its_class(tmp_path: Path) -> None:
    told = {
        "class_of_tag": {"coat": "outer", "vest": "outer", "heels": "footwear"},
        "image_tags": {"7": ["coat", "vest", "heels", "skin"], "8": ["coat"], "9": []},
    }
    (tmp_path / "tags.json").write_text(json.dumps(told))
    assert only_tags(tmp_path) == {
        "7.jpg": {"footwear": "heels"},
        "8.jpg": {"outer": "coat"},
        "9.jpg": {},
    }
