from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch

from trendlab.errors import ModelError, SettingsError
from trendlab.schemas import TABLES
from trendlab.vision.architectures import find_model_file, read_model_file
from trendlab.vision.detect import build_network
from trendlab.vision.foreign import read_foreign
from trendlab.vision.models import (
    SHIPPED,
    describe_models,
    load_card,
    read_weights,
    shipped_cards,
)
from trendlab.vision.shipping import save_weights, write_card

# All weights that ship, together; issue and repository stay small.
MAX_SHIPPED_BYTES = 20_000_000

CLASSES = (
    "bag",
    "belt",
    "boots",
    "footwear",
    "outer",
    "dress",
    "sunglasses",
    "pants",
    "top",
    "shorts",
    "skirt",
    "headwear",
    "scarf/tie",
)


def copy_card(folder: Path, **changes: object) -> Path:
    shipped = load_card()
    plain = json.loads((SHIPPED / "garments.json").read_text())
    # its classifier is not copied
    plain |= {"rescoring": None} | changes
    path = folder / "mine.json"
    path.write_text(json.dumps(plain))
    (folder / shipped.weights_file).write_bytes(shipped.weights_path.read_bytes())
    return path


def test_the_shipped_detector_knows_thirteen_classes_in_order() -> None:
    card = load_card()
    assert card.classes == CLASSES
    assert len(card.thresholds) == 13
    assert all(0 < threshold < 1 for threshold in card.thresholds)


def test_every_shipped_card_states_data_licence_and_figures() -> None:
    for card in shipped_cards():
        assert card.licence.startswith("AGPL-3.0")
        assert "Co-Parsing" in card.training_data
        assert card.metrics["measured_on"]
        assert card.metrics_command
        assert card.known_failures
        assert read_weights(card)


def test_shipped_weights_are_small() -> None:
    total = sum(path.stat().st_size for path in SHIPPED.glob("*.safetensors"))
    assert total <= MAX_SHIPPED_BYTES


def test_the_taggers_were_fitted_to_the_shipped_detector() -> None:
    for name in ("garment-tags", "garment-lengths"):
        assert load_card(name).detector_sha256 == load_card().sha256


def test_a_card_is_found_by_path(tmp_path: Path) -> None:
    card = load_card(copy_card(tmp_path))
    assert card.name == "garments"
    assert read_weights(card)


def test_an_unknown_card_names_the_shipped_ones() -> None:
    with pytest.raises(
        SettingsError,
        match="shipped cards: garment-crops, garment-lengths, garment-tags",
    ):
        load_card("nonesuch")


def test_weights_with_another_hash_are_refused(tmp_path: Path) -> None:
    card = load_card(copy_card(tmp_path, sha256="0" * 64))
    with pytest.raises(ModelError, match="expected sha256 000000000000"):
        read_weights(card)


