"""Measure whether garments are given to the person who wears them.

    python -m trendlab.vision.measure_people --data CCP

In Clothing Co-Parsing one person a photo is annotated, so two photos side by side
are a photo of two people of whom everything is known; the person of one, cut out by
their mask and set before the other, makes two who hide each other. The garments'
boxes are the annotated ones: this measures people and assignment, not the detection
of garments.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from trendlab.errors import TrendlabError
from trendlab.vision.ccp import ClothingCoParsing, MaskedPhoto
from trendlab.vision.detect import load_detector
from trendlab.vision.detector import Detector, Floats
from trendlab.vision.images import Photo
from trendlab.vision.looks import NOBODY, assign_garments
from trendlab.vision.models import PEOPLE_FINDER, load_card
from trendlab.vision.people_data import mask_box
from trendlab.vision.precision import wilson

# Shares of the narrower person's width that one stands before the other.
OVERLAPS = (0.25, 0.5)

# A garment of which more is hidden could not be found, so it is not asked about.
MAX_HIDDEN_SHARE = 0.5

# A found box is the annotated person where they overlap so much, as in `AP50`.
SAME_PERSON_IOU = 0.5


@dataclass(frozen=True)
class Dressed:
    """A photo of people with the garments of each.

    Parameters
    ----------
    photo : Photo
    people : (m, 4) float32, pixels, x0 y0 x1 y1
    garments : (n, 4) float32, the same
    wearers : (n,) int64
        Position in `people` of who wears each garment.
    mask : (rows, columns) bool
        Pixels of the people.
    """

    photo: Photo
    people: Floats
    garments: Floats
    wearers: npt.NDArray[np.int64]
    mask: npt.NDArray[np.bool_]


def dress(masked: MaskedPhoto) -> Dressed:
    """Take the one person of an annotated photo as the wearer of its garments."""
    box = mask_box(masked.mask)
    people = np.array([] if box is None else [box], np.float32).reshape(-1, 4)
    people[:, 2:] += people[:, :2]
    wearers = np.zeros(len(masked.boxes), np.int64)
    return Dressed(masked.photo, people, masked.boxes, wearers, masked.mask > 0)


def scale_to(dressed: Dressed, height_px: int) -> Dressed:
    """Scale a photo with its boxes and mask to a height."""
    photo = dressed.photo
    scale = height_px / photo.height_px
    size = (round(photo.width_px * scale), height_px)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    pixels = np.asarray(cv2.resize(photo.pixels, size, interpolation=how), np.uint8)
    mask = cv2.resize(
        dressed.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST
    )
    stretch = np.array([size[0] / photo.width_px, scale] * 2, np.float32)
    return Dressed(
        Photo(pixels, *size, ""),
        dressed.people * stretch,
        dressed.garments * stretch,
        dressed.wearers,
        mask > 0,
    )


def _join(left: Dressed, right: Dressed, shift_px: int) -> Dressed:
    """Put the right photo at a column; the left one and the right's people cover it."""
    width = max(left.photo.width_px, shift_px + right.photo.width_px)
    pixels = np.zeros((left.photo.height_px, width, 3), np.uint8)
    mask = np.zeros(pixels.shape[:2], bool)
    there = slice(shift_px, shift_px + right.photo.width_px)
    pixels[:, there] = right.photo.pixels
    pixels[:, : left.photo.width_px] = left.photo.pixels
    mask[:, : left.photo.width_px] = left.mask
    pixels[:, there][right.mask] = right.photo.pixels[right.mask]
    mask[:, there] |= right.mask
    shift = np.array([shift_px, 0] * 2, np.float32)
    return Dressed(
        Photo(pixels, width, left.photo.height_px, ""),
        np.concatenate([left.people, right.people + shift]),
        np.concatenate([left.garments, right.garments + shift]),
        np.concatenate([left.wearers, right.wearers + len(left.people)]),
        mask,
    )


def set_beside(left: Dressed, right: Dressed) -> Dressed:
    """Put two photos side by side, the right one scaled to the left one's height."""
    right = scale_to(right, left.photo.height_px)
    return _join(left, right, left.photo.width_px)


