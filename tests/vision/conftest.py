"""The detector of one look, loaded once, and photos that installed packages carry."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.vision.squares import write_squares
from trendlab.schemas import TABLES
from trendlab.vision.models import load_card

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = date(2026, 1, 5)


def package_file(package: str, *parts: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.joinpath(*parts)


@pytest.fixture(scope="session")
def bus() -> Path:
    return package_file("ultralytics", "assets", "bus.jpg")


@pytest.fixture(scope="session")
def zidane() -> Path:
    return package_file("ultralytics", "assets", "zidane.jpg")


@pytest.fixture(scope="session")
def ccp() -> Path:
    default = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("TRENDLAB_SHARED_DATA", default)) / "ccp"
    if not (folder / "tags.json").is_file():
        pytest.skip(f"the CCP photos are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def detector(model_cache: Path) -> Any:
    from trendlab.vision.detect import load_detector

    return load_detector(load_card("garments-fast"), "cpu", cache=model_cache)


def media_table(*paths: Path | None, **more: Any) -> Any:
    """Rows of `media`, one post a photo; None is a photo that was never stored."""
    rows = [
        {
            "day": DAY,
            "source": "files",
            "post_id": f"p{number}",
            "media_index": 0,
            "media_kind": "image",
            "path": None if path is None else str(path),
            "status": "missing" if path is None else "stored",
            "observed_at": NOW,
            **more,
        }
        for number, path in enumerate(paths)
    ]
    return TABLES["media"].from_rows(rows)


def write_photo(path: Path, colour: tuple[int, int, int] = (200, 40, 40)) -> Path:
    pixels = np.full((120, 80, 3), colour, np.uint8)
    Image.fromarray(pixels).save(path)
    return path


CONFIG = """\
name: tiny
version: "3"
train_annotations: {folder}/train.json
val_annotations: {folder}/val.json
images: {folder}
out: {folder}/run
training_data: red squares
initial_weights: {weights}
epochs: 2
image_size_px: 64
batch: 3
mosaic_off_epochs: 0
threads: 1
seed: 5
"""


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    write_squares(tmp_path, "train", 6)
    write_squares(tmp_path, "val", 2)
    path = tmp_path / "tiny.yml"
    path.write_text(CONFIG.format(folder=tmp_path, weights=load_card().weights_path))
    return path


@pytest.fixture
def threads_kept() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
