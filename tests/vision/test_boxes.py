from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlab.vision.boxes import (
    BINS_COUNT,
    Suppression,
    decode_head,
    fit_canvas,
    suppress,
)
from trendlab.vision.features import NECK_STRIDES_PX, pool_features
from trendlab.vision.images import Photo
from trendlab.vision.precision import iou_of


def photo_of(width: int, height: int) -> Photo:
    return Photo(np.full((height, width, 3), 200, np.uint8), width, height, "hash")


@given(
    width=st.integers(16, 900),
    height=st.integers(16, 900),
    size=st.sampled_from([64, 416, 640]),
)
def test_a_canvas_has_sides_in_multiples_of_32_and_takes_boxes_back(
    width: int, height: int, size: int
) -> None:
    canvas = fit_canvas(photo_of(width, height), size)
    assert canvas.shape[0] % 32 == 0
    assert canvas.shape[1] % 32 == 0
    assert max(canvas.shape) == size
    boxes = np.array([[0, 0, width, height], [1, 2, width / 2, height / 2]], np.float32)
    assert canvas.lift(canvas.place(boxes)) == pytest.approx(boxes, abs=0.05)


def test_padding_is_grey_and_around_the_photo() -> None:
    canvas = fit_canvas(photo_of(100, 60), 64)
    assert canvas.shape == (64, 64)
    assert canvas.pixels[0, 0].tolist() == [114, 114, 114]
    assert canvas.pixels[32, 32].tolist() == [200, 200, 200]


def test_boxes_beyond_the_photo_are_cut() -> None:
    canvas = fit_canvas(photo_of(64, 64), 64)
    cut = canvas.lift(np.array([[-9, -9, 99, 99]], np.float32))
    assert cut.tolist() == [[0, 0, 64, 64]]


def head_with(
    *planted: tuple[int, int, int, float], classes: int = 3
) -> list[np.ndarray]:
    """Maps for a 64 × 64 canvas: (row, column, class, logit) on the finest grid.

    Every side of a planted box is 2 cells, 16 pixels, from its cell's middle.
    """
    maps = [
        np.full((1, 4 * BINS_COUNT + classes, side, side), -20.0, np.float32)
        for side in (8, 4, 2)
    ]
    for row, column, category_id, logit in planted:
        for side in range(4):
            maps[0][0, side * BINS_COUNT + 2, row, column] = 20.0
        maps[0][0, 4 * BINS_COUNT + category_id, row, column] = logit
    return maps


KEEP = Suppression(min_scores=(0.3, 0.3, 0.3))


def test_a_planted_box_is_read() -> None:
    boxes, scores, classes = decode_head(head_with((4, 3, 1, 2.0)), 0, KEEP)
    assert boxes.tolist()[0] == pytest.approx([12, 20, 44, 52], abs=1e-3)
    assert scores.tolist() == pytest.approx([0.8808], abs=1e-4)
    assert classes.tolist() == [1]


def test_an_empty_head_gives_no_boxes() -> None:
    boxes, scores, classes = decode_head(head_with(), 0, KEEP)
    assert boxes.shape == (0, 4)
    assert len(scores) == len(classes) == 0


def test_neighbours_of_one_class_are_one_garment() -> None:
    maps = head_with((4, 3, 1, 2.0), (4, 4, 1, 1.0))
    keep = Suppression(min_scores=(0.3,) * 3, iou=0.5)
    assert decode_head(maps, 0, keep)[1].tolist() == pytest.approx([0.8808], abs=1e-4)


def test_neighbours_of_two_classes_are_two_garments() -> None:
    maps = head_with((4, 3, 1, 2.0), (4, 4, 2, 1.0))
    assert decode_head(maps, 0, KEEP)[2].tolist() == [1, 2]


def test_a_place_has_its_best_class_or_all_of_them() -> None:
    maps = head_with((4, 3, 1, 2.0))
    maps[0][0, 4 * BINS_COUNT + 2, 4, 3] = 1.0
    assert decode_head(maps, 0, KEEP)[2].tolist() == [1]
    several = Suppression(min_scores=(0.3,) * 3, is_multi_label=True)
    assert decode_head(maps, 0, several)[2].tolist() == [1, 2]


def test_each_class_has_its_own_threshold() -> None:
    maps = head_with((1, 1, 0, 0.0), (6, 6, 1, 0.0))
    keep = Suppression(min_scores=(0.6, 0.4, 0.4))
    assert decode_head(maps, 0, keep)[2].tolist() == [1]


def test_no_more_than_the_most_are_kept() -> None:
    maps = head_with(*((row, column, 0, 1.0) for row in range(8) for column in (0, 7)))
    keep = Suppression(min_scores=(0.3,) * 3, max_count=3, iou=0.9)
    assert len(decode_head(maps, 0, keep)[1]) == 3


@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 80),
    iou=st.sampled_from([0.3, 0.5, 0.7]),
)
def test_suppression_is_the_greedy_one(seed: int, count: int, iou: float) -> None:
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 60, (count, 2))
    boxes = np.concatenate([low, low + rng.integers(10, 40, (count, 2))], 1)
    scores = rng.random(count).astype(np.float32)
    categories = rng.integers(0, 3, count)
    greedy: list[int] = []
    for position in np.argsort(-scores, kind="stable").tolist():
        others = [n for n in greedy if categories[n] == categories[position]]
        overlaps = iou_of(boxes[position].astype(float), boxes[others].astype(float))
        if not (overlaps > iou).any():
            greedy.append(position)
    kept = suppress(boxes.astype(np.float32), scores, categories, iou)
    assert kept.tolist() == greedy


def test_features_are_the_mean_over_the_box() -> None:
    neck = []
    for stride in NECK_STRIDES_PX:
        side = 64 // stride
        columns = (np.arange(side, dtype=np.float32) + 0.5) * stride
        neck.append(np.broadcast_to(columns, (1, 2, side, side)).copy())
    # a map that holds its own x is, on average, the middle of the box
    pooled = pool_features(neck, 0, np.array([[16, 8, 48, 40]], np.float32))
    assert pooled[0].tolist() == pytest.approx([32] * 6)
    none = pool_features(neck, 0, np.zeros((0, 4), np.float32))
    assert none.shape == (0, 6)
