from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from trendlab.errors import ModelError, VisionError
from trendlab.vision.ccp import ClothingCoParsing
from trendlab.vision.coco import write_yolo_data
from trendlab.vision.detect import build_network
from trendlab.vision.export import export_detector
from trendlab.vision.models import load_card
from trendlab.vision.train import TrainConfig, main, read_config, train_detector


def write_coco(folder: Path, name: str, count: int) -> Path:
    """Photos with one red square each, and their COCO annotations."""
    rng = np.random.default_rng(3)
    images, annotations = [], []
    for number in range(count):
        pixels = np.full((64, 48, 3), 230, np.uint8)
        x, y = (int(v) for v in rng.integers(2, 20, 2))
        pixels[y : y + 24, x : x + 20] = (200, 20, 20)
        file_name = f"{name}{number}.png"
        Image.fromarray(pixels).save(folder / file_name)
        images.append({"id": number, "file_name": file_name, "width": 48, "height": 64})
        annotations.append(
            {
                "id": number + 1,
                "image_id": number,
                "category_id": number % 2,
                "bbox": [x, y, 20, 24],
                "area": 480,
                "iscrowd": 0,
            }
        )
    path = folder / f"{name}.json"
    path.write_text(
        json.dumps(
            {
                "images": images,
                "annotations": annotations,
                "categories": [{"id": 0, "name": "top"}, {"id": 1, "name": "hat"}],
            }
        )
    )
    return path


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    return TrainConfig(
        train_annotations=write_coco(tmp_path, "train", 6),
        val_annotations=write_coco(tmp_path, "val", 2),
        images=tmp_path,
        out=tmp_path / "run",
        initial_weights=load_card().weights_path,
        epochs=1,
        image_size_px=64,
        batch=3,
        mosaic_off_epochs=0,
        threads=1,
    )


def test_boxes_are_laid_out_as_ultralytics_reads_them(config: TrainConfig) -> None:
    yaml, names = write_yolo_data(
        config.out / "data", {"train": config.train_annotations}, config.images
    )
    assert names == ["top", "hat"]
    label = (yaml.parent / "labels" / "train" / "1.txt").read_text()
    coco = json.loads(config.train_annotations.read_text())
    x, y, width, height = coco["annotations"][1]["bbox"]
    numbers = [float(one) for one in label.split()]
    assert numbers == pytest.approx(
        [1, (x + width / 2) / 48, (y + height / 2) / 64, width / 48, height / 64],
        abs=1e-5,
    )
    assert (yaml.parent / "images" / "train" / "1.png").resolve().is_file()


def test_parts_with_other_classes_are_refused(config: TrainConfig) -> None:
    coco = json.loads(config.val_annotations.read_text())
    coco["categories"][0]["name"] = "sock"
    config.val_annotations.write_text(json.dumps(coco))
    with pytest.raises(ModelError, match="expected the classes"):
        write_yolo_data(
            config.out / "data",
            {"train": config.train_annotations, "val": config.val_annotations},
            config.images,
        )


def test_a_wrong_config_names_the_field(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"epochs": 0}')
    with pytest.raises(ModelError, match="epochs"):
        read_config(path)
    assert main(["fit", "--config", str(path)]) == 1


def test_nothing_to_resume_is_an_error(config: TrainConfig) -> None:
    with pytest.raises(ModelError, match="nothing to resume"):
        train_detector(config, is_resumed=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_training_ends_in_a_card_that_runs(
    config: TrainConfig, tmp_path: Path
) -> None:
    threads = torch.get_num_threads()
    try:
        best = train_detector(config)
    finally:
        torch.set_num_threads(threads)
    weights = load_file(best)
    assert all(torch.isfinite(one.float()).all() for one in weights.values())
    # the checkpoint to resume from can be read under restriction
    card, evaluation = export_detector(
        config.out / "weights" / "last.pt",
        out=tmp_path / "model",
        name="tiny",
        version="1",
        architecture="yolov8n.yaml",
        input_size_px=64,
        training_data="red squares",
        training=config.model_dump(mode="json"),
        annotations=config.val_annotations,
        images=config.images,
        measured_on="2 squares",
    )
    assert evaluation.images_count == 2
    again = load_card(tmp_path / "model" / "tiny.json")
    assert again.classes == ("top", "hat")
    assert again.sha256 == card.sha256
    assert build_network(again) is not None


def test_a_folder_without_the_data_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(VisionError, match="no Clothing Co-Parsing data"):
        ClothingCoParsing(tmp_path)


def test_masks_lie_within_the_boxes_of_their_class(ccp: Path) -> None:
    data = ClothingCoParsing(ccp)
    inside = seen = 0
    for number, masked in enumerate(data.photos("val")):
        assert masked.mask.shape == (masked.photo.height_px, masked.photo.width_px)
        for index in range(len(masked.boxes)):
            seen += 1
            inside += data.tag_pixels(masked, index) is not None
        if number == 9:
            break
    assert seen > 20
    assert inside / seen > 0.9
