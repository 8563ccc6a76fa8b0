"""Read Clothing Co-Parsing: photos, pixel masks, boxes in 13 classes, 59 tags.

The data is read where the user has it; none of it ships.

References
----------
Yang, Luo and Lin (2014), Clothing co-parsing by joint image segmentation and
labeling.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from trendlab.errors import VisionError
from trendlab.vision.images import Photo, read_photo

# Fewer mask pixels than this in a box say nothing of its garment.
MIN_MASK_PIXELS = 30


@dataclass(frozen=True)
class MaskedPhoto:
    """One photo with its annotated garments.

    Parameters
    ----------
    photo : Photo
    mask : (rows, columns) uint8
        Tag of each pixel, 0 for none.
    boxes : (n, 4) float32
        Pixels, x0 y0 x1 y1.
    category_ids : (n,) int64
    file_name : str
        Within ``images/``.
    """

    photo: Photo
    mask: npt.NDArray[np.uint8]
    boxes: npt.NDArray[np.float32]
    category_ids: npt.NDArray[np.int64]
    file_name: str


class ClothingCoParsing:
    """The data set in one folder.

    Parameters
    ----------
    folder : Path
        With ``images/``, ``masks/``, ``tags.json`` and ``<part>.coco.json``.

    Raises
    ------
    VisionError
        If the folder does not hold them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            told = json.loads((folder / "tags.json").read_bytes())
            coco = json.loads((folder / "train.coco.json").read_bytes())
        except OSError as error:
            raise VisionError(f"no Clothing Co-Parsing data: {error}") from error
        self.tags: tuple[str, ...] = tuple(told["tags"])
        self.classes: tuple[str, ...] = tuple(
            one["name"] for one in sorted(coco["categories"], key=lambda one: one["id"])
        )
        class_of_tag: dict[str, str] = told["class_of_tag"]
        self.class_of_tag = np.array(
            [
                self.classes.index(class_of_tag[tag]) if tag in class_of_tag else -1
                for tag in self.tags
            ]
        )

    def photos(self, part: str) -> Iterator[MaskedPhoto]:
        """Give the photos of "train" or "val", by image id."""
        coco = json.loads((self.folder / f"{part}.coco.json").read_bytes())
        by_image: dict[int, list[dict[str, Any]]] = {}
        for one in coco["annotations"]:
            by_image.setdefault(one["image_id"], []).append(one)
        for image in sorted(coco["images"], key=lambda one: one["id"]):
            mine = by_image.get(image["id"], [])
            boxes = np.array([one["bbox"] for one in mine], np.float32).reshape(-1, 4)
            boxes[:, 2:] += boxes[:, :2]
            yield MaskedPhoto(
                read_photo(self.folder / "images" / image["file_name"]),
                self.mask(image["file_name"]),
                boxes,
                np.array([one["category_id"] for one in mine], np.int64),
                image["file_name"],
            )

    def mask(self, file_name: str) -> npt.NDArray[np.uint8]:
        """Return a photo's mask: (rows, columns), the tag of each pixel, 0 for none."""
        with Image.open(self.folder / "masks" / f"{Path(file_name).stem}.png") as png:
            return np.asarray(png, np.uint8)

    def tag_pixels(
        self, masked: MaskedPhoto, number: int
    ) -> tuple[npt.NDArray[np.uint8], tuple[slice, slice]] | None:
        """Return the mask within one garment's box, other classes' pixels as 0.

        Returns
        -------
        (tags, window) or None
            None where too few pixels are of the garment's class.
        """
        x0, y0, x1, y1 = masked.boxes[number].round().astype(int).tolist()
        window = (slice(y0, max(y0 + 1, y1)), slice(x0, max(x0 + 1, x1)))
        tags = masked.mask[window].copy()
        tags[self.class_of_tag[tags] != masked.category_ids[number]] = 0
        if int((tags > 0).sum()) < MIN_MASK_PIXELS:
            return None
        return tags, window

    def garment_tag(self, masked: MaskedPhoto, number: int) -> int | None:
        """Return the tag that most pixels of one garment have; None as above."""
        found = self.tag_pixels(masked, number)
        if found is None:
            return None
        tags = found[0]
        return int(np.bincount(tags[tags > 0]).argmax())


def _image_tags(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Read class and tag of each garment tag, by file name within ``unlabelled/``."""
    told = json.loads((folder / "tags.json").read_bytes())
    class_of_tag: dict[str, str] = told["class_of_tag"]
    return {
        f"{stem}.jpg": [(class_of_tag[tag], tag) for tag in tags if tag in class_of_tag]
        for stem, tags in told["image_tags"].items()
    }


def only_tags(folder: Path) -> dict[str, dict[str, str]]:
    """Return the tag of each class of each photo without masks, where it has one only.

    Two tags of a class, a coat and a vest, do not say which garment is which.

    Parameters
    ----------
    folder : Path
        Of the data set.

    Returns
    -------
    dict of str to dict of str to str
        By file name within ``unlabelled/``, then by class.
    """
    alone: dict[str, dict[str, str]] = {}
    for name, told in _image_tags(folder).items():
        times = Counter(category for category, _ in told)
        alone[name] = {category: tag for category, tag in told if times[category] == 1}
    return alone


def tagged_classes(folder: Path) -> dict[str, frozenset[str]]:
    """Return the classes that the tags of each photo without masks name.

    Parameters
    ----------
    folder : Path
        Of the data set.

    Returns
    -------
    dict of str to frozenset of str
        By file name within ``unlabelled/``.
    """
    return {
        name: frozenset(category for category, _ in told)
        for name, told in _image_tags(folder).items()
        if (folder / "unlabelled" / name).is_file()
    }
