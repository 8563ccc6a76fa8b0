from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.vision.conftest import media_table
from tests.vision.fakes import PlantedDetector
from trendlab.errors import ModelError
from trendlab.schemas import TABLES
from trendlab.vision.attribute_model import Told
from trendlab.vision.attributes import tag_garments
from trendlab.vision.boxes import Canvas, fit_canvas
from trendlab.vision.ccp import ClothingCoParsing
from trendlab.vision.datasets import CLASSES
from trendlab.vision.detector import Detector, Floats
from trendlab.vision.garments import find_garments
from trendlab.vision.images import Photo
from trendlab.vision.measure_tags import measure_fine
from trendlab.vision.models import load_card, read_weights
from trendlab.vision.shipping import save_weights, write_card
from trendlab.vision.tagger import Tagger, describe_boxes


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger(load_card("garment-tags"))


def test_a_red_bag_on_green_is_red(tmp_path: Path, tagger: Tagger) -> None:
    pixels = np.full((240, 160, 3), (20, 160, 40), np.uint8)
    pixels[12:110, 8:74] = (200, 20, 30)
    path = tmp_path / "bag.png"
    Image.fromarray(pixels).save(path)
    media = media_table(path)
    detector = PlantedDetector()
    garments = find_garments(media, detector, home=tmp_path, run_id="r").garments
    tags = tag_garments(
        garments, media, home=tmp_path, run_id="r", detector=detector, tagger=tagger
    ).to_pylist()
    assert [(one["attribute"], one["value"]) for one in tags] == [("colour", "red")]
    assert tags[0]["value_rank"] == 0
    assert tags[0]["value_share"] > 0.8
    assert tags[0]["lab_a"] > 40
    assert tags[0]["model_name"] == "basic-colour-terms"


def test_weights_go_with_the_classes_they_were_stored_for(tmp_path: Path) -> None:
    # each class has a flat silhouette of its number
    numbers = np.arange(len(CLASSES), dtype=np.float32)
    card = load_card("garment-tags")
    silhouettes = np.tile(numbers[:, None, None], (1, 16, 16))
    weights = {**read_weights(card), "silhouettes": silhouettes}
    sha256 = save_weights(weights, tmp_path / "t.safetensors")
    card = card.model_copy(update={"weights_file": "t.safetensors", "sha256": sha256})
    write_card(card, tmp_path / "t.json")
    stored = Tagger(load_card(tmp_path / "t.json"))
    shown = [float(stored.silhouette(name, 2, 2)[0, 0]) for name in CLASSES]
    assert shown == numbers.tolist()


def test_the_shipped_tagger_tells_what_its_card_says(ccp: Path, detector: Any) -> None:
    card = load_card("garment-tags")
    told = card.metrics["fine_category"]["image_and_box"]
    data = ClothingCoParsing(ccp)
    fine = measure_fine(data, "val", Tagger(card), detector)
    assert fine["garments_count"] == 546
    for name, value in fine["shipped"].items():
        # processors round otherwise, which moves a garment or two
        assert value == pytest.approx(told[name], abs=0.02), name
    assert fine["majority"] == card.metrics["fine_category"]["majority"]
    assert fine["recalls"]["jeans"] == "11 of 22"


def test_a_tagger_of_other_classes_is_refused() -> None:
    card = load_card("garment-tags")
    other = {**card.labels, "sock": ("sock",)}
    with pytest.raises(ModelError, match="expected weights of 14 classes"):
        Tagger(card.model_copy(update={"labels": other}))


def test_real_garments_get_colours_and_a_fine_category_of_their_class(
    detector: Any, bus: Path, tmp_path: Path, tagger: Tagger
) -> None:
    media = media_table(bus)
    garments = find_garments(media, detector, home=tmp_path, run_id="r").garments
    tags = tag_garments(garments, media, home=tmp_path, run_id="r", detector=detector)
    assert tags.schema == TABLES["garment_tags"].arrow
    rows = tags.to_pylist()
    keys = [tuple(row[key] for key in TABLES["garment_tags"].key) for row in rows]
    assert keys == sorted(set(keys))
    for garment in garments.to_pylist():
        mine = [r for r in rows if r["garment_index"] == garment["garment_index"]]
        colours = [r for r in mine if r["attribute"] == "colour"]
        fine = [r for r in mine if r["attribute"] == "fine_category"]
        assert sorted(r["value_rank"] for r in colours) == list(range(len(colours)))
        assert 0 < sum(r["value_share"] for r in colours) <= 1.001
        assert len(fine) == 1
        assert fine[0]["value"] in tagger.card.labels[garment["category"]]
        assert fine[0]["model_name"] == "garment-tags"
    again = tag_garments(garments, media, home=tmp_path, run_id="r", detector=detector)
    assert again.equals(tags)


