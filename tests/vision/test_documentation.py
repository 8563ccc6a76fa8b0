"""The page on vision: its examples are trainings, and every field is described."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from trendlab.vision.attribute_labels import read_labels
from trendlab.vision.attributes_config import AttributesConfig
from trendlab.vision.datasets import DataFormat
from trendlab.vision.models import load_card
from trendlab.vision.train_config import TrainConfig, read_config, read_fields

PAGE = (Path(__file__).parents[2] / "docs" / "vision.md").read_text()


def test_the_examples_are_trainings(tmp_path):
    detector, attributes = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "detector.yml"
    path.write_text(detector)
    assert read_config(path).name == "street"
    path.write_text(attributes)
    assert read_fields(path, AttributesConfig, example="").name == "street-attributes"


def test_the_example_of_labels_can_be_read(tmp_path):
    [example] = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "labels.csv"
    path.write_text(example)
    assert len(read_labels(path, load_card().classes)) == 3


def test_every_field_and_format_is_described():
    fields = {**TrainConfig.model_fields, **AttributesConfig.model_fields}
    for name in (*fields, *get_args(DataFormat)):
        assert f"`{name}`" in PAGE, name
