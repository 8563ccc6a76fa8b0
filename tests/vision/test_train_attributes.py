"""Attributes learned from labels: a planted truth, chance, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.vision.fakes import PlantedDetector
from trendlab.errors import ModelError
from trendlab.vision.attribute_labels import GarmentLabel
from trendlab.vision.attributes_config import AttributesConfig
from trendlab.vision.boxes import Canvas, fit_canvas
from trendlab.vision.fit_attributes import divide_values, score_values
from trendlab.vision.images import Photo
from trendlab.vision.models import load_card
from trendlab.vision.ship_attributes import (
    TrainedCard,
    render_attributes,
    train_attributes,
)
from trendlab.vision.trained import TrainedAttributes

SIDE_PX, CANVAS_PX = 96, 320
PHOTOS = 40
LEFT, RIGHT = (0, 0, 48, 96), (48, 0, 48, 40)


class SeeingDetector(PlantedDetector):
    """Its feature maps are the photo's colours, coarser from map to map."""

    def prepare(self, photo: Photo) -> Canvas:
        return fit_canvas(photo, CANVAS_PX)

    def neck(self, canvas: Canvas) -> list[np.ndarray]:
        maps = []
        for stride in (8, 16, 32):
            rows, columns = (side // stride for side in canvas.shape)
            cut = canvas.pixels[: rows * stride, : columns * stride] / 255
            blocks = cut.reshape(rows, stride, columns, stride, 3).mean((1, 3))
            maps.append(blocks.transpose(2, 0, 1)[None].astype(np.float32))
        return maps


class Home:
    """Photos of two garments side by side, each red or blue, and their labels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.labels: list[dict[str, Any]] = []
        self.rng = np.random.default_rng(7)
        (folder / "photos").mkdir()

    def add(self, number: int) -> list[bool]:
        """Draw a photo; tell whether the left and the right garment are red."""
        pixels = np.full((SIDE_PX, SIDE_PX, 3), 120, np.uint8)
        is_red = [bool(one) for one in self.rng.random(2) < 0.3]
        for red, (x, y, width, height) in zip(is_red, (LEFT, RIGHT), strict=True):
            colour = (220, 20, 20) if red else (20, 20, 220)
            noise = self.rng.integers(-15, 15, (height, width, 3))
            pixels[y : y + height, x : x + width] = np.array(colour) + noise
        Image.fromarray(pixels).save(self.folder / "photos" / f"{number}.png")
        return is_red

    def label(
        self,
        number: int,
        category: str,
        box: tuple[int, ...],
        attribute: str,
        value: str,
    ) -> None:
        sides = ("x_px", "y_px", "width_px", "height_px")
        self.labels.append(
            {
                "image": f"{number}.png",
                "category": category,
                **dict(zip(sides, box, strict=True)),
                "attribute": attribute,
                "value": value,
            }
        )

    def config(self, **more: Any) -> AttributesConfig:
        path = self.folder / "labels.json"
        path.write_text(json.dumps(self.labels))
        given = {
            "annotations": path,
            "images": self.folder / "photos",
            "out": self.folder / "out",
            "held_out_share": 0.4,
            "penalty_c": 1.0,
            "min_examples": 4,
        }
        return AttributesConfig.model_validate({**given, **more})


def plant(folder: Path) -> Home:
    """Pattern follows the colour, length the box: tall ones are long."""
    home = Home(folder)
    for number in range(PHOTOS):
        for red, box in zip(home.add(number), (LEFT, RIGHT), strict=True):
            length = "long" if box == LEFT else "short"
            home.label(number, "dress", box, "pattern", "dotted" if red else "solid")
            home.label(number, "skirt", box, "length", length)
    return home


@pytest.fixture
def planted(tmp_path: Path) -> Home:
    return plant(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedCard:
    """What is learned of the planted truth, trained once for the tests that look."""
    home = plant(tmp_path_factory.mktemp("planted"))
    return train_attributes(home.config(name="mine"), SeeingDetector())


def test_what_is_planted_is_learned_and_measured_on_other_photos(
    trained: TrainedCard,
) -> None:
    figures = trained.card.metrics["pattern"]
    assert figures["image"]["macro_recall"] > 0.95
    assert figures["image_box_class"]["macro_recall"] > 0.95
    assert figures["majority"]["macro_recall"] == 0.5
    assert figures["majority"]["accuracy"] > 0.6
    assert figures["garments_trained_on"] + figures["garments_held_out"] == 2 * PHOTOS
    assert trained.photos_missed_count == 0
    assert trained.left_out == ()


def test_what_only_the_box_tells_is_learned_by_the_fused_way_alone(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    for number in range(PHOTOS):
        home.add(number)
        # two boxes in the same colour: their pixels say nothing of their height
        for box, value in (((14, 8, 20, 80), "long"), ((14, 8, 20, 40), "short")):
            home.label(number, "skirt", box, "length", value)
    card = train_attributes(home.config(), SeeingDetector()).card
    assert card.metrics["length"]["image"]["macro_recall"] < 0.75
    assert card.metrics["length"]["image_box_class"]["macro_recall"] == 1


def test_labels_at_random_are_told_no_better_than_by_chance(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for number in range(PHOTOS):
        home.add(number)
        for box in (LEFT, RIGHT):
            value = "dotted" if home.rng.random() < 0.5 else "solid"
            home.label(number, "dress", box, "pattern", value)
    figures = train_attributes(home.config(), SeeingDetector()).card.metrics["pattern"]
    low, high = (
        figures["image_box_class"][f"accuracy_{end}"] for end in ("low", "high")
    )
    assert low < 0.5 < high


def test_the_written_card_tells_what_was_learned(trained: TrainedCard) -> None:
    card = load_card(trained.card.folder / "mine.json")
    assert card.model_dump() == trained.card.model_dump()
    model = TrainedAttributes(card)
    assert model.applies_to == {"pattern": {"dress"}, "length": {"skirt"}}
    pixels = np.full((SIDE_PX, SIDE_PX, 3), (220, 20, 20), np.uint8)
    pixels[40:, 48:] = 120
    canvas = fit_canvas(Photo(pixels, SIDE_PX, SIDE_PX, "hash"), CANVAS_PX)
    boxes = np.array([[0, 0, 48, 96], [48, 0, 96, 40], [0, 0, 48, 96]], np.float32)
    detector = SeeingDetector()
    model.check_detector(detector)
    told = model.tell(canvas, ["dress", "skirt", "bag"], boxes, detector.neck(canvas))
    assert [[(one.attribute, one.value) for one in mine] for mine in told] == [
        [("pattern", "dotted")],
        [("length", "short")],
        [],
    ]
    assert (told[0][0].model_name, told[0][0].model_version) == ("mine", "1")
    assert told[0][0].confidence > 0.9
    assert model.tell(canvas, [], boxes[:0], detector.neck(canvas)) == []


def test_training_again_gives_the_same_bytes(planted: Home) -> None:
    again = [
        train_attributes(planted.config(out=planted.folder / out), SeeingDetector())
        for out in ("first", "second")
    ]
    assert again[0].card.sha256 == again[1].card.sha256
    first, second = (
        (planted.folder / n / "attributes.json") for n in ("first", "second")
    )
    assert first.read_bytes() == second.read_bytes()


def test_a_class_is_told_its_own_values_only(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for number in range(PHOTOS):
        left, right = home.add(number)
        home.label(number, "pants", LEFT, "length", "cropped" if left else "long")
        home.label(number, "dress", RIGHT, "length", "short" if right else "midi")
    card = train_attributes(home.config(min_examples=2), SeeingDetector()).card
    assert card.labels["length"] == ("cropped", "long", "midi", "short")
    assert card.applies_to["length"] == {
        "dress": ("midi", "short"),
        "pants": ("cropped", "long"),
    }
    assert card.metrics["length"]["image_box_class"]["accuracy"] > 0.95


def test_a_photo_that_cannot_be_read_is_counted(planted: Home) -> None:
    (planted.folder / "photos" / "3.png").write_bytes(b"no photo")
    (planted.folder / "photos" / "4.png").unlink()
    assert train_attributes(planted.config(), SeeingDetector()).photos_missed_count == 2


def test_without_any_photo_nothing_is_trained(planted: Home) -> None:
    for path in (planted.folder / "photos").iterdir():
        path.unlink()
    with pytest.raises(ModelError, match="none of 40 photos"):
        train_attributes(planted.config(), SeeingDetector())


def test_too_few_examples_are_an_error_and_an_attribute_of_few_is_left_out(
    planted: Home,
) -> None:
    with pytest.raises(ModelError, match="no class has two values with 500 garments"):
        train_attributes(planted.config(min_examples=500), SeeingDetector())
    planted.label(0, "dress", LEFT, "sleeve", "long")
    trained = train_attributes(planted.config(), SeeingDetector())
    assert trained.left_out == ("sleeve",)
    assert "sleeve" not in trained.card.labels


def test_photos_to_measure_on_must_be_others(planted: Home) -> None:
    config = planted.config()
    twice = config.model_copy(update={"val_annotations": config.annotations})
    with pytest.raises(ModelError, match="a model is measured on photos that it has n"):
        train_attributes(twice, SeeingDetector())


def test_a_card_of_another_detector_or_kind_is_refused(trained: TrainedCard) -> None:
    card = trained.card
    detector = SeeingDetector()
    detector.card = detector.card.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(ModelError, match="was fitted to another detector than planted"):
        TrainedAttributes(card).check_detector(detector)
    with pytest.raises(ModelError, match="tells no attributes"):
        TrainedAttributes(load_card("garments"))


def test_a_card_that_its_weights_do_not_fit_is_refused(trained: TrainedCard) -> None:
    card = trained.card
    more = {**card.labels, "pattern": ("dotted", "solid", "striped")}
    with pytest.raises(
        ModelError, match="expected weights for 3 values of pattern, got"
    ):
        TrainedAttributes(card.model_copy(update={"labels": more}))
    unknown = {**card.applies_to, "sleeve": {"top": ("long", "short")}}
    with pytest.raises(ModelError, match=r"lack 'sleeve\.weight'"):
        TrainedAttributes(card.model_copy(update={"applies_to": unknown}))


def test_the_table_shows_the_guesser_beside_both_ways(trained: TrainedCard) -> None:
    card = trained.card
    rows = render_attributes(card).splitlines()
    assert len(rows) == 2 + 3 * 2
    assert "each class's most frequent value" in rows[2]
    assert "| image, box and class | 1.000" in rows[4]


def label(category: str, value: str) -> GarmentLabel:
    return GarmentLabel(
        image="a.png",
        category=category,
        x_px=0,
        y_px=0,
        width_px=9,
        height_px=9,
        attribute="pattern",
        value=value,
    )


def test_values_are_learned_where_there_are_two_with_enough_examples() -> None:
    labels = [label("top", "solid")] * 5 + [label("top", "dotted")] * 4
    labels += [label("dress", "solid")] * 9 + [label("top", "striped")]
    assert divide_values(labels, 4) == {"top": ("dotted", "solid")}
    assert divide_values(labels, 5) == {}
    assert divide_values([], 1) == {}


def test_a_value_that_was_not_learned_counts_as_missed() -> None:
    truth = [label("top", value) for value in ("solid", "solid", "dotted", "striped")]
    told = np.array([1, 0, 0, 0])
    score = score_values(truth, told, ("dotted", "solid"))
    assert score["accuracy"] == 0.5
    assert score["recall"] == {"dotted": 1.0, "solid": 0.5, "striped": 0.0}
    assert score["macro_recall"] == 0.5
