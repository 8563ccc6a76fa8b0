"""Sleeves and lengths that the masks of Clothing Co-Parsing show, as labels.

CCP has no tags for them, but its masks tell skin from cloth, so how far an arm or an
ankle is bare can be read off, and where a hem is between waist and ground. What
lies between two values is left out.

    python -m trendlab.vision.train lengths --data DIR --part train --out labels.csv
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from trendlab.vision.attribute_labels import GarmentLabel
from trendlab.vision.ccp import ClothingCoParsing, MaskedPhoto

Mask = npt.NDArray[np.bool_]

# All measures are in heights of the person, head to sole, which masks give: pixels
# say nothing across photos. The limits were set on 63 training photos, by eye.

# Bare skin of both arms, in squared heights. Two hands are 0.003 to 0.006; a forearm
# adds 0.005; from half a forearm on a sleeve is neither long nor short.
LONG_SLEEVE_MOST = 0.006
SHORT_SLEEVE_LEAST = 0.013

# Half the width of the neckline, whose skin is no arm's.
NECK_HALF = 0.055

# From the shoulders to where hands hang: below are legs.
ARMS_DOWN_TO = 0.42

# Height of a hem above the ground. Knees are at about 0.28, shoes included.
ABOVE_KNEE_LEAST = 0.32
BELOW_KNEE_MOST = 0.27

# Bare skin between hem and shoe, in squared heights, and how far from the hem.
BARE_ANKLE_LEAST = 0.002
COVERED_ANKLE_MOST = 0.0003
ANKLE_REACH = 0.1
ANKLE_SIDE = 0.03

# Garments smaller than this, in squared heights, are slivers under another.
MIN_GARMENT = 0.01
# Shoes smaller than this are not seen, so nothing is known of the ground.
MIN_SHOE_PIXELS = 50
# Tops of garments within this of the highest one begin at the shoulders.
SHOULDER_REACH = 0.06

UPPER = ("dress", "outer", "top")
SHOES = ("boots", "footwear")


def lengths_of(data: ClothingCoParsing, part: str) -> Iterator[GarmentLabel]:
    """Give the sleeves and lengths that the masks of a part show.

    Parameters
    ----------
    data : ClothingCoParsing
    part : {"train", "val"}

    Yields
    ------
    GarmentLabel
        sleeve: "long" or "short or none", of the outermost garment at the shoulders;
        length: "above knee" or "below knee" of dresses and skirts, "long" or
        "cropped" of pants, by whether the ankle is bare.
    """
    for masked in data.photos(part):
        yield from _photo_lengths(data, masked)


def _photo_lengths(
    data: ClothingCoParsing, masked: MaskedPhoto
) -> Iterator[GarmentLabel]:
    rows = np.flatnonzero((masked.mask > 0).any(1))
    if not len(rows):
        return
    height_px = int(rows[-1] - rows[0]) + 1
    names = [data.classes[number] for number in masked.category_ids]
    garments = [_garment(data, masked, number) for number in range(len(names))]
    skin = masked.mask == data.tags.index("skin")
    hair = masked.mask == data.tags.index("hair")
    shoes = np.isin(
        data.class_of_tag[masked.mask], [data.classes.index(name) for name in SHOES]
    )
    outermost = _outermost(names, masked.boxes, height_px)
    for number, (category, garment) in enumerate(zip(names, garments, strict=True)):
        if int(garment.sum()) < MIN_GARMENT * height_px**2:
            continue
        if number == outermost:
            value = tell_sleeve(garment, skin, hair, height_px)
            if value is not None:
                yield _label(masked, number, category, "sleeve", value)
        value = None
        if int(shoes.sum()) >= MIN_SHOE_PIXELS:
            if category in ("dress", "skirt"):
                value = tell_hem(garment, shoes, height_px)
            elif category == "pants" and "boots" not in names:
                value = tell_ankle(garment, skin, height_px)
        if value is not None:
            yield _label(masked, number, category, "length", value)


def _garment(data: ClothingCoParsing, masked: MaskedPhoto, number: int) -> Mask:
    """Return the pixels of one garment in the whole photo, (rows, columns) bool."""
    garment = np.zeros(masked.mask.shape, bool)
    found = data.tag_pixels(masked, number)
    if found is not None:
        tags, window = found
        garment[window] = tags > 0
    return garment


def _outermost(
    names: Sequence[str], boxes: npt.NDArray[np.float32], height_px: int
) -> int | None:
    """Return which garment hides the arms: of those at the shoulders the widest."""
    upper = [number for number, name in enumerate(names) if name in UPPER]
    if not upper:
        return None
    highest = min(float(boxes[number, 1]) for number in upper)
    at_shoulders = [
        number
        for number in upper
        if boxes[number, 1] - highest <= SHOULDER_REACH * height_px
    ]
    return max(at_shoulders, key=lambda n: float(boxes[n, 2] - boxes[n, 0]))


def tell_sleeve(garment: Mask, skin: Mask, hair: Mask, height_px: int) -> str | None:
    """Tell the sleeve of the garment at the shoulders by the bare skin of arms.

    Parameters
    ----------
    garment, skin, hair : (rows, columns) bool
    height_px : int
        Of the person.

    Returns
    -------
    str or None
        "long", "short or none", or None for what lies between, or where no head is
        seen.
    """
    rows = np.nonzero(garment)[0]
    # a strap or a collar is no shoulder
    top = int(np.percentile(rows, 1))
    head = np.nonzero((skin | hair)[:top])[1]
    if not len(head):
        return None
    middle = float(np.median(head))
    arms = skin.copy()
    arms[:top] = False
    arms[int(top + ARMS_DOWN_TO * height_px) :] = False
    count, patches = cv2.connectedComponents(arms.astype(np.uint8), connectivity=8)
    columns = np.abs(np.arange(skin.shape[1]) - middle) <= NECK_HALF * height_px
    area = 0
    for number in range(1, count):
        patch = patches == number
        begins = int(np.flatnonzero(patch.any(1))[0])
        if begins <= top + 0.02 * height_px:
            # a neckline, perhaps with shoulders and arms at its sides
            patch = patch & ~columns
        area += int(patch.sum())
    share = area / height_px**2
    if share <= LONG_SLEEVE_MOST:
        return "long"
    return "short or none" if share >= SHORT_SLEEVE_LEAST else None


def tell_hem(garment: Mask, shoes: Mask, height_px: int) -> str | None:
    """Tell whether a dress or skirt ends above the knee or below it.

    Returns
    -------
    str or None
        None for a hem about the knee.
    """
    ground = int(np.flatnonzero(shoes.any(1))[-1])
    hem = int(np.flatnonzero(garment.any(1))[-1])
    share = (ground - hem) / height_px
    if share >= ABOVE_KNEE_LEAST:
        return "above knee"
    return "below knee" if share <= BELOW_KNEE_MOST else None


def tell_ankle(garment: Mask, skin: Mask, height_px: int) -> str | None:
    """Tell whether pants leave the ankle bare.

    Returns
    -------
    str or None
        "cropped" where skin shows below the hem, "long" where none does, else None.
    """
    rows, columns = np.nonzero(garment)
    side = round(ANKLE_SIDE * height_px)
    below = np.zeros(skin.shape, bool)
    below[
        max(0, int(rows.max() - ANKLE_REACH * height_px)) :,
        max(0, int(columns.min()) - side) : int(columns.max()) + side + 1,
    ] = True
    share = int((skin & below).sum()) / height_px**2
    if share >= BARE_ANKLE_LEAST:
        return "cropped"
    return "long" if share <= COVERED_ANKLE_MOST else None


def _label(
    masked: MaskedPhoto, number: int, category: str, attribute: str, value: str
) -> GarmentLabel:
    x0, y0, x1, y1 = (round(float(side), 1) for side in masked.boxes[number])
    return GarmentLabel(
        image=masked.file_name,
        category=category,
        x_px=x0,
        y_px=y0,
        width_px=round(x1 - x0, 1),
        height_px=round(y1 - y0, 1),
        attribute=attribute,
        value=value,
    )


def write_labels(labels: Iterable[GarmentLabel], path: Path) -> int:
    """Write labels as `trendlab train attributes` reads them; return how many."""
    rows = [label.model_dump() for label in labels]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(
            file, list(GarmentLabel.model_fields), lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def add_arguments(verbs: Any) -> None:
    """Declare the verb `lengths`."""
    lengths = verbs.add_parser("lengths", help="labels of sleeves and lengths by masks")
    lengths.add_argument("--data", type=Path, required=True, help="folder with CCP")
    lengths.add_argument("--part", choices=("train", "val"), required=True)
    lengths.add_argument("--out", type=Path, required=True)


def run_verb(given: argparse.Namespace) -> str:
    """Run `lengths`; return how many labels of what were written."""
    labels = list(lengths_of(ClothingCoParsing(given.data), given.part))
    write_labels(labels, given.out)
    counts = Counter((one.category, one.attribute, one.value) for one in labels)
    return "".join(
        f"{category} {attribute} {value}: {count}\n"
        for (category, attribute, value), count in sorted(counts.items())
    )
