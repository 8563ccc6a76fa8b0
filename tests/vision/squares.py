"""Photos with one red square each, annotated: what tiny trainings learn from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from trendlab.vision.train_config import TrainConfig, read_config


def write_squares(
    folder: Path,
    name: str,
    count: int,
    *,
    classes: Sequence[str] = ("top", "hat"),
    size_px: tuple[int, int] = (48, 64),
    square_px: tuple[int, int] = (20, 24),
) -> Path:
    """Write photos and their COCO annotations; squares take the classes in turn.

    Parameters
    ----------
    folder, name
        Photos are `<name><number>.png`, annotations `<name>.json`.
    count : int
    classes : sequence of str
    size_px, square_px : (int, int)
        Width and height of photos and squares.
    """
    rng = np.random.default_rng(3)
    (width, height), (across, down) = size_px, square_px
    images, annotations = [], []
    for number in range(count):
        pixels = np.full((height, width, 3), 230, np.uint8)
        x, y = (int(v) for v in rng.integers(2, min(width, height) - max(square_px), 2))
        pixels[y : y + down, x : x + across] = (200, 20, 20)
        file_name = f"{name}{number}.png"
        Image.fromarray(pixels).save(folder / file_name)
        images.append(
            {"id": number, "file_name": file_name, "width": width, "height": height}
        )
        annotations.append(
            {
                "id": number + 1,
                "image_id": number,
                "category_id": number % len(classes),
                "bbox": [x, y, across, down],
                "area": across * down,
                "iscrowd": 0,
            }
        )
    categories = [{"id": number, "name": one} for number, one in enumerate(classes)]
    path = folder / f"{name}.json"
    told = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(told))
    return path


def changed(path: Path, **changes: object) -> TrainConfig:
    """Read a config and change some of its fields."""
    return read_config(path).model_copy(update=changes)


def quiet(step: str, done: int, total: int) -> None:
    """Show no progress."""
