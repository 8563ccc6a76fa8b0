"""COCO files: annotations and results checked at the door, boxes for the trainer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    FiniteFloat,
    TypeAdapter,
    ValidationError,
)

from trendlab.errors import VisionError
from trendlab.mistakes import tell_mistakes


def _inside_folder(name: str) -> str:
    """Refuse names that would lead out of the folder of photos."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ValueError(
            f"expected a path below the folder of photos, got {name!r:.60}"
        )
    return name


FileName = Annotated[str, AfterValidator(_inside_folder)]
Box = tuple[
    FiniteFloat,
    FiniteFloat,
    Annotated[FiniteFloat, Field(ge=0)],
    Annotated[FiniteFloat, Field(ge=0)],
]


# x y x y …, pixels: three corners at least.
Polygon = Annotated[list[FiniteFloat], Field(min_length=6)]


def _polygons(given: Any) -> Any:
    """Take run-length masks, COCO's other form, for no outline."""
    return None if isinstance(given, dict) or given == [] else given


class _Image(BaseModel):
    id: int
    file_name: FileName
    width: int = Field(gt=0)
    height: int = Field(gt=0)


class _Category(BaseModel):
    id: int
    name: str


class _Annotation(BaseModel):
    image_id: int
    category_id: int
    bbox: Box
    area: FiniteFloat | None = None
    iscrowd: int = 0
    segmentation: Annotated[list[Polygon] | None, BeforeValidator(_polygons)] = None


class _Coco(BaseModel):
    images: list[_Image] = Field(min_length=1)
    annotations: list[_Annotation]
    categories: list[_Category] = Field(min_length=1)


class _Result(BaseModel):
    image_id: int | None = None
    file_name: str | None = None
    category_id: int | None = None
    category: str | None = None
    bbox: Box
    score: FiniteFloat = Field(ge=0, le=1)


_RESULTS = TypeAdapter(list[_Result])


def read_coco(path: Path) -> dict[str, Any]:
    """Read COCO annotations of boxes and check that they hold together.

    Returns
    -------
    dict
        images (id, file_name, width, height in pixels), annotations (id, image_id,
        category_id, bbox x y width height in pixels, area in square pixels,
        iscrowd, segmentation: polygons in pixels, where given) and categories (id,
        name). Run-length masks are read as none. Ids of annotations are counted anew;
        an area that is not given is the box's. A photo may be listed twice, under
        two ids, as repeat-factor sampling does.

    Raises
    ------
    VisionError
        If it cannot be read, a field is wrong, an id is used twice or an
        annotation names an image or category that is not there.
    """
    try:
        coco = _Coco.model_validate_json(path.read_bytes())
    except OSError as error:
        raise VisionError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise VisionError(
            f"{path}: expected COCO annotations: {tell_mistakes(error)}"
        ) from None
    images = {one.id for one in coco.images}
    categories = {one.id for one in coco.categories}
    for what, named, count in (
        ("images.id", images, len(coco.images)),
        ("categories.id", categories, len(coco.categories)),
    ):
        if len(named) != count:
            raise VisionError(f"{path}: {what} is used twice; it must be unique")
    annotations = []
    for number, one in enumerate(coco.annotations):
        if one.image_id not in images or one.category_id not in categories:
            raise VisionError(
                f"{path}: annotations.{number}: image {one.image_id} or category "
                f"{one.category_id} is not listed in images or categories"
            )
        area = one.bbox[2] * one.bbox[3] if one.area is None else one.area
        annotations.append(
            {
                **one.model_dump(exclude_none=True),
                "id": number + 1,
                "bbox": list(one.bbox),
                "area": area,
            }
        )
    return {
        "images": [one.model_dump() for one in coco.images],
        "annotations": annotations,
        "categories": [one.model_dump() for one in coco.categories],
    }


