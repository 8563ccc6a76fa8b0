"""The model that finds people: its training photos, its figures, what it finds."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vision.fakes import PlantedDetector
from trendlab.vision.boxes import Detections
from trendlab.vision.ccp import ClothingCoParsing
from trendlab.vision.detect import load_detector
from trendlab.vision.images import Photo, read_photo
from trendlab.vision.looks import NOBODY
from trendlab.vision.measure_people import (
    Dressed,
    dress,
    match_people,
    measure_people,
    pairs_of,
    set_before,
    set_beside,
)
from trendlab.vision.models import PEOPLE_FINDER, load_card
from trendlab.vision.people import load_with_people
from trendlab.vision.people_data import SURE_SCORE, add_people, mask_box


def found(*boxes: list[float], scores: list[float]) -> Detections:
    return Detections(
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        scores=np.array(scores, np.float32),
        category_ids=np.zeros(len(scores), np.int64),
        width_px=100,
        height_px=100,
    )


def test_the_box_of_a_mask_holds_all_that_it_marks() -> None:
    mask = np.zeros((10, 20), np.uint8)
    mask[2, 5], mask[7, 11] = 3, 40
    assert mask_box(mask) == [5, 2, 7, 6]
    assert mask_box(np.zeros((10, 20), np.uint8)) is None


def test_sure_people_who_are_not_the_masked_one_are_added() -> None:
    masked = [10.0, 10.0, 40.0, 80.0]
    again, behind = [12, 12, 52, 88], [70, 40, 80, 60]
    people = add_people(masked, found(again, behind, scores=[0.9, SURE_SCORE]))
    assert people == [masked, [70, 40, 10, 20]]
    assert add_people(masked, found(behind, scores=[0.49])) == [masked]
    assert add_people(None, found(scores=[])) == []


def photo_of(colour: int, width: int = 80) -> Dressed:
    """A photo whose person is its upper left quarter, as the planted detector says."""
    mask = np.zeros((120, width), bool)
    mask[:60, : width // 2] = True
    return Dressed(
        Photo(np.full((120, width, 3), colour, np.uint8), width, 120, ""),
        np.array([[0, 0, width / 2, 60]], np.float32),
        np.array([[2, 2, 20, 20], [width / 2 + 5, 80, width - 5, 100]], np.float32),
        np.zeros(2, np.int64),
        mask,
    )


def test_garments_on_the_right_person_and_on_nobody_are_counted() -> None:
    told = measure_people(iter([photo_of(200)]), PlantedDetector())
    assert told["people_found_share"] == 1
    assert (told["garments_count"], told["right_share"]) == (2, 0.5)
    assert (told["another_share"], told["nobody_share"]) == (0, 0.5)


def test_garments_of_a_person_who_is_not_found_are_not_right() -> None:
    # the planted detector finds nobody in the dark
    told = measure_people(iter([photo_of(0)]), PlantedDetector())
    assert (told["people_found_share"], told["right_share"]) == (0, 0)


def test_photos_side_by_side_keep_who_wears_what() -> None:
    one, other = photo_of(200), photo_of(100, width=60)
    both, turned = (set_beside(*pair) for pair in pairs_of([one, other]))
    assert both.photo.pixels.shape == (120, 140, 3)
    assert both.people.tolist() == [[0, 0, 40, 60], [80, 0, 110, 60]]
    assert both.garments[2].tolist() == [82, 2, 100, 20]
    assert both.wearers.tolist() == [0, 0, 1, 1]
    assert turned.people.tolist() == [[0, 0, 30, 60], [60, 0, 100, 60]]
    assert both.mask.sum() == 40 * 60 + 30 * 60


def test_who_stands_before_covers_the_other_and_what_they_wear() -> None:
    behind, before = photo_of(200), photo_of(100, width=60)
    garments = np.array([[0, 0, 20, 20], [24, 0, 40, 20]], np.float32)
    behind = dataclasses.replace(behind, garments=garments)
    both = set_before(behind, before, 0.5)
    # 30 pixels wide, half of it before the other's right edge at 40
    assert both.people.tolist() == [[0, 0, 40, 60], [25, 0, 55, 60]]
    # of the second garment 15 of 16 columns are covered
    assert both.garments[:2].tolist() == [[0, 0, 20, 20], [27, 2, 45, 20]]
    assert both.wearers.tolist() == [0, 1, 1]
    row = both.photo.pixels[10, :, 0].tolist()
    assert row == [200] * 25 + [100] * 30 + [200] * 25 + [100] * 5
    assert both.photo.pixels[90, 30, 0] == 200


def test_people_are_matched_where_their_boxes_overlap_by_half() -> None:
    truth = np.array([[0, 0, 10, 10], [50, 0, 60, 10]], np.float32)
    seen = np.array([[53, 0, 63, 10], [90, 0, 99, 10]], np.float32)
    assert match_people(truth, seen).tolist() == [NOBODY, 0]
    assert match_people(truth, seen[:0]).tolist() == [NOBODY, NOBODY]


@pytest.fixture(scope="module")
def finder(model_cache: Path) -> Any:
    return load_detector(load_card(PEOPLE_FINDER), "cpu", cache=model_cache)


def test_the_shipped_model_tells_two_people_apart(
    finder: Any, detector: Any, model_cache: Path, zidane: Path
) -> None:
    photo = read_photo(zidane, max_side_px=detector.card.input_size_px)
    both = load_with_people(detector, "cpu", cache=model_cache)
    [seen] = both.find([both.prepare(photo)])
    assert len(seen.people) == 2
    assert seen.people_model == f"{PEOPLE_FINDER} {finder.card.version}"
    left, right = sorted(seen.people.tolist())
    assert left[0] < 400
    assert right[0] > 600
    assert right[2] <= photo.width_px


def test_garments_of_two_real_people_go_to_their_wearers(
    finder: Any, ccp: Path
) -> None:
    annotated = itertools.islice(ClothingCoParsing(ccp).photos("val"), 4)
    photos = [dress(one) for one in annotated]
    pairs = (set_beside(*pair) for pair in pairs_of(photos))
    told = measure_people(pairs, finder)
    assert told["people_count"] == 8
    assert told["right_share"] > 0.95
