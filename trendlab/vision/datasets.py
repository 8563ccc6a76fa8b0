"""Fashion data sets of others, read into COCO form with the 13 classes used here.

Each reader knows its set's files and says for every class of the set which of ours
it is, or that it is none. A class that the set should not have is an error: a map
that silently drops boxes would teach the detector that they are background.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, FiniteFloat, ValidationError

from trendlab.errors import VisionError
from trendlab.mistakes import tell_mistakes
from trendlab.vision.coco import read_coco

# The order is ModaNet's and CCP's here; ids count from 0.
CLASSES = (
    "bag",
    "belt",
    "boots",
    "footwear",
    "outer",
    "dress",
    "sunglasses",
    "pants",
    "top",
    "shorts",
    "skirt",
    "headwear",
    "scarf/tie",
)

DataFormat = Literal["coco", "modanet", "deepfashion2", "fashionpedia"]

# Names as in the set's description; files differ in how the last is written.
MODANET = {name: name for name in CLASSES} | {"scarf & tie": "scarf/tie"}

# Groups follow ModaNet's, where cardigan, sweater, jumpsuit and vest are outer.
# None is a thing or a part of a garment that has no class here.
FASHIONPEDIA: dict[str, str | None] = {
    "shirt, blouse": "top",
    "top, t-shirt, sweatshirt": "top",
    "sweater": "outer",
    "cardigan": "outer",
    "jacket": "outer",
    "vest": "outer",
    "pants": "pants",
    "shorts": "shorts",
    "skirt": "skirt",
    "coat": "outer",
    "dress": "dress",
    "jumpsuit": "outer",
    "cape": "outer",
    # glasses of all kinds: sunglasses are not told apart in the set
    "glasses": "sunglasses",
    "hat": "headwear",
    "headband, head covering, hair accessory": "headwear",
    "tie": "scarf/tie",
    "scarf": "scarf/tie",
    "belt": "belt",
    # boots are not told apart in the set
    "shoe": "footwear",
    "bag, wallet": "bag",
} | dict.fromkeys(
    (
        "glove", "watch", "leg warmer", "tights, stockings", "sock", "umbrella",
        "hood", "collar", "lapel", "epaulette", "sleeve", "pocket", "neckline",
        "buckle", "zipper", "applique", "bead", "bow", "flower", "fringe", "ribbon",
        "rivet", "ruffle", "sequin", "tassel",
    )
)  # fmt: skip

# By category_id, which is what its files are defined by; a vest is a sleeveless top
# there, a sling a top with straps.
DEEPFASHION2 = {
    1: ("short sleeve top", "top"),
    2: ("long sleeve top", "top"),
    3: ("short sleeve outwear", "outer"),
    4: ("long sleeve outwear", "outer"),
    5: ("vest", "top"),
    6: ("sling", "top"),
    7: ("shorts", "shorts"),
    8: ("trousers", "pants"),
    9: ("skirt", "skirt"),
    10: ("short sleeve dress", "dress"),
    11: ("long sleeve dress", "dress"),
    12: ("vest dress", "dress"),
    13: ("sling dress", "dress"),
}


@dataclass(frozen=True)
class DataSet:
    """Annotations in the classes used here.

    Parameters
    ----------
    coco : dict
        As `coco.read_coco` gives it; categories are `CLASSES`, unless the file is
        plain COCO, which keeps its own.
    left_out : Counter of str
        Boxes that were not taken, by class of the set, or by "no area".
    """

    coco: dict[str, Any]
    left_out: Counter[str] = field(default_factory=Counter)


def read_data_set(data_format: DataFormat, annotations: Path, images: Path) -> DataSet:
    """Read annotations of a data set.

    Parameters
    ----------
    data_format : {"coco", "modanet", "deepfashion2", "fashionpedia"}
    annotations : Path
        A JSON file; for DeepFashion2 the folder with a JSON file a photo.
    images : Path
        Folder of the photos, in which DeepFashion2's sizes are looked up.

    Raises
    ------
    VisionError
        If a file cannot be read, or holds a class that the set does not have.

    References
    ----------
    Zheng et al. (2018), ModaNet; Ge et al. (2019), DeepFashion2; Jia et al. (2020),
    Fashionpedia.
    """
    readers: dict[str, Callable[[Path, Path], DataSet]] = {
        "coco": lambda path, _: DataSet(read_coco(path)),
        "modanet": lambda path, _: _mapped_coco(path, MODANET),
        "fashionpedia": lambda path, _: _mapped_coco(path, FASHIONPEDIA),
        "deepfashion2": _read_deepfashion2,
    }
    return readers[data_format](annotations, images)


def _mapped_coco(path: Path, classes: Mapping[str, str | None]) -> DataSet:
    coco = read_coco(path)
    names = {one["id"]: one["name"] for one in coco["categories"]}
    unknown = sorted(set(names.values()) - set(classes))
    if unknown:
        raise VisionError(
            f"{path}: expected the classes {'; '.join(classes)}, got also "
            f"{'; '.join(unknown)}; is it the set that the config names?"
        )
    left_out: Counter[str] = Counter()
    boxes = []
    for one in coco["annotations"]:
        ours = classes[names[one["category_id"]]]
        if ours is None:
            left_out[names[one["category_id"]]] += 1
        else:
            boxes.append({**one, "category_id": CLASSES.index(ours)})
    return DataSet(_assemble(coco["images"], boxes, left_out), left_out)


class _Item(BaseModel):
    category_id: int
    bounding_box: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]


def _read_deepfashion2(annotations: Path, images: Path) -> DataSet:
    if not annotations.is_dir():
        raise VisionError(
            f"{annotations}: DeepFashion2 is a folder with a JSON file a photo "
            "(annos/000001.json), this is none"
        )
    listed: list[dict[str, Any]] = []
    boxes: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    for path in sorted(annotations.glob("*.json")):
        width, height = _size_of(images / f"{path.stem}.jpg")
        image_id = len(listed)
        listed.append(
            {
                "id": image_id,
                "file_name": f"{path.stem}.jpg",
                "width": width,
                "height": height,
            }
        )
        for item in _items(path):
            if item.category_id not in DEEPFASHION2:
                raise VisionError(
                    f"{path}: expected a category_id from 1 to 13, "
                    f"got {item.category_id}"
                )
            x0, y0, x1, y1 = item.bounding_box
            _, ours = DEEPFASHION2[item.category_id]
            boxes.append(
                {
                    "image_id": image_id,
                    "category_id": CLASSES.index(ours),
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                    "iscrowd": 0,
                }
            )
    if not listed:
        raise VisionError(f"{annotations}: no JSON files there; expected 000001.json …")
    return DataSet(_assemble(listed, boxes, left_out), left_out)


def _items(path: Path) -> list[_Item]:
    try:
        content = json.loads(path.read_bytes())
        if not isinstance(content, dict):
            raise VisionError(f"{path}: expected an object with item1, item2, …")
        return [
            _Item.model_validate(content[key])
            for key in sorted(content)
            if key.startswith("item")
        ]
    except (OSError, ValueError) as error:
        told = tell_mistakes(error) if isinstance(error, ValidationError) else error
        raise VisionError(f"{path}: not a DeepFashion2 annotation: {told}") from None


def _size_of(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as photo:
            return photo.size
    except (OSError, UnidentifiedImageError) as error:
        raise VisionError(
            f"{path}: the size of this photo is needed, and it cannot be read: {error}"
        ) from None


def _assemble(
    images: Sequence[Mapping[str, Any]],
    boxes: Sequence[Mapping[str, Any]],
    left_out: Counter[str],
) -> dict[str, Any]:
    """Put a COCO data set together; boxes without area are counted and left out."""
    flat = [one for one in boxes if min(one["bbox"][2:]) <= 0]
    if flat:
        left_out["no area"] += len(flat)
    kept = [one for one in boxes if min(one["bbox"][2:]) > 0]
    return {
        "images": [dict(one) for one in images],
        "annotations": [{**one, "id": number} for number, one in enumerate(kept, 1)],
        "categories": [{"id": i, "name": name} for i, name in enumerate(CLASSES)],
    }
