"""A model is two files: the card is written last, and names the weights' hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trendlab.errors import ModelError
from trendlab.vision.models import ModelCard, load_card, read_weights
from trendlab.vision.shipping import write_model

WEIGHTS = {"a": np.arange(4, dtype=np.float32)}
FIELDS: dict[str, Any] = {
    "version": "1",
    "task": "classify",
    "architecture": "none",
    "classes": ("dress", "top"),
    "input_size_px": 64,
    "training_data": "none",
    "licence": "AGPL-3.0-or-later",
}


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    out = tmp_path / "new" / "models"

    card = write_model(WEIGHTS, out=out, name="mine", **FIELDS)

    assert {path.name for path in out.iterdir()} == {"mine.json", "mine.safetensors"}
    assert load_card(out / "mine.json") == card
    assert read_weights(card)["a"].tolist() == [0, 1, 2, 3]


def test_figures_are_measured_with_the_weights_and_stand_in_the_card(
    tmp_path: Path,
) -> None:
    def measure(draft: ModelCard) -> dict[str, Any]:
        assert not (tmp_path / "mine.json").exists()
        return {"metrics": {"sum": float(read_weights(draft)["a"].sum())}}

    write_model(WEIGHTS, out=tmp_path, name="mine", measure=measure, **FIELDS)

    assert load_card(tmp_path / "mine.json").metrics == {"sum": 6.0}


def test_a_card_may_share_the_weights_of_another(tmp_path: Path) -> None:
    first = write_model(WEIGHTS, out=tmp_path, name="first", **FIELDS)

    second = write_model(WEIGHTS, out=tmp_path, name="second", shares=first, **FIELDS)

    assert second.weights_path == first.weights_path
    assert not (tmp_path / "second.safetensors").exists()


def test_other_weights_than_the_shared_ones_change_nothing(tmp_path: Path) -> None:
    first = write_model(WEIGHTS, out=tmp_path, name="first", **FIELDS)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    other = {"a": np.ones(4, np.float32)}

    with pytest.raises(ModelError, match="expected the weights of first 1 "):
        write_model(other, out=tmp_path, name="second", shares=first, **FIELDS)

    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_field_that_no_card_has_leaves_the_old_weights(tmp_path: Path) -> None:
    card = write_model(WEIGHTS, out=tmp_path, name="mine", **FIELDS)

    with pytest.raises(ValueError, match="licens"):
        write_model(
            {"a": np.ones(4, np.float32)},
            out=tmp_path,
            name="mine",
            licens="MIT",
            **FIELDS,
        )

    assert read_weights(card)["a"].tolist() == [0, 1, 2, 3]
