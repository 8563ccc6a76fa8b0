from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.vision.squares import changed, quiet
from trendlab.errors import ModelError, VisionError
from trendlab.settings import read_settings
from trendlab.steps.folder import detect_images
from trendlab.steps.train import train_from_config
from trendlab.vision.detect import import_ultralytics
from trendlab.vision.models import load_card, read_weights
from trendlab.vision.train import augmentation
from trendlab.vision.train_config import read_config
from trendlab.vision.training_data import keep_inside, prepare_data


def test_boxes_are_laid_out_as_ultralytics_reads_them(config_file: Path) -> None:
    config = read_config(config_file)
    data = prepare_data(config)
    assert data.names == ("top", "hat")
    assert data.photos == {"train": 6, "val": 2, "repeats": 0}
    root = config.out / "data"
    label = (root / "labels" / "train" / "1.txt").read_text()
    coco = json.loads(config.train_annotations.read_text())
    x, y, width, height = coco["annotations"][1]["bbox"]
    numbers = [float(one) for one in label.split()]
    assert numbers == pytest.approx(
        [1, (x + width / 2) / 48, (y + height / 2) / 64, width / 48, height / 64],
        abs=1e-5,
    )
    assert (root / "images" / "train" / "1.png").resolve().is_file()


def test_category_ids_of_any_kind_become_positions(config_file: Path) -> None:
    config = read_config(config_file)
    for path in (config.train_annotations, config.val_annotations):
        coco = json.loads(path.read_text())
        for one in coco["categories"]:
            one["id"] = 30 - one["id"]
        for one in coco["annotations"]:
            one["category_id"] = 30 - one["category_id"]
        path.write_text(json.dumps(coco))
    assert prepare_data(config).names == ("hat", "top")
    label = (config.out / "data" / "labels" / "train" / "0.txt").read_text()
    assert label.split()[0] == "1"


def test_an_earlier_layout_is_not_trained_on(config_file: Path) -> None:
    config = read_config(config_file)
    prepare_data(config)
    coco = json.loads(config.train_annotations.read_text())
    coco["images"], coco["annotations"] = coco["images"][:3], coco["annotations"][:3]
    config.train_annotations.write_text(json.dumps(coco))
    prepare_data(config)
    assert len(list((config.out / "data" / "images" / "train").iterdir())) == 3


def test_photos_of_rare_classes_are_laid_out_more_than_once(config_file: Path) -> None:
    path = read_config(config_file).train_annotations
    coco = json.loads(path.read_text())
    for number, one in enumerate(coco["annotations"]):
        one["category_id"] = int(number == 0)
    path.write_text(json.dumps(coco))
    data = prepare_data(changed(config_file, repeat_below_share=0.7))
    # sqrt(0.7 / (1 / 6)) = 2.05: the photo of the only hat is there twice
    assert data.photos == {"train": 6, "val": 2, "repeats": 1}
    folder = config_file.parent / "run" / "data" / "images" / "train"
    assert (
        sorted(one.resolve().name for one in folder.iterdir()).count("train0.png") == 2
    )


def with_changes(path: Path, **changes: object) -> None:
    """Change fields of the first photo and its annotation in a COCO file."""
    coco = json.loads(path.read_text())
    for listed in (coco["images"][0], coco["annotations"][0]):
        listed.update({key: new for key, new in changes.items() if key in listed})
    path.write_text(json.dumps(coco))


def test_a_box_beyond_its_photo_is_cut_and_costs_no_photo(config_file: Path) -> None:
    config = read_config(config_file)
    with_changes(config.train_annotations, bbox=[-4, 40, 24, 40])
    data = prepare_data(config)
    assert data.outside_count == 0
    # of 48 × 64 pixels: x 0 to 20, y 40 to 64
    label = (config.out / "data" / "labels" / "train" / "0.txt").read_text()
    assert [float(one) for one in label.split()] == pytest.approx(
        [0, 10 / 48, 52 / 64, 20 / 48, 24 / 64], abs=1e-5
    )
    learned = json.loads(data.train_annotations.read_text())
    assert learned["annotations"][0]["bbox"] == [0, 40, 20, 24]


@pytest.mark.parametrize("bbox", [[60, 10, 20, 20], [10, 10, 0, 20], [10, -30, 20, 30]])
def test_a_box_with_nothing_in_its_photo_is_left_out_and_counted(
    config_file: Path, bbox: list[float]
) -> None:
    config = read_config(config_file)
    with_changes(config.train_annotations, bbox=bbox)
    data = prepare_data(config)
    assert data.outside_count == 1
    assert len(json.loads(data.train_annotations.read_text())["annotations"]) == 5
    assert (config.out / "data" / "labels" / "train" / "0.txt").read_text() == ""


def test_an_outline_is_cut_at_the_edge_with_its_box() -> None:
    coco = {
        "images": [{"id": 1, "width": 48, "height": 64}],
        "annotations": [
            {
                "image_id": 1,
                "bbox": [30, 10, 30, 20],
                "segmentation": [[30, 10, 60, 10, 60, 30]],
            }
        ],
    }
    (cut,) = keep_inside(coco)["annotations"]
    assert cut["bbox"] == [30, 10, 18, 20]
    assert cut["segmentation"] == [[30, 10, 48, 10, 48, 30]]
    assert coco["annotations"][0]["bbox"] == [30, 10, 30, 20]


def test_a_photo_of_another_size_than_annotated_is_an_error(config_file: Path) -> None:
    config = read_config(config_file)
    with_changes(config.train_annotations, width=64, height=48)
    told = r"1 of 6 annotated.*train0\.png: expected 64 × 48 pixels, got 48 × 64"
    with pytest.raises(VisionError, match=told):
        prepare_data(config)


