"""Which garment is on whom, and what becomes of it in the tables."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.vision.conftest import media_table, write_photo
from tests.vision.fakes import PlantedDetector
from trendlab.vision.boxes import Detections
from trendlab.vision.garments import find_garments
from trendlab.vision.looks import (
    NOBODY,
    assign_garments,
    look_indexes,
    main_look,
    tell_looks,
)
from trendlab.vision.people import DetectorWithPeople

LEFT, RIGHT = [0, 0, 100, 300], [200, 0, 300, 300]


def floats(*boxes: list[float]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 4)


def seen(garments: np.ndarray, people: np.ndarray, scores: list[float]) -> Detections:
    """What a detector says of a photo of 400 × 300 pixels."""
    features = np.zeros((len(garments), 448), np.float32)
    features[np.arange(len(garments)), 64 + np.arange(len(garments))] = 1
    return Detections(
        boxes=garments,
        scores=np.array(scores, np.float32),
        category_ids=np.zeros(len(garments), np.int64),
        width_px=400,
        height_px=300,
        features=features,
        people=people,
        people_scores=np.linspace(0.9, 0.5, len(people)).astype(np.float32),
        people_model="planted 1",
    )


def test_a_garment_is_on_the_person_whose_box_holds_most_of_it() -> None:
    garments = floats([10, 10, 90, 90], [190, 10, 280, 90], [90, 0, 120, 60])
    told = assign_garments(garments, floats(LEFT, RIGHT))
    assert told.tolist() == [0, 1, NOBODY]


def test_of_people_who_hold_it_alike_the_nearer_has_it() -> None:
    near, around = [40, 40, 80, 100], [0, 0, 300, 300]
    garment = floats([45, 50, 75, 90])
    assert assign_garments(garment, floats(around, near)).tolist() == [1]
    # a box that sticks out by a hair is held as well as one that does not
    assert assign_garments(floats([39, 50, 75, 90]), floats(around, near)).tolist() == [
        1
    ]


def test_a_sleeve_that_reaches_into_a_neighbour_stays_with_its_wearer() -> None:
    # nine tenths of it lie in its wearer's box, all of it in the neighbour's
    wearer, neighbour = [0, 0, 100, 300], [55, 0, 300, 300]
    sleeve = floats([60, 100, 104, 140])
    assert assign_garments(sleeve, floats(wearer, neighbour)).tolist() == [0]


@pytest.mark.parametrize(
    ("width", "person"), [(40, 0), (60, NOBODY)], ids=["40 in 80", "40 in 100"]
)
def test_half_of_a_garment_is_enough_and_less_is_not(width: int, person: int) -> None:
    # 40 pixels lie inside, `width` outside
    garment = floats([60, 0, 100 + width, 10])
    assert assign_garments(garment, floats(LEFT)).tolist() == [person]


def test_without_people_or_garments_nothing_is_assigned() -> None:
    assert assign_garments(floats(LEFT), floats()).tolist() == [NOBODY]
    assert assign_garments(floats(), floats(LEFT)).tolist() == []


def test_people_come_first_and_what_is_on_nobody_last() -> None:
    garments = floats([210, 0, 290, 90], [120, 0, 180, 20], [5, 5, 95, 95])
    photo = seen(garments, floats(LEFT, RIGHT, [350, 0, 400, 300]), [0.9, 0.8, 0.3])
    looks = tell_looks(photo)
    assert [(look.person, look.garments.tolist()) for look in looks] == [
        (0, [2]),
        (1, [0]),
        (None, [1]),
    ]
    assert look_indexes(looks, 3).tolist() == [1, 2, 0]


def test_the_main_look_has_the_most_garments_surest_first() -> None:
    garments = floats([210, 0, 290, 90], [210, 90, 290, 200], [5, 5, 95, 95])
    photo = seen(garments, floats(LEFT, RIGHT), [0.9, 0.8, 0.7])
    look = main_look(photo)
    assert look is not None
    assert look.person == 1
    vector = look.vector(photo)
    assert vector is not None
    assert [at for at, value in enumerate(vector) if value] == [0, 1]
    assert main_look(seen(floats(), floats(LEFT), [])) is None


class Crowd(PlantedDetector):
    """Finds the planted bag, and one beside it."""

    def _find(self, canvas):
        found = super()._find(canvas)
        width, height = canvas.width_px, canvas.height_px
        beside = [width / 2, 0, width, height / 2]
        return dataclasses.replace(
            found,
            boxes=np.array([found.boxes[0], beside], np.float32),
            scores=np.array([0.75, 0.5], np.float32),
            category_ids=np.zeros(2, np.int64),
            features=np.eye(2, 448, 64, dtype=np.float32),
        )


def test_each_person_is_a_look_with_a_vector_of_their_own(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.png")
    # the planted box, a quarter of what it sees, is here the person
    detector = DetectorWithPeople(Crowd(), PlantedDetector())
    found = find_garments(media_table(photo), detector, home=tmp_path, run_id="r")
    assert found.garments["look_index"].to_pylist() == [0, 1]
    person, rest = found.looks.to_pylist()
    assert (person["look_index"], person["look_kind"]) == (0, "person")
    assert (person["person_score"], person["people_model"]) == (0.75, "planted 0")
    assert (rest["look_index"], rest["look_kind"]) == (1, "photo")
    assert (rest["person_score"], rest["people_model"]) == (None, None)
    assert person["vector"][:2] == [1, 0]
    assert rest["vector"][:2] == [0, 1]


def test_several_looks_of_one_photo_are_no_copies_of_each_other(tmp_path) -> None:
    photo = write_photo(tmp_path / "a.png")
    detector = DetectorWithPeople(Crowd(), PlantedDetector())
    media = media_table(photo, photo)
    found = find_garments(media, detector, home=tmp_path, run_id="r")
    assert found.looks["post_id"].to_pylist() == ["p0", "p0", "p1", "p1"]
    assert found.looks["is_duplicate"].to_pylist() == [False, False, True, True]


def test_boxes_of_people_are_in_pixels_of_the_photo(tmp_path: Path) -> None:
    from trendlab.vision.images import read_photo

    people = PlantedDetector()
    people.card = people.card.model_copy(update={"input_size_px": 320})
    detector = DetectorWithPeople(Crowd(), people)
    photo = read_photo(write_photo(tmp_path / "a.png"), max_side_px=640)
    [found] = detector.find([detector.prepare(photo)])
    # the photo, 80 × 120, is padded to 448 × 640 canvas pixels before it is halved:
    # half of that width is half of the photo's
    assert found.people == pytest.approx(floats([0, 0, 40, 60]), abs=1)
