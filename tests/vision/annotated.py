"""Small COCO data sets, shown whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAMES = ("bag", "boots", "footwear")


def coco(*boxes: tuple[int, str, list[float]], images: int = 2) -> dict[str, Any]:
    """Photos 1.jpg, 2.jpg, … of 500 × 500 pixels with boxes (photo, class, bbox)."""
    return {
        "images": [
            {"id": number, "file_name": f"{number}.jpg", "width": 500, "height": 500}
            for number in range(1, images + 1)
        ],
        "categories": [{"id": i, "name": name} for i, name in enumerate(NAMES)],
        "annotations": [
            {
                "id": number,
                "image_id": image_id,
                "category_id": NAMES.index(name),
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
            }
            for number, (image_id, name, box) in enumerate(boxes, 1)
        ],
    }


def found(image_id: int, name: str, box: list[float], score: float) -> dict[str, Any]:
    return {
        "image_id": image_id,
        "category_id": NAMES.index(name),
        "bbox": box,
        "score": score,
    }


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path