class Sleeves:
    """Tells long sleeves of whatever it is asked about."""

    name, version = "sleeves", "1"
    applies_to: Mapping[str, frozenset[str]] = {"sleeve": frozenset({"top", "outer"})}

    def check_detector(self, detector: Detector) -> None:
        pass

    def tell(
        self,
        canvas: Canvas,
        categories: Sequence[str],
        boxes: Floats,
        neck: Sequence[Floats],
    ) -> list[list[Told]]:
        return [[Told("sleeve", "long", 0.9, "sleeves", "1")] for _ in categories]


def test_sleeves_under_outerwear_are_not_told(tmp_path: Path, tagger: Tagger) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (80, 120), (90, 0, 0)).save(path)
    media = media_table(path)
    detector = PlantedDetector()
    [first, *_] = find_garments(
        media, detector, home=tmp_path, run_id="r"
    ).garments.to_pylist()
    garments = TABLES["garments"].from_rows(
        [
            {**first, "garment_index": number, "category": name, "look_index": look}
            for number, (name, look) in enumerate(
                [("top", 0), ("outer", 0), ("outer", 0), ("top", 1)]
            )
        ]
    )
    tags = tag_garments(
        garments, media, home=tmp_path, run_id="r", detector=detector, tagger=tagger,
        models=[Sleeves()],
    ).to_pylist()  # fmt: skip
    told = [row["garment_index"] for row in tags if row["attribute"] == "sleeve"]
    assert told == [1, 2, 3]
    colours = {row["garment_index"] for row in tags if row["attribute"] == "colour"}
    assert colours == {0, 1, 2, 3}


def test_nothing_to_tag_is_a_typed_empty_table(tmp_path: Path) -> None:
    empty = TABLES["garments"].empty()
    tags = tag_garments(empty, media_table(), home=tmp_path, run_id="r")
    assert tags.num_rows == 0
    assert tags.schema == TABLES["garment_tags"].arrow


def test_a_photo_that_went_away_is_passed_over(tmp_path: Path, tagger: Tagger) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (80, 120), (90, 0, 0)).save(path)
    media = media_table(path)
    detector = PlantedDetector()
    garments = find_garments(media, detector, home=tmp_path, run_id="r").garments
    path.unlink()
    tags = tag_garments(
        garments, media, home=tmp_path, run_id="r", detector=detector, tagger=tagger
    )
    assert tags.num_rows == 0


def test_silhouettes_weigh_the_middle_more_than_the_corners(tagger: Tagger) -> None:
    for category in (*tagger.card.labels, "a class of another detector"):
        shape = tagger.silhouette(category, 30, 20)
        assert shape.shape == (30, 20)
        corners = (shape[0, 0] + shape[0, -1] + shape[-1, 0] + shape[-1, -1]) / 4
        assert shape[10:20, 6:14].mean() > 2 * corners


def test_boxes_on_the_edge_have_weights(tagger: Tagger) -> None:
    photo = Photo(np.zeros((64, 64, 3), np.uint8), 64, 64, "hash")
    canvas = fit_canvas(photo, 64)
    for box in ([0, 0, 0.2, 0.2], [63.9, 63.9, 64, 64], [0, 0, 64, 64]):
        weights, window = tagger.weigh_pixels(
            "bag", np.array(box, np.float32), canvas, None
        )
        assert weights.shape == canvas.pixels[window].shape[:2]
        assert weights.size > 0


def test_geometry_is_told_in_shares_of_the_photo() -> None:
    boxes = np.array([[10, 20, 60, 120]], np.float32)
    assert describe_boxes(boxes, 100, 200)[0].tolist() == pytest.approx(
        [0.1, 0.1, 0.5, 0.5, 0.5, 0.5]
    )
