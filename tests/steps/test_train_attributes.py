"""`trendlab train attributes`: from a person's labels to rows of a photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.builders import table
from tests.vision.conftest import media_table
from trendlab.cli.app import app
from trendlab.errors import ModelError
from trendlab.settings import Settings
from trendlab.steps.step import no_progress
from trendlab.steps.tag import open_attribute_models
from trendlab.steps.train_attributes import train_from_config
from trendlab.vision.attributes import tag_garments

HEADER = "image,category,x_px,y_px,width_px,height_px,attribute,value\n"
PHOTOS = 16


def draw(path: Path, is_striped: bool, seed: int) -> None:
    """Draw a skirt in the middle: a plain one, or one in black and white stripes."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(100, 140, (160, 120, 3)).astype(np.uint8)
    pixels[30:130, 20:100] = rng.integers(0, 200, 3)
    if is_striped:
        pixels[30:130:20, 20:100] = 250
        pixels[35:130:20, 20:100] = 250
    Image.fromarray(pixels).save(path)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    rows = []
    for number in range(PHOTOS):
        draw(tmp_path / f"{number}.png", number % 2 == 0, number)
        value = "striped" if number % 2 == 0 else "solid"
        rows.append(f"{number}.png,skirt,20,30,80,100,pattern,{value}\n")
    (tmp_path / "labels.csv").write_text(HEADER + "".join(rows))
    path = tmp_path / "attributes.yml"
    path.write_text(
        f"name: stripes\nannotations: {tmp_path}/labels.csv\nimages: {tmp_path}\n"
        f"out: {tmp_path}/out\nmin_examples: 3\nheld_out_share: 0.4\ndevice: cpu\n"
    )
    return path


def test_labels_become_a_model_that_tags(config: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, device="cpu")
    lines = list(train_from_config(config, progress=no_progress))
    assert "| pattern, " in lines[0]
    assert "each class's most frequent value" in lines[0]
    assert lines[1] == f"stripes 1: {tmp_path / 'out' / 'stripes.json'}"
    mine = settings.model_copy(
        update={"attributes": str(tmp_path / "out" / "stripes.json")}
    )
    draw(tmp_path / "new.png", True, 99)
    media = media_table(tmp_path / "new.png")
    [photo] = media.to_pylist()
    garment = {key: photo[key] for key in ("day", "source", "post_id", "media_index")}
    box = {"x_px": 20, "y_px": 30, "width_px": 80, "height_px": 100}
    tags = tag_garments(
        table("garments", [{**garment, **box, "category": "skirt"}]),
        media,
        home=tmp_path,
        run_id="r",
        models=open_attribute_models(mine),
        device="cpu",
    ).to_pylist()
    [row] = [row for row in tags if row["attribute"] == "pattern"]
    assert (row["value"], row["model_name"], row["model_version"]) == (
        "striped",
        "stripes",
        "1",
    )


def test_a_mistake_in_the_config_is_told_by_line(config: Path) -> None:
    config.write_text(config.read_text() + "held_out_shares: 0.5\n")
    with pytest.raises(ModelError, match=r"yml:8: held_out_shares: .*mean held_out_sh"):
        list(train_from_config(config, progress=no_progress))


def test_the_verb_ends_with_one_where_labels_are_wrong(
    config: Path, tmp_path: Path
) -> None:
    (tmp_path / "labels.csv").write_text(HEADER + "0.png,gown,1,2,3,4,pattern,solid\n")
    done = CliRunner().invoke(
        app,
        ["train", "attributes", "--config", str(config)],
    )
    assert isinstance(done.exception, ModelError)
    assert "category: expected one of bag, belt" in str(done.exception)
