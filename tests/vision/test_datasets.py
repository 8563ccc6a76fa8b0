"""Data sets of others, in small files as their makers write them."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.vision.annotated import write
from trendlab.errors import VisionError
from trendlab.vision.coco import class_names
from trendlab.vision.datasets import CLASSES, FASHIONPEDIA, read_data_set
from trendlab.vision.models import load_card


def one_photo(categories, *boxes):
    """A COCO file of one photo, with boxes (category id, bbox)."""
    return {
        "info": {"year": 2018},
        "images": [{"id": 7, "file_name": "0007.jpg", "width": 400, "height": 600}],
        "categories": [
            {"supercategory": "fashion", "id": number, "name": name}
            for number, name in categories
        ],
        "annotations": [
            {
                "id": 900 + number,
                "image_id": 7,
                "category_id": category_id,
                "bbox": bbox,
                "segmentation": [[1, 2, 3, 4, 5, 6]],
                "area": 5,
                "iscrowd": 0,
            }
            for number, (category_id, bbox) in enumerate(boxes)
        ],
    }


def names_of(coco):
    return [CLASSES[one["category_id"]] for one in coco["annotations"]]


def test_the_classes_are_those_of_the_shipped_detector():
    assert load_card().classes == CLASSES


@pytest.mark.parametrize("last", ["scarf/tie", "scarf & tie"])
def test_modanet_counts_from_one(tmp_path, last):
    path = write(
        tmp_path / "modanet.json",
        one_photo(
            list(enumerate([*CLASSES[:12], last], 1)),
            (1, [10, 20, 30, 40]),
            (13, [1, 2, 3, 4]),
            (4, [5, 5, 0, 9]),
        ),
    )
    read = read_data_set("modanet", path, tmp_path)
    assert names_of(read.coco) == ["bag", "scarf/tie"]
    assert class_names(read.coco) == CLASSES
    assert read.coco["annotations"][0]["bbox"] == [10, 20, 30, 40]
    assert dict(read.left_out) == {"no area": 1}


def test_fashionpedia_has_46_categories_and_parts_are_left_out(tmp_path):
    assert len(FASHIONPEDIA) == 46
    assert set(FASHIONPEDIA.values()) - {None} == set(CLASSES) - {"boots"}
    path = write(
        tmp_path / "fashionpedia.json",
        one_photo(
            [(0, "shirt, blouse"), (3, "cardigan"), (23, "shoe"), (31, "sleeve")],
            (0, [1, 1, 5, 5]),
            (3, [2, 2, 5, 5]),
            (23, [3, 3, 5, 5]),
            (31, [4, 4, 5, 5]),
            (31, [5, 5, 5, 5]),
        ),
    )
    read = read_data_set("fashionpedia", path, tmp_path)
    assert names_of(read.coco) == ["top", "outer", "footwear"]
    assert dict(read.left_out) == {"sleeve": 2}


def test_a_class_that_the_set_does_not_have_is_an_error(tmp_path):
    path = write(tmp_path / "m.json", one_photo([(1, "bag"), (2, "spaceship")]))
    with pytest.raises(VisionError, match="got also spaceship"):
        read_data_set("modanet", path, tmp_path)


def deepfashion2(folder, content):
    """Photo 000001.jpg of 30 × 40 pixels, and what is written about it."""
    (folder / "annos").mkdir()
    Image.new("RGB", (30, 40)).save(folder / "000001.jpg")
    write(folder / "annos" / "000001.json", content)
    return folder / "annos"


def test_deepfashion2_has_a_file_a_photo_and_corners(tmp_path):
    annos = deepfashion2(
        tmp_path,
        {
            "source": "user",
            "pair_id": 1,
            "item1": {
                "category_id": 5,
                "category_name": "vest",
                "bounding_box": [2, 3, 12, 23],
                "style": 1,
            },
            "item2": {
                "category_id": 8,
                "category_name": "trousers",
                "bounding_box": [4, 20, 14, 39],
                "style": 0,
            },
            "item3": {"category_id": 9, "bounding_box": [4, 4, 4, 8]},
        },
    )
    read = read_data_set("deepfashion2", annos, tmp_path)
    assert read.coco["images"] == [
        {"id": 0, "file_name": "000001.jpg", "width": 30, "height": 40}
    ]
    assert names_of(read.coco) == ["top", "pants"]
    assert [one["bbox"] for one in read.coco["annotations"]] == [
        [2, 3, 10, 20],
        [4, 20, 10, 19],
    ]
    assert read.coco["annotations"][0]["area"] == 200
    assert dict(read.left_out) == {"no area": 1}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"item1": {"category_id": 14, "bounding_box": [1, 2, 3, 4]}}, "from 1 to 13"),
        ({"item1": {"category_id": 1, "bounding_box": [1, 2, 3]}}, "bounding_box"),
        ({"item1": {"bounding_box": [1, 2, 3, 4]}}, "category_id"),
        ([], "expected an object"),
    ],
)
def test_a_wrong_deepfashion2_file_is_named(tmp_path, content, told):
    annos = deepfashion2(tmp_path, content)
    with pytest.raises(VisionError, match=r"000001\.json") as raised:
        read_data_set("deepfashion2", annos, tmp_path)
    assert told in str(raised.value)


def test_deepfashion2_without_its_photo_or_its_folder_is_an_error(tmp_path):
    annos = deepfashion2(tmp_path, {})
    with pytest.raises(VisionError, match="size of this photo is needed"):
        read_data_set("deepfashion2", annos, tmp_path / "elsewhere")
    with pytest.raises(VisionError, match="a folder with a JSON file a photo"):
        read_data_set("deepfashion2", tmp_path / "none", tmp_path)
    (annos / "000001.json").unlink()
    with pytest.raises(VisionError, match="no JSON files"):
        read_data_set("deepfashion2", annos, tmp_path)
