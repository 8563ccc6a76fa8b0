"""Sleeves and lengths read off masks: figures drawn with a ruler, shown whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trendlab.vision.attribute_labels import GarmentLabel, read_labels
from trendlab.vision.ccp_lengths import tell_ankle, tell_hem, tell_sleeve, write_labels

HEIGHT = 1000
# Rows of the figure: the head above, shoulders at 200, the ground at 1000.
SHOULDERS, HIPS, GROUND = 200, 560, 1000


def blank() -> np.ndarray:
    return np.zeros((HEIGHT + 20, 600), bool)


def box(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mask = blank()
    mask[top:bottom, left:right] = True
    return mask


HEAD = box(260, 0, 340, SHOULDERS)
TORSO = box(220, SHOULDERS, 380, HIPS)
SHOES = box(230, 970, 370, GROUND)


def arms(bare_from: int) -> np.ndarray:
    """Both arms, bare from a row on down to the hands."""
    return box(190, bare_from, 220, 570) | box(380, bare_from, 410, 570)


@pytest.mark.parametrize(
    ("bare_from", "told"),
    [
        (510, "long"),  # hands
        (570, "long"),  # hands in pockets
        (410, None),  # to the elbow
        (320, "short or none"),
        (SHOULDERS, "short or none"),
    ],
)
def test_sleeves_are_told_by_the_bare_skin_of_arms(bare_from, told):
    skin = HEAD | arms(bare_from)
    assert tell_sleeve(TORSO, skin, blank(), HEIGHT) == told


def test_a_neckline_and_bare_legs_are_no_arms():
    neckline = box(270, SHOULDERS, 330, 420)
    legs = box(230, 640, 370, 970)
    torso = TORSO & ~neckline
    skin = HEAD | neckline | legs | arms(510)
    assert tell_sleeve(torso, skin, blank(), HEIGHT) == "long"


def test_bare_shoulders_that_meet_the_neck_are_arms():
    straps = box(190, SHOULDERS, 410, 260)
    skin = HEAD | straps | arms(SHOULDERS)
    assert tell_sleeve(TORSO & ~straps, skin, blank(), HEIGHT) == "short or none"


def test_without_a_head_nothing_is_told_of_sleeves():
    assert tell_sleeve(TORSO, arms(SHOULDERS + 20), blank(), HEIGHT) is None


@pytest.mark.parametrize(
    ("hem", "told"),
    [
        (600, "above knee"),
        (680, "above knee"),
        (700, None),
        (740, "below knee"),
        (960, "below knee"),
    ],
)
def test_hems_are_told_by_their_height_above_the_ground(hem, told):
    skirt = box(220, 450, 380, hem)
    assert tell_hem(skirt, SHOES, HEIGHT) == told


@pytest.mark.parametrize(
    ("hem", "told"), [(970, "long"), (960, None), (900, "cropped"), (760, "cropped")]
)
def test_pants_are_cropped_where_the_ankle_is_bare(hem, told):
    pants = box(230, 500, 290, hem) | box(310, 500, 370, hem)
    ankles = box(245, hem, 275, 970) | box(325, hem, 355, 970)
    assert tell_ankle(pants, ankles | HEAD, HEIGHT) == told


def test_what_is_written_can_be_read(tmp_path: Path):
    label = GarmentLabel(
        image="0001.jpg",
        category="pants",
        x_px=1,
        y_px=2.5,
        width_px=3,
        height_px=4,
        attribute="length",
        value="cropped",
    )
    path = tmp_path / "labels.csv"
    assert write_labels([label], path) == 1
    assert read_labels(path, ("pants",)) == [label]


def test_masks_of_val_give_both_values_of_every_attribute(ccp: Path):
    from itertools import islice

    from trendlab.vision.ccp import ClothingCoParsing
    from trendlab.vision.ccp_lengths import lengths_of

    labels = list(islice(lengths_of(ClothingCoParsing(ccp), "val"), 60))
    assert {(one.attribute, one.value) for one in labels} == {
        ("sleeve", "long"),
        ("sleeve", "short or none"),
        ("length", "above knee"),
        ("length", "below knee"),
        ("length", "cropped"),
        ("length", "long"),
    }
