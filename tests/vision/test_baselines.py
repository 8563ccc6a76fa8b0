"""The research's detectors: their networks, what they learn from, how they train."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.vision.squares import changed, quiet, write_squares
from trendlab.errors import ModelError, VisionError
from trendlab.settings import read_settings
from trendlab.steps.evaluate import evaluate_detector
from trendlab.steps.folder import detect_images
from trendlab.steps.train import train_from_config
from trendlab.vision.annotated_photos import AnnotatedPhotos
from trendlab.vision.architectures import BASELINES
from trendlab.vision.baselines import BaselineDetector, build_baseline
from trendlab.vision.boxes import Suppression
from trendlab.vision.class_groups import fit_to_classes, join_classes
from trendlab.vision.detect import load_detector
from trendlab.vision.images import read_photo
from trendlab.vision.models import ModelCard, load_card, read_weights
from trendlab.vision.shipping import save_weights
from trendlab.vision.ssd import FusedMap, VggMaps, build_ssd
from trendlab.vision.train_baseline import train_baseline
from trendlab.vision.train_config import TrainConfig, read_config
from trendlab.vision.training_data import prepare_data

CLASSES = ("top", "pants", "bag")


def write_coco(folder: Path, name: str, count: int) -> Path:
    """Photos large enough for an SSD of 96 pixels."""
    return write_squares(
        folder, name, count, classes=CLASSES, size_px=(64, 96), square_px=(32, 40)
    )


CONFIG = """\
name: tiny
train_annotations: {folder}/train.json
val_annotations: {folder}/val.json
images: {folder}
out: {folder}/run
training_data: red squares
architecture: {architecture}
epochs: 2
image_size_px: 96
batch: 2
threads: 1
seed: 5
"""


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    write_coco(tmp_path, "train", 4)
    write_coco(tmp_path, "val", 1)
    path = tmp_path / "tiny.yml"
    path.write_text(CONFIG.format(folder=tmp_path, architecture="ssd300-fused-quarter"))
    return path


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    # two wait for each other where other tests run beside
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def train(config: TrainConfig, **more: Any) -> dict[str, torch.Tensor]:
    train_baseline(config, prepare_data(config), **more)
    kept = torch.load(config.out / "weights" / "last.pt", weights_only=True)
    return dict(kept["network"])


# --- networks


def test_a_fused_map_has_the_shape_of_the_fine_one_and_sees_both() -> None:
    fused = FusedMap(8, 16).eval()
    fine, coarse = torch.rand(2, 8, 5, 7), torch.rand(2, 16, 3, 4)
    with torch.inference_mode():
        joined = fused(fine, coarse)
        assert joined.shape == fine.shape
        assert not torch.equal(joined, fused(fine, coarse + torch.rand_like(coarse)))
        assert not torch.equal(joined, fused(fine + torch.rand_like(fine), coarse))


@pytest.mark.parametrize("is_fused", [False, True])
def test_ssd_has_the_six_maps_of_the_paper(is_fused: bool) -> None:
    maps = VggMaps(1 / 16, is_fused=is_fused).eval()
    with torch.inference_mode():
        found = list(maps(torch.rand(1, 3, 300, 300)).values())
    assert [one.shape[2] for one in found] == [38, 19, 10, 5, 3, 1]
    assert [one.shape[1] for one in found] == maps.out_channels


def test_ssd_learns_what_and_where_a_square_is() -> None:
    torch.manual_seed(0)
    network = build_ssd(2, width=1 / 16, is_fused=True)
    network.to(memory_format=torch.channels_last)
    photo = torch.full((3, 300, 300), 0.9)
    photo[:, 90:210, 60:180] = torch.tensor([0.8, 0.1, 0.1])[:, None, None]
    target = {
        "boxes": torch.tensor([[60.0, 90.0, 180.0, 210.0]]),
        "labels": torch.tensor([2]),
    }
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.003)
    losses = []
    for _ in range(6):
        parts = network([photo], [target])
        optimizer.zero_grad()
        sum(parts.values()).backward()
        optimizer.step()
        losses.append({key: float(one.detach()) for key, one in parts.items()})
    for part in ("bbox_regression", "classification"):
        assert losses[-1][part] < losses[0][part] / 2


@pytest.mark.parametrize("name", ["ssd300-quarter", "faster-rcnn"])
def test_a_network_is_built_without_the_web_and_gives_losses(name: str) -> None:
    network = build_baseline(name, 3)
    target = {
        "boxes": torch.tensor([[8.0, 8.0, 50.0, 70.0]]),
        "labels": torch.tensor([1]),
    }
    # a photo without boxes is learned from, too
    empty = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    losses = network([torch.rand(3, 96, 64)] * 2, [target, empty])
    assert all(torch.isfinite(one) for one in losses.values())


# --- what they learn from


def test_boxes_follow_the_photo_to_its_smaller_size(tmp_path: Path) -> None:
    coco = json.loads(write_coco(tmp_path, "train", 1).read_text())
    photos = AnnotatedPhotos(coco, tmp_path, 48, is_varied=False)
    photo, target = photos[0]
    x, y, width, height = (side / 2 for side in coco["annotations"][0]["bbox"])
    assert photo.shape == (3, 48, 32)
    assert target["boxes"].tolist() == [[x, y, x + width, y + height]]
    assert target["labels"].tolist() == [1]
    middle = photo[:, int(y + height / 2), int(x + width / 2)]
    assert middle.tolist() == pytest.approx([200 / 255, 20 / 255, 20 / 255], abs=0.01)


def test_a_varied_photo_keeps_its_boxes_on_the_square(tmp_path: Path) -> None:
    coco = json.loads(write_coco(tmp_path, "train", 1).read_text())
    photos = AnnotatedPhotos(coco, tmp_path, 96, is_varied=True)
    torch.manual_seed(1)
    seen = [photos[0] for _ in range(12)]
    assert len({tuple(photo.shape) for photo, _ in seen}) > 3
    for photo, target in seen:
        x0, y0, x1, y1 = (round(side) for side in target["boxes"][0].tolist())
        rows, columns = photo.shape[1:]
        assert 0 <= x0 < x1 <= columns
        assert 0 <= y0 < y1 <= rows
        inside = photo[:, y0:y1, x0:x1].std((1, 2))
        assert inside.max() < 0.2


def test_a_photo_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    coco = json.loads(write_coco(tmp_path, "train", 1).read_text())
    (tmp_path / "train0.png").write_bytes(b"no photo")
    with pytest.raises(VisionError, match=r"train0\.png: not JPEG.*take it out"):
        AnnotatedPhotos(coco, tmp_path, 96, is_varied=False)[0]


def test_classes_are_joined_by_the_part_of_the_body(tmp_path: Path) -> None:
    coco = json.loads(write_coco(tmp_path, "train", 3).read_text())
    joined = join_classes(coco)
    names = [one["name"] for one in joined.coco["categories"]]
    assert names == ["upper", "lower", "full"]
    assert [one["category_id"] for one in joined.coco["annotations"]] == [0, 1]
    assert len(joined.coco["images"]) == 3
    assert joined.left_out == {"bag": 1}
    assert fit_to_classes(coco, CLASSES).coco == coco
    assert fit_to_classes(coco, names) == joined
    assert fit_to_classes(joined.coco, names).coco == joined.coco
    coco["categories"][0]["name"] = "sock"
    with pytest.raises(VisionError, match="got also sock"):
        join_classes(coco)


# --- training


def test_a_resumed_training_ends_in_the_same_weights(config_file: Path) -> None:
    whole = train(changed(config_file, out=config_file.parent / "whole"))

    def killed(done: int, total: int) -> None:
        raise KeyboardInterrupt

    config = read_config(config_file)
    with pytest.raises(KeyboardInterrupt):
        train_baseline(config, prepare_data(config), progress=killed)
    resumed = train(config, is_resumed=True)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)
    with pytest.raises(ModelError, match="changed since: seed"):
        train(changed(config_file, seed=6), is_resumed=True)


def test_a_training_ends_when_its_hours_are_spent(config_file: Path) -> None:
    seconds = iter(range(0, 1_000_000, 60))
    config = changed(config_file, hours=0.1, epochs=50)
    trained = train_baseline(
        config, prepare_data(config), clock=lambda: float(next(seconds))
    )
    assert 1 <= trained.told["epochs"] < 5
    assert trained.told["minutes"] >= 6


def test_a_training_without_progress_stops_early(config_file: Path) -> None:
    # nothing is found by a network that does not learn, so no epoch beats the first
    config = changed(config_file, patience_epochs=1, epochs=5, learning_rate=1e-12)
    trained = train_baseline(config, prepare_data(config))
    assert trained.told["epochs"] == 2
    assert trained.told["best_epoch"] == 1


def test_an_architecture_that_nobody_knows_is_refused(config_file: Path) -> None:
    config_file.write_text(config_file.read_text().replace("ssd300-fused", "ssd512"))
    with pytest.raises(ModelError, match=r"tiny\.yml:7: architecture: .*faster-rcnn"):
        read_config(config_file)


# --- from config to figures


def test_a_card_on_joined_classes_is_trained_measured_and_detects(
    config_file: Path, tmp_path: Path
) -> None:
    write_coco(tmp_path, "val", 3)
    text = config_file.read_text().replace("ssd300-fused-quarter", "faster-rcnn")
    text = text.replace("epochs: 2", "epochs: 1")
    config_file.write_text(text + "classes: upper-lower-full\naugment: false\n")
    lines = list(train_from_config(config_file, progress=quiet))
    assert lines[1] == "2 boxes left out: bag 2"

    path = tmp_path / "run" / "tiny.json"
    card = load_card(path)
    assert card.classes == ("upper", "lower", "full")
    assert card.training["trained"]["epochs"] == 1
    assert card.training["augment"] is False
    assert card.nms_iou == 0.45
    assert BASELINES["faster-rcnn"] in card.notes
    assert all(np.isfinite(one).all() for one in read_weights(card).values())

    settings = read_settings(tmp_path / "home", detector=str(path), device="cpu")
    told = list(
        evaluate_detector(settings, tmp_path / "val.json", tmp_path, progress=quiet)
    )
    assert told[0].endswith("upper, lower, full; 1 boxes left out: bag 1")
    assert f"| **mean** | 2 | **{card.metrics['ap50_voc']:.3f}** |" in told[1]

    (tmp_path / "looked").mkdir()
    (tmp_path / "val0.png").rename(tmp_path / "looked" / "val0.png")
    list(
        detect_images(
            settings, tmp_path / "looked", tmp_path / "f.json", progress=quiet
        )
    )
    found = json.loads((tmp_path / "f.json").read_text())
    assert {one["category"] for one in found} <= {"upper", "lower", "full"}


def a_card(folder: Path, architecture: str, sha256: str = "0" * 64) -> ModelCard:
    return ModelCard(
        name="fixed",
        version="1",
        task="detect",
        architecture=architecture,
        classes=CLASSES,
        input_size_px=48,
        thresholds=(0.5,) * 3,
        training_data="none",
        licence="none",
        weights_file="fixed.safetensors",
        sha256=sha256,
        folder=folder,
    )


class Fixed(torch.nn.Module):  # type: ignore[misc]
    """A network that finds the same boxes in every photo."""

    def forward(self, photos: list[torch.Tensor]) -> list[dict[str, torch.Tensor]]:
        self.seen = [tuple(one.shape) for one in photos]
        found = {
            "boxes": torch.tensor([[0.0, 0, 10, 20], [0, 0, 10, 20], [20, 30, 32, 48]]),
            "scores": torch.tensor([0.9, 0.6, 0.3]),
            "labels": torch.tensor([1, 2, 3]),
        }
        return [found for _ in photos]


def test_boxes_come_back_in_pixels_of_the_photo(tmp_path: Path) -> None:
    write_coco(tmp_path, "val", 1)
    card = a_card(tmp_path, "ssd300")
    network = Fixed()
    detector = BaselineDetector(card, network)
    canvas = detector.prepare(read_photo(tmp_path / "val0.png"))
    assert canvas.shape == (64, 32)
    (found,) = detector.find([canvas], with_features=True)
    # the network sees the photo at half its size, without the padding
    assert network.seen == [(3, 48, 32)]
    # of two classes in one place the better counts; 0.3 is below the threshold
    assert found.boxes.tolist() == [[0, 0, 20, 40]]
    assert found.category_ids.tolist() == [0]
    assert found.features.shape == (1, 0)
    assert detector.neck(canvas) == []
    every = Suppression(min_scores=(0.0,) * 3, is_multi_label=True)
    (found,) = detector.find([canvas], every)
    assert found.category_ids.tolist() == [0, 1, 2]
    assert found.boxes[2].tolist() == [40, 60, 64, 96]
    assert detector.find([]) == []


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    network = build_baseline("ssd300-quarter", 3)
    sha256 = save_weights(network.state_dict(), tmp_path / "fixed.safetensors")
    load_detector(a_card(tmp_path, "ssd300-quarter", sha256), "cpu")
    with pytest.raises(ModelError, match="do not fit ssd300-fused-quarter"):
        load_detector(a_card(tmp_path, "ssd300-fused-quarter", sha256), "cpu")
