from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trendlab.vision import colours
from trendlab.vision.colours import BASIC_TERMS, find_colours, name_colours, to_lab


def lab_of(*codes: str) -> np.ndarray:
    rgb = [[int(code[n : n + 2], 16) for n in (0, 2, 4)] for code in codes]
    return to_lab(np.array([rgb], np.uint8))[0]


def name_of(code: str) -> str:
    return BASIC_TERMS[name_colours(lab_of(code))[0]]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("000000", "black"),
        ("1a1a1c", "black"),
        ("ffffff", "white"),
        ("f2efe6", "white"),
        ("808080", "grey"),
        ("c0c0c0", "grey"),
        ("ff0000", "red"),
        ("800020", "red"),
        ("ffa500", "orange"),
        ("ffff00", "yellow"),
        ("e1ad01", "yellow"),
        ("008000", "green"),
        ("556b2f", "green"),
        ("0000ff", "blue"),
        ("2b3544", "blue"),
        ("8fa3b8", "blue"),
        ("800080", "purple"),
        ("ffc0cb", "pink"),
        ("8b4513", "brown"),
        ("c19a6b", "brown"),
    ],
)
def test_colours_that_people_agree_on_are_named_so(code: str, name: str) -> None:
    assert name_of(code) == name


def test_nine_in_ten_survey_colours_are_named_by_their_neighbours() -> None:
    tree, terms = colours._named_examples()
    distances, neighbours = tree.query(tree.data, k=6)
    votes = np.zeros((len(terms), len(BASIC_TERMS)))
    rows = np.arange(len(terms))[:, None]
    np.add.at(votes, (rows, terms[neighbours[:, 1:]]), 1 / (1 + distances[:, 1:]))
    assert (votes.argmax(1) == terms).mean() > 0.9


def test_lab_of_white_and_mid_grey_is_right() -> None:
    assert lab_of("ffffff", "777777") == pytest.approx(
        np.array([[100, 0, 0], [50.03, 0, 0]]), abs=0.1
    )


def test_a_striped_garment_has_both_colours_with_their_shares() -> None:
    lab = np.repeat(lab_of("ffffff", "000080"), [300, 700], axis=0)
    found = find_colours(lab, np.ones(1000, np.float32))
    assert [(one.name, one.share) for one in found] == [
        ("blue", pytest.approx(0.7)),
        ("white", pytest.approx(0.3)),
    ]
    assert found[0].lab == pytest.approx(tuple(lab_of("000080")[0]), abs=0.1)


def test_pixels_without_weight_are_not_seen() -> None:
    lab = np.repeat(lab_of("ff0000", "00a000"), [100, 900], axis=0)
    weights = np.repeat([1.0, 0.0], [100, 900]).astype(np.float32)
    assert [one.name for one in find_colours(lab, weights)] == ["red"]


def test_a_button_is_not_a_colour_of_the_garment() -> None:
    lab = np.repeat(lab_of("ff0000", "0000ff"), [960, 40], axis=0)
    found = find_colours(lab, np.ones(1000, np.float32))
    assert [one.name for one in found] == ["red"]


def test_no_pixels_have_no_colours() -> None:
    nothing = np.zeros((0, 3), np.float32)
    assert find_colours(nothing, np.zeros(0, np.float32)) == []
    assert name_colours(nothing).tolist() == []


def test_one_pixel_has_one_colour() -> None:
    found = find_colours(lab_of("ffff00"), np.ones(1, np.float32))
    assert [(one.name, one.share) for one in found] == [("yellow", 1.0)]


@settings(max_examples=50, deadline=None)
@given(
    pixels=hnp.arrays(np.uint8, (6, 7, 3)),
    weights=hnp.arrays(np.float32, 42, elements=st.floats(0, 1, width=32)),
)
def test_shares_never_exceed_one_and_equal_pixels_give_equal_colours(
    pixels: np.ndarray, weights: np.ndarray
) -> None:
    lab = to_lab(pixels).reshape(-1, 3)
    found = find_colours(lab, weights)
    assert sum(one.share for one in found) <= 1 + 1e-5
    assert found == find_colours(lab.copy(), weights.copy())
    assert bool(found) == bool((weights > 0).any())
    assert len({one.name for one in found}) == len(found)