def read_results(path: Path, annotations: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read detections as `trendlab detect --out` writes them, or COCO results.

    Parameters
    ----------
    path : Path
        JSON list; photos by file_name or image_id, classes by category (a name)
        or, where there is none, category_id.
    annotations : mapping
        What they will be compared with; its category ids are what comes back.

    Returns
    -------
    list of dict
        image_id or file_name, category_id, bbox, score.

    Raises
    ------
    VisionError
        If a field is wrong or a class is not one of the annotations'.
    """
    try:
        results = _RESULTS.validate_json(path.read_bytes())
    except OSError as error:
        raise VisionError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise VisionError(
            f"{path}: expected a JSON list of detections: {tell_mistakes(error)}"
        ) from None
    ids = {one["name"]: one["id"] for one in annotations["categories"]}
    known = set(ids.values())
    read = []
    for number, one in enumerate(results):
        named = one.category is not None
        category_id = ids.get(one.category or "") if named else one.category_id
        if category_id not in known:
            raise VisionError(
                f"{path}: {number}: expected a class of the annotations "
                f"({', '.join(ids)}), got {one.category if named else category_id}"
            )
        if one.image_id is None and one.file_name is None:
            raise VisionError(f"{path}: {number}: neither image_id nor file_name")
        plain = one.model_dump(exclude_none=True, exclude={"category"})
        read.append({**plain, "category_id": category_id, "bbox": list(one.bbox)})
    return read


def class_names(coco: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the categories in the order of their ids."""
    return tuple(one["name"] for one in _by_id(coco["categories"]))


def write_yolo_data(
    root: Path,
    parts: Mapping[str, tuple[Mapping[str, Any], Path]],
    *,
    with_outlines: bool = False,
) -> Path:
    """Lay out COCO annotations as ultralytics reads them; photos are linked.

    Parameters
    ----------
    root : Path
        Folder to write; what an earlier layout left there is removed.
    parts : mapping of str to (mapping, Path)
        By part, "train" and "val": annotations as `read_coco` gives them, with the
        same classes, and the folder that file names are relative to.
    with_outlines : bool
        Write each garment's outline for a segmentation model, the box's corners
        where it has none.

    Returns
    -------
    Path
        The data set's YAML.

    Raises
    ------
    VisionError
        If a photo is not there.
    """
    names: tuple[str, ...] = ()
    for part, (coco, images) in parts.items():
        names = class_names(coco)
        numbers = {one["id"]: at for at, one in enumerate(_by_id(coco["categories"]))}
        check_photos(coco, images)
        for kind in ("images", "labels"):
            shutil.rmtree(root / kind / part, ignore_errors=True)
            (root / kind / part).mkdir(parents=True)
        lines: dict[int, list[str]] = {one["id"]: [] for one in coco["images"]}
        sizes = {one["id"]: (one["width"], one["height"]) for one in coco["images"]}
        for one in coco["annotations"]:
            across, down = sizes[one["image_id"]]
            x, y, width, height = one["bbox"]
            shares = np.array([x + width / 2, y + height / 2, width, height])
            if with_outlines:
                shares = _outline(one)
            shares = (shares.reshape(-1, 2) / (across, down)).ravel()
            lines[one["image_id"]].append(
                " ".join(
                    [str(numbers[one["category_id"]]), *(f"{v:.6f}" for v in shares)]
                )
            )
        for one in coco["images"]:
            stem = root / "images" / part / str(one["id"])
            link = stem.with_name(stem.name + Path(one["file_name"]).suffix)
            link.symlink_to((images / one["file_name"]).resolve())
            label = root / "labels" / part / f"{one['id']}.txt"
            label.write_text("\n".join(lines[one["id"]]))
    described = {
        "path": str(root.resolve()),
        "train": "images/train",
        "val": "images/val",
        "names": dict(enumerate(names)),
    }
    yaml = root / "data.yaml"
    yaml.write_text(json.dumps(described))  # JSON is YAML
    return yaml


def _outline(annotation: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """Return the outline of a garment, x y x y …, its parts joined as one."""
    polygons = annotation.get("segmentation")
    if not polygons:
        x, y, width, height = annotation["bbox"]
        right, low = x + width, y + height
        return np.array([x, y, right, y, right, low, x, low])
    if len(polygons) == 1:
        return np.array(polygons[0])
    # torch takes seconds to load: only where parts are joined
    from trendlab.vision.detect import import_ultralytics

    import_ultralytics()
    from ultralytics.data.converter import merge_multi_segment

    return np.concatenate(merge_multi_segment(polygons)).ravel()


def check_photos(coco: Mapping[str, Any], images: Path) -> None:
    """Check that the annotated photos are in a folder.

    Raises
    ------
    VisionError
        Says how many are not, and names one.
    """
    listed = sorted({one["file_name"] for one in coco["images"]})
    missing = [name for name in listed if not (images / name).is_file()]
    if missing:
        raise VisionError(
            f"{len(missing)} of {len(listed)} annotated photos are not in {images}, "
            f"the first is {missing[0]}; give the folder that file names start from"
        )


def _by_id(categories: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(categories, key=lambda one: int(one["id"]))
