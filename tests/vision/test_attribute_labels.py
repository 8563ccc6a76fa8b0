"""Files of labels: CSV and JSON say the same, and mistakes are told by place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trendlab.errors import ModelError
from trendlab.vision.attribute_labels import known_attributes, read_labels

HEADER = "image,category,x_px,y_px,width_px,height_px,attribute,value"
CLASSES = ("dress", "top")


def csv_of(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    [label] = read_labels(
        csv_of(tmp_path, "a.jpg,dress,10,20.5,30,40,pattern,striped"), CLASSES
    )
    assert label.box == (10, 20.5, 40, 60.5)
    assert (label.image, label.attribute, label.value) == (
        "a.jpg",
        "pattern",
        "striped",
    )
    path = tmp_path / "labels.json"
    path.write_text(json.dumps([label.model_dump()]))
    assert read_labels(path, CLASSES) == [label]


def test_colours_are_not_learned() -> None:
    assert known_attributes() == ("fine_category", "pattern", "sleeve", "length")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("a.jpg,dress,1,2,0,4,pattern,striped", r":3: width_px: .*greater than 0"),
        ("a.jpg,dress,1,nan,3,4,pattern,striped", r":3: y_px: .*finite"),
        ("a.jpg,dress,1,2,3,4,colour,red", r":3: attribute: expected one of fine_cat"),
        ("a.jpg,gown,1,2,3,4,pattern,striped", r"expected one of dress, top, got 'gow"),
        ("a.jpg,dress,1,2,3,4,pattern,Striped", r":3: value: .*got 'Striped'"),
        ("a.jpg,dress,1,2,3,4,pattern,striped,x", r"beyond the header: Extra inputs"),
        ("a.jpg,dress,1,2,3,4,pattern", r":3: value: Input should be a valid string"),
    ],
)
def test_a_wrong_row_is_told_by_line_and_field(
    tmp_path: Path, row: str, told: str
) -> None:
    path = csv_of(tmp_path, "a.jpg,dress,1,2,3,4,pattern,striped", row)
    with pytest.raises(ModelError, match=told):
        read_labels(path, CLASSES)


def test_many_wrong_rows_are_counted(tmp_path: Path) -> None:
    path = csv_of(tmp_path, *["a.jpg,dress,1,2,0,4,pattern,striped"] * 9)
    with pytest.raises(ModelError, match="… and 4 more") as raised:
        read_labels(path, CLASSES)
    assert str(raised.value).count("\n") == 5


def test_a_file_without_rows_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="found none"):
        read_labels(csv_of(tmp_path), CLASSES)
    with pytest.raises(ModelError, match="cannot be read"):
        read_labels(tmp_path / "nowhere.csv", CLASSES)
    path = tmp_path / "labels.json"
    path.write_text("{}")
    with pytest.raises(ModelError, match="expected a list of objects, got dict"):
        read_labels(path, CLASSES)
    path.write_text("[")
    with pytest.raises(ModelError, match="is not JSON"):
        read_labels(path, CLASSES)
    path.write_text("[3]")
    with pytest.raises(ModelError, match="object 1: row: "):
        read_labels(path, CLASSES)
