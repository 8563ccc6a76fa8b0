"""COCO files at the door: what is wrong is said, with its place."""

from __future__ import annotations

import pytest

from tests.vision.annotated import coco, found, write
from trendlab.errors import VisionError
from trendlab.vision.coco import class_names, read_coco, read_results

HERE = [10.0, 10.0, 100.0, 100.0]


def test_annotations_are_read_whole(tmp_path):
    given = coco((1, "bag", HERE))
    del given["annotations"][0]["area"]
    read = read_coco(write(tmp_path / "a.json", given))
    assert read["annotations"][0]["area"] == 100 * 100
    assert class_names(read) == ("bag", "boots", "footwear")
    assert read["images"] == given["images"]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("images", 0, "file_name"), "../../etc/passwd", "images.0.file_name"),
        (("images", 0, "file_name"), "/etc/passwd", "below the folder"),
        (("images", 0, "width"), 0, "images.0.width"),
        (("images", 1, "id"), 1, "images.id is used twice"),
        (("categories", 1, "id"), 0, "categories.id is used twice"),
        (("annotations", 0, "bbox"), [1, 2, -3, 4], "annotations.0.bbox.2"),
        (("annotations", 0, "bbox"), [1, 2, 3], "annotations.0.bbox"),
        (("annotations", 0, "image_id"), 9, "annotations.0: image 9"),
        (("annotations", 0, "category_id"), 9, "category 9 is not listed"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, path, value, told):
    given = coco((1, "bag", HERE))
    place = given
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    file = write(tmp_path / "wrong.json", given)
    with pytest.raises(VisionError, match=r"wrong\.json") as raised:
        read_coco(file)
    assert told in str(raised.value)


def test_what_is_not_json_and_what_is_not_there_are_errors(tmp_path):
    (tmp_path / "text.json").write_text("boxes: none")
    with pytest.raises(VisionError, match="expected COCO annotations"):
        read_coco(tmp_path / "text.json")
    with pytest.raises(VisionError, match="cannot be read"):
        read_coco(tmp_path / "missing.json")
    with pytest.raises(VisionError, match="cannot be read"):
        read_results(tmp_path / "missing.json", coco())


def test_the_name_of_a_class_wins_over_its_number(tmp_path):
    result = {"file_name": "1.jpg", "category_id": 0, "category": "footwear"}
    path = write(tmp_path / "r.json", [{**result, "bbox": HERE, "score": 0.5}])
    [read] = read_results(path, coco())
    assert read == {
        "file_name": "1.jpg",
        "category_id": 2,
        "bbox": HERE,
        "score": 0.5,
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"category_id": 7}, "expected a class of the annotations"),
        ({"category": "sock"}, "got sock"),
        ({"score": 1.5}, "0.score"),
        ({"image_id": None}, "neither image_id nor file_name"),
    ],
)
def test_a_wrong_result_is_named(tmp_path, change, told):
    path = write(tmp_path / "r.json", [{**found(1, "bag", HERE, 0.5), **change}])
    with pytest.raises(VisionError, match=told):
        read_results(path, coco())


def test_no_results_are_valid(tmp_path):
    assert read_results(write(tmp_path / "r.json", []), coco()) == []
