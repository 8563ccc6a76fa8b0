"""Attributes by words: which are asked, what is told, and what is left unsaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vision.conftest import media_table
from tests.vision.fakes import PlantedDetector
from trendlab.errors import SettingsError
from trendlab.schemas import TABLES
from trendlab.vision.attribute_words import (
    NOUNS,
    QUESTIONS,
    TEMPLATES,
    choose_questions,
    write_prompts,
)
from trendlab.vision.attributes import tag_garments
from trendlab.vision.boxes import fit_canvas
from trendlab.vision.garments import find_garments
from trendlab.vision.images import Photo
from trendlab.vision.models import load_card
from trendlab.vision.tagger import Tagger
from trendlab.vision.zero_shot import BLANK, ZeroShotTagger, cut_square

FINE = {"outer": ("blazer", "coat"), "skirt": ("skirt",)}


class PlantedClip:
    """Takes red photos for stripes, blue ones for dots; other words lie elsewhere."""

    name, version = "clip-planted", "0123456789ab"
    logit_scale = 20.0

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray[Any, Any]:
        self.asked += texts
        ways = {"striped": 0, "dots": 2}
        vectors = np.zeros((len(texts), 4), np.float32)
        for number, text in enumerate(texts):
            where = [axis for word, axis in ways.items() if word in text]
            vectors[number, where[0] if where else 3] = 1
        return vectors

    def embed_images(self, crops: Sequence[Any]) -> np.ndarray[Any, Any]:
        vectors = np.zeros((len(crops), 4), np.float32)
        for number, crop in enumerate(crops):
            side = crop.shape[0]
            vectors[number, :3] = crop[side // 2, side // 2] / 255
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def photo_of(*colours: tuple[int, int, int]) -> Photo:
    """Put stripes of 64 × 64 pixels side by side."""
    pixels = np.concatenate(
        [np.full((64, 64, 3), one, np.uint8) for one in colours], axis=1
    )
    return Photo(pixels, pixels.shape[1], 64, "hash")


def boxes_of(count: int) -> np.ndarray[Any, Any]:
    return np.array([[64 * n, 0, 64 * n + 64, 64] for n in range(count)], np.float32)


def tell(tagger: ZeroShotTagger, photo: Photo, *categories: str) -> list[Any]:
    canvas = fit_canvas(photo, max(photo.width_px, photo.height_px))
    return tagger.tell(canvas, categories, boxes_of(len(categories)), [])


RED, BLUE, RED_AND_BLUE = (250, 0, 0), (0, 0, 250), (200, 0, 200)


@pytest.fixture
def planted() -> ZeroShotTagger:
    return ZeroShotTagger(PlantedClip(), choose_questions(["pattern"], FINE))


def test_each_garment_is_told_what_its_own_pixels_show(planted: ZeroShotTagger) -> None:
    told = tell(planted, photo_of(RED, BLUE), "dress", "top")
    assert [[(one.attribute, one.value) for one in mine] for mine in told] == [
        [("pattern", "striped")],
        [("pattern", "dotted")],
    ]
    assert told[0][0].confidence > 0.9
    assert (told[0][0].model_name, told[0][0].model_version) == (
        "clip-planted",
        "0123456789ab",
    )


def test_what_is_as_likely_as_another_is_left_unsaid(planted: ZeroShotTagger) -> None:
    assert tell(planted, photo_of(RED_AND_BLUE), "dress") == [[]]
    bold = ZeroShotTagger(PlantedClip(), choose_questions(["pattern"], FINE), floor=0.4)
    [[one]] = tell(bold, photo_of(RED_AND_BLUE), "dress")
    assert 0.4 < one.confidence < 0.5


def test_garments_that_a_question_makes_no_sense_for_are_not_asked_about(
    planted: ZeroShotTagger,
) -> None:
    told = tell(planted, photo_of(RED, RED, RED), "bag", "skirt", "another class")
    assert [len(mine) for mine in told] == [0, 1, 0]
    assert tell(planted, photo_of(RED)) == []


def test_words_are_embedded_once() -> None:
    clip = PlantedClip()
    tagger = ZeroShotTagger(clip, choose_questions(["pattern"], FINE))
    before = list(clip.asked)
    tell(tagger, photo_of(RED, BLUE), "dress", "top")
    assert clip.asked == before
    assert len(set(before)) == len(before)


def test_the_chance_of_a_value_is_the_sum_over_its_phrases() -> None:
    [question] = [one for one in QUESTIONS if one.attribute == "pattern"]
    said = write_prompts(question, "dress")
    assert [value for value, _ in said].count("checked") == 2
    assert said[1] == (
        "striped",
        [template.format("a striped dress") for template in TEMPLATES],
    )
    two = replace(
        question,
        phrases={"striped": ("striped {garment}",) * 2, "solid": ("{garment}",)},
    )
    one = replace(
        two, phrases={"striped": ("striped {garment}",), "solid": ("{garment}",)}
    )
    clip = PlantedClip()
    clip.logit_scale = 1.0
    chances = [
        tell(ZeroShotTagger(clip, [asked], floor=0), photo_of(RED), "dress")[0][0]
        for asked in (one, two)
    ]
    odds = [chance.confidence / (1 - chance.confidence) for chance in chances]
    assert odds[1] == pytest.approx(2 * odds[0], rel=1e-3)


def test_fine_categories_are_asked_on_request_only_and_where_there_is_a_choice() -> (
    None
):
    assert all(one.attribute != "fine_category" for one in QUESTIONS)
    [asked] = choose_questions(["fine_category"], FINE)
    assert asked.classes == {"outer"}
    assert [value for value, _ in write_prompts(asked, "outer")] == ["blazer", "coat"]


def test_an_attribute_that_nothing_is_known_of_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"got 'collar'; mend TRENDLAB_CLIP_ATTR"):
        choose_questions(["pattern", "collar"], FINE)


def test_every_question_is_of_classes_and_attributes_that_there_are() -> None:
    classes = set(load_card().classes)
    assert set(NOUNS) == classes
    [attribute] = [
        one for one in TABLES["garment_tags"].columns if one.name == "attribute"
    ]
    for question in QUESTIONS:
        assert question.classes <= classes
        assert question.attribute in attribute.allowed
        assert len(question.phrases) > 1
    for name in {one.attribute for one in QUESTIONS}:
        asked = [one.classes for one in QUESTIONS if one.attribute == name]
        assert sum(map(len, asked)) == len(frozenset().union(*asked)), name


def test_a_tall_garment_is_shown_whole_in_a_square() -> None:
    pixels = np.full((200, 100, 3), 250, np.uint8)
    square = cut_square(pixels, np.array([40, 0, 60, 200], np.float32))
    assert square.shape == (200, 200, 3)
    # 20 pixels of the box, and a margin of 10 on each side
    assert (square == 250).all(2).sum(1).tolist() == [40] * 200
    assert square[0, 0].tolist() == list(BLANK)


@pytest.mark.parametrize(
    "box", [(0, 0, 0, 0), (99.9, 199.9, 100, 200), (-5, -5, 300, 300)]
)
def test_boxes_on_and_beyond_the_edge_give_a_crop(box: tuple[float, ...]) -> None:
    pixels = np.zeros((200, 100, 3), np.uint8)
    square = cut_square(pixels, np.array(box, np.float32))
    assert square.shape[0] == square.shape[1] >= 1


def rows_of(path: Path, planted: ZeroShotTagger, category: str) -> list[dict[str, Any]]:
    """Tag the garment that the planted detector finds, as if it was of a class."""
    media = media_table(path)
    detector = PlantedDetector()
    garments = find_garments(media, detector, home=path.parent, run_id="r").garments
    at = garments.column_names.index("category")
    renamed = garments.set_column(at, garments.schema.field(at), [[category]])
    tags = tag_garments(
        renamed,
        media,
        home=path.parent,
        run_id="r",
        detector=detector,
        tagger=Tagger(load_card("garment-tags")),
        models=[planted],
    )
    assert tags.schema == TABLES["garment_tags"].arrow
    return [row for row in tags.to_pylist() if row["attribute"] != "colour"]


def test_what_is_told_becomes_rows_with_model_and_confidence(
    tmp_path: Path, planted: ZeroShotTagger
) -> None:
    from PIL import Image

    path = tmp_path / "red.png"
    Image.new("RGB", (80, 120), RED).save(path)
    [row] = rows_of(path, planted, "skirt")
    assert (row["attribute"], row["value"], row["value_rank"]) == (
        "pattern",
        "striped",
        0,
    )
    assert row["value_share"] > 0.9
    assert row["lab_l"] is None
    assert (row["model_name"], row["model_version"]) == (
        "clip-planted",
        "0123456789ab",
    )
    assert rows_of(path, planted, "bag") == []
