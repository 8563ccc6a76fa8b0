"""Annotated data sets on disk: COCO boxes laid out as the trainer reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trendlab.errors import ModelError


def write_yolo_data(
    root: Path, parts: Mapping[str, Path], images: Path
) -> tuple[Path, list[str]]:
    """Lay out COCO annotations as ultralytics reads them; photos are linked.

    Parameters
    ----------
    root : Path
        Folder to write.
    parts : mapping of str to Path
        COCO JSON files by part, "train" and "val".
    images : Path
        Folder that their file names are relative to.

    Returns
    -------
    yaml : Path
    names : list of str
        Class names by id.
    """
    names: list[str] = []
    for part, path in parts.items():
        coco = json.loads(path.read_bytes())
        mine = [one["name"] for one in sorted(coco["categories"], key=_id_of)]
        if names and mine != names:
            raise ModelError(f"expected the classes {names} in {path}, got {mine}")
        names = mine
        (root / "images" / part).mkdir(parents=True, exist_ok=True)
        (root / "labels" / part).mkdir(parents=True, exist_ok=True)
        lines: dict[int, list[str]] = {one["id"]: [] for one in coco["images"]}
        sizes = {one["id"]: (one["width"], one["height"]) for one in coco["images"]}
        for one in coco["annotations"]:
            x, y, width, height = one["bbox"]
            across, down = sizes[one["image_id"]]
            numbers = (
                (x + width / 2) / across,
                (y + height / 2) / down,
                width / across,
                height / down,
            )
            lines[one["image_id"]].append(
                " ".join([str(one["category_id"]), *(f"{v:.6f}" for v in numbers)])
            )
        for one in coco["images"]:
            link = (
                root / "images" / part / f"{one['id']}{Path(one['file_name']).suffix}"
            )
            if not link.exists():
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
    return yaml, names


def _id_of(one: Mapping[str, Any]) -> int:
    return int(one["id"])
