"""Several models asked in turn: one decides each attribute of a garment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trendlab.vision.attribute_model import Told, ask_in_turn
from trendlab.vision.boxes import fit_canvas
from trendlab.vision.images import Photo

CANVAS = fit_canvas(Photo(np.zeros((64, 64, 3), np.uint8), 64, 64, "hash"), 64)


class Planted:
    """Says one thing of the garments that it is sure of."""

    version = "1"

    def __init__(
        self,
        name: str,
        applies_to: Mapping[str, frozenset[str]],
        said: Mapping[str, tuple[str, str]],
    ) -> None:
        self.name = name
        self.applies_to = applies_to
        self._said = said

    def check_detector(self, detector: Any) -> None:
        """Accept every detector."""

    def tell(
        self, canvas: Any, categories: Sequence[str], boxes: Any, neck: Any
    ) -> list[list[Told]]:
        return [
            [Told(*self._said[one], 0.9, self.name, self.version)]
            if one in self._said
            else []
            for one in categories
        ]


FIRST = Planted(
    "first", {"pattern": frozenset({"top", "skirt"})}, {"top": ("pattern", "solid")}
)
SECOND = Planted(
    "second",
    {"pattern": frozenset({"top", "skirt", "dress"})},
    dict.fromkeys(("top", "skirt", "dress"), ("pattern", "floral")),
)
SLEEVES = Planted(
    "sleeves", {"sleeve": frozenset({"top"})}, {"top": ("sleeve", "long")}
)


def ask(*models: Planted) -> list[list[tuple[str, str]]]:
    categories = ["top", "skirt", "dress", "bag"]
    boxes = np.zeros((4, 4), np.float32)
    told = ask_in_turn(models, CANVAS, categories, boxes, [])
    return [[(one.model_name, one.value) for one in mine] for mine in told]


def test_the_first_model_that_an_attribute_applies_to_decides_also_by_silence() -> None:
    assert ask(FIRST, SECOND) == [
        [("first", "solid")],
        [],
        [("second", "floral")],
        [],
    ]
    assert ask(SECOND, FIRST) == [[("second", "floral")]] * 3 + [[]]


def test_models_of_different_attributes_do_not_stand_in_each_others_way() -> None:
    assert ask(FIRST, SLEEVES)[0] == [("first", "solid"), ("sleeves", "long")]


def test_without_models_nothing_is_told() -> None:
    assert ask() == [[], [], [], []]
    assert ask_in_turn([FIRST], CANVAS, [], np.zeros((0, 4), np.float32), []) == []
