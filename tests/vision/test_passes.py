"""Several looks at one photo: their views, their boxes' average, their cards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.vision.test_models import copy_card
from trendlab.errors import ModelError
from trendlab.vision.boxes import Candidates, Canvas, Suppression, fit_canvas
from trendlab.vision.detect import load_detector
from trendlab.vision.detector import Floats
from trendlab.vision.export import read_pass
from trendlab.vision.images import Photo, read_photo
from trendlab.vision.models import SHIPPED, Pass, load_card
from trendlab.vision.passes import PassesDetector, card_of, fuse

KEEP = Suppression((0.1, 0.3))


def boxes(*rows: tuple[float, float, float, float, float, int]) -> Candidates:
    """Candidates of x0, y0, x1, y1, score, class."""
    table = np.array(rows, np.float32).reshape(-1, 6)
    return table[:, :4], table[:, 4], table[:, 5].astype(np.int64)


def test_what_all_see_is_their_mean_weighed_by_score() -> None:
    found = fuse([boxes((0, 0, 10, 10, 0.8, 0)), boxes((0, 0, 14, 10, 0.4, 0))], KEEP)
    assert found[0].tolist() == [[0, 0, pytest.approx(34 / 3), 10]]
    assert found[1].tolist() == [pytest.approx(0.6)]
    assert found[2].tolist() == [0]


def test_what_one_pass_alone_sees_counts_by_its_share() -> None:
    alone = boxes((0, 0, 10, 10, 0.9, 0))
    assert fuse([alone, boxes(), boxes()], KEEP)[1].tolist() == [pytest.approx(0.3)]


def test_a_pass_that_sees_a_garment_twice_counts_once() -> None:
    twice = boxes((0, 0, 10, 10, 0.9, 0), (0, 0, 10, 12, 0.1, 0))
    assert fuse([twice, twice], KEEP)[1].tolist() == [pytest.approx(0.9)]


def test_classes_and_places_are_not_mixed() -> None:
    one = boxes((0, 0, 10, 10, 0.9, 0), (50, 0, 60, 10, 0.7, 0))
    other = boxes((0, 0, 10, 10, 0.8, 1))
    found = fuse([one, other], KEEP)
    assert sorted(zip(found[2].tolist(), found[0][:, 0].tolist(), strict=True)) == [
        (0, 0.0),
        (0, 50.0),
        (1, 0.0),
    ]
    assert (np.diff(found[1]) <= 0).all()


def test_thresholds_hold_for_the_average_of_their_class() -> None:
    found = fuse([boxes((0, 0, 10, 10, 0.5, 1)), boxes()], KEEP)
    assert len(found[1]) == 0
    assert len(fuse([boxes(), boxes()], KEEP)[1]) == 0


def test_no_more_than_the_most_garments_are_kept() -> None:
    many = boxes(*((20.0 * n, 0, 20.0 * n + 10, 10, 0.9, 0) for n in range(9)))
    assert len(fuse([many, many], Suppression((0.1,), max_count=4))[1]) == 4


class Spot:
    """A network that finds the white spot of a canvas, wherever it is shown."""

    def __init__(self, passes: Sequence[Pass]) -> None:
        self.card = load_card("garments-fast").model_copy(
            update={"passes": tuple(passes), "input_size_px": 320}
        )
        self.lanes_count, self.batch_count = 1, 1
        self.sides: list[int] = []

    def prepare(self, photo: Photo) -> Canvas:
        return fit_canvas(photo, self.card.input_size_px)

    def look(
        self, canvases: Sequence[Canvas], keep: Suppression, *, with_neck: bool
    ) -> tuple[list[Candidates], list[Floats]]:
        self.sides.append(max(canvases[0].shape))
        found = []
        for canvas in canvases:
            down, along = np.nonzero(canvas.pixels[:, :, 0] > 200)
            edges = along.min(), down.min(), along.max() + 1, down.max() + 1
            found.append(boxes((*map(float, edges), 0.9, 3)))
        return found, []

    def neck(self, canvas: Canvas) -> list[Floats]:
        return []


def spotted(width: int, height: int) -> Photo:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[height // 4 : height // 2, width // 8 : width // 4] = 255
    return Photo(pixels, width, height, "")


@pytest.mark.parametrize(("width", "height"), [(200, 320), (320, 240), (300, 299)])
def test_every_pass_finds_the_spot_where_it_is_in_the_photo(
    width: int, height: int
) -> None:
    passes = [
        Pass(size_px=320, is_mirrored=True),
        Pass(size_px=256),
        Pass(size_px=416, is_mirrored=True),
    ]
    network = Spot(passes)
    detector = PassesDetector(network, {})
    found = detector.find([detector.prepare(spotted(width, height))])[0]
    assert network.sides == [320, 320, 256, 416]
    assert len(found) == 1, "a view whose box does not come back stands alone"
    truth = [width // 8, height // 4, width // 4, height // 2]
    assert found.boxes[0] == pytest.approx(truth, abs=2)
    assert found.scores[0] == pytest.approx(0.9)


def test_the_shipped_detector_tells_place_and_appearance(
    bus: Path, model_cache: Path
) -> None:
    shipped = load_detector(load_card(), "cpu", cache=model_cache)
    photo = read_photo(bus)
    canvases = [shipped.prepare(photo)] * 2
    low = Suppression((0.05,) * 13)
    one, again = shipped.find(canvases, low, with_features=True)
    assert 0 < len(one) == len(again)
    assert one.features.shape == again.features.shape
    assert one.features.shape[0] == len(one)
    assert (np.linalg.norm(one.features, axis=1) > 1).all()
    assert one.boxes[:, 2].max() <= photo.width_px
    assert again.scores == pytest.approx(one.scores, abs=0.05)


def test_no_photos_are_no_work() -> None:
    assert PassesDetector(Spot([Pass(size_px=320)]), {}).find([]) == []


def test_a_network_beside_the_card_looks_too(tmp_path: Path) -> None:
    shipped = load_card("garments-fast")
    copy_card(tmp_path, name="other")
    other = Pass(card="mine", sha256=shipped.sha256, size_px=320)
    card = shipped.model_copy(update={"folder": tmp_path, "passes": (other,)})
    assert card_of(other, card).name == "other"
    with pytest.raises(ModelError, match="expected its card at"):
        card_of(Pass(card="none", sha256=shipped.sha256, size_px=320), card)
    with pytest.raises(ModelError, match="export the card again"):
        card_of(Pass(card="mine", sha256="0" * 64, size_px=320), card)
    copy_card(tmp_path, classes=[*shipped.classes[:-1], "cape"])
    with pytest.raises(ModelError, match="expected its classes"):
        load_detector(card, "cpu")


def test_passes_are_told_on_the_command_line(tmp_path: Path) -> None:
    assert read_pass("576m", tmp_path) == Pass(size_px=576, is_mirrored=True)
    named = read_pass("garments-fast:640", SHIPPED)
    assert (named.card, named.size_px) == ("garments-fast", 640)
    assert named.sha256 == load_card("garments-fast").sha256
    with pytest.raises(ModelError, match="got 640x"):
        read_pass("640x", tmp_path)


def test_the_fast_card_shares_the_weights_and_not_the_rows() -> None:
    fast, shipped = load_card("garments-fast"), load_card()
    assert fast.sha256 == shipped.sha256
    assert fast.weights_path == shipped.weights_path
    assert fast.passes == ()
    assert len(shipped.passes) > 0
    assert fast.key != shipped.key


def test_a_threshold_changes_the_key_and_a_note_does_not() -> None:
    card = load_card()
    other = (0.5,) * len(card.thresholds)
    assert card.model_copy(update={"thresholds": other}).key != card.key
    assert card.model_copy(update={"notes": "n"}).key == card.key
    plain = json.loads((SHIPPED / "garments.json").read_text())
    assert "key" not in plain
