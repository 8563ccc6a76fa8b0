"""The page on vision: its example is a training, and every field is described."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from trendlab.vision.datasets import DataFormat
from trendlab.vision.train_config import TrainConfig, read_config

PAGE = (Path(__file__).parents[2] / "docs" / "vision.md").read_text()


def test_the_example_is_a_training(tmp_path):
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "detector.yml"
    path.write_text(example)
    assert read_config(path).name == "street"


def test_every_field_and_format_is_described():
    for name in (*TrainConfig.model_fields, *get_args(DataFormat)):
        assert f"`{name}`" in PAGE, name