def test_missing_weights_are_an_error(tmp_path: Path) -> None:
    path = copy_card(tmp_path)
    card = load_card(path)
    card.weights_path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        read_weights(card)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"thresholds": [0.5]},
            "the file: expected 13 thresholds, one per class, got 1",
        ),
        (
            {"weights_file": "../../etc/passwd"},
            r"weights_file: expected to match ^[A-Za-z0-9._-]+\.safetensors$, "
            "got '../../etc/passwd'",
        ),
        ({"licens": "MIT"}, "licens: there is no such field; did you mean licence?"),
        (
            {"task": "generate"},
            "task: expected to match ^(detect|classify)$, got 'generate'",
        ),
        (
            {"input_size_px": "large", "nms_iou": 2},
            "input_size_px: Input should be a valid integer, unable to parse string as "
            "an integer, got 'large'; "
            "nms_iou: Input should be less than or equal to 1, got 2",
        ),
    ],
)
def test_a_wrong_card_is_named_with_its_fields(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    path = copy_card(tmp_path, **changes)
    with pytest.raises(ModelError) as refused:
        load_card(path)
    assert str(refused.value) == f"{path}: expected a model card: {told}"


def test_a_card_without_fields_names_the_first_few(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text("{}")
    with pytest.raises(ModelError) as refused:
        load_card(path)
    assert str(refused.value) == (
        f"{path}: expected a model card: name: is missing; version: is missing; "
        "task: is missing; architecture: is missing; classes: is missing; and 5 more"
    )


@pytest.mark.parametrize("text", ["", "weights", '{"name": "mine",}'])
def test_a_card_that_is_no_json_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(ModelError) as refused:
        load_card(path)
    said = str(refused.value)
    assert said.startswith(f"{path}: expected a model card: the file: Invalid JSON: ")
    assert "\n" not in said
    assert "pydantic" not in said


def test_a_folder_is_no_card(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        load_card(tmp_path)


def test_equal_cards_give_equal_bytes(tmp_path: Path) -> None:
    card = load_card()
    write_card(card, tmp_path / "one.json")
    write_card(card, tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert (tmp_path / "one.json").read_bytes() == (
        SHIPPED / "garments.json"
    ).read_bytes()


def test_models_become_rows_of_the_table() -> None:
    rows = describe_models(shipped_cards())
    assert rows.schema == TABLES["models"].arrow
    assert rows["model_name"].to_pylist() == [
        "garment-crops",
        "garment-lengths",
        "garment-tags",
        "garments",
        "garments-fast",
        "people",
    ]
    assert describe_models([]).schema == TABLES["models"].arrow


class Malicious:
    """What runs when a pickle of it is opened without restriction."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.target,)


def test_a_malicious_pt_file_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    touched = tmp_path / "owned"
    path = tmp_path / "free-weights.pt"
    torch.save({"model": Malicious(touched)}, path)
    with pytest.raises(ModelError, match="was refused"):
        read_foreign(path)
    assert not touched.exists()


def test_a_malicious_bare_pickle_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    touched = tmp_path / "owned"
    path = tmp_path / "free-weights.pt"
    path.write_bytes(pickle.dumps(Malicious(touched)))
    with pytest.raises(ModelError, match="was refused"):
        read_foreign(path)
    assert not touched.exists()


def test_a_name_that_ultralytics_would_download_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="no weights at"):
        read_foreign(Path("yolov8n.pt"))


def test_missing_and_damaged_safetensors_are_named(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(ModelError, match="no weights at"):
        read_foreign(path)
    save_weights({"a": torch.arange(6.0)}, path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ModelError, match=r"w\.safetensors is not safetensors"):
        read_foreign(path)


@pytest.mark.parametrize(
    "name",
    ["yolov99n.yaml", "https://example.org/yolov8n.yaml", "./yolov8n.yaml", "resnet50"],
)
def test_an_architecture_of_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    card = load_card(copy_card(tmp_path, architecture=name, passes=[]))
    with pytest.raises(ModelError, match="expected a model file of ultralytics"):
        build_network(card)


def test_a_model_file_in_the_working_folder_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "yolov8n.yaml").write_text("activation: __import__('os').abort()\n")
    found = read_model_file("yolov8n.yaml")
    assert found["scale"] == "n"
    assert "activation" not in found
    assert sum(p.numel() for p in build_network(load_card()).parameters()) > 3_000_000


@pytest.mark.parametrize(
    ("name", "file", "scale"),
    [
        ("yolo11s-seg.yaml", "yolo11-seg.yaml", "s"),
        ("yolov8m-p6.yaml", "yolov8-p6.yaml", "m"),
        ("yolov10b.yaml", "yolov10b.yaml", ""),
        ("yolov10n.yaml", "yolov10n.yaml", "n"),
        ("yolo12.yaml", "yolo12.yaml", ""),
    ],
)
def test_names_stand_for_files_of_ultralytics(name: str, file: str, scale: str) -> None:
    path, found = find_model_file(name)
    assert (path.name, found) == (file, scale)


def test_plain_weights_survive_the_round_trip(tmp_path: Path) -> None:
    weights = {"a": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(3)}
    save_weights(weights, tmp_path / "w.safetensors")
    found = read_foreign(tmp_path / "w.safetensors")
    assert found["a"].dtype == torch.float16
    assert found["a"].tolist() == weights["a"].tolist()
    assert found["n"].item() == 3
