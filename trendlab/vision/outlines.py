"""Outlines of the annotated garments, made of Clothing Co-Parsing's masks.

A mask tells the tag of each pixel; an outline is what is of the garment's class
within its box, as the polygons that COCO's files hold. Training on them teaches a
detector what of a box is the garment (`architecture: yolo11n-seg.yaml`).
"""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from trendlab.vision.ccp import ClothingCoParsing

# Patches smaller than this share of a garment's pixels are specks of the masks.
MIN_PATCH_SHARE = 0.02
# Corners may leave the mask's edge by this much, pixels.
TOLERANCE_PX = 1.0


def trace(
    inside: npt.NDArray[np.bool_], left_px: int, top_px: int
) -> list[list[float]]:
    """Return the outlines of what is inside, without holes.

    Parameters
    ----------
    inside : (rows, columns) bool
    left_px, top_px : int
        Of the window within the photo.

    Returns
    -------
    list of list of float
        Polygons, x y x y …, pixels of the photo, the largest patch first.
    """
    contours, _ = cv2.findContours(
        inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    least = MIN_PATCH_SHARE * float(inside.sum())
    kept = sorted(contours, key=cv2.contourArea, reverse=True)
    polygons = []
    for contour in kept:
        if cv2.contourArea(contour) < least:
            continue
        corners = cv2.approxPolyDP(contour, TOLERANCE_PX, True).reshape(-1, 2)
        if len(corners) >= 3:
            # a pixel's far edge is one beyond its number
            moved = corners + np.array([left_px, top_px]) + 0.5
            polygons.append([float(value) for value in moved.ravel()])
    return polygons


def add_arguments(verbs: Any) -> None:
    """Declare `outlines` for `python -m trendlab.vision.train`."""
    outlines = verbs.add_parser("outlines", help="outlines of CCP's garments")
    outlines.add_argument("--data", type=Path, required=True, help="folder with CCP")
    outlines.add_argument("--out", type=Path, required=True, help="folder to write to")


def run_verb(given: Namespace) -> str:
    """Write `outlines.train.coco.json` and `outlines.val.coco.json`; say how many."""
    given.out.mkdir(parents=True, exist_ok=True)
    data = ClothingCoParsing(given.data)
    told = []
    for part in ("train", "val"):
        coco = json.loads((given.data / f"{part}.coco.json").read_bytes())
        by_image: dict[int, list[dict[str, Any]]] = {}
        for one in coco["annotations"]:
            by_image.setdefault(one["image_id"], []).append(one)
        outlined = 0
        for image, masked in zip(
            sorted(coco["images"], key=lambda one: one["id"]),
            data.photos(part),
            strict=True,
        ):
            for number, one in enumerate(by_image.get(image["id"], [])):
                found = data.tag_pixels(masked, number)
                if found is None:
                    continue
                tags, (rows, columns) = found
                polygons = trace(tags > 0, columns.start, rows.start)
                if polygons:
                    one["segmentation"] = polygons
                    outlined += 1
        path = given.out / f"outlines.{part}.coco.json"
        path.write_text(json.dumps(coco))
        told.append(
            f"{outlined} of {len(coco['annotations'])} garments outlined: {path}\n"
        )
    return "".join(told)
