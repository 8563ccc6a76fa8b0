"""Each box looked at again: how it is cut, what its new score is, what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.vision.test_models import copy_card
from trendlab.errors import ModelError
from trendlab.vision.boxes import Candidates, Suppression, fit_canvas
from trendlab.vision.crops import cut, place_in_photo
from trendlab.vision.detect import load_detector
from trendlab.vision.detector import Floats
from trendlab.vision.export import read_rescoring
from trendlab.vision.images import Photo, Pixels
from trendlab.vision.models import SHIPPED, Rescoring, load_card
from trendlab.vision.rescoring import Rescorer, load_classifier, load_rescorer

WEIGHT = 0.5
NAMES_COUNT = 3


def boxes(*rows: tuple[float, float, float, float, float, int]) -> Candidates:
    """Candidates of x0, y0, x1, y1, score, class."""
    table = np.array(rows, np.float32).reshape(-1, 6)
    return table[:, :4], table[:, 4], table[:, 5].astype(np.int64)


class Told:
    """A classifier that says the same of every crop, and remembers what it saw."""

    def __init__(self, chances: Sequence[float]) -> None:
        self.logits = np.log(np.array(chances, np.float32))
        self.crops: list[Pixels] = []
        self.where: list[Floats] = []

    def __call__(self, crops: Pixels, where: Floats) -> Floats:
        self.crops += list(crops)
        self.where += list(where)
        return np.tile(self.logits, (len(crops), 1))


def photo(width: int = 160, height: int = 320) -> Photo:
    pixels = np.full((height, width, 3), 20, np.uint8)
    pixels[40:80, 40:80] = 220
    return Photo(pixels, width, height, "")


def rescored(
    told: Told, found: Candidates, keep: Suppression
) -> tuple[Floats, list[float], list[int]]:
    canvas = fit_canvas(photo(), 320)
    new = Rescorer(told, 32, WEIGHT).rescore([canvas], [found], keep)[0]
    return new[0], new[1].tolist(), new[2].tolist()


LOOSE = Suppression((0.0,) * NAMES_COUNT, is_multi_label=True)


def test_a_score_is_the_geometric_mean_with_the_chance_of_its_class() -> None:
    told = Told((0.64, 0.2, 0.1, 0.06))
    _, scores, classes = rescored(told, boxes((0, 0, 40, 40, 0.36, 0)), LOOSE)
    assert scores == [pytest.approx(0.6 * 0.8)]
    assert classes == [0]


def test_one_place_is_looked_at_once_and_may_change_its_best_class() -> None:
    told = Told((0.1, 0.8, 0.05, 0.05))
    found = boxes(
        (0, 0, 40, 40, 0.6, 0), (0, 0, 40, 41, 0.5, 1), (90, 90, 99, 99, 0.3, 2)
    )
    _, scores, classes = rescored(told, found, LOOSE)
    assert len(told.crops) == 2
    assert classes == [1, 0, 2]
    assert scores == sorted(scores, reverse=True)
    counting = Suppression((0.0,) * NAMES_COUNT)
    _, _, kept = rescored(told, found, counting)
    assert kept == [1, 2], "counting keeps the best class of each place"


def test_thresholds_hold_for_the_new_scores() -> None:
    told = Told((0.01, 0.9, 0.05, 0.04))
    found = boxes((0, 0, 40, 40, 0.5, 0), (90, 90, 120, 120, 0.5, 1))
    keep = Suppression((0.3, 0.3, 0.3))
    assert rescored(told, found, keep)[2] == [1]
    few = Suppression((0.0,) * NAMES_COUNT, max_count=1)
    assert rescored(told, found, few)[2] == [1]


def test_boxes_that_cannot_reach_their_threshold_are_not_looked_at() -> None:
    told = Told((0.7, 0.1, 0.1, 0.1))
    keep = Suppression((0.5,) * NAMES_COUNT)
    assert rescored(told, boxes((0, 0, 40, 40, 0.24, 0)), keep)[1] == []
    assert told.crops == []
    rescored(told, boxes((0, 0, 40, 40, 0.26, 0)), keep)
    assert len(told.crops) == 1
    assert rescored(told, boxes(), keep)[1] == []


def test_photos_of_a_batch_keep_their_boxes_apart() -> None:
    told = Told((0.7, 0.1, 0.1, 0.1))
    canvas = fit_canvas(photo(), 320)
    first = boxes((0, 0, 40, 40, 0.5, 0))
    second = boxes((0, 0, 40, 40, 0.4, 1), (50, 50, 90, 90, 0.3, 2))
    new = Rescorer(told, 32, WEIGHT).rescore(
        [canvas] * 3, [first, boxes(), second], LOOSE
    )
    assert [one[2].tolist() for one in new] == [[0], [], [1, 2]]


@pytest.mark.parametrize(("width", "height"), [(160, 320), (320, 160), (100, 320)])
def test_a_crop_shows_the_box_with_its_margin(width: int, height: int) -> None:
    told = Told((0.7, 0.1, 0.1, 0.1))
    shown = photo(width, height)
    canvas = fit_canvas(shown, 320)
    box = canvas.place(np.array([[40, 40, 80, 80]], np.float32))
    found = (box, np.array([0.5], np.float32), np.zeros(1, np.int64))
    Rescorer(told, 32, WEIGHT).rescore([canvas], [found], LOOSE)
    bright = told.crops[0][:, :, 0] > 120
    down, along = np.nonzero(bright)
    # of 32 pixels the box is two thirds
    assert (along.min(), along.max(), down.min(), down.max()) == pytest.approx(
        (5.3, 25.7, 5.3, 25.7), abs=1.5
    )
    assert told.where[0][:2] == pytest.approx((60 / width - 0.5, 60 / height - 0.5))
    assert told.where[0][2:] == pytest.approx([np.log(40 / height) / 2 + 1] * 2)


def test_a_belt_is_not_stretched_to_more_than_twice() -> None:
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[95:105, 50:150] = 255
    bright = cut(pixels, (50, 95, 150, 105), 120)[:, :, 0] > 127
    down, along = np.nonzero(bright)
    across, high = np.ptp(along) + 1, np.ptp(down) + 1
    assert high / across == pytest.approx(2 * 10 / 100, rel=0.15)


def test_what_lies_outside_of_the_photo_is_padding() -> None:
    crop = cut(np.zeros((50, 50, 3), np.uint8), (40, 40, 60, 60), 32)
    assert (crop[-1, -1] == 114).all()
    assert (crop[0, 0] == 0).all()


def test_the_place_of_a_box_of_no_size_is_finite() -> None:
    assert np.isfinite(place_in_photo(np.zeros((1, 4), np.float32), 10, 10)).all()


def test_the_shipped_detector_looks_again_and_its_classifier_learned_something(
    model_cache: Path,
) -> None:
    card = load_card()
    assert card.rescoring is not None
    other = load_card(card.rescoring.card)
    classify = load_classifier(other, "cpu", model_cache)
    crops = np.full((2, other.input_size_px, other.input_size_px, 3), 127, np.uint8)
    where = np.zeros((2, 4), np.float32)
    logits = classify(crops, where)
    assert logits.shape == (2, len(card.classes) + 1)
    assert logits[0].argmax() == len(card.classes), "a grey square is no garment"
    assert other.metrics["macro_recall"] > 1 / len(card.classes)


def test_openvino_and_torch_tell_alike(model_cache: Path) -> None:
    from trendlab.vision.rescoring import _by_torch

    other = load_card("garment-crops")
    rng = np.random.default_rng(1)
    side = other.input_size_px
    crops = rng.integers(0, 256, (5, side, side, 3), np.uint8)
    where = rng.normal(0, 0.3, (5, 4)).astype(np.float32)
    mine = load_classifier(other, "cpu", model_cache)(crops, where)
    theirs = _by_torch(other, "cpu")(crops, where)
    # OpenVINO computes in bfloat16 where the processor can
    assert mine == pytest.approx(theirs, abs=0.4)
    assert (mine.argmax(1) == theirs.argmax(1)).all()


def test_a_classifier_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    shipped = load_card()
    told = shipped.rescoring
    assert told is not None
    moved = shipped.model_copy(update={"folder": tmp_path})
    with pytest.raises(ModelError, match="expected its card at"):
        load_rescorer(moved, "cpu", None)
    other = (SHIPPED / f"{told.card}.json").read_text()
    (tmp_path / f"{told.card}.json").write_text(other.replace('"belt"', '"cape"'))
    with pytest.raises(ModelError, match="of the classes"):
        load_rescorer(moved, "cpu", None)
    (tmp_path / f"{told.card}.json").write_text(other.replace(told.sha256, "0" * 64))
    with pytest.raises(ModelError, match="export the card again"):
        load_rescorer(moved, "cpu", None)
    (tmp_path / f"{told.card}.json").write_text(other)
    with pytest.raises(ModelError, match="cannot be read"):
        load_rescorer(moved, "cpu", None)
    copy_card(tmp_path, rescoring={**told.model_dump(), "card": "none"})
    with pytest.raises(ModelError, match="expected its card at"):
        load_detector(load_card(tmp_path / "mine.json"), "cpu")


def test_rescoring_is_told_on_the_command_line() -> None:
    told = read_rescoring("garment-crops:0.4", SHIPPED)
    assert told == Rescoring(
        card="garment-crops", sha256=load_card("garment-crops").sha256, weight=0.4
    )
    for wrong in ("garment-crops", "garment-crops:1", "garment-crops:much"):
        with pytest.raises(ModelError, match=r"such as garment-crops:0\.35"):
            read_rescoring(wrong, SHIPPED)


def test_the_word_of_the_classifier_changes_the_key() -> None:
    card = load_card()
    told = card.rescoring
    assert told is not None
    heavier = told.model_copy(update={"weight": 0.9})
    assert card.model_copy(update={"rescoring": heavier}).key != card.key
    assert card.model_copy(update={"rescoring": None}).key != card.key