def test_a_photo_that_cannot_be_read_is_an_error(config_file: Path) -> None:
    (config_file.parent / "val1.png").write_text("no photo")
    with pytest.raises(VisionError, match=r"1 of 2.*val1\.png: not JPEG"):
        prepare_data(read_config(config_file))


# ultralytics leaves the damaged file open
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_a_photo_that_ultralytics_passes_over_is_an_error(
    config_file: Path, threads_kept: None
) -> None:
    photo = config_file.parent / "train3.png"
    # its header is whole
    photo.write_bytes(photo.read_bytes()[:-40])
    with pytest.raises(VisionError, match="expected 6 photos in train, ultralytics"):
        list(train_from_config(config_file, progress=quiet))


def test_a_gpu_that_is_not_there_is_an_error(config_file: Path) -> None:
    config_file.write_text(config_file.read_text() + "device: cuda\n")
    with pytest.raises(ModelError, match="torch sees no GPU"):
        list(train_from_config(config_file, progress=quiet))


def test_parts_with_other_classes_are_refused(config_file: Path) -> None:
    config = read_config(config_file)
    coco = json.loads(config.val_annotations.read_text())
    coco["categories"][0]["name"] = "sock"
    config.val_annotations.write_text(json.dumps(coco))
    with pytest.raises(ModelError, match="expected the classes"):
        prepare_data(config)


def test_a_photo_that_is_not_there_is_an_error(config_file: Path) -> None:
    (config_file.parent / "train3.png").unlink()
    with pytest.raises(VisionError, match=r"1 of 6 annotated photos.*train3\.png"):
        prepare_data(read_config(config_file))


@pytest.mark.parametrize(
    ("given", "line", "told"),
    [
        ("epochs: 0", 9, "epochs: Input should be greater than or equal to 1, got 0"),
        ("epochs: many", 9, "epochs: Input should be a valid integer"),
        ("epoch: 3", 9, "epoch: there is no such field; did you mean epochs?"),
        ("repeat_below_share: 1.5", 9, "repeat_below_share: "),
        ("data_format: pascal", 9, "data_format: Input should be 'coco'"),
        ("device: gpu0", 9, "device: expected to match"),
        ("architecture: yolov99n.yaml", 9, "got yolov99n.yaml"),
        ("architecture: mine/yolov8n.yaml", 9, "expected a model file of ultralytics"),
        ("architecture: resnet50", 9, "or one of ssd300"),
        ("epochs: [", 9, "not YAML"),
    ],
)
def test_a_wrong_config_names_line_and_field(
    config_file: Path, given: str, line: int, told: str
) -> None:
    config_file.write_text(
        config_file.read_text().replace("epochs: 2\n", given + "\n", 1)
    )
    with pytest.raises(ModelError) as raised:
        read_config(config_file)
    assert told in str(raised.value)
    if "not YAML" not in told:
        assert f"tiny.yml:{line}: " in str(raised.value)


def test_a_field_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "short.yml"
    path.write_text("epochs: 3\n")
    with pytest.raises(ModelError) as raised:
        read_config(path)
    told = str(raised.value).splitlines()
    assert f"{path}:1: train_annotations: is missing" in told
    assert len(told) == 4
    path.write_text("")
    with pytest.raises(ModelError, match="an empty file"):
        read_config(path)


@pytest.mark.filterwarnings("default")
def test_without_augmentation_ultralytics_is_asked_for_none(config_file: Path) -> None:
    import_ultralytics()
    from ultralytics.cfg import get_cfg

    asked = augmentation(changed(config_file, augment=False))
    assert get_cfg().mosaic == 1.0
    settings = get_cfg(overrides=asked)
    assert {name: getattr(settings, name) for name in asked} == dict.fromkeys(asked, 0)
    assert augmentation(changed(config_file)) == {"close_mosaic": 0}


def test_nothing_to_resume_is_an_error(config_file: Path) -> None:
    with pytest.raises(ModelError, match="nothing to resume"):
        list(train_from_config(config_file, is_resumed=True, progress=quiet))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_training_that_was_killed_goes_on_and_ends_in_a_card_that_runs(
    config_file: Path, tmp_path: Path, threads_kept: None
) -> None:
    epochs: list[int] = []

    def killed(step: str, done: int, total: int) -> None:
        epochs.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(train_from_config(config_file, progress=killed))
    assert not (tmp_path / "run" / "tiny.json").exists()

    lines = list(
        train_from_config(
            config_file,
            is_resumed=True,
            progress=lambda step, done, total: (
                epochs.append(done) if step == "train" else None
            ),
        )
    )
    assert epochs == [1, 2]
    assert lines[0].startswith("6 photos to train on, 0 repeats")
    path = tmp_path / "run" / "tiny.json"
    assert lines[-1] == f"tiny 3: {path}"

    card = load_card(path)
    assert card.classes == ("top", "hat")
    assert card.training_data == "red squares"
    assert card.training["epochs"] == 2
    assert card.training["seed"] == 5
    assert card.training["initial_weights"] == "garments.safetensors"
    assert str(tmp_path) not in path.read_text()
    assert math.isfinite(card.metrics["ap50_voc"])
    assert all(np.isfinite(one).all() for one in read_weights(card).values())

    (tmp_path / "looked").mkdir()
    (tmp_path / "val0.png").rename(tmp_path / "looked" / "val0.png")
    settings = read_settings(tmp_path / "home", detector=str(path), device="cpu")
    told = list(
        detect_images(
            settings, tmp_path / "looked", tmp_path / "f.json", progress=quiet
        )
    )
    assert "boxes of score 0.001 or more" in told[0]
    assert f"the night counts those from {min(card.thresholds):.2f}" in told[1]
    found = json.loads((tmp_path / "f.json").read_text())
    assert {one["category"] for one in found} <= {"top", "hat"}
