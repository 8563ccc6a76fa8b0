"""Boxes to learn garments from, one at a time: what is one, and what is none.

Annotated boxes are garments. What a detector takes for one and no annotation
confirms is none, and so is a box that holds only a part of one; these are what the
classifier will be asked about.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trendlab.errors import VisionError
from trendlab.vision.ccp import tagged_classes
from trendlab.vision.coco import class_names, read_coco
from trendlab.vision.crops import cut, place_in_photo
from trendlab.vision.images import Pixels, read_photo
from trendlab.vision.precision import iou_of

Floats = npt.NDArray[np.float64]

# A found box is the garment that it overlaps so much, and none if it overlaps all less
# than the second; between them nobody can say.
SAME_IOU, NONE_IOU = 0.5, 0.4
# Where the boxes were not drawn by people, one must lie further off to be none.
NONE_IOU_UNSURE = 0.3
# Found boxes from this score on.
LEAST_SCORE = 0.01
# Overlap from which a found box is one that a better one told already.
REPEATED_IOU = 0.85
# A class with fewer than this part of the largest's boxes is shown more often.
REPEAT_BELOW_SHARE, REPEAT_MOST = 0.25, 3.0
# Boxes an epoch: of those found, a part; of what is none, so many; parts of garments.
FOUND_SHARE, NONE_COUNT, PARTS_COUNT = 0.15, 4500, 900
# Noise of a box's place and size, in parts of its sides.
ANNOTATED_NOISE, FOUND_NOISE, PART_NOISE = 0.07, 0.03, 0.45
PART_IOU = (0.15, 0.4)
TAGGED_PREFIX = "unlabelled/"


@dataclass(frozen=True)
class Sample:
    """A box of a photo and what it holds.

    Parameters
    ----------
    photo : int
        Its number in the annotations.
    box : (4,) float64
        Pixels, x0 y0 x1 y1.
    category_id : int
        The number of classes where it holds none of them.
    """

    photo: int
    box: Floats
    category_id: int


@dataclass
class CropSamples:
    """All boxes, and the photos that they are cut from, in memory.

    Parameters
    ----------
    names : tuple of str
        Classes.
    photos : dict of int to (rows, columns, 3) uint8
    annotated, found, nothing : list of Sample
    """

    names: tuple[str, ...]
    photos: dict[int, Pixels] = field(default_factory=dict)
    annotated: list[Sample] = field(default_factory=list)
    found: list[Sample] = field(default_factory=list)
    nothing: list[Sample] = field(default_factory=list)

    def epoch(self, random: np.random.Generator) -> Iterator[Sample]:
        """Give the boxes of one epoch, each moved a little, in random order."""
        counts = np.bincount(
            [one.category_id for one in self.annotated], minlength=len(self.names)
        )
        wanted = np.sqrt(counts.max() * REPEAT_BELOW_SHARE / np.maximum(counts, 1))
        repeats = np.clip(wanted, 1.0, REPEAT_MOST)
        taken: list[Sample] = []
        for one in self.annotated:
            most = repeats[one.category_id]
            times = int(most) + int(random.random() < most % 1)
            taken += [_moved(one, ANNOTATED_NOISE, random) for _ in range(times)]
        for one in self.found:
            if random.random() < FOUND_SHARE:
                taken.append(_moved(one, FOUND_NOISE, random))
        for at in _some(len(self.nothing), NONE_COUNT, random):
            taken.append(_moved(self.nothing[at], FOUND_NOISE, random))
        for at in _some(len(self.annotated), PARTS_COUNT, random):
            part = self._part_of(self.annotated[at], random)
            if part is not None:
                taken.append(part)
        return (taken[at] for at in random.permutation(len(taken)))

    def _part_of(self, one: Sample, random: np.random.Generator) -> Sample | None:
        """Return a box that holds a part of a garment and no other garment."""
        others = np.array([o.box for o in self._of_photo[one.photo]])
        for _ in range(20):
            part = _moved(one, PART_NOISE, random)
            low, high = PART_IOU
            if low < iou_of(part.box, one.box[None])[0] < high:
                if iou_of(part.box, others).max() >= NONE_IOU:
                    return None
                return Sample(one.photo, part.box, len(self.names))
        return None

    def __post_init__(self) -> None:
        self._of_photo: dict[int, list[Sample]] = defaultdict(list)

    def add_photo(
        self,
        number: int,
        pixels: Pixels,
        annotated: Sequence[Sample],
        found: Sequence[Mapping[str, Any]],
        tagged: frozenset[str] | None,
    ) -> None:
        """Add a photo's boxes.

        Parameters
        ----------
        number : int
        pixels : (rows, columns, 3) uint8
        annotated : sequence of Sample
        found : sequence of mapping
            COCO results of a detector on the photo.
        tagged : frozenset of str, optional
            Classes that its tags name, where the boxes were not drawn by people: what
            is found of them may be there.
        """
        if not annotated:
            return
        self.photos[number] = pixels
        self.annotated += annotated
        self._of_photo[number] += annotated
        boxes = np.array([one.box for one in annotated])
        for box, category in _distinct(found):
            overlaps = iou_of(box, boxes)
            best = int(overlaps.argmax())
            if overlaps[best] >= SAME_IOU:
                kept = Sample(number, box, annotated[best].category_id)
                self.found.append(kept)
            elif overlaps[best] < NONE_IOU and (
                tagged is None
                or (overlaps[best] <= NONE_IOU_UNSURE and category not in tagged)
            ):
                self.nothing.append(Sample(number, box, len(self.names)))


def read_samples(
    folder: Path, annotations: Path, results: Sequence[Path]
) -> CropSamples:
    """Read annotated and tagged photos with what a detector found in them.

    Parameters
    ----------
    folder : Path
        Of Clothing Co-Parsing.
    annotations : Path
        COCO file of both, as `pseudo` writes it, names from `folder` on.
    results : sequence of Path
        What `trendlab detect --images` found in ``images/`` and ``unlabelled/``.

    Raises
    ------
    VisionError
        If nothing was found in any annotated photo.
    """
    coco = read_coco(annotations)
    tags = tagged_classes(folder)
    by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in results:
        for one in json.loads(path.read_bytes()):
            by_name[Path(one["file_name"]).name].append(one)
    by_photo: dict[int, list[Sample]] = defaultdict(list)
    for one in coco["annotations"]:
        box = _corners(one["bbox"])
        by_photo[one["image_id"]].append(
            Sample(one["image_id"], box, one["category_id"])
        )
    samples = CropSamples(class_names(coco))
    for image in coco["images"]:
        name = Path(image["file_name"]).name
        is_tagged = image["file_name"].startswith(TAGGED_PREFIX)
        samples.add_photo(
            image["id"],
            read_photo(folder / image["file_name"]).pixels,
            by_photo[image["id"]],
            by_name[name],
            tags[name] if is_tagged else None,
        )
    if not samples.found:
        raise VisionError(
            f"expected results of the photos in {annotations}, got none of them in "
            f"{', '.join(str(path) for path in results)}"
        )
    return samples


def draw(
    sample: Sample, pixels: Pixels, size_px: int, random: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Cut a box out, mirrored at random, in other light and colour.

    Returns
    -------
    crop : (size_px, size_px, 3) float32
        0 to 255.
    place : (4,) float32
    """
    rows, columns = pixels.shape[:2]
    crop = cut(pixels, sample.box, size_px).astype(np.float32)
    place = place_in_photo(sample.box[None].astype(np.float32), columns, rows)[0]
    if random.random() < 0.5:
        crop = crop[:, ::-1]
        place[0] = -place[0]
    if random.random() < 0.8:
        crop = crop * random.uniform(0.75, 1.25) + random.uniform(-20, 20)
        mean = crop.mean()
        crop = (crop - mean) * random.uniform(0.8, 1.25) + mean
        grey = crop.mean(2, keepdims=True)
        crop = grey + (crop - grey) * random.uniform(0.5, 1.4)
        crop = crop * random.uniform(0.93, 1.07, 3)
    if random.random() < 0.2:
        # a patch is hidden
        width, height = random.integers(size_px // 8, 3 * size_px // 8, 2)
        left, top = (
            random.integers(0, size_px - width),
            random.integers(0, size_px - height),
        )
        crop = crop.copy()
        crop[top : top + height, left : left + width] = 127
    return np.clip(crop, 0, 255).astype(np.float32), place


def _corners(box: Sequence[float]) -> Floats:
    x, y, width, height = box
    return np.array([x, y, x + width, y + height], float)


def _distinct(found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Floats, str]]:
    """Give the boxes found, best first, without those that a better one repeats."""
    kept: list[Floats] = []
    for one in sorted(found, key=lambda one: -one["score"]):
        box = _corners(one["bbox"])
        if one["score"] < LEAST_SCORE:
            return
        if kept and iou_of(box, np.array(kept)).max() >= REPEATED_IOU:
            continue
        kept.append(box)
        yield box, one["category"]


def _some(count: int, most: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    return random.choice(count, min(count, most), replace=False)


def _moved(one: Sample, noise: float, random: np.random.Generator) -> Sample:
    """Shift a box and change its size, both at random."""
    sides = one.box[2:] - one.box[:2]
    centre = (one.box[2:] + one.box[:2]) / 2 + random.normal(0, noise, 2) * sides
    sides = sides * np.exp(random.normal(0, 1.4 * noise, 2))
    box = np.concatenate([centre - sides / 2, centre + sides / 2])
    return Sample(one.photo, box, one.category_id)