def set_before(behind: Dressed, before: Dressed, share: float) -> Dressed:
    """Set the person of one photo before the right edge of another's.

    Parameters
    ----------
    behind, before : Dressed
        Of one person each.
    share : float
        Of the narrower person's width, by which their boxes overlap.

    Returns
    -------
    Dressed
        Without the garments of which more than half of the box is covered.
    """
    before = scale_to(before, behind.photo.height_px)
    [[_, _, edge, _]], [[left, _, right, _]] = behind.people, before.people
    narrower = min(edge - behind.people[0, 0], right - left)
    shift_px = max(0, round(float(edge - left - share * narrower)))
    covered = np.zeros((behind.photo.height_px, shift_px + before.photo.width_px), bool)
    covered[:, shift_px:] = before.mask
    hidden = []
    for x0, y0, x1, y1 in behind.garments.round().astype(int).tolist():
        box = covered[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
        area = max(1, (y1 - y0) * (x1 - x0))
        hidden.append(box.sum() / area > MAX_HIDDEN_SHARE)
    shown = ~np.array(hidden, bool)
    seen = dataclasses.replace(
        behind, garments=behind.garments[shown], wearers=behind.wearers[shown]
    )
    return _join(seen, before, shift_px)


def match_people(truth: Floats, found: Floats) -> npt.NDArray[np.int64]:
    """Return for each true person who was found: (m,) int64, `NOBODY` for none."""
    if len(truth) == 0 or len(found) == 0:
        return np.full(len(truth), NOBODY, np.int64)
    low = np.maximum(truth[:, None, :2], found[None, :, :2])
    high = np.minimum(truth[:, None, 2:], found[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (truth, found)]
    overlaps = shared / (areas[0][:, None] + areas[1][None] - shared)
    best = overlaps.argmax(1)
    return np.where(overlaps.max(1) >= SAME_PERSON_IOU, best, NOBODY)


def measure_people(photos: Iterator[Dressed], finder: Detector) -> dict[str, Any]:
    """Count garments given to the person who wears them, to another, to nobody.

    Returns
    -------
    dict
        people_count and people_found_share; garments_count, the share given to the
        right person with its 95 % interval (Wilson), to another, to nobody. A garment
        of a person who was not found cannot be right.
    """
    people, found_people = 0, 0
    told: Counter[str] = Counter()
    for dressed in photos:
        [seen] = finder.find([finder.prepare(dressed.photo)])
        found_as = match_people(dressed.people, seen.boxes)
        people += len(found_as)
        found_people += int((found_as != NOBODY).sum())
        given = assign_garments(dressed.garments, seen.boxes)
        for wearer, person in zip(dressed.wearers, given, strict=True):
            if person == NOBODY:
                told["nobody"] += 1
            elif person == found_as[wearer]:
                told["right"] += 1
            else:
                told["another"] += 1
    count = told.total()
    low, high = wilson(told["right"], count)
    return {
        "people_count": people,
        "people_found_share": round(found_people / people, 4),
        "garments_count": count,
        "right_share": round(told["right"] / count, 4),
        "right_low": round(low, 4),
        "right_high": round(high, 4),
        "another_share": round(told["another"] / count, 4),
        "nobody_share": round(told["nobody"] / count, 4),
    }


def pairs_of(photos: Sequence[Dressed]) -> Iterator[tuple[Dressed, Dressed]]:
    """Give each photo with the next one, the last with the first."""
    return zip(photos, [*photos[1:], photos[0]], strict=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures of one person a photo, and of two, apart or not, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m trendlab.vision.measure_people")
    parser.add_argument("--data", type=Path, required=True, help="folder with CCP")
    parser.add_argument("--part", default="val", choices=("train", "val"))
    parser.add_argument(
        "--model", default=PEOPLE_FINDER, help="card of the model that finds people"
    )
    given = parser.parse_args(arguments)
    try:
        finder = load_detector(load_card(given.model), "cpu")
        photos = [
            dress(one) for one in ClothingCoParsing(given.data).photos(given.part)
        ]
        figures = {
            "one person": measure_people(iter(photos), finder),
            "two people": measure_people(
                (set_beside(*pair) for pair in pairs_of(photos)), finder
            ),
        }
        for share in OVERLAPS:
            figures[f"one before the other by {share}"] = measure_people(
                (set_before(*pair, share) for pair in pairs_of(photos)), finder
            )
    except TrendlabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
